"""What the gateway opens and has to close again: database, footage, the bus, and the ways to the other roles."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from vedette.adapters.categories_client import AnalyzerCategories
from vedette.adapters.classify_client import AnalyzerClassifier
from vedette.adapters.database import Database
from vedette.adapters.file_jobs_client import FileJobsClient
from vedette.adapters.notary_client import NotaryClient
from vedette.adapters.people_client import AnalyzerPeople
from vedette.adapters.portraits_client import AnalyzerPortraits
from vedette.adapters.role_client import RoleClient
from vedette.adapters.sqlite_bus import SqliteConsumer
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.adapters.thumbnail_client import UnixThumbnailer
from vedette.node.gateway_storage import StorageParts, build_storage, find_roots
from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.reader import FootageReader
from vedette.runtime.clock import Clock
from vedette.runtime.settings import NodeSettings

GROUP = "history"
FILE_MATCHES = "file-matches"
SEEN_OBJECTS = "seen-objects"
ROLES = ("recorder", "analyzer", "supervisor", "notary", "validator")


@dataclass(frozen=True, slots=True)
class Outside:
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


@asynccontextmanager
async def open_outside(settings: NodeSettings, clock: Clock, on_change: Callable[[], None]) -> AsyncIterator[Outside]:
    """Everything, open while the context is. `on_change` hears that volumes, holds or erasures are others now."""
    paths, analyzer = settings.paths, settings.paths.socket("analyzer")
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(paths.database))
        storage = build_storage(settings, clock, database, on_change)
        await storage.volumes.list_known()
        keys = ArchiveKeyRing(paths.archive_keys)
        outside = Outside(
            database=database,
            roles={role: RoleClient(role, paths.socket(role)) for role in ROLES},
            reader=FootageReader(
                lambda: find_roots(paths, storage.volumes), SqliteRecordingCatalog, clock.utc_ns, keys
            ),
            consumer=SqliteConsumer(paths.bus, GROUP, clock),
            storage=storage,
            notary=NotaryClient(paths.socket("notary")),
            masker=UnixThumbnailer(analyzer),
            file_jobs=FileJobsClient(analyzer),
            portraits=AnalyzerPortraits(analyzer),
            people=AnalyzerPeople(analyzer),
            classifier=AnalyzerClassifier(analyzer),
            categories=AnalyzerCategories(analyzer),
            file_matches=SqliteConsumer(paths.bus, FILE_MATCHES, clock),
            seen_objects=SqliteConsumer(paths.bus, SEEN_OBJECTS, clock),
        )
        for reading in (outside.reader, outside.consumer, outside.file_matches, outside.seen_objects):
            stack.callback(reading.close)
        for role in outside.roles.values():
            stack.push_async_callback(role.close)
        for client in (
            outside.notary,
            outside.masker,
            outside.file_jobs,
            outside.portraits,
            outside.people,
            outside.classifier,
            outside.categories,
        ):
            stack.push_async_callback(client.close)
        yield outside
