"""Lays a signed list of hashes onto the NAL units that came: which are right, changed, added, missing, out of place.

Pure. The first hash of a GOP is that of its key picture (the anchor); every other one is the hash of the anchor's
and the unit's own, so no unit can be moved to another GOP.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from vedette.evidence.media_signing.documents import GopStatement


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture unit that waits for its signature. `is_certain`: every signer hashes units of its type."""

    index: int
    data: bytes
    starts_gop: bool
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Match:
    """`used` entries belong to the statement; indices of the others as in `GopVerdict`."""

    used: int
    first: int
    last: int
    bad: tuple[int, ...]
    missing: int
    unhashed: tuple[int, ...]
    anchor: bytes


def find_gop(pending: Sequence[Entry], statement: GopStatement, hash_name: str, anchor: bytes, *, is_next: bool) -> int:
    """Where in `pending` the statement's GOP begins: the first GOP that has anything of it.

    When none has, the counter decides: the next statement is about the GOP that came next, and all of that is
    changed; any other is about pictures that never came.
    """
    if anchor or not statement.hashes:
        return 0
    known, anchor = set(statement.hashes), statement.hashes[0]
    starts = [at for at, entry in enumerate(pending) if entry.starts_gop]
    for start, stop in zip(starts, [*starts[1:], len(pending)], strict=False):
        for entry in pending[start:stop]:
            if _hash(entry, anchor, hash_name, starts=entry.starts_gop) in known:
                return start
    return 0 if is_next else len(pending)


def match_gop(pending: Sequence[Entry], statement: GopStatement, hash_name: str, anchor: bytes) -> Match:
    """Compares the beginning of `pending` with a statement.

    `anchor` is the hash of the key picture when the statement goes on with a GOP begun before; else empty.
    """
    stop = next((at for at, entry in enumerate(pending) if at > 0 and entry.starts_gop), len(pending))
    if not statement.hashes:
        return _match_whole(pending[:stop], statement, hash_name, anchor)
    hashes_anchor = anchor or statement.hashes[0]
    places = {value: place for place, value in enumerate(statement.hashes)}
    found = [
        places.get(_hash(entry, hashes_anchor, hash_name, starts=entry.starts_gop and not anchor))
        for entry in pending[:stop]
    ]
    if statement.is_partial:  # what comes behind the last known unit waits for the next statement
        last = max((at for at, place in enumerate(found) if place is not None), default=stop - 1)
        stop = min(stop, max(last + 1, min(stop, len(statement.hashes))))
    return _compare(pending[:stop], found[:stop], statement, hashes_anchor, hash_name)


def _compare(
    entries: Sequence[Entry], found: list[int | None], statement: GopStatement, anchor: bytes, hash_name: str
) -> Match:
    bad: list[int] = []
    unhashed: list[int] = []
    seen: set[int] = set()
    highest = -1
    for entry, place in zip(entries, found, strict=True):
        if place is None:
            (bad if entry.is_certain else unhashed).append(entry.index)
        elif place in seen or place < highest:
            bad.append(entry.index)
            seen.add(place)
        else:
            seen.add(place)
            highest = place
    if hashlib.new(hash_name, b"".join(statement.hashes)).digest() != statement.gop_hash:
        bad = [entry.index for entry in entries]
    return _result(entries, bad, len(statement.hashes) - len(seen), unhashed, anchor)


def _match_whole(entries: Sequence[Entry], statement: GopStatement, hash_name: str, anchor: bytes) -> Match:
    """Only the hash of the whole GOP was sent: right or wrong, and how many are missing by the count."""
    if statement.is_partial:
        entries = entries[: statement.count]
    for chosen in (entries, [entry for entry in entries if entry.is_certain]):
        used_anchor, hashes = anchor, []
        for entry in chosen:
            value = _hash(entry, used_anchor, hash_name, starts=entry.starts_gop and not anchor)
            used_anchor = used_anchor or value
            hashes.append(value)
        if hashlib.new(hash_name, b"".join(hashes)).digest() == statement.gop_hash:
            unhashed = [entry.index for entry in entries if entry not in chosen]
            return _result(entries, [], 0, unhashed, used_anchor)
    bad = [entry.index for entry in entries]
    return _result(entries, bad, max(0, statement.count - len(entries)), [], anchor)


def _result(entries: Sequence[Entry], bad: list[int], missing: int, unhashed: list[int], anchor: bytes) -> Match:
    first, last = (entries[0].index, entries[-1].index) if entries else (-1, -1)
    return Match(len(entries), first, last, tuple(bad), missing, tuple(unhashed), anchor)


def _hash(entry: Entry, anchor: bytes, hash_name: str, *, starts: bool) -> bytes:
    digest = hashlib.new(hash_name, entry.data).digest()
    return digest if starts or not anchor else hashlib.new(hash_name, anchor + digest).digest()
