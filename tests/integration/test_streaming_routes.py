"""The routes of streaming behind the real gate: who may, what is answered when nothing is recorded."""

from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support.gateway import API, open_gateway
from vedette.core.ids import make_id
from vedette.identity.permissions import Role

CAMERA = {"name": "Gate", "main": {"url": "rtsp://192.0.2.9/main"}, "record": "main"}
RANGE = urlencode({"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:01:00Z"})
AT = urlencode({"at": "2026-01-01T00:00:00Z"})
PLAY = (f"recording.m3u8?{RANGE}", "footage/main/1/init.mp4", "footage/main/1-2.m4s", f"thumbnail.jpg?{AT}")
WHY = urlencode({"purpose": "theft at the gate"})
EXPORT = (f"recording.mp4?{RANGE}&{WHY}", f"recording.mkv?{RANGE}&{WHY}")


async def add_camera(house) -> str:
    async with house.local() as local:
        answer = await local.post(f"{API}/cameras", json=CAMERA)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


@pytest.mark.parametrize(
    ("role", "may_play", "may_export"),
    [
        (Role.ADMINISTRATOR, True, True),
        (Role.MONITOR, True, True),
        (Role.AUDITOR, True, False),
        (Role.GUARD, False, False),
    ],
)
async def test_playing_and_exporting_are_separate_permissions(tmp_path: Path, role, may_play, may_export) -> None:
    async with open_gateway(tmp_path) as house:
        camera = await add_camera(house)
        login = await house.login_as(role)
        for paths, may in ((PLAY, may_play), (EXPORT, may_export)):
            for path in paths:
                answer = await login.client.get(f"{API}/cameras/{camera}/{path}")
                assert answer.status_code == (404 if may else 403), (path, answer.text)
        await login.client.aclose()


async def test_nothing_recorded_says_what_to_do(tmp_path: Path) -> None:
    async with open_gateway(tmp_path) as house, house.local() as local:
        camera = await add_camera(house)
        problem = (await local.get(f"{API}/cameras/{camera}/recording.mp4?{RANGE}&{WHY}")).json()
        assert problem["code"] == "no_footage"
        assert "timeline" in problem["hint"]


async def test_people_say_why_they_take_footage_out_and_programs_need_not(tmp_path: Path) -> None:
    async with open_gateway(tmp_path) as house:
        camera = await add_camera(house)
        login = await house.login_as(Role.MONITOR)
        for path in (f"recording.mp4?{RANGE}", f"recording.mkv?{RANGE}&purpose=%20"):
            refused = await login.client.get(f"{API}/cameras/{camera}/{path}")
            assert (refused.status_code, refused.json()["code"]) == (422, "purpose_required"), path
        wanted = {"name": "backup", "scopes": ["recording.export"]}
        made = await login.client.post(f"{API}/tokens", json=wanted, headers=login.headers)
        bearer = {"Authorization": f"Bearer {made.json()['token']}"}
        async with house.anonymous() as program:
            answer = await program.get(f"{API}/cameras/{camera}/recording.mp4?{RANGE}", headers=bearer)
        assert answer.json()["code"] == "no_footage"
        await login.client.aclose()


async def test_camera_that_does_not_exist_is_not_found(tmp_path: Path) -> None:
    async with open_gateway(tmp_path) as house, house.local() as local:
        other = make_id(1, bytes(10))
        for path in (*PLAY, *EXPORT):
            answer = await local.get(f"{API}/cameras/{other}/{path}")
            assert answer.status_code == 404, path


@pytest.mark.parametrize(
    "path",
    [
        "recording.m3u8",
        "recording.mp4?from=yesterday&to=today",
        "recording.mp4?from=2026-01-01T00:00:00&to=2026-01-01T00:01:00",
        "recording.mp4?from=2026-01-01T00:01:00Z&to=2026-01-01T00:00:00Z",
        f"recording.mkv?{RANGE}&stream=third",
        f"thumbnail.jpg?{AT}&width=1",
        f"thumbnail.jpg?{AT}&width=100000",
        "footage/third/1/init.mp4",
        "footage/main/5-2.m4s",
    ],
)
async def test_wrong_requests_are_refused_before_anything_is_read(tmp_path: Path, path: str) -> None:
    async with open_gateway(tmp_path) as house, house.local() as local:
        camera = await add_camera(house)
        answer = await local.get(f"{API}/cameras/{camera}/{path}")
        assert answer.status_code == 422, answer.text
