"""Reads fragments: one from memory, or all heads of a file, up to where it is cut short or damaged.

A recorder that was killed leaves a last fragment that may be torn. Scanning a file therefore never raises for
what it finds; it ends with the reason, and everything before stays usable.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vedette.media.errors import MalformedMediaError
from vedette.media.fmp4.boxes import BoxRef, Buffer, iter_boxes, read_box
from vedette.media.fmp4.fragment import ntp_to_ns
from vedette.media.fmp4.init_segment import AUDIO_TRACK_ID, NON_KEY_FLAGS, VIDEO_TRACK_ID

_MOST_HEAD_BYTES = 4 << 20
_FIRST_READ_BYTES = 4096
_NON_SYNC = 0x00010000
ReadAt = Callable[[int, int], bytes]
"""Size, offset -> bytes of a file; fewer at its end."""


@dataclass(frozen=True, slots=True)
class ParsedTrack:
    """One track's samples of one fragment, column by column.

    Attributes:
        decode_90k: Decoding time of the first sample, as stored.
        offset: Where the first sample's payload begins, from the start of the fragment; the others follow.
        composition_90k: Presentation minus decoding time, signed.
    """

    track_id: int
    decode_90k: int
    offset: int
    durations_90k: tuple[int, ...]
    sizes_bytes: tuple[int, ...]
    is_key: tuple[bool, ...]
    composition_90k: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ParsedFragment:
    """A fragment's head.

    Attributes:
        head_size_bytes: Everything before the payload: `prft`, `moof` and the head of `mdat`.
        size_bytes: All of it, payload included.
        wall_ns: `captured_at` of the first sample from `prft`, or None.
    """

    sequence: int
    wall_ns: int | None
    tracks: tuple[ParsedTrack, ...]
    head_size_bytes: int
    size_bytes: int

    @property
    def video(self) -> ParsedTrack | None:
        return next((track for track in self.tracks if track.track_id == VIDEO_TRACK_ID), None)

    @property
    def audio(self) -> ParsedTrack | None:
        return next((track for track in self.tracks if track.track_id == AUDIO_TRACK_ID), None)


@dataclass(frozen=True, slots=True)
class FragmentExtent:
    """A complete fragment of a file and where it lies."""

    offset: int
    fragment: ParsedFragment


def parse_fragment(data: Buffer) -> ParsedFragment:
    """Parses the head of the fragment at the start of `data`; the payload may be missing.

    Raises:
        MalformedMediaError: no fragment, or its head is cut short or contradicts itself.
    """
    view = memoryview(data)
    try:
        return _parse(view)
    except struct.error as exc:
        raise MalformedMediaError("a fragment's head is damaged") from exc


def _parse(view: memoryview) -> ParsedFragment:
    start, wall_ns, moof = 0, None, None
    while (ref := read_box(view, start, len(view))) is not None:
        if ref.kind == b"mdat":
            if moof is None:
                break
            return _with_payload(view, moof, ref, wall_ns)
        if ref.end > len(view):
            break
        if ref.kind == b"prft":
            (ntp,) = struct.unpack_from(">Q", view, ref.body + 8)
            wall_ns = ntp_to_ns(ntp)
        elif ref.kind == b"moof":
            moof = ref
        start = ref.end
    raise MalformedMediaError("no complete fragment head")


def _with_payload(view: memoryview, moof: BoxRef, mdat: BoxRef, wall_ns: int | None) -> ParsedFragment:
    sequence = 0
    tracks: list[ParsedTrack] = []
    for ref in iter_boxes(view, moof.body, moof.end):
        if ref.kind == b"mfhd":
            (sequence,) = struct.unpack_from(">I", view, ref.body + 4)
        elif ref.kind == b"traf":
            tracks.append(_track(view, ref, moof.start))
    for track in tracks:
        if track.offset < mdat.body or track.offset + sum(track.sizes_bytes) > mdat.end:
            raise MalformedMediaError("a fragment's samples lie outside its payload")
    return ParsedFragment(sequence, wall_ns, tuple(tracks), mdat.body, mdat.end)


def _track(view: memoryview, traf: BoxRef, moof_start: int) -> ParsedTrack:
    track_id, decode_90k, defaults, track = 0, 0, (0, 0, NON_KEY_FLAGS), None
    for ref in iter_boxes(view, traf.body, traf.end):
        if ref.kind == b"tfhd":
            track_id, defaults = _tfhd(view, ref)
            if track_id == AUDIO_TRACK_ID:
                defaults = (*defaults[:2], 0)
        elif ref.kind == b"tfdt":
            layout = ">Q" if view[ref.body] == 1 else ">I"
            (decode_90k,) = struct.unpack_from(layout, view, ref.body + 4)
        elif ref.kind == b"trun":
            if track is not None:
                raise MalformedMediaError("a track with several runs in one fragment")
            track = _trun(view, ref, (track_id, decode_90k, moof_start), defaults)
    if track is None:
        raise MalformedMediaError("a track fragment without samples")
    return track


def _tfhd(view: memoryview, ref: BoxRef) -> tuple[int, tuple[int, int, int]]:
    flags, track_id = struct.unpack_from(">II", view, ref.body)
    position = ref.body + 8
    values = []
    for bit, size in ((0x1, 8), (0x2, 4), (0x8, 4), (0x10, 4), (0x20, 4)):
        present = bool(flags & bit)
        value = int.from_bytes(view[position : position + size], "big") if present else None
        position += size * present
        values.append(value)
    _, _, duration, size_bytes, sample_flags = values
    return track_id, (duration or 0, size_bytes or 0, NON_KEY_FLAGS if sample_flags is None else sample_flags)


def _trun(view: memoryview, ref: BoxRef, place: tuple[int, int, int], defaults: tuple[int, int, int]) -> ParsedTrack:
    track_id, decode_90k, moof_start = place
    flags, count = struct.unpack_from(">II", view, ref.body)
    flags &= 0xFFFFFF
    position = ref.body + 8
    offset = 0
    if flags & 0x1:
        (offset,) = struct.unpack_from(">i", view, position)
        position += 4
    first_flags = None
    if flags & 0x4:
        (first_flags,) = struct.unpack_from(">I", view, position)
        position += 4
    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if position + 4 * count * len(columns) > ref.end:
        raise MalformedMediaError("a run of samples is longer than its box")
    cells = struct.unpack_from(f">{count * len(columns)}I", view, position)
    by_bit = {bit: cells[index :: len(columns)] for index, bit in enumerate(columns)}
    sample_flags = list(by_bit.get(0x400, (defaults[2],) * count))
    if first_flags is not None and sample_flags:
        sample_flags[0] = first_flags
    return ParsedTrack(
        track_id,
        decode_90k,
        moof_start + offset,
        by_bit.get(0x100, (defaults[0],) * count),
        by_bit.get(0x200, (defaults[1],) * count),
        tuple(not value & _NON_SYNC for value in sample_flags),
        tuple(value - ((value & 0x80000000) << 1) for value in by_bit.get(0x800, (0,) * count)),
    )


def scan_fragments(read: ReadAt, start: int, end: int) -> Iterator[FragmentExtent | MalformedMediaError]:
    """Yields the complete fragments of a file between two offsets, reading only their heads.

    When the file is cut short or damaged the last value is the error that says where; nothing is raised.
    """
    while start < end:
        try:
            fragment = _read_head(read, start, end)
        except MalformedMediaError as exc:
            yield MalformedMediaError(f"{exc.message} (at byte {start} of {end})")
            return
        if start + fragment.size_bytes > end:
            yield MalformedMediaError(f"the last fragment is cut short (at byte {start} of {end})")
            return
        yield FragmentExtent(start, fragment)
        start += fragment.size_bytes


def _read_head(read: ReadAt, start: int, end: int) -> ParsedFragment:
    wanted = _FIRST_READ_BYTES
    while True:
        data = read(min(wanted, end - start), start)
        try:
            return parse_fragment(data)
        except MalformedMediaError:
            if wanted >= end - start or wanted >= _MOST_HEAD_BYTES or not _may_need_more(data):
                raise
        wanted *= 4


def _may_need_more(data: bytes) -> bool:
    """Tells whether the head is merely longer than what was read (a `moof` of hundreds of samples)."""
    start = 0
    while (ref := read_box(data, start, len(data))) is not None:
        if ref.kind not in {b"prft", b"moof", b"styp", b"sidx", b"emsg", b"free", b"uuid"}:
            return False
        if ref.end > len(data):
            return True
        start = ref.end
    return True
