"""Own categories in a real browser, on the real system: taught from a folder and a ZIP, judged, tried, deleted."""

import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.support.box import Box, running_box
from tests.support.browser import keep_screenshot, open_browser, sign_in
from tests.support.lesson_pictures import pack_zip
from tests.support.models import install_models
from tests.support.shared import shared_file
from tests.system.test_console_access import AXE, find_violations

NAMES = ("accordion", "airplanes", "dalmatian")
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1920, "height": 1080}
pytestmark = [pytest.mark.system, pytest.mark.shared, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    models = tmp_path_factory.mktemp("models")
    install_models(models, "mobilenet-v2-imagenet")
    with running_box(env={"VEDETTE_MODELS": str(models)}) as box:
        yield box


def pictures(name: str) -> list[Path]:
    return sorted(shared_file(f"data/caltech101/{name}").iterdir())


def lay_out(folder: Path, count: int) -> Path:
    for name in NAMES:
        (folder / name).mkdir(parents=True)
        for path in pictures(name)[:count]:
            (folder / name / path.name).write_bytes(path.read_bytes())
    (folder / NAMES[1] / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    return folder


def keep_both(page: Page, name: str) -> None:
    page.set_viewport_size(PHONE)
    wide = page.evaluate("document.documentElement.scrollWidth")
    keep_screenshot(page, f"{name}-phone")
    assert wide <= PHONE["width"], "nothing is to be scrolled sideways but plots"
    page.set_viewport_size(DESK)
    keep_screenshot(page, name)
    assert not AXE.exists() or find_violations(page) == []


def test_set_is_taught_from_a_folder_judged_tried_and_deleted(box: Box, tmp_path: Path) -> None:
    with open_browser(box.url) as page:
        page.set_viewport_size(DESK)
        sign_in(page, "admin", box.first_password)
        page.goto("/lab?view=categories")
        page.get_by_role("heading", name="Nothing was taught yet").wait_for(timeout=60_000)
        keep_both(page, "categories-none")
        page.get_by_role("button", name="Teach categories").click()
        form = page.get_by_role("form", name="Teach categories")
        form.get_by_label("Choose a folder").first.set_input_files(lay_out(tmp_path / "few", 3))
        expect(form.get_by_role("alert")).to_contain_text("Too few pictures: accordion (3)")
        keep_both(page, "categories-few")
        form.get_by_label("Choose a folder").first.set_input_files(lay_out(tmp_path / "toys", 9))
        expect(form.get_by_role("alert")).to_have_count(0)
        expect(form.get_by_text("28 pictures")).to_be_visible()
        name = form.get_by_label("What is it that you tell apart?")
        name.fill("colour")
        expect(form.get_by_text("colour is recognised anyway.")).to_be_visible()
        name.fill("đồ chơi")
        keep_both(page, "categories-teach")
        form.get_by_role("button", name="Send and teach").click()
        lesson = page.get_by_role("region", name="Teaching đồ chơi")
        expect(lesson.get_by_text("taught", exact=True)).to_be_visible(timeout=180_000)
        lesson.get_by_text("1 picture was left out").click()
        expect(lesson.get_by_text(f"{NAMES[1]}/broken.jpg")).to_be_visible()
        keep_both(page, "categories-list")
        assert not list((box.data / "categories").rglob("*.zip")), "pictures are not kept"
        lesson.get_by_role("link", name="Show the result").click()
        page.get_by_role("heading", name="đồ chơi").wait_for()
        expect(page.get_by_role("img", name="What was taken for what")).to_be_visible()
        asked = [FilePayload(name=one, mimeType="image/jpeg", buffer=pictures(one)[9].read_bytes()) for one in NAMES]
        page.get_by_label("Choose pictures").first.set_input_files(asked)
        results = page.get_by_role("region", name="What the pictures show")
        for category in NAMES:
            result = results.get_by_role("article", name=category)
            expect(result.get_by_role("listitem").first).to_contain_text(category, timeout=60_000)
        keep_both(page, "categories-set")
        page.get_by_role("table", name="Turned").scroll_into_view_if_needed()
        keep_both(page, "categories-changes")
        with page.expect_download() as saved:
            page.get_by_role("link", name="Download").click()
        assert saved.value.suggested_filename == "categories.json"
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
        lesson.get_by_role("button", name="Put away").click()
        page.get_by_role("heading", name="Nothing was taught yet").wait_for()
        assert [path.name for path in (box.data / "categories").iterdir()] == []


def compress(path: Path, quality: int) -> bytes:
    """The picture anew: so many different ones that teaching is still going on when it is cancelled."""
    image = cv2.imread(str(path))
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def test_zip_is_taught_in_vietnamese_and_teaching_is_cancelled(box: Box, tmp_path: Path) -> None:
    files = {
        f"{name}/{quality}-{path.name}": compress(path, quality)
        for name in NAMES
        for path in pictures(name)
        for quality in range(40, 98)
    }
    archive = tmp_path / "toys.zip"
    archive.write_bytes(pack_zip(files))
    with open_browser(box.url) as page:
        sign_in(page, "admin", box.first_password)
        page.evaluate("localStorage.setItem('vedette.language', 'vi')")
        page.goto("/lab?view=categories&teach=1")
        page.get_by_role("heading", name="Dạy danh mục").wait_for()
        form = page.get_by_role("form")
        broken = tmp_path / "broken.zip"
        broken.write_bytes(b"this is no archive, whatever its name says")
        form.locator("input[accept]").set_input_files(broken)
        expect(form.get_by_role("alert")).to_contain_text("không phải tệp ZIP")
        form.locator("input[accept]").set_input_files(archive)
        form.get_by_role("textbox").fill("toy")
        form.locator("button[type=submit]").click()
        told = re.compile(rf"[1-9]\d* .* {len(files)} ")
        expect(page.get_by_text(told)).to_be_visible(timeout=60_000)
        keep_both(page, "categories-lesson-vi")
        page.get_by_role("button", name="Hủy việc dạy").click()
        expect(page.get_by_text("đã hủy")).to_be_visible()
        assert not list((box.data / "categories").rglob("*.zip"))
        assert not (box.data / "categories" / "toy").exists()
