"""The recorder role: cameras in, footage on disk, live feed out. One process, one event loop, a thread a volume.

It works from its last assignment: it needs neither gateway nor database nor analyzer to record. It imports no
inference runtime, no PyAV and no FastAPI (tests/integration/test_recorder_imports.py).
"""

import asyncio
import gc
from contextlib import closing
from pathlib import Path

import msgspec
import uvloop

from vedette.adapters.role_server import serve_role_app
from vedette.adapters.secretbox import SealedLoginError, SecretBox, read_node_key
from vedette.adapters.sqlite_bus import SqliteConsumer, SqlitePublisher
from vedette.camera.factory import SourceFactory
from vedette.camera.tls_selftest import run_tls_selftest
from vedette.core.assignment import RecorderAssignment, VolumeAssignment
from vedette.core.errors import StorageError, StreamLostError, VedetteError
from vedette.core.media import StreamRole
from vedette.core.messages import ControlStateChanged
from vedette.core.time import NS_PER_S, format_utc
from vedette.node.known_volumes import KnownVolumes
from vedette.node.recorder_app import decode_assignment, make_app
from vedette.node.recorder_status import describe_missing, describe_stream, describe_volume, format_metrics
from vedette.node.recorder_streams import RecorderStream, RecorderStreams, StreamTerms, make_source_maker
from vedette.node.recorder_triggers import GROUP, RecorderTriggers
from vedette.node.recorder_volumes import RecorderVolumes
from vedette.node.sealing import describe_sealing
from vedette.recording.disk import PosixDisk
from vedette.recording.feed_hub import FeedHub
from vedette.recording.records import GapRecord, StreamKey
from vedette.recording.retention import make_rules
from vedette.recording.sealing import SealingDisk
from vedette.recording.segment_body import BodyMaker, make_plain_body, make_unhashed_body
from vedette.recording.segment_encryptor import NOT_ENCRYPTED, EncryptionState, SegmentEncryptor
from vedette.runtime.clock import Clock, SystemClock
from vedette.runtime.files import replace_file
from vedette.runtime.log import configure_logging, get_logger
from vedette.runtime.loop_rest import LoopRest
from vedette.runtime.process import stop_on_signals
from vedette.runtime.settings import NodeSettings

_TICK_S = 1.0
_STANDSTILL_S = 2 * _TICK_S
_GC_THRESHOLD = 50_000
"""Packets are plain values without cycles; the default of 700 would walk the young ones 60 times a second."""


class LoginUnreadableError(StreamLostError):
    """The camera's sealed login does not open, so it cannot be connected."""

    code = "login_unreadable"


class Recorder:
    """The role. Owns its TaskGroup: `run` returns after everything collected is on disk."""

    def __init__(
        self, settings: NodeSettings, assignment: RecorderAssignment, publisher: SqlitePublisher, clock: Clock
    ) -> None:
        self._settings = settings
        self._paths = settings.paths
        self._publisher = publisher
        self._clock = clock
        self._started_ns = clock.utc_ns()
        self._assignment = assignment
        self._names: dict[str, str] = {}
        self._assigning = asyncio.Lock()
        self._stop = asyncio.Event()
        self._rest = LoopRest()
        known = KnownVolumes(self._paths.assignment("recorder").parent)
        self._encryptor = SegmentEncryptor(self._paths.archive_public_keys) if settings.encrypt_footage else None
        self._encryption = EncryptionState("", "")
        self._volumes = RecorderVolumes(
            publisher, clock, known, SealingDisk() if settings.seal_footage else PosixDisk(), self._choose_body()
        )
        self._triggers = RecorderTriggers(
            lambda: closing(SqliteConsumer(self._paths.bus, GROUP, clock)),
            self._paths.socket("analyzer"),
            self._find_streams,
            clock,
        )
        self._log = get_logger("recorder")

    async def run(self) -> None:
        """Records until SIGINT or SIGTERM."""
        stop_on_signals(self._stop)
        await self._prove_tls()
        self._tell_sealing()
        self._tell_encryption()
        make_source = make_source_maker(SourceFactory(self._clock, self._rest), self._open_login)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._streams = RecorderStreams(
                    tasks, lambda terms: RecorderStream(terms, make_source, self._publisher, self._clock)
                )
                await self._apply(self._assignment)
                async with serve_role_app(make_app(self, self._rest), self._paths.socket("recorder")) as door:
                    working = [
                        tasks.create_task(self._tick()),
                        tasks.create_task(self._triggers.run_facts()),
                        tasks.create_task(self._triggers.run_pulse()),
                    ]
                    _tune_gc()
                    self._rest.start(door, self._volumes.write_now)
                    try:
                        await self._stop.wait()
                    finally:
                        self._rest.stop()
                    for task in working:
                        task.cancel()
                    await self._streams.stop()
        finally:
            self._volumes.close()

    async def _prove_tls(self) -> None:
        """Before any camera is connected: would a wrong certificate be refused? Told on the health page."""
        told = await run_tls_selftest(self._clock)
        self._publisher.publish_nowait(told)
        if told.state != "holds":
            self._log.error("TLS self-test failed", detail=told.detail)

    def _tell_sealing(self) -> None:
        """Whether closed segments become immutable; told on the health page with the reason where they do not."""
        told = describe_sealing(self._settings)
        self._publisher.publish_nowait(
            ControlStateChanged("sealing", told["state"], told["detail"], self._clock.utc_ns())
        )

    def _choose_body(self) -> BodyMaker:
        if self._encryptor is not None:
            return self._encryptor.make_body
        return make_plain_body if self._settings.hash_footage else make_unhashed_body

    def _tell_encryption(self) -> None:
        """Whether footage goes to disk encrypted, at start and whenever that changes."""
        now_ns = self._clock.utc_ns()
        told = NOT_ENCRYPTED if self._encryptor is None else self._encryptor.look(now_ns)
        if told != self._encryption:
            self._encryption = told
            self._publisher.publish_nowait(ControlStateChanged("encryption", told.state, told.detail, now_ns))
            if self._encryptor is not None and told.state != "holds":
                self._log.error("encryption at rest is reduced", state=told.state, detail=told.detail)

    async def assign(self, assignment: RecorderAssignment) -> None:
        """Takes a new desired state over: kept on disk first, then made true."""
        async with self._assigning:
            save_assignment(self._paths.assignment("recorder"), assignment)
            await self._apply(assignment)
            gc.freeze()

    def describe(self) -> dict[str, object]:
        mono_ns, now_ns = self._clock.mono_ns(), self._clock.utc_ns()
        by_camera: dict[str, list[dict[str, object]]] = {camera_id: [] for camera_id in self._names}
        for stream in self._streams.streams:
            by_camera.setdefault(stream.key.camera_id, []).append(describe_stream(stream, mono_ns))
        return {
            "role": "recorder",
            "started_at": format_utc(self._started_ns),
            "assignment_version": self._assignment.version,
            "cameras": [
                {"camera_id": camera_id, "name": self._names.get(camera_id, ""), "streams": streams}
                for camera_id, streams in by_camera.items()
            ],
            "volumes": self._describe_volumes(now_ns),
            "messages_dropped": self._publisher.dropped,
        }

    def format_metrics(self) -> str:
        mono_ns = self._clock.mono_ns()
        streams = [describe_stream(stream, mono_ns) for stream in self._streams.streams]
        return format_metrics(streams, self._describe_volumes(self._clock.utc_ns()))

    def find_hub(self, key: StreamKey) -> FeedHub | None:
        stream = self._streams.find(key)
        return stream.hub if stream is not None else None

    def _find_streams(self, camera_id: str) -> list[RecorderStream]:
        found = (self._streams.find(StreamKey(camera_id, role)) for role in StreamRole)
        return [stream for stream in found if stream is not None]

    async def _apply(self, assignment: RecorderAssignment) -> None:
        self._assignment = assignment
        self._names = {camera.camera_id: camera.name for camera in assignment.cameras}
        wanted = {
            StreamKey(camera.camera_id, source.role): StreamTerms(
                camera.camera_id, source, camera.credentials, camera.plan, camera.motion
            )
            for camera in assignment.cameras
            for source in camera.streams
        }
        rules = make_rules(assignment.cameras, assignment.holds, assignment.erasures)
        volumes = assignment.volumes or (self._default_volume(),)
        await self._volumes.apply(volumes, rules, holds_known=assignment.version > 0)
        await self._streams.apply(wanted)
        self._settle_recording()

    def _settle_recording(self) -> None:
        """Gives every stream that is to be recorded its volume, and stops those that are not."""
        for volume in self._volumes.volumes:
            volume.cameras.clear()
            volume.spilled_cameras.clear()
        cameras = {camera.camera_id: camera for camera in self._assignment.cameras}
        for stream in self._streams.streams:
            camera = cameras.get(stream.key.camera_id)
            if camera is None or not stream.terms.source.record:
                stream.set_home(None)
                continue
            home, placement = self._volumes.place(camera)
            stream.set_home(home)
            if home is not None:
                (home.spilled_cameras if placement.is_spilled else home.cameras).add(camera.camera_id)
        self._volumes.finish_placing()

    def _describe_volumes(self, now_ns: int) -> list[dict[str, object]]:
        rules = make_rules(self._assignment.cameras, self._assignment.holds)
        described = [describe_volume(volume, rules, now_ns) for volume in self._volumes.volumes]
        return described + describe_missing(self._volumes)

    def _default_volume(self) -> VolumeAssignment:
        return VolumeAssignment(str(self._paths.volumes / "main"), self._settings.volume_max_bytes)

    def _open_login(self, camera_id: str, credentials: str) -> tuple[str, str]:
        if not credentials:
            return "", ""
        try:
            return SecretBox(read_node_key(self._paths.node_key)).open(camera_id, credentials)
        except (SealedLoginError, StorageError) as exc:
            raise LoginUnreadableError(exc.message, exc.hint) from exc

    async def _tick(self) -> None:
        ticked_ns = self._clock.mono_ns()
        while True:
            await self._clock.sleep(_TICK_S)
            ticked_ns, before_ns = self._clock.mono_ns(), ticked_ns
            self._note_standstill(ticked_ns - before_ns)
            self._tell_encryption()
            for lost in self._volumes.drain_losses():
                stream = self._streams.find(lost.key)
                if stream is None:
                    continue
                if isinstance(lost, GapRecord):
                    stream.keep_gap(lost)
                else:
                    stream.on_lost(lost)
            mono_ns = self._clock.mono_ns()
            for stream in self._streams.streams:
                stream.tick(has_analyzer=self._triggers.pulse.is_alive(stream.key.camera_id, mono_ns))
            if self._volumes.tick():
                self._settle_recording()

    def _note_standstill(self, passed_ns: int) -> None:
        """A second that took much longer: this process was stopped or had no processor. Gaps from then on are ours."""
        if passed_ns <= _STANDSTILL_S * NS_PER_S:
            return
        now_ns = self._clock.utc_ns()
        self._log.warning("the recorder stood still", seconds=round(passed_ns / NS_PER_S, 1))
        for stream in self._streams.streams:
            stream.on_standstill(now_ns - passed_ns, now_ns)


def load_assignment(path: Path) -> RecorderAssignment:
    """Reads the last assignment; an empty one when there is none.

    Raises:
        VedetteError: the file is damaged. Recording nothing in silence would be worse than not starting.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return RecorderAssignment(version=0)
    return decode_assignment(content)


def save_assignment(path: Path, assignment: RecorderAssignment) -> None:
    """Replaces the kept assignment, atomically and durably. It holds sealed logins: readable by us alone.

    Raises:
        StorageError: it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, msgspec.json.encode(assignment), 0o600)
    except OSError as exc:
        raise StorageError(
            f"the assignment cannot be kept in {path}: {exc.strerror}", "Check the disk of the data directory."
        ) from exc


def _tune_gc() -> None:
    """Everything made so far stays: it need not be walked again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD, 20, 100)


def run(settings: NodeSettings, clock: Clock | None = None) -> int:
    """Runs the recorder until it is asked to stop. Returns the exit code. `clock`: for drills, else the system's."""
    configure_logging("recorder")
    settings.paths.prepare()
    clock = clock or SystemClock()
    try:
        assignment = load_assignment(settings.paths.assignment("recorder"))
        with SqlitePublisher(settings.paths.bus, "recorder", clock) as publisher:
            uvloop.run(Recorder(settings, assignment, publisher, clock).run())
    except VedetteError as error:
        get_logger("recorder").error("recorder cannot run", code=error.code, reason=error.message, hint=error.hint)
        return 1
    return 0
