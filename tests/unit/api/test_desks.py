"""The timeline over two streams, and the state of the system when somebody is silent."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.support.gateway import API, Harness
from vedette.adapters.database_events import SqlEventStore
from vedette.adapters.database_history import SqlHistoryStore
from vedette.adapters.sqlite_signing_results import SqliteSigningReader
from vedette.api.convert_cameras import camera_out
from vedette.api.footage_desk import FootageDesk
from vedette.api.ledger_desk import LedgerDesk
from vedette.api.system_desk import (
    count_cameras,
    describe_analysis,
    describe_control,
    describe_detector,
    describe_processes,
)
from vedette.camera.inventory import Camera, CameraSettings, StreamSettings
from vedette.camera.live import LiveFacts, RecordingFacts, StreamFacts
from vedette.core.footage import FootageGap, FootageRun
from vedette.core.media import StreamRole
from vedette.core.messages import ControlStateChanged
from vedette.core.time import NS_PER_S
from vedette.recording.minutes import MinuteCount

CAMERA = "01JD5Q8Z3M6V1T9W4X7Y2B0C8D"
MS = 1_000_000


class ScriptedIndex:
    """Footage of main from 0 to 100 ms and of sub from 80 to 200 ms, with a gap in each."""

    def find_runs(self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> list[FootageRun]:
        spans = {StreamRole.MAIN: (0, 100), StreamRole.SUB: (80, 200)}
        start, end = spans[role]
        return [FootageRun(role, start * MS, end * MS, 10, 1000)]

    def find_gaps(self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> list[FootageGap]:
        spans = {StreamRole.MAIN: (100, 150), StreamRole.SUB: (200, 300)}
        start, end = spans[role]
        return [FootageGap(role, start * MS, end * MS, "network", 5), FootageGap(role, 400 * MS, 401 * MS, "disk", 1)]

    def find_coverage(
        self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int, resolution_ns: int
    ) -> list[tuple[int, int]]:
        return [(run.from_ns, run.to_ns) for run in self.find_runs(camera_id, role, from_ns, to_ns)]

    def find_minutes(
        self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int, step_ns: int
    ) -> list[MinuteCount]:
        if role is StreamRole.SUB:
            return []
        return [MinuteCount(from_ns, 1480, {"network": 20}), MinuteCount(from_ns + step_ns, 1500)]


def _desk(gateway: Harness) -> FootageDesk:
    database = gateway.parts.database
    return FootageDesk(
        index=ScriptedIndex(),
        events=SqlEventStore(database),
        history=SqlHistoryStore(database),
        signing=SqliteSigningReader(Path("/no/results.db")),
    )


async def test_gap_of_one_stream_that_the_other_covers_is_no_gap_on_the_timeline(gateway: Harness) -> None:
    timeline = await _desk(gateway).draw_timeline([CAMERA], 0, 500 * MS, 50)
    (row,) = timeline.cameras
    assert row.coverage == [[0.0, 200.0]]
    assert row.gaps == [(200.0, 300.0, "network")]  # the one of 1 ms is below the zoom level


async def test_recordings_of_both_streams_come_in_order(gateway: Harness) -> None:
    found = await _desk(gateway).find_recordings(CAMERA, 0, 500 * MS)
    assert [(run.stream, run.frames, run.bytes) for run in found.runs] == [("main", 10, 1000), ("sub", 10, 1000)]
    assert [gap.frames_missing for gap in found.gaps] == [5, 5, 1, 1]
    assert "from" in found.runs[0].model_dump(by_alias=True)


async def test_ledger_sums_slots_and_gives_each_missing_frame_its_reason() -> None:
    ledger = await LedgerDesk(ScriptedIndex()).read([CAMERA], 0, 120 * NS_PER_S, 60)
    main, sub = ledger.cameras
    assert (main.stream, main.expected, main.stored, main.completeness) == ("main", 3000, 2980, 2980 / 3000)
    assert [(slot.expected, slot.reasons) for slot in main.slots] == [(1500, {"network": 20}), (1500, {})]
    assert (sub.stream, sub.expected, sub.completeness) == ("sub", 0, None)
    assert [gap.frames_missing for gap in sub.gaps] == [5, 1]


async def test_ledger_of_too_many_slots_is_refused_before_anything_is_read(gateway: Harness) -> None:
    wanted = {"cameras": CAMERA, "from": "2020-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    async with gateway.local() as client:
        refused = await client.get(f"{API}/ledger", params=wanted)
        assert refused.status_code == 422
        assert "step_s" in refused.json()["hint"]
        wide = await client.get(f"{API}/ledger", params=wanted | {"step_s": 86_400})
        assert wide.json()["cameras"] == []
        assert (await client.get(f"{API}/ledger", params=wanted | {"cameras": "x"})).status_code == 422


def test_role_that_runs_but_does_not_answer_is_unavailable_and_one_that_restarts_is_restarting() -> None:
    roles = [
        {"role": "recorder", "state": "running", "pid": 7, "since_ns": 1, "restarts": 2, "reason": "started"},
        {"role": "analyzer", "state": "restarting", "pid": 8, "since_ns": 1, "restarts": 3, "reason": "killed"},
    ]
    status = msgspec.json.encode({"roles": roles, "started_at": "x"})
    shown = describe_processes(status, {"recorder": "no answer", "analyzer": "no answer"})
    assert [(one.role, one.state, one.reason) for one in shown] == [
        ("recorder", "unavailable", "no answer"),
        ("analyzer", "restarting", "killed"),
        ("gateway", "running", ""),
        ("notary", "running", ""),
        ("validator", "running", ""),
    ]


def test_analysis_of_a_silent_analyzer_is_empty_and_of_a_talking_one_says_what_it_cannot_keep_up_with() -> None:
    assert describe_analysis("no answer") == []
    camera = {
        "camera_id": CAMERA, "state": "analysing", "code": "reduced", "reason": "slow", "detector": "model", "fps": 9.8,
        "asked_fps": 15.0, "allowed_fps": 10.0, "key_frames_only": False, "thinned": 3, "dropped": 0, "decoded": 99,
    }  # fmt: skip
    [shown] = describe_analysis(msgspec.json.encode({"role": "analyzer", "cameras": [camera]}))
    assert (shown.camera_id, shown.code, shown.asked_fps, shown.allowed_fps) == (CAMERA, "reduced", 15.0, 10.0)


def test_detector_in_use_is_told_with_its_reason_and_not_at_all_when_nobody_answers() -> None:
    assert describe_detector("no answer") is None
    choice = {
        "detector": "detector@448x256", "why": "cheapest", "cost_ms": 7.2, "asked_ms": 3000.0, "room_ms": 1700.0,
        "streams": 8, "possible_streams": 3,
    }  # fmt: skip
    status = {"cameras": [], "model": {"name": "detector", "choice": choice, "missing": "it is none"}}
    shown = describe_detector(msgspec.json.encode(status))
    assert shown is not None
    assert shown.model_dump() == {**choice, "problem": "it is none"}


def test_control_of_a_silent_role_is_unknown_whatever_was_last_heard() -> None:
    control = ControlStateChanged("vision_jail", "holds", "all layers", 1, {"landlock": True})
    assert describe_control(control, {}).state == "holds"
    silent = describe_control(control, {"analyzer": "no answer"})
    assert (silent.state, silent.detail, silent.layers) == ("unknown", "no answer", {})


@pytest.mark.parametrize(
    ("main", "sub", "counted"),
    [("online", "online", "online"), ("online", "offline", "offline"), ("stalled", "connecting", "stalled")],
)
def test_camera_counts_by_its_worst_stream(main: str, sub: str, counted: str) -> None:
    streams = {(CAMERA, StreamRole.MAIN): StreamFacts(main), (CAMERA, StreamRole.SUB): StreamFacts(sub)}
    camera = Camera(CAMERA, CameraSettings("Door", StreamSettings("rtsp://h/1"), StreamSettings("rtsp://h/2")), 0)
    off = Camera("x", CameraSettings("Off", StreamSettings("rtsp://h/1"), enabled=False), 0)
    counts = count_cameras([camera, off], LiveFacts(streams)).model_dump()
    assert counts[counted] == 1
    assert (counts["total"], counts["enabled"]) == (2, 1)
    assert count_cameras([camera], LiveFacts({}, "down")).unknown == 1


def test_recording_is_told_of_a_camera_that_is_on_and_of_none_that_is_off() -> None:
    waiting = RecordingFacts("motion", is_recording=False, trigger="waiting")
    facts = LiveFacts({(CAMERA, StreamRole.MAIN): StreamFacts("online", recording=waiting)})
    settings = CameraSettings("Door", StreamSettings("rtsp://h/1"))
    told = camera_out(Camera(CAMERA, settings, 0), facts).live.main.recording
    assert told is not None
    assert (told.mode, told.is_recording, told.trigger) == ("motion", False, "waiting")
    off = Camera(CAMERA, replace(settings, enabled=False), 0)
    assert camera_out(off, facts).live.main.recording is None
    assert camera_out(Camera(CAMERA, settings, 0), LiveFacts({}, "down")).live.main.recording is None
