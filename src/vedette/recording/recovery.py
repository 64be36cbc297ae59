"""Brings the index into line with the files: after a crash, or from nothing.

The index is rebuilt from the files, never the reverse. After a crash only the segments that were growing are
read (they have a marker or an open row), so a start costs the same with one day or one month of footage.
"""

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from vedette.core.ids import is_id
from vedette.recording.cipher_scan import ScannedSegment
from vedette.recording.disk import PosixDisk
from vedette.recording.errors import DamagedFootageError
from vedette.recording.ports import SegmentIndex
from vedette.recording.records import GapRecord
from vedette.recording.scan import scan_segment
from vedette.recording.stored_file import destroy_segment_key
from vedette.recording.volume import Volume

_COMMIT_EVERY = 500


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """What a recovery did: segments put into the index, files that hold no footage, rows without a file."""

    recovered: tuple[str, ...]
    empty: tuple[str, ...]
    vanished: tuple[str, ...]


def recover(volume: Volume, index: SegmentIndex, disk: PosixDisk) -> RecoveryReport:
    """Finishes what a crash left half done: deletions, and segments that were growing.

    A growing file without one whole fragment was torn at its birth: it holds nothing that any player could
    show, and is removed.
    """
    _finish_deletions(volume, index, disk)
    with os.scandir(volume.growing) as markers:
        marked = {marker.name for marker in markers if is_id(marker.name)}
    recovered: list[ScannedSegment] = []
    empty: list[str] = []
    vanished: list[str] = []
    open_rows = set(index.find_open())
    for segment_id in sorted(marked | open_rows):
        path = volume.segment(segment_id)
        try:
            recovered.append(scan_segment(path))
        except FileNotFoundError:
            if segment_id in open_rows:
                vanished.append(segment_id)
        except DamagedFootageError:
            empty.append(segment_id)
    index.commit([found.record for found in recovered], _gaps_of(recovered))
    gone = [segment_id for segment_id in empty + vanished if segment_id in open_rows]
    if gone:
        index.forget(gone, "vanished")
    for segment_id in empty:
        disk.unlink(volume.segment(segment_id))
    if gone:
        index.clear_tombstones(gone)
    for segment_id in marked:
        disk.unlink(volume.growing / segment_id)
    ids = tuple(found.record.head.segment_id for found in recovered)
    return RecoveryReport(ids, tuple(empty), tuple(vanished))


def _gaps_of(segments: list[ScannedSegment]) -> list[GapRecord]:
    return [found.gap for found in segments if found.gap is not None]


def _finish_deletions(volume: Volume, index: SegmentIndex, disk: PosixDisk) -> None:
    tombstones = index.find_tombstones()
    for segment_id in tombstones:
        path = volume.segment(segment_id)
        destroy_segment_key(path, disk)  # it may have been an erasure that was cut short
        disk.unlink(path)
        with suppress(FileNotFoundError):
            disk.sync_folder(path.parent)
    index.clear_tombstones(tombstones)


def find_files(volume: Volume) -> Iterator[Path]:
    """Yields the segment files of a volume."""
    if not volume.segments.is_dir():
        return
    with closing(os.scandir(volume.segments)) as folders:
        for folder in folders:
            if folder.is_dir():
                with closing(os.scandir(folder.path)) as files:
                    yield from (Path(file.path) for file in files if is_id(Path(file.name).stem))


def find_foreign(volume: Volume) -> Iterator[Path]:
    """Yields what lies among the segment files and is none, or lies in the folder of another id."""
    if not volume.segments.is_dir():
        return
    with closing(os.scandir(volume.segments)) as folders:
        for folder in folders:
            if not folder.is_dir(follow_symlinks=False):
                yield Path(folder.path)
                continue
            with closing(os.scandir(folder.path)) as files:
                for file in files:
                    stem = file.name.removesuffix(".mp4")
                    is_ours = is_id(stem) and file.name != stem and stem.endswith(folder.name)
                    if not is_ours or not file.is_file(follow_symlinks=False):
                        yield Path(file.path)


def rebuild(volume: Volume, index: SegmentIndex, deleted: frozenset[str] = frozenset()) -> list[str]:
    """Puts every segment file into an index; returns what could not be read. The files are left alone.

    `deleted` are ids whose deletion was begun: their files are on their way out. In order of
    recording, because deletion goes by the order of rows.
    """
    problems: list[str] = []
    batch: list[ScannedSegment] = []
    paths = (path for path in find_files(volume) if path.stem not in deleted)
    for path in sorted(paths, key=lambda file: file.name):
        try:
            scanned = scan_segment(path)
        except (DamagedFootageError, OSError) as exc:
            problems.append(str(exc))
            continue
        problems += [f"{path.name}: {damage}" for damage in scanned.damage]
        batch.append(scanned)
        if len(batch) >= _COMMIT_EVERY:
            index.commit([found.record for found in batch], _gaps_of(batch))
            batch.clear()
    index.commit([found.record for found in batch], _gaps_of(batch))
    return problems
