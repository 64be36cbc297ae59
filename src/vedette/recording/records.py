"""What the index of a volume holds: values between the writer, the index and the reader.

A segment's fragments are kept as one packed row per segment, not one row each: 100 cameras for 30 days are
259 million fragments but 4.3 million segments, and a row per fragment would make the index, its deletion and
its rebuild fifty times dearer. Fragments follow each other in the file, so offsets are sums of sizes.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from vedette.core.footage import FragmentRef, SegmentRef
from vedette.core.footage_facts import IngestFacts
from vedette.core.media import StreamRole
from vedette.core.recording_plan import RecordingMode
from vedette.core.time import NS_PER_S

FRAGMENT_FORMAT = struct.Struct("<qIIIIIH")
"""Packed form 1: start_ns i64, length_us u32, media_90k u32, duration_90k u32, size_bytes u32, key_size_bytes
u32, frames u16. Never changed without a new `user_version` of the index."""
_MOST_US = 0xFFFFFFFF
CUT_NS = 6 * 3600 * NS_PER_S
"""Joined coverage is cut here, by the start of the segments: see `Stretch`."""
MARK_BYTES = 8
"""How much of a running hash tells two files apart; the whole hash of the segment is what is proven."""


@dataclass(frozen=True, slots=True)
class StreamKey:
    """One stream of one camera."""

    camera_id: str
    role: StreamRole


@dataclass(frozen=True, slots=True)
class SegmentHead:
    """What is known of a segment when its first fragment is stored, and never changes.

    Attributes:
        first_sequence: Number of the first picture in its run.
        mode: Why it is recorded; another mode begins another segment.
    """

    segment_id: str
    key: StreamKey
    run_id: str
    start_ns: int
    start_90k: int
    first_sequence: int
    init_size_bytes: int
    mode: RecordingMode = RecordingMode.CONTINUOUS


@dataclass(frozen=True, slots=True)
class FragmentEntry:
    """One fragment of a segment.

    Attributes:
        media_90k: Decoding time of the first picture, from the segment's zero.
        frames: Pictures; 0 for sound without pictures and for a damaged stretch that is skipped.
        key_size_bytes: Size of the first picture when it is a key frame, else 0.
    """

    start_ns: int
    end_ns: int
    media_90k: int
    duration_90k: int
    size_bytes: int
    frames: int
    key_size_bytes: int

    def fits(self) -> bool:
        """Whether `pack` can write it down: what is read from a file that was changed may be any number."""
        try:
            self.pack()
        except struct.error:
            return False
        return True

    def pack(self) -> bytes:
        length_us = min(max(0, self.end_ns - self.start_ns) // 1000, _MOST_US)
        return FRAGMENT_FORMAT.pack(
            self.start_ns,
            length_us,
            self.media_90k,
            self.duration_90k,
            self.size_bytes,
            self.key_size_bytes,
            self.frames,
        )


def blank_entry(head: SegmentHead, size_bytes: int) -> FragmentEntry:
    """A stretch of a segment of which nothing is known but its size: damaged, and skipped."""
    return FragmentEntry(head.start_ns, head.start_ns, 0, 0, size_bytes, 0, 0)


def unpack_entry(packed: bytes) -> FragmentEntry:
    """The reverse of `FragmentEntry.pack`; the end is to the microsecond."""
    start_ns, length_us, media, duration, size, key_size, frames = FRAGMENT_FORMAT.unpack(packed)
    return FragmentEntry(start_ns, start_ns + length_us * 1000, media, duration, size, frames, key_size)


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """A segment as it is now, with all its fragments packed.

    Attributes:
        size_bytes: Of the segment in the clear, as every offset; an encrypted file is a little longer.
        sha256: Of the segment, 32 bytes; empty while it grows. Where it is stored in the clear, of the first
            `size_bytes` of the file.
        init_sha256: Of its head; empty while it grows.
        marks: `MARK_BYTES` of the running SHA-256 after each fragment: tells from which second on a file differs.
        stored_bytes, stored_sha256: Of an encrypted file: the first so many bytes, and their SHA-256; else 0 and empty.
    """

    head: SegmentHead
    end_ns: int
    size_bytes: int
    frames: int
    is_open: bool
    fragments: bytes
    sha256: bytes = b""
    init_sha256: bytes = b""
    marks: bytes = b""
    ingest: IngestFacts = field(default_factory=IngestFacts)
    stored_bytes: int = 0
    stored_sha256: bytes = b""


@dataclass(frozen=True, slots=True)
class GapRecord:
    """A stretch without footage and why (see `vedette.core.footage.FootageGap`). `is_open`: it still grows."""

    key: StreamKey
    from_ns: int
    to_ns: int
    reason: str
    frames_missing: int
    is_open: bool = False


class SegmentSpan(NamedTuple):
    """A segment as the timeline sees it. A tuple: a month of one camera is 43,000 of them."""

    segment_id: str
    run_id: str
    start_ns: int
    end_ns: int
    frames: int
    size_bytes: int
    mode: str
    is_open: bool


class Stretch(NamedTuple):
    """What segments of one stream, run and mode cover without a hole above `HOLE_NS`, in one row.

    Cut every `CUT_NS` of UTC, so that the border of a range costs few segments. A segment that grows is a stretch of
    its own. `to_ns` may lie beyond the cut: segments belong where they start.
    """

    run_id: str
    mode: str
    from_ns: int
    to_ns: int
    frames: int
    size_bytes: int
    is_open: bool = False

    def is_of(self, span: SegmentSpan) -> bool:
        """Says whether a segment of the same stream is part of this."""
        return (
            (span.run_id, span.mode, span.is_open) == (self.run_id, self.mode, self.is_open)
            and self.from_ns <= span.start_ns <= self.to_ns
            and span.start_ns // CUT_NS == self.from_ns // CUT_NS
        )


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """A segment as deletion sees it."""

    segment_id: str
    start_ns: int
    size_bytes: int
    end_ns: int
    key: StreamKey
    mode: RecordingMode


@dataclass(frozen=True, slots=True)
class VolumeTotals:
    """Sums over a volume. `oldest_ns` is None when nothing is stored."""

    segments: int
    size_bytes: int
    frames: int
    oldest_ns: int | None


def pack_fragments(entries: Iterable[FragmentEntry]) -> bytes:
    return b"".join(entry.pack() for entry in entries)


def unpack_fragments(segment: SegmentRef, packed: bytes) -> Iterator[FragmentRef]:
    """Yields the fragments with pictures of a segment, in order, on the run's media line."""
    offset = segment.init_size_bytes
    for start_ns, length_us, media, duration, size, key_size, frames in FRAGMENT_FORMAT.iter_unpack(packed):
        if frames:
            yield FragmentRef(
                segment=segment,
                start_ns=start_ns,
                end_ns=start_ns + length_us * 1000,
                media_90k=segment.start_90k + media,
                duration_90k=duration,
                offset=offset,
                size_bytes=size,
                frames=frames,
                is_key=key_size > 0,
                key_size_bytes=key_size,
            )
        offset += size
