"""Live view from feed to client: joining, sharing, switching, refusing, coming back. No network, no wall clock."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from tests.support.media import AAC, H264, H265, PCMA, make_packets
from tests.support.streaming import CountingEncoder, KeptChannel, ListedStreams, ScriptedFeed, settle
from vedette.core.errors import NotFoundError, UnavailableError
from vedette.core.media import StreamFormat, StreamRole
from vedette.core.privacy import Sight
from vedette.media.feed import FeedPacket, FeedState
from vedette.streaming.live_hub import LINGER_S, LiveHub
from vedette.streaming.live_session import LiveSession
from vedette.streaming.live_viewer import LiveRequest
from vedette.streaming.messages import MediaFlag, MediaKind
from vedette.streaming.stream_choice import StreamChoice
from vedette.testing.clock import SimulatedClock

MAIN, SUB = StreamRole.MAIN, StreamRole.SUB
FORMAT = StreamFormat("run", H264)
ONLINE = FeedState("online", "", "receiving", "", 5)


def live(packets, *, is_cached=False):
    return [FeedPacket(packet, is_cached) for packet in packets]


class House:
    """A hub with its feed and the sessions of a test."""

    def __init__(self, *roles: StreamRole) -> None:
        self.feed = ScriptedFeed()
        self.clock = SimulatedClock()
        self.hub = LiveHub(self.feed, self.clock, CountingEncoder)
        self.directory = ListedStreams("cam", *roles)
        self._tasks: list[asyncio.Task[None]] = []

    async def watch(self, choice=StreamChoice.AUTO, *, audio=False, h265=False) -> KeptChannel:
        channel = KeptChannel()
        request = LiveRequest(Sight("cam"), choice, audio, h265)
        session = LiveSession(request, channel, self.hub, self.directory, self.clock)
        self._tasks.append(asyncio.create_task(session.run()))
        await settle()
        return channel

    async def give(self, role, *items) -> None:
        await self.feed.give("cam", role, *items)


@contextlib.asynccontextmanager
async def open_house(*roles):
    house = House(*(roles or (MAIN, SUB)))
    running = asyncio.create_task(house.hub.run())
    await settle()
    try:
        yield house
    finally:
        for task in [*house._tasks, running]:
            task.cancel()
        await asyncio.gather(*house._tasks, running, return_exceptions=True)


def kinds(channel: KeptChannel) -> list[MediaKind]:
    return [head.kind for head in channel.heads]


async def test_viewer_gets_state_init_and_frames() -> None:
    async with open_house() as house:
        viewer = await house.watch()
        await house.give(SUB, FORMAT, ONLINE, *live(make_packets(3)))
        assert [text["state"] for text in viewer.texts_of("state")] == ["connecting", "live"]
        (init,) = viewer.texts_of("init")
        assert (init["stream"], init["codec"], init["width"]) == ("sub", "h264", 640)
        assert kinds(viewer) == [MediaKind.INIT] + [MediaKind.FRAGMENT] * 3


async def test_two_viewers_share_one_feed_and_the_same_bytes() -> None:
    async with open_house() as house:
        one, two = await house.watch(), await house.watch()
        await house.give(SUB, FORMAT, *live(make_packets(3)))
        assert house.feed.opened == [("cam", SUB)]
        assert one.sent[-1] is two.sent[-1]


async def test_recorders_cache_arrives_as_one_message() -> None:
    packets = make_packets(41)
    async with open_house() as house:
        viewer = await house.watch()
        await house.give(SUB, FORMAT, *live(packets[:40], is_cached=True))
        assert viewer.heads == []
        await house.give(SUB, *live(packets[40:]))
        init, cached = viewer.heads
        assert init.kind is MediaKind.INIT
        assert MediaFlag.CACHED in cached.flags
        assert cached.duration_90k == 41 * 3600


async def test_late_viewer_starts_with_the_current_gop_at_once() -> None:
    async with open_house() as house:
        await house.watch()
        await house.give(SUB, FORMAT, *live(make_packets(15, gop=10)))
        late = await house.watch()
        _, cached = late.heads
        assert MediaFlag.KEY in cached.flags
        assert (cached.media_90k, cached.duration_90k) == (36_000, 5 * 3600)


async def test_frames_before_the_first_key_frame_are_not_sent() -> None:
    async with open_house() as house:
        viewer = await house.watch()
        await house.give(SUB, FORMAT, *live(make_packets(8, gop=5)[2:]))
        assert kinds(viewer) == [MediaKind.INIT] + [MediaKind.FRAGMENT] * 3
        assert viewer.heads[1].media_90k == 5 * 3600


async def test_switch_keeps_the_old_stream_until_the_new_one_has_a_picture() -> None:
    async with open_house() as house:
        viewer = await house.watch(StreamChoice.SUB)
        packets = make_packets(6)
        await house.give(SUB, FORMAT, *live(packets[:2]))
        await viewer.say(op="stream", stream="main", audio=False)
        await house.give(SUB, *live(packets[2:4]))
        assert len(viewer.heads) == 1 + 4
        await house.give(MAIN, replace(FORMAT, run_id="main"), *live(make_packets(2)))
        await house.give(SUB, *live(packets[4:]))
        assert [text["stream"] for text in viewer.texts_of("init")] == ["sub", "main"]
        assert len(viewer.heads) == 1 + 4 + 1 + 2


async def test_trouble_of_the_awaited_stream_is_not_shown_over_the_old_picture() -> None:
    async with open_house() as house:
        viewer = await house.watch(StreamChoice.SUB)
        await house.give(SUB, FORMAT, ONLINE, *live(make_packets(2)))
        await viewer.say(op="stream", stream="main", audio=False)
        await house.give(MAIN, FeedState("offline", "unreachable", "gone", "look", 6))
        assert viewer.texts_of("state")[-1]["state"] == "live"


async def test_feed_closes_only_after_the_linger_time() -> None:
    async with open_house() as house:
        viewer = await house.watch()
        await house.give(SUB, FORMAT, *live(make_packets(1)))
        await viewer.go()
        await house.clock.advance(LINGER_S - 0.1)
        assert house.feed.closed == 0
        await house.clock.advance(0.2)
        assert house.feed.closed == 1
        assert house.hub.watched == {}


async def test_viewer_who_returns_in_time_keeps_the_feed() -> None:
    async with open_house() as house:
        await (await house.watch()).go()
        await house.clock.advance(LINGER_S - 1)
        await house.watch()
        await house.clock.advance(LINGER_S)
        assert house.feed.closed == 0
        assert len(house.feed.opened) == 1


async def test_recorder_restart_is_told_and_survived() -> None:
    async with open_house() as house:
        viewer = await house.watch()
        await house.give(SUB, FORMAT, ONLINE, *live(make_packets(2)))
        await house.give(SUB, UnavailableError("the connection broke"))
        assert viewer.texts_of("state")[-1]["code"] == "recorder_unavailable"
        await house.clock.advance(1)
        await house.give(SUB, replace(FORMAT, run_id="second"), ONLINE, *live(make_packets(2)))
        assert [text["run_id"] for text in viewer.texts_of("init")] == ["run", "second"]
        assert viewer.texts_of("state")[-1]["state"] == "live"


async def test_camera_without_login_says_so() -> None:
    async with open_house() as house:
        viewer = await house.watch()
        await house.give(SUB, FeedState("offline", "wrong_password", "rejected", "Enter it.", 7_000_000))
        assert viewer.texts_of("state")[-1] == {
            "type": "state",
            "state": "wrong_password",
            "code": "wrong_password",
            "reason": "rejected",
            "hint": "Enter it.",
            "since_ms": 7,
        }


async def test_stream_unknown_to_the_recorder_is_offline_not_an_end() -> None:
    async with open_house() as house:
        viewer = await house.watch()
        await house.give(SUB, NotFoundError("not assigned"))
        assert viewer.texts_of("state")[-1]["code"] == "not_assigned"
        await house.clock.advance(3)
        assert len(house.feed.opened) > 1


async def test_h265_main_falls_back_to_h264_sub() -> None:
    async with open_house() as house:
        viewer = await house.watch(StreamChoice.MAIN)
        await house.give(MAIN, StreamFormat("hevc", H265), *live(make_packets(2)))
        await house.give(SUB, FORMAT, *live(make_packets(2)))
        (init,) = viewer.texts_of("init")
        assert (init["stream"], init["codec"]) == ("sub", "h264")


async def test_h265_alone_is_unsupported_with_a_way_out() -> None:
    async with open_house(MAIN) as house:
        viewer = await house.watch()
        await house.give(MAIN, StreamFormat("hevc", H265), *live(make_packets(2)))
        state = viewer.texts_of("state")[-1]
        assert state["state"] == "unsupported"
        assert "H.264" in str(state["hint"])
        assert viewer.heads == []


async def test_h265_is_sent_to_a_browser_that_plays_it() -> None:
    async with open_house(MAIN) as house:
        viewer = await house.watch(h265=True)
        await house.give(MAIN, StreamFormat("hevc", H265), *live(make_packets(2)))
        (init,) = viewer.texts_of("init")
        assert "hvc1" in str(init["mime"])


async def test_sound_goes_only_to_those_who_asked() -> None:
    async with open_house() as house:
        silent, listener = await house.watch(), await house.watch(audio=True)
        video, audio = make_packets(3), make_packets(3, is_audio=True)
        await house.give(SUB, replace(FORMAT, audio=AAC), *live([video[0], audio[0], video[1], audio[1], video[2]]))
        assert "mp4a" not in str(silent.texts_of("init")[-1]["mime"])
        assert "mp4a" in str(listener.texts_of("init")[-1]["mime"])
        assert not any(MediaFlag.AUDIO in head.flags for head in silent.heads)
        assert any(head.kind is MediaKind.FRAGMENT and MediaFlag.AUDIO in head.flags for head in listener.heads)


async def test_g711_is_encoded_only_while_somebody_listens() -> None:
    async with open_house() as house:
        viewer = await house.watch()
        audio = live(make_packets(4, is_audio=True))
        video = live(make_packets(6))
        await house.give(SUB, replace(FORMAT, audio=PCMA), video[0], *audio[:2], video[1])
        assert not any(MediaFlag.AUDIO in head.flags for head in viewer.heads)
        await viewer.say(op="stream", stream="auto", audio=True)
        await house.give(SUB, video[2], audio[2], video[3], audio[3])
        assert "mp4a" in str(viewer.texts_of("init")[-1]["mime"])


async def test_sound_that_stays_away_does_not_stop_the_picture() -> None:
    async with open_house() as house:
        viewer = await house.watch(audio=True)
        video, audio = make_packets(80, gop=10), make_packets(1, is_audio=True)
        await house.give(SUB, replace(FORMAT, audio=AAC), *live([video[0], audio[0]]), *live(video[1:]))
        mimes = ["mp4a" in str(text["mime"]) for text in viewer.texts_of("init")]
        assert mimes == [False, True, False]


async def test_stuck_viewer_does_not_hold_up_the_other() -> None:
    async with open_house() as house:
        stuck, fine = await house.watch(), await house.watch()
        stuck.is_stuck = True
        for packet in live(make_packets(210, gop=50)):
            await house.give(SUB, *([FORMAT] if packet.packet.sequence == 0 else []), packet)
        assert sum(head.kind is MediaKind.FRAGMENT for head in fine.heads) == 210
        await stuck.unstick()
        (dropped,) = stuck.texts_of("dropped")
        assert dropped["frames"] > 0
        fragments = [head for head in stuck.heads if head.kind is MediaKind.FRAGMENT]
        assert MediaFlag.KEY in fragments[0].flags
        assert len(fragments) == 10


async def test_bad_wish_is_answered_with_an_error_and_the_session_goes_on() -> None:
    async with open_house() as house:
        viewer = await house.watch()
        await viewer.say(op="format_disk")
        assert viewer.texts_of("error")[0]["code"] == "invalid_input"
        await viewer.say(op="ping", t=12.5)
        assert viewer.texts_of("pong")[0]["t"] == 12.5


async def test_camera_with_damaged_parameter_sets_is_unsupported_not_a_crash() -> None:
    broken = replace(FORMAT, video=replace(H264, parameter_sets=(b"\x67",)))
    async with open_house() as house:
        viewer = await house.watch()
        await house.give(SUB, broken, *live(make_packets(2)))
        assert viewer.texts_of("state")[-1]["code"] == "bad_parameter_sets"
        await house.give(SUB, FORMAT, *live(make_packets(2)))
        assert len(viewer.heads) == 3


async def test_unknown_camera_is_refused() -> None:
    async with open_house() as house:
        session = LiveSession(
            LiveRequest(Sight("other"), StreamChoice.AUTO, False, False),
            KeptChannel(),
            house.hub,
            house.directory,
            house.clock,
        )
        with pytest.raises(NotFoundError):
            await session.run()


async def test_mistake_in_one_stream_is_told_and_does_not_end_the_others() -> None:
    async with open_house() as house:
        broken, fine = await house.watch(StreamChoice.MAIN), await house.watch(StreamChoice.SUB)
        await house.give(SUB, FORMAT, *live(make_packets(2)))
        house.feed.queue("cam", MAIN).put_nowait("not an item at all")
        house.feed.queue("cam", MAIN).put_nowait(FeedPacket(None, False))
        await settle()
        assert broken.texts_of("state")[-1]["code"] == "internal"
        await house.give(SUB, *live(make_packets(4)[2:]))
        assert len(fine.heads) == 5
        await house.clock.advance(6)
        await house.give(MAIN, FORMAT, *live(make_packets(2)))
        assert len(broken.heads) == 3
