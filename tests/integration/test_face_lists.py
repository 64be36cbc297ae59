"""Lists of faces through real jailed workers: who is on one is told at once, who is not is nobody, nothing leaks."""

from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from tests.support.encoded import encode_pictures
from tests.support.feed_server import Script, to_packets
from tests.support.models import install_models
from tests.support.running_analyzer import Running, running
from tests.support.shared import shared_file
from vedette.core.assignment import AnalyzerAssignment, CameraAnalysis
from vedette.core.faces import EnrolledFace
from vedette.core.media import StreamFormat, StreamRole
from vedette.core.messages import EventObserved
from vedette.core.time import NS_PER_S
from vedette.core.watchlists import (
    FaceMark,
    Ground,
    ListKind,
    ListOrder,
    ListSubject,
    MatchState,
    Watchlist,
    WatchlistEntry,
    WatchlistOrder,
)
from vedette.node.face_enrolment import PortraitReader

FACE_MODELS = ("yunet-n", "age-gender-0013-int8", "face-reid-0095")
START_NS = 1_750_000_000 * NS_PER_S
ENOUGH = 2
pytestmark = pytest.mark.shared


def portrait(person: str, number: int) -> np.ndarray:
    face = cv2.imread(str(shared_file(f"data/orl_faces/{person}/{number}.pgm")))
    assert face is not None
    return face


def draw_passing(person: str) -> list[np.ndarray]:
    """Somebody crosses the picture, with four pictures that nobody was enrolled with."""
    faces = [cv2.resize(portrait(person, number), (184, 224)) for number in (7, 8, 9, 10)]

    def draw(step: int, width: int, height: int) -> np.ndarray:
        image = np.random.default_rng(step).integers(78, 84, (height, width, 3), np.uint8)
        left, face = max(0, step - 10) * 8, faces[step // 10 % len(faces)]
        if step > 10 and left + face.shape[1] < width:
            image[60 : 60 + face.shape[0], left : left + face.shape[1]] = face
        return image

    return [draw(step, 640, 360) for step in range(60)]


def passing_by(person: str) -> Script:
    stream = encode_pictures(draw_passing(person))
    return StreamFormat("run-1", stream.video), to_packets(stream.packets, START_NS)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    install_models(folder, *FACE_MODELS)
    return folder


async def enrol(models: Path, person: str) -> EnrolledFace:
    reader = PortraitReader(install_models(models, *FACE_MODELS))
    return await reader.read(bytes(cv2.imencode(".png", portrait(person, 1))[1]))


def make_order(faces: dict[str, EnrolledFace], cameras: tuple[str, ...] = ()) -> WatchlistOrder:
    listed = Watchlist("list", "Wanted", ListKind.WANTED, ListSubject.FACES, "security", "test", cameras=cameras)
    entries = tuple(
        WatchlistEntry(
            name, "theft", "Lan", face=FaceMark(name, Ground.LEGAL, "order 7", "2026-01-02", face.release, 1)
        )
        for name, face in faces.items()
    )
    templates = b"".join(face.template for face in faces.values())
    return WatchlistOrder(f"{len(faces)}{cameras}", (ListOrder(listed, entries, templates),))


def matches(box: Running) -> list[EventObserved]:
    return [event for event in box.messages(EventObserved) if event.kind == "face_matched"]


def assignment(*names: str, faces: bool = True) -> AnalyzerAssignment:
    groups = ("faces",) if faces else ("attributes",)
    return AnalyzerAssignment(
        1, tuple(CameraAnalysis(name, name, StreamRole.SUB, recognize=groups, detector="motion") for name in names)
    )


async def put_order(box: Running, order: WatchlistOrder) -> None:
    async with box.http() as http:
        answer = await http.put("/watchlists", content=msgspec.json.encode(order))
        assert answer.status_code == 200, answer.text


async def test_person_of_a_list_is_told_within_two_seconds_and_a_stranger_is_not(tmp_path: Path, models: Path) -> None:
    listed = {name: await enrol(models, name) for name in ("s1", "s2")}
    scripts = {"door": passing_by("s1"), "yard": passing_by("s3")}
    async with running(tmp_path, scripts, models=models) as box:
        await put_order(box, make_order(listed))
        await box.analyzer.take_assignment(assignment("door", "yard"))
        await box.until(lambda: matches(box) and box.camera("yard").get("analysed") == 60, 150)
        assert box.camera("door")["face_lists"] == "matching"
        told = matches(box)
        async with box.http() as http:
            leaks = [(await http.get(path)).text for path in ("/status", "/metrics", "/watchlists")]
    assert {(event.camera_id, event.match.entry_id) for event in told if event.match} == {("door", "s1")}
    last = told[-1]
    assert last.match is not None
    assert (last.match.state, last.match.entry, last.severity) == (MatchState.SURE, "s1", "alarm")
    similarity, quality, moments = last.explanation
    assert (similarity.measure, similarity.threshold) == ("face_similarity", 0.475)
    assert similarity.value == last.confidence > 0.475
    assert (quality.value >= 0.3, moments.value >= ENOUGH, last.release) == (True, True, "face-reid-0095-r1")
    assert told[0].from_ns - similarity.from_ns < 2 * NS_PER_S
    assert len({event.event_id for event in told}) == 1, "one event however often the track was looked at"
    assert (tmp_path / "pictures" / last.picture).read_bytes()[:3] == b"\xff\xd8\xff"
    check_nothing_leaked(tmp_path, [face.template for face in listed.values()], leaks)


def check_nothing_leaked(folder: Path, templates: list[bytes], texts: list[str]) -> None:
    """Templates are neither in what the analyzer answers nor in anything that it wrote."""
    for template in templates:
        marks = (template[64:96], msgspec.json.encode(template)[80:120])
        for path in [path for path in folder.rglob("*") if path.is_file()]:
            assert not any(mark in path.read_bytes() for mark in marks), path
        assert not any(mark.decode("latin1") in text for mark in marks for text in texts)


async def test_camera_that_a_list_does_not_look_at_makes_no_template(tmp_path: Path, models: Path) -> None:
    listed = {"s1": await enrol(models, "s1")}
    async with running(tmp_path, {"yard": passing_by("s1")}, models=models) as box:
        await put_order(box, make_order(listed, cameras=("gate",)))
        await box.analyzer.take_assignment(assignment("yard"))
        await box.until(lambda: box.camera("yard").get("analysed") == 60, 150)
        assert "face_templates" not in box.analyzer.status()["recognizers"]["loaded"]
        assert box.camera("yard")["face_lists"] == "none"
        assert matches(box) == []


async def test_camera_of_a_list_with_its_faces_off_says_so(tmp_path: Path, models: Path) -> None:
    listed = {"s1": await enrol(models, "s1")}
    async with running(tmp_path, {"door": passing_by("s1")}, models=models) as box:
        await put_order(box, make_order(listed))
        await box.analyzer.take_assignment(assignment("door", faces=False))
        await box.until(lambda: box.camera("door").get("analysed", 0) > ENOUGH, 150)
        assert box.camera("door")["face_lists"] == "off"
        assert "face_templates" not in box.analyzer.status()["recognizers"]["loaded"]


async def test_templates_that_are_none_are_refused_and_the_lists_stay(tmp_path: Path, models: Path) -> None:
    face = EnrolledFace(np.full(256, np.nan, np.float32).tobytes(), "face-reid-0095-r1", 1.0, b"")
    async with running(tmp_path, {}, models=models) as box, box.http() as http:
        answer = await http.put("/watchlists", content=msgspec.json.encode(make_order({"s1": face})))
        assert (answer.status_code, box.analyzer.lists.version) == (422, "")
