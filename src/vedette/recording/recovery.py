"""Brings the index into line with the files: after a crash, or from nothing.

The index is rebuilt from the files, never the reverse. After a crash only the segments that were growing are
read (they have a marker or an open row), so a start costs the same with one day or one month of footage.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from vedette.core.ids import is_id
from vedette.core.time import ticks_to_ns
from vedette.media.fmp4 import FragmentExtent, MalformedMediaError, parse_init, scan_fragments
from vedette.media.fmp4.parse_fragment import ParsedFragment
from vedette.recording.disk import PosixDisk
from vedette.recording.errors import DamagedFootageError
from vedette.recording.ports import SegmentIndex
from vedette.recording.records import (
    MARK_BYTES,
    FragmentEntry,
    GapRecord,
    SegmentHead,
    SegmentRecord,
    pack_fragments,
)
from vedette.recording.stamp import read_stamp
from vedette.recording.volume import Volume

_MOST_INIT_BYTES = 1 << 20
_RESYNC_CHUNK_BYTES = 1 << 20
_PRFT = b"\x00\x00\x00\x20prft"
_COMMIT_EVERY = 500


@dataclass(frozen=True, slots=True)
class ScannedSegment:
    """A file as it really is.

    Attributes:
        damage: What is wrong with it, in words; empty when it is whole.
        gap: What is missing before it, as it says itself.
    """

    record: SegmentRecord
    damage: tuple[str, ...]
    gap: GapRecord | None


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """What a recovery did: segments put into the index, files that hold no footage, rows without a file."""

    recovered: tuple[str, ...]
    empty: tuple[str, ...]
    vanished: tuple[str, ...]


def scan_segment(path: Path) -> ScannedSegment:
    """Reads a file's head and the heads of its fragments; looks for the next whole one after damage.

    Raises:
        DamagedFootageError: no footage of ours can be found in it.
        FileNotFoundError: it is not there.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size_bytes = os.fstat(descriptor).st_size
        try:
            init = parse_init(os.pread(descriptor, min(size_bytes, _MOST_INIT_BYTES), 0))
        except MalformedMediaError as exc:
            raise DamagedFootageError(f"{path.name}: {exc.message}") from exc
        head, gap = read_stamp(init.uuids, init.size_bytes)
        damage: list[str] = []
        entries = list(_scan_entries(descriptor, head, size_bytes, damage))
        hashes = _hash_segment(descriptor, head.init_size_bytes, entries)
    finally:
        os.close(descriptor)
    whole = [entry for entry in entries if entry.frames]
    if not whole:
        raise DamagedFootageError(f"{path.name}: there is no whole fragment in it")
    record = SegmentRecord(
        head=head,
        end_ns=max(entry.end_ns for entry in whole),
        size_bytes=head.init_size_bytes + sum(entry.size_bytes for entry in entries),
        frames=sum(entry.frames for entry in entries),
        is_open=False,
        fragments=pack_fragments(entries),
        sha256=hashes.sha256,
        init_sha256=hashes.init_sha256,
        marks=hashes.marks,
    )
    return ScannedSegment(record, tuple(damage), gap)


def _scan_entries(descriptor: int, head: SegmentHead, end: int, damage: list[str]) -> Iterator[FragmentEntry]:
    start = head.init_size_bytes
    while start < end:
        for found in scan_fragments(descriptor, start, end):
            if isinstance(found, FragmentExtent):
                yield _entry(found.fragment, head)
                start = found.offset + found.fragment.size_bytes
            else:
                damage.append(found.message)
        if start >= end:
            return
        resumed = _find_next_fragment(descriptor, start + 1, end)
        if resumed is None:
            return
        yield FragmentEntry(head.start_ns, head.start_ns, 0, 0, resumed - start, 0, 0)
        start = resumed


@dataclass(frozen=True, slots=True)
class SegmentHashes:
    """As in `SegmentRecord`."""

    sha256: bytes
    init_sha256: bytes
    marks: bytes


def _hash_segment(descriptor: int, init_size_bytes: int, entries: Sequence[FragmentEntry]) -> SegmentHashes:
    """Hashes the segment as its writer does: head, then fragment by fragment."""
    running = hashlib.sha256(os.pread(descriptor, init_size_bytes, 0))
    init_sha256, marks, offset = running.digest(), bytearray(), init_size_bytes
    for entry in entries:
        running.update(os.pread(descriptor, entry.size_bytes, offset))
        offset += entry.size_bytes
        marks += running.digest()[:MARK_BYTES]
    return SegmentHashes(running.digest(), init_sha256, bytes(marks))


def _entry(fragment: ParsedFragment, head: SegmentHead) -> FragmentEntry:
    track = fragment.video or fragment.audio
    if track is None or fragment.wall_ns is None:
        return FragmentEntry(head.start_ns, head.start_ns, 0, 0, fragment.size_bytes, 0, 0)
    duration_90k = sum(track.durations_90k)
    is_key = fragment.video is not None and track.is_key[:1] == (True,)
    return FragmentEntry(
        start_ns=fragment.wall_ns,
        end_ns=fragment.wall_ns + ticks_to_ns(duration_90k),
        media_90k=track.decode_90k,
        duration_90k=duration_90k,
        size_bytes=fragment.size_bytes,
        frames=len(track.sizes_bytes) if fragment.video is not None else 0,
        key_size_bytes=track.sizes_bytes[0] if is_key else 0,
    )


def _find_next_fragment(descriptor: int, start: int, end: int) -> int | None:
    """Finds the next place that begins a whole fragment. Every fragment of ours begins with `prft`."""
    while start < end:
        chunk = os.pread(descriptor, _RESYNC_CHUNK_BYTES, start)
        at = chunk.find(_PRFT)
        while at >= 0:
            if isinstance(next(scan_fragments(descriptor, start + at, end), None), FragmentExtent):
                return start + at
            at = chunk.find(_PRFT, at + 1)
        if len(chunk) < _RESYNC_CHUNK_BYTES:
            return None
        start += len(chunk) - len(_PRFT) + 1
    return None


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
