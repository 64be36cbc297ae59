# ruff: noqa: ANN001, ANN201 -- all have the form of `Kind`
"""Ways to misuse the day on which two keys sign the log, for `benchmarks.mutations`.

They change a bundle whose checkpoint is the published one, with the older key's lines below the present key's; `other`
is a bundle of the same log from after that day. Whoever has the older private key still may have made the lines.
"""

import base64
import json

from benchmarks.mutation_forgeries import deep
from benchmarks.mutation_kinds import MANIFEST, Bundle, Change, Kind
from benchmarks.mutation_pairs import join_note, split_note, write_line
from vedette.evidence.keys import NoteSigner
from vedette.evidence.offline_verify import ED25519_KEY_BYTES, OVERLAP_NS, PAIR_BYTES, encode_canonical, leaf_hash
from vedette.testing.small_bundles import DAY_S, START_NS, S

CHECKPOINT = "checkpoint"
CHANGED_S = DAY_S + 7200
UNTIL_NS = START_NS + CHANGED_S * S + OVERLAP_NS
OLDER_SEEDS = (bytes(range(100, 132)), bytes(range(100, 164)))
"""Of the key before: Ed25519 alone, and a pair."""
_OLDER = {len(signer.public): signer for signer in map(NoteSigner, OLDER_SEEDS)}
_FORGERS = {ED25519_KEY_BYTES: NoteSigner(bytes(range(32))), PAIR_BYTES: NoteSigner(bytes(range(64)))}
_OWN = 2
"""Lines of the present key: it is always a pair."""
_ID_BYTES = 4


def find_change(one: Bundle) -> tuple[str, dict]:
    """The last change of key: its file and what that says."""
    name = json.loads(one[MANIFEST])["keys"][-1]
    return name, json.loads(one[name])


def find_older(one: Bundle) -> NoteSigner:
    return _OLDER[len(base64.b64decode(find_change(one)[1]["old"]))]


def move_list(files: Bundle, made_at: int) -> Bundle:
    """The list is said to be made at another time."""
    return files | {MANIFEST: encode_canonical(json.loads(files[MANIFEST]) | {"made_at": made_at})}


def change_lines(one: Bundle, lines: list[str]) -> Change | None:
    text, _ = split_note(one[CHECKPOINT])
    return deep(one, one | {CHECKPOINT: join_note(text, lines)}, [CHECKPOINT])


def spoil_older_line(source, one, _other, _packed):
    """Bits of the key's id, the time or the signature; or another length."""
    _, lines = split_note(one[CHECKPOINT])
    place = source.randrange(_OWN, len(lines))
    name, data = lines[place].split(" ")[1], bytearray(base64.b64decode(lines[place].split(" ")[2]))
    if source.random() < 0.8:
        data[source.randrange(source.choice((_ID_BYTES, len(data))))] ^= 1 << source.randrange(8)
    else:
        data = source.choice((data[:-1], data + b"\0", data[:_ID_BYTES], data[_ID_BYTES:]))
    lines[place] = write_line(name, bytes(data))
    return change_lines(one, lines)


def forge_older_lines(source, one, _other, _packed):
    """One or all made by another key, under that key's id or the older one's."""
    text, lines = split_note(one[CHECKPOINT])
    _, forged = split_note(_FORGERS[len(find_older(one).public)].sign(text).encode())
    places = range(len(forged)) if source.random() < 0.5 else [source.randrange(len(forged))]
    is_under_older_id = source.random() < 0.7
    for place in places:
        own, name = base64.b64decode(lines[_OWN + place].split(" ")[2]), lines[_OWN + place].split(" ")[1]
        data = base64.b64decode(forged[place].split(" ")[2])
        lines[_OWN + place] = write_line(name, own[:_ID_BYTES] + data[_ID_BYTES:] if is_under_older_id else data)
    return change_lines(one, lines)


def swap_lines(source, one, _other, _packed):
    """Of the two keys, in any other order."""
    _, lines = split_note(one[CHECKPOINT])
    blocks = (lines[_OWN:] + lines[:_OWN], source.sample(lines, len(lines)))
    return change_lines(one, source.choice(blocks))


def leave_out_older_line(source, one, _other, _packed):
    """One of the two that an older pair owes. Without its only line an older Ed25519 key just does not sign."""
    _, lines = split_note(one[CHECKPOINT])
    if len(lines) == _OWN + 1:
        return None
    del lines[source.randrange(_OWN, len(lines))]
    return change_lines(one, lines)


def keep_older_lines(source, one, _other, _packed):
    """The present key's lines are stripped, both or one."""
    _, lines = split_note(one[CHECKPOINT])
    gone = source.choice(((0, 1), (0,), (1,)))
    return change_lines(one, [line for place, line in enumerate(lines) if place not in gone])


def double_lines(source, one, _other, _packed):
    """The older key's lines twice, as a whole or one; or those of the present key below them again."""
    _, lines = split_note(one[CHECKPOINT])
    own, older = lines[:_OWN], lines[_OWN:]
    place = source.randrange(len(lines))
    options = (
        [*own, *older, *older], [*older, *own, *older], [*own, *own, *older], [*own, *older, *own],
        [*lines[: place + 1], *lines[place:]],
    )  # fmt: skip
    return change_lines(one, source.choice(options))


def sign_after_the_day(source, one, other, _packed):
    """The older key's lines, rightly made: the list says a later time, or the log does, or both."""
    step = source.randrange(3)
    if step == 0:
        files = move_list(one, UNTIL_NS + source.choice((0, 1, OVERLAP_NS)))
        return deep(one, files, [], [CHECKPOINT])
    text, own = split_note(other[CHECKPOINT])
    older = split_note(find_older(one).sign(text).encode())[1]
    # This bundle's own signature of a list, so that one who has lists signed can put the right one there.
    files = other | {CHECKPOINT: join_note(text, [*own, *older]), "manifest.note": one["manifest.note"]}
    if step == 1:
        files = move_list(files, UNTIL_NS - source.choice((1, 3600 * S)))
    return deep(one, files, [CHECKPOINT])


def move_until(source, one, _other, _packed):
    """The day is said to end at another moment, with the list made before the one and after the other."""
    name, record = find_change(one)
    leaf = record["entry"]["leaf"]
    moved = source.choice((0, -1, UNTIL_NS - 1, UNTIL_NS + 1, UNTIL_NS + OVERLAP_NS, (1 << 63) - 1, None))
    leaf.pop("until")
    if moved is not None:
        leaf["until"] = moved
    files = move_list(one, UNTIL_NS) if source.random() < 0.5 else one
    return deep(one, files | {name: encode_canonical(record)}, [name])


def lengthen_day_by_older_key(source, one, _other, _packed):
    """Whoever has the older key signs another change of key, with more than a day for it."""
    name, record = find_change(one)
    leaf = record["entry"]["leaf"]
    leaf["until"] += source.choice((1, OVERLAP_NS, 365 * OVERLAP_NS))
    root = base64.b64encode(leaf_hash(encode_canonical(leaf))).decode()
    origin = record["checkpoint"].partition("\n")[0]
    record["checkpoint"] = find_older(one).sign(f"{origin}\n1\n{root}\n")
    record["entry"] = {"index": 0, "leaf": leaf, "proof": []}
    files = move_list(one, UNTIL_NS) if source.random() < 0.5 else one
    return deep(one, files | {name: encode_canonical(record)}, [name])


OVERLAP_FORGERIES: tuple[Kind, ...] = (
    spoil_older_line,
    forge_older_lines,
    swap_lines,
    leave_out_older_line,
    keep_older_lines,
    double_lines,
    sign_after_the_day,
    move_until,
    lengthen_day_by_older_key,
)
"""Each must be found also when the list of contents over it is rightly signed."""
