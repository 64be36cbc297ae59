"""UDP packets back in order."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.rtp_wire import rtp
from vedette.camera.counters import StreamCounters
from vedette.camera.reorder import DEPTH, HOLD_NS, ReorderBuffer

MS = 1_000_000


def numbers(packets: list[bytes]) -> list[int]:
    return [int.from_bytes(packet[2:4], "big") for packet in packets]


def push_all(order: list[int], step_ns: int = 100_000) -> tuple[list[int], StreamCounters]:
    counters = StreamCounters()
    buffer, out = ReorderBuffer(counters), []
    for index, sequence in enumerate(order):
        out += numbers(buffer.push(rtp(b"x", sequence), index * step_ns))
    out += numbers(buffer.expire(len(order) * step_ns + 10 * HOLD_NS))
    return out, counters


def test_in_order_packets_pass_at_once() -> None:
    assert push_all([65534, 65535, 0, 1]) == ([65534, 65535, 0, 1], StreamCounters())


def test_swapped_packets_are_put_back() -> None:
    out, counters = push_all([1, 3, 2, 4, 6, 7, 5, 8])
    assert out == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (counters.reordered, counters.duplicates) == (2, 0)


def test_duplicates_are_dropped() -> None:
    out, counters = push_all([1, 2, 2, 1, 4, 4, 3])
    assert out == [1, 2, 3, 4]
    assert counters.duplicates == 3


def test_a_lost_packet_is_given_up_after_a_while() -> None:
    counters = StreamCounters()
    buffer = ReorderBuffer(counters)
    assert numbers(buffer.push(rtp(b"x", 1), 0)) == [1]
    assert buffer.push(rtp(b"x", 3), 1 * MS) == []
    assert buffer.expire(50 * MS) == []
    assert numbers(buffer.expire(200 * MS)) == [3]
    assert buffer.push(rtp(b"x", 2), 201 * MS) == []
    assert counters.duplicates == 1


def test_no_more_than_the_depth_is_held() -> None:
    counters = StreamCounters()
    buffer = ReorderBuffer(counters)
    buffer.push(rtp(b"x", 0), 0)
    out = [packet for number in range(2, DEPTH + 2) for packet in buffer.push(rtp(b"x", number), 0)]
    assert numbers(out) == list(range(2, DEPTH + 2))


def test_a_restart_of_the_counting_passes() -> None:
    assert push_all([10, 11, 30_000, 30_001])[0] == [10, 11, 30_000, 30_001]


@settings(max_examples=100)
@given(st.integers(0, 65535), st.integers(0, 2**32), st.integers(1, 8))
def test_any_order_within_the_window_comes_out_sorted(start: int, seed: int, spread: int) -> None:
    rng = random.Random(seed)
    order = sorted(range(1, 200), key=lambda number: number + rng.random() * spread)
    out, counters = push_all([start, *((start + number) & 0xFFFF for number in order)])
    assert out == [(start + number) & 0xFFFF for number in range(200)]
    assert counters.duplicates == 0
