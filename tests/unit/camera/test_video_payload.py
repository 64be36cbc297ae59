"""Depacketising H.264 and H.265: what goes in by the RFCs, what comes out in the house's framing."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rtp_wire import UnitLog, fragments_h264, fragments_h265, interleaved, nals_of, rtp
from vedette.camera.counters import StreamCounters
from vedette.camera.errors import GarbageError
from vedette.camera.video_payload import VideoReceiver
from vedette.core.media import Codec

IDR = b"\x65\x88" + bytes(range(1, 251))
SLICE = b"\x41\x9a" + bytes(range(1, 201))
SECOND_SLICE = b"\x41\x10" + bytes(range(1, 100))  # first_mb_in_slice is not 0
SPS, PPS, AUD = b"\x67\x64\x00\x1e\xac", b"\x68\xeb\xe3\xcb", b"\x09\x10"
HEVC_IDR = bytes([19 << 1, 1, 0xAF]) + bytes(range(1, 200))
HEVC_SLICE = bytes([1 << 1, 1, 0xD0]) + bytes(range(1, 100))


def make(codec: Codec = Codec.H264) -> tuple[VideoReceiver, UnitLog, StreamCounters]:
    log, counters = UnitLog(), StreamCounters()
    receiver = VideoReceiver(codec, 96, counters, log, "camera")
    receiver.bind(0)
    return receiver, log, counters


def feed(receiver: VideoReceiver, packets: list[bytes]) -> None:
    data = b"".join(interleaved(packet) for packet in packets)
    assert receiver.consume(memoryview(data), 0, len(data)) == len(data)
    receiver.settle()


def test_single_nal_ends_at_the_marker() -> None:
    receiver, log, _ = make()
    feed(receiver, [rtp(IDR, 1, 900, marker=True)])
    assert log.units == [(900, True, len(IDR).to_bytes(4, "big") + IDR, 0)]


@pytest.mark.parametrize(("codec", "nal"), [(Codec.H264, IDR), (Codec.H265, HEVC_IDR)])
@pytest.mark.parametrize("step", [1, 7, 60, 10_000])
def test_fragments_are_joined(codec: Codec, nal: bytes, step: int) -> None:
    receiver, log, counters = make(codec)
    parts = (fragments_h264 if codec is Codec.H264 else fragments_h265)(nal, step)
    feed(receiver, [rtp(part, index, 5, marker=index == len(parts) - 1) for index, part in enumerate(parts)])
    assert nals_of(log.units[0][2]) == [nal]
    assert log.units[0][1]
    assert (counters.packets, counters.lost, counters.damaged) == (len(parts), 0, 0)


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
def test_two_fragmented_slices_make_one_unit_of_two(codec: Codec) -> None:
    nal, cut = (IDR, fragments_h264) if codec is Codec.H264 else (HEVC_IDR, fragments_h265)
    receiver, log, counters = make(codec)
    parts = [*cut(nal, 40), *cut(nal, 40)]
    feed(receiver, [rtp(part, index, 5, marker=index == len(parts) - 1) for index, part in enumerate(parts)])
    assert [nals_of(unit[2]) for unit in log.units] == [[nal, nal]]
    assert counters.damaged == 0


def test_aggregates_are_split_and_parameter_sets_leave_the_sample() -> None:
    receiver, log, _ = make()
    stap = b"\x18" + b"".join(len(nal).to_bytes(2, "big") + nal for nal in (AUD, SPS, PPS, IDR))
    feed(receiver, [rtp(stap, 1, marker=True)])
    assert log.sets == [SPS, PPS]
    assert nals_of(log.units[0][2]) == [IDR]


def test_h265_aggregates_are_split() -> None:
    receiver, log, _ = make(Codec.H265)
    vps, sps, pps = (bytes([kind << 1, 1, 5, 6]) for kind in (32, 33, 34))
    body = b"".join(len(nal).to_bytes(2, "big") + nal for nal in (vps, sps, pps, HEVC_IDR))
    feed(receiver, [rtp(bytes([48 << 1, 1]) + body, 1, marker=True)])
    assert log.sets == [vps, sps, pps]
    assert nals_of(log.units[0][2]) == [HEVC_IDR]


def test_marker_with_only_parameter_sets_makes_no_unit() -> None:
    receiver, log, _ = make()
    feed(receiver, [rtp(SPS, 1, 5, marker=True), rtp(PPS, 2, 5, marker=True), rtp(IDR, 3, 5, marker=True)])
    assert [nals_of(unit[2]) for unit in log.units] == [[IDR]]


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_reads_that_end_anywhere_change_nothing(cut: int) -> None:
    packets = []
    for number in range(6):
        nal = IDR if number == 0 else SLICE
        parts = fragments_h264(nal, 31)
        for index, part in enumerate(parts):
            packets.append(rtp(part, len(packets), number * 3600, marker=index == len(parts) - 1))
    data = b"".join(interleaved(packet) for packet in packets)
    receiver, log, _ = make()
    rng = random.Random(cut)
    buffer, rest, position = bytearray(4096), b"", 0
    while position < len(data):
        fresh = data[position : position + rng.randint(1, cut * 7)]
        position += len(fresh)
        window = rest + fresh
        buffer[: len(window)] = window  # the same memory every time, as in the protocol
        view = memoryview(buffer)
        done = receiver.consume(view, 0, len(window))
        receiver.settle()
        rest = window[done:]
    assert [nals_of(unit[2]) for unit in log.units] == [[IDR]] + [[SLICE]] * 5


def test_a_lost_fragment_drops_its_nal_and_is_told_with_the_next_unit() -> None:
    receiver, log, counters = make()
    parts = fragments_h264(IDR, 50)
    packets = [rtp(part, index, 1, marker=index == len(parts) - 1) for index, part in enumerate(parts)]
    feed(receiver, packets[:2] + packets[3:])
    assert log.units == []
    feed(receiver, [rtp(SLICE, len(parts), 3601, marker=True)])
    assert [(nals_of(unit[2]), unit[3]) for unit in log.units] == [([SLICE], 1)]
    assert counters.lost == 1
    assert counters.damaged >= 1


def test_a_lost_marker_ends_the_unit_at_the_next_timestamp() -> None:
    receiver, log, _ = make()
    feed(receiver, [rtp(IDR, 1, 10), rtp(SLICE, 2, 3610, marker=True)])
    assert [unit[0] for unit in log.units] == [10, 3610]


def test_a_camera_that_marks_every_slice_is_noticed() -> None:
    receiver, log, _ = make()
    packets = []
    for number in range(4):
        packets.append(rtp(SLICE, 2 * number, number * 3600, marker=True))
        packets.append(rtp(SECOND_SLICE, 2 * number + 1, number * 3600, marker=True))
    feed(receiver, packets)
    feed(receiver, [rtp(SLICE, 8, 4 * 3600, marker=True)])
    whole = [nals_of(unit[2]) for unit in log.units]
    assert whole[-2:] == [[SLICE, SECOND_SLICE], [SLICE, SECOND_SLICE]]


def test_duplicates_are_dropped_and_counted() -> None:
    receiver, log, counters = make()
    feed(receiver, [rtp(IDR, 5, 1, marker=True), rtp(IDR, 5, 1, marker=True), rtp(SLICE, 6, 3601, marker=True)])
    assert len(log.units) == 2
    assert (counters.duplicates, counters.lost) == (1, 0)


def test_sequence_numbers_wrap_within_fragments() -> None:
    receiver, log, counters = make()
    parts = fragments_h264(IDR, 10)
    feed(receiver, [rtp(part, 65_530 + index, 1, marker=index == len(parts) - 1) for index, part in enumerate(parts)])
    assert nals_of(log.units[0][2]) == [IDR]
    assert counters.lost == 0
    assert receiver.highest_sequence == 65_530 + len(parts) - 1


def test_a_new_sender_is_no_loss() -> None:
    receiver, log, counters = make()
    feed(receiver, [rtp(IDR, 5, 1, marker=True), rtp(IDR, 40_000, 9, marker=True, ssrc=99)])
    assert len(log.units) == 2
    assert counters.lost == 0


def test_header_extension_and_padding_are_taken_away() -> None:
    receiver, log, _ = make()
    feed(receiver, [rtp(IDR, 1, 1, marker=True, extension=bytes(8), padding=3)])
    assert nals_of(log.units[0][2]) == [IDR]


def test_other_payload_types_are_ignored() -> None:
    receiver, log, _ = make()
    feed(receiver, [rtp(IDR, 1, 1, marker=True, payload_type=107)])
    assert log.units == []


def test_a_picture_without_end_is_refused() -> None:
    receiver, _, _ = make()
    feed(receiver, [rtp(fragments_h264(IDR, 50)[0], 0, 1)])
    middle = b"\x7c\x05" + bytes(60_000)
    for index in range(1, 279):  # up to just below 16 MiB
        feed(receiver, [rtp(middle, index, 1)])
    rest = [rtp(middle, index, 1) for index in range(279, 285)]
    with pytest.raises(GarbageError):
        feed(receiver, rest)


@st.composite
def damaged_streams(draw: st.DrawFn) -> tuple[Codec, list[bytes], list[int]]:
    """Packets of some pictures, some lost, twice, out of order, marked wrongly; and where reads end."""
    codec = draw(st.sampled_from([Codec.H264, Codec.H265]))
    nals, fragment = ([IDR, SLICE, SECOND_SLICE, SPS], fragments_h264)
    if codec is Codec.H265:
        nals, fragment = [HEVC_IDR, HEVC_SLICE], fragments_h265
    packets: list[bytes] = []
    time = 0
    for _ in range(draw(st.integers(1, 6))):
        time += draw(st.sampled_from([0, 3600, 3600]))
        nal = draw(st.sampled_from(nals))
        parts = [nal] if draw(st.booleans()) else fragment(nal, draw(st.integers(1, 90)))
        for index, part in enumerate(parts):
            marker = draw(st.integers(0, 19)) == 0 or index == len(parts) - 1
            packets.append(rtp(part, (65_530 + len(packets)) & 0xFFFF, time, marker=marker))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(packets) - 1))
        packet = packets.pop(place)
        copies = draw(st.integers(0, 2))
        for _ in range(copies):
            packets.insert(draw(st.integers(0, len(packets))), packet)
        if not packets:
            packets.append(packet)
    return codec, packets, draw(st.lists(st.integers(1, 400), min_size=1, max_size=20))


@given(damaged_streams())
def test_the_quick_way_takes_what_the_long_way_takes(stream: tuple[Codec, list[bytes], list[int]]) -> None:
    codec, packets, reads = stream
    long, long_log, long_counters = make(codec)
    for packet in packets:
        long.push(memoryview(packet), 0, len(packet))
        long.settle()
    quick, quick_log, quick_counters = make(codec)
    data = b"".join(interleaved(packet) for packet in packets)
    rest, position, buffer = b"", 0, bytearray(8192)
    for size in [*reads, len(data)]:
        window = rest + data[position : position + size]
        position += size
        buffer[: len(window)] = window
        done = quick.consume(memoryview(buffer), 0, len(window))
        quick.settle()
        rest = window[done:]
    assert rest == b""
    assert quick_log.units == long_log.units
    assert quick_log.sets == long_log.sets
    assert quick_counters == long_counters
    assert (quick.received, quick.lost_total, quick.highest_sequence) == (
        long.received,
        long.lost_total,
        long.highest_sequence,
    )
