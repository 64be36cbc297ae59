"""Playlists and downloads of cameras with hidden parts, through the real gateway and the real jailed child."""

import io
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.exports import START_NS, add_recorded_camera
from tests.support.gateway import API, Harness, Login, open_gateway
from vedette.core.time import NS_PER_S, format_utc
from vedette.identity.permissions import Role
from vedette.media.fmp4 import parse_fragment

LEFT = {"name": "Left", "polygon": [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]}
RIGHT = {"name": "Right", "polygon": [[0.5, 0], [1, 0], [1, 1], [0.5, 1]]}
Pictures = list[NDArray[np.uint8]]


def asked(from_s: float = 0.0, to_s: float = 10.0) -> str:
    start, end = (format_utc(START_NS + round(at_s * NS_PER_S)) for at_s in (from_s, to_s))
    return urlencode({"from": start, "to": end, "purpose": "theft"})


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[tuple[Harness, str, Login]]:
    """A camera with ten seconds of footage, its left half hidden, and an operator."""
    async with open_gateway(tmp_path / "d") as house:
        camera = await add_recorded_camera(house, "Gate", tmp_path, seconds=10)
        await hide(house, camera, LEFT)
        login = await house.login_as(Role.MONITOR)
        yield house, f"{API}/cameras/{camera}", login
        await login.client.aclose()


async def hide(house: Harness, camera: str, *zones: dict[str, object]) -> None:
    async with house.local() as local:
        answer = await local.put(f"{API}/cameras/{camera}/privacy", json={"zones": list(zones)})
    assert answer.status_code == 200, answer.text


def decode(data: bytes) -> Pictures:
    with av.open(io.BytesIO(data)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


def is_hidden(picture: NDArray[np.uint8], *, left: bool) -> bool:
    return bool((picture[:, :154] if left else picture[:, 166:]).max() <= 60)


async def fetch_playlist(login: Login, camera: str) -> tuple[bytes, list[bytes]]:
    """Returns the init segment and the parts of all footage."""
    text = (await login.client.get(f"{camera}/recording.m3u8?{asked()}")).text
    (init,) = [line.split('"')[1] for line in text.splitlines() if line.startswith("#EXT-X-MAP")]
    parts = [line for line in text.splitlines() if line.startswith("footage/")]
    answers = [await login.client.get(f"{camera}/{name}") for name in (init, *parts)]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-vedette-masked"] == "1"
        assert answer.headers["cache-control"] == "no-store"
    first, *rest = [answer.content for answer in answers]
    return first, rest


async def test_playlist_plays_as_one_masked_film_with_one_init_segment(scene: tuple[Harness, str, Login]) -> None:
    _, camera, operator = scene
    init, parts = await fetch_playlist(operator, camera)
    pictures = decode(b"".join((init, *parts)))
    assert len(pictures) == 250
    assert all(is_hidden(picture, left=True) for picture in pictures)
    assert not any(is_hidden(picture, left=False) for picture in pictures)
    tracks = [parse_fragment(part).video for part in parts]
    assert len(tracks) == 3
    for before, after in pairwise(tracks):
        assert after.is_key[0]
        assert after.decode_90k == before.decode_90k + sum(before.durations_90k)
    alone = decode(init + parts[1])
    assert len(alone) == 100


async def test_parts_have_the_zones_of_the_moment_in_which_they_are_asked_for(
    scene: tuple[Harness, str, Login],
) -> None:
    house, camera, operator = scene
    first = await fetch_playlist(operator, camera)
    assert await fetch_playlist(operator, camera) == first
    await hide(house, camera.rpartition("/")[2], RIGHT)
    init, parts = await fetch_playlist(operator, camera)
    pictures = decode(init + parts[0])
    assert all(is_hidden(picture, left=False) for picture in pictures)
    assert not any(is_hidden(picture, left=True) for picture in pictures)


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
async def test_download_begins_at_the_asked_picture_and_is_masked(scene: tuple[Harness, str, Login], kind: str) -> None:
    house, camera, operator = scene
    answer = await operator.client.get(f"{camera}/recording.{kind}?{asked(2.6, 5.0)}", headers={"Range": "bytes=100-"})
    assert answer.status_code == 200, answer.text
    assert (answer.headers["x-vedette-masked"], answer.headers["accept-ranges"]) == ("1", "none")
    assert "content-length" not in answer.headers
    assert "Gate-masked_" in answer.headers["content-disposition"]
    pictures = decode(answer.content)
    assert len(pictures) == 60
    assert all(is_hidden(picture, left=True) for picture in pictures)
    assert abs(int(np.argmax(pictures[0][20, 166:].astype(int))) + 166 - (65 * 4 % 304)) <= 16
    with av.open(io.BytesIO(answer.content)) as container:
        found = {name.lower(): text for name, text in container.metadata.items()}
    assert (found["title"], found["purpose"]) == ("Gate (parts hidden)", "theft")
    assert found["masked"].startswith("not the recorded original")
    async with house.local() as local:
        row = (await local.get(f"{API}/audit?action=recording.export")).json()["items"][0]
    assert row["detail"].endswith("purpose: theft; parts hidden")
