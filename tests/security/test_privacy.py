"""Nobody without `privacy.unmask` gets a hidden part of a picture, by any way there is to footage."""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import av
import httpx
import numpy as np
import pytest
from fastapi.routing import APIRoute
from numpy.typing import NDArray
from starlette.routing import WebSocketRoute

from tests.support.analyzer import serve_pictures
from tests.support.exports import START_NS, add_recorded_camera
from tests.support.gateway import API, ORIGIN, Harness, Login
from tests.support.notary import NotaryProcess
from tests.support.sockets import open_socket
from vedette.adapters.database_events import SqlEventStore
from vedette.api.routes import declared_routes
from vedette.core.messages import EventObserved
from vedette.core.time import NS_PER_S, format_utc
from vedette.identity.permissions import Role
from vedette.vision.drawing import encode_jpeg
from vedette.vision.masking import decode_jpeg

EVENT = "01JD5Q8Z3M6V1T9W4X7Y2B0001"
FROM, TO = format_utc(START_NS), format_utc(START_NS + 4 * NS_PER_S)
RANGE = urlencode({"from": FROM, "to": TO, "purpose": "theft"})
AT = urlencode({"at": TO})
AT_LAST = urlencode({"at": format_utc(START_NS + 3 * NS_PER_S)})
ZONE = {"name": "Window", "polygon": [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]}
MASKED = (
    "/cameras/{camera_id}/thumbnail.jpg",
    "/events/{event_id}/picture.jpg",
    "/events/{event_id}/still.jpg",
)
"""Pictures that are shown with the hidden parts filled, by the analyzer."""
MADE_BEFORE = ("/exports/{export_id}/files/{name}", "/exports/{export_id}/bundle.zip")
WINDOWLESS: dict[str, list[object]] = {"zones": []}
FILE_RESULTS = f"{API}/analysis/files/{{job_id}}/results/{{name:path}}"
NOT_FOOTAGE = {
    f"{API}/cameras/export.xlsx",
    f"{API}/categories/sets/{{name}}/file",
    f"{API}/events",
    f"{API}/tracks",
    FILE_RESULTS,
    f"{API}/search/objects/{{object_id}}/picture.jpg",
    f"{API}/watchlists/{{list_id}}/entries.csv",
    f"{API}/watchlists/{{list_id}}/people/{{entry_id}}/portraits/{{place}}.jpg",
}
"""The inventory; events, boxes and taught categories, which are words and numbers; files and portraits that people
brought, of no camera here; lists. Pictures of seen objects are walked in `test_search_attacks.py`.
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A camera with footage, an event picture, and an export made when nothing was hidden yet."""

    gateway: Harness
    camera: str
    export: str

    def requests(self) -> dict[str, tuple[str, str]]:
        """How each route to footage is asked: method and path by route."""
        camera, export = f"/cameras/{self.camera}", f"/exports/{self.export}"
        return {
            "/cameras/{camera_id}/recording.m3u8": ("GET", f"{camera}/recording.m3u8?{RANGE}"),
            "/cameras/{camera_id}/footage/{role}/{at_ns}/init.mp4": (
                "GET",
                f"{camera}/footage/main/{START_NS}/init.mp4",
            ),
            "/cameras/{camera_id}/footage/{role}/{start_ns}-{end_ns}.m4s": (
                "GET",
                f"{camera}/footage/main/{START_NS}-{START_NS + NS_PER_S}.m4s",
            ),
            "/cameras/{camera_id}/recording.mp4": ("GET", f"{camera}/recording.mp4?{RANGE}"),
            "/cameras/{camera_id}/recording.mkv": ("GET", f"{camera}/recording.mkv?{RANGE}"),
            "/cameras/{camera_id}/thumbnail.jpg": ("GET", f"{camera}/thumbnail.jpg?{AT}"),
            "/cameras/{camera_id}/still.jpg": ("GET", f"{camera}/still.jpg?{AT_LAST}"),
            "/events/{event_id}/picture.jpg": ("GET", f"/events/{EVENT}/picture.jpg"),
            "/events/{event_id}/still.jpg": ("GET", f"/events/{EVENT}/still.jpg"),
            "/exports/{export_id}/files/{name}": ("GET", f"{export}/files/Gate.mp4"),
            "/exports/{export_id}/bundle.zip": ("GET", f"{export}/bundle.zip"),
        }

    async def hide(self, body: dict[str, object] | None = None) -> dict[str, object]:
        async with self.gateway.local() as local:
            answer = await local.put(f"{API}/cameras/{self.camera}/privacy", json=body or {"zones": [ZONE]})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def order(camera: str, **changes: object) -> dict[str, object]:
    return {"cameras": [camera], "from": FROM, "to": TO, "purpose": "theft"} | changes


async def make_export(gateway: Harness, login: Login, camera: str, **changes: object) -> str:
    wanted = order(camera, **changes)
    answer = await login.client.post(f"{API}/exports", json=wanted, headers=login.headers)
    assert answer.status_code == 201, answer.text
    running = asyncio.create_task(gateway.parts.exports.run())
    try:
        async with asyncio.timeout(30):
            while True:
                job = (await login.client.get(f"{API}/exports/{answer.json()['id']}")).json()
                if job["state"] not in {"queued", "running"}:
                    assert job["state"] == "done"
                    return str(job["id"])
                await asyncio.to_thread(int)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def put_event(gateway: Harness, camera: str) -> None:
    picture = gateway.data / "pictures" / "01" / f"{EVENT}.jpg"
    picture.parent.mkdir(parents=True)
    noise = np.random.default_rng(7).integers(80, 256, (360, 640, 3), np.uint8)
    picture.write_bytes(encode_jpeg(noise))
    fact = EventObserved(EVENT, camera, "line_crossed", START_NS, None, "person", 0.75, picture=f"01/{EVENT}.jpg")
    await SqlEventStore(gateway.parts.database).put(fact)


@pytest.fixture
async def scene(gateway: Harness, tmp_path: Path) -> AsyncIterator[tuple[Scene, Login]]:
    """The scene and its operator; the export is the operator's own."""
    camera = await add_recorded_camera(gateway, "Gate", tmp_path)
    await put_event(gateway, camera)
    login = await gateway.login_as(Role.MONITOR)
    yield Scene(gateway, camera, await make_export(gateway, login, camera)), login
    await login.client.aclose()


def _is_refused(answer: httpx.Response, code: str = "masked_unavailable") -> bool:
    return answer.status_code == 403 and answer.json()["code"] == code


def test_every_route_that_may_carry_footage_is_walked() -> None:
    known = set(Scene.requests(Scene(None, "", "")))  # type: ignore[arg-type]
    for route, _ in declared_routes():
        # The default class, a placeholder and no type, is JSON; what names another one sends bytes.
        sends_bytes = isinstance(route, APIRoute) and isinstance(route.response_class, type)
        is_footage = sends_bytes and route.path not in NOT_FOOTAGE
        assert is_footage == (route.path.removeprefix(API) in known), route.path
    sockets = {route.path for route, _ in declared_routes() if isinstance(route, WebSocketRoute)}
    assert sockets - NOT_FOOTAGE == {f"{API}/live", f"{API}/playback"}


async def test_operator_gets_nothing_unmasked_on_any_route_and_who_may_unmask_gets_all(
    scene: tuple[Scene, Login],
) -> None:
    house, operator = scene
    administrator = await house.gateway.login_as(Role.ADMINISTRATOR)
    for method, path in house.requests().values():
        before = await operator.client.request(method, f"{API}{path}")
        assert before.status_code not in {401, 403}, (path, before.text)
    await house.hide()
    for route, (method, path) in house.requests().items():
        seen = await operator.client.request(method, f"{API}{path}")
        if route in MASKED:  # and nobody masks now: no picture
            assert (seen.status_code, seen.json()["code"]) == (503, "unavailable")
        elif route in MADE_BEFORE:
            assert _is_refused(seen, "masks_outdated") or seen.status_code == 404, path
        else:
            assert seen.status_code == 200, (path, seen.text)
            assert seen.headers["x-vedette-masked"] == "1", path
        answer = await administrator.client.request(method, f"{API}{path}")
        assert answer.status_code not in {401, 403}, (path, answer.text)
        assert "x-vedette-masked" not in answer.headers, path
    await administrator.client.aclose()


async def test_export_is_masked_for_the_operator_and_a_copy_for_who_may_unmask(
    scene: tuple[Scene, Login], tmp_path: Path
) -> None:
    house, operator = scene
    administrator = await house.gateway.login_as(Role.ADMINISTRATOR)
    other = await add_recorded_camera(house.gateway, "Yard 2", tmp_path)
    await house.hide()
    both = [house.camera, other]
    made = {}
    for login, mark in ((operator, " masked"), (administrator, "")):
        export = await make_export(house.gateway, login, house.camera, cameras=both)
        job = (await login.client.get(f"{API}/exports/{export}")).json()
        assert job["masked_cameras"] == ([house.camera] if mark else [])
        assert [file["name"] for file in job["files"]] == [f"Gate{mark}.mp4", "Yard 2.mp4"]
        assert [file["masked"] for file in job["files"]] == [bool(mark), False]
        path = f"{API}/exports/{export}/files"
        made[mark] = await login.client.get(f"{path}/Gate{mark}.mp4")
        assert (await login.client.get(f"{path}/Yard 2.mp4")).status_code == 200
    masked, whole = (_read_video(made[mark]) for mark in (" masked", ""))
    assert len(masked) == len(whole) == 100
    inside, outside = np.s_[27:60, 120:150], np.s_[108:176, 4:316]
    for hidden, open_ in zip(masked, whole, strict=True):
        assert hidden[inside].max() < 60
        assert np.abs(hidden[outside] - open_[outside]).mean() < 6
    assert max(open_[inside].max() for open_ in whole) > 100
    trail = (await administrator.client.get(f"{API}/audit?action=recording.export")).json()["items"]
    ordered = [row["detail"].rpartition("; ")[2] for row in trail if row["action"] == "recording.export"]
    assert ordered == ["cameras: Gate, Yard 2", "parts hidden: Gate", "cameras: Gate"]
    await administrator.client.aclose()


def _read_video(answer: httpx.Response) -> list[NDArray[np.int16]]:
    assert answer.status_code == 200, answer.text
    with av.open(io.BytesIO(answer.content)) as container:
        return [frame.to_ndarray(format="gray").astype(np.int16) for frame in container.decode(video=0)]


async def test_bundle_has_no_byte_of_the_originals_of_a_hidden_camera(
    scene: tuple[Scene, Login], tmp_path: Path
) -> None:
    house, operator = scene
    other = await add_recorded_camera(house.gateway, "Yard 2", tmp_path)
    await house.hide()
    notary = NotaryProcess(house.gateway.data)
    await notary.start()
    try:
        alone = await make_export(house.gateway, operator, house.camera, bundle=True)
        export = await make_export(house.gateway, operator, other, cameras=[other, house.camera], bundle=True)
    finally:
        notary.kill()
    job = (await operator.client.get(f"{API}/exports/{export}")).json()
    assert [(file["name"], file["masked"]) for file in job["files"]] == [("bundle.zip", True)]
    path = f"{API}/exports/{export}/bundle.zip"
    packed = (await operator.client.get(path)).content
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".mp4")]
        masked = archive.read(next(name for name in names if name.startswith("masked/2-gate/")))
    assert sorted(name.split("/")[0] for name in names) == ["clips", "masked", "video"]
    assert not [name for name in names if "gate" in name and not name.startswith("masked/")]
    with av.open(io.BytesIO(masked)) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(pictures) == 100
    assert max(picture[27:60, 120:150].max() for picture in pictures) < 60
    packed = (await operator.client.get(f"{API}/exports/{alone}/bundle.zip")).content
    for stored in stored_pictures(house.gateway.data, house.camera):
        assert stored not in packed
    await house.hide({"zones": [ZONE | {"polygon": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.5]]}]})
    assert _is_refused(await operator.client.get(path), "masks_outdated")
    async with house.gateway.local() as local:
        told = (await local.get(f"{API}/audit?action=recording.export")).json()["items"]
    assert [row["detail"].rpartition("; ")[2] for row in told if row["detail"].startswith("mp4 bundle")] == [
        "parts hidden: Gate"
    ] * 2


def stored_pictures(data: Path, camera: str) -> list[bytes]:
    """Pieces of what the volume holds of a camera."""
    pieces = []
    for path in (data / "volumes" / "main").rglob("*.mp4"):
        stored = path.read_bytes()
        if camera.encode() in stored:
            pieces += [stored[at : at + 64] for at in range(4096, len(stored) - 64, 4096)]
    assert pieces
    return pieces


async def test_masked_file_is_not_given_out_when_other_parts_are_hidden_since(scene: tuple[Scene, Login]) -> None:
    house, operator = scene
    await house.hide()
    path = f"{API}/exports/{await make_export(house.gateway, operator, house.camera)}/files/Gate masked.mp4"
    assert (await operator.client.get(path)).status_code == 200
    await house.hide({"zones": [ZONE | {"name": "Renamed"}]})
    assert (await operator.client.get(path)).status_code == 200
    await house.hide({"zones": [ZONE | {"polygon": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.5]]}]})
    assert _is_refused(await operator.client.get(path), "masks_outdated")
    await house.hide(WINDOWLESS)
    assert (await operator.client.get(path)).status_code == 200


async def test_more_masking_than_a_night_can_do_is_refused(scene: tuple[Scene, Login]) -> None:
    house, operator = scene
    await house.hide()
    late = format_utc(START_NS + 7 * 3600 * NS_PER_S)
    wanted = order(house.camera, to=late)
    refused = await operator.client.post(f"{API}/exports", json=wanted, headers=operator.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "export_too_large")
    async with house.gateway.local() as local:
        assert (await local.post(f"{API}/exports", json=wanted)).status_code == 201


async def test_token_of_an_administrator_sees_whole_pictures_only_with_that_scope(scene: tuple[Scene, Login]) -> None:
    house, _ = scene
    await house.hide()
    administrator = await house.gateway.login_as(Role.ADMINISTRATOR)
    path = f"{API}/cameras/{house.camera}/recording.m3u8?{RANGE}"
    for scopes, masked in ((["recording.play"], "1"), (["recording.play", "privacy.unmask"], None)):
        body = {"name": f"{len(scopes)}", "scopes": scopes}
        made = await administrator.client.post(f"{API}/tokens", json=body, headers=administrator.headers)
        async with house.gateway.anonymous() as client:
            answer = await client.get(path, headers={"Authorization": f"Bearer {made.json()['token']}"})
        assert answer.status_code == 200, answer.text
        assert answer.headers.get("x-vedette-masked") == masked
    await administrator.client.aclose()


async def test_pictures_of_a_camera_that_is_removed_stay_hidden(scene: tuple[Scene, Login]) -> None:
    house, operator = scene
    await house.hide()
    async with house.gateway.local() as local:
        assert (await local.delete(f"{API}/cameras/{house.camera}")).status_code == 204
    requests = house.requests()
    method, path = requests["/exports/{export_id}/files/{name}"]
    assert _is_refused(await operator.client.request(method, f"{API}{path}"), "masks_outdated")
    method, path = requests["/events/{event_id}/picture.jpg"]
    assert (await operator.client.request(method, f"{API}{path}")).status_code == 503
    async with serve_pictures(house.gateway.data):
        answer = await operator.client.request(method, f"{API}{path}")
    assert answer.headers["x-vedette-masked"] == "1"


def _read_picture(answer: httpx.Response) -> NDArray[np.int16]:
    assert answer.status_code == 200, answer.text
    return decode_jpeg(answer.content).astype(np.int16)


async def test_previews_and_event_pictures_are_filled_for_the_operator_and_whole_for_who_may_unmask(
    scene: tuple[Scene, Login],
) -> None:
    house, operator = scene
    await house.hide()
    administrator = await house.gateway.login_as(Role.ADMINISTRATOR)
    async with serve_pictures(house.gateway.data):
        for route in MASKED:
            method, path = house.requests()[route]
            masked = await operator.client.request(method, f"{API}{path}")
            whole = await administrator.client.request(method, f"{API}{path}")
            assert (masked.headers["x-vedette-masked"], masked.headers["cache-control"]) == ("1", "no-store")
            assert "x-vedette-masked" not in whole.headers
            hidden, open_ = _read_picture(masked), _read_picture(whole)
            height, width = hidden.shape[:2]
            inside = np.s_[height * 15 // 100 : height * 35 // 100, width * 38 // 100 : width * 48 // 100]
            outside = np.s_[height * 6 // 10 :, :]
            assert hidden[inside].max() < 60, route
            assert open_[inside].max() > 60, route
            assert np.abs(hidden[outside] - open_[outside]).mean() < 8, route
    await administrator.client.aclose()


async def test_changing_a_camera_does_not_lose_its_zones(scene: tuple[Scene, Login]) -> None:
    house, operator = scene
    await house.hide()
    async with house.gateway.local() as local:
        assert (await local.patch(f"{API}/cameras/{house.camera}", json={"name": "Front"})).status_code == 200
        sheet = await local.get(f"{API}/cameras/export.xlsx")
        assert (await local.post(f"{API}/cameras/import", content=sheet.content)).json()["imported"]
    method, path = house.requests()["/cameras/{camera_id}/recording.m3u8"]
    assert (await operator.client.request(method, f"{API}{path}")).headers["x-vedette-masked"] == "1"


def _headers(login: Login) -> dict[str, str]:
    return {"origin": ORIGIN, "cookie": f"vedette_session={login.cookie}"}


async def _next_text(socket: object, kind: str) -> dict[str, object]:
    while True:
        message = await socket.next_message()  # type: ignore[attr-defined]
        assert message["type"] == "websocket.send", message
        if "text" in message and (found := json.loads(message["text"]))["type"] == kind:
            return dict(found)


async def _wait_closed(socket: object) -> tuple[int, str]:
    while (message := await socket.next_message())["type"] != "websocket.close":  # type: ignore[attr-defined]
        assert message["type"] in {"websocket.send", "websocket.accept"}
    return message["code"], message["reason"]


async def test_live_socket_says_that_it_is_masked_and_shows_nothing_when_nobody_sends(
    scene: tuple[Scene, Login],
) -> None:
    house, operator = scene
    await house.hide()
    url = f"{API}/live?camera={house.camera}"
    async with open_socket(house.gateway.app, url, _headers(operator)) as socket:
        assert (await socket.next_message())["type"] == "websocket.accept"
        assert await _next_text(socket, "masked")
        assert (await _next_text(socket, "state"))["state"] == "connecting"


async def test_open_live_socket_ends_when_zones_are_drawn_and_only_for_who_may_not_unmask(
    scene: tuple[Scene, Login],
) -> None:
    house, operator = scene
    administrator = await house.gateway.login_as(Role.ADMINISTRATOR)
    url = f"{API}/live?camera={house.camera}"
    async with (
        open_socket(house.gateway.app, url, _headers(operator)) as masked,
        open_socket(house.gateway.app, url, _headers(administrator)) as unmasked,
    ):
        await masked.next_message()
        await _next_text(masked, "state")
        await unmasked.next_message()
        await _next_text(unmasked, "state")
        assert (await house.hide())["zones"]
        assert await _wait_closed(masked) == (1013, "privacy_changed")
        await unmasked.send_text('{"op": "ping", "t": 1}')
        assert await _next_text(unmasked, "pong")
    await administrator.client.aclose()


async def test_playing_socket_ends_when_zones_are_drawn_and_a_new_play_is_masked(scene: tuple[Scene, Login]) -> None:
    house, operator = scene
    play = json.dumps({"op": "play", "camera": house.camera, "stream": "main", "at": FROM, "play": 1})
    async with open_socket(house.gateway.app, f"{API}/playback", _headers(operator)) as socket:
        await socket.next_message()
        await socket.send_text(play)
        await _next_text(socket, "init")
        await house.hide()
        assert await _wait_closed(socket) == (1013, "privacy_changed")
    async with open_socket(house.gateway.app, f"{API}/playback", _headers(operator)) as socket:
        await socket.next_message()
        await socket.send_text(play)
        assert (await _next_text(socket, "masked"))["play"] == 1


async def test_taking_the_last_zone_away_is_journaled_and_told_to_others(scene: tuple[Scene, Login]) -> None:
    house, operator = scene
    await house.hide()
    await house.hide(WINDOWLESS)
    path = f"{API}/cameras/{house.camera}/recording.m3u8?{RANGE}"
    assert (await operator.client.get(path)).status_code == 200
    async with house.gateway.local() as local:
        rows = (await local.get(f"{API}/audit?action=privacy.change")).json()["items"]
        events = (await local.get(f"{API}/events?kind=protection_reduced")).json()["items"]
    outline = "Window: 0.100,0.100 0.500,0.100 0.500,0.500"
    assert [row["detail"] for row in rows] == [f"removed {outline}", f"added {outline}"]
    assert [event["detail"] for event in events] == ["local: privacy zone Window removed"]


async def test_operator_reads_zones_and_cannot_change_them(scene: tuple[Scene, Login]) -> None:
    house, operator = scene
    zones = await house.hide()
    path = f"{API}/cameras/{house.camera}/privacy"
    assert (await operator.client.get(path)).json() == zones
    refused = await operator.client.put(path, json=WINDOWLESS, headers=operator.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_permission")


async def test_zones_that_hide_nothing_are_refused_and_the_old_ones_stay(scene: tuple[Scene, Login]) -> None:
    house, _ = scene
    zones = await house.hide()
    bow_tie = {"name": "Bow", "polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}
    async with house.gateway.local() as local:
        path = f"{API}/cameras/{house.camera}/privacy"
        for body in ({"zones": [bow_tie]}, {"zones": [ZONE] * 17}, {"zone": []}, {}):
            refused = await local.put(path, json=body)
            assert refused.status_code == 422, body
            assert refused.json()["errors"]
        assert (await local.get(path)).json() == zones
