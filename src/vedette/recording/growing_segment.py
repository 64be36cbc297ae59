"""A segment while it is written."""

from dataclasses import dataclass, field, replace

from vedette.core.footage_facts import IngestFacts
from vedette.recording.records import SegmentHead, SegmentRecord
from vedette.recording.segment_body import SegmentBody


@dataclass(slots=True)
class GrowingSegment:
    """A file that fragments are added to; what was committed of it is in the index."""

    head: SegmentHead
    descriptor: int
    body: SegmentBody
    size_bytes: int
    end_ns: int
    frames: int = 0
    packed: bytearray = field(default_factory=bytearray)
    ingest: IngestFacts = field(default_factory=IngestFacts)
    is_new: bool = True
    is_dirty: bool = True
    is_closing: bool = False
    waits_for_key: bool = False
    committed_ns: int = 0
    committed_frames: int = 0

    def record(self) -> SegmentRecord:
        """Its row, with hashes once it is closing."""
        record = SegmentRecord(
            self.head, self.end_ns, self.size_bytes, self.frames, not self.is_closing, bytes(self.packed)
        )
        if not self.is_closing:
            return record
        hashes = self.body.hashes()
        return replace(
            record,
            sha256=hashes.sha256,
            init_sha256=hashes.init_sha256,
            marks=hashes.marks,
            ingest=self.ingest if hashes.marks else record.ingest,
            stored_bytes=hashes.stored_bytes,
            stored_sha256=hashes.stored_sha256,
        )
