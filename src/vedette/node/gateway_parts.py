"""Builds the parts of the gateway: stores, services and ports. Nothing runs yet.

`open_parts` opens what must be closed again (database, connections, readers) and wires the rest.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

from vedette.adapters.database import Database
from vedette.adapters.database_events import SqlEventStore
from vedette.adapters.database_history import SqlHistoryStore
from vedette.adapters.database_storage import SqlExportUsage
from vedette.adapters.export_folders import ExportFolders
from vedette.adapters.machine import LocalMachine
from vedette.adapters.model_ledger import open_ledger
from vedette.adapters.picture_reader import FilePictureReader
from vedette.adapters.recorder_live import RecorderLiveStates
from vedette.adapters.role_client import CachedStatus
from vedette.adapters.secretbox import read_node_key
from vedette.adapters.simulation_client import SupervisorSimulation
from vedette.adapters.sqlite_signing_results import SqliteSigningReader
from vedette.adapters.template_box import TemplateBox
from vedette.adapters.tracks_client import UnixTracks
from vedette.adapters.xlsx_sheets import XlsxSheets
from vedette.api.category_desk import CategoryDesk
from vedette.api.erasure_desk import ErasureDesk
from vedette.api.export_desk import ExportDesk
from vedette.api.file_job_desk import FileJobDesk
from vedette.api.footage_desk import FootageDesk
from vedette.api.gate import Gate, RequestLimits
from vedette.api.guard import Watch
from vedette.api.ledger_desk import LedgerDesk
from vedette.api.ports import GatewayPorts
from vedette.api.privacy_desk import PrivacyDesk
from vedette.api.search_desk import SearchDesk
from vedette.api.storage_desk import StorageDesk
from vedette.api.streaming_ports import StreamingPorts
from vedette.api.system_desk import SystemDesk, SystemSources
from vedette.camera.administration import CameraAdministration
from vedette.camera.dispatch import AssignmentDispatcher
from vedette.camera.privacy import PrivacyAdministration
from vedette.events.desk import EventDesk
from vedette.events.erasing import EventPictures
from vedette.events.history import History
from vedette.events.hub import EventHub
from vedette.events.own_events import OwnEvents
from vedette.events.system_events import SystemWatch
from vedette.identity.export_limits import ExportLimits
from vedette.identity.passwords import PasswordHasher
from vedette.identity.search_limits import SearchLimits
from vedette.identity.search_watcher import SearchWatcher
from vedette.node.camera_roots import CameraRoots
from vedette.node.erasable_footage import ErasableFootage
from vedette.node.exports import build_exports
from vedette.node.gateway_core import Core, build_core
from vedette.node.gateway_outside import Outside, open_outside
from vedette.node.gateway_search import ErasedPictures, SearchParts, build_search
from vedette.node.gateway_storage import Changes, find_roots
from vedette.node.gateway_watchlists import FaceTools, WatchlistParts, build_watchlists
from vedette.node.make_words import InstalledMakes
from vedette.node.source_prober import SourceProber
from vedette.recording.archive_keys import ArchiveKeyRing, name_day
from vedette.recording.reader import FootageReader
from vedette.runtime.clock import Clock
from vedette.runtime.process import ensure_node_key
from vedette.runtime.settings import NodeSettings
from vedette.search.keeper import ObjectKeeper
from vedette.streaming.export_service import ExportService
from vedette.streaming.footage_service import RoleFinder
from vedette.vision.models.registry import ModelRegistry

StreamingOpener = Callable[
    [NodeSettings, FootageReader, CameraAdministration, PrivacyAdministration, Clock],
    AbstractAsyncContextManager[StreamingPorts],
]


@dataclass(frozen=True, slots=True)
class GatewayParts:
    """The gateway, built and not yet running."""

    ports: GatewayPorts
    watch: Watch
    dispatcher: AssignmentDispatcher
    history: History
    hub: EventHub
    database: Database
    exports: ExportService
    erasures: ErasureDesk
    watchlists: WatchlistParts
    objects: ObjectKeeper


@asynccontextmanager
async def open_parts(
    settings: NodeSettings,
    clock: Clock,
    open_streaming: StreamingOpener,
    *,
    hasher: PasswordHasher | None = None,
    limits: RequestLimits | None = None,
) -> AsyncIterator[GatewayParts]:
    """Opens the database and the ways to the other roles, and builds everything on top."""
    settings.paths.prepare()
    ensure_node_key(settings.paths.node_key)
    changed = Changes()
    async with open_outside(settings, clock, changed.announce) as outside:
        core = build_core(settings, clock, outside, hasher or PasswordHasher())
        changed.listen(core.dispatcher.announce)
        async with open_streaming(settings, outside.reader, core.cameras, core.zones, clock) as streaming:
            yield _build(_lay_ground(settings, clock, outside, core, streaming), limits)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the desks are built on."""

    settings: NodeSettings
    clock: Clock
    outside: Outside
    core: Core
    streaming: StreamingPorts
    statuses: dict[str, CachedStatus]
    events: SqlEventStore
    history: SqlHistoryStore
    hub: EventHub
    system: SystemWatch
    alarms: OwnEvents
    pictures: FilePictureReader
    models: ModelRegistry


def _lay_ground(
    settings: NodeSettings, clock: Clock, outside: Outside, core: Core, streaming: StreamingPorts
) -> _Ground:
    events, hub, system = SqlEventStore(outside.database), EventHub(), SystemWatch()
    return _Ground(
        settings=settings,
        clock=clock,
        outside=outside,
        core=core,
        streaming=streaming,
        statuses={role: CachedStatus(client, clock) for role, client in outside.roles.items()},
        events=events,
        history=SqlHistoryStore(outside.database),
        hub=hub,
        system=system,
        alarms=OwnEvents(events=events, hub=hub, watch=system, clock=clock),
        pictures=FilePictureReader(settings.paths.pictures),
        models=ModelRegistry(settings.models_folder, ledger=open_ledger(settings.paths.model_keys)),
    )


def _build(ground: _Ground, limits: RequestLimits | None) -> GatewayParts:
    clock, outside, core, paths = ground.clock, ground.outside, ground.core, ground.settings.paths
    live = RecorderLiveStates(ground.statuses["recorder"])
    storage = _build_storage_desk(ground)
    shelf = ExportFolders(paths.exports)
    exports = _build_export_service(ground, shelf)
    export_limits = ExportLimits(SqlExportUsage(outside.database), clock)
    privacy = _build_privacy_desk(ground, exports)
    box = TemplateBox(read_node_key(paths.node_key))
    searching = _build_searching(ground, box)
    tools = FaceTools(outside.portraits, box, ground.hub, outside.file_matches)
    watchlists = build_watchlists(outside.database, outside.roles["analyzer"], tools, core.audit, clock)
    erasures = _build_erasure_desk(ground, storage, searching.keeper)
    file_jobs = FileJobDesk(outside.file_jobs, watchlists.lists, core.cameras, core.sets, core.audit)
    ports = GatewayPorts(
        logins=core.logins,
        tokens=core.tokens,
        accounts=core.accounts,
        audit=core.audit,
        cameras=core.cameras,
        live=live,
        prober=SourceProber(clock, CameraRoots(paths.camera_roots)),
        simulation=SupervisorSimulation(outside.roles["supervisor"]),
        sheets=XlsxSheets(),
        tracks=UnixTracks(paths.socket("analyzer")),
        events=_build_event_desk(ground),
        footage=_build_footage_desk(ground),
        system=_build_system_desk(ground, live, storage),
        streaming=ground.streaming,
        volumes=outside.storage.volumes,
        holds=outside.storage.holds,
        storage=storage,
        ledger=LedgerDesk(outside.reader),
        alarms=ground.alarms,
        export_limits=export_limits,
        exports=_build_export_desk(ground, exports, shelf, export_limits, privacy),
        classifier=outside.classifier,
        categories=CategoryDesk(outside.categories, core.audit),
        file_jobs=file_jobs,
        notary=outside.notary,
        privacy=privacy,
        erasures=erasures,
        watchlists=watchlists.lists,
        face_lists=watchlists.faces,
        search=_build_search_desk(ground, searching, file_jobs),
        sets=core.sets,
        clock=clock,
    )
    return GatewayParts(
        ports=ports,
        watch=_build_watch(ground, limits),
        dispatcher=core.dispatcher,
        history=_build_history(ground),
        hub=ground.hub,
        database=outside.database,
        exports=exports,
        erasures=erasures,
        watchlists=watchlists,
        objects=searching.keeper,
    )


def _build_storage_desk(ground: _Ground) -> StorageDesk:
    return StorageDesk(
        volumes=ground.outside.storage.volumes,
        holds=ground.outside.storage.holds,
        cameras=ground.core.cameras,
        recorder=ground.statuses["recorder"],
        footage=ground.outside.reader,
    )


def _build_export_service(ground: _Ground, shelf: ExportFolders) -> ExportService:
    outside, paths = ground.outside, ground.settings.paths
    return build_exports(
        shelf,
        outside.reader,
        outside.notary,
        lambda: find_roots(paths, outside.storage.volumes),
        ground.core.zones.find_zones,
        ground.clock,
        ArchiveKeyRing(paths.archive_keys),
        CameraRoots(paths.camera_roots),
    )


def _build_export_desk(
    ground: _Ground, service: ExportService, shelf: ExportFolders, limits: ExportLimits, privacy: PrivacyDesk
) -> ExportDesk:
    core = ground.core
    return ExportDesk(
        service=service,
        shelf=shelf,
        cameras=core.cameras,
        roles=RoleFinder(ground.outside.reader, core.cameras),
        privacy=privacy,
        limits=limits,
        audit=core.audit,
        clock=ground.clock,
    )


def _build_privacy_desk(ground: _Ground, exports: ExportService) -> PrivacyDesk:
    core = ground.core
    return PrivacyDesk(
        zones=core.zones,
        cameras=core.cameras,
        sockets=core.sockets,
        feeds=(ground.streaming.masked, exports),
        audit=core.audit,
        alarms=ground.alarms,
        clock=ground.clock,
    )


def _build_erasure_desk(ground: _Ground, storage: StorageDesk, keeper: ObjectKeeper) -> ErasureDesk:
    outside, core = ground.outside, ground.core
    return ErasureDesk(
        erasures=outside.storage.erasures,
        footage=ErasableFootage(outside.reader, ground.settings.paths),
        pictures=ErasedPictures(EventPictures(ground.events, ground.pictures), keeper),
        holds=outside.storage.holds,
        storage=storage,
        cameras=core.cameras,
        audit=core.audit,
        alarms=ground.alarms,
        name_day=name_day,
        clock=ground.clock,
    )


def _build_event_desk(ground: _Ground) -> EventDesk:
    return EventDesk(
        events=ground.events,
        pictures=ground.pictures,
        masker=ground.outside.masker,
        hub=ground.hub,
        clock=ground.clock,
    )


def _build_footage_desk(ground: _Ground) -> FootageDesk:
    return FootageDesk(
        index=ground.outside.reader,
        events=ground.events,
        history=ground.history,
        signing=SqliteSigningReader(ground.settings.paths.signing_results),
    )


def _build_system_desk(ground: _Ground, live: RecorderLiveStates, storage: StorageDesk) -> SystemDesk:
    return SystemDesk(
        version=version("vedette"),
        sources=SystemSources(**ground.statuses),
        cameras=ground.core.cameras,
        live=live,
        history=ground.history,
        machine=LocalMachine(ground.settings.data),
        models=ground.models,
        storage=storage,
        clock=ground.clock,
    )


def _build_searching(ground: _Ground, box: TemplateBox) -> SearchParts:
    outside, days = ground.outside, ground.settings.search_days
    return build_search(outside.database, outside.seen_objects, box, ground.pictures, ground.models, days, ground.clock)


def _build_search_desk(ground: _Ground, searching: SearchParts, file_jobs: FileJobDesk) -> SearchDesk:
    outside, core, clock = ground.outside, ground.core, ground.clock

    async def find_cases() -> list[str]:
        return [hold.reason for hold in await outside.storage.holds.list_active()]

    return SearchDesk(
        search=searching.search,
        keeper=searching.keeper,
        faces=outside.portraits,
        people=outside.people,
        files=file_jobs,
        pictures=ground.pictures,
        footage=outside.reader,
        limits=SearchLimits(),
        watcher=SearchWatcher(core.audit, find_cases, ground.alarms.tell_odd_search, clock),
        audit=core.audit,
        alarms=ground.alarms,
        sets=core.sets,
        makes=InstalledMakes(ground.models),
        clock=clock,
    )


def _build_watch(ground: _Ground, limits: RequestLimits | None) -> Watch:
    core = ground.core
    gate = Gate(logins=core.logins, audit=core.audit, clock=ground.clock, limits=limits)
    return Watch(gate, core.logins, core.sockets, ground.clock)


def _build_history(ground: _Ground) -> History:
    return History(
        consumer=ground.outside.consumer,
        events=ground.events,
        history=ground.history,
        hub=ground.hub,
        clock=ground.clock,
        system=ground.system,
    )
