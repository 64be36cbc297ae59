"""Sound of HLS parts: parts made apart fit together, the tone is the same at the same time, gaps stay gaps."""

from dataclasses import replace

import av
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.clips import make_chirp
from tests.support.footage import FORMAT, MemoryFootage, as_run
from tests.support.media import AAC, PCMA, START_NS, make_packets
from tests.support.streaming import CountingEncoder, ListedStreams
from vedette.core.errors import NotFoundError
from vedette.core.media import AudioFormat, Codec, Packet, StreamRole
from vedette.core.privacy import Sight
from vedette.core.time import NS_PER_S
from vedette.media.audio_transcode import RATE_HZ, G711ToAac
from vedette.media.fmp4 import parse_fragment, parse_init
from vedette.media.opus_config import make_opus_format
from vedette.streaming.footage_service import FootageService
from vedette.streaming.hls import cut_parts
from vedette.streaming.hls_sound import lay_out
from vedette.streaming.mask_worker import MaskNursery

S = NS_PER_S
FRAME_90K = 5760
PCMU = AudioFormat(Codec.PCMU, 8000, 1, b"", "ulaw")
STEREO = AudioFormat(Codec.PCMA, 8000, 2, b"", "alaw")
LIBAV_NAMES = {Codec.PCMA: "pcm_alaw", Codec.PCMU: "pcm_mulaw"}


def g711_packets(source: AudioFormat, seconds: float, *, late_90k: int = 0, jitter_90k: int = 0) -> list[Packet]:
    samples = np.repeat(make_chirp(seconds, 8000), source.channels)
    context = av.CodecContext.create(LIBAV_NAMES[source.codec], "w")
    context.sample_rate, context.layout, context.format = 8000, "mono", "s16"
    context.open()
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = 8000
    data = b"".join(bytes(packet) for packet in context.encode(frame))
    size = 160 * source.channels
    packets = make_packets(len(data) // size, is_audio=True, start_90k=late_90k, step_90k=1800)
    noise = np.random.default_rng(1).integers(-jitter_90k, jitter_90k + 1, len(packets))
    return [
        msgspec.structs.replace(
            packet,
            data=data[index * size : (index + 1) * size],
            pts_90k=packet.pts_90k + int(noise[index]),
            dts_90k=packet.dts_90k + int(noise[index]),
        )
        for index, packet in enumerate(packets)
    ]


def make_footage(source: AudioFormat, sound: list[Packet], seconds: int = 12) -> MemoryFootage:
    footage = MemoryFootage("cam")
    footage.add_segment([*make_packets(seconds * 25), *sound], replace(FORMAT, audio=source))
    return footage


def make_service(footage: MemoryFootage, encoder=G711ToAac) -> FootageService:
    directory = ListedStreams("cam", StreamRole.MAIN)
    return FootageService(footage, directory, encoder, lambda *_: None, None, MaskNursery().open)


async def read_sound(footage: MemoryFootage, first: int = 0) -> tuple[list[int], list[bytes], AudioFormat]:
    """Times, packets and format of the sound as a player gets it, from a part on."""
    service = make_service(footage)
    times, packets = [], []
    for part in cut_parts(footage.fragments)[first:]:
        data = await service.make_part(Sight("cam"), StreamRole.MAIN, part.start_ns, part.end_ns)
        track = parse_fragment(data).audio
        assert track is not None
        at, offset = track.decode_90k, track.offset
        for duration, size in zip(track.durations_90k, track.sizes_bytes, strict=True):
            times.append(at)
            packets.append(data[offset : offset + size])
            at, offset = at + duration, offset + size
    init = await service.make_init(Sight("cam"), StreamRole.MAIN, footage.fragments[0].start_ns)
    found = parse_init(init).format.audio
    assert found is not None
    return times, packets, found


def hear(packets: list[bytes], found: AudioFormat) -> NDArray[np.float64]:
    """Decodes AAC to (N,) samples at 16 kHz, with the height of 16-bit ones."""
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = found.config
    frames = [frame.to_ndarray()[0] for data in packets for frame in decoder.decode(av.Packet(data))]
    return np.concatenate(frames).astype(np.float64) * 32768


def snr_db(heard: NDArray[np.float64], wanted: NDArray[np.int16]) -> float:
    loud = wanted.astype(np.float64)  # squares of int16 would not fit
    return float(10 * np.log10((loud**2).sum() / ((heard - loud) ** 2).sum()))


@pytest.mark.parametrize("source", [PCMA, PCMU])
async def test_parts_made_apart_sound_like_one_and_each_moment_lies_where_it_was(source: AudioFormat) -> None:
    footage = make_footage(source, g711_packets(source, 12))
    times, packets, found = await read_sound(footage)
    assert found.codec is Codec.AAC
    assert times == [n * FRAME_90K for n in range(len(times))], "no frame twice, none missing, over the edges of parts"
    assert times[-1] + FRAME_90K >= 12 * 90_000
    wanted, heard = make_chirp(12, RATE_HZ), hear(packets, found)
    inside = slice(RATE_HZ // 10, round(11.9 * RATE_HZ))  # the first frame has none before it to be heard with
    assert snr_db(heard[inside], wanted[inside]) > 20
    for edge_s in (4, 8):
        near = slice(round((edge_s - 0.1) * RATE_HZ), round((edge_s + 0.1) * RATE_HZ))
        assert snr_db(heard[near], wanted[near]) > 20, f"the edge at {edge_s} s is not heard"


async def test_player_that_begins_at_a_later_part_hears_the_same_at_the_same_time() -> None:
    footage = make_footage(PCMA, g711_packets(PCMA, 12))
    times, packets, found = await read_sound(footage, first=1)
    first = -(-4 * 90_000 // FRAME_90K)
    assert times[0] == first * FRAME_90K
    begin = first * 1024
    wanted = make_chirp(12, RATE_HZ)[begin + 1024 : begin + RATE_HZ]
    assert snr_db(hear(packets, found)[1024:RATE_HZ], wanted) > 20


async def test_stereo_keeps_its_channels() -> None:
    times, packets, found = await read_sound(make_footage(STEREO, g711_packets(STEREO, 12)))
    assert found.channels == 2
    assert len(times) == len(packets) == 188
    assert snr_db(hear(packets, found)[2000:180_000], make_chirp(12, RATE_HZ)[2000:180_000]) > 15


async def test_hole_in_the_sound_is_silence_of_its_length() -> None:
    sound = [packet for packet in g711_packets(PCMA, 12) if not 3 * 90_000 <= packet.pts_90k < 6 * 90_000]
    times, packets, found = await read_sound(make_footage(PCMA, sound))
    assert times == [n * FRAME_90K for n in range(len(times))]
    heard, wanted = hear(packets, found), make_chirp(12, RATE_HZ)
    hole = heard[round(3.2 * RATE_HZ) : round(5.8 * RATE_HZ)]
    assert np.sqrt((hole**2).mean()) < 30
    after = slice(round(6.2 * RATE_HZ), round(11.8 * RATE_HZ))
    assert snr_db(heard[after], wanted[after]) > 20


async def test_sound_that_is_announced_and_never_comes_is_silence() -> None:
    """A browser waits for ever for a track that brings nothing."""
    times, packets, found = await read_sound(make_footage(PCMA, []))
    assert len(times) == 188
    assert np.abs(hear(packets, found)).max() < 60


async def test_gap_in_the_footage_stays_a_gap_and_nothing_is_heard_over_it() -> None:
    sound = g711_packets(PCMA, 4)
    footage = make_footage(PCMA, sound, seconds=4)
    later = as_run(make_packets(100), START_NS + 60 * S)
    footage.add_segment([*later, *sound], replace(FORMAT, audio=PCMA, run_id="second"))
    times, packets, found = await read_sound(footage)
    count = len(times) // 2
    assert times == [n * FRAME_90K for n in range(count)] * 2, "each run has a line of its own"
    second = hear(packets[count:], found)
    assert snr_db(second[1600:60_000], make_chirp(4, RATE_HZ)[1600:60_000]) > 20


def test_jitter_of_a_cameras_clock_is_not_heard() -> None:
    even, jittered = g711_packets(PCMA, 4), g711_packets(PCMA, 4, jitter_90k=900)
    a, b = (np.frombuffer(lay_out(each, PCMA, 0, 4 * 90_000), np.uint8) for each in (even, jittered))
    shift = next(shift for shift in range(-20, 21) if (np.roll(a, shift)[100:-100] == b[100:-100]).all())
    assert abs(shift) <= 8, "within a millisecond of the middle"


def test_sound_outside_of_the_stretch_is_cut_off() -> None:
    packets = g711_packets(STEREO, 2)
    whole = b"".join(packet.data for packet in packets)
    assert lay_out(packets, STEREO, 45_000, 90_000) == whole[8000:16_000]
    assert lay_out(packets, STEREO, 400_000, 490_000) == b"\xd5" * 16_000
    assert lay_out([], PCMU, 0, 90_000) == b"\xff" * 8000


@pytest.mark.parametrize(("source", "step_90k"), [(AAC, 2090), (make_opus_format(1), 1800)])
async def test_aac_and_opus_are_carried_byte_for_byte(source: AudioFormat, step_90k: int) -> None:
    sound = make_packets(12 * 90_000 // step_90k, is_audio=True, step_90k=step_90k)
    times, packets, found = await read_sound(make_footage(source, sound))
    assert found == source
    assert packets == [packet.data for packet in sound]
    assert times == [packet.dts_90k for packet in sound]


async def test_part_over_a_hole_is_no_part() -> None:
    footage = make_footage(PCMA, [], seconds=4)
    later = as_run(make_packets(100, start_90k=90_000 * 86_400), START_NS + 86_400 * S)
    footage.add_segment(later, replace(FORMAT, audio=PCMA))
    with pytest.raises(NotFoundError, match="missing inside"):
        await make_service(footage, CountingEncoder).make_part(
            Sight("cam"), StreamRole.MAIN, START_NS, START_NS + 90_000 * S
        )
