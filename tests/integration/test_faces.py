"""Faces through real jailed workers: nothing is loaded late, listed only where asked for, a bad model is said."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.integration.test_analyze_files import analyze
from tests.integration.test_analyzer_role import START_NS
from tests.support.encoded import encode_pictures
from tests.support.feed_server import Script, to_packets
from tests.support.models import install_models
from tests.support.running_analyzer import Running, running
from tests.support.shared import shared_file
from vedette.core.assignment import AnalyzerAssignment, CameraAnalysis, Rule
from vedette.core.geometry import Line
from vedette.core.media import StreamFormat, StreamRole
from vedette.core.messages import EventObserved

FACE_MODELS = ("yunet-n", "age-gender-0013-int8", "minifasnet-v2", "minifasnet-v1se")
pytestmark = pytest.mark.shared


def portrait() -> np.ndarray:
    face = cv2.imread(str(shared_file("data/orl_faces/s1/1.pgm")))
    assert face is not None
    return face


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    install_models(folder, *FACE_MODELS)
    return folder


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    canvas = np.full((360, 640, 3), 90, np.uint8)
    face = portrait()
    canvas[120 : 120 + face.shape[0], 300 : 300 + face.shape[1]] = face
    path = tmp_path / "hall.png"
    cv2.imwrite(str(path), canvas)
    return path


def test_face_of_a_picture_is_listed_with_its_details(tmp_path: Path, picture: Path, models: Path) -> None:
    done = analyze(picture, "--out", tmp_path / "out", models=models)
    assert done.returncode == 0, done.stderr
    [face] = json.loads((tmp_path / "out/hall/faces.json").read_text())
    left, top, right, bottom = face["box_xyxy"]
    assert 295 < left < right < 395
    assert 115 < top < bottom < 235
    assert face["quality"] > 0.5
    assert face["age"] > 16
    assert face["sex"] in {"male", "female", "unknown"}
    assert 0 <= face["live"] <= 1
    assert (tmp_path / "out/hall" / face["picture"]).read_bytes()[:3] == b"\xff\xd8\xff"
    assert "vector" not in face


def test_face_is_listed_without_a_download_and_nothing_is_said_of_age(tmp_path: Path, picture: Path) -> None:
    done = analyze(picture, "--out", tmp_path / "out", models=tmp_path / "none")
    assert done.returncode == 0, done.stderr
    [face] = json.loads((tmp_path / "out/hall/faces.json").read_text())
    left, top, right, bottom = face["box_xyxy"]
    assert 295 < left < right < 395
    assert 115 < top < bottom < 235
    assert (face["age"], face["sex"], face["live"]) == (None, "unknown", None)


def test_nothing_is_listed_where_nobody_asks(tmp_path: Path, picture: Path, models: Path) -> None:
    done = analyze(picture, "--out", tmp_path / "out", "--recognize", "none", models=models)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out/hall/faces.json").read_text()) == []
    assert analyze(picture, "--out", tmp_path / "o", "--recognize", "fases", models=models).returncode != 0


def test_changed_face_model_is_said_and_not_used(tmp_path: Path, picture: Path) -> None:
    folder = tmp_path / "models"
    registry = install_models(folder, *FACE_MODELS)
    manifest = registry.find_named("yunet-n")
    path = registry.path_of(manifest, manifest.files[0])
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    done = analyze(picture, "--out", tmp_path / "out", models=folder)
    assert done.returncode == 0, done.stderr
    assert "no faces" in done.stderr
    assert "refused" in done.stderr
    assert json.loads((tmp_path / "out/hall/faces.json").read_text()) == []


def walking_face() -> Script:
    face = cv2.resize(portrait(), (184, 224), interpolation=cv2.INTER_LINEAR)

    def draw(step: int, width: int, height: int) -> np.ndarray:
        image = np.random.default_rng(step).integers(78, 84, (height, width, 3), np.uint8)
        left = max(0, step - 10) * 8
        if step > 10 and left + face.shape[1] < width:
            image[60 : 60 + face.shape[0], left : left + face.shape[1]] = face
        return image

    stream = encode_pictures(draw(step, 640, 360) for step in range(50))
    return StreamFormat("run-1", stream.video), to_packets(stream.packets, START_NS)


def seen_faces(box: Running) -> list[object]:
    return [found.face for event in box.messages(EventObserved) for found in event.objects if found.face is not None]


async def test_live_face_reaches_the_event_only_where_it_is_switched_on(tmp_path: Path, models: Path) -> None:
    rules = (Rule("half", "line_crossed", line=Line((0.4, 0.0), (0.4, 1.0))),)
    on = CameraAnalysis("on", "on", StreamRole.SUB, rules=rules, recognize=("faces",), detector="motion")
    off = CameraAnalysis(
        "off", "off", StreamRole.SUB, rules=rules, recognize=("attributes", "plates"), detector="motion"
    )
    async with running(tmp_path, {"on": walking_face(), "off": walking_face()}, models=models) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (on, off)))
        await box.until(lambda: len({event.camera_id for event in box.messages(EventObserved)}) == 2, 150)
        await box.until(lambda: seen_faces(box), 60)
        assert "faces" in box.analyzer.status()["recognizers"]["loaded"]
        events = box.messages(EventObserved)
        assert {event.camera_id for event in events for found in event.objects if found.face} == {"on"}


async def test_face_models_are_not_loaded_when_no_camera_wants_them(tmp_path: Path, models: Path) -> None:
    off = CameraAnalysis("off", "off", StreamRole.SUB, recognize=("attributes",), detector="motion")
    async with running(tmp_path, {"off": walking_face()}, models=models) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (off,)))
        await box.until(lambda: box.camera("off").get("analysed", 0) >= 5)
        assert box.analyzer.status()["recognizers"] == {"loaded": {}, "refused": {}}
