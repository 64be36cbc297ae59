"""G.711 becomes AAC for viewers: right sound, right time."""

import itertools

import av
import msgspec
import numpy as np
import pytest

from tests.support.media import PCMA
from vedette.core.media import AudioFormat, Codec, Packet
from vedette.core.time import ticks_to_ns
from vedette.media.audio_transcode import RATE_HZ, G711ToAac, decode_g711

PCMU = AudioFormat(Codec.PCMU, 8000, 1, b"", "ulaw")
STEP = 160  # 20 ms


def encode(codec: str, samples: np.ndarray) -> bytes:
    context = av.CodecContext.create(codec, "w")
    context.sample_rate, context.layout, context.format = 8000, "mono", "s16"
    context.open()
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = 8000
    return b"".join(bytes(packet) for packet in context.encode(frame))


def tone(seconds: float) -> np.ndarray:
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(round(8000 * seconds)) / 8000)).astype(np.int16)


def make_packets(codec: str, seconds: float, start_90k: int = 0) -> list[Packet]:
    data = encode(codec, tone(seconds))
    packets = []
    for index in range(len(data) // STEP):
        pts = start_90k + index * STEP * 90_000 // 8000
        at_ns = 10**18 + ticks_to_ns(pts)
        chunk = data[index * STEP : (index + 1) * STEP]
        packets.append(Packet(True, True, pts, pts, at_ns, at_ns, 0, index, 0, chunk))
    return packets


@pytest.mark.parametrize(("codec", "name"), [(Codec.PCMA, "pcm_alaw"), (Codec.PCMU, "pcm_mulaw")])
def test_table_gives_what_the_reference_decoder_gives(codec: Codec, name: str) -> None:
    every_code = bytes(range(256))
    decoder = av.CodecContext.create(name, "r")
    decoder.sample_rate, decoder.layout = 8000, "mono"
    (frame,) = decoder.decode(av.Packet(every_code))
    assert np.array_equal(decode_g711(codec, every_code), frame.to_ndarray().reshape(-1))


@pytest.mark.parametrize(("source", "name"), [(PCMA, "pcm_alaw"), (PCMU, "pcm_mulaw")])
def test_tone_survives(source: AudioFormat, name: str) -> None:
    encoder = G711ToAac(source)
    packets = [out for packet in make_packets(name, 2.0) for out in encoder.push(packet)] + encoder.flush()
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = encoder.format.config
    heard = np.concatenate(
        [frame.to_ndarray()[0] for packet in packets for frame in decoder.decode(av.Packet(packet.data))]
    )
    spectrum = np.abs(np.fft.rfft(heard[RATE_HZ // 2 : RATE_HZ]))
    assert abs(int(np.argmax(spectrum)) * 2 - 440) <= 4
    assert 0.15 < np.abs(heard[RATE_HZ // 2 : RATE_HZ]).max() < 0.4


def test_packets_lie_end_to_end_on_the_cameras_clock() -> None:
    encoder = G711ToAac(PCMA)
    packets = [out for packet in make_packets("pcm_alaw", 3.0, start_90k=123_450) for out in encoder.push(packet)]
    steps = {b.pts_90k - a.pts_90k for a, b in itertools.pairwise(packets)}
    assert steps == {1024 * 90_000 // RATE_HZ}
    assert abs(packets[0].pts_90k - 123_450) <= 2 * 1024 * 90_000 // RATE_HZ
    assert packets[0].captured_at_ns == pytest.approx(10**18 + ticks_to_ns(packets[0].pts_90k), abs=10**6)


def test_sound_jumps_with_the_camera() -> None:
    encoder = G711ToAac(PCMA)
    first, second = make_packets("pcm_alaw", 1.0), make_packets("pcm_alaw", 1.0, start_90k=10 * 90_000)
    packets = [out for packet in [*first, *second] for out in encoder.push(packet)]
    assert max(packet.pts_90k for packet in packets) > 10.5 * 90_000
    gaps = [b.pts_90k - a.pts_90k for a, b in itertools.pairwise(packets)]
    assert sum(gap > 90_000 for gap in gaps) == 1


def test_empty_packet_is_harmless() -> None:
    encoder = G711ToAac(PCMA)
    (packet, *_) = make_packets("pcm_alaw", 0.1)
    assert encoder.push(msgspec.structs.replace(packet, data=b"")) == []
