"""What a log asks of a time-stamping authority (RFC 3161), keeps of its answers, and gives along with proofs.

A time stamp is over the bytes of a signed checkpoint: it shows that everything under that checkpoint existed then.
`DATA/evidence/timestamps/<16 digits of the authority>/<size of the site log>.json` holds one each. It is checked
before it is kept, and again when a bundle is made. No network, no clock: `vedette.node.notary_stamps`.
Design: docs/design/evidence.md.
"""

import base64
import hashlib
import os
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from vedette.core.errors import InvalidInputError
from vedette.core.time import NS_PER_S
from vedette.evidence.errors import LogDamagedError
from vedette.evidence.log import EvidenceLog
from vedette.evidence.offline_verify import (
    STAMPS,
    TimeStamp,
    WrongForm,
    check_time_stamp,
    decode_base64,
    encode_canonical,
    parse_canonical,
    take,
)
from vedette.evidence.ports import LeafRow
from vedette.evidence.proofs import StampedTree
from vedette.runtime.files import replace_file

_DAY_NS = int(timedelta(days=1).total_seconds()) * NS_PER_S
_SHA256 = bytes.fromhex("608648016503040201")
_NAME = re.compile(r"([0-9]{18})\.json")
_MOST_DAMAGED = 3
"""So many kept stamps that cannot be used any more are passed over for a later one."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request, and what its answer must fit. `stamped`: the signed checkpoint of the site log with `size` leaves."""

    size: int
    stamped: bytes
    nonce: int
    body: bytes


@dataclass(frozen=True, slots=True)
class KeptStamp:
    """The newest stamp of one authority. `asked_at_ns` is our clock when it was asked for."""

    size: int
    asked_at_ns: int
    stamp: TimeStamp


def encode_der(tag: int, *parts: bytes) -> bytes:
    """One value of DER (X.690)."""
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def encode_integer(value: int) -> bytes:
    """A DER INTEGER that is not negative."""
    return encode_der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def encode_oid(dotted: str) -> bytes:
    """A DER OBJECT IDENTIFIER. Raises InvalidInputError."""
    parts = dotted.split(".")
    if len(parts) < 2 or not all(part.isascii() and part.isdecimal() and len(part) < 20 for part in parts):
        raise InvalidInputError(f"{dotted!r} is no object identifier", "Example: 1.3.6.1.4.1.4146.2.3")
    first, second, *rest = map(int, parts)
    if first > 2 or (first < 2 and second > 39):
        raise InvalidInputError(f"{dotted!r} is no object identifier", "Example: 1.3.6.1.4.1.4146.2.3")
    return encode_der(6, *(_encode_arc(arc) for arc in [40 * first + second, *rest]))


def _encode_arc(arc: int) -> bytes:
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(0x80 | arc & 0x7F)
    return bytes(reversed(digits))


def make_question(size: int, note: str, nonce: int, policy: str = "") -> Question:
    """Asks for a stamp over a signed checkpoint, with the authority's certificate in the answer (TimeStampReq)."""
    stamped = note.encode()
    method = encode_der(0x30, encode_der(6, _SHA256), encode_der(5))
    imprint = encode_der(0x30, method, encode_der(4, hashlib.sha256(stamped).digest()))
    wanted = encode_oid(policy) if policy else b""
    body = encode_der(0x30, encode_integer(1), imprint, wanted, encode_integer(nonce), encode_der(1, b"\xff"))
    return Question(size, stamped, nonce, body)


def is_due(now_ns: int, asked_at_ns: int, every_ns: int) -> bool:
    """Also once after midnight (UTC): the trees of the day are closed then, and stamped as a whole.

    A clock that went back makes it due: what lies ahead of now cannot be counted from.
    """
    is_new_day = now_ns // _DAY_NS != asked_at_ns // _DAY_NS
    return is_new_day or not 0 <= now_ns - asked_at_ns < every_ns


def keep_stamp(evidence: Path, url: str, question: Question, response: bytes, asked_at_ns: int) -> None:
    """Keeps an answer that was checked. Raises OSError."""
    folder = evidence / STAMPS
    for one in (folder, _folder(evidence, url)):
        one.mkdir(mode=0o750, exist_ok=True)
    record = {
        "v": 1,
        "at": asked_at_ns,
        "checkpoint": question.stamped.decode(),
        "response": base64.b64encode(response).decode(),
    }
    replace_file(_path(_folder(evidence, url), question.size), encode_canonical(record))


def find_newest(evidence: Path, url: str) -> KeptStamp | None:
    """The newest stamp of an authority that still holds."""
    folder = _folder(evidence, url)
    for size in reversed(_list_sizes(folder)[-_MOST_DAMAGED:]):
        found = _read(_path(folder, size))
        if found is not None:
            asked_at_ns, note, response = found
            return KeptStamp(size, asked_at_ns, check_time_stamp(response, note.encode()))
    return None


def find_stamps(log: EvidenceLog, file: str, tree: str, rows: list[LeafRow], head: int) -> Iterator[StampedTree]:
    """For each authority the earliest stamp over all these leaves of a tree; else the newest over some of them."""
    places = [row.place for row in rows]
    for folder in sorted((log.root / STAMPS).glob("*")) if places else []:
        sizes = [size for size in _list_sizes(folder) if size <= head]
        first = bisect_left(sizes, max(places) + 1, key=lambda size: _tree_size(log, tree, size))
        for size in sizes[first : first + _MOST_DAMAGED] if first < len(sizes) else sizes[-1:]:
            if _tree_size(log, tree, size) > min(places):
                found = _read(_path(folder, size))
                if found is not None and _is_ours(log, found[1], size):
                    yield _prove_stamp(log, (file, tree), found, size, head)
                    break


def _prove_stamp(
    log: EvidenceLog, place: tuple[str, str], found: tuple[int, str, bytes], size: int, head: int
) -> StampedTree:
    file, tree = place
    then, now = log.index.find_tree(tree, size), log.index.find_tree(tree, head)
    if then is None or now is None:
        raise LogDamagedError(f"the index of the evidence log does not know the tree {tree}")
    grown = log.reader(tree).prove_growth(then.size, now.size) if then.size < now.size else []
    return StampedTree(
        file=file,
        checkpoint=found[1],
        response=found[2],
        growth=tuple(one.hex() for one in log.prove_growth(size, head)),
        entry=encode_canonical(log.site_entry(then.site_place, size)).decode(),
        tree_growth=tuple(one.hex() for one in grown),
    )


def _tree_size(log: EvidenceLog, tree: str, head: int) -> int:
    row = log.index.find_tree(tree, head)
    return row.size if row else 0


def _is_ours(log: EvidenceLog, note: str, size: int) -> bool:
    """Whether the stamped checkpoint is of this log as it is now: after a restored backup there may be others."""
    return note.rpartition("\n\n")[0] == log.format_site_head(size).rpartition("\n\n")[0]


def _read(path: Path) -> tuple[int, str, bytes] | None:
    try:
        record = parse_canonical(path.read_bytes())
        at_ns, note, encoded = take(record, at=int, checkpoint=str, response=str)
        response = decode_base64(encoded)
        check_time_stamp(response, note.encode())
    except (OSError, WrongForm):
        return None
    return at_ns, note, response


def _list_sizes(folder: Path) -> list[int]:
    """Sizes of the site log that were stamped, in order: a year of hours is 9,000 names, listed in some ms."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 -- iterdir makes a path of each
    except OSError:
        return []
    return sorted(int(found[1]) for found in map(_NAME.fullmatch, names) if found)


def _path(folder: Path, size: int) -> Path:
    return folder / f"{size:018}.json"


def _folder(evidence: Path, url: str) -> Path:
    return evidence / STAMPS / hashlib.sha256(url.encode()).hexdigest()[:16]
