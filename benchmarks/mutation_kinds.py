# ruff: noqa: ANN001, ANN201 -- all have the form of `Kind`
"""Shallow ways to change a bundle, for `benchmarks.mutations`: bytes, files, spellings, and the zip around it.

Each returns what was touched, or None when it changed nothing. Forgeries that repair hashes: `mutation_forgeries`.
"""

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vedette.evidence.offline_verify import Fault

Bundle = dict[str, bytes]
MANIFEST = "manifest.json"


@dataclass(slots=True)
class Change:
    """A changed bundle. `touched`: a fault that names one of these files, or this segment, has located it."""

    files: Bundle = field(default_factory=dict)
    touched: frozenset[str] = frozenset()
    segment: str = ""
    packed: bytes | None = None

    @staticmethod
    def sha256(data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()

    def is_located(self, faults: Sequence[Fault]) -> bool:
        if self.packed is not None:
            return bool(faults)
        if self.segment:
            return any(fault.segment == self.segment and fault.camera for fault in faults)
        # The list and its signature are one: of two that do not belong together nobody can say which was changed.
        pair = {MANIFEST, "manifest.note"}
        touched = self.touched | (pair if self.touched & pair else set())
        # A hole that nobody told has no file: camera and second are its place.
        return any(fault.file in touched or (fault.code == "untold_gap" and fault.at) for fault in faults)


Kind = Callable[[random.Random, Bundle, Bundle, bytes], Change | None]


def segment_of(name: str) -> str:
    return name[-30:-4] if name.startswith("video/") else ""


def changed(one: Bundle, name: str, data: bytes) -> Change | None:
    if one.get(name) == data:
        return None
    return Change(one | {name: data}, frozenset({name}), segment_of(name))


def pick(source: random.Random, one: Bundle, start: str = "") -> str:
    """A file; every folder is as likely as another, since videos are the most."""
    names = sorted(name for name in one if name.startswith(start))
    folder = source.choice(sorted({name.partition("/")[0] for name in names}))
    return source.choice([name for name in names if name.partition("/")[0] == folder])


def pick_proofs(source: random.Random, one: Bundle) -> str:
    """A file with the proofs of a camera: changes of key are proven in another form."""
    return source.choice(sorted(proofs_of(one)))


def proofs_of(one: Bundle) -> list[str]:
    return [name for name in one if name.startswith("proofs/") and not name.startswith("proofs/keys/")]


def pick_notes(source: random.Random, most: int = 2) -> list[str]:
    """Signed notes of a bundle."""
    return source.sample(["checkpoint", "manifest.note"], source.randint(1, most))


# Bytes. -----------------------------------------------------------------------------------------------------------


def flip_bit(source, one, _other, _packed):
    name = pick(source, one)
    data = bytearray(one[name])
    data[source.randrange(len(data))] ^= 1 << source.randrange(8)
    return changed(one, name, bytes(data))


def replace_byte(source, one, _other, _packed):
    name = pick(source, one)
    data = bytearray(one[name])
    data[source.randrange(len(data))] = source.randrange(256)
    return changed(one, name, bytes(data))


def insert_bytes(source, one, _other, _packed):
    name, extra = pick(source, one), source.randbytes(source.choice((1, 1, 2, 16)))
    place = source.randrange(len(one[name]) + 1)
    return changed(one, name, one[name][:place] + extra + one[name][place:])


def delete_bytes(source, one, _other, _packed):
    name, count = pick(source, one), source.choice((1, 1, 2, 16))
    place = source.randrange(len(one[name]))
    return changed(one, name, one[name][:place] + one[name][place + count :])


def cut_off(source, one, _other, _packed):
    name = pick(source, one)
    return changed(one, name, one[name][: source.randrange(len(one[name]))])


def add_at_end(source, one, _other, _packed):
    name = pick(source, one)
    return changed(one, name, one[name] + source.choice((b"\n", b"\r\n", b" ", b"\0", b"\x0b", b"\xef\xbb\xbf")))


def swap_blocks(source, one, _other, _packed):
    name = pick(source, one)
    data = one[name]
    size = source.randint(1, max(1, len(data) // 4))
    first = source.randrange(max(1, len(data) - 2 * size + 1))
    second = source.randrange(first + size, max(first + size + 1, len(data) - size + 1))
    head, tail = data[first : first + size], data[second : second + size]
    swapped = data[:first] + tail + data[first + size : second] + head + data[second + size :]
    return changed(one, name, swapped)


# Files. -----------------------------------------------------------------------------------------------------------


def remove_file(source, one, _other, _packed):
    name = pick(source, one)
    files = dict(one)
    del files[name]
    return Change(files, frozenset({name}), segment_of(name))


def rename_file(source, one, _other, _packed):
    name = pick(source, one)
    new = source.choice((name.swapcase(), name + "~", name + ".", name.replace("/", "//", 1), f"./{name}", f"x/{name}"))
    if new == name:
        return None
    files = dict(one)
    files[new] = files.pop(name)
    return Change(files, frozenset({name, new}))


def swap_files(source, one, _other, _packed):
    name, second = pick(source, one), pick(source, one)
    if one[name] == one[second]:
        return None
    return Change(one | {name: one[second], second: one[name]}, frozenset({name, second}))


def add_file(source, one, _other, _packed):
    name = source.choice(
        ("notes.txt", "video/x.mp4", ".DS_Store", "proofs/Thumbs.db", pick(source, one) + " (1)", "\u202e")
    )
    return Change(one | {name: source.choice((b"", b"x", one[pick(source, one)]))}, frozenset({name}))


def take_from_other(source, one, other, _packed):
    """A file of another bundle, signed by the same key, under its own name or that of a file here."""
    theirs = pick(source, other)
    name = source.choice((theirs, pick(source, one, theirs.partition("/")[0])))
    found = changed(one, name, other[theirs])
    if found is not None and name not in one:
        found.segment = ""
    return found


def take_signed_list_of_other(source, one, other, _packed):
    names = [MANIFEST, "manifest.note", *(["checkpoint"] if source.random() < 0.5 else [])]
    return Change(one | {name: other[name] for name in names}, frozenset([*names, *one, *other]))


# Texts: the same facts, written in another way. ---------------------------------------------------------------------


def text_file(source: random.Random, one: Bundle) -> str:
    return source.choice(sorted(name for name in one if name.endswith(".json")))


def spell_json_otherwise(source, one, _other, _packed):
    name = text_file(source, one)
    value = json.loads(one[name])
    text = one[name].decode()
    spellings = (
        lambda: json.dumps(value, sort_keys=True, ensure_ascii=False),
        lambda: json.dumps(value, sort_keys=True, separators=(",", ":"), indent=0, ensure_ascii=False),
        lambda: json.dumps(value, sort_keys=True, separators=(",", ":")),
        lambda: json.dumps(dict(reversed(value.items())), separators=(",", ":"), ensure_ascii=False),
        lambda: text[:-1] + "," + text[1:],
        lambda: text[0] + text[1 : text.index(",")] + "," + text[1:],
        lambda: spell_number(source, text),
        lambda: text.replace("a", "\\u0061", 1),
        lambda: text.replace("/", "\\/", 1),
        lambda: text + "\n",
        lambda: "\ufeff" + text,
        lambda: " " + text,
    )
    return changed(one, name, source.choice(spellings)().encode())


def spell_number(source: random.Random, text: str) -> str:
    """1 as 1.0, 1e0, 01, +1, -0 or a very long number."""
    places = [place for place in range(1, len(text)) if text[place].isdigit() and text[place - 1] in ":[,"]
    start = source.choice(places or [0])
    end = start
    while end < len(text) and text[end].isdigit():
        end += 1
    number = text[start:end]
    new = source.choice((number + ".0", number + "e0", "0" + number, "+" + number, "-0", "1" + "0" * 5000, "NaN"))
    return text[:start] + new + text[end:]


def play_with_base64(source, one, _other, _packed):
    """The spare bits and the padding of a signature or hash."""
    name = source.choice(("manifest.note", "checkpoint"))
    lines = one[name].decode().split("\n")
    place = source.choice([number for number, line in enumerate(lines) if line.endswith("=")] or [len(lines) - 2])
    line = lines[place]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body, pad = line.rstrip("="), line[len(line.rstrip("=")) :]
    last = alphabet.find(body[-1])
    spare = (3 if len(pad) == 1 else 15) if pad else 0
    options = [
        body + pad + "=",
        body,
        body + pad + " ",
        body.replace("+", "-").replace("/", "_") + pad,
        body + "\n" + pad,
        body[:-1] + alphabet[last ^ source.randint(1, spare)] + pad if spare and last >= 0 else body + "A" + pad,
    ]
    lines[place] = source.choice(options)
    return changed(one, name, "\n".join(lines).encode())


def rewrite_note(source, one, _other, _packed):
    """Lines of a signed note: doubled, dropped, in another order, with another name or a second signature."""
    name = source.choice(("manifest.note", "checkpoint"))
    lines = one[name].decode().split("\n")
    place = source.randrange(len(lines))
    options = (
        [*lines[:place], lines[place], *lines[place:]],
        lines[:place] + lines[place + 1 :],
        sorted(lines),
        [*lines[:-1], lines[-2], ""],
        [line.replace("vedette.", "vedette_", 1) for line in lines],
        [line.replace("\N{EM DASH}", "-") for line in lines],
        [
            line + source.choice((" ", "\r", "\t", "\x0b", "\u2028")) if number == place else line
            for number, line in enumerate(lines)
        ],
    )
    return changed(one, name, "\n".join(source.choice(options)).encode())


# The zip around it. -------------------------------------------------------------------------------------------------


def change_zip(source, _one, _other, packed):
    data = bytearray(packed)
    step = source.randrange(5)
    place = source.randrange(len(data))
    if step == 0:
        data[place] ^= 1 << source.randrange(8)
    elif step == 1:
        data[-source.randint(1, 200)] ^= 1 << source.randrange(8)
    elif step == 2:
        data[place:place] = source.randbytes(source.choice((1, 4, 30)))
    elif step == 3:
        del data[place : place + source.choice((1, 22, 100))]
    else:
        data += source.choice((b"\0", b"comment", bytes(packed[-22:])))
    return None if bytes(data) == packed else Change(packed=bytes(data))


SHALLOW: tuple[Kind, ...] = (
    flip_bit,
    replace_byte,
    insert_bytes,
    delete_bytes,
    cut_off,
    add_at_end,
    swap_blocks,
    remove_file,
    rename_file,
    swap_files,
    add_file,
    take_from_other,
    take_signed_list_of_other,
    spell_json_otherwise,
    play_with_base64,
    rewrite_note,
    change_zip,
)
