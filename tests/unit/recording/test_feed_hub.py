"""The live feed beside the recording."""

from tests.support.media import H264, make_packets
from vedette.core.media import StreamFormat
from vedette.core.messages import StreamStateChanged
from vedette.media.feed import FeedDropped, FeedState, decode_packet, decode_text
from vedette.recording import feed_hub
from vedette.recording.feed_hub import FeedHub, FeedReader

RUN = StreamFormat("run", H264)


async def read(reader: FeedReader, count: int) -> list:
    messages = [await reader.next_message() for _ in range(count)]
    return [decode_text(item) if isinstance(item, str) else decode_packet(item) for item in messages]


async def test_a_reader_that_joins_gets_format_state_and_the_current_gop() -> None:
    hub = FeedHub()
    hub.write_format(RUN)
    hub.write_state(StreamStateChanged("c", "main", "online", "", "", "", 7))
    packets = make_packets(60, gop=25)
    for packet in packets[:55]:
        hub.write_packet(packet)
    with hub.join() as reader:
        hub.write_packet(packets[55])
        stream_format, state, *rest = await read(reader, 8)
    assert stream_format == RUN
    assert state == FeedState("online", "", "", "", 7)
    assert [(item.packet.sequence, item.is_cached) for item in rest] == [
        (50, True), (51, True), (52, True), (53, True), (54, True), (55, False),
    ]  # fmt: skip
    assert hub.readers == 0


async def test_a_reader_without_a_cached_gop_waits_for_a_key_frame() -> None:
    hub = FeedHub()
    hub.write_format(RUN)
    packets = make_packets(60, gop=25)
    with hub.join() as reader:
        for packet in packets[10:30]:
            hub.write_packet(packet)
        _, first = await read(reader, 2)
    assert first.packet.sequence == 25


async def test_a_reader_of_key_frames_gets_nothing_else_and_leaves_the_others_theirs() -> None:
    hub = FeedHub()
    hub.write_format(RUN)
    packets = make_packets(60, gop=25)
    for packet in packets[:10]:
        hub.write_packet(packet)
    with hub.join(key_frames_only=True) as keys, hub.join() as everything:
        for packet in packets[10:]:
            hub.write_packet(packet)
        _, *found = await read(keys, 4)
        _, *rest = await read(everything, 61)
    assert [(item.packet.sequence, item.is_cached) for item in found] == [(0, True), (25, False), (50, False)]
    assert [item.packet.sequence for item in rest] == list(range(60))


async def test_a_slow_reader_is_told_what_it_missed_and_goes_on_at_a_key_frame(monkeypatch) -> None:
    monkeypatch.setattr(feed_hub, "MAX_QUEUED_BYTES", 12_000)  # about 34 packets
    hub = FeedHub()
    with hub.join() as reader:
        for packet in make_packets(130, gop=50):
            hub.write_packet(packet)
        *dropped, first, second = await read(reader, 4)
    assert dropped == [FeedDropped(50), FeedDropped(50)]
    assert [item.packet.sequence for item in (first, second)] == [100, 101]


async def test_a_slow_reader_does_not_slow_the_others(monkeypatch) -> None:
    monkeypatch.setattr(feed_hub, "MAX_QUEUED_BYTES", 10_000)
    hub = FeedHub()
    seen = []
    with hub.join(), hub.join() as quick:
        for packet in make_packets(100, gop=50):
            hub.write_packet(packet)
            seen += await read(quick, 1)
    assert [item.packet.sequence for item in seen] == list(range(100))


async def test_a_new_format_comes_before_its_packets() -> None:
    hub = FeedHub()
    hub.write_format(RUN)
    other = StreamFormat("run-2", H264)
    with hub.join() as reader:
        hub.write_packet(make_packets(1)[0])
        hub.write_format(other)
        for packet in make_packets(3, gop=50, first_sequence=0)[1:]:
            hub.write_packet(packet)  # no key frame of the new run yet
        hub.write_packet(make_packets(1, first_sequence=3)[0])
        _, first, stream_format, key = await read(reader, 4)
    assert first.packet.sequence == 0
    assert stream_format == other
    assert key.packet.sequence == 3


async def test_a_gop_too_large_to_keep_is_not_kept(monkeypatch) -> None:
    monkeypatch.setattr(feed_hub, "MAX_CACHED_BYTES", 1000)
    hub = FeedHub()
    hub.write_format(RUN)
    for packet in make_packets(40, gop=50):
        hub.write_packet(packet)
    with hub.join() as reader:
        hub.close()
        assert decode_text(await reader.next_message()) == RUN
        assert await reader.next_message() is None
