"""Finds out what an encrypted file holds, without a key: for recovery, for a rebuild of the index, for checks.

What it says is what the recorder wrote into the heads of the frames. They are in the clear and proven only with a key
or by the evidence log, exactly as the boxes of a file in the clear.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from vedette.media.fmp4 import ReadAt
from vedette.recording.cipher_format import NO_ENTRY, CipherHead, FrameFlag
from vedette.recording.cipher_walk import Fault, Frame, is_whole, read_file_head, walk_frames
from vedette.recording.errors import DamagedFootageError
from vedette.recording.records import (
    MARK_BYTES,
    FragmentEntry,
    GapRecord,
    SegmentRecord,
    blank_entry,
    pack_fragments,
    unpack_entry,
)
from vedette.recording.stored_file import OpenFile

_HASH_BYTES = 1 << 20


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
class _Piece:
    """The init (`entry` None), a fragment, or a damaged stretch (no `sha256`); where it ends in the file."""

    entry: FragmentEntry | None
    sha256: bytes
    end: int


def scan_encrypted(file: OpenFile, name: str) -> ScannedSegment:
    """As `vedette.recording.scan.scan_segment`, of an encrypted file.

    Raises:
        DamagedFootageError: no whole fragment can be found in it.
    """
    head = read_file_head(file.read)
    damage: list[str] = []
    pieces = list(_find_pieces(file.read, head, file.size_bytes, damage))
    while pieces and not pieces[-1].sha256:  # torn: whole footage alone is followed by more
        pieces.pop()
    entries = [piece.entry for piece in pieces if piece.entry is not None]
    whole = [entry for entry in entries if entry.frames]
    if not whole or pieces[0].entry is not None:
        raise DamagedFootageError(f"{name}: there is no whole fragment in it")
    fragments = [piece for piece in pieces if piece.entry is not None]
    record = SegmentRecord(
        head=head.segment,
        end_ns=max(entry.end_ns for entry in whole),
        size_bytes=head.segment.init_size_bytes + sum(entry.size_bytes for entry in entries),
        frames=sum(entry.frames for entry in entries),
        is_open=False,
        fragments=pack_fragments(entries),
        sha256=fragments[-1].sha256,
        init_sha256=pieces[0].sha256,
        marks=b"".join((piece.sha256 or bytes(MARK_BYTES))[:MARK_BYTES] for piece in fragments),
        stored_bytes=pieces[-1].end,
        stored_sha256=_hash_stored(file.read, pieces[-1].end),
    )
    return ScannedSegment(record, tuple(damage), head.gap)


def find_plain_size(file: OpenFile) -> int:
    """How much plaintext an encrypted file holds in frames whose heads are whole. Raises DamagedFootageError."""
    head, size_bytes = read_file_head(file.read), 0
    for found in walk_frames(file.read, head.size_bytes, 0, file.size_bytes):
        if isinstance(found, Frame):
            size_bytes = found.plain_end
    return size_bytes


def _find_pieces(read: ReadAt, head: CipherHead, end: int, damage: list[str]) -> Iterator[_Piece]:
    """`done`: up to where the plaintext is accounted for; `good_from`: since where it is whole without a hole."""
    done = good_from = position = 0
    for found in walk_frames(read, head.size_bytes, 0, end):
        if isinstance(found, Fault):
            damage.append(f"{found.message} (at byte {found.at} of {end})")
            continue
        frame, is_hole = found.head, found.head.offset != position
        position = found.plain_end
        if not is_whole(read, found):
            damage.append(f"a frame is damaged (at byte {found.start} of {end})")
            good_from = position
        elif is_hole:
            good_from = frame.offset
        if FrameFlag.LAST in frame.flags or frame.entry == NO_ENTRY:
            if good_from <= done and frame.flags != FrameFlag.NONE:
                yield _Piece(None, frame.sha256, found.end)
                done = position
            continue
        entry = unpack_entry(frame.entry)
        start = position - entry.size_bytes
        is_good = good_from <= start and done <= start
        if not is_good or start > done:
            yield _Piece(blank_entry(head.segment, (start if is_good else position) - done), b"", found.end)
        if is_good:
            yield _Piece(entry, frame.sha256, found.end)
        done = position


def _hash_stored(read: ReadAt, size_bytes: int) -> bytes:
    running = hashlib.sha256()
    for offset in range(0, size_bytes, _HASH_BYTES):
        running.update(read(min(_HASH_BYTES, size_bytes - offset), offset))
    return running.digest()
