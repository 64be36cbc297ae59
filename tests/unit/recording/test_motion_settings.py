"""With motion zones the analyzer's word decides; when it is gone nothing that sizes told of is lost."""

import pytest

from tests.support.recording import Rig, seconds
from tests.unit.recording.test_recording_modes import Drive, check_account, spans
from vedette.core.geometry import Polygon
from vedette.core.motion import MotionSensitivity, MotionSettings, MotionZone, MotionZoneKind
from vedette.core.recording_plan import RecordingMode, RecordingPlan
from vedette.recording.trigger import SILENT_AFTER_NS, UNNOTICED_NS, RecordingGate, Sources, Trigger

BOTH, ALONE = Sources(packet_sizes=True, analyzer=True), Sources(packet_sizes=True, analyzer=False)
PLAN = RecordingPlan(mode=RecordingMode.MOTION, pre_s=0, post_s=3)
TREE = MotionSettings(
    zones=(MotionZone("Tree", MotionZoneKind.EXCLUDE, Polygon(((0, 0), (0.5, 0), (0.5, 1), (0, 1)))),)
)


@pytest.fixture
def rig(tmp_path):
    return Rig(tmp_path / "v")


def test_tree_that_sizes_tell_of_is_recorded_provisionally_alone(rig) -> None:
    drive = Drive(rig, PLAN, has_analyzer=True)
    drive.gate.set_motion(TREE)
    drive.run(40)
    drive.run(60, size_bytes=3000)
    assert drive.gate.verdict.trigger is Trigger.WAITING
    drive.gate.close()
    _, provisional = spans(rig)  # the first: before the analyzer was known to be there
    assert 38 <= provisional[0] <= 41
    assert 50 <= provisional[1] <= 54, "10 s, and up to the next key frame"
    check_account(drive)


def test_person_whom_a_tree_covers_for_sizes_is_not_lost_when_the_analyzer_dies_unnoticed(rig) -> None:
    drive = Drive(rig, PLAN, has_analyzer=True)
    drive.gate.set_motion(TREE)
    drive.run(40)
    drive.run(40, size_bytes=3000)  # the tree alone, refuted
    died_s = drive.second  # from here on nobody sees the person
    drive.run(UNNOTICED_NS // seconds(1), size_bytes=3000)
    assert drive.gate.verdict.trigger is Trigger.WAITING
    drive.has_analyzer = False
    drive.run(10, size_bytes=3000)
    assert drive.gate.verdict.trigger is Trigger.MOTION
    drive.gate.close()
    assert spans(rig)[-1][0] <= died_s
    assert spans(rig)[-1][1] == drive.second
    check_account(drive)


def test_motion_that_ended_before_the_dead_analyzer_was_missed_is_recorded_too() -> None:
    gate = RecordingGate(pre_s=0, post_s=1)
    for second in range(40):
        gate.on_packet_motion(0, seconds(second))
        gate.decide(RecordingMode.MOTION, BOTH, seconds(second))
    quiet_since = 39
    for second in range(40, 50):
        assert not gate.decide(RecordingMode.MOTION, BOTH, seconds(second)).is_recording
    found = gate.decide(RecordingMode.MOTION, ALONE, seconds(quiet_since) + SILENT_AFTER_NS)
    assert (found.trigger, found.from_ns) == (Trigger.MOTION, 0), "all that memory holds"


def test_quiet_since_long_opens_nothing_when_the_analyzer_goes() -> None:
    gate = RecordingGate(pre_s=0, post_s=1)
    gate.on_packet_motion(0, 0)
    gate.decide(RecordingMode.MOTION, BOTH, 0)
    gate.decide(RecordingMode.MOTION, BOTH, seconds(20))
    assert gate.decide(RecordingMode.MOTION, ALONE, seconds(21)).trigger is Trigger.WAITING


def test_memory_reaches_further_back_from_when_zones_are_drawn_and_not_before(rig) -> None:
    drive = Drive(rig, PLAN, has_analyzer=True)
    drive.run(40)
    short = drive.gate.held_bytes
    drive.gate.set_motion(TREE)
    drive.run(20)
    assert drive.gate.held_bytes > 2 * short
    drive.gate.set_motion(MotionSettings())
    drive.run(4)
    assert drive.gate.held_bytes < 1.5 * short
    drive.gate.close()
    check_account(drive)


def test_another_sensitivity_is_followed_without_learning_anew(rig) -> None:
    drive = Drive(rig, PLAN)
    drive.run(40)
    drive.run(10, size_bytes=800)
    assert drive.gate.verdict.trigger is Trigger.MOTION
    drive.run(10)
    drive.gate.set_motion(MotionSettings(MotionSensitivity.LOW))
    drive.run(1)
    assert drive.gate.verdict.trigger is Trigger.WAITING, "still learned: nothing is recorded for want of trust"
    drive.run(10, size_bytes=800)
    assert drive.gate.verdict.trigger is Trigger.WAITING
    drive.run(4, size_bytes=3000)
    assert drive.gate.verdict.trigger is Trigger.MOTION
