"""Depacketising AAC and G.711."""

from tests.support.rtp_wire import UnitLog, rtp
from vedette.camera.audio_payload import AacReceiver, PlainReceiver
from vedette.camera.counters import StreamCounters


def push(receiver: AacReceiver | PlainReceiver, packet: bytes) -> None:
    receiver.push(memoryview(packet), 0, len(packet))


def aac(*units: bytes) -> bytes:
    headers = b"".join((len(unit) << 3).to_bytes(2, "big") for unit in units)
    return (16 * len(units)).to_bytes(2, "big") + headers + b"".join(units)


def test_g711_is_the_payload() -> None:
    log = UnitLog()
    push(PlainReceiver(8, StreamCounters(), log), rtp(b"abcd", 1, 160, payload_type=8))
    assert log.units == [(160, True, b"abcd", 0)]


def test_aac_units_of_one_packet_are_a_frame_apart() -> None:
    log = UnitLog()
    push(AacReceiver(97, StreamCounters(), log), rtp(aac(b"one", b"second", b"3"), 1, 5000, payload_type=97))
    assert log.units == [(5000, True, b"one", 0), (6024, True, b"second", 0), (7048, True, b"3", 0)]


def test_fragmented_aac_unit_is_joined() -> None:
    log, counters = UnitLog(), StreamCounters()
    receiver = AacReceiver(97, counters, log)
    unit = bytes(range(100))
    head = (16).to_bytes(2, "big") + (100 << 3).to_bytes(2, "big")
    push(receiver, rtp(head + unit[:60], 1, 7, payload_type=97))
    push(receiver, rtp(head + unit[60:], 2, 7, payload_type=97, marker=True))
    assert log.units == [(7, True, unit, 0)]


def test_a_lost_fragment_drops_the_unit() -> None:
    log, counters = UnitLog(), StreamCounters()
    receiver = AacReceiver(97, counters, log)
    head = (16).to_bytes(2, "big") + (100 << 3).to_bytes(2, "big")
    push(receiver, rtp(head + bytes(40), 1, 7, payload_type=97))
    push(receiver, rtp(head + bytes(30), 3, 7, payload_type=97, marker=True))
    push(receiver, rtp(aac(b"next"), 4, 9, payload_type=97, marker=True))
    assert [(unit[2], unit[3]) for unit in log.units] == [(b"next", 1)]


def test_headers_that_promise_too_much_are_counted() -> None:
    log, counters = UnitLog(), StreamCounters()
    push(AacReceiver(97, counters, log), rtp(b"\xff\xff\x00\x00", 1, 7, payload_type=97))
    assert (log.units, counters.damaged) == ([], 1)
