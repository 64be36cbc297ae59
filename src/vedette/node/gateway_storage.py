"""Builds what the gateway needs for volumes and holds, and tells the reader where footage lies."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vedette.adapters.database import Database
from vedette.adapters.database_cameras import SqlCameraStore
from vedette.adapters.database_storage import SqlHoldStore, SqlVolumeStore
from vedette.adapters.erasure_orders import ErasureOrderFiles
from vedette.camera.erasures import Erasures
from vedette.camera.holds import HoldAdministration
from vedette.camera.volumes import Volume, VolumeAdministration
from vedette.runtime.clock import Clock
from vedette.runtime.paths import NodePaths
from vedette.runtime.settings import NodeSettings

DEFAULT_VOLUME = "main"


class Changes:
    """Passes the news that something was changed on to who comes later: the dispatcher needs what announces."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def announce(self) -> None:
        for listener in self._listeners:
            listener()


@dataclass(frozen=True, slots=True)
class StorageParts:
    volumes: VolumeAdministration
    holds: HoldAdministration
    erasures: Erasures


def build_storage(
    settings: NodeSettings, clock: Clock, database: Database, on_change: Callable[[], None]
) -> StorageParts:
    """Builds the administration of volumes, holds and erasures. The default volume comes from the command line."""
    default = Volume(DEFAULT_VOLUME, str(settings.paths.volumes.absolute() / DEFAULT_VOLUME), settings.volume_max_bytes)
    volumes = VolumeAdministration(
        store=SqlVolumeStore(database),
        cameras=SqlCameraStore(database),
        default=default,
        data=str(settings.data.absolute()),
        clock=clock,
        on_change=on_change,
    )
    holds = HoldAdministration(store=SqlHoldStore(database), clock=clock, on_change=on_change)
    return StorageParts(volumes, holds, Erasures(ErasureOrderFiles(settings.paths.erasures), on_change))


def find_roots(paths: NodePaths, volumes: VolumeAdministration) -> Iterator[Path]:
    """Yields every folder that may hold footage: those of the data directory, and all volumes there ever were."""
    inside = [path for path in paths.volumes.iterdir() if path.is_dir()]
    yield from inside
    yield from (path for path in map(Path, volumes.known_paths) if path not in inside and path.is_dir())
