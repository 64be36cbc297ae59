"""Compares a volume's files with its index. Only looks; never deletes footage.

Levels, each with everything of the one before: `presence` (every row has its file, every file its row),
`size` (no file is shorter than its row says), `hash` (the boxes of every file are whole and what the row says;
their SHA-256 is compared by `vedette.node.volume_hashes`; the frames of an encrypted file open where its key is
here). Files that still grow are compared up to their last row; footage that is deleted while this runs is no finding.
Codes: `Finding.code`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from vedette.core.footage import FragmentRef, SegmentRef
from vedette.recording.archive_keys import NO_KEYS, ArchiveKeyRing
from vedette.recording.cipher_scan import find_plain_size
from vedette.recording.cipher_walk import read_file_head
from vedette.recording.errors import DamagedFootageError, FootageLockedError
from vedette.recording.ports import SegmentCatalog
from vedette.recording.records import unpack_fragments
from vedette.recording.recovery import find_files, find_foreign
from vedette.recording.scan import scan_segment
from vedette.recording.stored_file import DecryptingFile, OpenFile, is_encrypted
from vedette.recording.volume import Volume


class CheckLevel(StrEnum):
    PRESENCE = "presence"
    SIZE = "size"
    HASH = "hash"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        code: `file_missing` (a row without its file), `row_missing` (a segment file that the index does not know),
            `foreign_file` (something among the footage that is no segment file), `too_short`, `unreadable` (the disk
            gives an error), `damaged` (boxes broken), `differs` (whole boxes, but not those of the row: the file of
            another segment), `coverage_differs` (the index has another joined coverage of a stream than its segments;
            `--repair-index` makes both anew). Hashes are compared by `vedette.node.volume_hashes`, with its own codes.
    """

    code: str
    segment_id: str
    path: str
    detail: str


class VolumeAccess(StrEnum):
    """Whether whoever checks could write to the volume too. Checking never does."""

    WRITABLE = "writable"
    MOUNTED_READ_ONLY = "mounted_read_only"
    NOT_PERMITTED = "not_permitted"


@dataclass(frozen=True, slots=True)
class VolumeCheck:
    """The result for one volume. `is_right` when nothing was found.

    Attributes:
        locked: Segments that are whole and not readable, by the day whose archive key is not here. No fault: a key that
            was erased was meant to be.
    """

    path: str
    volume_id: str
    segments: int
    files: int
    size_bytes: int
    findings: tuple[Finding, ...]
    locked: tuple[tuple[str, int], ...] = ()
    access: VolumeAccess = VolumeAccess.WRITABLE

    @property
    def is_right(self) -> bool:
        return not self.findings


def check_volume(
    volume: Volume,
    catalog: SegmentCatalog,
    level: CheckLevel,
    on_progress: Callable[[int, int], None] = lambda *_: None,
    keys: ArchiveKeyRing | None = None,
) -> VolumeCheck:
    """Checks one volume. Footage that expires while this runs is no finding."""
    files = {path.stem: path for path in find_files(volume)}
    foreign = list(find_foreign(volume))
    growing = {marker.name for marker in volume.growing.iterdir()} if volume.growing.is_dir() else set()
    segments = list(catalog.find_all())
    known = {segment.segment_id for segment in segments}
    findings: list[Finding] = []
    locked: Counter[str] = Counter()
    for number, segment in enumerate(segments, 1):
        path = volume.segment(segment.segment_id)
        if segment.segment_id not in files and not path.exists():
            if catalog.find_fragments(segment.segment_id):  # else it was deleted while we looked
                findings.append(_finding("file_missing", segment.segment_id, path, "its file is not there"))
        elif level is not CheckLevel.PRESENCE:
            packed = catalog.find_fragments(segment.segment_id)
            fragments = list(unpack_fragments(segment, packed))
            found = list(_check_file(segment, fragments, path, level))
            if level is CheckLevel.HASH and not found:
                found = list(_check_frames(segment, path, keys, locked))
            if found and catalog.find_fragments(segment.segment_id):  # else it was deleted while we looked
                findings += found
        on_progress(number, len(segments))
    findings += [_finding("foreign_file", "", path, "it is no segment of this volume") for path in foreign]
    findings += [
        _finding("row_missing", segment_id, path, "the index does not know it")
        for segment_id, path in sorted(files.items())
        if segment_id not in known and segment_id not in growing and path.exists()
    ]
    findings += [
        _finding("coverage_differs", "", volume.index, f"camera {key.camera_id}, {key.role}: not what its segments say")
        for key in catalog.find_wrong_streams()
    ]
    size_bytes = sum(segment.size_bytes for segment in segments)
    return VolumeCheck(
        str(volume.root),
        volume.volume_id,
        len(segments),
        len(files),
        size_bytes,
        tuple(findings),
        tuple(sorted(locked.items())),
    )


def _check_file(segment: SegmentRef, fragments: list[FragmentRef], path: Path, level: CheckLevel) -> Iterator[Finding]:
    try:
        file = OpenFile(path)
        size_bytes = find_plain_size(file) if is_encrypted(file) else file.size_bytes
        if size_bytes < segment.size_bytes:
            detail = f"{size_bytes} bytes, the index says {segment.size_bytes}"
            yield _finding("too_short", segment.segment_id, path, detail)
        if level is CheckLevel.HASH:
            yield from _check_content(segment, fragments, path)
    except DamagedFootageError as exc:
        yield _finding("damaged", segment.segment_id, path, exc.message)
    except OSError as exc:
        yield _finding("unreadable", segment.segment_id, path, exc.strerror or str(exc))


def _check_frames(
    segment: SegmentRef, path: Path, keys: ArchiveKeyRing | None, locked: Counter[str]
) -> Iterator[Finding]:
    """Opens every frame of an encrypted file; counts the file as locked where its key is not here."""
    file = OpenFile(path)
    if not is_encrypted(file):
        return
    try:
        for error in DecryptingFile(file, keys or NO_KEYS).decrypt_all():
            yield _finding("damaged", segment.segment_id, path, error.message)
    except FootageLockedError:
        locked[read_file_head(file.read).key.day] += 1


def _check_content(segment: SegmentRef, fragments: list[FragmentRef], path: Path) -> Iterator[Finding]:
    try:
        scanned = scan_segment(path)
    except DamagedFootageError as exc:
        yield _finding("damaged", segment.segment_id, path, exc.message)
        return
    indexed_end = max((part.offset + part.size_bytes for part in fragments), default=0)
    head = scanned.record.head
    found = {
        (part.offset, part.size_bytes, part.frames, part.is_key)
        for part in unpack_fragments(segment, scanned.record.fragments)
        if part.offset < indexed_end
    }
    expected = {(part.offset, part.size_bytes, part.frames, part.is_key) for part in fragments}
    if (head.segment_id, head.key.camera_id, head.run_id) != (segment.segment_id, segment.camera_id, segment.run_id):
        yield _finding("differs", segment.segment_id, path, "the file says that it is another segment")
    elif found != expected:
        wrong = len(expected - found)
        detail = f"{wrong} of {len(expected)} fragments are not what the index says"
        yield _finding("damaged" if scanned.damage else "differs", segment.segment_id, path, detail)


def _finding(code: str, segment_id: str, path: Path, detail: str) -> Finding:
    return Finding(code, segment_id, str(path), detail)
