"""Decides at which moment of its track an object is shown in a search: the best picture so far, few of them. Pure."""

from collections.abc import Sequence

from vedette.core.detections import Tracks
from vedette.vision.recognize.shots import score_moments

Box = tuple[float, float, float, float]
_BETTER = 1.3
"""A new picture must score this much more: each costs a round trip to the worker."""
_MIN_SIDE_PX = 16
_AIR = 0.08
"""Share of the box shown around it."""


class BestShots:
    """The best moment of each track of one stream."""

    def __init__(self) -> None:
        self._scores: dict[int, float] = {}

    def pick(self, tracks: Tracks, size_px: tuple[int, int], most: int) -> list[int]:
        """Gives the rows to take a picture of now, the best first: clearly better than what was picked before.

        Args:
            tracks: Seen in one picture.
            size_px: Width and height of that picture: a larger stream shows the same object larger.
            most: Rows at most; a good moment that is left out is picked later, if it lasts.
        """
        scores = score_moments(tracks, size_px, _MIN_SIDE_PX)
        numbers = [int(number) for number in tracks.track_id]
        better = [row for row, number in enumerate(numbers) if scores[row] > self._scores.get(number, 0.0) * _BETTER]
        chosen = sorted(better, key=lambda row: -float(scores[row]))[:most]
        self._scores |= {numbers[row]: float(scores[row]) for row in chosen}
        return chosen

    def forget(self, track_ids: Sequence[int]) -> None:
        """Tracks are over."""
        for track_id in track_ids:
            self._scores.pop(track_id, None)


def add_air(box: Box) -> Box:
    """The box with a little of what is around it, within the picture."""
    left, top, right, bottom = box
    air_x, air_y = (right - left) * _AIR, (bottom - top) * _AIR
    return max(0.0, left - air_x), max(0.0, top - air_y), min(1.0, right + air_x), min(1.0, bottom + air_y)
