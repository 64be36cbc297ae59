"""Stills through the real gateway and its jailed workers: the right moment, masked first, labelled, not kept."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import cv2
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.analyzer import serve_pictures
from tests.support.clips import draw_bar
from tests.support.exports import START_NS, add_recorded_camera
from tests.support.gateway import API, Harness, Login, open_gateway
from vedette.adapters.database_events import SqlEventStore
from vedette.core.messages import EventObserved
from vedette.core.time import NS_PER_MS, format_utc
from vedette.identity.permissions import Role
from vedette.vision.enhance.label import render_label

NOTE = b"this is not evidence"
LEFT = {"name": "Left", "polygon": [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]}
EVENT = "01JD5Q8Z3M6V1T9W4X7Y2B0002"


def asked(at_ms: int = 1490, **more: object) -> str:
    return urlencode({"at": format_utc(START_NS + at_ms * NS_PER_MS)} | more)


def read(answer: httpx.Response) -> NDArray[np.int16]:
    """(H, W, 3) of an answer that has to be a picture."""
    assert answer.status_code == 200, answer.text
    image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.int16)


def is_labelled(image: NDArray[np.int16]) -> bool:
    plate = render_label((image.shape[1], image.shape[0])).astype(np.int16)
    corner = image[-plate.shape[0] :, -plate.shape[1] :, 1]
    return bool(np.abs(corner - plate).mean() < 12)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[tuple[Harness, str, Login]]:
    """A camera with four seconds of footage, and an operator."""
    async with open_gateway(tmp_path / "d") as house:
        camera = await add_recorded_camera(house, "Gate", tmp_path)
        login = await house.login_as(Role.MONITOR)
        yield house, camera, login
        await login.client.aclose()


def list_files(folder: Path) -> set[Path]:
    """All but what a database keeps beside itself while it is open."""
    return {path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm"))}


async def hide(house: Harness, camera: str) -> None:
    async with house.local() as local:
        answer = await local.put(f"{API}/cameras/{camera}/privacy", json={"zones": [LEFT]})
    assert answer.status_code == 200, answer.text


async def test_still_is_the_picture_of_the_moment_and_not_the_key_frame_before(
    scene: tuple[Harness, str, Login],
) -> None:
    _, camera, login = scene
    for at_ms, index in ((1490, 37), (1000, 25), (1959, 48)):
        answer = await login.client.get(f"{API}/cameras/{camera}/still.jpg?{asked(at_ms)}")
        image = read(answer)
        differences = [np.abs(image - draw_bar(number, 320, 180)).mean() for number in range(20, 60)]
        assert int(np.argmin(differences)) + 20 == index
        assert answer.headers["x-vedette-captured-at"] == format_utc(START_NS + index * 40 * NS_PER_MS)
        assert "x-vedette-enhanced" not in answer.headers
        assert NOTE not in answer.content
        assert not is_labelled(image)


async def test_enhanced_still_says_so_in_pixels_file_name_and_header_and_is_written_nowhere(
    scene: tuple[Harness, str, Login],
) -> None:
    house, camera, login = scene
    before = list_files(house.data)
    answer = await login.client.get(f"{API}/cameras/{camera}/still.jpg?{asked(enhance=2)}")
    image = read(answer)
    assert image.shape == (360, 640, 3)
    assert is_labelled(image)
    assert NOTE in answer.content
    assert answer.headers["x-vedette-enhanced"].startswith("x2; ")
    assert "enhanced" in answer.headers["content-disposition"]
    plain = read(await login.client.get(f"{API}/cameras/{camera}/still.jpg?{asked()}"))
    halved = cv2.resize(image.astype(np.uint8), (320, 180), interpolation=cv2.INTER_AREA).astype(np.int16)
    assert np.abs(halved - plain)[:160].mean() < 3
    assert list_files(house.data) == before
    administrator = await house.login_as(Role.ADMINISTRATOR)
    trail = (await administrator.client.get(f"{API}/audit?action=recording.still")).json()["items"]
    assert [row["resource"] for row in trail] == [camera, camera]
    await administrator.client.aclose()


async def test_part_is_cut_after_the_hidden_is_filled(scene: tuple[Harness, str, Login]) -> None:
    house, camera, login = scene
    right = {"enhance": 2, "crop": "0.6,0.25,0.25,0.5"}
    open_ = read(await login.client.get(f"{API}/cameras/{camera}/still.jpg?{asked(**right)}"))
    assert open_.shape == (180, 160, 3)
    await hide(house, camera)
    for enhance, crop in ((1, "0.1,0.1,0.3,0.8"), (2, "0.1,0.1,0.3,0.8"), (2, "0,0,1,1")):
        answer = await login.client.get(f"{API}/cameras/{camera}/still.jpg?{asked(enhance=enhance, crop=crop)}")
        assert answer.headers["x-vedette-masked"] == "1"
        assert answer.headers["cache-control"] == "no-store"
        image = read(answer)
        hidden = image[: image.shape[0] * 3 // 4, : image.shape[1] if crop[0:3] == "0.1" else image.shape[1] * 15 // 32]
        assert hidden.max() < 60
    beside = read(await login.client.get(f"{API}/cameras/{camera}/still.jpg?{asked(**right)}"))
    assert np.abs(beside - open_).mean() < 2
    administrator = await house.login_as(Role.ADMINISTRATOR)
    whole = read(await administrator.client.get(f"{API}/cameras/{camera}/still.jpg?{asked(crop='0.1,0.1,0.3,0.8')}"))
    assert whole.max() > 60
    await administrator.client.aclose()


async def test_what_cannot_be_shown_is_said_with_the_way_out(scene: tuple[Harness, str, Login]) -> None:
    house, camera, login = scene
    path = f"{API}/cameras/{camera}/still.jpg"
    for query, status, code in (
        (asked(9000), 404, "no_footage"),
        (asked(-9000), 404, "no_footage"),
        (asked(crop="0.5,0.5,0.6,0.2"), 422, "invalid_input"),
        (asked(crop="nan,0,1,1"), 422, "invalid_input"),
        (asked(crop="0,0,1"), 422, "invalid_input"),
        (asked(crop="0.5,0.5,0.01,0.01"), 422, "invalid_input"),
        (asked(enhance=4), 422, None),
    ):
        answer = await login.client.get(f"{path}?{query}")
        assert answer.status_code == status, answer.text
        assert code is None or answer.json()["code"] == code, answer.text
    async with house.anonymous() as nobody:
        assert (await nobody.get(f"{path}?{asked()}")).status_code == 401


async def test_a_program_that_asks_for_every_moment_is_told_to_slow_down(scene: tuple[Harness, str, Login]) -> None:
    _, camera, login = scene
    path = f"{API}/cameras/{camera}/still.jpg?{asked(9000)}"
    answers = [await login.client.get(path) for _ in range(14)]
    assert [answer.status_code for answer in answers] == [404] * 12 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_event_picture_is_masked_then_cut_then_enlarged(scene: tuple[Harness, str, Login]) -> None:
    house, camera, login = scene
    picture = house.data / "pictures" / "01" / f"{EVENT}.jpg"
    picture.parent.mkdir(parents=True)
    noise = np.random.default_rng(7).integers(100, 256, (180, 320, 3), np.uint8)
    picture.write_bytes(cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_QUALITY, 50])[1].tobytes())
    fact = EventObserved(EVENT, camera, "line_crossed", START_NS, None, "person", 0.75, picture=f"01/{EVENT}.jpg")
    await SqlEventStore(house.parts.database).put(fact)
    path = f"{API}/events/{EVENT}/still.jpg"
    answer = await login.client.get(f"{path}?enhance=2")
    assert read(answer).shape == (360, 640, 3)
    assert answer.headers["x-vedette-enhanced"].endswith("jpeg-50")
    await hide(house, camera)
    assert (await login.client.get(f"{path}?enhance=2")).status_code == 503  # nobody masks now: no picture
    async with serve_pictures(house.data):
        image = read(await login.client.get(f"{path}?enhance=2&crop=0,0,0.9,0.9"))
    assert image.shape == (324, 576, 3)
    assert image[:200, :290].max() < 70
    assert image[:200, 340:].max() > 100
