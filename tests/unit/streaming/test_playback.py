"""Playback: from the key frame before, without holes in media time, with gaps told, never too far ahead."""

import asyncio
import contextlib
import json
from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest

from tests.support.footage import FORMAT, MemoryFootage, as_run
from tests.support.media import AAC, H264, H265, PCMA, START_NS, make_packets
from tests.support.streaming import CountingEncoder, KeptChannel, ListedStreams, ReplacingMasker
from vedette.core.footage import FootageGap
from vedette.core.geometry import Polygon
from vedette.core.ids import make_id
from vedette.core.media import StreamFormat, StreamRole
from vedette.core.privacy import PrivacyZone, Sight
from vedette.core.time import NS_PER_S, format_utc
from vedette.media.fmp4 import parse_fragment
from vedette.streaming.masked_play import make_masking
from vedette.streaming.messages import MediaFlag, MediaKind, decode_media
from vedette.streaming.playback_session import PlaybackSession
from vedette.testing.clock import JumpingClock

CAMERA = make_id(START_NS, bytes(10))
MAIN, SUB = StreamRole.MAIN, StreamRole.SUB
S = NS_PER_S
ZONE = PrivacyZone("z", "Window", Polygon(((0.1, 0.1), (0.5, 0.1), (0.5, 0.5))))


class Client(KeptChannel):
    """A playback client with the questions that tests ask."""

    async def play(self, at_s: float, **fields: object) -> None:
        at = format_utc(START_NS + round(at_s * S))
        await self.say(op="play", camera=CAMERA, at=at, **{"stream": "main", **fields})
        await self.wait_quiet()

    async def wait_quiet(self) -> None:
        """Reads run in threads: wait until nothing more has come for a while of loop turns."""
        seen = -1
        while seen != len(self.sent):
            seen = len(self.sent)
            for _ in range(20):
                await asyncio.sleep(0.002)

    @property
    def media(self):
        """Head and parsed fragment of every media message."""
        found = [decode_media(message) for message in self.sent if isinstance(message, bytes)]
        return [(head, parse_fragment(body)) for head, body in found if head.kind is MediaKind.FRAGMENT]


@contextlib.asynccontextmanager
async def open_session(footage: MemoryFootage, *roles: StreamRole, utc_ns: int = START_NS + 3600 * S):
    client, announced = Client(), []
    client.hidden, client.maskers, client.delay = set(), [], 0

    @contextlib.asynccontextmanager
    async def open_masker():
        client.maskers.append(ReplacingMasker(client.delay))
        yield client.maskers[-1]

    client.open_masker = open_masker

    async def announce(camera_id: str) -> None:
        announced.append(camera_id)

    async def look(camera_id: str) -> Sight:
        return Sight(camera_id, (ZONE,) if camera_id in client.hidden else ())

    session = PlaybackSession(
        client,
        reader=footage,
        directory=ListedStreams(CAMERA, *(roles or (MAIN, SUB))),
        open_encoder=CountingEncoder,
        look=look,
        open_masking=make_masking(client.open_masker),
        announce=announce,
        clock=JumpingClock(utc_ns),
    )
    client.announced = announced
    task = asyncio.create_task(session.run())
    try:
        yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def make_footage(seconds: int = 8, **changes) -> MemoryFootage:
    footage = MemoryFootage(CAMERA)
    footage.add_segment(make_packets(seconds * 25), **changes)
    return footage


def spans(client: Client) -> list[tuple[int, int]]:
    tracks = [parsed.video for _, parsed in client.media]
    return [(track.decode_90k, track.decode_90k + sum(track.durations_90k)) for track in tracks]


async def test_starts_at_the_key_frame_before_and_says_where_the_asked_time_is() -> None:
    async with open_session(make_footage()) as client:
        await client.play(3.5)
        head, _ = client.media[0]
        assert MediaFlag.KEY in head.flags
        assert head.captured_at_ns == START_NS + 2 * S
        (position,) = client.texts_of("position")
        assert position["media_time_s"] == pytest.approx(1.5)
        assert position["wall_ms"] == pytest.approx((START_NS + 3.5 * S) / 1e6)
        assert client.texts_of("init")[0]["width"] == 640


async def test_order_is_init_then_media_and_every_text_names_its_play() -> None:
    async with open_session(make_footage()) as client:
        await client.play(0, play=7)
        assert json.loads(client.sent[0])["type"] == "init"
        assert [head.kind for head in client.heads[:2]] == [MediaKind.INIT, MediaKind.FRAGMENT]
        assert {text["play"] for text in client.texts} == {7}


async def test_media_time_has_no_hole_and_ends_with_the_footage() -> None:
    async with open_session(make_footage(6)) as client:
        await client.play(0)
        found = spans(client)
        assert found[0][0] == 0
        assert all(end == start for (_, end), (start, _) in pairwise(found))
        assert found[-1][1] == 6 * 90_000
        assert client.texts[-1]["type"] == "end"


async def test_segments_of_one_run_continue_without_discontinuity() -> None:
    footage = MemoryFootage(CAMERA)
    packets = make_packets(200)
    footage.add_segment(packets[:100])
    footage.add_segment(packets[100:])
    async with open_session(footage) as client:
        await client.play(0)
        assert len(client.texts_of("init")) == 1
        assert not any(MediaFlag.DISCONTINUITY in head.flags for head, _ in client.media)


async def test_gap_is_told_with_its_reason_and_media_time_goes_on() -> None:
    footage = MemoryFootage(CAMERA)
    footage.add_segment(make_packets(50))
    second = as_run(make_packets(50), START_NS + 60 * S)
    footage.add_segment(second, replace(FORMAT, run_id="second"))
    footage.gaps.append(FootageGap(MAIN, START_NS + 2 * S, START_NS + 60 * S, "network", 0))
    async with open_session(footage) as client:
        await client.play(0)
        (gap,) = client.texts_of("gap")
        assert gap == {
            "type": "gap",
            "from": format_utc(START_NS + 2 * S),
            "to": format_utc(START_NS + 60 * S),
            "reason": "network",
            "play": 0,
        }
        assert all(end == start for (_, end), (start, _) in pairwise(spans(client)))
        after = next(head for head, _ in client.media if MediaFlag.DISCONTINUITY in head.flags)
        assert after.captured_at_ns == START_NS + 60 * S
        assert after.media_90k == 2 * 90_000


async def test_play_inside_a_gap_says_so_and_starts_where_footage_goes_on() -> None:
    footage = MemoryFootage(CAMERA)
    footage.add_segment(make_packets(50))
    footage.add_segment(as_run(make_packets(50), START_NS + 60 * S), replace(FORMAT, run_id="second"))
    async with open_session(footage) as client:
        await client.play(30)
        (gap,) = client.texts_of("gap")
        assert gap["from"] == format_utc(START_NS + 30 * S)
        assert gap["to"] == format_utc(START_NS + 60 * S)
        (position,) = client.texts_of("position")
        assert position["media_time_s"] == 0
        assert position["wall_ms"] == pytest.approx((START_NS + 60 * S) / 1e6)


async def test_lost_frame_inside_a_run_leaves_no_hole_that_would_freeze_a_browser() -> None:
    footage = MemoryFootage(CAMERA)
    packets = make_packets(100)
    footage.add_segment(packets[:50])
    later = [p.moved(18_000) for p in packets[50:]]
    footage.add_segment(later)  # 200 ms are missing between
    async with open_session(footage) as client:
        await client.play(0)
        assert all(end == start for (_, end), (start, _) in pairwise(spans(client)))
        assert client.texts_of("gap") == []


async def test_server_stays_ten_seconds_ahead_and_goes_on_with_the_client() -> None:
    async with open_session(make_footage(60)) as client:
        await client.play(0)
        assert 10 <= spans(client)[-1][1] / 90_000 <= 12
        await client.say(op="buffered", media_time_s=5.0)
        await client.wait_quiet()
        assert 15 <= spans(client)[-1][1] / 90_000 <= 17
        await client.say(op="buffered", media_time_s=5.0, speed=4)
        await client.wait_quiet()
        assert 45 <= spans(client)[-1][1] / 90_000 <= 47


async def test_seek_ends_the_play_before() -> None:
    async with open_session(make_footage(60)) as client:
        await client.play(0, play=1)
        await client.play(40, play=2)
        before = len(client.media)
        await client.say(op="buffered", media_time_s=3.0)
        await client.wait_quiet()
        walls = [head.captured_at_ns for head, _ in client.media[before:]]
        assert walls
        assert min(walls) > START_NS + 40 * S


async def test_keys_only_sends_one_frame_per_gop_that_lasts_the_gop() -> None:
    async with open_session(make_footage(20)) as client:
        await client.play(0, keys_only=True, speed=16)
        assert [len(parsed.video.sizes_bytes) for _, parsed in client.media] == [1] * 10
        assert spans(client) == [(i * 180_000, (i + 1) * 180_000) for i in range(9)] + [(1_620_000, 1_710_000)]


async def test_changed_format_is_announced_before_its_media() -> None:
    footage = MemoryFootage(CAMERA)
    footage.add_segment(make_packets(50))
    small = StreamFormat("second", replace(H264, width=320, height=180))
    footage.add_segment(as_run(make_packets(50), START_NS + 2 * S), small)
    async with open_session(footage) as client:
        await client.play(0)
        assert [text["width"] for text in client.texts_of("init")] == [640, 320]
        assert [head.kind for head in client.heads].count(MediaKind.INIT) == 2


async def test_deleted_footage_is_a_gap_and_the_rest_is_played() -> None:
    footage = make_footage(8)
    footage.delete(footage.fragments[3])
    async with open_session(footage) as client:
        await client.play(0)
        (gap,) = client.texts_of("gap")[:1]
        assert gap["reason"] == "policy"
        assert [head.captured_at_ns for head, _ in client.media] == [
            START_NS + second * S for second in (0, 1, 2, 4, 5, 6, 7)
        ]
        assert all(end == start for (_, end), (start, _) in pairwise(spans(client)))


async def test_no_footage_is_an_end_at_once() -> None:
    async with open_session(MemoryFootage(CAMERA)) as client:
        await client.play(0)
        assert [text["type"] for text in client.texts] == ["end"]


async def test_sub_stream_is_played_where_only_it_was_recorded() -> None:
    footage = MemoryFootage(CAMERA)
    footage.add_segment(make_packets(50), role=SUB)
    async with open_session(footage) as client:
        await client.play(0, stream="main")
        assert client.texts_of("init")[0]["stream"] == "sub"


async def test_h265_falls_back_to_the_h264_sub_stream() -> None:
    footage = MemoryFootage(CAMERA)
    footage.add_segment(make_packets(50), StreamFormat("a", H265))
    footage.add_segment(make_packets(50), StreamFormat("b", H264), role=SUB)
    async with open_session(footage) as client:
        await client.play(0)
        assert client.texts_of("init")[0]["codec"] == "h264"
        await client.play(0, h265=True)
        assert client.texts_of("init")[-1]["codec"] == "h265"


async def test_h265_alone_is_said_with_a_way_out() -> None:
    footage = MemoryFootage(CAMERA)
    footage.add_segment(make_packets(50), StreamFormat("a", H265))
    async with open_session(footage) as client:
        await client.play(0)
        (error,) = client.texts_of("error")
        assert error["code"] == "unsupported"
        assert "H.264" in str(error["hint"])


@pytest.mark.parametrize("audio", [AAC, PCMA])
async def test_sound_is_sent_when_asked_for(audio) -> None:
    footage = MemoryFootage(CAMERA)
    packets = [*make_packets(50), *make_packets(80, is_audio=True, step_90k=2090)]
    footage.add_segment(packets, replace(FORMAT, audio=audio))
    async with open_session(footage) as client:
        await client.play(0)
        assert "mp4a" not in str(client.texts_of("init")[-1]["mime"])
        assert all(parsed.audio is None for _, parsed in client.media)
        client.sent.clear()
        await client.play(0, audio=True)
        assert "mp4a" in str(client.texts_of("init")[-1]["mime"])
        assert client.media[0][1].audio is not None


async def test_recording_that_still_grows_is_followed() -> None:
    footage = make_footage(3)
    async with open_session(footage, utc_ns=START_NS + 3 * S) as client:
        original = footage.find_fragments
        grown = []

        def grow(*arguments):
            if not grown and arguments[2] >= START_NS + 3 * S:
                grown.append(True)
                packets = make_packets(125)[75:]
                footage.add_segment([msgspec.structs.replace(packets[0], is_key=True), *packets[1:]])
            return original(*arguments)

        footage.find_fragments = grow
        await client.play(0)
        assert client.media[-1][0].captured_at_ns == START_NS + 4 * S
        assert client.texts[-1]["type"] == "end"


async def test_each_camera_is_announced_once() -> None:
    async with open_session(make_footage()) as client:
        await client.play(0)
        await client.play(3)
        assert client.announced == [CAMERA]


@pytest.mark.parametrize(
    "fields",
    [
        {"op": "play", "camera": "x", "at": "2026-01-01T00:00:00Z"},
        {"op": "play", "camera": CAMERA, "at": "yesterday"},
        {"op": "play", "camera": CAMERA, "at": "2026-01-01T00:00:00"},
        {"op": "play", "camera": CAMERA, "at": "2026-01-01T00:00:00Z", "speed": 99},
        {"op": "play", "camera": CAMERA, "at": "2026-01-01T00:00:00Z", "sped": 1},
        {"op": "rewind"},
    ],
)
async def test_wrong_requests_are_errors_and_the_session_goes_on(fields) -> None:
    async with open_session(make_footage()) as client:
        await client.say(**fields)
        assert client.texts_of("error")[0]["code"] == "invalid_input"
        await client.play(0)
        assert client.media


async def test_camera_that_is_not_there_is_an_error() -> None:
    other = make_id(START_NS, bytes([1] * 10))
    async with open_session(make_footage()) as client:
        await client.say(op="play", camera=other, at=format_utc(START_NS))
        assert client.texts_of("error")[0]["code"] == "not_found"
        assert client.announced == []


async def test_zones_drawn_between_two_plays_mask_the_second() -> None:
    async with open_session(make_footage()) as client:
        await client.play(0, play=1)
        assert not client.texts_of("masked")
        assert not client.maskers
        whole = spans(client)
        client.hidden.add(CAMERA)
        client.sent.clear()
        await client.play(0, play=2)
        (text,) = client.texts_of("masked")
        assert text["play"] == 2
        (masker,) = client.maskers
        assert masker.set_ups == [(FORMAT.video, (ZONE,))]
        (init,) = client.texts_of("init")
        assert (init["width"], init["height"]) == (320, 180)
        assert spans(client) == whole  # the same times
        for _, parsed in client.media:
            assert set(parsed.video.sizes_bytes) == {6}


async def test_pictures_that_the_decoder_holds_back_come_later_and_in_order() -> None:
    async with open_session(make_footage()) as client:
        client.hidden.add(CAMERA)
        client.delay = 2
        await client.play(0, play=1)
        starts = [start for start, _ in spans(client)]
        assert starts == sorted(starts)
        assert sum(len(parsed.video.sizes_bytes) for _, parsed in client.media) == 8 * 25 - 2
