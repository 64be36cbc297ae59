"""Events, pictures and the timeline over the API."""

import json
from pathlib import Path

from tests.support.gateway import API, ORIGIN, Harness
from tests.support.sockets import open_socket
from vedette.adapters.database_events import SqlEventStore
from vedette.adapters.database_history import SqlHistoryStore
from vedette.core.messages import EventObserved, Measure, MotionObserved
from vedette.core.time import NS_PER_S, format_utc
from vedette.identity.permissions import Role
from vedette.testing.clock import DEFAULT_UTC_NS as T0

CAMERA = "01JD5Q8Z3M6V1T9W4X7Y2B0C8D"


def fact(number: int = 1, picture: str = "") -> EventObserved:
    at_ns = T0 + number * NS_PER_S
    return EventObserved(
        f"01JD5Q8Z3M6V1T9W4X7Y2B0{number:03d}",
        CAMERA,
        "line_crossed",
        at_ns,
        None,
        "person",
        0.75,
        box_norm_xyxy=(0.1, 0.2, 0.3, 0.4),
        picture=picture,
        explanation=(Measure("crossings", 1.0, 1.0, at_ns, at_ns),),
    )


async def put(gateway: Harness, event: EventObserved) -> None:
    gateway.parts.hub.publish_nowait(await SqlEventStore(gateway.parts.database).put(event))


async def test_event_is_listed_shown_and_acknowledged_once(gateway: Harness) -> None:
    await put(gateway, fact())
    login = await gateway.login_as(Role.GUARD)
    (event,) = (await login.client.get(f"{API}/events")).json()["items"]
    assert event["from"] == format_utc(T0 + NS_PER_S)
    assert (event["to"], event["state"], event["picture_url"]) == (None, "new", None)
    assert event["explanation"][0]["measure"] == "crossings"
    url = f"{API}/events/{event['id']}"
    done = await login.client.post(f"{url}/acknowledge", json={"note": "the postman"}, headers=login.headers)
    assert (done.json()["state"], done.json()["acknowledged_by"]) == ("acknowledged", "guard")
    again = await login.client.post(f"{url}/acknowledge", json={"note": "me too"}, headers=login.headers)
    assert (again.status_code, again.json()["code"]) == (409, "already_acknowledged")
    assert (await login.client.get(url)).json()["note"] == "the postman"
    missing = f"{API}/events/01JD5Q8Z3M6V1T9W4X7Y2B0999/acknowledge"
    assert (await login.client.post(missing, json={}, headers=login.headers)).status_code == 404


async def test_follower_gets_new_and_acknowledged_events(gateway: Harness) -> None:
    login = await gateway.login_as(Role.GUARD)
    headers = {"origin": ORIGIN, "cookie": f"vedette_session={login.cookie}"}
    async with open_socket(gateway.app, f"{API}/events", headers) as socket:
        assert (await socket.next_message())["type"] == "websocket.accept"
        while not len(gateway.parts.hub):
            await gateway.clock.sleep(0)
        await put(gateway, fact())
        first = json.loads((await socket.next_message())["text"])
        await login.client.post(f"{API}/events/{first['id']}/acknowledge", json={}, headers=login.headers)
        second = json.loads((await socket.next_message())["text"])
    assert (first["state"], second["state"]) == ("new", "acknowledged")
    assert first["id"] == second["id"]
    assert len(gateway.parts.hub) == 0


async def test_picture_is_served_and_a_hostile_path_is_not(gateway: Harness) -> None:
    pictures = gateway.data / "pictures"
    (pictures / "ab").mkdir()
    (pictures / "ab" / "one.jpg").write_bytes(b"\xff\xd8picture")
    (pictures / "ab" / "link.jpg").symlink_to(gateway.data / "keys" / "node.key")
    paths = ["ab/one.jpg", "../keys/node.key", "ab/link.jpg", "ab/gone.jpg", "/etc/passwd", "ab/../../x.jpg"]
    for number, path in enumerate(paths, 1):
        await put(gateway, fact(number, path))
    async with gateway.local() as client:
        events = (await client.get(f"{API}/events")).json()["items"]
        answers = {event["id"][-1]: await client.get(event["picture_url"]) for event in events}
    assert answers["1"].content == b"\xff\xd8picture"
    assert answers["1"].headers["content-type"] == "image/jpeg"
    for number in "23456":
        assert answers[number].status_code in {404, 503}, number
        assert answers[number].headers["content-type"] == "application/problem+json"


async def test_changed_cursor_and_time_without_offset_are_refused(gateway: Harness) -> None:
    async with gateway.local() as client:
        for parameters in (
            {"cursor": "nonsense"},
            {"cursor": "WyIxIiwgMl0"},
            {"from": "2026-01-01T00:00:00"},
            {"from": "yesterday"},
            {"state": "lost"},
            {"limit": "0"},
            {"camera": "../x"},
        ):
            answer = await client.get(f"{API}/events", params=parameters)
            assert answer.status_code == 422, (parameters, answer.text)


async def test_timeline_draws_motion_and_events_of_a_camera_without_footage(gateway: Harness) -> None:
    await put(gateway, fact(5))
    await SqlHistoryStore(gateway.parts.database).put_motion(MotionObserved(CAMERA, T0, T0 + NS_PER_S, 0.5))
    parameters = {"cameras": CAMERA, "from": format_utc(T0), "to": format_utc(T0 + 60 * NS_PER_S), "buckets": 6}
    async with gateway.local() as client:
        (row,) = (await client.get(f"{API}/timeline", params=parameters)).json()["cameras"]
        backwards = {**parameters, "from": parameters["to"], "to": parameters["from"]}
        assert (await client.get(f"{API}/timeline", params=backwards)).json()["code"] == "invalid_range"
    assert row["motion"] == [0.5, 0, 0, 0, 0, 0]
    assert [event["at_ms"] for event in row["events"]] == [(T0 + 5 * NS_PER_S) / 1e6]
    assert (row["coverage"], row["gaps"]) == ([], [])


async def test_console_pages_are_served_from_the_files_that_were_built(gateway: Harness, tmp_path: Path) -> None:
    import httpx

    from vedette.api.app import create_app

    console = tmp_path / "console"
    (console / "assets").mkdir(parents=True)
    (console / "index.html").write_text("<p>console</p>")
    (console / "assets" / "app-1a2b.js").write_text("1")
    app = create_app(gateway.parts.ports, gateway.parts.watch, console=console)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN) as client:
        page = await client.get("/watch?cameras=1")
        assert (page.status_code, page.text) == (200, "<p>console</p>")
        assert page.headers["cache-control"] == "no-cache"
        script = await client.get("/assets/app-1a2b.js")
        assert "immutable" in script.headers["cache-control"]
        assert "javascript" in script.headers["content-type"]
        assert (await client.get("/assets/gone.js")).status_code == 404
        assert (await client.get("/api/v1/gone")).headers["content-type"] == "application/problem+json"
        assert (await client.post("/watch")).status_code == 405
