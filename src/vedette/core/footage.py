"""Values that describe stored footage: segments, fragments, runs and gaps.

A Segment is one file and the unit of retention; a fragment (moof + mdat) is the unit of loss and of reading.
"""

from dataclasses import dataclass

from vedette.core.media import StreamFormat, StreamRole


@dataclass(frozen=True, slots=True)
class SegmentRef:
    """One stored segment file.

    Attributes:
        start_90k: Media time of the file's zero on the run's line: stored `tfdt` + `start_90k` = run time.
        init_size_bytes: Length of `ftyp` + `moov` at the head of the file.
        is_open: Still growing.
    """

    segment_id: str
    camera_id: str
    role: StreamRole
    run_id: str
    start_ns: int
    end_ns: int
    start_90k: int
    init_size_bytes: int
    size_bytes: int
    frames: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class FragmentRef:
    """One stored fragment.

    Attributes:
        start_ns: `captured_at` of the first video sample.
        end_ns: `captured_at` at the end of the last video sample.
        media_90k: Decoding time of the first video sample, on the run's line.
        duration_90k: Sum of the video samples' durations.
        is_key: The first video sample is a random access point.
        key_size_bytes: Payload size of that first sample when `is_key`, else 0.
    """

    segment: SegmentRef
    start_ns: int
    end_ns: int
    media_90k: int
    duration_90k: int
    offset: int
    size_bytes: int
    frames: int
    is_key: bool
    key_size_bytes: int


@dataclass(frozen=True, slots=True)
class SegmentInit:
    """What a player needs before the first fragment of a segment: the stored init bytes and the format."""

    format: StreamFormat
    init: bytes


@dataclass(frozen=True, slots=True)
class FootageRun:
    """An unbroken stretch of one stream's footage."""

    role: StreamRole
    from_ns: int
    to_ns: int
    frames: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FootageGap:
    """A stretch without footage, and why.

    `camera` sends nothing, `network` lost it, `disk` could not take it, `clock` jumped, `policy` wanted none, `us`:
    the recorder was down, `unknown`. Footage recorded before 2026-11 calls `us` `restart`; readers translate it.
    """

    role: StreamRole
    from_ns: int
    to_ns: int
    reason: str
    frames_missing: int
