"""Analyses one camera: packets from the recorder's feed, through a jailed worker, to tracks and events.

Nothing here touches a camera's bytes but to pass them on. What the worker answers is checked (`vision.wire`)
before it is used. The recorder being away, the worker dying and the stream stalling are normal: the camera goes
on when they are back, and its state says what is missing.
"""

import asyncio
import contextlib
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from vedette.adapters.feed_client import UnixFeedSource
from vedette.behavior.counted import keep_counted
from vedette.behavior.rules import RuleSet, default_rules
from vedette.behavior.scene import Scene
from vedette.core.assignment import CameraAnalysis, Rule
from vedette.core.detections import Tracks, no_tracks
from vedette.core.errors import InvalidInputError, NotFoundError, UnavailableError
from vedette.core.media import Packet, StreamFormat
from vedette.core.time import NS_PER_S
from vedette.media.feed import FeedPacket, FeedState
from vedette.node.analyzer_close_looks import CloseLooks
from vedette.node.analyzer_events import EventReporter, MotionReporter
from vedette.node.analyzer_faces import CameraFaces
from vedette.node.analyzer_objects import CameraObjects
from vedette.node.analyzer_watchlists import CameraWatch
from vedette.node.overlay_feed import ShowTracks, make_overlay
from vedette.node.worker_stream import WorkerStream
from vedette.runtime.clock import Clock
from vedette.runtime.worker import WorkerLostError
from vedette.vision import wire
from vedette.vision.budget import Allowance, CostMeter, Demand
from vedette.vision.categories.verdict import OpenSet
from vedette.vision.packet_queue import PacketQueue
from vedette.vision.recognize.describer import Ask, TrackDescriber
from vedette.vision.recognize.records import Form
from vedette.vision.sampling import BacklogThinning
from vedette.vision.tiles import TileBudget
from vedette.vision.track.tracker import Tracker
from vedette.vision.wire import FrameResult
from vedette.vision.worker_link import WorkerLink, WorkerRefusedError

_RECONNECT_S = 1.0
_PENALTY_FIRST_S, _PENALTY_MAX_S = 1.0, 60.0
_SILENT_S = 8.0
_MAX_ASKS = 2
"""Objects looked at closely per picture of a live stream: a look at a face takes about as long as a detection."""
_BUSY_PACKETS = 8
"""With so many packets waiting the worker is behind: following comes before recognising."""
_RATE_STEP = 0.1
"""Share by which an allowed rate must change to be taken over: each change makes the sampling start anew."""
_LONGEST_STEP_S = 12.0
"""Between two packets of one stream, in media time; more is a hole. Key frames may be 10 s apart."""


@dataclass(slots=True)
class CameraCounters:
    """What the status shows of one camera. `state`: waiting | analysing | paused | refused."""

    state: str = "waiting"
    code: str = ""
    reason: str = ""
    decoded: int = 0
    damaged: int = 0
    thinned: int = 0
    analysed: int = 0
    inferred: int = 0
    last_at_ns: int = 0
    recent_mono_ns: list[int] = field(default_factory=list)

    def note_analysed(self, mono_ns: int) -> None:
        self.analysed += 1
        self.recent_mono_ns.append(mono_ns)
        while mono_ns - self.recent_mono_ns[0] > 10 * NS_PER_S:
            self.recent_mono_ns.pop(0)

    def fps(self, mono_ns: int) -> float:
        """Analysed pictures a second over the last ten seconds."""
        recent = [at for at in self.recent_mono_ns if mono_ns - at <= 10 * NS_PER_S]
        return round(len(recent) / 10, 1)


class CameraPipeline:
    """One camera. `run` is owned by a TaskGroup; a changed assignment means a new pipeline."""

    def __init__(
        self,
        stream_number: int,
        camera: CameraAnalysis,
        detector: str,
        link: WorkerLink,
        feed: UnixFeedSource,
        events: EventReporter,
        watch: CameraWatch,
        faces: CameraFaces,
        objects: CameraObjects,
        motion: MotionReporter,
        clock: Clock,
        show: ShowTracks,
        forms: Mapping[str, Form],
        sets: Sequence[OpenSet] = (),
        *,
        needs_motion: bool = False,
    ) -> None:
        self.camera = camera
        self.detector = detector
        self._needs_motion = needs_motion
        self.counters = CameraCounters()
        self.queue = PacketQueue()
        self.link = link
        self._stream = WorkerStream(stream_number, link, detector, camera.classes)
        self._feed = feed
        self._events = events
        self._watch = watch
        self._faces = faces
        self._objects = objects
        self._motion = motion
        self._clock = clock
        self._show = show
        self._format: StreamFormat | None = None
        self._tracker = Tracker()
        self._rules = RuleSet(self._find_rules(camera))
        self._captured_ns: OrderedDict[int, int] = OrderedDict()
        self._penalty_s = 0.0
        self._thinning = BacklogThinning()
        self.forms = forms
        self._sets = sets
        self.describer = TrackDescriber(forms, sets=sets)
        self._close = (
            CloseLooks(stream_number, camera.camera_id, camera.close_stream, link, feed, clock)
            if camera.close_stream and forms
            else None
        )
        self._costs = CostMeter()
        self.allowance = Allowance(camera.fps)
        self.tiles = TileBudget(camera.tiles)
        self._skips_to_key = False

    @property
    def close_frames(self) -> int:
        """Key frames of the larger stream that were decoded for a close look."""
        return self._close.decoded if self._close else 0

    def read_demand(self) -> Demand:
        """What this camera asks of its worker, by what it cost lately. To be read once in a period."""
        return self._costs.read(self.camera.fps, key_frames_only=self.allowance.key_frames_only)

    def allow(self, allowance: Allowance) -> None:
        """Sets what it may have from the next packet on. Small changes of the rate are left alone."""
        self.tiles.note_round(has_time=allowance.fps >= self.camera.fps)
        change = abs(allowance.fps - self.allowance.fps)
        is_small = change < _RATE_STEP * self.allowance.fps and allowance.fps < self.camera.fps
        if allowance.key_frames_only != self.allowance.key_frames_only or (change and not is_small):
            self._skips_to_key |= self.allowance.key_frames_only
            self.allowance = allowance

    def take_motion(self, camera: CameraAnalysis) -> None:
        """Follows other motion settings of the same camera from the next picture on; tracks and background stay."""
        rules = self._find_rules(camera)
        if rules != self._find_rules(self.camera):
            self._events.end_all(self.counters.last_at_ns)
            self._rules = RuleSet(rules)
        self.camera = camera
        self._motion.level = camera.motion.thresholds.recorded_share
        self._events.set_configuration(configuration_of(camera))
        self._objects.set_configuration(configuration_of(camera))

    def take_sets(self, sets: Sequence[OpenSet]) -> None:
        """Tells other sets of categories from the next picture on, also of the tracks of now."""
        self._sets = sets
        self.describer.take_sets(sets)

    def _watched(self, tracks: Tracks) -> Tracks:
        """Who drew rules said where to look; without any, what lies wholly outside the motion zones is no event."""
        return tracks if self.camera.rules else keep_counted(tracks, self.camera.motion)

    def _find_rules(self, camera: CameraAnalysis) -> tuple[Rule, ...]:
        has_model = self.detector == "model"
        return camera.rules or default_rules(has_model=has_model, needs_motion=self._needs_motion, motion=camera.motion)

    async def run(self) -> None:
        """Runs until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read_feed())
                tasks.create_task(self._analyse())
                tasks.create_task(self._watch_silence())
                if self._close:
                    tasks.create_task(self._close.run())
        finally:
            self._forget_scene()
            for stream in (self._stream, *((self._close.stream,) if self._close else ())):
                with contextlib.suppress(UnavailableError, InvalidInputError, TimeoutError):
                    await asyncio.wait_for(stream.close(), 1.0)

    async def _read_feed(self) -> None:
        while True:
            try:
                async with self._feed.open(self.camera.camera_id, self.camera.stream) as items:
                    await self._take_items(items)
                reason = "the recorder ended the feed"
            except (UnavailableError, NotFoundError) as error:
                reason = error.message
            self._say("waiting", "no_feed", reason)
            await self._clock.sleep(_RECONNECT_S)

    async def _take_items(self, items: AsyncIterator[object]) -> None:
        async for item in items:
            if isinstance(item, StreamFormat):
                if item.run_id != getattr(self._format, "run_id", None) or item.video != getattr(
                    self._format, "video", None
                ):
                    self.queue.restart()
                self._format = item
            elif isinstance(item, FeedPacket) and not item.packet.is_audio:
                if item.is_cached:
                    await self.queue.put(item.packet)
                else:
                    self.queue.put_nowait(item.packet)
            elif isinstance(item, FeedState) and item.state == "offline":
                self._say("waiting", item.code, item.reason)

    async def _analyse(self) -> None:
        while True:
            queued = await self.queue.get()
            if self._penalty_s:
                await self._clock.sleep(self._penalty_s)
            if self._is_left_out(queued.packet):
                self.counters.thinned += 1
                continue
            try:
                assert self._format is not None
                rate = self.allowance.fps, self.tiles.allowed
                await self._stream.open(self._format, *rate, self.camera.motion)
                await self._push(queued.packet, is_reset=queued.is_reset or self.allowance.key_frames_only)
            except WorkerLostError:
                self._note_lost()
            except WorkerRefusedError as error:
                self._say("refused", "undecodable", error.message)
                self.queue.restart()
                await self._clock.sleep(_RECONNECT_S)
            except InvalidInputError as error:  # the worker talks nonsense: it may have been taken over
                self._say("refused", "worker_untrusted", error.message)
                self.link.replace_worker()
                self._note_lost()

    def _note_lost(self) -> None:
        self.queue.restart()
        self._stream.forget()
        if self.link.last_offender == self._stream.number:
            self._penalty_s = min(max(self._penalty_s * 2, _PENALTY_FIRST_S), _PENALTY_MAX_S)
            self._say(
                "paused", "worker_crashed", f"this stream made the decoder fail; next try in {self._penalty_s:g} s"
            )

    def _is_left_out(self, packet: Packet) -> bool:
        """A stream cut to its key frames goes on whole with the first key frame after that."""
        if packet.is_key:
            self._skips_to_key = False
        return not packet.is_key and (self.allowance.key_frames_only or self._skips_to_key)

    async def _push(self, packet: Packet, *, is_reset: bool) -> None:
        media_s = (packet.captured_at_ns - next(reversed(self._captured_ns.values()), 0)) / NS_PER_S
        self._captured_ns[packet.pts_90k] = packet.captured_at_ns
        while len(self._captured_ns) > 128:
            self._captured_ns.popitem(last=False)
        decode_only = not self._thinning.wants(len(self.queue))
        self.counters.thinned += decode_only
        reply = await self._stream.push(packet, is_reset=is_reset, decode_only=decode_only)
        self.counters.decoded += min(reply.decoded, 64)
        self.counters.damaged += min(reply.damaged, 64)
        if 0 < media_s < _LONGEST_STEP_S:
            self._costs.note(reply.decode_us, reply.analyse_us, len(reply.results), media_s)
        for result in reply.results:
            await self._take_result(result)

    async def _take_result(self, result: FrameResult) -> None:
        at_ns = self._captured_ns.get(result.pts_90k)
        if at_ns is None or at_ns < self.counters.last_at_ns:
            return
        self._penalty_s = 0.0
        self._say_analysing()
        self.counters.last_at_ns = at_ns
        self.counters.note_analysed(self._clock.mono_ns())
        tracks, ended = self._track(result, at_ns)
        self._motion.push(at_ns, result.motion)
        self._show(self.camera.camera_id, make_overlay(at_ns, tracks, result.motion))
        findings = self._rules.push(Scene(at_ns, self._watched(tracks), ended, result.motion))
        take = partial(self._stream.draw, result)
        if findings:
            await self._events.report(findings, tracks, take, self.describer.facts)
        asked = await self._describe(result, at_ns, tracks)
        await self._objects.look(at_ns, tracks, _size(result), partial(self._stream.crop, result), self.describer)
        asked += await self._look_closely(at_ns, tracks)
        await self._watch.look(asked, at_ns, tracks, take, self.describer.facts)
        await self._watch.end(ended, at_ns, tracks, take, self.describer.facts)
        await self._faces.look(asked, at_ns, tracks, take, self.describer.facts, self.describer.template)
        self._faces.end(ended)
        await self._objects.end(ended, self.describer)
        self._note_ended(ended)

    def _note_ended(self, track_ids: tuple[int, ...]) -> None:
        for track_id in track_ids:
            self._events.note_last_facts(self.describer.facts(track_id))
        self.describer.forget(track_ids)

    async def _describe(self, result: FrameResult, at_ns: int, tracks: Tracks) -> tuple[int, ...]:
        """Asks for a closer look where it is worth one; gives the tracks. Behind: not at all, which is counted."""
        room = _MAX_ASKS if len(self.queue) < _BUSY_PACKETS else 0
        return await self._ask(self.describer.plan(self._stream.number, result, at_ns / NS_PER_S, tracks, room=room))

    async def _look_closely(self, at_ns: int, tracks: Tracks) -> tuple[int, ...]:
        """The same with the key frames of the larger stream that have come since the last picture."""
        if self._close is None:
            return ()
        self._close.note(at_ns, tracks)
        self._costs.note(0, self._close.take_spent_us(), 0, 0.0)
        asked: tuple[int, ...] = ()
        stream = self._close.stream
        for look in self._close.take_looks():
            ask = self.describer.plan(stream.number, look.frame, look.at_ns / NS_PER_S, look.tracks, room=_MAX_ASKS)
            asked += await self._ask(ask)
            crop = partial(stream.crop, look.frame)
            await self._objects.look_closely(look.at_ns, look.tracks, _size(look.frame), crop, self.describer)
        return asked

    async def _ask(self, ask: Ask | None) -> tuple[int, ...]:
        if ask is None:
            return ()
        try:
            answer = await self._stream.describe(ask.request)
        except WorkerRefusedError:
            return ()  # the picture is gone already: the next moment will do
        self._costs.note(0, self.describer.take(ask, answer, self.link.recognizers), 0, 0.0)
        for track_id in ask.track_ids:
            self._events.note_first_facts(self.describer.facts(track_id))
        return ask.track_ids

    def _track(self, result: FrameResult, at_ns: int) -> tuple[Tracks, tuple[int, ...]]:
        """Boxes become tracks. A picture that the model did not see has none, and ends none."""
        if result.boxes is None:
            return no_tracks(), ()
        self.counters.inferred += 1
        update = self._tracker.push(wire.decode_boxes(result.boxes), at_ns / NS_PER_S)
        return update.tracks, update.ended

    async def _watch_silence(self) -> None:
        """Ends open events when no picture has come for a while: what is not seen is not known."""
        seen = -1
        while True:
            await self._clock.sleep(_SILENT_S)
            if self.counters.analysed == seen:
                self._forget_scene()
            seen = self.counters.analysed

    def _forget_scene(self) -> None:
        self._objects.end_all(self.describer)
        self._note_ended(self.describer.known_tracks)
        if self.counters.last_at_ns:
            self._events.end_all(self.counters.last_at_ns)
        self._motion.flush()
        self._watch.forget_all()
        self._faces.forget_all()
        if self._close:
            self._close.forget()
        self._tracker = Tracker()
        self.describer = TrackDescriber(self.forms, left_out=self.describer.left_out, sets=self._sets)
        self._rules = RuleSet(self._find_rules(self.camera))

    def _say_analysing(self) -> None:
        if self.allowance.key_frames_only:
            self._say("analysing", "key_frames_only", "the processor is too slow to decode all pictures of this stream")
        elif self.allowance.fps < self.camera.fps:
            allowed = f"{self.allowance.fps:.1f} of {self.camera.fps:g} pictures a second"
            self._say("analysing", "reduced", f"the processor has time for {allowed}")
        else:
            self._say("analysing", "", "")

    def _say(self, state: str, code: str, reason: str) -> None:
        self.counters.state, self.counters.code, self.counters.reason = state, code, reason


def configuration_of(camera: CameraAnalysis) -> str:
    """A short fingerprint of everything that shaped the camera's events."""
    return hashlib.sha256(msgspec.json.encode(camera)).hexdigest()[:12]


def _size(frame: FrameResult) -> tuple[int, int]:
    return frame.width, frame.height
