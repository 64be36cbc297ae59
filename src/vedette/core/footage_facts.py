"""Facts about stored footage that must be provable for ever: the journal of a volume.

The recorder writes them into the volume's index in the same transaction as the row they are about
(`vedette.adapters.sqlite_recording_journal`); the notary reads them there, in order, and makes evidence leaves of
them (docs/design/evidence.md). A fact is self-contained: the footage may be gone when it is read.
"""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class IngestFacts:
    """How the packets of a segment arrived. Sums over the segment.

    Attributes:
        is_encrypted: Over RTSPS or HTTPS.
        lost, duplicated, reordered: RTP packets.
        clock_offset_ms: Camera's clock minus ours, the last known; None without sender reports.
        signature: Of the camera's own media signing: `ok`, `missing`, `bad`, `not_signed`.
    """

    is_encrypted: bool = False
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    clock_offset_ms: int | None = None
    signature: str = "not_signed"

    def since(self, before: "IngestFacts") -> "IngestFacts":
        """What was counted after `before`; counters that began anew (a new service) count from zero."""
        return replace(
            self,
            lost=_grown(before.lost, self.lost),
            duplicated=_grown(before.duplicated, self.duplicated),
            reordered=_grown(before.reordered, self.reordered),
        )


def _grown(before: int, now: int) -> int:
    return now - before if now >= before else now


@dataclass(frozen=True, slots=True)
class SegmentClosed:
    """A segment is complete and durable.

    Attributes:
        size_bytes: Of the segment in the clear.
        sha256: Of the segment in the clear, lower-case hex.
        init_sha256: Of the first `init_size_bytes` (the codec's headers).
        stored_bytes, stored_sha256: Of what lies on the disk instead, where the segment is encrypted; else 0 and empty:
            the first `size_bytes` of the file are the segment.
    """

    segment_id: str
    camera_id: str
    stream: str
    mode: str
    run_id: str
    start_ns: int
    end_ns: int
    frames: int
    size_bytes: int
    init_size_bytes: int
    sha256: str
    init_sha256: str
    ingest: IngestFacts = field(default_factory=IngestFacts)
    stored_bytes: int = 0
    stored_sha256: str = ""


@dataclass(frozen=True, slots=True)
class GapClosed:
    """Footage that should exist does not; the stretch has ended. Reasons: `vedette.core.footage.FootageGap`."""

    camera_id: str
    stream: str
    from_ns: int
    to_ns: int
    reason: str
    frames_missing: int


@dataclass(frozen=True, slots=True)
class SegmentRetired:
    """A segment was deleted by policy; its hash stays in the log, so lawful deletion and theft differ.

    Attributes:
        reason: `expired` (older than its maximum), `space`, `space_below_minimum`, `vanished` (file was gone), `erased`
            (an administrator ordered it; who and why is in the audit trail).
    """

    segment_id: str
    camera_id: str
    stream: str
    start_ns: int
    end_ns: int
    reason: str


FootageFact = SegmentClosed | GapClosed | SegmentRetired


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One fact with its place. `number` grows by order of writing within one `generation` of a volume's journal."""

    number: int
    fact: FootageFact
