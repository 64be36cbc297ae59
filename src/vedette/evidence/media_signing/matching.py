"""Lays a signed list of hashes onto the NAL units that came: which are right, changed, added, missing, out of place.

Pure. The first hash of a GOP is that of its key picture (the anchor); every other one is the hash of the anchor's
and the unit's own, so no unit can be moved to another GOP.
"""

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass

from vedette.evidence.media_signing.documents import GopStatement


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture unit that waits for its signature.

    Attributes:
        digest: Its own hash; the unit itself is not kept, so that what waits costs little.
        starts_gop: It is the first of a key picture that came: not its first slice when that was lost.
        is_certain: Every signer hashes units of its type.
    """

    index: int
    digest: bytes
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


@dataclass(frozen=True, slots=True)
class Expected:
    """What the statements before make us expect of the next one.

    Attributes:
        is_next: Its counter is the next one: everything that waits is about it.
        goes_on: The one before ended in mid-GOP, so this one goes on with the same key picture.
        anchor: Hash of that key picture; empty when nobody knows it (its statement was lost).
    """

    is_next: bool
    goes_on: bool
    anchor: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the waiting units a statement begins, and what its hashes hang on.

    Attributes:
        anchor: Of a GOP begun before; empty: the statement's own first hash is the anchor.
        is_sure: Something was found there, or the counter leaves no doubt.
    """

    start: int
    anchor: bytes
    is_sure: bool


def find_place(pending: Sequence[Entry], statement: GopStatement, hash_name: str, expected: Expected) -> Place:
    """Finds where a statement belongs.

    With the next counter all that waits is its own, and what is not in its list is changed. After a jump of the
    counter statements are missing: what lies before the first unit that is known is theirs, and nobody can say any
    more whether it is right. It may then also go on with a GOP whose key picture waits here, so each is tried.
    """
    usual = expected.anchor if expected.goes_on else b""
    is_unknown = expected.goes_on and not expected.anchor
    anchors = dict.fromkeys(
        (*(() if is_unknown else (usual,)), b"", *(one.digest for one in pending if one.starts_gop))
    )
    find = _find_listed if statement.hashes else _find_whole
    for anchor in anchors:
        at = find(pending, statement, hash_name, anchor)
        if at is not None:
            is_own = expected.is_next and anchor == usual and bool(statement.hashes)
            return Place(_group_of(pending, at) if is_own else at, anchor, is_sure=True)
    if expected.is_next and not is_unknown:
        return Place(0, usual, is_sure=True)
    starts = [at for at, entry in enumerate(pending) if entry.starts_gop or at == 0]
    return Place(len(pending) if statement.hashes else starts[-1] if starts else 0, usual, is_sure=False)


def _find_listed(pending: Sequence[Entry], statement: GopStatement, hash_name: str, anchor: bytes) -> int | None:
    """The first unit that is in the list."""
    known = set(statement.hashes)
    used_anchor = anchor or statement.hashes[0]
    for at, entry in enumerate(pending):
        if _find_hash(entry, used_anchor, hash_name, known, goes_on=bool(anchor)) is not None:
            return at
    return None


def _find_whole(pending: Sequence[Entry], statement: GopStatement, hash_name: str, anchor: bytes) -> int | None:
    """Where units begin that fit the hash of the whole: at a key picture, at the front, or so many before the end."""
    starts = [at for at, entry in enumerate(pending) if entry.starts_gop or at == 0]
    for start in dict.fromkeys((*starts, max(0, len(pending) - statement.count))):
        stop = _end_of_group(pending, start)
        if not _match_whole(pending[start:stop], statement, hash_name, anchor).bad and start < stop:
            return start
    return None


def _group_of(pending: Sequence[Entry], at: int) -> int:
    return max((start for start in range(at + 1) if pending[start].starts_gop), default=0)


def _end_of_group(pending: Sequence[Entry], start: int) -> int:
    return next((at for at in range(start + 1, len(pending)) if pending[at].starts_gop), len(pending))


def match_gop(pending: Sequence[Entry], statement: GopStatement, hash_name: str, anchor: bytes) -> Match:
    """Compares the beginning of `pending` with a statement.

    `anchor` is the hash of the key picture when the statement goes on with a GOP begun before; else empty.
    """
    stop = _end_of_group(pending, 0)
    if not statement.hashes:
        return _match_whole(pending[:stop], statement, hash_name, anchor)
    hashes_anchor = anchor or statement.hashes[0]
    places = {value: place for place, value in enumerate(statement.hashes)}
    found: list[int | None] = []
    for entry in pending[:stop]:
        value = _find_hash(entry, hashes_anchor, hash_name, places, goes_on=bool(anchor))
        found.append(None if value is None else places[value])
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
        if hashes and hashlib.new(hash_name, b"".join(hashes)).digest() == statement.gop_hash:
            unhashed = [entry.index for entry in entries if entry not in chosen]
            return _result(entries, [], 0, unhashed, used_anchor)
    bad = [entry.index for entry in entries]
    return _result(entries, bad, max(0, statement.count - len(entries)), [], anchor)


def _result(entries: Sequence[Entry], bad: list[int], missing: int, unhashed: list[int], anchor: bytes) -> Match:
    first, last = (entries[0].index, entries[-1].index) if entries else (-1, -1)
    return Match(len(entries), first, last, tuple(bad), missing, tuple(unhashed), anchor)


def _find_hash(entry: Entry, anchor: bytes, hash_name: str, known: Container[bytes], *, goes_on: bool) -> bytes | None:
    """The hash under which a unit is in the signed list. Only the first slice of a key picture is not anchored."""
    if entry.starts_gop and not goes_on and entry.digest in known:
        return entry.digest
    anchored = _hash(entry, anchor, hash_name, starts=False)
    return anchored if anchored in known else None


def _hash(entry: Entry, anchor: bytes, hash_name: str, *, starts: bool) -> bytes:
    return entry.digest if starts or not anchor else hashlib.new(hash_name, anchor + entry.digest).digest()
