"""What the writer of a volume is given, and what it tells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from vedette.core.footage_facts import IngestFacts
from vedette.recording.holds_file import KeptHold
from vedette.recording.records import FragmentEntry, GapRecord, SegmentHead, StreamKey
from vedette.recording.retention import KeepRules, SpaceLimit


class VolumeState(StrEnum):
    WRITABLE = "writable"
    FULL = "full"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StoreJob:
    """One fragment to store.

    Attributes:
        init: The head of the file, in case this fragment turns out to be the first one stored.
        buffers: The fragment, `entry.size_bytes` in all.
        ingest: How the packets of the segment arrived, up to here.
    """

    head: SegmentHead
    entry: FragmentEntry
    init: bytes
    buffers: Sequence[bytes]
    ingest: IngestFacts = field(default_factory=IngestFacts)


@dataclass(frozen=True, slots=True)
class LostFootage:
    """Footage that was received and not stored, and why in words."""

    key: StreamKey
    segment_id: str
    from_ns: int
    to_ns: int
    frames: int
    why: str


@dataclass(frozen=True, slots=True)
class VolumeNews:
    """The volume entered a state."""

    state: VolumeState
    reason: str


@dataclass(frozen=True, slots=True)
class VolumeWarning:
    """As `vedette.core.messages.StorageWarned`, with the same kinds."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class StoreTerms:
    """By what a volume is used.

    Attributes:
        holds: In force on this volume, with where they come from; `rules` hold the same.
    """

    limit: SpaceLimit
    rules: KeepRules = field(default_factory=KeepRules)
    holds: tuple[KeptHold, ...] = ()


News = LostFootage | VolumeNews | VolumeWarning | GapRecord
"""A `GapRecord`: the account of a gap that this index never took, and that another volume is to keep."""
