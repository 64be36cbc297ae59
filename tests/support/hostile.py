"""Files that lie, end early, never end or blow up: what people and attackers hand to `vedette analyze`."""

import io
import struct
import zlib
from pathlib import Path

import av
import cv2
import numpy as np

from tests.support.encoded import draw_square, write_square_file

BOMB_SIDE_PX = 60_000


def write_hostile_files(folder: Path) -> None:
    """Writes 23 of them into a folder."""
    whole = write_square_file(frames=20)
    moov = whole.rindex(b"moov") - 4
    for name, data in {
        "empty.mp4": b"",
        "one_byte.mkv": b"\0",
        "text.mp4": b"This is a shopping list, not a video.\n" * 40,
        "page.avi": b"<!doctype html><html><body>404 Not Found</body></html>",
        "noise.ts": _noise(20_000),
        "noise.h264": b"\0\0\0\1" + _noise(20_000),
        "noise.jpg": b"\xff\xd8\xff\xe0" + _noise(5000),
        "zeros.mp4": bytes(50_000),
        "half.mp4": whole[: len(whole) // 2],
        "head_only.mp4": whole[:48],
        "no_frames.mp4": whole[:40] + whole[moov:],
        "bad_offsets.mp4": _break_offsets(whole),
        "huge_box.mp4": struct.pack(">I4sQ", 1, b"ftyp", 1 << 62) + whole[40:],
        "loop.mp4": struct.pack(">I4s", 0, b"moov") + struct.pack(">I4s", 8, b"trak") * 5000,
        "bomb.png": _png_head(BOMB_SIDE_PX, BOMB_SIDE_PX) + _png_chunk(b"IDAT", zlib.compress(bytes(10_000_000), 9)),
        "bomb.bmp": _bmp_head(30_000, 30_000) + bytes(100),
        "wide.mp4": write_square_file(frames=2, width=8448, height=64),
        "cut.png": _png(64, 48)[:60],
        "program.mp4": b"\x7fELF" + _noise(4000),
        "archive.mkv": b"PK\x03\x04" + _noise(4000),
        "playlist.ts": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n",
        "concat.mp4": b"ffconcat version 1.0\nfile /etc/passwd\nfile /dev/zero\n",
        "subtitles.mkv": b"1\n00:00:01,000 --> 00:00:02,000\nHello\n",
        "sound.mp4": _sound_only(),
    }.items():
        (folder / name).write_bytes(data)


def write_liar(path: Path) -> None:
    """A sound file of which only the container's headers claim a giant picture."""
    path.write_bytes(_announce_size(write_square_file(frames=20), 16_000, 16_000))


def write_film_with_subtitles(path: Path) -> None:
    """Nothing hostile: 20 pictures and a track of subtitles."""
    text = io.BytesIO(b"1\n00:00:00,200 --> 00:00:01,500\nHello\n\n")
    with av.open(text, format="srt") as subtitles, av.open(str(path), "w", format="matroska") as container:
        video = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        track = container.add_stream_from_template(subtitles.streams.subtitles[0])
        for step in range(20):
            container.mux(video.encode(av.VideoFrame.from_ndarray(draw_square(step, 320, 180), format="bgr24")))
        container.mux(video.encode(None))
        for packet in subtitles.demux():
            if packet.size:
                packet.stream = track
                container.mux(packet)


def _sound_only() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def _noise(size: int) -> bytes:
    return np.random.default_rng(size).bytes(size)


def _break_offsets(whole: bytes) -> bytes:
    """Every chunk lies far past the end of the file."""
    at = whole.rindex(b"stco") + 4
    count = struct.unpack_from(">I", whole, at + 4)[0]
    return whole[: at + 8] + struct.pack(">I", 0x7FFFFFF0) * count + whole[at + 8 + 4 * count :]


def _announce_size(whole: bytes, width: int, height: int) -> bytes:
    """Track header and sample entry claim a giant picture; the parameter sets keep the small one."""
    out = bytearray(whole)
    entry = whole.rindex(b"avc1")
    struct.pack_into(">HH", out, entry + 4 + 24, width, height)
    return bytes(out)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_head(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def _png(width: int, height: int) -> bytes:
    return cv2.imencode(".png", np.zeros((height, width, 3), np.uint8))[1].tobytes()


def _bmp_head(width: int, height: int) -> bytes:
    return (
        b"BM"
        + struct.pack("<IHHI", 100, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    )
