"""Decides what is said of a track's comparisons: each person once, and again only when it becomes sure. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from vedette.vision.recognize.face_gallery import FaceMatch


@dataclass(frozen=True, slots=True)
class FaceNews:
    """A match to be told. `is_first`: nothing was said of this track and person before."""

    track_id: int
    match: FaceMatch
    is_first: bool


class FaceWatch:
    """What was said of the tracks of one stream."""

    def __init__(self) -> None:
        self._told: dict[int, dict[str, bool]] = {}

    def push(self, track_id: int, matches: Sequence[FaceMatch]) -> list[FaceNews]:
        """Takes the newest comparison of a track and gives what is new in it.

        A doubt that became sure is told again; a sure match is never taken back: somebody has seen the alarm.
        """
        told = self._told.setdefault(track_id, {})
        news = []
        for match in matches:
            was_sure = told.get(match.entry_id)
            if was_sure is None or (match.is_sure and not was_sure):
                news.append(FaceNews(track_id, match, was_sure is None))
                told[match.entry_id] = match.is_sure
        return news

    def forget(self, track_ids: Sequence[int]) -> None:
        """Tracks are over."""
        for track_id in track_ids:
            self._told.pop(track_id, None)
