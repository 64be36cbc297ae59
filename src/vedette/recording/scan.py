"""Reads a segment file as it really is: for recovery, for a rebuild of the index, for checks."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vedette.core.time import ticks_to_ns
from vedette.media.fmp4 import FragmentExtent, MalformedMediaError, ReadAt, parse_init, scan_fragments
from vedette.media.fmp4.parse_fragment import ParsedFragment
from vedette.recording.cipher_scan import ScannedSegment, scan_encrypted
from vedette.recording.errors import DamagedFootageError
from vedette.recording.records import (
    MARK_BYTES,
    FragmentEntry,
    SegmentHead,
    SegmentRecord,
    blank_entry,
    pack_fragments,
)
from vedette.recording.stamp import read_stamp
from vedette.recording.stored_file import OpenFile, is_encrypted

_MOST_INIT_BYTES = 1 << 20
_RESYNC_CHUNK_BYTES = 1 << 20
_PRFT = b"\x00\x00\x00\x20prft"


def scan_segment(path: Path) -> ScannedSegment:
    """Reads a file's head and the heads of its fragments; looks for the next whole one after damage.

    Raises:
        DamagedFootageError: no footage of ours can be found in it.
        FileNotFoundError: it is not there.
    """
    file = OpenFile(path)
    if is_encrypted(file):
        return scan_encrypted(file, path.name)
    size_bytes = file.size_bytes
    try:
        init = parse_init(file.read(min(size_bytes, _MOST_INIT_BYTES), 0))
    except MalformedMediaError as exc:
        raise DamagedFootageError(f"{path.name}: {exc.message}") from exc
    head, gap = read_stamp(init.uuids, init.size_bytes)
    damage: list[str] = []
    entries = list(_scan_entries(file.read, head, size_bytes, damage))
    hashes = _hash_segment(file.read, head.init_size_bytes, entries)
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


def _scan_entries(read: ReadAt, head: SegmentHead, end: int, damage: list[str]) -> Iterator[FragmentEntry]:
    start = head.init_size_bytes
    while start < end:
        for found in scan_fragments(read, start, end):
            if isinstance(found, FragmentExtent):
                entry = _entry(found.fragment, head)
                if not entry.fits():
                    damage.append(f"the fragment at byte {found.offset} has times or sizes that footage cannot have")
                    entry = blank_entry(head, found.fragment.size_bytes)
                yield entry
                start = found.offset + found.fragment.size_bytes
            else:
                damage.append(found.message)
        if start >= end:
            return
        resumed = _find_next_fragment(read, start + 1, end)
        if resumed is None:
            return
        yield blank_entry(head, resumed - start)
        start = resumed


@dataclass(frozen=True, slots=True)
class SegmentHashes:
    """As in `SegmentRecord`."""

    sha256: bytes
    init_sha256: bytes
    marks: bytes


def _hash_segment(read: ReadAt, init_size_bytes: int, entries: Sequence[FragmentEntry]) -> SegmentHashes:
    """Hashes the segment as its writer does: head, then fragment by fragment."""
    running = hashlib.sha256(read(init_size_bytes, 0))
    init_sha256, marks, offset = running.digest(), bytearray(), init_size_bytes
    for entry in entries:
        running.update(read(entry.size_bytes, offset))
        offset += entry.size_bytes
        marks += running.digest()[:MARK_BYTES]
    return SegmentHashes(running.digest(), init_sha256, bytes(marks))


def _entry(fragment: ParsedFragment, head: SegmentHead) -> FragmentEntry:
    track = fragment.video or fragment.audio
    if track is None or fragment.wall_ns is None:
        return blank_entry(head, fragment.size_bytes)
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


def _find_next_fragment(read: ReadAt, start: int, end: int) -> int | None:
    """Finds the next place that begins a whole fragment. Every fragment of ours begins with `prft`."""
    while start < end:
        chunk = read(_RESYNC_CHUNK_BYTES, start)
        at = chunk.find(_PRFT)
        while at >= 0:
            if isinstance(next(scan_fragments(read, start + at, end), None), FragmentExtent):
                return start + at
            at = chunk.find(_PRFT, at + 1)
        if len(chunk) < _RESYNC_CHUNK_BYTES:
            return None
        start += len(chunk) - len(_PRFT) + 1
    return None
