"""The joined coverage of a volume's index: what a timeline of months reads instead of a row per segment.

A stretch is what closed segments of one stream, run and mode cover without a hole above `HOLE_NS`, cut every six hours
by the start of the segments. The cut bounds three things: how far to the left a question must look, how many segments
the border of a range costs, and how many are joined anew after a deletion in the middle. Open segments are in no
stretch: a group commit that only lets them grow costs nothing here. Design: docs/design/recording-store.md.

Promise: at the end of every transaction the stretches are exactly what `JOIN_ALL` makes of the segments.
"""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from vedette.recording.ledger import HOLE_NS
from vedette.recording.records import CUT_NS

SCHEMA = """
CREATE TABLE IF NOT EXISTS stretches (
    number INTEGER PRIMARY KEY,
    stream_id INTEGER NOT NULL REFERENCES streams,
    run_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    from_ns INTEGER NOT NULL,
    to_ns INTEGER NOT NULL,
    segments INTEGER NOT NULL,
    frames INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS stretches_by_time ON stretches (stream_id, from_ns);
CREATE INDEX IF NOT EXISTS stretches_by_run ON stretches (stream_id, run_id, mode, from_ns);
CREATE INDEX IF NOT EXISTS segments_growing ON segments (stream_id) WHERE is_open;
DROP INDEX IF EXISTS segments_open;
"""
COLUMNS = "stream_id, run_id, mode, from_ns, to_ns, segments, frames, size_bytes"


def join_segments(where: str) -> str:
    """The query that joins the closed segments for which `where` holds; its columns are `COLUMNS`."""
    fields = "stream_id, run_id, mode, start_ns, end_ns, frames, size_bytes"  # not the hashes: they would be sorted too
    parts = f"PARTITION BY stream_id, run_id, mode, start_ns / {CUT_NS} ORDER BY start_ns, number"
    marked = (
        f"SELECT {fields}, number, start_ns - MAX(end_ns) OVER ({parts} ROWS BETWEEN UNBOUNDED PRECEDING"  # noqa: S608 -- constants
        f" AND 1 PRECEDING) > {HOLE_NS} AS is_after_hole FROM segments WHERE NOT is_open AND {where}"
    )
    counted = f"SELECT {fields}, SUM(is_after_hole) OVER ({parts}) AS part FROM ({marked})"  # noqa: S608 -- constants
    return (
        "SELECT stream_id, run_id, mode, MIN(start_ns), MAX(end_ns), COUNT(*), SUM(frames), SUM(size_bytes)"  # noqa: S608 -- constants
        f" FROM ({counted}) GROUP BY stream_id, run_id, mode, start_ns / {CUT_NS}, COALESCE(part, 0)"
    )


_OF_CHAIN = "stream_id = ? AND run_id = ? AND mode = ?"
_INSERT = f"INSERT INTO stretches ({COLUMNS})"
_JOIN_STREAM = f"{_INSERT} {join_segments('stream_id = ?')}"
_JOIN_CHAIN = f"{_INSERT} {join_segments(f'{_OF_CHAIN} AND start_ns >= ? AND start_ns < ?')}"
_LAST = (
    f"SELECT number, from_ns, to_ns FROM stretches WHERE {_OF_CHAIN} AND from_ns >= ? AND from_ns < ?"  # noqa: S608 -- constants
    " ORDER BY from_ns DESC LIMIT 1"
)
_EXTEND = """UPDATE stretches SET to_ns = MAX(to_ns, ?), segments = segments + 1, frames = frames + ?,
    size_bytes = size_bytes + ? WHERE number = ?"""
_SHORTEN = """UPDATE stretches SET from_ns = ?, segments = segments - ?, frames = frames - ?,
    size_bytes = size_bytes - ? WHERE number = ?"""
_NEXT = (
    f"SELECT start_ns, end_ns FROM segments WHERE {_OF_CHAIN} AND NOT is_open AND start_ns >= ? AND start_ns <= ?"  # noqa: S608 -- constants
    " ORDER BY start_ns, number LIMIT 1"
)


_CLOSED = """SELECT stream_id, run_id, mode, start_ns, end_ns, frames, size_bytes FROM segments
    WHERE segment_id = ? AND NOT is_open"""


class ClosedRow(NamedTuple):
    """A closed segment, as its row is or was."""

    stream_id: int
    run_id: str
    mode: str
    start_ns: int
    end_ns: int
    frames: int
    size_bytes: int

    @property
    def chain(self) -> "Chain":
        return Chain(self.stream_id, self.run_id, self.mode, self.start_ns // CUT_NS)


class Chain(NamedTuple):
    """What can be one stretch: a stream, a run and a mode within six hours."""

    stream_id: int
    run_id: str
    mode: str
    cut: int

    @property
    def bounds(self) -> tuple[int, str, str, int, int]:
        return self.stream_id, self.run_id, self.mode, self.cut * CUT_NS, (self.cut + 1) * CUT_NS


def find_closed(connection: sqlite3.Connection, segment_id: str) -> ClosedRow | None:
    """The row of a segment when it is a closed one."""
    row = connection.execute(_CLOSED, (segment_id,)).fetchone()
    return None if row is None else ClosedRow(*row)


def add_segment(connection: sqlite3.Connection, row: ClosedRow) -> None:
    """Takes in a segment that has just been closed: its row is there, and was not a closed one before."""
    last = connection.execute(_LAST, row.chain.bounds).fetchone()
    if last is not None and row.start_ns < last[1]:  # out of order: it may close a hole further back
        join_chain(connection, row.chain)
    elif last is not None and row.start_ns - last[2] <= HOLE_NS:
        connection.execute(_EXTEND, (row.end_ns, row.frames, row.size_bytes, last[0]))
    else:
        values = (row.stream_id, row.run_id, row.mode, row.start_ns, row.end_ns, 1, row.frames, row.size_bytes)
        connection.execute(f"{_INSERT} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)


def remove_segments(connection: sqlite3.Connection, rows: Iterable[ClosedRow]) -> None:
    """Takes out segments whose rows were deleted. Retention takes the oldest: the stretch begins later then."""
    chains: dict[Chain, list[ClosedRow]] = {}
    for row in rows:
        chains.setdefault(row.chain, []).append(row)
    for chain, gone in chains.items():
        if not _shorten(connection, chain, gone):
            join_chain(connection, chain)


def _shorten(connection: sqlite3.Connection, chain: Chain, gone: list[ClosedRow]) -> bool:
    """Moves the begin of a stretch; False when what is gone is not all of its begin and only that."""
    end_ns = max(row.end_ns for row in gone)
    stretches = connection.execute(
        f"SELECT number, to_ns FROM stretches WHERE {_OF_CHAIN} AND from_ns = ?",  # noqa: S608 -- constants
        (*chain[:3], min(row.start_ns for row in gone)),
    ).fetchall()
    if len(stretches) != 1 or end_ns > stretches[0][1]:
        return False
    ((number, to_ns),) = stretches
    latest_ns = min(to_ns, chain.bounds[-1] - 1)
    first = connection.execute(_NEXT, (*chain[:3], min(row.start_ns for row in gone), latest_ns)).fetchone()
    if first is None or first[0] < max(row.start_ns for row in gone) or first[1] < end_ns:
        return False
    frames, size_bytes = sum(row.frames for row in gone), sum(row.size_bytes for row in gone)
    connection.execute(_SHORTEN, (first[0], len(gone), frames, size_bytes, number))
    return True


def join_chain(connection: sqlite3.Connection, chain: Chain) -> None:
    """Joins the segments of six hours anew."""
    connection.execute(f"DELETE FROM stretches WHERE {_OF_CHAIN} AND from_ns >= ? AND from_ns < ?", chain.bounds)  # noqa: S608 -- constants
    connection.execute(_JOIN_CHAIN, chain.bounds)


def join_all(connection: sqlite3.Connection) -> None:
    """Joins everything anew, a stream at a time, so that no sort leaves memory."""
    connection.execute("DELETE FROM stretches")
    for stream in connection.execute("SELECT stream_id FROM streams").fetchall():
        connection.execute(_JOIN_STREAM, stream)


def is_whole(connection: sqlite3.Connection) -> bool:
    """Says whether stretches and open segments sum up to the totals: cheap enough for every start."""
    sums, opened, totals = (
        connection.execute(query).fetchone()
        for query in (
            "SELECT TOTAL(segments), TOTAL(frames), TOTAL(size_bytes) FROM stretches",
            "SELECT COUNT(*), TOTAL(frames), TOTAL(size_bytes) FROM segments WHERE is_open",
            "SELECT segments, frames, size_bytes FROM totals",
        )
    )
    return all(closed + growing == total for closed, growing, total in zip(sums, opened, totals, strict=True))
