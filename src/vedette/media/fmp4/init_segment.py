"""The head of a file or of a live stream: `ftyp` + `moov` (ISO/IEC 14496-12)."""

import struct

from vedette.core.media import StreamFormat
from vedette.core.time import TICKS_PER_S
from vedette.media.fmp4.boxes import box, full_box
from vedette.media.fmp4.sample_entry import audio_sample_entry, video_sample_entry

VIDEO_TRACK_ID = 1
AUDIO_TRACK_ID = 2
NON_KEY_FLAGS = 0x01010000
"""sample_depends_on others, not a sync sample (section 8.8.3.1)."""
KEY_FLAGS = 0x02000000

_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_FTYP = box(b"ftyp", b"iso6", bytes(4), b"iso6iso5mp42hvc1")
_DINF = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))
_EMPTY_TABLES = (
    full_box(b"stts", 0, 0, bytes(4))
    + full_box(b"stsc", 0, 0, bytes(4))
    + full_box(b"stsz", 0, 0, bytes(8))
    + full_box(b"stco", 0, 0, bytes(4))
)


def make_init(stream_format: StreamFormat, stamp: bytes = b"") -> bytes:
    """Makes the init segment of a stream: video as track 1, audio, where there is any, as track 2.

    `stamp` is a complete box that is put at the end of `moov`; the recorder describes the file there.
    """
    video, audio = stream_format.video, stream_format.audio
    traks = [
        _trak(
            VIDEO_TRACK_ID,
            (video.width, video.height),
            b"vide",
            full_box(b"vmhd", 0, 1, bytes(8)),
            video_sample_entry(video),
        )
    ]
    extends = [_trex(VIDEO_TRACK_ID, NON_KEY_FLAGS)]
    if audio is not None:
        smhd = full_box(b"smhd", 0, 0, bytes(4))
        traks.append(_trak(AUDIO_TRACK_ID, (0, 0), b"soun", smhd, audio_sample_entry(audio)))
        extends.append(_trex(AUDIO_TRACK_ID, KEY_FLAGS))
    return _FTYP + box(b"moov", _mvhd(len(traks) + 1), *traks, box(b"mvex", *extends), stamp)


def _mvhd(next_track_id: int) -> bytes:
    fixed = struct.pack(">IIIIIHxx8x", 0, 0, TICKS_PER_S, 0, 0x10000, 0x100)
    return full_box(b"mvhd", 0, 0, fixed, _MATRIX, bytes(24), struct.pack(">I", next_track_id))


def _trex(track_id: int, default_flags: int) -> bytes:
    return full_box(b"trex", 0, 0, struct.pack(">IIIII", track_id, 1, 0, 0, default_flags))


def _trak(track_id: int, size_px: tuple[int, int], handler: bytes, header: bytes, entry: bytes) -> bytes:
    volume = 0x100 if handler == b"soun" else 0
    tkhd = full_box(
        b"tkhd",
        0,
        3,  # enabled, in movie
        struct.pack(">IIIII8xHHHxx", 0, 0, track_id, 0, 0, 0, 0, volume),
        _MATRIX,
        struct.pack(">II", size_px[0] << 16, size_px[1] << 16),
    )
    mdhd = full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, TICKS_PER_S, 0, 0x55C4, 0))  # "und"
    hdlr = full_box(b"hdlr", 0, 0, bytes(4), handler, bytes(12), b"\x00")
    stsd = full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry)
    stbl = box(b"stbl", stsd, _EMPTY_TABLES)
    return box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, box(b"minf", header, _DINF, stbl)))
