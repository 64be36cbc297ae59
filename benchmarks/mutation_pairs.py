# ruff: noqa: ANN001, ANN201 -- all have the form of `Kind`
"""Ways to get round the second signature of a bundle (ML-DSA-44), for `benchmarks.mutations`.

Its line is dropped, spoilt, spelled in another way or taken from elsewhere; the key that owes it is hidden or
exchanged; the proofs of a change of key are forged. Who breaks Ed25519 signs the list besides (`sign_list_by_half`).
"""

import base64
import json
import random

from benchmarks.mutation_forgeries import another, deep, forge_path
from benchmarks.mutation_kinds import MANIFEST, Bundle, Change, Kind, pick_notes
from vedette.evidence.keys import NoteSigner
from vedette.evidence.offline_verify import (
    ED25519_KEY_BYTES,
    ML_DSA_SIGNATURE_BYTES,
    PAIR_BYTES,
    encode_canonical,
    format_export,
)

_FORGER = NoteSigner(bytes(range(64)))
_SIGNATURE_AT = 12
"""In a line: the key's id and the time come before."""
_CHALLENGE_BYTES, _HINT_BYTES, _MOST_HINTS = 32, 84, 80


def split_note(data: bytes) -> tuple[str, list[str]]:
    """The text with its last line feed, and the lines of the signatures."""
    text, _, last = data.decode().rpartition("\n\n")
    return text + "\n", last.splitlines()


def join_note(text: str, lines: list[str]) -> bytes:
    return "\n".join([text, *lines, ""]).encode()


def write_line(name: str, data: bytes) -> str:
    return f"\N{EM DASH} {name} {base64.b64encode(data).decode()}"


def deep_note(one: Bundle, name: str, data: bytes) -> Change | None:
    return deep(one, one | {name: data}, [name] if name != "manifest.note" else [], ["manifest.note"])


def drop_second_line(source, one, _other, _packed):
    found: Bundle = {}
    for name in pick_notes(source):
        text, lines = split_note(one[name])
        found[name] = join_note(text, lines[:1])
    return deep(one, one | found, [name for name in found if name != "manifest.note"], [*found])


def rearrange_lines(source, one, _other, _packed):
    """Exchanged, doubled, the second alone, one of nobody between."""
    (name,) = pick_notes(source, most=1)
    text, (first, second) = split_note(one[name])
    foreign = split_note(_FORGER.sign(text).encode())[1]
    options = (
        [second, first], [first, second, second], [first, first, second], [second], [first, first],
        [first, *foreign, second], [first, second, *foreign], [foreign[0], second], [first, foreign[1]],
    )  # fmt: skip
    return deep_note(one, name, join_note(text, source.choice(options)))


def spoil_second_line(source, one, _other, _packed):
    """A bit of the key's id, the time, the challenge, z or the hints; or another length."""
    (name,) = pick_notes(source, most=1)
    text, (first, second) = split_note(one[name])
    signer = second.split(" ")[1]
    data = bytearray(base64.b64decode(second.split(" ")[2]))
    end = _SIGNATURE_AT + ML_DSA_SIGNATURE_BYTES
    hints = end - _HINT_BYTES
    spans = ((0, 4), (4, 12), (12, 12 + _CHALLENGE_BYTES), (12 + _CHALLENGE_BYTES, hints), (hints, end))
    step = source.randrange(6)
    if step < len(spans):
        data[source.randrange(*spans[step])] ^= 1 << source.randrange(8)
    else:
        data = source.choice((data[:-1], data + b"\0", data[:_SIGNATURE_AT], data[:4] + data[_SIGNATURE_AT:]))
    return deep_note(one, name, join_note(text, [first, write_line(signer, bytes(data))]))


def spell_hints_otherwise(source, one, _other, _packed):
    """The same hints: in another order, one twice, something behind the last."""
    (name,) = pick_notes(source, most=1)
    text, (first, second) = split_note(one[name])
    data = bytearray(base64.b64decode(second.split(" ")[2]))
    begin = len(data) - _HINT_BYTES
    counts = list(data[begin + _MOST_HINTS :])
    starts = [0, *counts[:-1]]
    rows = [row for row in range(4) if counts[row] - starts[row] > 1]
    row, step = source.choice(rows or [0]), source.randrange(3)
    if step == 0 and rows:
        place = begin + source.randrange(starts[row], counts[row] - 1)
        data[place], data[place + 1] = data[place + 1], data[place]
    elif step == 1 and rows and counts[-1] < _MOST_HINTS:
        places = list(data[begin : begin + counts[-1]])
        places.insert(counts[row], places[counts[row] - 1])
        counts[row:] = [one + 1 for one in counts[row:]]
        data[begin:] = bytes(places).ljust(_MOST_HINTS, b"\0") + bytes(counts)
    elif counts[-1] < _MOST_HINTS:
        data[begin + source.randrange(counts[-1], _MOST_HINTS)] = source.randint(1, 255)
    return deep_note(one, name, join_note(text, [first, write_line(second.split(" ")[1], bytes(data))]))


def take_second_line_of_other(source, one, other, _packed):
    """Of another checkpoint or list of the same log, rightly signed there."""
    (name,) = pick_notes(source, most=1)
    text, (first, second) = split_note(one[name])
    origin = source.choice(("checkpoint", "manifest.note"))
    data = base64.b64decode(split_note(source.choice((one, other))[origin])[1][1].split(" ")[2])
    own = base64.b64decode(second.split(" ")[2])
    if data[4:] == own[4:]:
        return None
    return deep_note(one, name, join_note(text, [first, write_line(second.split(" ")[1], own[:4] + data[4:])]))


def hide_second_key(source, one, _other, _packed):
    """The list says that the log signs with Ed25519 alone, and nothing here is signed twice."""
    manifest = json.loads(one[MANIFEST])
    key = base64.b64decode(manifest["key"])
    manifest["key"] = base64.b64encode(key[:ED25519_KEY_BYTES]).decode()
    gone = list(manifest["keys"]) if source.random() < 0.5 else []
    manifest["keys"] = [name for name in manifest["keys"] if name not in gone]
    files = {name: data for name, data in one.items() if name not in gone}
    text, lines = split_note(one["checkpoint"])
    files |= {MANIFEST: encode_canonical(manifest), "checkpoint": join_note(text, lines[:1])}
    return deep(one, files, ["checkpoint", *gone], manifest["keys"])


def exchange_second_key(_source, one, _other, _packed):
    """The forger's own ML-DSA-44 key beside the log's Ed25519 key, with a right signature of it."""
    manifest = json.loads(one[MANIFEST])
    manifest["key"] = exchange_key(base64.b64decode(manifest["key"]))
    text, lines = split_note(one["checkpoint"])
    files = one | {MANIFEST: encode_canonical(manifest)}
    files["checkpoint"] = join_note(text, [lines[0], split_note(_FORGER.sign(text).encode())[1][1]])
    # Of a key and a change of key that contradict each other nobody can say which was forged.
    return deep(one, files, ["checkpoint"], manifest["keys"])


def exchange_key(key: bytes) -> str:
    return base64.b64encode(key[:ED25519_KEY_BYTES] + _FORGER.public[ED25519_KEY_BYTES:]).decode()


def forge_change_of_key(source, one, _other, _packed):
    """Another key before, another leaf, another proof, half of the signatures; or none of the changes."""
    manifest = json.loads(one[MANIFEST])
    if not manifest["keys"]:
        return None
    name = source.choice(manifest["keys"])
    record = json.loads(one[name])
    step = source.randrange(6)
    if step == 0:
        spot = source.choice(("old", "new"))
        size = source.choice((ED25519_KEY_BYTES, PAIR_BYTES))
        record["entry"]["leaf"][spot] = base64.b64encode(source.randbytes(size)).decode()
    elif step == 1:
        record["old"] = base64.b64encode(_FORGER.public[: source.choice((ED25519_KEY_BYTES, PAIR_BYTES))]).decode()
    elif step == 2:
        field = source.choice(sorted(record["entry"]["leaf"]))
        record["entry"]["leaf"][field] = another(source, record["entry"]["leaf"][field])
    elif step == 3:
        forge_path(source, record["entry"]["proof"])
    elif step == 4:
        text, lines = split_note(record["checkpoint"].encode())
        foreign = split_note(_FORGER.sign(text).encode())[1]
        record["checkpoint"] = join_note(text, source.choice(([*lines, foreign[1]], foreign, lines[1:]))).decode()
    else:
        manifest["keys"].remove(name)
        files = {other: data for other, data in one.items() if other != name}
        return deep(one, files | {MANIFEST: encode_canonical(manifest)}, [name])
    return deep(one, one | {name: encode_canonical(record)}, [name])


def sign_list_by_half(source: random.Random, files: Bundle, signer: NoteSigner) -> Bundle:
    """As if somebody had broken the Ed25519 key: the first line is right, the second is the old one, his, or none."""
    manifest = json.loads(files[MANIFEST])
    half = signer.public[:ED25519_KEY_BYTES]
    is_alone = manifest["key"] == base64.b64encode(half).decode()
    sha256 = Change.sha256(files[MANIFEST])
    text = format_export(manifest["site"], manifest["export"], sha256, half if is_alone else signer.public)
    second: list[str] = []
    if manifest["key"] == exchange_key(signer.public):
        second = split_note(_FORGER.sign(text).encode())[1][1:]
    elif not is_alone and source.random() < 0.5:
        second = split_note(files["manifest.note"])[1][1:2]
    return files | {"manifest.note": join_note(text, [split_note(signer.sign_tree(text).encode())[1][0], *second])}


PAIR_UNDER_A_SIGNED_LIST: tuple[Kind, ...] = (
    drop_second_line,
    rearrange_lines,
    spoil_second_line,
    spell_hints_otherwise,
    take_second_line_of_other,
    forge_change_of_key,
)

PAIR_FORGERIES: tuple[Kind, ...] = (*PAIR_UNDER_A_SIGNED_LIST, hide_second_key, exchange_second_key)
