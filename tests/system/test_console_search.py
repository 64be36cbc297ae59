"""From a plate to its path, with the whole system running: two cameras that show the same car one after the other, what
they saw kept and found, footage behind it, and the place Search as a person uses it.

Without a model for people and vehicles the analyzer follows what moves; the plate models are embedded.
"""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.support.box import Api, Box, free_port, running_box, vedette, wait_for
from tests.support.browser import keep_screenshot, open_browser, sign_in
from tests.support.plate_scene import CLEAR, write_drive_file
from vedette.adapters.secretbox import read_node_key
from vedette.adapters.sqlite_bus import SqlitePublisher
from vedette.adapters.template_box import TemplateBox
from vedette.core.messages import ObjectSeen
from vedette.core.objects import AttributeValue, SealedVector, name_place
from vedette.core.time import NS_PER_S
from vedette.node.analyzer_events import PictureStore
from vedette.runtime.clock import SystemClock, new_id
from vedette.runtime.paths import NodePaths

pytestmark = [pytest.mark.system, pytest.mark.timeout(420)]


@dataclass(frozen=True, slots=True)
class Site:
    """The running system with two cameras by name."""

    box: Box
    cameras: dict[str, str]


@contextmanager
def simulated(clip: Path, count: int) -> Iterator[list[str]]:
    """Addresses of cameras that play a clip again and again."""
    port = free_port()
    command = [sys.executable, "-m", "vedette", "sim", str(clip), "--count", str(count), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield [process.stdout.readline().strip() for _ in range(count)]
        finally:
            process.terminate()


def find(api: Api, **question: object) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.post("/search/objects", question)["items"]
    return items


def count_kept(box: Box, condition: str, *values: str) -> int:
    """Looked up beside the API: asking it again and again uses up a person's share of searches."""
    connection = sqlite3.connect(f"file:{box.data / 'vedette.db'}?mode=ro", uri=True)
    try:
        query = f"SELECT count(*) FROM seen_objects WHERE {condition}"
        count: int = connection.execute(query, values).fetchone()[0]
    finally:
        connection.close()
    return count


def has_plate(box: Box, camera_id: str) -> bool:
    return count_kept(box, "plate = ? AND camera_id = ?", CLEAR, camera_id) > 0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The car is seen at the gate first; the yard's camera comes when that is known."""
    clip = tmp_path_factory.mktemp("clip") / "drive.mp4"
    clip.write_bytes(write_drive_file(CLEAR))
    with simulated(clip, 2) as urls, running_box() as box:
        api, cameras = box.api(), {}
        for name, url in zip(("Gate", "Yard"), urls, strict=True):
            cameras[name] = api.post("/cameras", {"name": name, "main": {"url": url}})["id"]
            wait_for(f"the car at the {name}", lambda: has_plate(box, cameras[name]), 180)  # noqa: B023
        yield Site(box, cameras)


def test_plate_is_found_with_wildcards_and_leads_to_picture_and_footage(site: Site) -> None:
    api = site.box.api()
    for plate in (CLEAR, f"{CLEAR[:3]}*", f"{CLEAR[:-1]}?", CLEAR.lower()):
        found = find(api, plate=plate)
        assert {item["camera_name"] for item in found} == {"Gate", "Yard"}
    assert find(api, plate="00A*") == []
    best = found[0]
    assert best["recorded"]
    picture = cv2.imdecode(np.frombuffer(api.request("GET", best["picture_url"]), np.uint8), 1)
    assert max(picture.shape[:2]) <= 320
    span = f"from={best['from']}&to={best['to']}"
    runs = api.get(f"/cameras/{best['camera_id']}/recordings?{span}")["runs"]
    assert any(run["from"] <= best["best"] for run in runs)


def test_trace_follows_the_plate_across_cameras_and_says_what_cannot_be(site: Site) -> None:
    api = site.box.api()
    first = find(api, plate=CLEAR, cameras=[site.cameras["Gate"]])[-1]
    gate, yard = site.cameras["Gate"], site.cameras["Yard"]
    for metres, wanted in ((0, "plausible"), (900_000, "implausible")):
        items = [{"camera_id": gate, "other_camera_id": yard, "metres": metres}]
        api.put("/search/distances", {"items": items})
        trace = api.post("/search/trace", {"object_id": first["id"]})
        steps = trace["steps"]
        assert [step["object"]["from"] for step in steps] == sorted(step["object"]["from"] for step in steps)
        assert steps[0]["object"]["camera_name"] == "Gate"
        changed = [step["travel"] for step in steps if step["object"]["camera_name"] == "Yard"]
        assert {travel["plausibility"] for travel in changed} == {wanted}
    assert {visit["camera_name"] for visit in trace["visits"]} == {"Gate", "Yard"}


def test_command_line_finds_and_traces(site: Site) -> None:
    told = vedette("search", "--plate", f"{CLEAR[:4]}*", "--camera", "Gate", "--data", str(site.box.data))
    assert told.returncode == 0, told.stderr
    assert CLEAR in told.stdout
    identifier = told.stdout.splitlines()[1].split()[-1]
    traced = vedette("search", "--like", identifier, "--trace", "--data", str(site.box.data))
    assert "Yard" in traced.stdout, traced.stderr
    assert vedette("search", "--trace", "--data", str(site.box.data)).returncode == 2


def tell_people(site: Site) -> None:
    """Puts two appearances of a person on the bus, as an analyzer that has models tells them."""
    paths, clock = NodePaths(site.box.data), SystemClock()
    box = TemplateBox(read_node_key(paths.node_key))
    vector = (np.ones(256, np.float32) / 16).tobytes()
    picture = cv2.imencode(".jpg", np.full((160, 80, 3), (60, 60, 190), np.uint8))[1].tobytes()
    with SqlitePublisher(paths.bus, "test", clock) as publisher:
        for back_s, name in ((90, "Gate"), (30, "Yard")):
            at_ns, identifier = clock.utc_ns() - back_s * NS_PER_S, new_id(clock)
            sealed = box.seal(name_place("appearance", identifier), vector)
            looks = {"upper_colour": AttributeValue("red", 0.8), "backpack": AttributeValue("yes", 0.9)}
            seen = ObjectSeen(
                identifier, site.cameras[name], 1, "person", at_ns, at_ns + 5 * NS_PER_S, at_ns, 0.9,
                (0.4, 0.2, 0.6, 0.9), PictureStore(paths.pictures).write(identifier, picture), attributes=looks,
                vectors=(SealedVector("appearance", "person-reid-0287-r1", sealed),),
            )  # fmt: skip
            publisher.publish_nowait(seen)


def test_place_finds_by_words_traces_and_plays(site: Site) -> None:
    tell_people(site)
    wait_for("the people", lambda: count_kept(site.box, "object_class = ?", "person") == 2)
    with open_browser(site.box.url, {"width": 1920, "height": 1080}) as page:
        sign_in(page, "admin", site.box.first_password)
        page.keyboard.press("g")
        page.keyboard.press("s")
        page.get_by_role("heading", name="Search").wait_for()
        page.keyboard.press("/")
        page.keyboard.type(f"{CLEAR[:3]}* dragon")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Not understood: dragon")).to_be_visible()
        expect(page.get_by_text(CLEAR).first).to_be_visible()
        keep_screenshot(page, "search-plate-1920")
        page.get_by_label("Words or a number plate").fill("person red backpack")
        page.get_by_role("button", name="Search", exact=True).click()
        tiles = page.get_by_role("region", name="What was found").get_by_role("listitem")
        expect(tiles).to_have_count(2)
        tiles.first.click()
        trace_by_appearance(page)
        expect(page).to_have_url(re.compile(r"object=.*trace=1|trace=1.*object="))
        page.reload()
        expect(page.get_by_text("Seen 2 times")).to_be_visible()
        keep_screenshot(page, "search-trace-1920")
        page.get_by_role("region", name="Trace").get_by_role("button").first.click()
        expect(
            page.get_by_role("link", name="Play the footage").or_(page.get_by_text("No footage of it"))
        ).to_be_visible()
        page.go_back()
        expect(page.get_by_text("Seen 2 times")).to_be_visible()


def trace_by_appearance(page: Page) -> None:
    """Not before a reason is given."""
    trace = page.get_by_role("button", name="Trace")
    expect(trace).to_be_disabled()
    page.get_by_label("Reason").fill("theft of 3 May")
    trace.click()
    expect(page.get_by_text("Seen 2 times")).to_be_visible()
    expect(page.get_by_text("Not rated").first).to_be_visible()  # too few strangers were seen to say how like is like


def test_found_car_plays_in_review(site: Site) -> None:
    with open_browser(site.box.url, {"width": 390, "height": 844}) as page:
        sign_in(page, "admin", site.box.first_password)
        page.goto(f"/search?q={CLEAR}")
        page.get_by_role("region", name="What was found").get_by_role("button").first.click()
        keep_screenshot(page, "search-detail-390")
        page.get_by_role("link", name="Play the footage").click()
        expect(page).to_have_url(re.compile(r"/review\?cameras="))


def test_place_is_absent_without_the_permission_and_says_what_to_do_when_empty(site: Site) -> None:
    api = site.box.api()
    api.post("/users", {"name": "guard", "role": "guard", "password": "correct horse battery"})
    with open_browser(site.box.url) as page:
        sign_in(page, "guard", "correct horse battery")
        expect(page.get_by_role("navigation", name="Places").get_by_role("link", name="Search")).to_have_count(0)
    with open_browser(site.box.url, {"width": 390, "height": 844}) as page:
        sign_in(page, "admin", site.box.first_password)
        page.goto("/search?q=00A00000")
        expect(page.get_by_text("Nothing fits")).to_be_visible()
        keep_screenshot(page, "search-none-390")
        page.get_by_text("Clothing, colour, type").click()
        expect(page.get_by_text("Make and model: no model is installed.")).to_be_visible()
