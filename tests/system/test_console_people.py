"""People on a list of faces in the console: a bad picture is named, a good one enrols, a match shows both faces."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.support.box import Box, running_box, wait_for
from tests.support.browser import keep_screenshot, open_browser, sign_in
from tests.support.models import install_models
from tests.support.shared import shared_file
from vedette.adapters.sqlite_bus import SqlitePublisher
from vedette.core.messages import EventObserved, Measure
from vedette.core.watchlists import Doubt, DoubtKind, ListKind, MatchState, WatchlistMatch
from vedette.node.analyzer_events import PictureStore
from vedette.runtime.clock import SystemClock, new_id
from vedette.runtime.paths import NodePaths

pytestmark = [pytest.mark.system, pytest.mark.shared, pytest.mark.timeout(400)]
ENROLMENT_MS = 120_000


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    models = tmp_path_factory.mktemp("models")
    install_models(models, "yunet-n", "face-reid-0095")
    with running_box(env={"VEDETTE_MODELS": str(models)}) as box:
        yield box


def portrait(number: int) -> np.ndarray:
    face = cv2.imread(str(shared_file(f"data/orl_faces/s1/{number}.pgm")))
    assert face is not None
    return face


def write_png(path: Path, image: np.ndarray) -> Path:
    cv2.imwrite(str(path), image)
    return path


def make_face_list(page: Page, name: str) -> None:
    page.get_by_role("button", name="Add list").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="About").click()
    page.get_by_role("option", name="Faces", exact=True).click()
    dialog.get_by_label("Purpose").fill("Order 12 of 20 November")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def enrol(page: Page, folder: Path) -> None:
    page.get_by_role("button", name="Enrol a person").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name or code").fill("Person 7")
    dialog.get_by_label("Where the consent is filed").fill("file 7")
    dialog.get_by_label("Reason").fill("may come in")
    dialog.get_by_text("Keep small portraits").click()
    two = write_png(folder / "two.png", np.concatenate([portrait(1), cv2.flip(portrait(2), 1)], axis=1))
    dialog.locator("input[type=file]").set_input_files([write_png(folder / "one.png", portrait(1)), two])
    dialog.get_by_role("button", name="Enrol a person").click()
    expect(dialog.get_by_text("More than one face")).to_be_visible(timeout=ENROLMENT_MS)
    keep_screenshot(page, "people-enrol-fault")
    dialog.get_by_role("button", name="Delete: two.png").click()
    dialog.get_by_role("button", name="Enrol a person").click()
    expect(dialog).to_be_hidden(timeout=ENROLMENT_MS)


def tell_match(box: Box) -> None:
    """Puts a match on the bus as an analyzer does, with its picture."""
    [listed] = box.api().get("/watchlists")["items"]
    [person] = box.api().get(f"/watchlists/{listed['id']}/people")["items"]
    clock, paths = SystemClock(), NodePaths(box.data)
    event_id, now_ns = new_id(clock), clock.utc_ns()
    scene = np.full((360, 640, 3), 80, np.uint8)
    scene[100:212, 300:392] = portrait(9)
    picture = PictureStore(paths.pictures).write(event_id, bytes(cv2.imencode(".jpg", scene)[1]))
    doubt = Doubt(DoubtKind.SIMILARITY, "0.45", "0.475")
    who = (person["id"], person["name"], person["reason"], person["owner"])
    match = WatchlistMatch(listed["id"], listed["name"], ListKind.WANTED, MatchState.UNSURE, *who, (doubt,))
    fact = EventObserved(
        event_id=event_id,
        camera_id="",
        kind="face_matched",
        from_ns=now_ns,
        to_ns=now_ns,
        object_class="person",
        confidence=0.45,
        rule_id="watchlist",
        box_norm_xyxy=(300 / 640, 100 / 360, 392 / 640, 212 / 360),
        picture=picture,
        explanation=(Measure("face_similarity", 0.45, 0.42, now_ns, now_ns),),
        severity="warning",
        match=match,
    )
    with SqlitePublisher(paths.bus, "test", clock) as publisher:
        publisher.publish_nowait(fact)
    wait_for("the event", lambda: box.api().get("/events?kind=face_matched")["total"] == 1)


def test_person_is_enrolled_after_a_bad_picture_and_a_match_shows_both_faces(box: Box, tmp_path: Path) -> None:
    with open_browser(box.url) as page:
        sign_in(page, "admin", box.first_password)
        page.get_by_role("link", name="Watchlists").click()
        make_face_list(page, "Gate")
        expect(page.get_by_text("Nobody is enrolled")).to_be_visible()
        enrol(page, tmp_path)
        row = page.get_by_role("row", name="Person 7")
        expect(row).to_contain_text("Consent")
        expect(row.locator("img")).to_have_js_property("complete", True)
        keep_screenshot(page, "people-1280")
        row.get_by_role("button", name="Edit: Person 7").click()
        page.get_by_role("dialog").get_by_label("Reason").fill("may come in at night")
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
        expect(row).to_contain_text("at night")
        tell_match(box)
        page.goto("/alarms?kind=face_matched")
        expect(page.get_by_role("region", name="Watchlist")).to_contain_text("Similarity 0.45; sure from 0.475 on")
        for name in ("Seen now", "Enrolled"):
            expect(page.get_by_role("img", name=name)).to_be_visible()
        keep_screenshot(page, "people-match-1280")
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto("/lists")
        page.get_by_role("button", name="Gate").click()
        page.get_by_role("button", name="Account and display").click()
        page.get_by_role("menuitem", name="Tiếng Việt").click()
        page.get_by_role("button", name="Đăng ký người").click()
        keep_screenshot(page, "people-vi-390")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Xóa: Person 7").click()
        page.get_by_role("alertdialog").get_by_role("button", name="Xóa").click()
        expect(page.get_by_text("Chưa có ai được đăng ký")).to_be_visible()
