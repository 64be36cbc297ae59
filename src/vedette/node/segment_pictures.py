"""Stored segments as NAL units: what the validator reads. Nothing is decoded."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from vedette.core.footage import SegmentRef
from vedette.core.media import Codec
from vedette.core.time import NS_PER_S, ticks_to_ns
from vedette.evidence.media_signing.onvif import UUID
from vedette.media.bitstream import NalFraming, split_access_unit
from vedette.media.errors import MalformedMediaError
from vedette.media.fmp4 import parse_fragment, parse_init
from vedette.recording.errors import DamagedFootageError
from vedette.recording.records import unpack_fragments
from vedette.recording.stored_file import OpenFile, StoredFile

LOOK_NS = 6 * NS_PER_S
"""A camera that signs does so at least every 5 s: so much of a segment says whether it does."""
_FRAMING = NalFraming(4)


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """One access unit."""

    captured_at_ns: int
    nals: list[bytes]


def read_codec(file: StoredFile, segment: SegmentRef) -> Codec:
    """Raises DamagedFootageError, FootageLockedError, OSError, as everything here."""
    try:
        return parse_init(file.read(segment.init_size_bytes, 0)).format.video.codec
    except MalformedMediaError as exc:
        raise _damaged(segment, exc) from exc


def is_signed(file: StoredFile, segment: SegmentRef, packed: bytes) -> bool:
    """Whether a segment holds signatures: a search for 16 bytes in its first seconds."""
    for fragment in unpack_fragments(segment, packed):
        if fragment.start_ns - segment.start_ns > LOOK_NS:
            break
        if UUID in file.read(fragment.size_bytes, fragment.offset):
            return True
    return False


def read_pictures(file: StoredFile, segment: SegmentRef, packed: bytes) -> Iterator[StoredPicture]:
    """Yields the pictures of a segment, a fragment in memory at a time."""
    for fragment in unpack_fragments(segment, packed):
        data = file.read(fragment.size_bytes, fragment.offset)
        try:
            track = parse_fragment(data).video
        except MalformedMediaError as exc:
            raise _damaged(segment, exc) from exc
        if track is None:
            continue
        at, passed_90k = track.offset, 0
        for size, duration_90k in zip(track.sizes_bytes, track.durations_90k, strict=True):
            nals = split_access_unit(data[at : at + size], _FRAMING)
            yield StoredPicture(fragment.start_ns + ticks_to_ns(passed_90k), nals)
            at, passed_90k = at + size, passed_90k + duration_90k


def leave_memory(file: StoredFile) -> None:
    """Lets the kernel drop the pages that were read: the footage of a day must not push out the indexes."""
    if isinstance(file, OpenFile):
        os.posix_fadvise(file.descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _damaged(segment: SegmentRef, why: MalformedMediaError) -> DamagedFootageError:
    return DamagedFootageError(f"segment {segment.segment_id} is damaged: {why}", "Run `vedette check`.")
