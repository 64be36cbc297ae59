"""The index of a volume on SQLite, read-only: for the gateway and the command line, in their own processes.

Every query walks an index from one known place, so its cost does not grow with what is stored. Connections
are one per thread: SQLite serialises the statements of a connection.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from vedette.adapters.sqlite_recording_coverage import COLUMNS, join_segments
from vedette.adapters.sqlite_recording_gaps import FIND_GAPS, FIND_GAPS_BEFORE, IS_THERE
from vedette.core.errors import StorageError
from vedette.core.footage import SegmentRef
from vedette.core.footage_facts import FootageFact, GapClosed, JournalEntry, SegmentClosed, SegmentRetired
from vedette.core.media import StreamRole
from vedette.core.time import NS_PER_S
from vedette.recording.records import CUT_NS, GapRecord, SegmentSpan, StreamKey, Stretch

LONGEST_SEGMENT_NS = 600 * NS_PER_S
"""No segment lasts longer (`CutPolicy.max_90k` is half of it); bounds the search for overlaps to the left."""
_FIELDS = "segment_id, run_id, start_ns, end_ns, start_90k, init_size_bytes, size_bytes, frames, is_open"
_COLUMNS = f"{_FIELDS} FROM segments JOIN streams USING (stream_id) WHERE camera_id = ? AND role = ?"
_PAGE = 1000
_FACTS: dict[str, type[FootageFact]] = {kind.__name__: kind for kind in (SegmentClosed, GapClosed, SegmentRetired)}
_STREAM = "stream_id = (SELECT stream_id FROM streams WHERE camera_id = :camera_id AND role = :role)"
_GROWING = "SELECT run_id, mode, start_ns, end_ns, frames, size_bytes, 1 FROM segments"
_STRETCHES = f"""
SELECT run_id, mode, from_ns, to_ns, frames, size_bytes, 0 FROM stretches
    WHERE {_STREAM} AND from_ns >= :joined_from_ns AND from_ns < :to_ns AND to_ns > :from_ns
UNION ALL {_GROWING} INDEXED BY segments_growing
    WHERE is_open AND {_STREAM} AND start_ns < :to_ns AND end_ns > :from_ns
ORDER BY 3
"""  # noqa: S608 -- constants
_OVERLAPS = f"{_STREAM} AND start_ns >= :start_ns AND start_ns < :to_ns AND end_ns > :from_ns"
_STRETCHES_BEFORE_4 = f"""
SELECT run_id, mode, from_ns, to_ns, frames, size_bytes, 0 FROM (
    WITH joined ({COLUMNS}) AS ({join_segments(_OVERLAPS)}) SELECT * FROM joined)
UNION ALL {_GROWING} WHERE is_open AND {_OVERLAPS}
ORDER BY 3
"""  # noqa: S608 -- constants
_DIFFERENCES = f"""
WITH kept AS (SELECT {COLUMNS} FROM stretches WHERE stream_id = :stream_id),
    joined AS ({join_segments("stream_id = :stream_id")})
SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM joined)
    UNION ALL SELECT * FROM (SELECT * FROM joined EXCEPT SELECT * FROM kept)
LIMIT 1
"""  # noqa: S608 -- constants
FIRST_JOINED_FORMAT = 4

_REASONS_BEFORE = {"restart": "us"}
"""How earlier releases called a reason."""


class SqliteRecordingCatalog:
    """See `vedette.recording.ports.SegmentCatalog`. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._has_stretches = False
        self._is_gap_index_there = False
        self._select("SELECT 1 FROM segments LIMIT 1", ())  # fails here, not at the first question

    def find_segments(self, key: StreamKey, from_ns: int, to_ns: int, limit: int | None = None) -> list[SegmentRef]:
        rows = self._select(
            f"SELECT {_COLUMNS} AND start_ns >= ? AND start_ns < ? AND end_ns > ? ORDER BY start_ns LIMIT ?",
            (
                key.camera_id,
                key.role,
                from_ns - LONGEST_SEGMENT_NS,
                to_ns,
                from_ns,
                -1 if limit is None else limit,
            ),
        )
        return [_segment(key, row) for row in rows]

    def find_spans(self, key: StreamKey, from_ns: int, to_ns: int) -> list[SegmentSpan]:
        rows = self._select(
            "SELECT segment_id, run_id, start_ns, end_ns, frames, size_bytes, mode, is_open"
            " FROM segments JOIN streams USING (stream_id) WHERE camera_id = ? AND role = ?"
            " AND start_ns >= ? AND start_ns < ? AND end_ns > ? ORDER BY start_ns",
            (key.camera_id, key.role, from_ns - LONGEST_SEGMENT_NS, to_ns, from_ns),
        )
        return list(map(SegmentSpan._make, rows))

    def find_stretches(self, key: StreamKey, from_ns: int, to_ns: int) -> list[Stretch]:
        """One statement, so that a segment that closes meanwhile is seen once: before or after."""
        values = {
            "camera_id": key.camera_id,
            "role": key.role,
            "joined_from_ns": from_ns - CUT_NS - LONGEST_SEGMENT_NS,
            "start_ns": from_ns - LONGEST_SEGMENT_NS,
            "from_ns": from_ns,
            "to_ns": to_ns,
        }
        rows = self._select(_STRETCHES if self._is_joined() else _STRETCHES_BEFORE_4, values)
        return list(map(Stretch._make, rows))

    def find_wrong_streams(self) -> list[StreamKey]:
        if not self._is_joined():
            return []
        streams = self._select("SELECT stream_id, camera_id, role FROM streams ORDER BY stream_id", ())
        return [
            StreamKey(camera_id, StreamRole(role))
            for stream_id, camera_id, role in streams
            if self._select(_DIFFERENCES, {"stream_id": stream_id})
        ]

    def _is_joined(self) -> bool:
        """Says whether the index has joined coverage: one of an earlier format gets it from its writer's next start."""
        if not self._has_stretches:
            ((version,),) = self._select("PRAGMA user_version", ())
            self._has_stretches = version >= FIRST_JOINED_FORMAT
        return self._has_stretches

    def find_segments_before(self, key: StreamKey, at_ns: int, limit: int) -> list[SegmentRef]:
        rows = self._select(
            f"SELECT {_COLUMNS} AND start_ns <= ? ORDER BY start_ns DESC LIMIT ?",
            (key.camera_id, key.role, at_ns, limit),
        )
        return [_segment(key, row) for row in rows]

    def find_fragments(self, segment_id: str) -> bytes:
        rows = self._select(
            "SELECT packed FROM fragments JOIN segments USING (number) WHERE segment_id = ?", (segment_id,)
        )
        return rows[0][0] if rows else b""

    def find_gaps(self, key: StreamKey, from_ns: int, to_ns: int) -> list[GapRecord]:
        values = {"camera_id": key.camera_id, "role": key.role, "from_ns": from_ns, "to_ns": to_ns}
        rows = self._select(FIND_GAPS if self._has_gap_index() else FIND_GAPS_BEFORE, values)
        return [
            GapRecord(key, from_ns, to_ns, _REASONS_BEFORE.get(reason, reason), frames)
            for from_ns, to_ns, reason, frames in rows
        ]

    def _has_gap_index(self) -> bool:
        if not self._is_gap_index_there:
            ((found,),) = self._select(IS_THERE, ())
            self._is_gap_index_there = bool(found)
        return self._is_gap_index_there

    def find_hash(self, segment_id: str) -> tuple[bytes, bytes]:
        rows = self._select("SELECT sha256, marks FROM segments WHERE segment_id = ?", (segment_id,))
        return rows[0] if rows else (b"", b"")

    def find_generation(self) -> str:
        rows = self._select("SELECT generation FROM identity", ())
        return str(rows[0][0]) if rows else ""

    def find_journal(self, after: int, limit: int) -> list[JournalEntry]:
        rows = self._select("SELECT number, fact FROM journal WHERE number > ? ORDER BY number LIMIT ?", (after, limit))
        return [_journal_entry(number, fact) for number, fact in rows]

    def find_tombstones(self) -> list[str]:
        return [row[0] for row in self._select("SELECT segment_id FROM tombstones", ())]

    def find_keys(self) -> list[StreamKey]:
        rows = self._select("SELECT camera_id, role FROM streams", ())
        return [StreamKey(camera_id, StreamRole(role)) for camera_id, role in rows]

    def find_all(self) -> Iterator[SegmentRef]:
        after = 0
        while rows := self._select(
            f"SELECT number, camera_id, role, {_FIELDS} FROM segments JOIN streams USING (stream_id)"  # noqa: S608 -- a constant
            " WHERE number > ? ORDER BY number LIMIT ?",
            (after, _PAGE),
        ):
            for number, camera_id, role, *rest in rows:
                after = number
                yield _segment(StreamKey(camera_id, StreamRole(role)), tuple(rest))

    def close(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def _select(self, query: str, parameters: tuple[object, ...] | dict[str, object]) -> list[tuple[Any, ...]]:
        with self._translated():
            return self._connection().execute(query, parameters).fetchall()

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(
                f"file:{quote(str(self._path))}?{_find_mode(self._path)}",
                uri=True,
                isolation_level=None,
                check_same_thread=False,  # closed from the thread that closes the catalog
                timeout=5.0,
            )
            found.execute("PRAGMA query_only=1")
            self._local.connection = found
            with self._lock:
                self._connections.append(found)
        return found

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            raise StorageError(
                f"the index {self._path} cannot be read: {exc}",
                "If it is damaged, rebuild it: stop Vedette and run `vedette check --repair-index`.",
            ) from exc


def _find_mode(path: Path) -> str:
    """How SQLite has to open an index: to read one in WAL mode it makes files beside it, where it may.

    Where it may not (a volume that is mounted read-only) and there is no log either, nobody writes the index: it is
    opened as it lies. With a log, SQLite reads it by the `-shm` that its writer left.

    Raises:
        StorageError: the index was not closed, and what its log needs is not there and cannot be made.
    """
    if os.access(path.parent, os.W_OK) or not path.exists():
        return "mode=ro"
    log, shared = path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")
    if shared.exists() and log.exists():
        return "mode=ro"
    if not log.exists() or log.stat().st_size == 0:
        return "mode=ro&immutable=1"
    raise StorageError(
        f"the index {path} was not closed, and its volume cannot be written to bring it into order",
        f"Copy {path.name} and {log.name} beside a copy of volume.json to a place that can be written, or mount it"
        " writable once.",
    )


def _journal_entry(number: int, text: str) -> JournalEntry:
    kind, _, content = text.partition(" ")
    try:
        return JournalEntry(number, msgspec.json.decode(content, type=_FACTS[kind]))
    except (KeyError, msgspec.MsgspecError) as exc:
        raise StorageError(f"fact {number} of a volume's journal cannot be read: {exc}") from exc


def _segment(key: StreamKey, row: tuple[Any, ...]) -> SegmentRef:
    segment_id, run_id, start_ns, end_ns, start_90k, init_size_bytes, size_bytes, frames, is_open = row
    return SegmentRef(
        segment_id=segment_id,
        camera_id=key.camera_id,
        role=key.role,
        run_id=run_id,
        start_ns=start_ns,
        end_ns=end_ns,
        start_90k=start_90k,
        init_size_bytes=init_size_bytes,
        size_bytes=size_bytes,
        frames=frames,
        is_open=bool(is_open),
    )
