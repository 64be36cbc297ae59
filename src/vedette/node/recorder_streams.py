"""One recorded or live stream of the recorder: service, recording and feed, wired together.

A stream that fails for a reason that is not its camera's (a bug that one camera's bytes set off) is restarted
alone: it must not stop the recording of the others.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from vedette.camera.anomalies import AnomalyWatch, take_reading
from vedette.camera.backoff import Backoff
from vedette.camera.counters import StreamCounters
from vedette.camera.factory import SourceFactory
from vedette.camera.ports import PacketSource
from vedette.camera.service import StreamService
from vedette.core.assignment import StreamSource
from vedette.core.errors import StreamLostError
from vedette.core.footage_facts import IngestFacts
from vedette.core.media import Packet, StreamFormat, StreamRole, StreamState
from vedette.core.messages import (
    EventObserved,
    MotionObserved,
    RecordingGapObserved,
    RecordingStateChanged,
    StreamAnomalyObserved,
    StreamStateChanged,
)
from vedette.core.motion import MotionSettings
from vedette.core.recording_plan import RecordingMode, RecordingPlan
from vedette.node.recorder_volumes import OpenVolume
from vedette.recording.feed_hub import FeedHub
from vedette.recording.gated_recorder import GatedRecorder
from vedette.recording.ledger import CompletenessLedger, LedgerTotals
from vedette.recording.records import GapRecord, StreamKey
from vedette.recording.segmenter import CutPolicy
from vedette.recording.store_terms import LostFootage
from vedette.recording.stream_recorder import StreamRecorder
from vedette.runtime.bus import Publisher
from vedette.runtime.clock import Clock, new_id
from vedette.runtime.log import get_logger

_RESTART_DELAY_S = 10.0
_MOST_HOMELESS = 100
"""Gaps of one stream that wait for a volume: a disk that fails leaves a handful."""
_POLICY = CutPolicy()


@dataclass(frozen=True, slots=True)
class StreamTerms:
    """What an assignment says of a stream. When its address or login changes it is connected anew."""

    camera_id: str
    source: StreamSource
    credentials: str
    plan: RecordingPlan = field(default_factory=RecordingPlan)
    motion: MotionSettings = field(default_factory=MotionSettings)


class RecorderStream:
    """One stream. It is the `PacketSink` of its service; `run` is owned by the recorder's TaskGroup."""

    def __init__(
        self,
        terms: StreamTerms,
        make_source: Callable[[StreamTerms], PacketSource],
        publisher: Publisher,
        clock: Clock,
    ) -> None:
        self.terms = terms
        self.key = StreamKey(terms.camera_id, terms.source.role)
        self.hub = FeedHub()
        self.format: StreamFormat | None = None
        self.state: StreamStateChanged | None = None
        self.totals = LedgerTotals()
        self._make_source = make_source
        self._publisher = publisher
        self._clock = clock
        self._service: StreamService | None = None
        self._recorder: GatedRecorder | None = None
        self._told_recording: tuple[str, bool] | None = None
        self._ledger: CompletenessLedger | None = None
        self._anomalies = AnomalyWatch()
        self.home: OpenVolume | None = None
        self.followers: tuple[RecorderStream, ...] = ()
        self._homeless: deque[GapRecord] = deque(maxlen=_MOST_HOMELESS)
        self._log = get_logger("recording")

    @property
    def counters(self) -> StreamCounters | None:
        return self._service.counters if self._service is not None else None

    @property
    def is_recorded(self) -> bool:
        return self._recorder is not None

    @property
    def recording(self) -> GatedRecorder | None:
        """What decides when it is recorded; None while it is not to be, or there is no volume."""
        return self._recorder

    def adopt_account(self, previous: "RecorderStream") -> None:
        """Goes on with the account of the same stream under other terms."""
        self._ledger, self.totals = previous._ledger, previous.totals  # noqa: SLF001 -- the same class
        self._homeless = previous._homeless  # noqa: SLF001 -- the same class

    def set_home(self, home: OpenVolume | None) -> None:
        """Records to this volume from the next key frame on; None: not at all."""
        if home is self.home:
            return
        self.stop_recording()
        self.home = home
        if home is not None:
            self._recorder = self._make_recorder(home)
            while self._homeless:
                home.writer.submit_gap(self._homeless.popleft())
            if self.format is not None:
                self._recorder.write_format(self.format)

    def stop_recording(self) -> None:
        """Stores what is collected and ends the file."""
        recorder, self._recorder, self.home = self._recorder, None, None
        if recorder is not None:
            recorder.close()
            if self.terms.source.record:
                recorder.recorder.ledger.on_disk()
            else:
                recorder.recorder.ledger.on_policy()

    def set_plan(self, plan: RecordingPlan, motion: MotionSettings) -> None:
        """Records by another plan, and other motion, from now on."""
        if self._recorder is not None:
            self._recorder.set_motion(motion)
            self._recorder.set_plan(plan)
            self._tell_recording()

    def _make_recorder(self, home: OpenVolume) -> GatedRecorder:
        if self._ledger is None:
            self._ledger = CompletenessLedger(self.key, home.find_last_end(self.key), self._clock.utc_ns())
            self.totals = self._ledger.totals
        recorder = StreamRecorder(
            self.key,
            home.writer,
            self._ledger,
            lambda: new_id(self._clock),
            self._publish_gap,
            _POLICY,
            _stagger_90k(self.key),
        )
        recorder.read_ingest = self._read_ingest
        gated = GatedRecorder(recorder, self.terms.plan, self._clock.utc_ns(), self._clock.mono_ns(), self.terms.motion)
        if gated.plan_fault:
            self._log.error("recording all the time", camera=self.key.camera_id, reason=gated.plan_fault)
        return gated

    def tick(self, *, has_analyzer: bool = False) -> None:
        """Once a second. `has_analyzer`: it looks at this camera now."""
        self._tell_anomalies()
        if self._recorder is not None:
            self._recorder.tick(self._clock.utc_ns(), self._clock.mono_ns(), has_analyzer=has_analyzer)
        self._tell_recording()

    def on_standstill(self, from_ns: int, to_ns: int) -> None:
        """This process read nothing between these two times."""
        if self._ledger is not None:
            self._ledger.on_standstill(from_ns, to_ns)

    def on_motion(self, fact: MotionObserved) -> None:
        """The analyzer saw motion on this camera."""
        if self._recorder is not None:
            self._recorder.on_motion(fact.from_ns, fact.to_ns, self._clock.utc_ns())

    def on_event(self, fact: EventObserved) -> None:
        """The analyzer told an event of this camera, or its end."""
        if self._recorder is not None:
            self._recorder.on_event(fact.event_id, fact.from_ns, fact.to_ns, self._clock.utc_ns())

    def _tell_recording(self) -> None:
        """Once per change: which mode, and whether it is recorded now."""
        verdict = self._recorder.verdict if self._recorder is not None else None
        mode = verdict.mode if verdict is not None else RecordingMode.OFF
        told = (mode.value, verdict is not None and verdict.is_recording)
        if told != self._told_recording:
            self._told_recording = told
            key = self.key
            self._publisher.publish_nowait(RecordingStateChanged(key.camera_id, key.role, *told, self._clock.utc_ns()))

    def _read_ingest(self) -> IngestFacts:
        counters = self.counters or StreamCounters()
        report = counters.report
        return IngestFacts(
            self.terms.source.url.startswith(("rtsps:", "https:")),
            counters.lost,
            counters.duplicates,
            counters.reordered,
            None if report is None else report.offset_ns // 1_000_000,
        )

    def _tell_anomalies(self) -> None:
        counters = self.counters
        if counters is None:
            return
        video = self.format.video if self.format is not None else None
        for told in self._anomalies.push(take_reading(counters, video, self._clock.mono_ns())):
            self._log.warning("stream anomaly", camera=self.key.camera_id, kind=told.kind, detail=told.detail)
            self._publisher.publish_nowait(
                StreamAnomalyObserved(
                    self.key.camera_id, self.key.role, told.kind, told.detail, told.value, self._clock.utc_ns()
                )
            )

    def on_lost(self, lost: LostFootage) -> None:
        if self._recorder is not None:
            self._recorder.on_lost(lost)

    def keep_gap(self, gap: GapRecord) -> None:
        """A gap that was told, and that the index of a failed volume never took: it goes where footage goes now."""
        if self.home is not None:
            self.home.writer.submit_gap(gap)
        else:
            self._homeless.append(gap)

    async def run(self) -> None:
        """Streams until cancelled."""
        while True:
            try:
                source = self._make_source(self.terms)
                self._service = StreamService(
                    self.key.camera_id, self.key.role, source, self, self._publisher, self._clock, Backoff()
                )
                await self._service.run()
            except StreamLostError as error:
                self._tell_offline(error.code, error.message, error.hint)
            except Exception as exc:  # noqa: BLE001 -- the supervisor of one stream: see the head of this file
                self._log.exception("stream failed", camera=self.key.camera_id, stream=self.key.role)
                self._tell_offline("internal_error", f"{type(exc).__name__}: {exc}", "Please report this.")
            await self._clock.sleep(_RESTART_DELAY_S)

    def write_format(self, stream_format: StreamFormat) -> None:
        self.format = stream_format
        if self._recorder is not None:
            self._recorder.write_format(stream_format)
        self.hub.write_format(stream_format)
        for follower in self.followers:
            if follower.recording is not None:
                follower.recording.begin_leading_run()

    def write_packet(self, packet: Packet) -> None:
        if self._recorder is not None:
            self._recorder.write(packet)
        if self.followers and not packet.is_audio:
            self._lead(packet)
        self.hub.write_packet(packet)

    def _lead(self, packet: Packet) -> None:
        for follower in self.followers:
            if follower.recording is not None:
                follower.recording.on_leading_picture(packet)

    def write_state(self, state: StreamStateChanged) -> None:
        self.state = state
        if self._recorder is not None and state.state in {StreamState.STALLED, StreamState.OFFLINE}:
            self._recorder.on_fault(state.code, ends_run=state.state == StreamState.OFFLINE)
        self.hub.write_state(state)

    def _tell_offline(self, code: str, reason: str, hint: str) -> None:
        role: StreamRole = self.key.role
        told = StreamStateChanged(
            self.key.camera_id, role, StreamState.OFFLINE, code, reason, hint, self._clock.utc_ns()
        )
        if self.state is None or (self.state.state, self.state.code) != (told.state, told.code):
            self._publisher.publish_nowait(told)
            self.write_state(told)

    def _publish_gap(self, gap: GapRecord) -> None:
        if gap.reason == "policy":
            return  # wanted, and told as a change of the recording; the index knows its extent
        self._log.warning(
            "recording gap",
            camera=gap.key.camera_id,
            stream=gap.key.role,
            reason=gap.reason,
            length_ms=(gap.to_ns - gap.from_ns) // 1_000_000,
            frames_missing=gap.frames_missing,
        )
        self._publisher.publish_nowait(
            RecordingGapObserved(
                gap.key.camera_id, gap.key.role, gap.from_ns, gap.to_ns, gap.reason, gap.frames_missing
            )
        )


class RecorderStreams:
    """All streams of this recorder and their tasks."""

    def __init__(self, tasks: asyncio.TaskGroup, make_stream: Callable[[StreamTerms], RecorderStream]) -> None:
        self._tasks = tasks
        self._make_stream = make_stream
        self._streams: dict[StreamKey, RecorderStream] = {}
        self._lives: dict[StreamKey, asyncio.Task[None]] = {}

    @property
    def streams(self) -> list[RecorderStream]:
        return list(self._streams.values())

    def find(self, key: StreamKey) -> RecorderStream | None:
        return self._streams.get(key)

    async def apply(self, wanted: dict[StreamKey, StreamTerms]) -> None:
        """Starts, restarts and stops streams; those whose terms are unchanged are not touched."""
        before = dict(self._streams)
        for key, stream in before.items():
            terms = wanted.get(key)
            if terms is None or _connection(terms) != _connection(stream.terms):
                await self._stop(key)
        for key, terms in wanted.items():
            if key not in self._streams:
                self._start(terms, before.get(key))
            self._streams[key].terms = terms
            self._streams[key].set_plan(terms.plan, terms.motion)
        for key, stream in self._streams.items():
            stream.followers = self._find_followers(key)

    async def stop(self) -> None:
        """Stops every stream; what they have collected is on its way to disk."""
        for life in self._lives.values():
            life.cancel()
        for key in list(self._streams):
            await self._stop(key)

    def _find_followers(self, key: StreamKey) -> tuple[RecorderStream, ...]:
        """The sub stream tells the motion of its camera to the others."""
        if key.role is not StreamRole.SUB:
            return ()
        return tuple(
            stream for other, stream in self._streams.items() if other.camera_id == key.camera_id and other != key
        )

    def _start(self, terms: StreamTerms, previous: RecorderStream | None) -> None:
        stream = self._make_stream(terms)
        if previous is not None:
            stream.adopt_account(previous)
        self._streams[stream.key] = stream
        self._lives[stream.key] = self._tasks.create_task(stream.run())

    async def _stop(self, key: StreamKey) -> None:
        life, stream = self._lives.pop(key), self._streams.pop(key)
        life.cancel()
        await asyncio.wait({life})
        stream.stop_recording()
        stream.hub.close()


def make_source_maker(
    factory: SourceFactory, open_login: Callable[[str, str], tuple[str, str]]
) -> Callable[[StreamTerms], PacketSource]:
    """Returns how a stream's source is made: the login is opened only when a connection is made."""

    def make_source(terms: StreamTerms) -> PacketSource:
        user, password = open_login(terms.camera_id, terms.credentials)
        return factory.make(terms.source, user, password)

    return make_source


def _connection(terms: StreamTerms) -> tuple[str, str, bool, str, str, str]:
    source = terms.source
    return source.url, source.transport, source.verify_tls, source.ca_file, source.ca_pem, terms.credentials


def _stagger_90k(key: StreamKey) -> int:
    """Spreads the cuts of the cameras over the minute, always the same for a stream."""
    digest = hashlib.blake2b(f"{key.camera_id}/{key.role}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % _POLICY.target_90k
