"""Live pictures for those who may not see the whole of it: the real gateway, the real jailed child, a served feed."""

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.clips import make_clip
from tests.support.exports import START_NS, add_recorded_camera
from tests.support.feed_server import serve_feed
from tests.support.gateway import API, ORIGIN, Harness, Login, open_gateway
from tests.support.sockets import MemorySocket, open_socket
from vedette.core.media import Packet, StreamFormat
from vedette.core.time import NS_PER_S, format_utc
from vedette.identity.permissions import Role
from vedette.media.decode import PacketDecoder
from vedette.media.demux import FileReader
from vedette.media.fmp4 import parse_fragment, parse_init
from vedette.media.planes import PlanarFrame
from vedette.streaming.messages import MediaKind, decode_media

CAMERA = {"name": "Gate", "main": {"url": "rtsp://192.0.2.9/main"}, "record": "main"}
LEFT = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]
RIGHT = [[0.5, 0], [1, 0], [1, 1], [0.5, 1]]
CACHED = 10


def read_clip(folder: Path) -> tuple[StreamFormat, list[Packet]]:
    with FileReader(make_clip(folder, frames=50), "run", NS_PER_S) as reader:
        return reader.format, list(reader.packets())


@asynccontextmanager
async def watched_camera(tmp_path: Path):
    """A gateway, a camera that is sent live, and its feed's connections."""
    async with open_gateway(tmp_path / "d") as house, house.local() as local:
        camera = (await local.post(f"{API}/cameras", json=CAMERA)).json()["id"]
        hub_tasks = house.data / "run" / "recorder.sock"
        async with serve_feed(hub_tasks, {camera: read_clip(tmp_path)}, cached=CACHED) as connections:
            yield house, camera, connections


async def hide(house: Harness, camera: str, *outlines: list[list[float]]) -> None:
    zones = [{"name": f"Zone {number}", "polygon": outline} for number, outline in enumerate(outlines)]
    async with house.local() as local:
        answer = await local.put(f"{API}/cameras/{camera}/privacy", json={"zones": zones})
    assert answer.status_code == 200, answer.text


@asynccontextmanager
async def live(house: Harness, camera: str, login: Login):
    headers = {"origin": ORIGIN, "cookie": f"vedette_session={login.cookie}"}
    async with open_socket(house.app, f"{API}/live?camera={camera}&stream=main", headers) as socket:
        assert (await socket.next_message())["type"] == "websocket.accept"
        yield socket


async def watch(socket: MemorySocket, count: int) -> tuple[list[dict[str, object]], list[PlanarFrame]]:
    """Reads until so many pictures could be decoded. Returns the texts and the pictures."""
    texts: list[dict[str, object]] = []
    frames: list[PlanarFrame] = []
    decoder: PacketDecoder | None = None
    while len(frames) < count:
        message = await socket.next_message()
        assert message["type"] == "websocket.send", message
        if "text" in message:
            texts.append(json.loads(message["text"]))
            continue
        head, body = decode_media(message["bytes"])
        if head.kind is MediaKind.INIT:
            decoder = PacketDecoder(parse_init(body).format.video)
            continue
        assert decoder is not None
        track = parse_fragment(body).video
        offset = track.offset
        for size_bytes, is_key in zip(track.sizes_bytes, track.is_key, strict=True):
            data = body[offset : offset + size_bytes]
            frames += decoder.decode(data, len(frames), is_key=is_key)
            offset += size_bytes
    return texts, frames


def is_hidden(frame: PlanarFrame, *, left: bool) -> bool:
    half = frame.y[:, :154] if left else frame.y[:, 166:]
    return bool(half.max() <= 60)


async def test_operator_sees_live_pictures_with_the_zone_filled_and_who_may_unmask_sees_all(tmp_path: Path) -> None:
    async with watched_camera(tmp_path) as (house, camera, _):
        await hide(house, camera, LEFT)
        operator, administrator = [await house.login_as(role) for role in (Role.GUARD, Role.ADMINISTRATOR)]
        async with live(house, camera, operator) as masked, live(house, camera, administrator) as whole:
            texts, frames = await watch(masked, 30)
            assert texts[0] == {"type": "masked"}
            assert all(is_hidden(frame, left=True) for frame in frames)
            assert not any(is_hidden(frame, left=False) for frame in frames)
            texts, frames = await watch(whole, 30)
            assert "masked" not in {text["type"] for text in texts}
            assert not any(is_hidden(frame, left=True) for frame in frames)
        for login in (operator, administrator):
            await login.client.aclose()


async def test_viewers_of_one_masked_stream_share_one_child(tmp_path: Path) -> None:
    async with watched_camera(tmp_path) as (house, camera, connections):
        await hide(house, camera, LEFT)
        operator = await house.login_as(Role.GUARD)
        async with live(house, camera, operator) as first, live(house, camera, operator) as second:
            await asyncio.gather(watch(first, 10), watch(second, 10))
            assert connections[camera] == 1
        await operator.client.aclose()


async def test_moved_zone_ends_the_masked_feed_and_the_next_view_has_the_new_one(tmp_path: Path) -> None:
    """Within the time that a feed lingers after its last viewer: the old child must not serve again."""
    async with watched_camera(tmp_path) as (house, camera, connections):
        await hide(house, camera, LEFT)
        operator = await house.login_as(Role.GUARD)
        async with live(house, camera, operator) as socket:
            await watch(socket, 5)
            await hide(house, camera, RIGHT)
            while (message := await socket.next_message())["type"] != "websocket.close":
                pass
            assert (message["code"], message["reason"]) == (1013, "privacy_changed")
        async with live(house, camera, operator) as socket:
            _, frames = await watch(socket, 10)
        assert all(is_hidden(frame, left=False) for frame in frames)
        assert not any(is_hidden(frame, left=True) for frame in frames)
        assert connections[camera] == 2
        await operator.client.aclose()


@pytest.mark.parametrize("speed", [1, 16])
async def test_recording_is_played_masked_to_the_operator_and_whole_to_who_may_unmask(
    tmp_path: Path, speed: int
) -> None:
    """At 16 times the speed only key frames are sent."""
    play = {"op": "play", "stream": "main", "at": format_utc(START_NS), "play": 3}
    play |= {"speed": speed, "keys_only": speed > 1}
    count = 3 if speed > 1 else 90
    async with open_gateway(tmp_path / "d") as house:
        camera = await add_recorded_camera(house, "Gate", tmp_path)
        await hide(house, camera, LEFT)
        seen = {}
        for role in (Role.MONITOR, Role.ADMINISTRATOR):
            login = await house.login_as(role)
            headers = {"origin": ORIGIN, "cookie": f"vedette_session={login.cookie}"}
            async with open_socket(house.app, f"{API}/playback", headers) as socket:
                await socket.next_message()
                await socket.send_text(json.dumps(play | {"camera": camera}))
                seen[role] = await watch(socket, count)
            await login.client.aclose()
        texts, masked = seen[Role.MONITOR]
        assert texts[0] == {"type": "masked", "play": 3}
        _, whole = seen[Role.ADMINISTRATOR]
        assert min(len(masked), len(whole)) >= count
        assert all(is_hidden(frame, left=True) for frame in masked)
        assert not any(is_hidden(frame, left=False) for frame in masked)
        assert not any(is_hidden(frame, left=True) for frame in whole)
