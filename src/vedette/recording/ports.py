"""What recording needs from the outside: an index per volume, written by one, read by many.

Implementations: `vedette.adapters.sqlite_recording_index`, `vedette.adapters.sqlite_recording_catalog`.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from vedette.core.footage import SegmentRef
from vedette.core.footage_facts import JournalEntry
from vedette.core.recording_plan import Hold, RecordingMode
from vedette.recording.records import (
    GapRecord,
    SegmentRecord,
    SegmentSpan,
    StoredSegment,
    StreamKey,
    Stretch,
    VolumeTotals,
)


class SegmentIndex(Protocol):
    """The index of one volume, in the hands of its only writer. Every method raises StorageError."""

    def commit(self, segments: Sequence[SegmentRecord], gaps: Sequence[GapRecord]) -> None:
        """Writes all of it in one transaction; a segment that is there already is replaced.

        Closed segments and ended gaps become facts of the volume's journal in the same transaction.
        """
        ...

    def find_totals(self) -> VolumeTotals: ...

    def find_oldest(self, limit: int) -> list[StoredSegment]:
        """Finds closed segments that no hold covers, in the order in which they were recorded."""
        ...

    def find_oldest_of(self, key: StreamKey, mode: RecordingMode, limit: int) -> list[StoredSegment]:
        """The same of one stream and mode."""
        ...

    def find_between(
        self, key: StreamKey, mode: RecordingMode, from_id: str, to_id: str, limit: int
    ) -> list[StoredSegment]:
        """Finds closed segments that no hold covers, of one stream and mode, with ids in a half-open range."""
        ...

    def find_overlapping(self, key: StreamKey, from_ns: int, to_ns: int, limit: int) -> list[StoredSegment]:
        """Finds closed segments that no hold covers and that overlap a half-open range of what they show."""
        ...

    def find_keys_of(self, camera_id: str) -> list[StreamKey]:
        """Finds the streams of a camera."""
        ...

    def find_groups(self) -> list[tuple[StreamKey, RecordingMode]]:
        """Finds the streams and modes of which closed segments without a hold are stored."""
        ...

    def find_last_ends(self) -> dict[StreamKey, int]:
        """Up to when each stream is accounted for: its newest footage ends, or the gap told after it."""
        ...

    def find_newest_id(self) -> str | None:
        """The id of the segment that was recorded last."""
        ...

    def set_holds(self, holds: Sequence[Hold]) -> None:
        """Segments that a hold covers are found by no `find_oldest*` from now on; also those stored later."""
        ...

    def find_held_bytes(self) -> int: ...

    def find_open(self) -> list[str]:
        """Finds the ids of segments that were not closed."""
        ...

    def find_ids(self) -> set[str]:
        """All segment ids. Large: for checks only."""
        ...

    def find_last_end(self, key: StreamKey) -> int | None:
        """When the newest footage of a stream ends, None when there is none."""
        ...

    def forget(self, segment_ids: Sequence[str], reason: str) -> None:
        """Removes rows and leaves tombstones and journal facts, in one transaction: first step of deletion.

        `reason` as in `vedette.core.footage_facts.SegmentRetired`.
        """
        ...

    def join_some(self) -> None:
        """Once a second: goes on joining coverage, where the index was opened without (an earlier format)."""
        ...

    def find_tombstones(self) -> list[str]: ...

    def clear_tombstones(self, segment_ids: Sequence[str]) -> None:
        """Removes tombstones: last step of deletion, after the files are gone for good."""
        ...

    def close(self) -> None: ...


class SegmentCatalog(Protocol):
    """The index of one volume, read-only, possibly from another process. Raises StorageError."""

    def find_segments(self, key: StreamKey, from_ns: int, to_ns: int, limit: int | None = None) -> list[SegmentRef]:
        """Finds the segments that overlap a half-open range, in order of start."""
        ...

    def find_spans(self, key: StreamKey, from_ns: int, to_ns: int) -> list[SegmentSpan]:
        """The same as `find_segments`, only what a timeline needs."""
        ...

    def find_stretches(self, key: StreamKey, from_ns: int, to_ns: int) -> list[Stretch]:
        """Finds the joined coverage that overlaps a half-open range, in order of start; not clipped to it.

        Costs as much as there are interruptions, not as there are segments.
        """
        ...

    def find_wrong_streams(self) -> list[StreamKey]:
        """Finds the streams whose joined coverage is not what their segments say. For checks."""
        ...

    def find_segments_before(self, key: StreamKey, at_ns: int, limit: int) -> list[SegmentRef]:
        """Finds the last segments that start at or before a time, latest first."""
        ...

    def find_fragments(self, segment_id: str) -> bytes:
        """The packed fragments of a segment, empty when it is gone."""
        ...

    def find_gaps(self, key: StreamKey, from_ns: int, to_ns: int) -> list[GapRecord]: ...

    def find_hash(self, segment_id: str) -> tuple[bytes, bytes]:
        """SHA-256 and marks (`SegmentRecord`) of a closed segment; empty when it has none or is gone."""
        ...

    def find_generation(self) -> str:
        """Names this index: an index made anew has another, and its journal counts from 1 again."""
        ...

    def find_journal(self, after: int, limit: int) -> list[JournalEntry]:
        """Finds facts with a number above `after`, in order."""
        ...

    def find_tombstones(self) -> list[str]:
        """Finds the ids of segments whose deletion was begun."""
        ...

    def find_keys(self) -> list[StreamKey]: ...

    def find_all(self) -> Iterator[SegmentRef]:
        """Yields every segment, in the order in which they were recorded. For checks."""
        ...

    def close(self) -> None: ...
