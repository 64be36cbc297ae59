"""Decides what is said of a track's comparisons: each person once, and again only when it becomes sure. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from vedette.core.watchlists import MatchState
from vedette.vision.recognize.face_gallery import FaceMatch


@dataclass(frozen=True, slots=True)
class FaceNews:
    """A match to be told. `is_first`: nothing was said of this track and person before."""

    track_id: int
    match: FaceMatch
    is_first: bool

    @property
    def key(self) -> tuple[int, str]:
        """Track and entry: one event."""
        return self.track_id, self.match.entry.entry_id


class FaceWatch:
    """What was said of the tracks of one stream."""

    def __init__(self) -> None:
        self._told: dict[int, dict[str, MatchState]] = {}

    def push(self, track_id: int, matches: Sequence[FaceMatch]) -> list[FaceNews]:
        """Takes the newest comparison of a track and gives what is new in it.

        A doubt that became sure is told again; a sure match is never taken back: somebody has seen the alarm.
        """
        told = self._told.setdefault(track_id, {})
        news = []
        for match in matches:
            before = told.get(match.entry.entry_id)
            if before is None or (before is MatchState.UNSURE and match.state is MatchState.SURE):
                news.append(FaceNews(track_id, match, before is None))
                told[match.entry.entry_id] = match.state
        return news

    def forget(self, track_ids: Sequence[int]) -> None:
        """Tracks are over."""
        for track_id in track_ids:
            self._told.pop(track_id, None)
