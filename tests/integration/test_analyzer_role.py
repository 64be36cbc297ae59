"""The analyzer with real jailed workers and a recorder's feed: events with pictures, crashes, hostile bytes."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from websockets.asyncio.client import unix_connect

from tests.support.encoded import encode_square
from tests.support.feed_server import Script, to_packets
from tests.support.running_analyzer import running
from vedette.core.assignment import AnalyzerAssignment, CameraAnalysis, Rule
from vedette.core.geometry import Line, Polygon
from vedette.core.media import StreamFormat, StreamRole
from vedette.core.messages import ControlStateChanged, EventObserved, MotionObserved
from vedette.core.motion import MotionSettings, MotionZone, MotionZoneKind
from vedette.core.time import NS_PER_S
from vedette.node.analyzer_camera import configuration_of

START_NS = 1_750_000_000 * NS_PER_S


def camera(name: str, *rules: Rule) -> CameraAnalysis:
    return CameraAnalysis(name, name, StreamRole.SUB, rules=rules, detector="motion")


def moving_square(frames: int = 60) -> Script:
    """Ten still pictures would be ideal; the square is outside the picture for the first dozen."""
    stream = encode_square(frames=frames)
    return StreamFormat("run-1", stream.video), to_packets(stream.packets, START_NS)


def hostile_stream() -> Script:
    """Valid format and first picture, then garbage that claims to be key frames."""
    stream = encode_square(frames=1)
    units = [(stream.packets[0][0], 0, True)]
    units += [(b"\0\0\x10\0\x65" + os.urandom(4095), 9000 * i, True) for i in range(1, 300)]
    return StreamFormat("run-1", stream.video), to_packets(units, START_NS)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a")


async def test_moving_object_becomes_events_with_pictures_and_a_heat_line(folder: Path) -> None:
    rules = (
        Rule("zone", "zone_entered", Polygon(((0.3, 0), (0.9, 0), (0.9, 1), (0.3, 1)))),
        Rule("line", "line_crossed", line=Line((0.5, 0), (0.5, 1))),
    )
    async with running(folder, {"A": moving_square(), "B": moving_square()}) as box:
        async with box.http() as http:
            body = msgspec.json.encode(AnalyzerAssignment(3, (camera("A", *rules), camera("B"))))
            assert (await http.put("/assignment", content=body)).status_code == 200
            await box.until(lambda: box.camera("A").get("analysed") == 60)
            await box.until(lambda: box.camera("B").get("analysed") == 60)
            await box.until(lambda: len(box.messages(EventObserved)) >= 3)
            status = (await http.get("/status")).json()
            metrics = (await http.get("/metrics")).text
            assert (await http.get("/healthz")).status_code == 200
        assert status["jail"]["state"] in {"holds", "weakened"}
        assert status["assignment_version"] == 3
        assert 'vedette_vision_analysed_total{camera="A"} 60.0' in metrics
    events = box.messages(EventObserved)
    kinds = {(event.camera_id, event.kind) for event in events}
    assert kinds >= {("A", "zone_entered"), ("A", "line_crossed"), ("B", "motion")}
    [line] = [event for event in events if event.kind == "line_crossed"]
    assert line.direction == -1
    assert line.from_ns == line.to_ns
    assert 2 * NS_PER_S < line.from_ns - START_NS < 5 * NS_PER_S
    assert (line.release, line.object_class) == ("motion-r1", "object")
    for event in events:
        assert (folder / "pictures" / event.picture).read_bytes()[:3] == b"\xff\xd8\xff"
        assert event.picture == f"{event.event_id[-2:]}/{event.event_id}.jpg"
        assert event.explanation
    begun = {event.event_id for event in events if event.to_ns is None}
    ended = {event.event_id for event in events if event.to_ns is not None}
    assert begun <= ended, "an analyzer that stops ends what it began"
    motion = [item for item in box.messages(MotionObserved) if item.camera_id == "A"]
    assert motion
    assert all(item.to_ns - item.from_ns <= 2 * NS_PER_S for item in motion)
    assert {c.control for c in box.messages(ControlStateChanged)} == {"model", "vision_jail"}


def leave_out(right: float) -> MotionSettings:
    """Nothing counts left of here."""
    shape = Polygon(((0, 0), (right, 0), (right, 1), (0, 1)))
    return MotionSettings(zones=(MotionZone("Left", MotionZoneKind.EXCLUDE, shape),))


async def test_motion_in_an_excluded_part_makes_neither_spans_nor_events(folder: Path) -> None:
    masked = replace(camera("A"), motion=leave_out(0.5))
    async with running(folder, {"A": moving_square(), "B": moving_square()}) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (masked, camera("B"))))
        for name in ("A", "B"):
            await box.until(lambda name=name: box.camera(name).get("analysed") == 60)
    first = {
        (kind, name): min(one.from_ns for one in box.messages(kind) if one.camera_id == name) - START_NS
        for kind in (MotionObserved, EventObserved)
        for name in ("A", "B")
    }
    for kind in (MotionObserved, EventObserved):  # the square comes from the left and reaches the middle after 2.5 s
        assert first[kind, "B"] < 2 * NS_PER_S
        assert 2.4 * NS_PER_S < first[kind, "A"] < 3.2 * NS_PER_S


async def test_motion_settings_are_handed_over_while_the_stream_goes_on(folder: Path) -> None:
    shown = asyncio.Event()
    async with running(folder, {"A": moving_square()}, held=(25, shown)) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (replace(camera("A"), motion=leave_out(0.95)),)))
        await box.until(lambda: box.camera("A").get("analysed") == 25)
        await box.analyzer.take_assignment(AnalyzerAssignment(2, (camera("A"),)))
        shown.set()
        await box.until(lambda: box.camera("A").get("analysed") == 60)
        assert box.connections["A"] == 1, "neither the stream nor what was learned begins anew"
    first = min(one.from_ns for one in box.messages(MotionObserved)) - START_NS
    assert 2.4 * NS_PER_S < first < 2.8 * NS_PER_S, "from the next picture on, and not one before"
    assert {one.configuration for one in box.messages(EventObserved)} == {configuration_of(camera("A"))}


async def test_killed_worker_is_back_and_the_stream_goes_on(folder: Path) -> None:
    async with running(folder, {"A": moving_square(200)}) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (camera("A"),)))
        await box.until(lambda: box.camera("A").get("analysed", 0) > 20)
        before = {worker["pid"] for worker in box.analyzer.status()["workers"] if worker["cameras"]}
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        seen = box.camera("A")["analysed"]
        await box.until(lambda: box.camera("A")["analysed"] > seen + 20)
        after = {worker["pid"] for worker in box.analyzer.status()["workers"] if worker["cameras"]}
        assert not before & after
        assert sum(worker["restarts"] for worker in box.analyzer.status()["workers"]) >= 1


async def test_hostile_stream_hurts_neither_the_parent_nor_other_cameras(folder: Path) -> None:
    async with running(folder, {"BAD": hostile_stream(), "GOOD": moving_square(120)}) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (camera("BAD"), camera("GOOD"))))
        await box.until(lambda: box.camera("GOOD").get("analysed") == 120)
        await box.until(lambda: box.camera("BAD").get("damaged", 0) > 50)


async def test_assignment_survives_a_restart_and_removed_cameras_stop(folder: Path) -> None:
    scripts = {"A": moving_square(), "B": moving_square()}
    async with running(folder, scripts) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (camera("A"), camera("B"))))
        await box.until(lambda: box.camera("B").get("analysed") == 60)
        await box.analyzer.take_assignment(AnalyzerAssignment(2, (camera("A"),)))
        assert [c["camera_id"] for c in box.analyzer.status()["cameras"]] == ["A"]
        assert box.connections["A"] == 1, "an unchanged camera is not touched"
    async with running(folder, scripts) as box:
        await box.until(lambda: box.camera("A").get("analysed") == 60)
        assert box.analyzer.status()["assignment_version"] == 2


async def test_stream_too_dear_for_the_processor_is_cut_to_key_frames_and_says_so(folder: Path) -> None:
    go_on = asyncio.Event()
    async with running(folder, {"A": moving_square(120)}, capacity_ms=0.01, held=(2, go_on)) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (camera("A"),)))
        await box.until(lambda: box.camera("A").get("key_frames_only"))
        assert box.camera("A")["decoded"] == 2
        go_on.set()
        await box.until(lambda: box.camera("A")["thinned"] == 107)
        await box.until(lambda: box.camera("A")["decoded"] == 13)
        assert (box.camera("A")["state"], box.camera("A")["code"]) == ("analysing", "key_frames_only")


async def test_recorder_away_is_waited_for_and_said(folder: Path) -> None:
    async with running(folder, {}) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (camera("A"),)))
        await box.until(lambda: box.camera("A").get("code") == "no_feed")
        assert box.camera("A")["state"] == "waiting"


async def test_overlay_messages_follow_the_contract(folder: Path) -> None:
    async with running(folder, {"A": moving_square(300)}) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (camera("A"),)))
        async with unix_connect(str(box.paths.socket("analyzer")), uri="ws://analyzer/tracks?camera=A") as socket:
            while not (message := msgspec.json.decode(await asyncio.wait_for(socket.recv(), 30)))["tracks"]:
                pass
        assert set(message) == {"captured_at_ns", "tracks", "motion"}
        assert set(message["tracks"][0]) == {"id", "class", "confidence", "box"}
        assert len(message["tracks"][0]["box"]) == 4


async def _check_masked(http, media: bytes, jpeg: bytes) -> None:
    """The left half is hidden in a preview and in a stored picture; masks that hide nothing are refused."""
    left_half = "[[[0,0],[0.5,0],[0.5,1],[0,1]]]"
    shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    for path, body in (("/masked/thumbnail", media), ("/masked/picture", jpeg)):
        masked = await http.post(path, params={"width": "160", "masks": left_half}, content=body)
        image = cv2.imdecode(np.frombuffer(masked.content, np.uint8), cv2.IMREAD_COLOR)
        assert image[:, :76].std(axis=(0, 1)).max() < 2, path
        assert np.abs(image[:, :76].mean(axis=(0, 1)) - (40, 36, 32)).max() < 2, path
        assert np.abs(image[:, 90:].astype(np.int16) - shown[:, 90:]).mean() < 2, path
        for masks in ("", "[]", "[[]]", "[[[0,0],[1,1]]]", "[[[0,0],[1,null],[1,1]]]", "left"):
            refused = await http.post(path, params={"width": "160", "masks": masks}, content=body)
            assert refused.status_code == 422, (path, masks)
        assert (await http.post(path, params={"masks": left_half}, content=b"garbage")).status_code == 422


async def test_thumbnail_is_decoded_in_the_jail_and_bad_requests_are_told(folder: Path) -> None:
    from tests.support.encoded import write_square_file

    async with running(folder, {}) as box, box.http() as http:
        good = await http.post("/thumbnail?width=160", content=write_square_file(frames=3))
        assert (good.status_code, good.headers["content-type"]) == (200, "image/jpeg")
        assert good.content[:3] == b"\xff\xd8\xff"
        assert (await http.post("/thumbnail?width=160", content=b"garbage")).status_code == 422
        assert (await http.post("/thumbnail?width=9", content=b"")).status_code == 422
        await _check_masked(http, write_square_file(frames=3), good.content)
        assert (await http.put("/assignment", content=b"{}")).status_code == 422
        wrong = AnalyzerAssignment(1, (camera("A", Rule("x", "dragon_seen")),))
        answer = await http.put("/assignment", content=msgspec.json.encode(wrong))
        assert answer.status_code == 422
        assert "dragon_seen" in answer.json()["message"]
