"""Builds the parts of the gateway: stores, services and ports. Nothing runs yet.

`open_parts` opens what must be closed again (database, connections, readers) and wires the rest.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

from vedette.adapters.categories_client import AnalyzerCategories
from vedette.adapters.classify_client import AnalyzerClassifier
from vedette.adapters.database import Database
from vedette.adapters.database_cameras import SqlCameraStore, SqlSettings
from vedette.adapters.database_events import SqlEventStore
from vedette.adapters.database_history import SqlHistoryStore
from vedette.adapters.database_identity import SqlAuditStore, SqlIdentityStore
from vedette.adapters.database_privacy import SqlZoneStore
from vedette.adapters.database_storage import SqlExportUsage
from vedette.adapters.export_folders import ExportFolders
from vedette.adapters.file_jobs_client import FileJobsClient
from vedette.adapters.machine import LocalMachine
from vedette.adapters.model_ledger import open_ledger
from vedette.adapters.notary_client import NotaryClient
from vedette.adapters.people_client import AnalyzerPeople
from vedette.adapters.picture_reader import FilePictureReader
from vedette.adapters.portraits_client import AnalyzerPortraits
from vedette.adapters.recorder_live import RecorderLiveStates
from vedette.adapters.role_client import CachedStatus, RoleClient
from vedette.adapters.secretbox import SecretBox, read_node_key
from vedette.adapters.simulation_client import SupervisorSimulation
from vedette.adapters.sqlite_bus import SqliteConsumer
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.adapters.sqlite_signing_results import SqliteSigningReader
from vedette.adapters.template_box import TemplateBox
from vedette.adapters.thumbnail_client import UnixThumbnailer
from vedette.adapters.tracks_client import UnixTracks
from vedette.adapters.xlsx_inventory import XlsxSheets
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
from vedette.api.sockets import OpenSockets
from vedette.api.storage_desk import StorageDesk
from vedette.api.streaming_ports import StreamingPorts
from vedette.api.system_desk import SystemDesk, SystemSources
from vedette.camera.administration import CameraAdministration
from vedette.camera.dispatch import AssignmentDispatcher
from vedette.camera.factory import SourceFactory
from vedette.camera.inventory import AddressPolicy, Login, StreamSettings
from vedette.camera.privacy import PrivacyAdministration
from vedette.camera.probe import ProbeReport, probe_stream
from vedette.core.assignment import StreamSource
from vedette.core.media import StreamRole
from vedette.events.desk import EventDesk
from vedette.events.erasing import EventPictures
from vedette.events.history import History
from vedette.events.hub import EventHub
from vedette.events.own_events import OwnEvents
from vedette.events.system_events import SystemWatch
from vedette.identity.accounts import Accounts
from vedette.identity.audit import AuditTrail
from vedette.identity.export_limits import ExportLimits
from vedette.identity.logins import Logins
from vedette.identity.passwords import PasswordHasher
from vedette.identity.search_limits import SearchLimits
from vedette.identity.search_watcher import SearchWatcher
from vedette.identity.tokens import Tokens
from vedette.node.camera_roots import CameraRoots
from vedette.node.category_words import KeptWords
from vedette.node.erasable_footage import ErasableFootage
from vedette.node.exports import build_exports
from vedette.node.gateway_search import ErasedPictures, build_search
from vedette.node.gateway_storage import Changes, StorageParts, build_storage, find_roots
from vedette.node.gateway_watchlists import FaceTools, WatchlistParts, build_watchlists
from vedette.node.make_words import InstalledMakes
from vedette.node.signing_probe import MediaSigningInspector
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
GROUP = "history"
FILE_MATCHES = "file-matches"
SEEN_OBJECTS = "seen-objects"


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


class SourceProber:
    """See `vedette.api.ports.CameraProber`."""

    def __init__(self, clock: Clock, camera_roots: CameraRoots) -> None:
        self._clock = clock
        self._roots = camera_roots
        self._factory = SourceFactory(clock)

    async def probe(self, stream: StreamSettings, login: Login) -> ProbeReport:
        source = StreamSource(
            StreamRole.MAIN,
            stream.url,
            record=False,
            transport=stream.transport,
            verify_tls=stream.verify_tls,
            ca_pem=stream.ca_pem,
        )
        inspector = MediaSigningInspector(self._roots.find())
        return await probe_stream(self._factory, source, login.user, login.password, self._clock, inspector=inspector)


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
    paths = settings.paths
    paths.prepare()
    ensure_node_key(paths.node_key)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(paths.database))
        roles = {
            role: RoleClient(role, paths.socket(role))
            for role in ("recorder", "analyzer", "supervisor", "notary", "validator")
        }
        for client in roles.values():
            stack.push_async_callback(client.close)
        changed = Changes()
        storage = build_storage(settings, clock, database, changed.announce)
        await storage.volumes.list_known()
        keys = ArchiveKeyRing(paths.archive_keys)
        reader = FootageReader(lambda: find_roots(paths, storage.volumes), SqliteRecordingCatalog, clock.utc_ns, keys)
        stack.callback(reader.close)
        outside = _Outside(
            database,
            roles,
            reader,
            SqliteConsumer(paths.bus, GROUP, clock),
            storage,
            NotaryClient(paths.socket("notary")),
            UnixThumbnailer(paths.socket("analyzer")),
            FileJobsClient(paths.socket("analyzer")),
            AnalyzerPortraits(paths.socket("analyzer")),
            AnalyzerPeople(paths.socket("analyzer")),
            AnalyzerClassifier(paths.socket("analyzer")),
            AnalyzerCategories(paths.socket("analyzer")),
            SqliteConsumer(paths.bus, FILE_MATCHES, clock),
            SqliteConsumer(paths.bus, SEEN_OBJECTS, clock),
        )
        stack.callback(outside.file_matches.close)
        stack.callback(outside.seen_objects.close)
        stack.callback(outside.consumer.close)
        stack.push_async_callback(outside.notary.close)
        stack.push_async_callback(outside.masker.close)
        stack.push_async_callback(outside.file_jobs.close)
        stack.push_async_callback(outside.portraits.close)
        stack.push_async_callback(outside.people.close)
        stack.push_async_callback(outside.classifier.close)
        stack.push_async_callback(outside.categories.close)
        core = _build_core(settings, clock, outside, hasher or PasswordHasher())
        changed.listen(core.dispatcher.announce)
        streaming = await stack.enter_async_context(open_streaming(settings, reader, core.cameras, core.zones, clock))
        yield _build(settings, clock, outside, core, streaming, limits)


@dataclass(frozen=True, slots=True)
class _Outside:
    """What has to be closed again."""

    database: Database
    roles: dict[str, RoleClient]
    reader: FootageReader
    consumer: SqliteConsumer
    storage: StorageParts
    notary: NotaryClient
    masker: UnixThumbnailer
    file_jobs: FileJobsClient
    portraits: AnalyzerPortraits
    people: AnalyzerPeople
    classifier: AnalyzerClassifier
    categories: AnalyzerCategories
    file_matches: SqliteConsumer
    seen_objects: SqliteConsumer


@dataclass(frozen=True, slots=True)
class _Core:
    """Identity and inventory, on which the rest stands."""

    sockets: OpenSockets
    audit: AuditTrail
    logins: Logins
    tokens: Tokens
    accounts: Accounts
    cameras: CameraAdministration
    zones: PrivacyAdministration
    dispatcher: AssignmentDispatcher
    sets: KeptWords


def _build_core(settings: NodeSettings, clock: Clock, outside: _Outside, hasher: PasswordHasher) -> _Core:
    paths, database = settings.paths, outside.database
    sockets = OpenSockets()
    identity = SqlIdentityStore(database)
    audit = AuditTrail(SqlAuditStore(database), clock)
    store = SqlCameraStore(database)
    sets = KeptWords(paths.categories)
    dispatcher = AssignmentDispatcher(
        inventory=store,
        versions=SqlSettings(database),
        recorder=outside.roles["recorder"],
        analyzer=outside.roles["analyzer"],
        volumes=outside.storage.volumes,
        holds=outside.storage.holds,
        erasures=outside.storage.erasures,
        clock=clock,
    )
    return _Core(
        sockets=sockets,
        audit=audit,
        logins=Logins(store=identity, hasher=hasher, audit=audit, connections=sockets, clock=clock),
        tokens=Tokens(store=identity, audit=audit, connections=sockets, clock=clock),
        accounts=Accounts(store=identity, hasher=hasher, audit=audit, connections=sockets, clock=clock),
        cameras=CameraAdministration(
            store=store,
            sealer=SecretBox(read_node_key(paths.node_key)),
            policy=AddressPolicy(),
            sets=sets,
            clock=clock,
            on_change=dispatcher.announce,
        ),
        zones=PrivacyAdministration(SqlZoneStore(database)),
        dispatcher=dispatcher,
        sets=sets,
    )


def _build(
    settings: NodeSettings,
    clock: Clock,
    outside: _Outside,
    core: _Core,
    streaming: StreamingPorts,
    limits: RequestLimits | None,
) -> GatewayParts:
    paths, database = settings.paths, outside.database
    events, history, hub = SqlEventStore(database), SqlHistoryStore(database), EventHub()
    statuses = {role: CachedStatus(client, clock) for role, client in outside.roles.items()}
    live = RecorderLiveStates(statuses["recorder"])
    watch = SystemWatch()
    storage = StorageDesk(
        volumes=outside.storage.volumes,
        holds=outside.storage.holds,
        cameras=core.cameras,
        recorder=statuses["recorder"],
        footage=outside.reader,
    )
    system = SystemDesk(
        version=version("vedette"),
        sources=SystemSources(**statuses),
        cameras=core.cameras,
        live=live,
        history=history,
        machine=LocalMachine(settings.data),
        models=_open_models(settings),
        storage=storage,
        clock=clock,
    )
    export_limits = ExportLimits(SqlExportUsage(database), clock)
    shelf = ExportFolders(paths.exports)
    exports = build_exports(
        shelf,
        outside.reader,
        outside.notary,
        lambda: find_roots(paths, outside.storage.volumes),
        core.zones.find_zones,
        clock,
        ArchiveKeyRing(paths.archive_keys),
        CameraRoots(paths.camera_roots),
    )
    alarms = OwnEvents(events=events, hub=hub, watch=watch, clock=clock)
    privacy = PrivacyDesk(
        zones=core.zones,
        cameras=core.cameras,
        sockets=core.sockets,
        feeds=(streaming.masked, exports),
        audit=core.audit,
        alarms=alarms,
        clock=clock,
    )
    pictures = FilePictureReader(paths.pictures)
    box, models = TemplateBox(read_node_key(paths.node_key)), _open_models(settings)
    searching = build_search(database, outside.seen_objects, box, pictures, models, settings.search_days, clock)
    tools = FaceTools(outside.portraits, box, hub, outside.file_matches)
    watchlists = build_watchlists(database, outside.roles["analyzer"], tools, core.audit, clock)
    erasures = ErasureDesk(
        erasures=outside.storage.erasures,
        footage=ErasableFootage(outside.reader, paths),
        pictures=ErasedPictures(EventPictures(events, pictures), searching.keeper),
        holds=outside.storage.holds,
        storage=storage,
        cameras=core.cameras,
        audit=core.audit,
        alarms=alarms,
        name_day=name_day,
        clock=clock,
    )

    async def find_cases() -> list[str]:
        return [hold.reason for hold in await outside.storage.holds.list_active()]

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
        events=EventDesk(events=events, pictures=pictures, masker=outside.masker, hub=hub, clock=clock),
        footage=FootageDesk(
            index=outside.reader, events=events, history=history, signing=SqliteSigningReader(paths.signing_results)
        ),
        system=system,
        streaming=streaming,
        volumes=outside.storage.volumes,
        holds=outside.storage.holds,
        storage=storage,
        ledger=LedgerDesk(outside.reader),
        alarms=alarms,
        export_limits=export_limits,
        exports=ExportDesk(
            service=exports,
            shelf=shelf,
            cameras=core.cameras,
            roles=RoleFinder(outside.reader, core.cameras),
            privacy=privacy,
            limits=export_limits,
            audit=core.audit,
            clock=clock,
        ),
        classifier=outside.classifier,
        categories=CategoryDesk(outside.categories, core.audit),
        file_jobs=file_jobs,
        notary=outside.notary,
        privacy=privacy,
        erasures=erasures,
        watchlists=watchlists.lists,
        face_lists=watchlists.faces,
        search=SearchDesk(
            search=searching.search,
            keeper=searching.keeper,
            faces=outside.portraits,
            people=outside.people,
            files=file_jobs,
            pictures=pictures,
            footage=outside.reader,
            limits=SearchLimits(),
            watcher=SearchWatcher(core.audit, find_cases, alarms.tell_odd_search, clock),
            audit=core.audit,
            alarms=alarms,
            sets=core.sets,
            makes=InstalledMakes(models),
            clock=clock,
        ),
        sets=core.sets,
        clock=clock,
    )
    gate = Gate(logins=core.logins, audit=core.audit, clock=clock, limits=limits)
    return GatewayParts(
        ports=ports,
        watch=Watch(gate, core.logins, core.sockets, clock),
        dispatcher=core.dispatcher,
        history=History(consumer=outside.consumer, events=events, history=history, hub=hub, clock=clock, system=watch),
        hub=hub,
        database=database,
        exports=exports,
        erasures=erasures,
        watchlists=watchlists,
        objects=searching.keeper,
    )


def _open_models(settings: NodeSettings) -> ModelRegistry:
    return ModelRegistry(settings.models_folder, ledger=open_ledger(settings.paths.model_keys))
