"""The index of a volume on SQLite, in the hands of its only writer.

One file `index.db` beside the footage, WAL, one transaction a second. Every commit is durable (FULL): a row
that was seen by a reader must still be there after a power cut. Layout and sizes: docs/design/recording-store.md.
"""

import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vedette.adapters import sqlite_recording_coverage as coverage
from vedette.adapters import sqlite_recording_journal as journal
from vedette.adapters.sqlite_recording_catalog import LONGEST_SEGMENT_NS
from vedette.adapters.sqlite_recording_schema import SCHEMA_VERSION, lay_out, note_joined
from vedette.core.errors import StorageError
from vedette.core.media import StreamRole
from vedette.core.recording_plan import Hold, RecordingMode
from vedette.recording.ledger import HOLE_NS
from vedette.recording.records import GapRecord, SegmentRecord, StoredSegment, StreamKey, VolumeTotals
from vedette.recording.retention import ERASED

_JOINED_AT_ONCE = 2000
"""Segments joined a second where coverage is missing: about a tenth of a second of work."""
_UPSERT_SEGMENT = """
INSERT INTO segments (segment_id, stream_id, run_id, start_ns, end_ns, start_90k, first_sequence,
    init_size_bytes, size_bytes, frames, is_open, mode, sha256, marks, is_held)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (segment_id) DO UPDATE SET start_ns = excluded.start_ns, end_ns = excluded.end_ns,
    size_bytes = excluded.size_bytes, frames = excluded.frames, is_open = excluded.is_open,
    sha256 = excluded.sha256, marks = excluded.marks, is_held = excluded.is_held
RETURNING number
"""
_STREAM_OF = "(SELECT stream_id FROM streams WHERE camera_id = ? AND role = ?)"
_IN_HOLD = """EXISTS (SELECT 1 FROM holds JOIN streams USING (camera_id) WHERE streams.stream_id = segments.stream_id
    AND holds.from_ns < segments.end_ns AND segments.start_ns < holds.to_ns)"""
_RELEASE = f"UPDATE segments SET is_held = 0 WHERE is_held AND NOT {_IN_HOLD}"  # noqa: S608 -- constants
_HOLD = f"""
UPDATE segments SET is_held = 1 WHERE NOT is_held AND number IN (
    SELECT number FROM holds JOIN streams USING (camera_id) JOIN segments AS s ON s.stream_id = streams.stream_id
    WHERE s.start_ns < holds.to_ns AND s.start_ns > holds.from_ns - {LONGEST_SEGMENT_NS} AND s.end_ns > holds.from_ns)
"""  # noqa: S608 -- constants
_UPSERT_FRAGMENTS = """
INSERT INTO fragments (number, packed) VALUES (?, ?)
ON CONFLICT (number) DO UPDATE SET packed = excluded.packed
"""


class SqliteRecordingIndex:
    """See `vedette.recording.ports.SegmentIndex`. May move between threads, one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._streams: dict[StreamKey, int] = {}
        self._growing: set[str] = set()  # rows that are known to be open: nobody else writes
        with self._translated("opened"):
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=10.0, cached_statements=32
            )
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version not in range(SCHEMA_VERSION + 1):
            self._connection.close()
            raise StorageError(
                f"the index {path} has the format {version}, this release knows {SCHEMA_VERSION}",
                "Use the release that wrote it, or rebuild it with `vedette check --repair-index`.",
            )
        with self._translated("opened"):
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._joining = lay_out(self._connection, version)
            self._connection.execute("INSERT OR IGNORE INTO identity VALUES (1, ?)", (str(uuid.uuid4()),))
            rows = self._connection.execute("SELECT hold_id, camera_id, from_ns, to_ns FROM holds").fetchall()
        self._holds = [Hold(*row) for row in rows]

    def join_some(self) -> None:
        if self._joining is None:
            return
        with self._transaction() as connection:
            is_last = self._joining.step(_JOINED_AT_ONCE)
            if is_last:
                note_joined(connection)
        if is_last:
            self._joining = None

    def commit(self, segments: Sequence[SegmentRecord], gaps: Sequence[GapRecord]) -> None:
        with self._transaction() as connection:
            for record in segments:
                head = record.head
                is_growing = head.segment_id in self._growing
                before = None if is_growing else coverage.find_closed(connection, head.segment_id)
                (number,) = connection.execute(
                    _UPSERT_SEGMENT,
                    (
                        head.segment_id,
                        self._stream_id(head.key),
                        head.run_id,
                        head.start_ns,
                        record.end_ns,
                        head.start_90k,
                        head.first_sequence,
                        head.init_size_bytes,
                        record.size_bytes,
                        record.frames,
                        record.is_open,
                        head.mode,
                        record.sha256,
                        record.marks,
                        self._is_held(record),
                    ),
                ).fetchone()
                connection.execute(_UPSERT_FRAGMENTS, (number, record.fragments))
                if not (is_growing and record.is_open):  # else nothing joins: the rule in a group commit
                    self._join(connection, record, before)
            connection.executemany(
                "INSERT INTO gaps VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET to_ns = excluded.to_ns, frames_missing = excluded.frames_missing",
                [(self._stream_id(gap.key), gap.from_ns, gap.to_ns, gap.reason, gap.frames_missing) for gap in gaps],
            )
            journal.write_facts(connection, [journal.tell_closed(record) for record in segments if not record.is_open])
            journal.write_facts(connection, [journal.tell_gap(gap) for gap in gaps if not gap.is_open])

    def _join(self, connection: sqlite3.Connection, record: SegmentRecord, before: coverage.ClosedRow | None) -> None:
        """Takes a segment that has just been written into the coverage; `before`: it was a closed one already."""
        if before is not None:
            coverage.join_chain(connection, before.chain)
        if record.is_open:
            self._growing.add(record.head.segment_id)
            return
        self._growing.discard(record.head.segment_id)
        row = self._closed_row(record)
        if before is None:
            coverage.add_segment(connection, row)
        elif row.chain != before.chain:
            coverage.join_chain(connection, row.chain)

    def _closed_row(self, record: SegmentRecord) -> coverage.ClosedRow:
        head = record.head
        times = (head.start_ns, record.end_ns)
        return coverage.ClosedRow(
            self._stream_id(head.key), head.run_id, head.mode, *times, record.frames, record.size_bytes
        )

    def find_totals(self) -> VolumeTotals:
        with self._translated("read"):
            segments, size_bytes, frames = self._connection.execute(
                "SELECT segments, size_bytes, frames FROM totals"
            ).fetchone()
            oldest = self._connection.execute("SELECT start_ns FROM segments ORDER BY number LIMIT 1").fetchone()
        return VolumeTotals(segments, size_bytes, frames, oldest[0] if oldest else None)

    def find_oldest(self, limit: int) -> list[StoredSegment]:
        return self._find_free("TRUE ORDER BY number LIMIT ?", (limit,))

    def find_oldest_of(self, key: StreamKey, mode: RecordingMode, limit: int) -> list[StoredSegment]:
        where = f"stream_id = {_STREAM_OF} AND mode = ? ORDER BY number LIMIT ?"
        return self._find_free(where, (key.camera_id, key.role, mode, limit))

    def find_between(
        self, key: StreamKey, mode: RecordingMode, from_id: str, to_id: str, limit: int
    ) -> list[StoredSegment]:
        where = (
            f"stream_id = {_STREAM_OF} AND mode = ? AND segment_id >= ? AND segment_id < ? ORDER BY segment_id LIMIT ?"
        )
        return self._find_free(where, (key.camera_id, key.role, mode, from_id, to_id, limit))

    def find_overlapping(self, key: StreamKey, from_ns: int, to_ns: int, limit: int) -> list[StoredSegment]:
        where = f"stream_id = {_STREAM_OF} AND start_ns > ? AND start_ns < ? AND end_ns > ? ORDER BY start_ns LIMIT ?"
        return self._find_free(where, (key.camera_id, key.role, from_ns - LONGEST_SEGMENT_NS, to_ns, from_ns, limit))

    def find_keys_of(self, camera_id: str) -> list[StreamKey]:
        rows = self._select("SELECT role FROM streams WHERE camera_id = ?", (camera_id,))
        return [StreamKey(camera_id, StreamRole(role)) for (role,) in rows]

    def find_groups(self) -> list[tuple[StreamKey, RecordingMode]]:
        """Asks the index once for each pair that there may be: a DISTINCT would walk all rows."""
        found = self._select(
            "SELECT camera_id, role, m.column1 FROM streams, (VALUES ('continuous'), ('motion'), ('event')) AS m"
            " WHERE EXISTS (SELECT 1 FROM segments AS s WHERE s.stream_id = streams.stream_id AND s.mode = m.column1"
            " AND NOT s.is_open AND NOT s.is_held)",
            (),
        )
        return [(StreamKey(camera_id, StreamRole(role)), RecordingMode(mode)) for camera_id, role, mode in found]

    def find_last_ends(self) -> dict[StreamKey, int]:
        rows = self._select(
            "SELECT camera_id, role, (SELECT end_ns FROM segments WHERE segments.stream_id = streams.stream_id"
            " ORDER BY start_ns DESC LIMIT 1), (SELECT to_ns FROM gaps WHERE gaps.stream_id = streams.stream_id"
            " ORDER BY from_ns DESC LIMIT 1) FROM streams",
            (),
        )
        return {
            StreamKey(camera_id, StreamRole(role)): max(end, explained or end)
            for camera_id, role, end, explained in rows
            if end is not None
        }

    def find_newest_id(self) -> str | None:
        rows = self._select("SELECT segment_id FROM segments ORDER BY number DESC LIMIT 1", ())
        return str(rows[0][0]) if rows else None

    def set_holds(self, holds: Sequence[Hold]) -> None:
        wanted = {(hold.hold_id, hold.camera_id, hold.from_ns, hold.to_ns) for hold in holds}
        if wanted == {(hold.hold_id, hold.camera_id, hold.from_ns, hold.to_ns) for hold in self._holds}:
            return
        with self._transaction() as connection:
            connection.execute("DELETE FROM holds")
            connection.executemany("INSERT INTO holds VALUES (?, ?, ?, ?)", sorted(wanted))
            connection.execute(_RELEASE)
            connection.execute(_HOLD)
        self._holds = list(holds)

    def find_held_bytes(self) -> int:
        rows = self._select("SELECT COALESCE(SUM(size_bytes), 0) FROM segments WHERE is_held", ())
        return int(rows[0][0])

    def _is_held(self, record: SegmentRecord) -> bool:
        head = record.head
        return any(
            hold.camera_id == head.key.camera_id and hold.from_ns < record.end_ns and head.start_ns < hold.to_ns
            for hold in self._holds
        )

    def _find_free(self, where: str, parameters: tuple[object, ...]) -> list[StoredSegment]:
        rows = self._select(
            "SELECT segment_id, start_ns, size_bytes, end_ns, camera_id, role, mode"  # noqa: S608 -- constants
            f" FROM (SELECT * FROM segments WHERE NOT is_open AND NOT is_held AND {where})"
            " JOIN streams USING (stream_id)",
            parameters,
        )
        return [_stored(row) for row in rows]

    def find_open(self) -> list[str]:
        return [row[0] for row in self._select("SELECT segment_id FROM segments WHERE is_open", ())]

    def find_ids(self) -> set[str]:
        return {row[0] for row in self._select("SELECT segment_id FROM segments", ())}

    def find_last_end(self, key: StreamKey) -> int | None:
        rows = self._select(
            "SELECT end_ns FROM segments JOIN streams USING (stream_id) WHERE camera_id = ? AND role = ?"
            " ORDER BY start_ns DESC LIMIT 1",
            (key.camera_id, key.role),
        )
        return rows[0][0] if rows else None

    def forget(self, segment_ids: Sequence[str], reason: str) -> None:
        ids = _rows(segment_ids)
        marks = ",".join("?" * len(segment_ids))
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT stream_id, segment_id, camera_id, role, start_ns, end_ns FROM segments"  # noqa: S608 -- only question marks
                f" JOIN streams USING (stream_id) WHERE segment_id IN ({marks})",
                tuple(segment_ids),
            ).fetchall()
            closed = [
                row for row in (coverage.find_closed(connection, each) for each in segment_ids) if row is not None
            ]
            connection.executemany("DELETE FROM segments WHERE segment_id = ?", ids)
            coverage.remove_segments(connection, closed)
            self._growing.difference_update(segment_ids)
            connection.executemany("INSERT OR IGNORE INTO tombstones VALUES (?)", ids)
            for stream_id in {row[0] for row in rows}:
                _expire_gaps(connection, stream_id)
            for stream_id, *_, start_ns, end_ns in sorted(rows, key=lambda row: row[4]):
                if reason == ERASED or _has_older(connection, stream_id, start_ns):
                    _note_policy(connection, stream_id, start_ns, end_ns)
            journal.write_facts(connection, [journal.tell_retired(row, reason) for row in rows])

    def add_tombstones(self, segment_ids: Sequence[str]) -> None:
        """Takes over deletions that another index had begun."""
        with self._transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO tombstones VALUES (?)", _rows(segment_ids))

    def find_tombstones(self) -> list[str]:
        return [row[0] for row in self._select("SELECT segment_id FROM tombstones", ())]

    def clear_tombstones(self, segment_ids: Sequence[str]) -> None:
        with self._transaction() as connection:
            connection.executemany("DELETE FROM tombstones WHERE segment_id = ?", _rows(segment_ids))

    def close(self) -> None:
        self._connection.close()

    def _stream_id(self, key: StreamKey) -> int:
        known = self._streams.get(key)
        if known is None:
            place = (key.camera_id, key.role)
            self._connection.execute("INSERT OR IGNORE INTO streams (camera_id, role) VALUES (?, ?)", place)
            (known,) = self._connection.execute(
                "SELECT stream_id FROM streams WHERE camera_id = ? AND role = ?", place
            ).fetchone()
            self._streams[key] = known
        return known

    def _select(self, query: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._translated("read"):
            return self._connection.execute(query, parameters).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._translated("written"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._streams.clear()  # ids that were made in this transaction are void
                self._growing.clear()
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            raise StorageError(
                f"the index {self._path} cannot be {what}: {exc}",
                "Check the disk; the index can be rebuilt with `vedette check --repair-index`.",
            ) from exc


def _expire_gaps(connection: sqlite3.Connection, stream_id: int) -> None:
    """A gap is history of its footage and expires with it."""
    (oldest_ns,) = connection.execute("SELECT MIN(start_ns) FROM segments WHERE stream_id = ?", (stream_id,)).fetchone()
    if oldest_ns is not None:
        connection.execute(
            "DELETE FROM gaps WHERE stream_id = ? AND from_ns < ? AND to_ns <= ?",
            (stream_id, oldest_ns, oldest_ns),
        )


def _has_older(connection: sqlite3.Connection, stream_id: int, start_ns: int) -> bool:
    """Footage deleted while older footage stays (kept longer, or a clock went back) leaves a gap that says so."""
    older = "SELECT 1 FROM segments WHERE stream_id = ? AND start_ns < ? LIMIT 1"
    return connection.execute(older, (stream_id, start_ns)).fetchone() is not None


def _note_policy(connection: sqlite3.Connection, stream_id: int, start_ns: int, end_ns: int) -> None:
    before = connection.execute(
        "SELECT from_ns, to_ns FROM gaps WHERE stream_id = ? AND reason = 'policy' AND from_ns <= ?"
        " ORDER BY from_ns DESC LIMIT 1",
        (stream_id, start_ns),
    ).fetchone()
    from_ns = before[0] if before is not None and before[1] >= start_ns - HOLE_NS else start_ns
    connection.execute(
        "INSERT INTO gaps VALUES (?, ?, ?, 'policy', 0) ON CONFLICT DO UPDATE SET to_ns = MAX(to_ns, excluded.to_ns)",
        (stream_id, from_ns, end_ns),
    )


def _stored(row: tuple[Any, ...]) -> StoredSegment:
    segment_id, start_ns, size_bytes, end_ns, camera_id, role, mode = row
    return StoredSegment(
        segment_id, start_ns, size_bytes, end_ns, StreamKey(camera_id, StreamRole(role)), RecordingMode(mode)
    )


def _rows(values: Iterable[str]) -> list[tuple[str]]:
    return [(value,) for value in values]
