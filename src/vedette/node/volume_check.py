"""Checks the volumes of a data directory and rebuilds an index, with or without a running recorder."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.adapters.sqlite_recording_index import SqliteRecordingIndex
from vedette.core.errors import StorageError
from vedette.evidence.lookup import find_segment_hashes
from vedette.node.open_volume import hold_volume
from vedette.node.recorder import load_assignment
from vedette.node.volume_hashes import Logged, check_hashes
from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.check import CheckLevel, VolumeAccess, VolumeCheck, check_volume
from vedette.recording.disk import PosixDisk
from vedette.recording.errors import VolumeUnusableError
from vedette.recording.holds_file import read_holds
from vedette.recording.records import GapRecord
from vedette.recording.recovery import rebuild
from vedette.recording.volume import INDEX_NAME, Volume, open_volume
from vedette.runtime.paths import NodePaths

_ALWAYS = (-(1 << 62), 1 << 62)


@dataclass(frozen=True, slots=True)
class RebuiltIndex:
    """An index made anew from the files. The old one lies beside it as `index.db.before-repair`."""

    path: str
    segments: int
    problems: tuple[str, ...]


def find_volume_roots(paths: NodePaths) -> list[Path]:
    """Finds the volumes of a node: those in its data directory and those of its last assignment."""
    roots: set[Path] = set()
    if paths.volumes.is_dir():
        roots = {path for path in paths.volumes.iterdir() if (path / "volume.json").exists()}
    assigned = {Path(volume.path) for volume in load_assignment(paths.assignment("recorder")).volumes}
    return sorted(roots | assigned)


def read_logged(paths: NodePaths) -> Logged:
    """What the signed evidence log says of every segment. Raises StorageError when the log is damaged."""
    return find_segment_hashes(paths.data)


def check(
    root: Path,
    level: CheckLevel,
    logged: Logged | None = None,
    on_progress: Callable[[int, int], None] = lambda *_: None,
    keys: ArchiveKeyRing | None = None,
) -> VolumeCheck:
    """Checks one volume; at the level of hashes also against the index's hashes and the `logged` ones.

    Raises:
        StorageError: the volume or its index cannot be opened, so nothing can be said.
    """
    volume = open_volume(root)
    with closing(SqliteRecordingCatalog(volume.index)) as catalog:
        found = replace(check_volume(volume, catalog, level, on_progress, keys), access=find_access(root))
        if level is not CheckLevel.HASH:
            return found
        return replace(found, findings=(*found.findings, *check_hashes(volume, catalog, logged or {})))


def find_access(root: Path) -> VolumeAccess:
    """Whether this process could write to a volume."""
    if os.statvfs(root).f_flag & os.ST_RDONLY:
        return VolumeAccess.MOUNTED_READ_ONLY
    return VolumeAccess.WRITABLE if os.access(root, os.W_OK) else VolumeAccess.NOT_PERMITTED


def repair_index(root: Path) -> RebuiltIndex:
    """Makes the index of a volume anew from its files; the old one's gaps are carried over where readable.

    Raises:
        StorageError: a recorder has the volume, it is read-only, or the new index cannot be written.
    """
    volume = open_volume(root)
    if find_access(root) is VolumeAccess.MOUNTED_READ_ONLY:
        raise VolumeUnusableError(
            f"the index of {root} cannot be made anew: the volume is mounted read-only",
            "Checking works there. To repair it, mount it writable.",
        )
    with ExitStack() as stack:
        stack.enter_context(hold_volume(volume))
        fresh = volume.root / f"{INDEX_NAME}.new"
        for leftover in _files_of(fresh):
            leftover.unlink(missing_ok=True)
        with closing(SqliteRecordingIndex(fresh)) as index:
            tombstones = _read_tombstones(volume)
            index.set_holds([kept.hold for kept in read_holds(volume)])
            problems = rebuild(volume, index, frozenset(tombstones))
            index.commit([], _read_gaps(volume))
            index.add_tombstones(tombstones)
            segments = index.find_totals().segments
        _swap(volume, fresh)
    return RebuiltIndex(str(root), segments, tuple(problems))


def _read_gaps(volume: Volume) -> list[GapRecord]:
    with suppress(StorageError), closing(SqliteRecordingCatalog(volume.index)) as catalog:
        return [gap for key in catalog.find_keys() for gap in catalog.find_gaps(key, *_ALWAYS)]
    return []


def _read_tombstones(volume: Volume) -> list[str]:
    with suppress(StorageError), closing(SqliteRecordingCatalog(volume.index)) as catalog:
        return catalog.find_tombstones()
    return []


def _swap(volume: Volume, fresh: Path) -> None:
    before = volume.root / f"{INDEX_NAME}.before-repair"
    for old, kept in zip(_files_of(volume.index), _files_of(before), strict=True):
        kept.unlink(missing_ok=True)
        if old.exists():
            old.rename(kept)
    fresh.rename(volume.index)
    PosixDisk().sync_folder(volume.root)


def _files_of(database: Path) -> Iterator[Path]:
    for suffix in ("", "-wal", "-shm"):
        yield database.with_name(database.name + suffix)
