"""Formats and packets for tests that need media without decoding it."""

from collections.abc import Sequence

from vedette.core.media import AudioFormat, Codec, Packet, VideoFormat
from vedette.core.time import ticks_to_ns

H264 = VideoFormat(
    Codec.H264,
    640,
    360,
    (
        bytes.fromhex("6764001eacd940a02ff97011000003000100000300320f162d96"),
        bytes.fromhex("68ebe3cb22c0"),
    ),
    "avc1.64001e",
)
H265 = VideoFormat(
    Codec.H265,
    640,
    360,
    (
        bytes.fromhex("40010c01ffff01600000030090000003000003003f959809"),
        bytes.fromhex("42010101600000030090000003000003003fa00502016965959a4932bc05a02000000300200000030321"),
        bytes.fromhex("4401c172b46240"),
    ),
    "hvc1.1.6.L63.90",
)
AAC = AudioFormat(Codec.AAC, 44100, 1, bytes.fromhex("120856e500"), "mp4a.40.2")
PCMA = AudioFormat(Codec.PCMA, 8000, 1, b"", "alaw")
START_NS = 1_795_000_000_000_000_000


def make_packets(
    count: int,
    *,
    gop: int = 50,
    start_90k: int = 0,
    step_90k: int = 3600,
    is_audio: bool = False,
    first_sequence: int = 0,
    start_ns: int = START_NS,
    offsets_90k: Sequence[int] = (0,),
    size_bytes: int = 100,
) -> list[Packet]:
    """Makes packets of one track at a steady rate; each payload is different and names its number."""
    packets = []
    for index in range(count):
        dts_90k = start_90k + index * step_90k
        at_ns = start_ns + ticks_to_ns(index * step_90k)
        is_key = is_audio or index % gop == 0
        filler = bytes([index % 251]) * (size_bytes * (4 if is_key and not is_audio else 1) - 8)
        packets.append(
            Packet(
                is_audio=is_audio,
                is_key=is_key,
                pts_90k=dts_90k + offsets_90k[index % len(offsets_90k)],
                dts_90k=dts_90k,
                captured_at_ns=at_ns,
                received_at_ns=at_ns,
                camera_utc_ns=0,
                sequence=first_sequence + index,
                lost_before=0,
                data=(first_sequence + index).to_bytes(8, "big") + filler,
            )
        )
    return packets
