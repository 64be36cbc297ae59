"""Motion settings over the API: what comes back, who may, the audit trail, who is told, and what the roles get."""

import pytest

from tests.support.gateway import API, Harness
from tests.unit.api.test_storage import add_camera, find_audit, find_events
from vedette.camera.assignment_plan import plan_analyzer_assignment, plan_recorder_assignment
from vedette.core.motion import MotionSensitivity
from vedette.identity.permissions import Role

TREES = {"name": "Trees", "kind": "exclude", "polygon": [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]}
GATE = {"name": "Gate", "kind": "include", "polygon": [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75]]}
MOTION = {"sensitivity": "high", "zones": [TREES, GATE]}


async def test_settings_come_back_as_sent_and_reach_recorder_and_analyzer(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    path = f"{API}/cameras/{camera}/motion"
    async with gateway.local() as client:
        assert (await client.get(path)).json() == {"sensitivity": "normal", "zones": []}
        answer = await client.put(path, json=MOTION)
        assert answer.status_code == 200, answer.text
        assert answer.json() == (await client.get(path)).json() == MOTION
        await client.patch(f"{API}/cameras/{camera}", json={"name": "Gate 2"})
        assert (await client.get(path)).json() == MOTION, "another change of the camera must not lose them"
    cameras = await gateway.parts.ports.cameras.list_all()
    (recorded,) = plan_recorder_assignment(1, cameras, ()).cameras
    (analysed,) = plan_analyzer_assignment(1, cameras).cameras
    assert recorded.motion == analysed.motion
    assert recorded.motion.sensitivity is MotionSensitivity.HIGH
    assert [zone.name for zone in recorded.motion.zones] == ["Trees", "Gate"]


async def test_each_change_is_a_row_of_the_audit_trail_and_none_is_none(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    async with gateway.local() as client:
        for body in (MOTION, MOTION, {"sensitivity": "high", "zones": [GATE]}):
            assert (await client.put(f"{API}/cameras/{camera}/motion", json=body)).status_code == 200
    rows = sorted(row["detail"] for row in await find_audit(gateway, "camera.motion"))
    assert rows == [
        "added Gate: include 0.250,0.250 0.750,0.250 0.750,0.750",
        "added Trees: exclude 0.000,0.000 0.500,0.000 0.500,1.000 0.000,1.000",
        "removed Trees: exclude 0.000,0.000 0.500,0.000 0.500,1.000 0.000,1.000",
        "sensitivity: normal -> high",
    ]


@pytest.mark.parametrize(
    ("mode", "told"), [("motion", ["motion no longer counts in 50% of the picture"]), ("continuous", [])]
)
async def test_whoever_makes_motion_recording_blind_is_seen_by_others(
    gateway: Harness, mode: str, told: list[str]
) -> None:
    camera = await add_camera(gateway)
    login = await gateway.login_as(Role.ADMINISTRATOR)
    async with gateway.local() as client:
        assert (await client.put(f"{API}/cameras/{camera}/recording-plan", json={"mode": mode})).status_code == 200
    before = {event["id"] for event in await find_events(gateway)}
    body = {"zones": [TREES]}
    answer = await login.client.put(f"{API}/cameras/{camera}/motion", json=body, headers=login.headers)
    assert answer.status_code == 200, answer.text
    events = [event["detail"].split(": ", 1)[1] for event in await find_events(gateway) if event["id"] not in before]
    assert events == told
    await login.client.aclose()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sensitivity": "extreme"}, "sensitivity"),
        ({"zones": [TREES | {"kind": "hide"}]}, "zones.0.kind"),
        ({"zones": [TREES | {"polygon": [[0, 0], [2, 0], [2, 2]]}]}, "zones.0.polygon"),
        ({"zones": [TREES, TREES]}, "zones"),
        ({"zones": [TREES | {"polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}]}, "zones"),
    ],
)
async def test_wrong_settings_are_refused_whole(gateway: Harness, body: dict[str, object], field: str) -> None:
    camera = await add_camera(gateway)
    async with gateway.local() as client:
        answer = await client.put(f"{API}/cameras/{camera}/motion", json=body)
        assert (await client.get(f"{API}/cameras/{camera}/motion")).json()["zones"] == []
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_motion_zones")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_typo_and_missing_camera_are_told(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    async with gateway.local() as client:
        assert (await client.put(f"{API}/cameras/{camera}/motion", json={"zone": []})).status_code == 422
        gone = f"{API}/cameras/01JD5Q8Z3M6V1T9W4X7Y2B0C8D/motion"
        assert (await client.get(gone)).status_code == 404
        assert (await client.put(gone, json=MOTION)).status_code == 404


async def test_guard_sees_the_settings_and_may_not_change_them(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    login = await gateway.login_as(Role.GUARD)
    assert (await login.client.get(f"{API}/cameras/{camera}/motion")).status_code == 200
    refused = await login.client.put(f"{API}/cameras/{camera}/motion", json=MOTION, headers=login.headers)
    assert refused.status_code == 403
    await login.client.aclose()


async def test_whoever_makes_analysis_blind_is_seen_by_others_whatever_is_recorded(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    login = await gateway.login_as(Role.ADMINISTRATOR)
    before = {event["id"] for event in await find_events(gateway)}
    body = {"zones": [{**TREES, "kind": "ignore"}, {**GATE, "kind": "look"}]}
    answer = await login.client.put(f"{API}/cameras/{camera}/motion", json=body, headers=login.headers)
    assert (answer.status_code, answer.json()["zones"]) == (200, body["zones"])
    [told] = [event["detail"] for event in await find_events(gateway) if event["id"] not in before]
    assert "analysis no longer looks at" in told
    slit = {"zones": [{**GATE, "kind": "look", "polygon": [[0.1, 0.1], [0.11, 0.1], [0.11, 0.11]]}]}
    refused = await login.client.put(f"{API}/cameras/{camera}/motion", json=slit, headers=login.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_motion_zones")
    await login.client.aclose()
