"""Reads an init segment back into a StreamFormat: what a recorded file is, without any index."""

import struct
from dataclasses import dataclass

from vedette.core.errors import InvalidInputError
from vedette.core.media import AudioFormat, Codec, StreamFormat, VideoFormat
from vedette.core.time import TICKS_PER_S
from vedette.media.bitstream import codec_string, parse_extradata
from vedette.media.errors import MalformedMediaError
from vedette.media.fmp4.boxes import BoxRef, Buffer, find_box, iter_boxes, read_box
from vedette.media.opus_config import read_opus_config

_VIDEO_ENTRIES = {b"avc1": Codec.H264, b"avc3": Codec.H264, b"hvc1": Codec.H265, b"hev1": Codec.H265}
_AUDIO_ENTRIES = {b"mp4a": Codec.AAC, b"Opus": Codec.OPUS, b"alaw": Codec.PCMA, b"ulaw": Codec.PCMU}
_MOST_INIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ParsedInit:
    """An init segment.

    Attributes:
        format: The tracks; `run_id` is empty, MP4 has no word for it.
        uuids: Content of the `uuid` boxes in `moov`, by their 16-byte type.
        size_bytes: Where the first fragment begins.
    """

    format: StreamFormat
    uuids: dict[bytes, bytes]
    size_bytes: int


def parse_init(data: Buffer) -> ParsedInit:
    """Parses `ftyp` + `moov` at the start of `data`; what follows is not looked at.

    Raises:
        MalformedMediaError: not an init segment of ours, or cut short.
    """
    view = memoryview(data)
    try:
        return _parse_moov(view, _find_moov(view))
    except (struct.error, IndexError, UnicodeDecodeError) as exc:
        raise MalformedMediaError("the head of the file is damaged") from exc
    except MalformedMediaError:
        raise
    except InvalidInputError as exc:
        raise MalformedMediaError(exc.message) from exc


def _find_moov(view: memoryview) -> BoxRef:
    start = 0
    while (ref := read_box(view, start, len(view))) is not None and ref.end <= len(view):
        if ref.kind == b"moov":
            return ref
        if ref.kind not in {b"ftyp", b"free", b"styp"}:
            break
        start = ref.end
    raise MalformedMediaError("the file has no complete moov box at its head")


def _parse_moov(view: memoryview, moov: BoxRef) -> ParsedInit:
    if moov.end > _MOST_INIT_BYTES:
        raise MalformedMediaError("the head of the file is larger than 1 MiB")
    video: VideoFormat | None = None
    audio: AudioFormat | None = None
    uuids: dict[bytes, bytes] = {}
    for ref in iter_boxes(view, moov.body, moov.end):
        if ref.kind == b"uuid":
            uuids[bytes(view[ref.body : ref.body + 16])] = bytes(view[ref.body + 16 : ref.end])
        elif ref.kind == b"trak":
            entry = _sample_entry(view, ref)
            if entry.kind in _VIDEO_ENTRIES:
                video = _video(view, entry)
            elif entry.kind in _AUDIO_ENTRIES:
                audio = _audio(view, entry)
            else:
                raise MalformedMediaError(f"an unknown kind of track: {entry.kind.decode('latin-1')!r}")
    if video is None:
        raise MalformedMediaError("the file has no video track")
    return ParsedInit(StreamFormat("", video, audio), uuids, moov.end)


def _sample_entry(view: memoryview, trak: BoxRef) -> BoxRef:
    mdia = find_box(view, trak.body, trak.end, b"mdia")
    mdhd = find_box(view, mdia.body, mdia.end, b"mdhd")
    timescale_at = mdhd.body + (20 if view[mdhd.body] == 1 else 12)
    (timescale,) = struct.unpack_from(">I", view, timescale_at)
    if timescale != TICKS_PER_S:
        raise MalformedMediaError(f"a track counts in 1/{timescale} s, not in 90 kHz ticks")
    stsd = find_box(view, mdia.body, mdia.end, b"minf", b"stbl", b"stsd")
    entry = read_box(view, stsd.body + 8, stsd.end)
    if entry is None or entry.end > stsd.end:
        raise MalformedMediaError("a track without sample entry")
    return entry


def _video(view: memoryview, entry: BoxRef) -> VideoFormat:
    codec = _VIDEO_ENTRIES[entry.kind]
    width, height = struct.unpack_from(">HH", view, entry.body + 24)
    kind = b"avcC" if codec is Codec.H264 else b"hvcC"
    record = find_box(view, entry.body + 78, entry.end, kind)
    framing, parameter_sets = parse_extradata(bytes(view[record.body : record.end]), codec)
    if framing.length_size != 4:
        raise MalformedMediaError("NAL units without 4-byte lengths")
    return VideoFormat(codec, width, height, parameter_sets, codec_string(parameter_sets, codec))


def _audio(view: memoryview, entry: BoxRef) -> AudioFormat:
    codec = _AUDIO_ENTRIES[entry.kind]
    channels, rate_fixed = struct.unpack_from(">H6xI", view, entry.body + 16)
    if codec is Codec.OPUS:
        dops = find_box(view, entry.body + 28, entry.end, b"dOps")
        return read_opus_config(bytes(view[dops.body : dops.end]))
    if codec is not Codec.AAC:
        return AudioFormat(codec, rate_fixed >> 16, channels, b"", entry.kind.decode("ascii"))
    esds = find_box(view, entry.body + 28, entry.end, b"esds")
    config = _aac_config(bytes(view[esds.body + 4 : esds.end]))
    object_type = config[0] >> 3
    return AudioFormat(codec, _aac_rate_hz(config) or rate_fixed >> 16, channels, config, f"mp4a.40.{object_type}")


def _aac_config(descriptors: bytes) -> bytes:
    """Finds the AudioSpecificConfig in the descriptor that `sample_entry` writes (and ffmpeg's longer form)."""
    position, end = 0, len(descriptors)
    while position < end:
        tag = descriptors[position]
        position, length = _descriptor_length(descriptors, position + 1)
        if tag == 3:
            position += 3  # ES_ID, flags: no optional fields in MP4 files
        elif tag == 4:
            position += 13
        elif tag == 5:
            return descriptors[position : position + length]
        else:
            position += length
    raise MalformedMediaError("an AAC track without configuration")


def _descriptor_length(data: bytes, position: int) -> tuple[int, int]:
    length = 0
    for _ in range(4):
        byte = data[position]
        position += 1
        length = length << 7 | byte & 127
        if byte < 128:
            break
    return position, length


_AAC_RATES_HZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


def _aac_rate_hz(config: bytes) -> int:
    index = (config[0] & 7) << 1 | config[1] >> 7
    return _AAC_RATES_HZ[index] if index < len(_AAC_RATES_HZ) else 0
