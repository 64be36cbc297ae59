"""A stream is recorded when its plan wants it, with what came before, and whenever nobody can tell."""

import random
from itertools import pairwise

import pytest

from tests.support.media import H264, START_NS, make_packets
from tests.support.recording import Rig, seconds
from vedette.core.media import Packet, StreamFormat
from vedette.core.recording_plan import CalendarSpan, MotionTrigger, RecordingMode, RecordingPlan
from vedette.recording.gated_recorder import GatedRecorder
from vedette.recording.packet_motion import PacketMotion
from vedette.recording.prerecord import PreRecord
from vedette.recording.trigger import RecordingGate, Sources, Trigger

MOTION, EVENT, OFF = RecordingMode.MOTION, RecordingMode.EVENT, RecordingMode.OFF
FPS = 25


class Drive:
    """Feeds a gated recorder second by second; `busy` pictures are ten times as large."""

    def __init__(self, rig: Rig, plan: RecordingPlan, *, has_analyzer: bool = False, gop: int = 50) -> None:
        self.has_analyzer = has_analyzer
        self.gop = gop
        self.second = 0
        self.rng = random.Random(3)
        self.gate = GatedRecorder(rig.recorder(), plan, START_NS, 0)

    @property
    def now_ns(self) -> int:
        return START_NS + seconds(self.second)

    def run(self, length_s: int, size_bytes: int = 600) -> None:
        for _ in range(length_s):
            first = self.second * FPS
            for number in range(first, first + FPS):
                is_key = number % self.gop == 0
                noisy = round(size_bytes * self.rng.uniform(0.95, 1.05)) * (40 if is_key else 1)
                (packet,) = make_packets(
                    1,
                    start_90k=number * 3600,
                    first_sequence=number,
                    start_ns=START_NS + number * seconds(0.04),
                    size_bytes=noisy // 4,
                )
                self.gate.write(_with(packet, noisy, is_key=is_key))
            self.second += 1
            self.gate.tick(self.now_ns, seconds(self.second), has_analyzer=self.has_analyzer)


def _with(packet: Packet, size_bytes: int, *, is_key: bool) -> Packet:
    data = packet.data[:8] + bytes(size_bytes)
    return Packet(
        False,
        is_key,
        packet.pts_90k,
        packet.dts_90k,
        packet.captured_at_ns,
        packet.received_at_ns,
        0,
        packet.sequence,
        0,
        data,
    )


@pytest.fixture
def rig(tmp_path):
    return Rig(tmp_path / "v")


def spans(rig: Rig) -> list[tuple[float, float, str]]:
    """Stored segments as seconds from the start, with their mode."""
    rig.store.commit()
    found: dict[str, list] = {}
    for job in rig.sink.jobs:
        span = found.setdefault(job.head.segment_id, [job.entry.start_ns, 0, job.head.mode.value])
        span[1] = job.entry.end_ns
    return [(round((a - START_NS) / 1e9, 1), round((b - START_NS) / 1e9, 1), mode) for a, b, mode in found.values()]


def check_account(drive: Drive) -> None:
    totals = drive.gate.recorder.ledger.totals
    assert totals.received == totals.stored + totals.unplaced + totals.unwanted
    assert totals.received == drive.second * FPS
    assert totals.missing == 0


def test_motion_is_stored_with_what_came_before_and_quiet_is_not(rig) -> None:
    drive = Drive(rig, RecordingPlan(mode=MOTION, pre_s=5, post_s=6))
    drive.run(60)
    drive.run(10, size_bytes=3000)
    drive.run(40)
    drive.gate.close()
    learning, moving = spans(rig)
    assert learning[0] == 0.0
    assert 10 <= learning[1] <= 30  # nobody could tell before the baseline was learned
    assert moving[2] == "motion"
    assert 53 <= moving[0] <= 55  # whole GOPs of 2 s, at least 5 s before
    assert 76 <= moving[1] <= 80  # and 6 s after
    check_account(drive)
    assert {(gap.reason, gap.frames_missing) for gap in rig.sink.gaps} == {("policy", 0)}


def test_nothing_is_lost_or_stored_twice_where_the_gate_opens(rig) -> None:
    drive = Drive(rig, RecordingPlan(mode=EVENT, pre_s=4, post_s=3), has_analyzer=True)
    drive.run(30)
    drive.gate.on_event("e", drive.now_ns - seconds(1), None, drive.now_ns)
    drive.run(5)
    drive.gate.on_event("e", drive.now_ns - seconds(6), drive.now_ns, drive.now_ns)
    drive.run(20)
    drive.gate.close()
    first, last = spans(rig)[-1][:2]
    assert 23 <= first <= 25
    assert 38 <= last <= 40
    times = [job.entry for job in rig.sink.jobs if job.entry.start_ns >= START_NS + seconds(first)]
    assert all(a.end_ns == b.start_ns for a, b in pairwise(times))
    assert sum(entry.frames for entry in times) == round((last - first) * FPS)
    check_account(drive)


@pytest.mark.parametrize("mode", [MOTION, EVENT])
def test_dead_analyzer_without_packet_sizes_records_everything(rig, mode) -> None:
    plan = RecordingPlan(mode=mode, motion=MotionTrigger(use_packet_sizes=False))
    drive = Drive(rig, plan, has_analyzer=True)
    drive.run(20)
    assert drive.gate.verdict.trigger is Trigger.WAITING
    drive.has_analyzer = False
    drive.run(20)
    assert (drive.gate.verdict.trigger, drive.gate.verdict.is_recording) == (Trigger.UNTRUSTED, True)
    drive.gate.close()
    start, end, stored_as = spans(rig)[-1]
    assert (end, stored_as) == (40.0, mode.value)
    assert start <= 15  # with what memory still held
    check_account(drive)


def test_calendar_switches_off_and_on_again_and_off_time_is_policy(rig) -> None:
    # START_NS is 2026-11-18T11:06:40Z, a Wednesday: off from 11:07 to 11:08
    day = 2
    plan = RecordingPlan(calendar=(CalendarSpan((day,), 667, 668, OFF),))
    drive = Drive(rig, plan)
    drive.run(120)
    drive.gate.close()
    before, after = spans(rig)
    assert before[1] == pytest.approx(20, abs=3)
    assert after == (pytest.approx(80, abs=3), 120.0, "continuous")
    (gap,) = rig.sink.gaps[-1:]
    assert (gap.reason, gap.frames_missing, gap.is_open) == ("policy", 0, False)
    check_account(drive)


def test_continuous_stream_keeps_nothing_in_memory_and_goes_straight_to_the_recorder(rig) -> None:
    drive = Drive(rig, RecordingPlan())
    drive.run(10)
    assert drive.gate.held_bytes == 0
    assert drive.gate.write == drive.gate.recorder.write_packet


def test_new_mode_begins_a_new_segment_at_a_key_frame(rig) -> None:
    drive = Drive(rig, RecordingPlan())
    drive.run(5)
    drive.gate.set_plan(RecordingPlan(mode=MOTION))
    drive.run(5)
    drive.gate.close()
    assert spans(rig) == [(0.0, 6.0, "continuous"), (6.0, 10.0, "motion")]


def test_what_a_camera_saw_before_it_was_cut_off_is_kept_and_its_silence_is_no_policy(rig) -> None:
    drive = Drive(rig, RecordingPlan(mode=MOTION, pre_s=5))
    drive.run(40)
    drive.gate.on_fault("unreachable", ends_run=True)
    drive.second += 20
    drive.gate.write_format(StreamFormat("run-2", H264))
    drive.run(20)
    drive.gate.close()
    assert spans(rig)[1][1] == 40.0
    told = [gap for gap in rig.sink.gaps if not gap.is_open]
    assert [gap.reason for gap in told] == ["policy", "network"]
    assert told[1].to_ns - told[1].from_ns == seconds(20)


def test_unknown_time_zone_records(rig) -> None:
    drive = Drive(rig, RecordingPlan(mode=OFF, timezone="Nowhere/Land"))
    assert drive.gate.plan_fault
    assert drive.gate.verdict.is_recording


def test_memory_is_bounded_and_gives_up_the_oldest_first() -> None:
    memory = PreRecord(seconds(60), max_bytes=20_000)
    packets = make_packets(500, gop=25, size_bytes=100)
    given_up = [packet for one in packets for packet in memory.push(one)]
    assert memory.size_bytes <= 20_000
    unwanted, wanted = memory.take(0)
    assert given_up + unwanted + wanted == packets
    assert wanted[0].is_key


def test_late_fact_distrusts_the_analyzer_and_old_ones_are_history() -> None:
    gate, trusted = RecordingGate(5, 10), Sources(packet_sizes=False, analyzer=True)
    gate.on_motion(0, seconds(1), seconds(3600), seconds(1))
    assert not gate.decide(MOTION, trusted, seconds(1)).is_recording
    gate.on_motion(0, seconds(1), seconds(31), seconds(1))
    assert gate.decide(MOTION, trusted, seconds(50)).trigger is Trigger.UNTRUSTED
    assert not gate.decide(MOTION, trusted, seconds(62)).is_recording


def test_clock_that_goes_back_an_hour_neither_ends_nor_prolongs_a_recording() -> None:
    gate, trusted = RecordingGate(5, 10), Sources(packet_sizes=False, analyzer=True)
    gate.on_motion(seconds(7200), seconds(7201), seconds(3601), seconds(1))
    assert gate.decide(MOTION, trusted, seconds(10)).is_recording
    assert not gate.decide(MOTION, trusted, seconds(11)).is_recording


def test_constant_bit_rate_is_not_trusted_and_a_new_rate_is_learned() -> None:
    rng = random.Random(1)
    steady, varied = PacketMotion(0.5), PacketMotion(0.5)
    for packet in make_packets(25 * 120):
        steady.push(_with(packet, 6000 if packet.is_key else 4000, is_key=packet.is_key))
        varied.push(_with(packet, 60_000 if packet.is_key else rng.randint(900, 1100), is_key=packet.is_key))
    assert steady.is_learned
    assert not steady.is_trustworthy
    assert varied.is_trustworthy


def test_crowd_at_a_loosely_held_rate_is_not_taken_for_rest() -> None:
    """As PETS S2L1 at 1 Mbit/s: 10 s sums within 8 %, four fifths of the bytes in predicted pictures."""
    rng, motion = random.Random(4), PacketMotion(0.5)
    for packet in make_packets(25 * 120, gop=50):
        stretch = 1.0 + 0.08 * (packet.sequence // 250 % 2)
        motion.push(
            _with(
                packet, 45_000 if packet.is_key else round(4000 * stretch * rng.uniform(0.9, 1.1)), is_key=packet.is_key
            )
        )
        assert not motion.is_trustworthy


def test_key_frames_and_single_refresh_pictures_are_no_motion() -> None:
    rng, motion = random.Random(2), PacketMotion(1.0)
    moved = [
        motion.push(
            _with(packet, 90_000 if packet.sequence % 100 == 60 else rng.randint(950, 1050), is_key=packet.is_key)
        )
        for packet in make_packets(25 * 120, gop=1500)
    ]
    assert not any(moved)


def test_killed_while_nothing_was_wanted_only_the_rest_is_our_fault(rig) -> None:
    drive = Drive(rig, RecordingPlan(mode=MOTION, pre_s=5))
    drive.run(60)  # never closed: killed
    rig.store.commit()
    told = [gap for gap in rig.sink.gaps if gap.is_open][-1]
    assert told.reason == "policy"
    assert rig.index.find_last_ends()[told.key] == told.to_ns > START_NS + seconds(40)


def test_a_restart_while_recording_is_off_by_schedule_is_no_loss(rig) -> None:
    drive = Drive(rig, RecordingPlan())
    drive.run(10)
    drive.gate.close()
    rig.store.commit()
    drive.second += 60
    again = Drive(rig, RecordingPlan(mode=OFF))  # the recorder starts anew; its account ends with the footage
    again.second = drive.second
    again.gate.tick(again.now_ns, seconds(again.second), has_analyzer=False)
    again.gate.on_fault("unreachable", ends_run=True)  # the camera comes up later than we do
    again.second += 30
    again.gate.tick(again.now_ns, seconds(again.second), has_analyzer=False)
    again.run(10)
    again.gate.set_plan(RecordingPlan())
    again.run(10)
    again.gate.close()
    rig.store.commit()
    assert {(gap.reason, gap.frames_missing) for gap in rig.sink.gaps} == {("policy", 0)}


def test_a_fault_that_began_before_the_schedule_went_off_stays_a_fault(rig) -> None:
    drive = Drive(rig, RecordingPlan())
    drive.run(10)
    drive.gate.on_fault("unreachable", ends_run=True)
    drive.second += 60
    drive.gate.tick(drive.now_ns, seconds(drive.second), has_analyzer=False)
    assert {gap.reason for gap in rig.sink.gaps} == {"network"}
