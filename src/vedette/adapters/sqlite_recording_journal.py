"""What happened to footage, for the notary: facts that are written with the rows they are about."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from vedette.core.footage_facts import FootageFact, GapClosed, SegmentClosed, SegmentRetired
from vedette.recording.records import GapRecord, SegmentRecord

_MOST = 2_000_000
"""Facts kept for a notary that is away: two weeks of 100 cameras. The oldest go first."""


def write_facts(connection: sqlite3.Connection, facts: Sequence[FootageFact]) -> None:
    """Adds them, within the transaction that is open."""
    if not facts:
        return
    rows = [(f"{type(fact).__name__} {msgspec.json.encode(fact).decode()}",) for fact in facts]
    connection.executemany("INSERT INTO journal (fact) VALUES (?)", rows)
    (last,) = connection.execute("SELECT MAX(number) FROM journal").fetchone()
    connection.execute("DELETE FROM journal WHERE number <= ?", (last - _MOST,))


def tell_closed(record: SegmentRecord) -> SegmentClosed:
    """A segment that grows no more."""
    head = record.head
    return SegmentClosed(
        segment_id=head.segment_id,
        camera_id=head.key.camera_id,
        stream=head.key.role.value,
        mode=head.mode.value,
        run_id=head.run_id,
        start_ns=head.start_ns,
        end_ns=record.end_ns,
        frames=record.frames,
        size_bytes=record.size_bytes,
        init_size_bytes=head.init_size_bytes,
        sha256=record.sha256.hex(),
        init_sha256=record.init_sha256.hex(),
        ingest=record.ingest,
        stored_bytes=record.stored_bytes,
        stored_sha256=record.stored_sha256.hex(),
    )


def tell_gap(gap: GapRecord) -> GapClosed:
    """A gap that has ended."""
    return GapClosed(gap.key.camera_id, gap.key.role.value, gap.from_ns, gap.to_ns, gap.reason, gap.frames_missing)


def tell_retired(row: tuple[Any, ...], reason: str) -> SegmentRetired:
    """A segment that was deleted: its row's number, id, camera, role, start and end."""
    _, segment_id, camera_id, role, start_ns, end_ns = row
    return SegmentRetired(segment_id, camera_id, role, start_ns, end_ns, reason)
