"""The analyzer role: watches the cameras it is assigned, in jailed workers, and says what happens in front of them.

Design: docs/design/vision.md. It works from its last assignment when the gateway is away, waits when the recorder
is, and nothing that it does or fails to do can touch a recording.
"""

import asyncio
import os
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

from vedette.adapters.feed_client import UnixFeedSource
from vedette.adapters.journal_box import JournalBox
from vedette.adapters.kept_networks import open_kept_networks
from vedette.adapters.model_ledger import open_ledger
from vedette.adapters.role_server import serve_role_app
from vedette.adapters.secretbox import NodeKeyError, read_node_key
from vedette.adapters.sqlite_bus import SqlitePublisher
from vedette.adapters.template_box import TemplateBox
from vedette.core.assignment import AnalyzerAssignment, CameraAnalysis
from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.messages import ControlStateChanged
from vedette.core.time import format_utc
from vedette.core.watchlists import WatchlistOrder
from vedette.node.analyzer_app import make_analyzer_app
from vedette.node.analyzer_assignment import load_assignment, save_assignment
from vedette.node.analyzer_camera import CameraPipeline, configuration_of
from vedette.node.analyzer_categories import SetsInForce
from vedette.node.analyzer_costs import CostShelf
from vedette.node.analyzer_events import EventOrigin, EventReporter, MotionReporter, PictureStore
from vedette.node.analyzer_faces import CameraFaces
from vedette.node.analyzer_groups import find_groups
from vedette.node.analyzer_model import ModelChooser, describe_choice
from vedette.node.analyzer_objects import CameraObjects
from vedette.node.analyzer_pool import WorkerPool, count_workers
from vedette.node.analyzer_status import describe_camera, describe_jail
from vedette.node.analyzer_watchlists import CameraWatch, ListsInForce
from vedette.node.category_lessons import CategoryLessons
from vedette.node.category_routes import CategorySets
from vedette.node.category_shelf import CategoryShelf
from vedette.node.classification import PictureClassification
from vedette.node.embeddings import find_embedding
from vedette.node.face_enrolment import PortraitReader
from vedette.node.file_job_shelf import FileJobShelf
from vedette.node.file_jobs import FileJobs
from vedette.node.file_objects import FileObjects
from vedette.node.file_plans import FilePlanner
from vedette.node.match_terms import find_match_terms
from vedette.node.overlay_feed import OverlayFeed
from vedette.node.people_reader import PeopleReader
from vedette.node.picture_vectors import PictureVectors
from vedette.node.recognizers import InstalledRecognizers, find_recognizers
from vedette.node.still_pictures import StillPictures
from vedette.runtime.clock import Clock, SystemClock
from vedette.runtime.log import configure_logging, get_logger
from vedette.runtime.paths import NodePaths
from vedette.runtime.process import stop_on_signals
from vedette.runtime.settings import NodeSettings
from vedette.runtime.worker import StartWorker, start_worker
from vedette.vision.budget import CAPACITY_MS, share_worker
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.describer import choose_forms
from vedette.vision.recognize.records import Form
from vedette.vision.worker_link import WorkerLink

_RETRY_S = 5.0
_SHARE_EVERY_S = 2.0
_LOOK_FOR_SETS_EVERY_S = 2.0
_LOOK_FOR_MODELS_EVERY_S = 5.0


class Analyzer:
    """All cameras of one analyzer. `run` owns every task.

    Args:
        capacity_ms: Of each second of a worker, to be shared by its cameras.
    """

    def __init__(
        self, settings: NodeSettings, publisher: SqlitePublisher, clock: Clock, capacity_ms: float = CAPACITY_MS
    ) -> None:
        self._capacity_ms = capacity_ms
        self._paths = settings.paths
        self._publisher = publisher
        self._clock = clock
        self._started_ns = clock.utc_ns()
        self._registry = ModelRegistry(settings.models_folder, ledger=open_ledger(self._paths.model_keys))
        self._pictures = PictureStore(self._paths.pictures)
        node_key = _find_key(self._paths.node_key)
        self._sealer = None if node_key is None else TemplateBox(node_key)
        self._feed = UnixFeedSource(self._paths.socket("recorder"), is_patient=True)
        self._assignment = load_assignment(self._paths.assignment("analyzer"))
        self.lists = ListsInForce(find_match_terms(self._registry))
        shelf = CategoryShelf(self._paths.categories)
        self.sets = SetsInForce(shelf, partial(find_embedding, self._registry))
        self._start_worker = _keep_networks(self._paths)
        self._vectors = PictureVectors(self._registry, clock, self._start_worker)
        self.lessons = CategoryLessons(shelf, self._vectors, clock)
        self.category_sets = CategorySets(shelf, self.sets, self._vectors)
        self._handed_out = 0
        self.portraits = PortraitReader(self._registry, self._start_worker)
        self.people = PeopleReader(self._registry, self._start_worker)
        self.classification = PictureClassification(self._registry, clock, self._start_worker)
        self._costs = CostShelf(self._paths.model_costs, self._registry, clock, self._start_worker)
        self._chooser = ModelChooser(self._registry, self._costs, clock, count_workers(), settings.detector)
        self._chooser.choose(self._assignment.cameras)
        self._pool = self._make_pool(find_recognizers(self._registry, self._wanted_groups()))
        self._pool_task: asyncio.Task[None] | None = None
        self.jobs = FileJobs(
            FileJobShelf(self._paths.file_jobs),
            FilePlanner(self._registry, self.lists, self.sets, settings.file_jobs, clock),
            settings.file_jobs,
            clock,
            publisher.publish_nowait,
            FileObjects(publisher.publish_nowait, self._sealer, self.lists.faces.terms.release, clock),
            None if node_key is None else JournalBox(node_key),
            self._start_worker,
        )
        self._cameras: dict[str, tuple[CameraPipeline, asyncio.Task[None]]] = {}
        self._overlay = OverlayFeed()
        self.stills = StillPictures(lambda: self._pool.pick_started(self._load))
        self._tasks = asyncio.TaskGroup()
        self._applying = asyncio.Lock()
        self._next_number = 1
        self._log = get_logger("analyzer")

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop` is set."""
        app = make_analyzer_app(self)
        await self.jobs.load()
        await self.lessons.load()
        async with self._tasks:
            self._pool_task = self._tasks.create_task(self._pool.run())
            teaching = self._tasks.create_task(self.lessons.run())
            others = (
                self.jobs.run(),
                self._share_workers(),
                self.classification.run(),
                self._vectors.run(),
                self._follow_sets(),
                self._measure_costs(),
            )
            working = [teaching, *map(self._tasks.create_task, others)]
            await self._apply()
            async with serve_role_app(app, self._paths.socket("analyzer")):
                await stop.wait()
            for camera_id in list(self._cameras):
                await self._stop(camera_id)
            for task in working:
                task.cancel()
            await asyncio.wait({teaching})
            await self.classification.close()
            await self._vectors.close()
            self._pool_task.cancel()

    async def _share_workers(self) -> None:
        """Fits the cameras of each worker to its time, again and again."""
        while True:
            await self._clock.sleep(_SHARE_EVERY_S)
            if self._pool.failed_test:
                await self._give_up_model(self._pool.failed_test)
            if self._chooser.is_due():
                await self._apply()
            for link in self._pool.links:
                pipelines = [pipeline for pipeline, _ in self._cameras.values() if pipeline.link is link]
                demands = [pipeline.read_demand() for pipeline in pipelines]
                allowances = share_worker(demands, self._capacity_ms)
                for pipeline, demand, allowance in zip(pipelines, demands, allowances, strict=True):
                    self._chooser.note_decoding(pipeline.camera.camera_id, demand.decode_ms)
                    pipeline.allow(allowance)

    async def _measure_costs(self) -> None:
        """Learns what each detector costs here, once one is wanted and the first worker has started; then chooses."""
        while True:
            await self._clock.sleep(_LOOK_FOR_MODELS_EVERY_S)
            is_wanted = any(camera.detector == "auto" for camera in self._assignment.cameras)
            if is_wanted and self._pool.ready is not None and self._costs.is_due():
                await self._costs.measure()
                await self._apply()

    async def _follow_sets(self) -> None:
        """Takes up sets of categories that were changed, taught or deleted."""
        while True:
            await self._clock.sleep(_LOOK_FOR_SETS_EVERY_S)
            await asyncio.to_thread(self.sets.look)
            self._hand_out_sets()

    def _hand_out_sets(self) -> None:
        if self._handed_out == self.sets.version:
            return
        self._handed_out = self.sets.version
        for pipeline, _ in self._cameras.values():
            pipeline.take_sets(self.sets.choose(pipeline.camera.categories))

    async def _give_up_model(self, reason: str) -> None:
        """A model did not pass its self-test in a worker: it is left out, as one whose file differs."""
        self._pool.failed_test = ""
        self._registry.refuse(reason.partition(": ")[0], reason)
        self._log.error("a model is not used", reason=reason)
        await self._apply()

    async def take_assignment(self, assignment: AnalyzerAssignment) -> None:
        """Takes over a new desired state: on disk first, then in force."""
        await asyncio.to_thread(save_assignment, self._paths.assignment("analyzer"), assignment)
        self._assignment = assignment
        await self._apply()

    async def take_lists(self, order: WatchlistOrder) -> None:
        """Takes over other lists; a camera on which faces are looked for now makes templates from here on."""
        before = [find_groups(camera, self.lists) for camera in self._assignment.cameras]
        await self.lists.take(order)
        self.jobs.wake()
        if before != [find_groups(camera, self.lists) for camera in self._assignment.cameras]:
            await self._apply()  # else it would only hash all models again

    def watch_tracks(self, camera_id: str) -> AbstractContextManager[asyncio.Queue[dict[str, object]]]:
        """A queue of overlay messages of one camera, while the context is open.

        Raises:
            NotFoundError: the camera is not analysed.
        """
        if camera_id not in self._cameras:
            raise NotFoundError("this camera is not analysed")
        return self._overlay.watch(camera_id)

    def status(self) -> dict[str, object]:
        """What `GET /status` answers."""
        ready, chosen, mono_ns = self._pool.ready, self._chooser.chosen, self._clock.mono_ns()
        return {
            "role": "analyzer",
            "pid": os.getpid(),
            "started_at": format_utc(self._started_ns),
            "assignment_version": self._assignment.version,
            "jail": describe_jail(self._pool.jail),
            "model": {
                "name": chosen.name,
                "release": ready.release if ready else "",
                "inference_ms": round(ready.inference_ms, 2) if ready else None,
                "missing": chosen.problem,
                "choice": describe_choice(chosen),
            },
            "recognizers": {
                "loaded": dict(ready.recognizers) if ready else {},
                "refused": dict(self._found.refused),
            },
            "workers": [
                {"pid": link.pid, "restarts": link.restarts, "cameras": self._load(link)}
                for link in self._pool.links
                if link.is_called
            ],
            "cameras": [
                describe_camera(pipeline, self.lists, self.sets, mono_ns) for pipeline, _ in self._cameras.values()
            ],
            "watchlists_version": self.lists.version,
            "faces_listed": len(self.lists.faces),
            "faces_outdated": self.lists.faces.outdated,
        }

    def _load(self, link: WorkerLink) -> int:
        return sum(pipeline.link is link for pipeline, _ in self._cameras.values())

    def _make_pool(self, found: InstalledRecognizers) -> WorkerPool:
        self._found = found
        chosen = self._chooser.chosen
        detail = chosen.describe(self._registry)
        self._publisher.publish_nowait(ControlStateChanged("model", chosen.state, detail, self._clock.utc_ns()))
        size = count_workers()
        return WorkerPool(
            chosen.model, found.names, self._registry, size, self._clock, self._publisher, self._start_worker
        )

    def _wanted_groups(self) -> tuple[str, ...]:
        """What any camera recognises. What none asks for is not even loaded."""
        return tuple(
            sorted({group for camera in self._assignment.cameras for group in find_groups(camera, self.lists)})
        )

    def _find_forms(self, camera: CameraAnalysis) -> dict[str, Form]:
        return choose_forms(self._found.forms, self._pool.recognizers, find_groups(camera, self.lists))

    async def _apply(self) -> None:
        """Makes the running cameras equal the assignment. Unchanged ones are not touched; motion settings alone are
        handed over.
        """
        async with self._applying:
            if self._pool_task is None:
                return
            await self._follow_model()
            await asyncio.to_thread(self.sets.look_for_model)
            self._hand_out_sets()
            wanted = {camera.camera_id: camera for camera in self._assignment.cameras if camera.detector != "none"}
            for camera_id, (pipeline, _) in list(self._cameras.items()):
                camera = wanted.get(camera_id)
                if camera is None or not self._is_followed(pipeline, camera):
                    await self._stop(camera_id)
                elif camera != pipeline.camera:
                    pipeline.take_motion(camera)
            for camera_id, camera in wanted.items():
                if camera_id not in self._cameras:
                    self._start(camera)

    def _is_followed(self, pipeline: CameraPipeline, camera: CameraAnalysis) -> bool:
        """Whether a camera can go on as it is, but for its motion settings."""
        is_same = replace(camera, motion=pipeline.camera.motion) == pipeline.camera
        return is_same and pipeline.forms == self._find_forms(camera)

    async def _follow_model(self) -> None:
        """A model was installed or removed since, or a camera recognises more: new workers, every camera anew."""
        found = find_recognizers(self._registry, self._wanted_groups())
        chosen = self._chooser.choose(self._assignment.cameras)
        if (chosen.model, found) == (self._pool.model, self._found):
            return
        for camera_id in list(self._cameras):
            await self._stop(camera_id)
        if self._pool_task is not None:
            self._pool_task.cancel()
            await asyncio.gather(self._pool_task, return_exceptions=True)
        self._pool = self._make_pool(found)
        self._pool_task = self._tasks.create_task(self._pool.run())

    def _start(self, camera: CameraAnalysis) -> None:
        detector = "model" if self._pool.model and camera.detector != "motion" else "motion"
        release = str(self._pool.model) if detector == "model" else "motion-r1"
        origin = EventOrigin(camera.camera_id, release, configuration_of(camera))
        events = EventReporter(origin, self._publisher, self._pictures, self._clock)
        faces_release = self.lists.faces.terms.release
        try:
            pipeline = CameraPipeline(
                self._next_number,
                camera,
                detector,
                self._pool.pick(self._load),
                self._feed,
                events,
                CameraWatch(camera.camera_id, self.lists, events),
                CameraFaces(camera.camera_id, self.lists, events),
                CameraObjects(origin, self._publisher, self._pictures, self._sealer, faces_release, self._clock),
                MotionReporter(camera.camera_id, self._publisher, camera.motion.thresholds.recorded_share),
                self._clock,
                self._overlay.show,
                self._find_forms(camera),
                self.sets.choose(camera.categories),
                needs_motion=detector == "model" and self._pool.needs_motion,
            )
        except InvalidInputError as error:
            self._log.error("camera cannot be analysed", camera_id=camera.camera_id, reason=str(error))
            return
        self._next_number += 1
        self._cameras[camera.camera_id] = (pipeline, self._tasks.create_task(self._keep(pipeline)))

    async def _keep(self, pipeline: CameraPipeline) -> None:
        """Supervises one camera: a mistake in the analysis of one must not end that of the others."""
        while True:
            try:
                await pipeline.run()
            except Exception as error:  # noqa: BLE001 -- this is the supervisor of the cameras
                pipeline.counters.state, pipeline.counters.code = "failed", "internal"
                pipeline.counters.reason = f"{type(error).__name__}: {error}"
                self._log.exception("analysis of a camera failed", camera_id=pipeline.camera.camera_id)
            await self._clock.sleep(_RETRY_S)

    async def _stop(self, camera_id: str) -> None:
        _, task = self._cameras.pop(camera_id)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _find_key(path: Path) -> bytes | None:
    """None for an analyzer alone: nobody could open its vectors, and files that are interrupted begin again."""
    try:
        return read_node_key(path)
    except NodeKeyError as error:
        get_logger("analyzer").warning("no vectors are kept for searching", reason=error.message)
        return None


def _keep_networks(paths: NodePaths) -> StartWorker:
    """Starts workers from what earlier ones compiled."""
    return partial(start_worker, kept=open_kept_networks(paths, get_logger("analyzer").warning))


def run(settings: NodeSettings) -> int:
    """Runs the analyzer until SIGTERM or SIGINT."""
    configure_logging("analyzer")
    settings.paths.prepare()
    asyncio.run(_run(settings))
    return 0


async def _run(settings: NodeSettings) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    clock = SystemClock()
    with SqlitePublisher(settings.paths.bus, "analyzer", clock) as publisher:
        await Analyzer(settings, publisher, clock).run(stop)
