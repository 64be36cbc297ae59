"""Records one stream when its plan wants it: schedule, triggers and memory in front of a `StreamRecorder`.

Called on the event loop like the recorder itself. A stream in mode continuous goes past all of this: `write` is then
the recorder's own method, and no memory is held. A closed gate lets nothing through but a whole GOP, so that what is
stored always decodes; an open one closes at a key frame. Design: docs/design/recording-plan.md.
"""

from collections.abc import Callable

from vedette.core.media import Packet, StreamFormat
from vedette.core.motion import MotionSettings
from vedette.core.recording_plan import RecordingMode, RecordingPlan
from vedette.core.time import NS_PER_S
from vedette.recording.leading_motion import LeadingMotion
from vedette.recording.packet_motion import PacketMotion
from vedette.recording.prerecord import PreRecord
from vedette.recording.schedule import Schedule, UnknownZoneError
from vedette.recording.store_terms import LostFootage
from vedette.recording.stream_recorder import StreamRecorder
from vedette.recording.trigger import LATE_NS, UNNOTICED_NS, RecordingGate, Sources, Trigger, Verdict

_TRIGGERED = frozenset({RecordingMode.MOTION, RecordingMode.EVENT})
_NOW = 1 << 62
_EVERYTHING = 0


class GatedRecorder:
    """One stream with its plan.

    Attributes:
        write: Takes one access unit; changes with the mode, so look it up for each packet.
        verdict: What was decided last.
        plan_fault: Why the calendar cannot be followed; it is recorded all the time then. Else empty.
    """

    def __init__(
        self,
        recorder: StreamRecorder,
        plan: RecordingPlan,
        now_ns: int,
        mono_ns: int,
        motion: MotionSettings | None = None,
    ) -> None:
        self.recorder = recorder
        self._motion_settings = motion or MotionSettings()
        self.plan_fault = ""
        self.write: Callable[[Packet], None] = self.write_packet
        self._now_ns, self._mono_ns = now_ns, mono_ns
        self._has_analyzer = False
        self._is_open = False
        self._motion: PacketMotion | None = None
        self._leader: LeadingMotion | None = None
        self._is_led = False
        self._memory: PreRecord | None = None
        self._take_plan(plan)
        self.verdict = Verdict(RecordingMode.OFF, is_recording=False, trigger=Trigger.OFF)
        self._decide()

    @property
    def held_bytes(self) -> int:
        """Pictures in memory that wait for a trigger."""
        return self._memory.size_bytes if self._memory is not None else 0

    @property
    def plan(self) -> RecordingPlan:
        return self._plan

    def set_plan(self, plan: RecordingPlan) -> None:
        """Another plan holds from now on; an edit does not end a recording that goes on."""
        if plan == self._plan:
            return
        before = self._gate
        self._take_plan(plan)
        self._gate.adopt(before)
        self._motion = self._leader = None
        self._give_up_memory()
        self._decide()

    def set_motion(self, motion: MotionSettings) -> None:
        """Other zones or another sensitivity hold from now on. What sizes have learned of rest stays."""
        self._motion_settings = motion
        sensitivity = motion.thresholds.packet_sensitivity
        if self._motion is not None:
            self._motion.tune(sensitivity)
        if self._leader is not None:
            self._leader.tune(sensitivity)
        if self._memory is not None:
            self._memory.keep_ns = self._memory_reach_ns()

    def write_format(self, stream_format: StreamFormat) -> None:
        """A new run or new parameters: sizes must be learned anew, and memory of another format is no beginning."""
        self._give_up_memory()
        if self._motion is not None:
            self._motion = PacketMotion(self._motion_settings.thresholds.packet_sensitivity)
        self.recorder.write_format(stream_format)

    def write_packet(self, packet: Packet) -> None:
        """Takes one access unit of a stream that is not simply recorded."""
        motion = self._motion
        if motion is not None and not packet.is_audio and motion.push(packet) and not self._is_led:
            self._gate.on_packet_motion(motion.began_ns or packet.captured_at_ns, self._mono_ns)
            self._decide()
        is_key = packet.is_key and not packet.is_audio
        if is_key and self._is_open and not self.verdict.is_recording:
            self._close()
        elif is_key and not self._is_open and self.verdict.is_recording:
            self._open(_NOW)
            self._is_open, self._memory = True, None
        if self._is_open:
            self.recorder.write_packet(packet)
        elif self._memory is not None:
            self.recorder.write_unwanted(self._memory.push(packet))
        elif self.verdict.mode is RecordingMode.OFF:
            self.recorder.write_off(packet)
        else:
            self.recorder.write_unwanted([packet])

    def begin_leading_run(self) -> None:
        """The camera's leading stream has a new run or new parameters."""
        if self._leader is not None:
            self._leader.begin_run()

    def on_leading_picture(self, packet: Packet) -> None:
        """A picture of the stream whose sizes tell the motion of the camera."""
        if self._leader is None:
            return
        began_ns = self._leader.push(packet, self._mono_ns)
        if began_ns is not None:
            self._gate.on_packet_motion(began_ns, self._mono_ns)
            self._decide()

    def on_motion(self, from_ns: int, to_ns: int, now_ns: int) -> None:
        """The analyzer saw motion."""
        self._gate.on_motion(from_ns, to_ns, now_ns, self._mono_ns)
        self._decide()

    def on_event(self, event_id: str, from_ns: int, to_ns: int | None, now_ns: int) -> None:
        """Something happened, or has ended."""
        self._gate.on_event(event_id, from_ns, to_ns, now_ns, self._mono_ns)
        self._decide()

    def on_lost(self, lost: LostFootage) -> None:
        self.recorder.on_lost(lost)

    def on_fault(self, code: str, *, ends_run: bool) -> None:
        """The stream stalled or was lost. What a camera saw last before it was cut off is kept."""
        if ends_run and self.verdict.mode in _TRIGGERED:
            self._open(_EVERYTHING)
        self.recorder.on_fault(code, ends_run=ends_run)

    def tick(self, now_ns: int, mono_ns: int, *, has_analyzer: bool) -> None:
        """Once a second. `has_analyzer`: it has analysed pictures of this camera within the last seconds."""
        self._now_ns, self._mono_ns, self._has_analyzer = now_ns, mono_ns, has_analyzer
        self._decide()
        self.recorder.tick(now_ns)

    def close(self) -> None:
        """Recording of this stream ends; what waits in memory was wanted by nobody."""
        self._give_up_memory()
        self.recorder.close()

    def _take_plan(self, plan: RecordingPlan) -> None:
        self._plan = plan
        self._gate = RecordingGate(plan.pre_s, plan.post_s)
        try:
            self._schedule: Schedule | None = Schedule(plan)
            self.plan_fault = ""
        except UnknownZoneError as error:
            self._schedule, self.plan_fault = None, error.message

    def _decide(self) -> None:
        mode = self._schedule.find_mode(self._now_ns) if self._schedule is not None else RecordingMode.CONTINUOUS
        self._equip(mode)
        sources = Sources(self._can_sizes_tell(), self._has_analyzer)
        self.verdict = self._gate.decide(mode, sources, self._mono_ns)
        if mode is not RecordingMode.OFF:
            self.recorder.set_mode(mode)
        elif not self._is_open:
            self._excuse()
        if self.verdict.is_recording and not self._is_open:
            from_ns = self.verdict.from_ns
            self._open(_NOW if from_ns is None else from_ns)
        if mode is RecordingMode.CONTINUOUS:
            self._is_open = True
            self._memory = None
        is_plain = mode is RecordingMode.CONTINUOUS
        self.write = self.recorder.write_packet if is_plain else self.write_packet

    def _can_sizes_tell(self) -> bool:
        """By the leading stream while it leads; what moved between its last picture and now the own sizes know."""
        leader, motion = self._leader, self._motion
        if leader is None or motion is None:
            return False
        was_led, self._is_led = self._is_led, leader.is_leading(self._mono_ns)
        if was_led and not self._is_led:
            last_ns, since_ns = motion.last_motion_ns, leader.missed_since_ns
            if last_ns is not None and since_ns is not None and last_ns >= since_ns:
                self._gate.on_packet_motion(motion.began_ns or last_ns, self._mono_ns)
        return leader.is_trustworthy if self._is_led else motion.is_trustworthy

    def _excuse(self) -> None:
        """When the account ends in time that the plan wanted off too, nothing that failed to come since is missing."""
        end_ns = self.recorder.ledger.end_ns
        if end_ns is not None and self._schedule is not None and self._schedule.find_mode(end_ns) is RecordingMode.OFF:
            self.recorder.ledger.on_policy()

    def _equip(self, mode: RecordingMode) -> None:
        """Only who waits for motion measures sizes, and only who waits for a trigger keeps pictures."""
        wants_sizes = mode is RecordingMode.MOTION and self._plan.motion.use_packet_sizes
        if not wants_sizes:
            self._motion = self._leader = None
        elif self._motion is None:
            sensitivity = self._motion_settings.thresholds.packet_sensitivity
            self._motion, self._leader = PacketMotion(sensitivity), LeadingMotion(sensitivity)
        if mode is RecordingMode.OFF:
            self._give_up_memory()
            self._memory = None
        elif mode in _TRIGGERED and self._memory is None and not self._is_open:
            self._memory = self._make_memory()

    def _make_memory(self) -> PreRecord:
        return PreRecord(self._memory_reach_ns())

    def _memory_reach_ns(self) -> int:
        """With motion zones the analyzer alone knows whether what sizes tell of counts, often for hours without a
        break: memory then reaches back to where it may have died unnoticed.
        """
        late_ns = UNNOTICED_NS if self._motion_settings.zones else LATE_NS
        return round(self._plan.pre_s * NS_PER_S) + late_ns

    def _open(self, from_ns: int) -> None:
        """Stores what memory holds from a time on; without a whole GOP in it the next key frame opens the gate."""
        if self._memory is not None:
            unwanted, wanted = self._memory.take(from_ns)
            self.recorder.write_unwanted(unwanted)
            for packet in wanted:
                self.recorder.write_packet(packet)
            self._is_open = bool(wanted)
            self._memory = None if self._is_open else self._memory

    def _close(self) -> None:
        self.recorder.end_segment()
        self._is_open = False
        self._memory = self._make_memory() if self.verdict.mode in _TRIGGERED else None

    def _give_up_memory(self) -> None:
        if self._memory is not None:
            self.recorder.write_unwanted(self._memory.clear())
