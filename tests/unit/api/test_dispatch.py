"""The roles are told until they have taken it, and a role that is down holds up nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from vedette.camera.assignment_plan import plan_analyzer_assignment, plan_recorder_assignment
from vedette.camera.dispatch import AssignmentDispatcher
from vedette.camera.inventory import (
    AnalysisSettings,
    Camera,
    CameraSettings,
    RecordMode,
    StreamSettings,
    find_analysis_faults,
)
from vedette.camera.recording_terms import RecordingTerms
from vedette.core.assignment import AnalyzerAssignment, RecorderAssignment, VolumeAssignment
from vedette.core.errors import UnavailableError
from vedette.core.media import StreamRole
from vedette.core.recording_plan import CalendarSpan, Erasure, Hold, RecordingMode, RecordingPlan, RetentionTerm
from vedette.testing.clock import SimulatedClock

DOOR = Camera(
    "01JD5Q8Z3M6V1T9W4X7Y2B0C8D",
    CameraSettings("Door", StreamSettings("rtsp://h/1"), StreamSettings("rtsp://h/2")),
    0,
    sealed_login="v1.x",
)
VOLUME = VolumeAssignment("/v")


class FlakyRole:
    """Refuses the first so many assignments."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.taken: list[RecorderAssignment | AnalyzerAssignment] = []

    async def put_assignment(self, assignment: RecorderAssignment | AnalyzerAssignment) -> None:
        if self.refusals > 0:
            self.refusals -= 1
            raise UnavailableError("down")
        self.taken.append(assignment)


class Cameras:
    def __init__(self) -> None:
        self.cameras = [DOOR]

    async def list_all(self) -> list[Camera]:
        return list(self.cameras)


class Storage:
    """Volumes and holds as they are now."""

    def __init__(self) -> None:
        self.holds: list[Hold] = []

    async def list_assignments(self) -> list[VolumeAssignment]:
        return [VOLUME]

    async def list_active(self) -> list[Hold]:
        return list(self.holds)


class NoErasures:
    def list_active(self) -> list[Erasure]:
        return []


class Counter:
    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    async def count_up(self, name: str) -> int:
        self.numbers[name] = self.numbers.get(name, 0) + 1
        return self.numbers[name]


@asynccontextmanager
async def running(
    recorder: FlakyRole, analyzer: FlakyRole, cameras: Cameras, storage: Storage | None = None
) -> AsyncIterator[tuple[AssignmentDispatcher, SimulatedClock]]:
    clock = SimulatedClock()
    storage = storage or Storage()
    dispatcher = AssignmentDispatcher(
        inventory=cameras,
        versions=Counter(),
        recorder=recorder,
        analyzer=analyzer,
        volumes=storage,
        holds=storage,
        erasures=NoErasures(),
        clock=clock,
    )
    task = asyncio.create_task(dispatcher.run())
    await clock.advance(0)
    try:
        yield dispatcher, clock
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_role_that_is_down_is_told_when_it_comes_back_and_the_other_at_once() -> None:
    recorder, analyzer = FlakyRole(refusals=3), FlakyRole()
    async with running(recorder, analyzer, Cameras()) as (dispatcher, clock):
        assert len(analyzer.taken) == 1
        assert list(dispatcher.untold) == ["recorder"]
        await clock.advance(4)
        assert recorder.taken == []
        await clock.advance(2)
        assert len(recorder.taken) == 1
        assert dispatcher.untold == {}


async def test_change_is_sent_at_once_with_a_higher_version_and_repeated_each_minute() -> None:
    recorder, cameras = FlakyRole(), Cameras()
    async with running(recorder, FlakyRole(), cameras) as (dispatcher, clock):
        cameras.cameras.append(replace(DOOR, id="01JD5Q8Z3M6V1T9W4X7Y2B0C8E"))
        dispatcher.announce()
        await clock.advance(0)
        assert [len(taken.cameras) for taken in recorder.taken] == [1, 2]
        assert [taken.version for taken in recorder.taken] == [1, 2]
        await clock.advance(60)
        assert len(recorder.taken) == 3


async def test_hold_reaches_the_recorder_at_once_and_leaves_with_its_release() -> None:
    recorder, storage = FlakyRole(), Storage()
    async with running(recorder, FlakyRole(), Cameras(), storage) as (dispatcher, clock):
        storage.holds.append(Hold("01JD5Q8Z3M6V1T9W4X7Y2B0C8H", DOOR.id, 1, 2, "theft"))
        dispatcher.announce()
        await clock.advance(0)
        storage.holds.clear()
        dispatcher.announce()
        await clock.advance(0)
    assignments = [taken for taken in recorder.taken if isinstance(taken, RecorderAssignment)]
    assert [len(taken.holds) for taken in assignments] == [0, 1, 0]
    assert all(taken.volumes == (VOLUME,) for taken in assignments)


async def test_change_during_a_retry_wait_does_not_wait_for_it() -> None:
    recorder = FlakyRole(refusals=1)
    async with running(recorder, FlakyRole(), Cameras()) as (dispatcher, clock):
        dispatcher.announce()
        await clock.advance(0)
        assert len(recorder.taken) == 1


def test_recorder_gets_every_stream_of_enabled_cameras_and_sealed_logins() -> None:
    both = replace(DOOR, settings=replace(DOOR.settings, record=RecordMode.SUB))
    off = replace(DOOR, settings=replace(DOOR.settings, enabled=False))
    plan = plan_recorder_assignment(7, [both, off], [VOLUME])
    assert len(plan.cameras) == 1
    assert plan.cameras[0].credentials == "v1.x"
    assert [(stream.role, stream.record) for stream in plan.cameras[0].streams] == [
        (StreamRole.MAIN, False),
        (StreamRole.SUB, True),
    ]
    assert plan_recorder_assignment(1, [], []).cameras == ()


def test_recorder_gets_plan_retention_volumes_and_authority_of_each_camera() -> None:
    night = CalendarSpan((0, 1), 0, 360, RecordingMode.MOTION)
    terms = RecordingTerms(
        RecordingPlan(calendar=(night,)), (RetentionTerm(RecordingMode.MOTION, 7, 30),), ("archive", "main")
    )
    main = replace(DOOR.settings.main, ca_pem="PEM")
    camera = replace(DOOR, settings=replace(DOOR.settings, recording=terms, main=main))
    planned = plan_recorder_assignment(1, [camera], [VOLUME]).cameras[0]
    assert (planned.plan, planned.retention, planned.volumes) == (terms.plan, terms.retention, terms.volumes)
    assert [stream.ca_pem for stream in planned.streams] == ["PEM", ""]


def test_analyzer_gets_a_stream_that_exists_and_no_camera_without_detector() -> None:
    single = replace(DOOR, settings=replace(DOOR.settings, sub=None))
    silent = replace(DOOR, settings=replace(DOOR.settings, analysis=AnalysisSettings(detector="none")))
    plan = plan_analyzer_assignment(1, [DOOR, single, silent])
    assert [camera.stream for camera in plan.cameras] == [StreamRole.SUB, StreamRole.MAIN]
    assert [camera.close_stream for camera in plan.cameras] == [StreamRole.MAIN, None]


def test_the_larger_stream_is_not_asked_for_where_nothing_is_recognised() -> None:
    plain = replace(DOOR, settings=replace(DOOR.settings, analysis=AnalysisSettings(recognize=())))
    assert [camera.close_stream for camera in plan_analyzer_assignment(1, [plain]).cameras] == [None]


def test_faces_are_recognised_only_where_somebody_switched_them_on() -> None:
    [plain] = plan_analyzer_assignment(1, [DOOR]).cameras
    assert plain.recognize == ("attributes", "plates")
    watched = replace(DOOR, settings=replace(DOOR.settings, analysis=AnalysisSettings(recognize=("faces",))))
    [seen] = plan_analyzer_assignment(1, [watched]).cameras
    assert seen.recognize == ("faces",)
    [fault] = find_analysis_faults(AnalysisSettings(recognize=("fases",)))
    assert fault.field == "analysis.recognize"
