#!/usr/bin/env python3
"""Checks a bundle of footage that Vedette handed out. Needs nothing but Python.

    python3 -I verify.py [FOLDER or .zip] [--trust FINGERPRINT] [--witness VKEY] [--tsa FINGERPRINT] [--json]

Answers: 0 valid, 1 not valid, 3 cannot tell (whole, but signed by a key that nobody vouched for), 2 wrong usage.

Every text is read, written anew and compared byte by byte, so there are no two spellings of one fact. All faults
are collected. This file goes into every bundle as `verify.py`: it imports the standard library alone, and it is the
one place of these formats, which the rest of Vedette imports. Design: docs/design/evidence.md.
"""

from __future__ import annotations

import base64
import binascii
import bisect
import datetime as dt
import hashlib
import json
import os
import re
import stat
import struct
import sys
from typing import Any, BinaryIO, Callable, Iterable, Iterator, NamedTuple  # noqa: UP035 -- also runs on older Python

VALID, INVALID, USAGE, CANNOT_TELL = 0, 1, 2, 3
CHUNK_BYTES = 1 << 20
MOST_TEXT_BYTES = 256 << 20
MOST_NOTE_BYTES = 1 << 16
MOST_FILES = 1_000_000
MOST_FAULTS = 100_000
MOST_NESTING = 32
UNTOLD_HOLE_NS = 2_000_000_000
"""Shorter holes need no gap in the log: connections begin and end between pictures."""
OVERLAP_NS = 86_400_000_000_000
"""So long a replaced key signs beside its successor, at most."""
MARK_BYTES = 8
MANIFEST, MANIFEST_NOTE, CHECKPOINT = "manifest.json", "manifest.note", "checkpoint"
WITNESSES = "witnesses.json"
MOST_WITNESSES = 32
STAMPS = "timestamps"
MOST_STAMPS = 4096
MOST_STAMP_BYTES = 1 << 16
STAMP_PARTS = ("checkpoint", "json", "tsr")
STAMP_SLACK_NS = 60_000_000_000
"""Clocks may differ so much from the authority's."""
UNLISTED = (MANIFEST, MANIFEST_NOTE)
PLAIN, WITH_MASKED = 1, 2
"""Versions of the list of contents. The second is that of bundles in which a camera goes out as a masked copy."""
MASKED = "masked"
OUTLINE_UNIT = 1_000_000
"""Corners of hidden parts are told in millionths of the picture's width and height."""
MOST_ZONES = 16
MOST_SPANS = 10_000
"""Of one masked file: six hours with a gap every two seconds."""
_HEX64 = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_DAY = re.compile(r"[0-9]{8}")
_SITE = re.compile(r"vedette\.[0-9a-f]{16}")
_PATH_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

Json = Any
SignatureCheck = Callable[[bytes, bytes, bytes], bool]


class WrongForm(Exception):  # noqa: N818 -- read by people in a traceback: says what is wrong
    """A text is not what these formats allow. The message is for people."""


class OtherKey(WrongForm):
    """A note is signed by another key than the one that it was opened with."""


# Canonical JSON: sorted keys, no blanks, integers, UTF-8. --------------------------------------------------------


def encode_canonical(value: Json) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def parse_canonical(data: bytes, most_bytes: int = MOST_TEXT_BYTES) -> Json:
    """Reads canonical JSON; any other spelling of the same facts raises WrongForm."""
    if len(data) > most_bytes:
        raise WrongForm(f"the text has {len(data)} bytes, {most_bytes} are allowed")
    try:
        value = json.loads(data.decode("utf-8"), parse_float=_no_float, parse_constant=_no_float)
        _check_tree(value, MOST_NESTING)
        again = encode_canonical(value)
    except (ValueError, RecursionError, OverflowError) as exc:
        raise WrongForm(f"the text is not readable ({type(exc).__name__})") from exc
    if again != data:
        raise WrongForm("the text is not written in the one allowed way")
    return value


def _no_float(text: str) -> Json:
    raise ValueError(text)


def _check_tree(value: Json, levels: int) -> None:
    if levels == 0:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        for item in value.values():
            _check_tree(item, levels - 1)
    elif isinstance(value, list):
        for item in value:
            _check_tree(item, levels - 1)
    elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise ValueError("a number out of range")


def demand(is_right: object, detail: str) -> None:
    """Raises WrongForm with `detail` unless something is right."""
    if not is_right:
        raise WrongForm(detail)


def take(record: Json, **forms: type) -> list[Any]:
    """Returns the fields of a record in the order of `forms`; WrongForm when one is missing or of another type."""
    if not isinstance(record, dict):
        raise WrongForm("a record is missing")
    found = []
    for name, form in forms.items():
        value = record.get(name.rstrip("_"))
        if not isinstance(value, form) or (form is int and isinstance(value, bool)):
            raise WrongForm(f"the field {name.rstrip('_')} is missing or wrong")
        found.append(value)
    return found


# Merkle trees: RFC 6962 section 2.1. -----------------------------------------------------------------------------


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root that a proof leads to (RFC 9162 section 2.1.3.2). WrongForm when the proof has the wrong length."""
    if not 0 <= index < size < 1 << 62:
        raise WrongForm("the entry lies outside its tree")
    node, last, found = index, size - 1, leaf
    for other in proof:
        if last == 0:
            raise WrongForm("the proof is too long")
        if node & 1 or node == last:
            found = node_hash(other, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, other)
        node, last = node >> 1, last >> 1
    if last:
        raise WrongForm("the proof is too short")
    return found


def is_consistent(old_root: bytes, old: int, root: bytes, size: int, proof: list[bytes]) -> bool:
    """Checks a consistency proof (RFC 9162 section 2.1.4.2)."""
    if old == size:
        return not proof and old_root == root
    if not 0 < old < size:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            before, after = node_hash(other, before), node_hash(other, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, other)
        node, last = node >> 1, last >> 1
    return last == 0 and before == old_root and after == root


# Ed25519: RFC 8032 section 5.1.7, with the strict checks. --------------------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)


def _add(a: Any, b: Any) -> Any:
    p = (a[1] - a[0]) * (b[1] - b[0]) % _P
    q = (a[1] + a[0]) * (b[1] + b[0]) % _P
    r, s = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = q - p, s - r, s + r, q + p
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _double(a: Any) -> Any:
    p, q, r = a[0] * a[0] % _P, a[1] * a[1] % _P, 2 * a[2] * a[2] % _P
    e = ((a[0] + a[1]) * (a[0] + a[1]) - p - q) % _P
    g = q - p
    f, h = g - r, -p - q
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _multiply_both(one: int, first: Any, other: int, second: Any) -> Any:
    """`one` times `first` plus `other` times `second`, bit by bit together. All of it is public: time tells nothing."""
    steps = (None, first, second, _add(first, second))
    found = (0, 1, 1, 0)
    for place in range(max(one.bit_length(), other.bit_length()) - 1, -1, -1):
        found = _double(found)
        step = steps[(one >> place & 1) | (other >> place & 1) << 1]
        if step is not None:
            found = _add(found, step)
    return found


def _is_same(a: Any, b: Any) -> bool:
    return not (a[0] * b[2] - b[0] * a[2]) % _P and not (a[1] * b[2] - b[1] * a[2]) % _P


def _decode_point(data: bytes) -> Any:
    """The point, or None: not on the curve, or not written in the one allowed way."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return (x, y, 1, x * y % _P)


_BASE = _decode_point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def check_ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """Tells whether a signature is right. Refuses S >= L, points in another spelling and keys of small order."""
    if len(key) != 32 or len(signature) != 64:
        return False
    owner, first = _decode_point(key), _decode_point(signature[:32])
    second = int.from_bytes(signature[32:], "little")
    if owner is None or first is None or second >= _L or _is_same(_double(_double(_double(owner))), (0, 1, 1, 0)):
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % _L
    minus_owner = (_P - owner[0], owner[1], 1, _P - owner[3])
    return _is_same(_multiply_both(second, _BASE, digest, minus_owner), first)


# ML-DSA-44: FIPS 204, verification alone. It holds also where a quantum computer breaks Ed25519. --------------------

ML_DSA_KEY_BYTES, ML_DSA_SIGNATURE_BYTES = 1312, 2420
_Q, _DROPPED_BITS = 8380417, 13
_SIDE = 4
"""Rows and columns of the matrix: k and l of table 1."""
_CHALLENGE_BYTES, _CHALLENGE_ONES, _MOST_HINTS = 32, 39, 80
_Z_BYTES, _Z_LIMIT, _Z_BETA = 576, 1 << 17, 78
_T1_BYTES = 320
_HIGH_STEP, _HIGH_PARTS = 190464, 44
"""Two times gamma2: so wide is what one high part stands for; there are (q - 1) / 190464 of them."""
_ZETAS = [pow(1753, int(f"{place:08b}"[::-1], 2), _Q) for place in range(256)]
"""Appendix B: powers of 1753, the exponent being the place with its eight bits turned round."""


def _transform(values: list[int]) -> list[int]:
    """NTT (algorithm 41). Sums stay unreduced on the way: three bits more do not matter to Python."""
    found, place, half = list(values), 0, 128
    while half:
        for start in range(0, 256, 2 * half):
            place += 1
            zeta, middle, end = _ZETAS[place], start + half, start + 2 * half
            low, high = found[start:middle], [zeta * one % _Q for one in found[middle:end]]
            found[start:middle] = map(int.__add__, low, high)
            found[middle:end] = map(int.__sub__, low, high)
        half >>= 1
    return found


def _transform_back(values: list[int]) -> list[int]:
    """Inverse NTT (algorithm 42); every number comes back as 0 to q - 1."""
    found, place, half = list(values), 256, 1
    while half < 256:
        for start in range(0, 256, 2 * half):
            place -= 1
            zeta, middle, end = _ZETAS[place], start + half, start + 2 * half
            low, high = found[start:middle], found[middle:end]
            found[start:middle] = map(int.__add__, low, high)
            found[middle:end] = [zeta * one % _Q for one in map(int.__sub__, high, low)]
        half <<= 1
    return [8347681 * one % _Q for one in found]


def _squeeze(hashed: Any) -> Iterator[int]:
    """The output of a SHAKE, byte by byte, without end."""
    given, size = 0, 1024
    while True:
        yield from hashed.digest(size)[given:]
        given, size = size, 2 * size


def _expand_entry(seed: bytes, row: int, column: int) -> list[int]:
    """One entry of the matrix, as its NTT (algorithms 30 and 14)."""
    stream = _squeeze(hashlib.shake_128(seed + bytes([column, row])))
    found: list[int] = []
    for low, middle, high in zip(stream, stream, stream):  # noqa: B905 -- one stream, without end
        value = low | middle << 8 | (high & 0x7F) << 16
        if value < _Q:
            found.append(value)
            if len(found) == 256:
                break
    return found


def _sample_in_ball(challenge: bytes) -> list[int]:
    """The polynomial with 39 coefficients 1 or -1 that a challenge stands for (algorithm 29)."""
    stream = _squeeze(hashlib.shake_256(challenge))
    signs = int.from_bytes(bytes(next(stream) for _ in range(8)), "little")
    found = [0] * 256
    for place in range(256 - _CHALLENGE_ONES, 256):
        other = next(one for one in stream if one <= place)
        found[place], found[other] = found[other], -1 if signs & 1 else 1
        signs >>= 1
    return found


def _unpack_bits(data: bytes, bits: int) -> list[int]:
    """256 numbers of so many bits each, lowest bit first (algorithm 18)."""
    whole, mask = int.from_bytes(data, "little"), (1 << bits) - 1
    return [whole >> start & mask for start in range(0, 256 * bits, bits)]


def _unpack_hints(data: bytes) -> list[set[int]] | None:
    """Places of the hints of each row (algorithm 21). None when they are not written in the one allowed way."""
    found: list[set[int]] = []
    reached = 0
    for end in data[_MOST_HINTS:]:
        places = data[reached:end]
        if not reached <= end <= _MOST_HINTS or list(places) != sorted(set(places)):
            return None
        found.append(set(places))
        reached = end
    return None if any(data[reached:_MOST_HINTS]) else found


def _use_hint(value: int, is_hinted: bool) -> int:  # noqa: FBT001 -- the bit of algorithm 40
    """The high part of a number, put right by its hint (algorithms 36 and 40)."""
    low = value % _HIGH_STEP
    low -= _HIGH_STEP if low > _HIGH_STEP // 2 else 0
    high = (value - low) // _HIGH_STEP
    if high == _HIGH_PARTS:  # value - low is q - 1
        high, low = 0, low - 1
    if is_hinted:
        high += 1 if low > 0 else -1
    return high % _HIGH_PARTS


def _pack_high(values: list[int]) -> bytes:
    """Numbers of six bits, four in three bytes (algorithm 28)."""
    fours = zip(values[::4], values[1::4], values[2::4], values[3::4])  # noqa: B905 -- 64 each
    return b"".join((a | b << 6 | c << 12 | d << 18).to_bytes(3, "little") for a, b, c, d in fours)


def check_ml_dsa_44(key: bytes, message: bytes, signature: bytes, context: bytes = b"") -> bool:
    """Tells whether a signature is right: FIPS 204, ML-DSA.Verify (algorithms 3 and 8) of ML-DSA-44."""
    if len(key) != ML_DSA_KEY_BYTES or len(signature) != ML_DSA_SIGNATURE_BYTES or len(context) > 255:
        return False
    challenge, seed = signature[:_CHALLENGE_BYTES], key[:32]
    hints = _unpack_hints(signature[_CHALLENGE_BYTES + _SIDE * _Z_BYTES :])
    starts = range(_CHALLENGE_BYTES, _CHALLENGE_BYTES + _SIDE * _Z_BYTES, _Z_BYTES)
    answers = [[_Z_LIMIT - one for one in _unpack_bits(signature[at : at + _Z_BYTES], 18)] for at in starts]
    if hints is None or any(abs(one) >= _Z_LIMIT - _Z_BETA for answer in answers for one in answer):
        return False
    answers = [_transform(answer) for answer in answers]
    turned = _transform(_sample_in_ball(challenge))
    prefix = hashlib.shake_256(key).digest(64) + bytes([0, len(context)]) + context
    running = hashlib.shake_256(hashlib.shake_256(prefix + message).digest(64))
    for row, hinted in enumerate(hints):
        packed = key[32 + row * _T1_BYTES : 32 + (row + 1) * _T1_BYTES]
        known = _transform([one << _DROPPED_BITS for one in _unpack_bits(packed, 10)])
        total = [-a * b for a, b in zip(turned, known)]  # noqa: B905 -- 256 each
        for column, answer in enumerate(answers):
            entry = _expand_entry(seed, row, column)
            total = [one + a * b for one, a, b in zip(total, entry, answer)]  # noqa: B905 -- as above
        found = _transform_back([one % _Q for one in total])
        running.update(_pack_high([_use_hint(one, place in hinted) for place, one in enumerate(found)]))
    return running.digest(_CHALLENGE_BYTES) == challenge


def check_signature(key: bytes, message: bytes, signature: bytes) -> bool:
    """The kind of a key is told by its length: ML-DSA-44 or Ed25519."""
    check = check_ml_dsa_44 if len(key) == ML_DSA_KEY_BYTES else check_ed25519
    return check(key, message, signature)


# Signed notes and checkpoints: C2SP signed-note, tlog-checkpoint, and tlog-cosignature for ML-DSA-44. ---------------
#
# The key of a log is 32 bytes, Ed25519 alone, or 1344: Ed25519 and ML-DSA-44. Whatever such a pair signs carries two
# lines, and a text with one of them is signed by nobody. So who knows the key, knows what is due.

ED25519_KEY_BYTES = 32
PAIR_BYTES = ED25519_KEY_BYTES + ML_DSA_KEY_BYTES


def split_key(key: bytes) -> tuple[bytes, bytes]:
    """The Ed25519 and the ML-DSA-44 part of a log's key; the second is empty where it signs with Ed25519 alone."""
    return key[:ED25519_KEY_BYTES], key[ED25519_KEY_BYTES:]


def name_signatures(key: bytes) -> list[str]:
    """What a log's key signs with, for people."""
    return ["Ed25519", "ML-DSA-44"] if split_key(key)[1] else ["Ed25519"]


def key_id(name: str, key: bytes) -> bytes:
    """C2SP signed-note: the type is 1 for Ed25519, and 6 for ML-DSA-44 as tlog-cosignature has it."""
    kind = b"\x06" if len(key) == ML_DSA_KEY_BYTES else b"\x01"
    return hashlib.sha256(name.encode() + b"\n" + kind + key).digest()[:4]


def fingerprint_of(key: bytes) -> str:
    """What people compare, and `--trust` takes: of a pair one over both keys, so neither can be exchanged."""
    return hashlib.sha256(key).hexdigest()


def name_site(first_key: bytes) -> str:
    """The name of a log: its first key for ever."""
    return f"vedette.{fingerprint_of(first_key)[:16]}"


def decode_base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise WrongForm("a signature or hash is not readable") from exc
    if base64.b64encode(data).decode() != text:
        raise WrongForm("a signature or hash is not written in the one allowed way")
    return data


def format_signature(name: str, key: bytes, signature: bytes) -> str:
    """The line of one key. What ML-DSA-44 signed comes after its time (`NO_TIME`)."""
    return f"\N{EM DASH} {name} {base64.b64encode(key_id(name, key) + signature).decode()}\n"


def format_note(text: str, name: str, key: bytes, signature: bytes) -> str:
    """A text and the line of one key below it."""
    return f"{text}\n{format_signature(name, key, signature)}"


NO_TIME = bytes(8)
"""The time in a log's own ML-DSA-44 line: it says none, the leaves do. tlog-cosignature allows that."""


def cosigned_head(text: str) -> bytes:
    """What ML-DSA-44 signs of a checkpoint: `cosigned_message` of C2SP tlog-cosignature, with the log as cosigner."""
    origin, size, root = parse_checkpoint(text)
    name = origin.encode()
    demand(0 < len(name) < 256, "the checkpoint's origin is too long")
    name = bytes([len(name)]) + name
    return b"subtree/v1\n\0" + name + NO_TIME + name + bytes(8) + size.to_bytes(8, "big") + root


def open_note(note: str, key: bytes, check: SignatureCheck = check_signature) -> str:
    """Returns the text of a note that `key` signed under the name in its first line.

    Raises:
        OtherKey: its lines are of another key.
        WrongForm: it is not right, or a line that this key owes is missing.
    """
    text, found, last = note.rpartition("\n\n")
    text += "\n"
    name = text.partition("\n")[0]
    prefix = f"\N{EM DASH} {name} "
    lines = last.split("\n")
    if not found or len(lines) not in {2, 3} or lines.pop() or not all(line.startswith(prefix) for line in lines):
        raise WrongForm("the signed note is not whole")
    if any(ord(one) < 32 and one != "\n" for one in note) or len(note) > MOST_NOTE_BYTES:
        raise WrongForm("the signed note holds what it must not")
    try:
        message = text.encode()
    except UnicodeError as exc:
        raise WrongForm("the signed note is not readable") from exc
    ed25519, ml_dsa = split_key(key)
    signatures = [decode_base64(line[len(prefix) :]) for line in lines]
    if len(signatures[0]) != 68 or signatures[0][:4] != key_id(name, ed25519):
        raise OtherKey("the note is signed by another key")
    if not check(ed25519, message, signatures[0][4:]):
        raise WrongForm("the signature is not right")
    if not ml_dsa:
        demand(len(signatures) == 1, "the note has a second signature, and this key signs with Ed25519 alone")
        return text
    demand(len(signatures) == 2, "the ML-DSA-44 signature is missing, and this key signs with both")
    second = signatures[1]
    is_whole = len(second) == 12 + ML_DSA_SIGNATURE_BYTES and second[:12] == key_id(name, ml_dsa) + NO_TIME
    demand(is_whole, "the ML-DSA-44 signature is of another key")
    demand(check(ml_dsa, cosigned_head(text), second[12:]), "the ML-DSA-44 signature is not right")
    return text


def open_published(note: str, key: bytes, older: bytes, check: SignatureCheck = check_signature) -> tuple[str, bool]:
    """As `open_note`, of a checkpoint that an older key may have signed too, in the day after a change of key.

    Its lines stand below those of `key`, whole and right as if they stood alone. `older` is empty where the log had no
    key before. Returns the text, and whether `older` signed it: the caller knows whether that was in its time.
    """
    text, found, last = note.rpartition("\n\n")
    lines = last.split("\n")
    own = len(name_signatures(key))
    if not found or not older or len(lines) <= own + 1:
        return open_note(note, key, check), False
    opened = open_note(f"{text}\n\n" + "".join(f"{line}\n" for line in lines[:own]), key, check)
    try:
        open_note(f"{text}\n\n" + "\n".join(lines[own:]), older, check)
    except WrongForm as exc:
        raise WrongForm(f"what stands below its own signatures is not right: {exc}") from exc
    return opened, True


def parse_checkpoint(text: str) -> tuple[str, int, bytes]:
    """Returns origin, size and root of a checkpoint's text."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not re.fullmatch(r"0|[1-9][0-9]{0,17}", lines[1]):
        raise WrongForm("the checkpoint is not whole")
    root = decode_base64(lines[2])
    if len(root) != 32:
        raise WrongForm("the checkpoint's hash is not whole")
    return lines[0], int(lines[1]), root


def format_export(site: str, export: str, sha256: str, key: bytes) -> str:
    """What `manifest.note` says, by the key that signs it.

    ML-DSA-44 signs checkpoints alone, so under a pair it is one: of a tree whose one leaf is the manifest's SHA-256.
    """
    if len(key) == ED25519_KEY_BYTES:
        return f"{site}/export\n{export}\n{sha256}\n"
    return f"{site}/export/{export}\n1\n{base64.b64encode(leaf_hash(bytes.fromhex(sha256))).decode()}\n"


# Witnesses: C2SP tlog-cosignature, cosignature/v1. ----------------------------------------------------------------


def cosigner_id(name: str, key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n\x04" + key).digest()[:4]


def format_witness_key(name: str, key: bytes) -> str:
    encoded = base64.b64encode(b"\x04" + key).decode()
    return f"{name}+{cosigner_id(name, key).hex()}+{encoded}"


def parse_witness_key(text: str) -> tuple[str, bytes]:
    """Returns name and public key of a witness's verifier key; WrongForm when it is not one."""
    name, _, rest = text.partition("+")
    shown, _, encoded = rest.partition("+")
    data = decode_base64(encoded)
    demand(name and not re.search(r"[\s+]", name), "the witness has no name")
    demand(len(data) == 33 and data[0] == 4, "the key is not one for cosignature/v1")
    demand(shown == cosigner_id(name, data[1:]).hex(), "name and key of the witness do not belong together")
    return name, data[1:]


def cosigned_text(checkpoint: str, at_s: int) -> bytes:
    """What a witness signs over a checkpoint's text."""
    return f"cosignature/v1\ntime {at_s}\n{checkpoint}".encode()


def split_cosignature(line: str) -> tuple[str, bytes]:
    """Returns name and the 76 bytes (key id, time, signature) of a witness's line; WrongForm otherwise."""
    found = re.fullmatch(r"\u2014 (\S{1,128}) (\S{1,200})\n", line)
    demand(found, "the cosignature is not whole")
    name, data = found[1], decode_base64(found[2])  # type: ignore[index]  # demanded above
    demand(len(data) == 76, "the cosignature is not whole")
    return name, data


def check_cosignature(
    line: str, checkpoint: str, name: str, key: bytes, check: SignatureCheck = check_signature
) -> int:
    """Returns when (seconds) this witness signed the text of a checkpoint; WrongForm when it did not."""
    named, data = split_cosignature(line)
    demand(named == name and data[:4] == cosigner_id(name, key), "it is of another witness")
    at_s = int.from_bytes(data[4:12], "big")
    demand(check(key, cosigned_text(checkpoint, at_s), data[12:]), "the witness's signature is not right")
    return at_s


# Time stamps: RFC 3161, that is DER (X.690) and CMS (RFC 5652), read by hand. ---------------------------------------

_SEQUENCE, _SET, _OID, _OCTETS, _INTEGER, _BITS, _BOOLEAN, _NULL = 0x30, 0x31, 6, 4, 2, 3, 1, b"\x05\x00"
_HASHES = {
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
_SHA1, _SHA256 = bytes.fromhex("2b0e03021a"), bytes.fromhex("608648016503040201")
_SIGNED_DATA, _TST_INFO = bytes.fromhex("2a864886f70d010702"), bytes.fromhex("2a864886f70d0109100104")
_CONTENT_TYPE, _MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010903"), bytes.fromhex("2a864886f70d010904")
_SIGNING_CERTIFICATE = bytes.fromhex("2a864886f70d010910020c")
_SIGNING_CERTIFICATE_V2 = bytes.fromhex("2a864886f70d010910022f")
_RSA_KEY, _EC_KEY = bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a8648ce3d0201")
_RSA_SIGNATURES = {
    bytes.fromhex("2a864886f70d01010b"): "sha256",
    bytes.fromhex("2a864886f70d01010c"): "sha384",
    bytes.fromhex("2a864886f70d01010d"): "sha512",
}
_EC_SIGNATURES = {
    bytes.fromhex("2a8648ce3d040302"): "sha256",
    bytes.fromhex("2a8648ce3d040303"): "sha384",
    bytes.fromhex("2a8648ce3d040304"): "sha512",
}
_KEY_PURPOSES, _TIME_STAMPING = bytes.fromhex("551d25"), bytes.fromhex("2b06010505070308")
_COMMON_NAME, _ORGANISATION = bytes.fromhex("550403"), bytes.fromhex("55040a")
_DAY_ZERO = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)  # noqa: UP017 -- also runs on older Python


class Der:
    """Values of DER, one after the other. Any spelling but the one of X.690 section 10 is WrongForm."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def next_tag(self) -> int:
        """The tag of the next value, -1 at the end."""
        return self._data[self._at] if self._at < len(self._data) else -1

    def content(self, tag: int = -1) -> bytes:
        """What the next value holds. -1: whatever its tag."""
        data, at = self._data, self._at
        demand(len(data) - at >= 2, "a value of the time stamp is missing")
        demand(data[at] & 31 != 31 and tag in {-1, data[at]}, "a value of the time stamp is not what must stand there")
        size, at = data[at + 1], at + 2
        if size >= 0x80:
            head = data[at : at + size - 0x80]
            demand(1 <= len(head) == size - 0x80 <= 4 and head[0], "a length in the time stamp is not right")
            size, at = int.from_bytes(head, "big"), at + len(head)
            demand(size >= 0x80, "a length in the time stamp is not written in the one allowed way")
        demand(at + size <= len(data), "the time stamp is cut off")
        self._at = at + size
        return data[at : self._at]

    def whole(self, tag: int = -1) -> bytes:
        """The next value with its head."""
        start = self._at
        self.content(tag)
        return self._data[start : self._at]

    def inside(self, tag: int = _SEQUENCE) -> Der:
        return Der(self.content(tag))

    def optional(self, tag: int) -> bytes | None:
        return self.content(tag) if self.next_tag() == tag else None

    def integer(self, tag: int = _INTEGER) -> int:
        data = self.content(tag)
        is_short = len(data) == 1 or (len(data) > 1 and (data[0], data[1] >> 7) not in {(0, 0), (0xFF, 1)})
        demand(is_short, "a number in the time stamp is not written in the one allowed way")
        return int.from_bytes(data, "big", signed=True)

    def algorithm(self) -> tuple[bytes, bytes]:
        """An AlgorithmIdentifier: what it names, and its parameters as they are written."""
        inside = self.inside()
        name = inside.content(_OID)
        parameters = inside.whole() if inside.next_tag() >= 0 else b""
        inside.end()
        return name, parameters

    def hash_name(self) -> str:
        name, parameters = self.algorithm()
        demand(name in _HASHES and parameters in {b"", _NULL}, "the time stamp uses a hash that is not known here")
        return _HASHES[name]

    def end(self) -> None:
        demand(self._at == len(self._data), "the time stamp holds more than it may")


def open_der(data: bytes, tag: int = _SEQUENCE) -> Der:
    """The inside of the one value that `data` is."""
    outer = Der(data)
    inside = outer.inside(tag)
    outer.end()
    return inside


def _read_time(tag: int, data: bytes) -> int:
    """UTC nanoseconds of a UTCTime (RFC 5280: 1950 to 2049) or GeneralizedTime."""
    text = data.decode("ascii", "replace")
    if tag == 0x17:
        text = ("19" if text[:1] >= "5" else "20") + text
    found = re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?:\.([0-9]{0,8}[1-9]))?Z", text)
    if found is None or (tag != 0x18 and (tag != 0x17 or found[7])):
        raise WrongForm("a time in the time stamp is not readable")
    try:
        whole = dt.datetime(*map(int, found.groups()[:6]), tzinfo=dt.timezone.utc)  # type: ignore[misc, arg-type]  # noqa: UP017 -- as above
    except ValueError as exc:
        raise WrongForm("a time in the time stamp does not exist") from exc
    return (whole - _DAY_ZERO) // dt.timedelta(seconds=1) * 10**9 + int((found[7] or "0").ljust(9, "0"))


def _read_name(subject: bytes) -> str:
    """The common name of a certificate's owner, else the organisation: for people, not for decisions."""
    names: dict[bytes, str] = {}
    reader = open_der(subject)
    while reader.next_tag() >= 0:
        parts = reader.inside(_SET)
        while parts.next_tag() >= 0:
            part = parts.inside()
            kind, tag = part.content(_OID), part.next_tag()
            names[kind] = part.content().decode("utf-16-be" if tag == 0x1E else "utf-8", "replace")
    name = names.get(_COMMON_NAME) or names.get(_ORGANISATION) or "?"
    return "".join(one if one.isprintable() else "?" for one in name)[:100].encode("utf-8", "replace").decode()


def _identify(certificate: bytes) -> tuple[bytes, int]:
    """Issuer and serial number of any certificate."""
    body = open_der(certificate).inside()
    body.optional(0xA0)
    serial = body.integer()
    body.algorithm()
    return body.whole(_SEQUENCE), serial


class _Certificate:
    """What is needed of the authority's X.509 certificate (RFC 5280)."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        body = open_der(data).inside()
        demand(body.inside(0xA0).integer() == 2, "the authority's certificate is of another version")
        body.integer()
        body.algorithm()
        body.whole(_SEQUENCE)
        period = body.inside()
        self.from_ns, self.to_ns = (_read_time(period.next_tag(), period.content()) for _ in range(2))
        period.end()
        self.name = _read_name(body.whole(_SEQUENCE))
        self.key = body.whole(_SEQUENCE)
        for tag in (0x81, 0x82):
            body.optional(tag)
        self.purposes: list[tuple[bytes, bytes]] = []
        extensions = body.inside(0xA3).inside()
        while extensions.next_tag() >= 0:
            one = extensions.inside()
            kind, critical, value = one.content(_OID), one.optional(_BOOLEAN), one.content(_OCTETS)
            if kind == _KEY_PURPOSES:
                self.purposes.append((critical or b"", value))

    def check_purpose(self) -> None:
        """RFC 3161 section 2.3: for time stamps alone, and said so critically."""
        demand([critical for critical, _ in self.purposes] == [b"\xff"], "the certificate is not one for time stamps")
        purposes = open_der(self.purposes[0][1])
        demand(purposes.content(_OID) == _TIME_STAMPING, "the certificate is not one for time stamps")
        purposes.end()


class TimeStamp(NamedTuple):
    """What a time stamp says whose parts all fit together. Who the authority is says only its fingerprint."""

    at_ns: int
    accuracy_ns: int
    name: str
    fingerprint: str
    policy: bytes
    nonce: int | None


def check_time_stamp(response: bytes, stamped: bytes) -> TimeStamp:
    """Checks a TimeStampResp over `stamped` (RFC 3161); WrongForm when anything that counts is not right.

    The signature is that of the certificate inside. Whether that is an authority's the caller must know.
    """
    demand(len(response) <= MOST_STAMP_BYTES, "the time stamp is too long")
    outer = open_der(response)
    demand(outer.inside().integer() == 0, "the authority did not grant the time stamp")
    token = outer.inside()
    outer.end()
    demand(token.content(_OID) == _SIGNED_DATA, "the time stamp is not signed")
    signed = open_der(token.content(0xA0))
    token.end()
    demand(signed.integer() == 3, "the time stamp is of another version")
    signed.content(_SET)
    holder = signed.inside()
    demand(holder.content(_OID) == _TST_INFO, "what is signed is no time stamp")
    content = Der(holder.content(0xA0))
    told = content.content(_OCTETS)
    content.end()
    holder.end()
    certificates = signed.optional(0xA0) or b""
    signed.optional(0xA1)
    signers = signed.inside(_SET)
    signed.end()
    return _read_info(told, stamped, _check_signer(signers, certificates, told))


def _find_certificate(certificates: bytes, issuer: bytes, serial: int) -> _Certificate:
    reader, found = Der(certificates), []
    while reader.next_tag() >= 0:
        one = reader.whole(_SEQUENCE)
        if _identify(one) == (issuer, serial):
            found.append(one)
    demand(len(found) == 1, "the certificate of the authority is not in the time stamp")
    return _Certificate(found[0])


def _read_info(content: bytes, stamped: bytes, certificate: _Certificate) -> TimeStamp:
    info = open_der(content)
    demand(info.integer() == 1, "the time stamp is of another version")
    policy, imprint = info.content(_OID), info.inside()
    demand(imprint.hash_name() == "sha256", "the time stamp is over another kind of hash")
    demand(imprint.content(_OCTETS) == hashlib.sha256(stamped).digest(), "the time stamp is over something else")
    imprint.end()
    info.integer()
    at_ns = _read_time(info.next_tag(), info.content(0x18))
    accuracy = Der(info.optional(_SEQUENCE) or b"")
    shares = ((_INTEGER, 10**9), (0x80, 10**6), (0x81, 10**3))
    accuracy_ns = sum(accuracy.integer(tag) * unit for tag, unit in shares if accuracy.next_tag() == tag)
    accuracy.end()
    info.optional(_BOOLEAN)
    nonce = info.integer() if info.next_tag() == _INTEGER else None
    for tag in (0xA0, 0xA1):
        info.optional(tag)
    info.end()
    demand(certificate.from_ns <= at_ns <= certificate.to_ns, "the authority's certificate was not valid at that time")
    return TimeStamp(at_ns, accuracy_ns, certificate.name, hashlib.sha256(certificate.data).hexdigest(), policy, nonce)


def _check_signer(signers: Der, certificates: bytes, content: bytes) -> _Certificate:
    """The one signer of a token: its certificate is in the token, is for time stamps, and its signature is right."""
    signer = signers.inside()
    signers.end()
    demand(signer.integer() == 1, "the signer is named in a way that is not known here")
    named = signer.inside()
    issuer, serial = named.whole(_SEQUENCE), named.integer()
    named.end()
    owner = _find_certificate(certificates, issuer, serial)
    owner.check_purpose()
    hash_name = signer.hash_name()
    attributes = signer.whole(0xA0)
    method = signer.algorithm()
    signature = signer.content(_OCTETS)
    signer.optional(0xA1)
    signer.end()
    _check_attributes(open_der(attributes, 0xA0), owner, hashlib.new(hash_name, content).digest())
    message = bytes([_SET]) + attributes[1:]  # RFC 5652 section 5.4: signed as a SET OF
    demand(_is_signed(owner.key, method, hash_name, message, signature), "the authority's signature is not right")
    return owner


def _check_attributes(reader: Der, owner: _Certificate, digest: bytes) -> None:
    """The signed attributes bind the token to its content and to the one certificate (RFC 5035)."""
    found: dict[bytes, bytes] = {}
    while reader.next_tag() >= 0:
        attribute = reader.inside()
        name, values = attribute.content(_OID), attribute.inside(_SET)
        demand(name not in found, "the time stamp says one thing twice")
        found[name] = values.whole()
        values.end()
        attribute.end()
    demand(found.get(_CONTENT_TYPE) == bytes([_OID, len(_TST_INFO)]) + _TST_INFO, "what is signed is no time stamp")
    demand(
        found.get(_MESSAGE_DIGEST) == bytes([_OCTETS, len(digest)]) + digest,
        "the content of the time stamp was changed",
    )
    newer, older = found.get(_SIGNING_CERTIFICATE_V2), found.get(_SIGNING_CERTIFICATE)
    demand(newer or older, "the time stamp does not name its certificate")
    for value, is_newer in ((newer, True), (older, False)):
        if value:
            entry = open_der(value).inside().inside()
            hash_name = "sha256" if is_newer else "sha1"
            if is_newer and entry.next_tag() == _SEQUENCE:
                hash_name = entry.hash_name()
            named = hashlib.new(hash_name, owner.data).digest()
            demand(entry.content(_OCTETS) == named, "the time stamp names another certificate")


def _is_signed(key: bytes, method: tuple[bytes, bytes], hash_name: str, message: bytes, signature: bytes) -> bool:
    """Tells whether a signature is right. WrongForm for a kind that is not known here."""
    outer = open_der(key)
    kind, parameters = outer.algorithm()
    bits = outer.content(_BITS)
    outer.end()
    demand(bits[:1] == b"\x00", "the key of the authority is not readable")
    digest = hashlib.new(hash_name, message).digest()
    if kind == _RSA_KEY and (method[0] == _RSA_KEY or _RSA_SIGNATURES.get(method[0]) == hash_name):
        demand(method[1] in {b"", _NULL}, "the authority's signature is of a kind that is not known here")
        public = open_der(bits[1:])
        modulus, exponent = public.integer(), public.integer()
        public.end()
        return check_rsa(modulus, exponent, hash_name, digest, signature)
    demand(
        kind == _EC_KEY and parameters in _CURVES and _EC_SIGNATURES.get(method[0]) == hash_name and not method[1],
        "the authority's signature is of a kind that is not known here",
    )
    pair = open_der(signature)
    one, other = pair.integer(), pair.integer()
    pair.end()
    return _CURVES[parameters].check(bits[1:], digest, one, other)


# RSA: RFC 8017 section 8.2.2 (PKCS #1 v1.5). ECDSA: FIPS 186-5 on P-256 and P-384. -----------------------------------

_DIGEST_HEADS = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


def check_rsa(modulus: int, exponent: int, hash_name: str, digest: bytes, signature: bytes) -> bool:
    """The one right padding is written anew and compared: nothing in it is skipped."""
    size = (modulus.bit_length() + 7) // 8
    value = int.from_bytes(signature, "big")
    if not 2048 <= modulus.bit_length() <= 8192 or not 3 <= exponent < 1 << 33 or not exponent & modulus & 1:
        return False
    if len(signature) != size or value >= modulus:
        return False
    told = _DIGEST_HEADS[hash_name] + digest
    expected = b"\x00\x01" + b"\xff" * (size - len(told) - 3) + b"\x00" + told
    return pow(value, exponent, modulus).to_bytes(size, "big") == expected


class Curve:
    """A curve y^2 = x^3 - 3x + b of prime order. Points are (x, y), None is the point at infinity."""

    def __init__(self, prime: int, b: int, order: int, base: tuple[int, int]) -> None:
        self._p, self._b, self._order, self._base = prime, b, order, base
        self._size = (prime.bit_length() + 7) // 8

    def check(self, key: bytes, digest: bytes, r: int, s: int) -> bool:
        """Tells whether (r, s) is the signature of a digest by an uncompressed public key."""
        if len(key) != 1 + 2 * self._size or key[0] != 4 or not (0 < r < self._order and 0 < s < self._order):
            return False
        owner = (int.from_bytes(key[1 : 1 + self._size], "big"), int.from_bytes(key[1 + self._size :], "big"))
        if max(owner) >= self._p or (owner[1] * owner[1] - owner[0] * (owner[0] * owner[0] - 3) - self._b) % self._p:
            return False
        number = int.from_bytes(digest, "big") >> max(0, 8 * len(digest) - self._order.bit_length())
        inverse = pow(s, -1, self._order)
        found = self._multiply_both(number * inverse % self._order, r * inverse % self._order, owner)
        return found is not None and found[0] % self._order == r

    def _multiply_both(self, one: int, other: int, owner: tuple[int, int]) -> Any:
        """`one` times the base plus `other` times `owner`. All of it is public: time tells nothing."""
        steps = (None, self._base, owner, self._add(self._base, owner))
        found = None
        for place in range(max(one.bit_length(), other.bit_length()) - 1, -1, -1):
            found = self._add(self._add(found, found), steps[(one >> place & 1) | (other >> place & 1) << 1])
        return found

    def _add(self, a: Any, b: Any) -> Any:
        if a is None or b is None:
            return b if a is None else a
        if a[0] == b[0]:
            if (a[1] + b[1]) % self._p == 0:
                return None
            slope = 3 * (a[0] * a[0] - 1) * pow(2 * a[1], -1, self._p)
        else:
            slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, self._p)
        x = (slope * slope - a[0] - b[0]) % self._p
        return x, (slope * (a[0] - x) - a[1]) % self._p


_CURVES = {
    bytes.fromhex("06082a8648ce3d030107"): Curve(
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        (
            0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
            0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        ),
    ),
    bytes.fromhex("06052b81040022"): Curve(
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        (
            0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
            0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
        ),
    ),
}


# What lies in the bundle: a folder or a .zip. ---------------------------------------------------------------------


class Folder:
    """A bundle that lies unpacked."""

    def __init__(self, root: str) -> None:
        self._root = root
        self.problems: list[tuple[str, str, str]] = []

    def names(self) -> set[str]:
        """All files, and as problems everything that is neither a file nor a folder."""
        found: set[str] = set()
        for place, folders, files in os.walk(self._root, onerror=self._unreadable):
            if not folders and not files and place != self._root:
                self.problems.append(("not_of_the_bundle", self._name(place), "a folder that is empty"))
            for name in [*folders, *files]:
                path = os.path.join(place, name)  # noqa: PTH118 -- one style for all of this file
                mode = os.lstat(path).st_mode
                if stat.S_ISREG(mode):
                    found.add(self._name(path))
                elif not stat.S_ISDIR(mode):
                    self.problems.append(("not_a_file", self._name(path), "a link or device instead of a file"))
            if len(found) > MOST_FILES:
                raise WrongForm("there are too many files")
        return found

    def open(self, name: str) -> BinaryIO:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        return os.fdopen(os.open(os.path.join(self._root, *name.split("/")), flags), "rb")  # noqa: PTH118 -- as above

    def size(self, name: str) -> int:
        return os.lstat(os.path.join(self._root, *name.split("/"))).st_size  # noqa: PTH118 -- as above

    def _name(self, path: str) -> str:
        return os.path.relpath(path, self._root).replace(os.sep, "/")

    def _unreadable(self, error: OSError) -> None:
        self.problems.append(("unreadable", self._name(str(error.filename or self._root)), "cannot be read"))


LOCAL, CENTRAL, END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
END64, LOCATOR = struct.Struct("<4sQ2H2I4Q"), struct.Struct("<4sIQI")
_LIMIT32, _LIMIT16 = 0xFFFFFFFF, 0xFFFF
ZIP_DATE = (45 << 9) | (1 << 5) | 1
"""1 January 2025: no time of packing, so that a bundle's zip has one spelling."""


def zip_local(name: bytes, size: int, crc: int) -> bytes:
    """The header in front of a stored file. Large files carry their size in a ZIP64 field."""
    large = size >= _LIMIT32
    extra = struct.pack("<2H2Q", 1, 16, size, size) if large else b""
    shown = _LIMIT32 if large else size
    return LOCAL.pack(b"PK\x03\x04", 45, 0x800, 0, 0, ZIP_DATE, crc, shown, shown, len(name), len(extra)) + name + extra


def zip_central(name: bytes, size: int, crc: int, offset: int) -> bytes:
    wide = [value for value in (size, size) if value >= _LIMIT32] + [offset] * (offset >= _LIMIT32)
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    shown = min(size, _LIMIT32)
    head = CENTRAL.pack(
        b"PK\x01\x02", 0x32D, 45, 0x800, 0, 0, ZIP_DATE, crc, shown, shown, len(name), len(extra), 0, 0, 0,
        0o100644 << 16, min(offset, _LIMIT32),
    )  # fmt: skip
    return head + name + extra


def zip_end(count: int, size: int, offset: int) -> bytes:
    wide = b""
    if count >= _LIMIT16 or size >= _LIMIT32 or offset >= _LIMIT32:
        wide = END64.pack(b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, offset)
        wide += LOCATOR.pack(b"PK\x06\x07", 0, offset + size, 1)
    shown = min(count, _LIMIT16)
    return wide + END.pack(b"PK\x05\x06", 0, 0, shown, shown, min(size, _LIMIT32), min(offset, _LIMIT32), 0)


class _Slice:
    """A stretch of a file, read in pieces."""

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        self._file, self._offset, self._left = file, offset, size

    def __enter__(self) -> _Slice:  # noqa: PYI034 -- `Self` is not known to older Python
        return self

    def __exit__(self, *_: object) -> None:
        """The file belongs to the archive."""

    def read(self, size: int = -1) -> bytes:
        self._file.seek(self._offset)
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._offset += len(data)
        self._left -= len(data)
        return data


class ZipFile:
    """A bundle in a .zip, in exactly the layout in which Vedette packs it: stored, sorted, nothing between."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.problems: list[tuple[str, str, str]] = []
        self._places: dict[str, tuple[int, int]] = {}
        self._read_layout()

    def names(self) -> set[str]:
        return set(self._places)

    def open(self, name: str) -> Any:
        return _Slice(self._file, *self._places[name])

    def size(self, name: str) -> int:
        return self._places[name][1]

    def _read_layout(self) -> None:
        """Walks from the first byte to the last; what is not as we pack it is told, and walked as far as it goes."""
        central: list[bytes] = []
        offset = 0
        while True:
            head = self._at(offset, LOCAL.size)
            if len(head) < LOCAL.size or head[:4] != b"PK\x03\x04" or len(central) > MOST_FILES:
                break
            crc, shown, _, name_size, extra_size = LOCAL.unpack(head)[6:11]
            rest = self._at(offset + LOCAL.size, name_size + extra_size)
            name, extra = rest[:name_size], rest[name_size:]
            size = struct.unpack("<Q", extra[4:12])[0] if shown == _LIMIT32 and len(extra) == 20 else shown
            if head + rest != zip_local(name, size, crc):
                self._tell("the head of a file in the zip is not as Vedette writes it")
            start = offset + LOCAL.size + name_size + extra_size
            text = name.decode("utf-8", "replace")
            if text in self._places:
                self._tell("a file is in the zip twice")
            self._places[text] = (start, size)
            central.append(zip_central(name, size, crc, offset))
            offset = start + size
        expected = b"".join(central)
        expected += zip_end(len(central), len(expected), offset)
        if self._at(offset, len(expected) + 1) != expected:
            self._tell("the table of contents of the zip is not as Vedette writes it")
        if list(self._places) != sorted(self._places):
            self._tell("the files of the zip are in another order")
        self._check_sums(central)

    def _check_sums(self, central: list[bytes]) -> None:
        for (name, (start, size)), entry in zip(self._places.items(), central):  # noqa: B905 -- older Python; an entry each
            found, left = 0, size
            while left > 0:
                data = self._at(start + size - left, min(CHUNK_BYTES, left))
                if not data:
                    break
                found, left = binascii.crc32(data, found), left - len(data)
            if found != CENTRAL.unpack(entry[: CENTRAL.size])[7]:
                self.problems.append(("container", name, "the zip's own sum over this file is wrong"))

    def _at(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size)

    def _tell(self, what: str) -> None:
        detail = f"{what}. If the zip was packed again by another program, unpack it and check the folder."
        self.problems.append(("container", "", detail))


# The verdict. -----------------------------------------------------------------------------------------------------


class Fault:
    """One thing that is wrong, as exactly as it can be named."""

    def __init__(
        self, code: str, detail: str, file: str = "", camera: str = "", segment: str = "", at: str = ""
    ) -> None:
        self.code, self.detail, self.file = code, detail, file
        self.camera, self.segment, self.at = camera, segment, at

    def as_record(self) -> dict[str, str]:
        names = ("code", "camera", "segment", "at", "detail", "file")
        return {name: getattr(self, name) for name in names}


def format_time(at_ns: int) -> str:
    """RFC 3339 in UTC with milliseconds, also for years that Python's dates do not know."""
    day, left = divmod(at_ns // 1_000_000, 86_400_000)
    second, milli = divmod(left, 1000)
    shifted = day + 719468
    era, rest = divmod(shifted, 146097)
    year = (rest - rest // 1460 + rest // 36524 - rest // 146096) // 365
    rest -= 365 * year + year // 4 - year // 100
    month = (5 * rest + 2) // 153
    number = rest - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    year += era * 400 + (month <= 2)
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{milli:03}Z"
    return f"{year:04}-{month:02}-{number:02}T{clock}"


def video_path(folder: str, stream: str, start_ns: int, segment_id: str) -> str:
    stamp = re.sub(r"[-:]|\.[0-9]+", "", format_time(start_ns))
    return f"video/{folder}/{stream}-{stamp}-{segment_id}.mp4"


def masked_path(folder: str, stream: str, start_ns: int, number: int, suffix: str) -> str:
    stamp = re.sub(r"[-:]|\.[0-9]+", "", format_time(start_ns))
    return f"{MASKED}/{folder}/{number}-{stream}-{stamp}{suffix}"


class _Cover:
    """Stretches of time, joined once: a hole in any range is found without walking all of them."""

    def __init__(self, spans: Iterable[tuple[int, int]], slack_ns: int = 0) -> None:
        self.spans: list[tuple[int, int]] = []
        for start, end in sorted(spans):
            if self.spans and start <= self.spans[-1][1] + slack_ns:
                self.spans[-1] = (self.spans[-1][0], max(end, self.spans[-1][1]))
            else:
                self.spans.append((start, end))

    def longest_hole(self, start: int, end: int) -> tuple[int, int]:
        """The longest stretch from start to end that nothing covers; of no length: there is none."""
        reached, found = start, (start, start)
        for place in range(max(0, bisect.bisect_right(self.spans, (start, end)) - 1), len(self.spans)):
            begin, finish = self.spans[place]
            if begin >= end:
                break
            if begin - reached > found[1] - found[0]:
                found = (reached, begin)
            reached = max(reached, finish)
        return (reached, end) if end - reached > found[1] - found[0] else found


class _MaskedFile:
    """What the list says of one masked file: when it shows, and of which stored segments it was made."""

    def __init__(self, record: Json, folder: str) -> None:
        self.name, spans, self.segments = take(record, file=str, spans=list, segments=list)
        demand(len(record) == 3, "a masked file is described with more than it may")
        demand(self.name.startswith(f"{MASKED}/{folder}/"), "a masked file lies where it must not")
        demand(spans and self.segments, "a masked file shows nothing")
        demand(len(spans) <= MOST_SPANS, "a masked file shows more than it can")
        demand(all(isinstance(one, str) for one in self.segments), "the footage of a masked file is not readable")
        demand(len(set(self.segments)) == len(self.segments), "the footage of a masked file is named twice")
        self.spans: list[tuple[int, int]] = []
        for span in spans:
            demand(
                isinstance(span, list) and len(span) == 2 and all(type(one) is int for one in span), "a time is wrong"
            )
            demand(span[0] < span[1] and (not self.spans or self.spans[-1][1] <= span[0]), "a time is wrong")
            self.spans.append((span[0], span[1]))


class _Masked:
    """What the list says of a camera that goes out as a masked copy."""

    def __init__(self, record: Json, folder: str) -> None:
        zones, files = take(record, zones=list, files=list)
        demand(len(record) == 2 and 1 <= len(zones) <= MOST_ZONES, "the hidden parts are not told as they must be")
        self.zones = [self._read_zone(zone) for zone in zones]
        self.files = [_MaskedFile(one, folder) for one in files]
        names = {one.name for one in self.files}
        demand(len(names) == len(self.files), "a masked file is named twice")

    @staticmethod
    def _read_zone(zone: Json) -> str:
        name, outline = take(zone, name=str, outline=list)
        demand(len(zone) == 2 and 3 <= len(outline) <= 16, "a hidden part is not told as it must be")
        for corner in outline:
            is_pair = isinstance(corner, list) and len(corner) == 2 and all(type(one) is int for one in corner)
            demand(
                is_pair and all(0 <= one <= OUTLINE_UNIT for one in corner), "a hidden part lies outside the picture"
            )
        return str(name)


class _Camera:
    """One camera of the manifest, and what its proofs tell."""

    def __init__(self, record: Json) -> None:
        self.id, self.name, self.folder = take(record, id=str, name=str, folder=str)
        self.streams, self.covered_to, self.proofs = take(record, streams=list, covered_to=dict, proofs=list)
        if not _ID.fullmatch(self.id) or not _PATH_PART.fullmatch(self.folder):
            raise WrongForm("a camera's name or folder is not allowed")
        if not all(isinstance(one, str) for one in [*self.streams, *self.proofs]):
            raise WrongForm("a camera's streams or proofs are not readable")
        if not all(isinstance(one, int) for one in self.covered_to.values()):
            raise WrongForm("a camera's end is not readable")
        self.masked = _Masked(record[MASKED], self.folder) if MASKED in record else None
        demand(self.masked is None or len(self.streams) == 1, "a masked copy shows one stream")
        self.leaves: list[dict[str, Json]] = []
        self.last_hash = ""


class _Proofs:
    """One proof file that holds: its tree, and the place and the end of each entry of the range.

    `stamped`: places that a time stamp of a vouched authority covers.
    """

    def __init__(self, camera: _Camera, origin: str, size: int, root: bytes) -> None:
        self.camera, self.origin, self.size, self.root = camera, origin, size, root
        self.ends: dict[int, int] = {}
        self.stamped: set[int] = set()

    @property
    def missing(self) -> list[int]:
        """Ends of the entries that no vouched time stamp covers."""
        return [end for place, end in self.ends.items() if place not in self.stamped]


class Verifier:
    """Checks one bundle. `run` once, then read `verdict`, `faults`, `segments`, `gaps`, `retired`, `uncovered`.

    `masked`: files that are masked copies; `originals`: what the log says of the footage that they were made of.
    """

    def __init__(
        self,
        source: Any,
        trust: Iterable[str] = (),
        check: SignatureCheck = check_signature,
        witnesses: Iterable[tuple[str, bytes]] = (),
        authorities: Iterable[str] = (),
    ) -> None:
        self._source = source
        self._authorities = frozenset(authorities)
        self._proofs: dict[str, _Proofs] = {}
        self.stamps: list[dict[str, str]] = []
        self.unstamped: list[dict[str, str]] = []
        self._wanted = list(dict.fromkeys(witnesses))
        self.witnessed: list[dict[str, str]] = []
        self.is_known_key = self.is_known_by_old_key = False
        self._trust = frozenset(trust)
        self._check = check
        self.faults: list[Fault] = []
        self.fingerprint = ""
        self.site = ""
        self.verdict = INVALID
        self.segments: list[dict[str, str]] = []
        self.originals: list[dict[str, str]] = []
        self.masked: list[dict[str, str]] = []
        self.gaps: list[dict[str, str]] = []
        self.retired: list[dict[str, str]] = []
        self.uncovered: list[dict[str, str]] = []
        self.about: dict[str, str] = {}
        self._keys: list[bytes] = []
        self._made_at = self._older_until = 0
        self._is_by_older = False
        self._newest_root = (-1, 0)
        self._used: set[str] = set()
        self._cameras: list[_Camera] = []
        self._names: set[str] = set()
        self._listed: dict[str, Json] = {}
        self._reading = ""

    def run(self) -> int:
        """Whatever goes wrong on the way is a fault, never an answer that is better than it should be."""
        try:
            self._run()
        except WrongForm as exc:
            self._tell("not_readable", str(exc), MANIFEST)
        except Exception as exc:  # noqa: BLE001 -- the border: a crash must be the answer "not valid", in words
            self._tell("not_readable", f"the bundle cannot be read further ({type(exc).__name__})", self._reading)
        known = any(fingerprint_of(key) in self._trust for key in self._keys)
        # Whoever holds the log's key can put any story behind an old cosignature: only one of the whole log counts.
        whole = sum(one["size"] == one["of"] for one in self.witnessed)
        self.is_known_key = known
        both = [key for key in self._keys if len(key) == PAIR_BYTES]
        self.is_known_by_old_key = bool(both) and not any(fingerprint_of(key) in self._trust for key in both)
        known = known and whole == len(self._wanted) and not self.unstamped
        self.verdict = INVALID if self.faults or not self._keys else VALID if known else CANNOT_TELL
        return self.verdict

    @property
    def signatures(self) -> list[str]:
        """What the log's present key signs with."""
        return name_signatures(self._keys[0]) if self._keys else []

    def _run(self) -> None:
        self._names = self._source.names()
        for code, name, detail in self._source.problems:
            self._tell(code, detail, name)
        data = self._read(MANIFEST, MOST_TEXT_BYTES)
        manifest = self._parse(MANIFEST, data)
        if manifest is None:
            return
        self._check_manifest(manifest, data or b"")
        self._check_files()
        site_tree = self._check_site_log()
        for camera in self._cameras:
            for name in camera.proofs:
                self._check_proofs(camera, name, site_tree)
            self._check_camera(camera, *self._range)
        self._check_older_time()
        self._check_witnesses(site_tree)
        self._check_stamps(site_tree)
        self._check_unused()

    # Time stamps.

    @property
    def authorities(self) -> list[str]:
        """Fingerprints of the authorities that are vouched for."""
        return sorted(self._authorities)

    def _check_stamps(self, site_tree: tuple[int, bytes] | None) -> None:
        """Each time stamp must be right in itself, be over this log, and cover what it says that it covers."""
        stems = sorted({name.rpartition(".")[0] for name in self._listed if name.startswith(f"{STAMPS}/")})
        for stem in stems[:MOST_STAMPS] if site_tree else []:
            self._used.update(f"{stem}.{end}" for end in STAMP_PARTS)
            try:
                self._check_stamp(stem, site_tree or (0, b""))
            except WrongForm as exc:
                self._tell("time_stamp", f"a time stamp is not right: {exc}", self._reading)
        for proofs in self._proofs.values() if self._authorities else ():
            if proofs.missing:
                shown = {"camera": proofs.camera.name, "to": format_time(max(proofs.missing))}
                self.unstamped.append({**shown, "entries": str(len(proofs.missing))})

    def _check_stamp(self, stem: str, site_tree: tuple[int, bytes]) -> None:
        response, stamped = (
            self._read(f"{stem}.tsr", MOST_STAMP_BYTES),
            self._read(f"{stem}.checkpoint", MOST_NOTE_BYTES),
        )
        record = self._parse(f"{stem}.json", self._read(f"{stem}.json", MOST_TEXT_BYTES))
        if response is None or stamped is None or record is None:
            return
        self._reading = f"{stem}.checkpoint"
        origin, size, root = parse_checkpoint(self._open_by_any(stamped))
        demand(origin == f"{self.site}/site", "it is over another log")
        self._reading = f"{stem}.tsr"
        stamp = check_time_stamp(response, stamped)
        self._reading = f"{stem}.json"
        growth, trees = take(record, growth=list, trees=list)
        demand(len(record) == 2 and trees, "its proofs are not whole")
        demand(is_consistent(root, size, site_tree[1], site_tree[0], _take_hashes(growth)), "it is over another log")
        for tree in trees:
            self._take_stamped(stamp, tree, size, root)

    def _open_by_any(self, data: bytes) -> str:
        """The text of a checkpoint that this log signed, also with a key before."""
        failure = WrongForm("nobody signed what it is over")
        for key in self._keys:
            try:
                return open_note(data.decode("utf-8"), key, self._check)
            except UnicodeDecodeError as exc:
                raise WrongForm("what it is over is not readable") from exc
            except OtherKey as exc:
                failure = exc
        raise failure

    def _take_stamped(self, stamp: TimeStamp, tree: Json, size: int, root: bytes) -> None:
        """Which entries of a proof file lay under the stamped checkpoint: those that its tree had then."""
        name, entry, growth = take(tree, proofs=str, entry=dict, growth=list)
        proofs = self._proofs.get(name)
        if proofs is None or len(tree) != 3:
            raise WrongForm("it covers proofs that are not here")
        leaf = self._check_entry(entry, size, root)
        kind, origin, seen, seen_root = take(leaf, kind=str, origin=str, size=int, root=str)
        demand((kind, origin) == ("root", proofs.origin), "it covers other proofs than it says")
        (then,) = _take_hashes([seen_root])
        demand(is_consistent(then, seen, proofs.root, proofs.size, _take_hashes(growth)), "it covers another log")
        covered = [place for place in proofs.ends if place < seen]
        demand(covered, "it covers nothing of this")
        reached = max(proofs.ends[place] for place in covered)
        is_vouched = stamp.fingerprint in self._authorities
        # Footage that claims to be of after its stamp is of a clock that was wrong: nobody vouches for that time.
        latest = stamp.at_ns + stamp.accuracy_ns + STAMP_SLACK_NS
        if is_vouched:
            proofs.stamped.update(place for place in covered if proofs.ends[place] <= latest)
        shown = {"name": stamp.name, "fingerprint": stamp.fingerprint, "at": format_time(stamp.at_ns)}
        shown.update({"vouched": "yes" if is_vouched else "no", "camera": proofs.camera.name})
        shown.update({"to": format_time(reached), "clock": "right" if reached <= latest else "ahead"})
        self.stamps.append(shown)

    # Witnesses.

    @property
    def asked(self) -> list[str]:
        """Names of the witnesses that must have signed."""
        return [name for name, _ in self._wanted]

    def _check_witnesses(self, site_tree: tuple[int, bytes] | None) -> None:
        """What a witness signed must be a beginning of the very log that the proofs lead to; `run` wants all of it."""
        if WITNESSES not in self._listed or site_tree is None:
            return
        data = self._read(WITNESSES, MOST_NOTE_BYTES)
        seen: set[tuple[str, bytes]] = set()
        try:
            records = parse_canonical(data or b"")
            demand(isinstance(records, list) and len(records) <= MOST_WITNESSES, "the list is not whole")
            for record in records:
                self._check_witness(record, site_tree, seen)
        except WrongForm as exc:
            self._tell("witness", f"what the witnesses say is not right: {exc}", WITNESSES)

    def _check_witness(self, record: Json, site_tree: tuple[int, bytes], seen: set[tuple[str, bytes]]) -> None:
        text, line, proof = take(record, checkpoint=str, cosignature=str, proof=list)
        demand(len(record) == 3 and len(proof) <= 64, "it holds more than it may")
        demand(all(isinstance(one, str) and _HEX64.fullmatch(one) for one in proof), "a proof is not whole")
        origin, size, root = parse_checkpoint(text)
        demand(origin == f"{self.site}/site", "a witness signed another log")
        nodes = [bytes.fromhex(one) for one in proof]
        demand(is_consistent(root, size, site_tree[1], site_tree[0], nodes), "a witness saw another log than this one")
        name, cosigned = split_cosignature(line)
        for witness in self._wanted:
            if name == witness[0] and cosigned[:4] == cosigner_id(*witness):
                demand(witness not in seen, "a witness is named twice")
                at_s = check_cosignature(line, text, *witness, self._check)
                seen.add(witness)
                shown = {"name": name, "at": format_time(at_s * 10**9), "size": str(size), "of": str(site_tree[0])}
                self.witnessed.append(shown)

    # Manifest and keys.

    def _check_manifest(self, manifest: Json, data: bytes) -> None:
        version, site, key, rotations = take(manifest, v=int, site=str, key=str, keys=list)
        self._listed, from_ns, to_ns, cameras = take(manifest, files=dict, from_=int, to=int, cameras=list)
        if version not in {PLAIN, WITH_MASKED} or not _SITE.fullmatch(site):
            raise WrongForm("the manifest is of a kind that this program does not know")
        export, by, purpose, made_at = take(manifest, export=str, by=str, purpose=str, made_at=int)
        self.about = {"export": export, "by": by, "purpose": purpose, "made_at": format_time(made_at)}
        self.about.update({"from": format_time(from_ns), "to": format_time(to_ns)})
        self.site, self._range, self._made_at = site, (from_ns, to_ns), made_at
        owner = decode_base64(key)
        if len(owner) not in {ED25519_KEY_BYTES, PAIR_BYTES}:
            raise WrongForm("the key in the manifest is not whole")
        self._keys = [owner]
        self.fingerprint = fingerprint_of(owner)
        self._check_manifest_note(hashlib.sha256(data).hexdigest(), export)
        for name in reversed(rotations):
            self._check_rotation(name)
        # A log is named after its first key: who hides that it signed with ML-DSA-44 too would have to rename it.
        if len(self._keys) == len(rotations) + 1 and site != name_site(self._keys[-1]):
            self._tell("key", "the log has the name of another key: a key or a change of key is missing", MANIFEST)
        for record in cameras:
            try:
                self._cameras.append(_Camera(record))
            except WrongForm as exc:
                self._tell("manifest", str(exc), MANIFEST)
        if any(camera.masked for camera in self._cameras) != (version == WITH_MASKED):
            self._tell("manifest", "what is masked is not told as it must be", MANIFEST)
        folders = {camera.folder for camera in self._cameras}
        if len(folders) != len(self._cameras):
            self._tell("manifest", "two cameras have one folder", MANIFEST)

    def _check_manifest_note(self, sha256: str, export: str) -> None:
        note = self._read_note(MANIFEST_NOTE)
        if note is None:
            return
        try:
            text = open_note(note, self._keys[0], self._check)
        except WrongForm as exc:
            self._tell("signature", f"the list of contents is not signed: {exc}", MANIFEST_NOTE)
            return
        if text != format_export(self.site, export, sha256, self._keys[0]):
            self._tell("changed", "the list of contents and its signature do not belong together", MANIFEST)

    def _check_rotation(self, name: Json) -> None:
        """One change of key before: the older key vouches for the newer one, inside its own log."""
        record = self._parse(name, self._read(name, MOST_TEXT_BYTES)) if isinstance(name, str) else None
        if record is None:
            self._tell("key", "a change of key is not told as it must be", str(name))
            return
        self._used.add(name)
        try:
            old, note, entry = take(record, old=str, checkpoint=str, entry=dict)
            owner = decode_base64(old)
            demand(len(owner) in {ED25519_KEY_BYTES, PAIR_BYTES}, "the key before is not whole")
            demand(len(owner) <= len(self._keys[-1]), "the log signed with ML-DSA-44 too, and no longer does")
            origin, size, root = parse_checkpoint(open_note(note, owner, self._check))
            leaf = self._check_entry(entry, size, root)
            kind, before, after = take(leaf, kind=str, old=str, new=str)
            until, at = take({"until": 0} | leaf, until=int, at=int)  # logs before the overlap told none
            demand(until <= at + OVERLAP_NS, "it gives the key before more than a day")
            rest, audit, day = origin.rpartition("/audit/")
            demand(rest == self.site and audit and _DAY.fullmatch(day), "it is from another log")
            demand(
                (kind, before, after) == ("key", old, base64.b64encode(self._keys[-1]).decode()), "it names other keys"
            )
            demand(set(record) == {"old", "checkpoint", "entry"}, "it holds more than it may")
        except WrongForm as exc:
            self._tell("key", f"a change of key is not proven: {exc}", name)
            return
        if len(self._keys) == 1:
            self._older_until = until
        self._keys.append(owner)

    # Files.

    def _check_files(self) -> None:
        for name, record in self._listed.items():
            if not isinstance(name, str) or not all(_PATH_PART.fullmatch(part) for part in name.split("/")):
                self._tell("manifest", "a file's name is not allowed", MANIFEST)
                continue
            if name in UNLISTED:
                self._tell("manifest", "the list of contents lists itself", MANIFEST)
            elif name not in self._names:
                self._tell_file("missing", "this file is missing", name)
            else:
                self._check_file(name, record)
        for name in sorted(self._names - set(self._listed) - set(UNLISTED)):
            self._tell_file("not_of_the_bundle", "this file does not belong to the bundle", name)
        folded: dict[str, str] = {}
        for name in self._names:
            if folded.setdefault(name.casefold(), name) != name:
                self._tell_file("not_of_the_bundle", "two files differ only in upper and lower case", name)

    def _check_file(self, name: str, record: Json) -> None:
        try:
            size, sha256 = take(record, bytes=int, sha256=str)
        except WrongForm as exc:
            self._tell("manifest", str(exc), name)
            return
        if len(record) != 2:
            self._tell("manifest", "a file is described with more than it may", name)
        found = self._source.size(name)
        if found == size and self._digest(name) == sha256:
            return
        detail = f"{found} bytes instead of {size}" if found != size else "its content was changed"
        self._tell_file("changed", detail, name, self._find_second(name))

    def _digest(self, name: str) -> str:
        known = getattr(self._source, "digest", None)
        if known is not None:
            return str(known(name))
        running = hashlib.sha256()
        with self._source.open(name) as file:
            while data := file.read(CHUNK_BYTES):
                running.update(data)
        return running.hexdigest()

    def _find_second(self, name: str) -> str:
        """The second from which on a video differs, by its marks; empty when nothing tells."""
        parts = name.split("/")
        marks = f"marks/{parts[1]}.json" if len(parts) == 3 and parts[0] == "video" else ""
        if marks not in self._names or marks not in self._listed or len(parts[2]) < 30:
            return ""
        try:
            record = parse_canonical(self._read(marks, MOST_TEXT_BYTES) or b"").get(parts[2][-30:-4])
            running = hashlib.sha256()
            with self._source.open(name) as file:
                for number, (size, at_ns, mark) in enumerate(record):
                    left = size
                    while left > 0 and (data := file.read(min(left, CHUNK_BYTES))):
                        running.update(data)
                        left -= len(data)
                    if left > 0 or (number and running.hexdigest()[: 2 * MARK_BYTES] != mark):
                        return format_time(at_ns)
            return format_time(record[-1][1])
        except (WrongForm, OSError, TypeError, ValueError, LookupError, AttributeError):
            return ""

    # The log.

    def _check_site_log(self) -> tuple[int, bytes] | None:
        note = self._read_note(CHECKPOINT)
        self._used.add(CHECKPOINT)
        if note is None:
            return None
        try:
            older = self._keys[1] if len(self._keys) > 1 else b""
            text, self._is_by_older = open_published(note, self._keys[0], older, self._check)
            demand(not self._is_by_older or self._made_at < self._older_until, "an older key signed it after its time")
            origin, size, root = parse_checkpoint(text)
            demand(origin == f"{self.site}/site", "it is from another log")
        except WrongForm as exc:
            self._tell("signature", f"the checkpoint of the log is not right: {exc}", CHECKPOINT)
            return None
        return size, root

    def _check_older_time(self) -> None:
        """A list may say any time. Where an older key signed too, the newest entry proven here must be of its time."""
        if self._is_by_older and self._newest_root[1] >= self._older_until > self._made_at:
            detail = "the checkpoint of the log is not right: an older key signed it after its time, by the log itself"
            self._tell("signature", detail, CHECKPOINT, at=format_time(self._newest_root[1]))

    def _check_proofs(self, camera: _Camera, name: str, site_tree: tuple[int, bytes] | None) -> None:
        record = self._parse(name, self._read(name, MOST_TEXT_BYTES)) if name not in self._used else None
        self._used.add(name)
        if record is None:
            self._tell_file("proof", "the proofs of this camera are not readable", name, camera=camera)
            return
        try:
            note, entries, later, site = take(record, checkpoint=str, range=list, later=list, site=dict)
            demand(set(record) == {"checkpoint", "range", "later", "site"}, "they hold more than they may")
            # Of one tree Ed25519 alone: its root is in the log as a whole (below), which both sign.
            origin, size, root = parse_checkpoint(open_note(note, split_key(self._keys[0])[0], self._check))
            prefix, _, day = origin.rpartition("/")
            demand(prefix == f"{self.site}/{camera.id}" and _DAY.fullmatch(day), "they are of another camera")
            demand(site_tree, "the log as a whole is not proven")
            told = self._check_entry(site, *(site_tree or (0, b"")))
            demand(
                [told.get(one) for one in ("kind", "origin", "size", "root")] == ["root", origin, size, root.hex()],
                "the log as a whole does not know them",
            )
            self._newest_root = max(self._newest_root, (site["index"], *take(told, at=int)))
        except WrongForm as exc:
            self._tell_file("proof", f"the proofs of this camera are not right: {exc}", name, camera=camera)
            return
        self._proofs[name] = _Proofs(camera, origin, size, root)
        before = -1
        for number, entry in enumerate([*entries, *later]):
            before = self._check_leaf(camera, name, entry, (size, root), before, is_later=number >= len(entries))

    def _check_leaf(
        self, camera: _Camera, name: str, entry: Json, tree: tuple[int, bytes], before: int, *, is_later: bool
    ) -> int:
        """Takes one leaf over when it is proven and follows the one before it; returns its place."""
        leaf: Json = entry.get("leaf") if isinstance(entry, dict) else None
        segment = str(leaf.get("id", "")) if isinstance(leaf, dict) else ""
        start = leaf.get("t0") if isinstance(leaf, dict) else None
        at = format_time(start) if isinstance(start, int) else ""
        index = entry.get("index") if isinstance(entry, dict) else None
        try:
            leaf = self._check_entry(entry, *tree)
            kind, prev, owner = take(leaf, kind=str, prev=str, cam=str)
            demand(owner == camera.id, "the entry is of another camera")
            demand(kind == "retired" or not is_later, "the entry stands where only deletions may")
            follows = (before < 0 or index == before + 1) and camera.last_hash in {"", prev}
            demand(is_later or follows, "an entry before this one is missing")
            camera.leaves.append(leaf)
            if not is_later:
                self._proofs[name].ends[entry["index"]] = leaf["t1"] if isinstance(leaf.get("t1"), int) else 0
        except WrongForm as exc:
            self._tell("proof", f"an entry of the log is not proven: {exc}", name, camera, segment, at)
        if not is_later and isinstance(leaf, dict):
            camera.last_hash = hashlib.sha256(encode_canonical(leaf)).hexdigest()
        return index if isinstance(index, int) and not is_later else before

    def _check_entry(self, entry: Json, size: int, root: bytes) -> dict[str, Json]:
        index, leaf, proof = take(entry, index=int, leaf=dict, proof=list)
        if len(entry) != 3 or not all(isinstance(one, str) and _HEX64.fullmatch(one) for one in proof):
            raise WrongForm("the proof is not whole")
        hashed = leaf_hash(encode_canonical(leaf))
        if root_of_inclusion(hashed, index, size, [bytes.fromhex(one) for one in proof]) != root:
            raise WrongForm("it does not lie in the log")
        found: dict[str, Json] = leaf
        return found

    # What the log says of a camera, against what lies in the bundle.

    def _check_camera(self, camera: _Camera, from_ns: int, to_ns: int) -> None:
        retired = {leaf.get("id"): leaf for leaf in camera.leaves if leaf.get("kind") == "retired"}
        for stream in camera.streams:
            spans: list[tuple[int, int, int]] = []
            for leaf in camera.leaves:
                if leaf.get("stream") != stream or leaf.get("kind") not in {"segment", "gap"}:
                    continue
                try:
                    start, end = take(leaf, t0=int, t1=int)
                    if not (start < to_ns and end > from_ns):
                        continue
                    if leaf["kind"] == "gap":
                        self._take_gap(camera, leaf)
                        spans.append((start, end, 0))
                    else:
                        self._take_segment(camera, leaf, retired)
                        spans.append((start, end, take(leaf, seq=int)[0]))
                except WrongForm as exc:
                    self._tell("proof", f"an entry of the log is not readable: {exc}", camera=camera)
            self._check_cover(camera, stream, spans, from_ns, to_ns)
        if camera.masked is not None:
            self._check_masked(camera, camera.masked, retired, from_ns, to_ns)

    # Masked copies: what is claimed of them is signed with the list, and must fit what the log says of the originals.

    def _check_masked(
        self, camera: _Camera, masked: _Masked, retired: dict[Any, Json], from_ns: int, to_ns: int
    ) -> None:
        stream = camera.streams[0]
        known: dict[str, tuple[int, int]] = {}
        for leaf in camera.leaves:
            if (leaf.get("kind"), leaf.get("stream")) == ("segment", stream):
                segment, start, end = take(leaf, id=str, t0=int, t1=int)
                known[segment] = (start, end)
        for file in masked.files:
            self._check_masked_file(camera, file, known, from_ns, to_ns)
        named = {segment for file in masked.files for segment in file.segments}
        to_ns = min(to_ns, camera.covered_to.get(stream, from_ns))
        wanted = {segment: (max(start, from_ns), min(end, to_ns)) for segment, (start, end) in known.items()}
        wanted = {segment: span for segment, span in wanted.items() if span[0] < span[1] and segment not in retired}
        for segment, (start, end) in wanted.items():
            if segment not in named and end - start > UNTOLD_HOLE_NS:
                self._tell_left_out(camera, segment, start, end)
        shown = _Cover(span for file in masked.files for span in file.spans)
        for start, end in _Cover(wanted.values(), UNTOLD_HOLE_NS // 4).spans:
            hole = shown.longest_hole(start, end)
            if hole[1] - hole[0] > UNTOLD_HOLE_NS:
                self._tell_left_out(camera, "", *hole)

    def _tell_left_out(self, camera: _Camera, segment: str, start: int, end: int) -> None:
        detail = f"the masked copy leaves out what the log knows until {format_time(end)}"
        self._tell("untold_gap", detail, "", camera, segment, format_time(start))

    def _check_masked_file(
        self, camera: _Camera, file: _MaskedFile, known: dict[str, tuple[int, int]], from_ns: int, to_ns: int
    ) -> None:
        self._used.add(file.name)
        if file.name not in self._listed:
            self._tell("missing", "a masked file is not in the list of contents", file.name, camera)
        unknown = [segment for segment in file.segments if segment not in known]
        for segment in unknown:
            self._tell("masked", "it is made of footage that the log does not know", file.name, camera, segment)
        sources = _Cover(known[segment] for segment in file.segments if segment in known)
        for start, end in file.spans:
            hole = sources.longest_hole(start, end)
            is_inside = from_ns - UNTOLD_HOLE_NS <= start and end <= to_ns + UNTOLD_HOLE_NS
            if not is_inside or (hole[1] - hole[0] > UNTOLD_HOLE_NS and not unknown):
                detail = "it claims to show a time that its footage does not cover"
                self._tell("masked", detail, file.name, camera, "", format_time(start))
        zones = ", ".join(camera.masked.zones) if camera.masked else ""
        shown = {"camera": camera.name, "file": file.name, "zones": zones}
        shown.update({"from": format_time(file.spans[0][0]), "to": format_time(file.spans[-1][1])})
        self.masked.append({**shown, "segments": " ".join(file.segments)})

    def _take_segment(self, camera: _Camera, leaf: Json, retired: dict[Any, Json]) -> None:
        segment, stream, start, end = take(leaf, id=str, stream=str, t0=int, t1=int)
        size, sha256 = take(leaf, bytes=int, sha256=str)
        name = video_path(camera.folder, stream, start, segment)
        shown = {"camera": camera.name, "segment": segment, "stream": stream}
        shown.update({"from": format_time(start), "to": format_time(end)})
        if camera.masked is not None:
            self.originals.append({**shown, "sha256": sha256})
            if segment in retired:
                self.retired.append({**shown, "reason": str(retired[segment].get("reason", ""))})
            return
        if name not in self._listed and segment in retired:
            reason = str(retired[segment].get("reason", ""))
            self.retired.append({**shown, "reason": reason})
            return
        self._used.add(name)
        self.segments.append({**shown, "file": name})
        listed = self._listed.get(name)
        if listed is None:
            self._tell("missing", "the log knows footage that is not here", name, camera, segment, format_time(start))
        elif listed != {"bytes": size, "sha256": sha256}:
            detail = "the list of contents says other than the log"
            self._tell("changed", detail, name, camera, segment, format_time(start))

    def _take_gap(self, camera: _Camera, leaf: Json) -> None:
        stream, start, end, reason, missing = take(leaf, stream=str, t0=int, t1=int, reason=str, missing=int)
        shown = {"camera": camera.name, "stream": stream, "from": format_time(start), "to": format_time(end)}
        self.gaps.append({**shown, "reason": reason, "missing": str(missing)})

    def _check_cover(
        self, camera: _Camera, stream: str, spans: list[tuple[int, int, int]], from_ns: int, to_ns: int
    ) -> None:
        """Between the range's start and `covered_to` there is footage, a told gap, or a fault."""
        covered_to = camera.covered_to.get(stream, from_ns)
        if covered_to < to_ns:
            shown = {"camera": camera.name, "stream": stream, "from": format_time(max(covered_to, from_ns))}
            self.uncovered.append({**shown, "to": format_time(to_ns)})
        reached = from_ns
        for start, end, number in sorted(spans):
            if start - reached > UNTOLD_HOLE_NS and not (number == 1 and reached == from_ns):
                self._tell_hole(camera, stream, reached, start)
            reached = max(reached, end)
        if min(covered_to, to_ns) - reached > UNTOLD_HOLE_NS:
            self._tell_hole(camera, stream, reached, covered_to)

    def _tell_hole(self, camera: _Camera, stream: str, start: int, end: int) -> None:
        detail = f"no footage of the {stream} stream until {format_time(end)}, and the log does not say why"
        self._tell("untold_gap", detail, "", camera, "", format_time(start))

    def _check_unused(self) -> None:
        """Every video and every proof must be named by what is signed in the log, not by the list alone."""
        for name in self._listed:
            if name.split("/")[0] in {"video", "proofs", MASKED, STAMPS} and name not in self._used:
                self._tell_file("no_proof", "nothing in the log vouches for this file", name)
        for camera in self._cameras:
            for name in self._listed if camera.masked else ():
                kind, _, rest = name.partition("/")
                if kind in {"clips", "marks"} and rest.rpartition(".")[0] == camera.folder:
                    self._tell("masked", "an original beside its masked copy", name, camera)

    # Small ones.

    def _read(self, name: str, most: int) -> bytes | None:
        if name not in self._names:
            if name not in self._listed:
                self._tell_file("missing", "this file is missing", name)
            return None
        if self._source.size(name) > most:
            self._tell_file("changed", "this file is larger than it can be", name)
            return None
        self._reading = name
        with self._source.open(name) as file:
            data: bytes = file.read(most)
        return data

    def _parse(self, name: str, data: bytes | None) -> Json:
        if data is None:
            return None
        try:
            value = parse_canonical(data)
        except WrongForm as exc:
            self._tell_file("not_readable", str(exc), name)
            return None
        if isinstance(value, dict):
            return value
        self._tell_file("not_readable", "the text is not a record", name)
        return None

    def _read_note(self, name: str) -> str | None:
        data = self._read(name, MOST_NOTE_BYTES)
        try:
            return None if data is None else data.decode("utf-8")
        except UnicodeDecodeError:
            self._tell("signature", "the signed note is not readable", name)
            return None

    def _tell_file(self, code: str, detail: str, name: str, at: str = "", camera: _Camera | None = None) -> None:
        """Names camera and segment of a file by its place."""
        parts = name.split("/")
        if camera is None and len(parts) >= 2:
            folder = parts[1].removesuffix(".json") if parts[0] == "marks" else parts[1]
            camera = next((one for one in self._cameras if one.folder == folder), None)
        stem = parts[-1][-30:-4] if parts[0] == "video" else ""
        self._tell(code, detail, name, camera, stem if _ID.fullmatch(stem) else "", at)

    def _tell(
        self, code: str, detail: str, file: str = "", camera: _Camera | None = None, segment: str = "", at: str = ""
    ) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(code, detail, file, camera.name if camera else "", segment, at))

    def as_record(self) -> dict[str, Json]:
        words = {VALID: "valid", INVALID: "invalid", CANNOT_TELL: "cannot_tell"}
        return {
            "verdict": words[self.verdict],
            "site": self.site,
            "fingerprint": self.fingerprint,
            "signatures": self.signatures,
            "fingerprints_before": [fingerprint_of(key) for key in self._keys[1:]],
            **self.about,
            "faults": [fault.as_record() for fault in self.faults],
            "segments": self.segments,
            "masked": self.masked,
            "originals": self.originals,
            "gaps": self.gaps,
            "retired": self.retired,
            "uncovered": self.uncovered,
            "witnesses": {"asked": self.asked, "signed": self.witnessed},
            "time_stamps": {"vouched": self.authorities, "found": self.stamps, "missing": self.unstamped},
        }


# Words. -----------------------------------------------------------------------------------------------------------


def tell(verifier: Verifier) -> Iterator[str]:
    """The result for people who are no programmers."""
    about = verifier.about
    if about:
        yield f"Handed out by {about['by']} on {about['made_at']}, for: {about['purpose']}"
        yield f"Asked for: {about['from']} to {about['to']}"
    for one in verifier.uncovered:
        place = f"{one['camera']} ({one['stream']})"
        yield f"Not in it: {place} from {one['from']}: was still being recorded, or nothing was."
    for one in verifier.gaps:
        yield f"Told gap: {one['camera']} ({one['stream']}) {one['from']} to {one['to']}: {one['reason']}"
    for one in verifier.retired:
        yield f"Deleted before, and logged: {one['camera']} {one['from']} to {one['to']}: {one['reason']}"
    for fault in verifier.faults:
        place = ", ".join(part for part in (fault.camera, fault.at, fault.segment, fault.file) if part)
        yield f"FAULT: {place + ': ' if place else ''}{fault.detail} [{fault.code}]"
    yield ""
    if verifier.verdict == INVALID:
        yield f"NOT VALID. {len(verifier.faults)} fault(s). This is not what the system handed out."
        return
    pieces = len(verifier.segments) + len(verifier.originals)
    yield f"Nothing was changed, removed or added: {pieces} pieces of footage, each in the signed log."
    yield from _tell_masked(verifier)
    yield f"Fingerprint of the key that signed: {verifier.fingerprint}"
    yield from _tell_signatures(verifier)
    for one in verifier.witnessed:
        yield f"Witness {one['name']} signed the first {one['size']} of {one['of']} entries of this log on {one['at']}."
    yield from _tell_stamps(verifier)
    asked, signed = len(verifier.asked), sum(one["size"] == one["of"] for one in verifier.witnessed)
    if asked:
        yield f"Witnesses: {signed} of {asked} signed the whole of it."
    if verifier.verdict == VALID:
        yield "VALID. The key is one that you trust."
    elif signed < asked and verifier.is_known_key:
        yield "CANNOT TELL whether this is the only history: the key is one that you trust, but a witness that you"
        yield "asked for has not signed all of it. Ask for the footage again when the witness answers."
    elif verifier.unstamped and verifier.is_known_key:
        yield "CANNOT TELL since when this is so: the key is one that you trust, but an authority that you vouched for"
        yield "has not stamped all of it. Ask for the footage again after the next time stamp (within a day)."
    else:
        yield "CANNOT TELL whose key this is. Ask the operator of the system for the fingerprint, by another way than"
        yield "this bundle came; if it is the same, check again with: --trust " + verifier.fingerprint


def _tell_signatures(verifier: Verifier) -> Iterator[str]:
    if len(verifier.signatures) == 1:
        yield "Signed with Ed25519 alone: the key of this log is from before ML-DSA-44 came in."
        return
    yield "Signed twice, with Ed25519 and with ML-DSA-44 (FIPS 204), which quantum computers do not break."
    if verifier.is_known_key and verifier.is_known_by_old_key:
        yield "  You vouched for an older key, of Ed25519 alone: the answer is as strong as that one. Ask the operator"
        yield "  for the present fingerprint, by another way than this bundle came."


def _tell_masked(verifier: Verifier) -> Iterator[str]:
    for one in verifier.masked:
        yield f"Masked copy: {one['file']} ({one['camera']}, {one['from']} to {one['to']}). Hidden: {one['zones']}."
    if verifier.masked:
        count = len(verifier.originals)
        yield f"MASKED COPY: the originals' hashes are in the log ({count} pieces); the originals are not here."
        yield "That the copies show what the originals show, apart from what is hidden, says who handed them out."


def _tell_stamps(verifier: Verifier) -> Iterator[str]:
    for one in verifier.stamps:
        vouched = "" if one["vouched"] == "yes" else f" (not vouched for; certificate {one['fingerprint']})"
        covered = f"{one['camera']}, footage until {one['to']}, existed then"
        yield f"Time-stamped by {one['name']} at {one['at']}{vouched}: {covered}."
        if one["clock"] == "ahead":
            yield "  The footage claims to be later than that: the clock of the system was wrong."
    for one in verifier.unstamped:
        yield f"Not time-stamped by who you vouched for: {one['entries']} entries of {one['camera']} until {one['to']}."


def _take_hashes(values: Json) -> list[bytes]:
    demand(len(values) <= 64, "a proof is too long")
    demand(all(isinstance(one, str) and _HEX64.fullmatch(one) for one in values), "a proof is not whole")
    return [bytes.fromhex(one) for one in values]


def open_source(path: str) -> Any:
    return Folder(path) if os.path.isdir(path) else ZipFile(open(path, "rb"))  # noqa: PTH112, PTH123 -- as above


def verify(
    path: str,
    trust: Iterable[str] = (),
    check: SignatureCheck = check_signature,
    witnesses: Iterable[tuple[str, bytes]] = (),
    authorities: Iterable[str] = (),
) -> Verifier:
    """Checks the bundle at `path`. Never raises for what lies there."""
    try:
        source = open_source(path)
    except (OSError, ValueError, struct.error, WrongForm) as exc:
        failed = Verifier(None, trust, check, witnesses, authorities)
        failed.faults.append(Fault("not_readable", f"the bundle cannot be opened ({type(exc).__name__})", path))
        return failed
    verifier = Verifier(source, trust, check, witnesses, authorities)
    verifier.run()
    return verifier


def parse_fingerprint(text: str) -> str:
    """As people and other programs write it: in any case, with blanks, dashes or colons."""
    return re.sub(r"[\s:-]", "", text).lower()


def main(arguments: list[str]) -> int:
    """The command line. Returns the exit code."""
    folder, trust, authorities, as_json = "", [], [], False
    witnesses: list[tuple[str, bytes]] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--json":
            as_json = True
        elif word == "--trust" and rest:
            trust.append(parse_fingerprint(rest.pop(0)))
        elif word == "--tsa" and rest:
            authorities.append(parse_fingerprint(rest.pop(0)))
        elif word == "--witness" and rest:
            try:
                witnesses.append(parse_witness_key(rest.pop(0)))
            except WrongForm as exc:
                sys.stderr.write(f"--witness: {exc}\n")
                return USAGE
        elif not word.startswith("-") and not folder:
            folder = word
        else:
            sys.stderr.write((__doc__ or "").split("\n\n")[1].strip() + "\n")
            return USAGE
    if not all(_HEX64.fullmatch(one) for one in [*trust, *authorities]):
        sys.stderr.write("A fingerprint has 64 characters, 0 to 9 and a to f.\n")
        return USAGE
    folder = folder or os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 -- as above
    if not os.path.exists(folder):  # noqa: PTH110 -- as above
        sys.stderr.write(f"There is no {folder}.\n")
        return USAGE
    verifier = verify(folder, trust, witnesses=witnesses, authorities=authorities)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    text = json.dumps(verifier.as_record()) if as_json else "\n".join(tell(verifier))
    sys.stdout.write(text + "\n")
    return verifier.verdict


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
