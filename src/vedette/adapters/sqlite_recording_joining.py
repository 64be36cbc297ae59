"""Joins the coverage of an index that lacks it, a few hours of a stream at a time, while recording goes on.

A volume of a month of 100 cameras has 4.3 million segments; joined at once they would keep its recorder from starting
for minutes. So the index is opened as it is, and the volume's writer joins a piece a second, the newest first. How far
each stream is lies in the table `joining`: a recorder that is killed goes on from there.

Promise: what is joined stays right, because every change joins its own six hours as always; what is not joined yet is
made anew when its turn comes, whatever lies there. An index of an earlier format keeps its number until all of it is
joined, so its readers go on joining for themselves. Design: docs/design/recording-store.md.
"""

import sqlite3

from vedette.adapters.sqlite_recording_coverage import COLUMNS, is_whole, join_segments
from vedette.recording.records import CUT_NS

FIRST_JOINED_FORMAT = 4
_END_NS = (1 << 63) - 1
_BEGIN = f"""
CREATE TABLE IF NOT EXISTS joining (stream_id INTEGER PRIMARY KEY, before_ns INTEGER NOT NULL);
INSERT OR REPLACE INTO joining SELECT stream_id, {_END_NS} FROM streams;
"""  # noqa: S608 -- constants
_LATEST = """SELECT MAX(
    COALESCE((SELECT MAX(start_ns) FROM segments WHERE stream_id = :stream_id AND start_ns < :before_ns), :none),
    COALESCE((SELECT MAX(from_ns) FROM stretches WHERE stream_id = :stream_id AND from_ns < :before_ns), :none))"""
_WITHIN = "stream_id = :stream_id AND {field} >= :from_ns AND {field} < :before_ns"
_CLEAR = f"DELETE FROM stretches WHERE {_WITHIN.format(field='from_ns')}"  # noqa: S608 -- constants
_JOIN = f"INSERT INTO stretches ({COLUMNS}) {join_segments(_WITHIN.format(field='start_ns'))}"
_COUNT = "SELECT TOTAL(segments) FROM stretches WHERE stream_id = ? AND from_ns >= ? AND from_ns < ?"


class Joining:
    """What is left to be joined in one index; used by its only writer, within its transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._is_begun_here = False

    def start(self) -> bool:
        """Takes up what an earlier start left, or begins where coverage is missing or wrong. False: nothing to do."""
        if self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'joining'").fetchone():
            return True
        if is_whole(self._connection):
            return False
        self._begin()
        return True

    def step(self, most_segments: int) -> bool:
        """Joins about so many segments, at least six hours of one stream; True: that was the last."""
        while most_segments > 0:
            row = self._connection.execute("SELECT stream_id, before_ns FROM joining LIMIT 1").fetchone()
            if row is None:
                return self._end()
            most_segments -= self._join_before(*row)
        return False

    def _join_before(self, stream_id: int, before_ns: int) -> int:
        """Joins the six hours of a stream that come before a time; returns what that cost, in segments."""
        values = {"stream_id": stream_id, "before_ns": before_ns, "none": -1}
        (latest_ns,) = self._connection.execute(_LATEST, values).fetchone()
        if latest_ns < 0:
            self._connection.execute("DELETE FROM joining WHERE stream_id = ?", (stream_id,))
            return 1
        from_ns = latest_ns // CUT_NS * CUT_NS
        values["from_ns"] = from_ns
        self._connection.execute(_CLEAR, values)
        self._connection.execute(_JOIN, values)
        self._connection.execute("UPDATE joining SET before_ns = ? WHERE stream_id = ?", (from_ns, stream_id))
        (segments,) = self._connection.execute(_COUNT, (stream_id, from_ns, before_ns)).fetchone()
        return 1 + int(segments)

    def _end(self) -> bool:
        """All is joined. An earlier release that wrote in between has left it wrong: once more then, from the start."""
        if not self._is_begun_here and not is_whole(self._connection):
            self._begin()
            return False
        self._connection.execute("DROP TABLE joining")
        return True

    def _begin(self) -> None:
        for statement in filter(str.strip, _BEGIN.split(";")):
            self._connection.execute(statement)
        self._is_begun_here = True
