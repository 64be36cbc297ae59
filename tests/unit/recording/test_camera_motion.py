"""A camera's motion is one signal: the sub stream tells it while it is received, else a stream's own pictures do."""

import random

import pytest

from tests.support.media import START_NS, make_packets
from tests.support.recording import Rig, seconds
from vedette.core.media import Packet
from vedette.core.recording_plan import RecordingMode, RecordingPlan
from vedette.recording.gated_recorder import GatedRecorder
from vedette.recording.trigger import RecordingGate, Sources, Trigger

FPS, GOP = 10, 20
QUIET, BUSY = 800, 6000


class TwoStreams:
    """The gate of a main stream, and the sub stream of the same camera, second by second."""

    def __init__(self, rig: Rig) -> None:
        self.gate = GatedRecorder(
            rig.recorder(), RecordingPlan(mode=RecordingMode.MOTION, pre_s=5, post_s=5), START_NS, 0
        )
        self.second = 0
        self._rng = random.Random(7)

    def run(self, length_s: int, main_bytes: int = QUIET, sub_bytes: int | None = QUIET) -> list[Trigger]:
        told = []
        for _ in range(length_s):
            for number in range(self.second * FPS, (self.second + 1) * FPS):
                self.gate.write(self._picture(number, main_bytes))
                if sub_bytes is not None:
                    self.gate.on_leading_picture(self._picture(number, sub_bytes))
            self.second += 1
            self.gate.tick(START_NS + seconds(self.second), seconds(self.second), has_analyzer=False)
            told.append(self.gate.verdict.trigger)
        return told

    def _picture(self, number: int, size_bytes: int) -> Packet:
        is_key = number % GOP == 0
        (packet,) = make_packets(
            1,
            start_90k=number * 90_000 // FPS,
            first_sequence=number,
            start_ns=START_NS + number * seconds(1 / FPS),
            size_bytes=8,
        )
        size = round(size_bytes * self._rng.uniform(0.96, 1.04)) * (20 if is_key else 1)
        return Packet(
            False, is_key, packet.pts_90k, packet.dts_90k, packet.captured_at_ns, packet.received_at_ns, 0,
            number, 0, packet.data[:8] + bytes(size),
        )  # fmt: skip


@pytest.fixture
def streams(tmp_path):
    return TwoStreams(Rig(tmp_path / "v"))


def test_motion_on_the_sub_stream_opens_the_main_streams_gate(streams) -> None:
    assert streams.run(40)[-1] is Trigger.WAITING
    assert Trigger.MOTION in streams.run(5, sub_bytes=BUSY)
    streams.gate.close()


def test_restless_main_stream_is_not_recorded_while_the_sub_stream_is_quiet(streams) -> None:
    streams.run(40)
    assert set(streams.run(30, main_bytes=BUSY)) == {Trigger.WAITING}


def test_sub_stream_that_is_lost_leaves_the_decision_to_the_main_streams_own_pictures(streams) -> None:
    streams.run(40)
    assert streams.run(10, sub_bytes=None)[-1] is Trigger.WAITING
    assert Trigger.MOTION in streams.run(5, main_bytes=BUSY, sub_bytes=None)


def test_motion_between_the_loss_of_the_sub_stream_and_its_notice_is_recorded(streams) -> None:
    streams.run(40)
    told = streams.run(2, main_bytes=BUSY, sub_bytes=None) + streams.run(4, sub_bytes=None)
    assert Trigger.MOTION in told


def test_restless_sub_stream_is_not_trusted_and_everything_is_recorded(streams) -> None:
    for number in range(60):
        streams.run(1, sub_bytes=(300, 1500, 5000)[number % 3])
    assert streams.gate.verdict.is_recording


def test_new_run_of_the_sub_stream_is_learned_anew_before_it_leads(streams) -> None:
    streams.run(40)
    streams.gate.begin_leading_run()
    assert set(streams.run(5, sub_bytes=BUSY)) == {Trigger.WAITING}
    assert Trigger.MOTION in streams.run(3, main_bytes=BUSY, sub_bytes=BUSY)


def test_rain_that_only_sizes_tell_of_is_recorded_until_the_analyzer_could_have_seen_it() -> None:
    gate = RecordingGate(pre_s=5, post_s=10)
    both, alone = Sources(packet_sizes=True, analyzer=True), Sources(packet_sizes=True, analyzer=False)
    triggers = []
    for second in range(30):
        gate.on_packet_motion(START_NS + seconds(second), seconds(second))
        triggers.append(gate.decide(RecordingMode.MOTION, both, seconds(second)).trigger)
    assert triggers[:10] == [Trigger.MOTION] * 10
    assert set(triggers[10:]) == {Trigger.WAITING}
    assert gate.decide(RecordingMode.MOTION, alone, seconds(30)).trigger is Trigger.MOTION


def test_motion_that_the_analyzer_confirms_is_recorded_as_long_as_it_lasts() -> None:
    gate = RecordingGate(pre_s=5, post_s=10)
    both = Sources(packet_sizes=True, analyzer=True)
    for second in range(40):
        now_ns = START_NS + seconds(second)
        gate.on_packet_motion(now_ns, seconds(second))
        gate.on_motion(now_ns - seconds(4), now_ns - seconds(2), now_ns, seconds(second))
        assert gate.decide(RecordingMode.MOTION, both, seconds(second)).trigger is Trigger.MOTION
