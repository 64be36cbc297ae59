"""Plans an ordinary MP4 file (ISO/IEC 14496-12): `moov` first, sample tables, an edit list to the exact start.

Pure Python, no samples in memory: the caller describes them, gets the head with every offset in it, and then
writes the payloads in the described order. Editors and players of evidence rooms want this form; fragmented
files they often open without duration or seeking.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from vedette.core.media import AudioFormat, VideoFormat
from vedette.core.time import TICKS_PER_S
from vedette.media.fmp4.boxes import box, full_box
from vedette.media.fmp4.sample_entry import audio_sample_entry, video_sample_entry

_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_FTYP = box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isomiso2mp41avc1hvc1")
_DINF = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))
_EPOCH_1904_S = 2_082_844_800
_LARGE_BOX_HEAD = 16


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive samples of one track that lie together in the file.

    Attributes:
        dts_90k: Decoding time of the first sample on the file's line (may be any number; the track's own zero
            is its first chunk).
        composition_90k: Presentation minus decoding time per sample.
        is_key: Per sample.
    """

    is_audio: bool
    dts_90k: int
    durations_90k: tuple[int, ...]
    sizes_bytes: tuple[int, ...]
    composition_90k: tuple[int, ...]
    is_key: tuple[bool, ...]

    @property
    def size_bytes(self) -> int:
        return sum(self.sizes_bytes)

    @property
    def end_90k(self) -> int:
        return self.dts_90k + sum(self.durations_90k)


@dataclass(frozen=True, slots=True)
class Mp4Plan:
    """A file to be written: `head`, then the payload of each chunk in order."""

    head: bytes
    chunks: tuple[Chunk, ...]

    @property
    def size_bytes(self) -> int:
        return len(self.head) + sum(chunk.size_bytes for chunk in self.chunks)


def plan_mp4(
    video: VideoFormat,
    audio: AudioFormat | None,
    chunks: Sequence[Chunk],
    *,
    show_from_90k: int,
    show_to_90k: int,
    created_s: int,
    notes: Mapping[str, str] | None = None,
) -> Mp4Plan:
    """Plans a file.

    Args:
        video: Format of the video chunks.
        audio: Format of the audio chunks, None when there are none.
        chunks: In the order of the file; at least one of video.
        show_from_90k: Presentation time on the chunks' line that a player shows first. What lies before is in
            the file only because it is needed to decode.
        show_to_90k: End of the presentation.
        created_s: UTC seconds since 1970 of the first shown picture; written as creation time.
        notes: Facts about the file by name, written into `udta`; `title` and `comment` where players show them.
    """
    payload_bytes = sum(chunk.size_bytes for chunk in chunks)
    mdat_head = struct.pack(">I4sQ", 1, b"mdat", _LARGE_BOX_HEAD + payload_bytes)
    shown = (show_from_90k, show_to_90k)
    made_s = (created_s + _EPOCH_1904_S) & 0xFFFFFFFF
    # All offsets are 64 bit, so the size of moov does not depend on them: made twice, once to learn it.
    udta = make_udta(notes or {})
    tracks_size = len(_moov(video, audio, chunks, 0, shown, made_s, udta))
    start = len(_FTYP) + tracks_size + len(mdat_head)
    moov = _moov(video, audio, chunks, start, shown, made_s, udta)
    return Mp4Plan(_FTYP + moov + mdat_head, tuple(chunks))


def _moov(
    video: VideoFormat,
    audio: AudioFormat | None,
    chunks: Sequence[Chunk],
    payload_start: int,
    shown_90k: tuple[int, int],
    made_s: int,
    udta: bytes,
) -> bytes:
    offsets, position = [], payload_start
    for chunk in chunks:
        offsets.append(position)
        position += chunk.size_bytes
    placed = list(zip(chunks, offsets, strict=True))
    duration_90k = shown_90k[1] - shown_90k[0]
    fixed = struct.pack(">IIIIIHxx8x", made_s, made_s, TICKS_PER_S, min(duration_90k, 0xFFFFFFFF), 0x10000, 0x100)
    mvhd = full_box(b"mvhd", 0, 0, fixed, _MATRIX, bytes(24), struct.pack(">I", 3))
    pictures = [part for part in placed if not part[0].is_audio]
    traks = [_trak(1, pictures, video_sample_entry(video), (video.width, video.height), TICKS_PER_S, shown_90k)]
    sound = [part for part in placed if part[0].is_audio]
    if audio is not None and sound:
        # Sound counts in its own samples: libav drops all of it behind an edit list otherwise (seen with 5.1 and 8).
        traks.append(_trak(2, sound, audio_sample_entry(audio), None, audio.sample_rate_hz, shown_90k))
    return box(b"moov", mvhd, *traks, udta)


_PLAYER_KEYS = {"title": b"\xa9nam", "comment": b"\xa9cmt"}
NOTE_DOMAIN = b"org.vedette"


def make_udta(notes: Mapping[str, str]) -> bytes:
    """Makes the metadata box in the form that players read (QuickTime's `ilst`); nothing without notes."""
    if not notes:
        return b""
    items = []
    for name, text in notes.items():
        data = box(b"data", struct.pack(">II", 1, 0), text.encode("utf-8", "replace"))  # 1: UTF-8
        if name in _PLAYER_KEYS:
            items.append(box(_PLAYER_KEYS[name], data))
            continue
        mean = full_box(b"mean", 0, 0, NOTE_DOMAIN)
        items.append(box(b"----", mean, full_box(b"name", 0, 0, name.encode("ascii")), data))
    hdlr = full_box(b"hdlr", 0, 0, bytes(4), b"mdir", b"appl", bytes(9))
    return box(b"udta", full_box(b"meta", 0, 0, hdlr, box(b"ilst", *items)))


def _trak(
    track_id: int,
    placed: Sequence[tuple[Chunk, int]],
    entry: bytes,
    size_px: tuple[int, int] | None,
    scale_hz: int,
    shown_90k: tuple[int, int],
) -> bytes:
    """Makes a track that counts in `scale_hz`; `size_px` is None for sound."""
    chunks = [chunk for chunk, _ in placed]
    start_90k = chunks[0].dts_90k
    durations = _scale_durations(chunks, scale_hz)
    width_px, height_px = size_px or (0, 0)
    tkhd = full_box(
        b"tkhd",
        1,
        3,
        struct.pack(">QQIIQ8xHHHxx", 0, 0, track_id, 0, shown_90k[1] - shown_90k[0], 0, 0, 0 if size_px else 0x100),
        _MATRIX,
        struct.pack(">II", width_px << 16, height_px << 16),
    )
    mdhd = full_box(b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, scale_hz, sum(durations), 0x55C4, 0))
    handler = b"vide" if size_px else b"soun"
    hdlr = full_box(b"hdlr", 0, 0, bytes(4), handler, bytes(12), b"\x00")
    header = full_box(b"vmhd", 0, 1, bytes(8)) if size_px else full_box(b"smhd", 0, 0, bytes(4))
    media = box(b"mdia", mdhd, hdlr, box(b"minf", header, _DINF, _stbl(placed, durations, entry)))
    return box(b"trak", tkhd, _edts(start_90k, shown_90k, scale_hz), media)


def _scale_durations(chunks: Sequence[Chunk], scale_hz: int) -> list[int]:
    """Converts durations so that rounding never adds up: each boundary is rounded, not each duration."""
    boundaries = accumulate((value for chunk in chunks for value in chunk.durations_90k), initial=0)
    return [after - before for before, after in pairwise(_scale(value, scale_hz) for value in boundaries)]


def _scale(ticks_90k: int, scale_hz: int) -> int:
    return (ticks_90k * scale_hz + TICKS_PER_S // 2) // TICKS_PER_S


def _edts(start_90k: int, shown_90k: tuple[int, int], scale_hz: int) -> bytes:
    """Makes the edit list: skip to the first shown time, or wait for a track that begins later (8.6.6).

    Durations count in the movie's ticks, media times in the track's.
    """
    show_from, show_to = shown_90k
    edits = []
    if start_90k > show_from:
        edits.append((start_90k - show_from, -1))
        edits.append((max(0, show_to - start_90k), 0))
    else:
        edits.append((show_to - show_from, _scale(show_from - start_90k, scale_hz)))
    entries = b"".join(struct.pack(">QqHH", duration, media, 1, 0) for duration, media in edits)
    return box(b"edts", full_box(b"elst", 1, 0, struct.pack(">I", len(edits)), entries))


def _stbl(placed: Sequence[tuple[Chunk, int]], durations: Sequence[int], entry: bytes) -> bytes:
    chunks = [chunk for chunk, _ in placed]
    sizes = [size for chunk in chunks for size in chunk.sizes_bytes]
    boxes = [
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        _runs(b"stts", 0, durations),
        _stsc(chunks),
        full_box(b"stsz", 0, 0, struct.pack(">II", 0, len(sizes)), struct.pack(f">{len(sizes)}I", *sizes)),
        full_box(
            b"co64", 0, 0, struct.pack(">I", len(placed)), struct.pack(f">{len(placed)}Q", *(at for _, at in placed))
        ),
    ]
    composition = [value for chunk in chunks for value in chunk.composition_90k]
    if any(composition):
        boxes.append(_runs(b"ctts", 1, composition))
    keys = [number for number, is_key in enumerate((k for c in chunks for k in c.is_key), 1) if is_key]
    if len(keys) < len(sizes):
        boxes.append(full_box(b"stss", 0, 0, struct.pack(">I", len(keys)), struct.pack(f">{len(keys)}I", *keys)))
    return box(b"stbl", *boxes)


def _runs(kind: bytes, version: int, values: Sequence[int]) -> bytes:
    """Makes a table of (count, value) of equal neighbours: stts and ctts."""
    runs = [(len(list(group)), value) for value, group in groupby(values)]
    body = b"".join(struct.pack(">Ii", count, value) for count, value in runs)
    return full_box(kind, version, 0, struct.pack(">I", len(runs)), body)


def _stsc(chunks: Sequence[Chunk]) -> bytes:
    entries: list[tuple[int, int]] = []
    for number, chunk in enumerate(chunks, 1):
        count = len(chunk.sizes_bytes)
        if not entries or entries[-1][1] != count:
            entries.append((number, count))
    body = b"".join(struct.pack(">III", first, count, 1) for first, count in entries)
    return full_box(b"stsc", 0, 0, struct.pack(">I", len(entries)), body)
