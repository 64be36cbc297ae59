# ruff: noqa: ANN001, ANN201 -- all have the form of `Kind`
"""Deep ways to change a bundle, for `benchmarks.mutations`: another fact, and every hash repaired that needs no key.

What a clever forger without the key can do.
"""

import base64
import json
import random
from collections.abc import Sequence

from benchmarks.mutation_kinds import (
    MANIFEST,
    Bundle,
    Change,
    Kind,
    changed,
    pick,
    pick_proofs,
    proofs_of,
    segment_of,
    text_file,
)
from vedette.evidence.offline_verify import encode_canonical


def repair(files: Bundle, names: Sequence[str]) -> Bundle:
    """Writes size and hash of the changed files into the list of contents."""
    manifest = json.loads(files[MANIFEST])
    for name in names:
        if name in files:
            manifest["files"][name] = {"bytes": len(files[name]), "sha256": Change.sha256(files[name])}
        else:
            manifest["files"].pop(name, None)
    return files | {MANIFEST: encode_canonical(manifest)}


def deep(one: Bundle, files: Bundle, names: Sequence[str], extra: Sequence[str] = ()) -> Change | None:
    if files == one:
        return None
    return Change(repair(files, names), frozenset([*names, *extra, MANIFEST, "manifest.note"]))


def forge_video(source, one, _other, _packed):
    """Changes footage, its leaf and the list of contents."""
    name = pick(source, one, "video/")
    data = bytearray(one[name])
    data[source.randrange(len(data))] ^= 0xFF
    files = one | {name: bytes(data)}
    names = [name]
    if source.random() < 0.7:
        for proofs in proofs_of(one):
            record = json.loads(one[proofs])
            for entry in record["range"]:
                if entry["leaf"].get("id") == segment_of(name):
                    entry["leaf"]["sha256"] = Change.sha256(bytes(data))
                    files[proofs] = encode_canonical(record)
                    names.append(proofs)
    found = deep(one, files, names)
    found.segment = segment_of(name)
    return found


def forge_leaf(source, one, _other, _packed):
    """Another value in a leaf, its place or its proof."""
    name = pick_proofs(source, one)
    record = json.loads(one[name])
    entry = source.choice([*record["range"], *record["later"], record["site"]])
    spot = source.choice(("leaf", "leaf", "index", "proof"))
    if spot == "leaf":
        key = source.choice(sorted(entry["leaf"]))
        entry["leaf"][key] = another(source, entry["leaf"][key])
    elif spot == "index":
        entry["index"] += source.choice((-1, 1, 256, -(1 << 40)))
    else:
        forge_path(source, entry["proof"])
    return deep(one, one | {name: encode_canonical(record)}, [name])


def forge_path(source: random.Random, proof: list[str]) -> None:
    step = source.randrange(4) if proof else 3
    if step == 0:
        proof.pop(source.randrange(len(proof)))
    elif step == 1:
        source.shuffle(proof)
    elif step == 2:
        place = source.randrange(len(proof))
        proof[place] = source.choice((proof[place].upper(), proof[place][::-1], source.randbytes(32).hex()))
    else:
        proof.insert(source.randint(0, len(proof)), source.randbytes(32).hex())


def another(source: random.Random, value):
    if isinstance(value, bool) or value is None:
        return source.choice((1, "x", not value))
    if isinstance(value, int):
        return value + source.choice((-1, 1, 60_000_000_000, 1 << 62))
    if isinstance(value, str):
        return source.choice(
            (value + "0", value[:-1], value[::-1] + "x", source.randbytes(max(1, len(value) // 2)).hex())
        )
    if isinstance(value, dict):
        return source.choice(({}, {**value, "x": 1}, 1))
    return source.choice(([], [*value, 1], 1))


def rearrange_leaves(source, one, _other, _packed):
    """Drops, doubles, swaps or moves whole entries."""
    name = pick_proofs(source, one)
    record = json.loads(one[name])
    entries = record["range"]
    place = source.randrange(len(entries)) if entries else 0
    step = source.randrange(4)
    if step == 0:
        entries[place : place + 1] = []
    elif step == 1:
        entries[place:place] = entries[place : place + 1]
    elif step == 2:
        source.shuffle(entries)
    else:
        record["later"] += entries[place : place + 1]
    data = encode_canonical(record)
    return None if data == one[name] else deep(one, one | {name: data}, [name])


def leave_out_segment(source, one, _other, _packed):
    """Removes footage with its place in the list, and perhaps its leaf; at the edge of the range or inside."""
    name = pick(source, one, "video/")
    files, names = dict(one), [name]
    del files[name]
    if source.random() < 0.7:
        for proofs in proofs_of(one):
            record = json.loads(one[proofs])
            kept = [entry for entry in record["range"] if entry["leaf"].get("id") != segment_of(name)]
            if len(kept) != len(record["range"]):
                record["range"] = kept
                files[proofs] = encode_canonical(record)
                names.append(proofs)
    return deep(one, files, names)


def leave_out_day_or_camera(source, one, _other, _packed):
    manifest = json.loads(one[MANIFEST])
    camera = source.choice(manifest["cameras"])
    if source.random() < 0.5:
        gone = [name for name in one if f"/{camera['folder']}/" in name]
        manifest["cameras"].remove(camera)
    else:
        gone = [source.choice(camera["proofs"])]
        camera["proofs"].remove(gone[0])
    files = {name: data for name, data in one.items() if name not in gone}
    files[MANIFEST] = encode_canonical(manifest)
    return deep(one, files, gone)


def forge_manifest(source, one, _other, _packed):
    """Another purpose, user, time, range, name, key or list of cameras."""
    manifest = json.loads(one[MANIFEST])
    key = source.choice(sorted(set(manifest) - {"files"}))
    if key == "cameras" and source.random() < 0.7:
        camera = source.choice(manifest["cameras"])
        inner = source.choice(sorted(camera))
        camera[inner] = another(source, camera[inner])
    else:
        manifest[key] = another(source, manifest[key])
    return deep(one, one | {MANIFEST: encode_canonical(manifest)}, [])


def forge_list(source, one, _other, _packed):
    """Another entry of the list of contents, also with paths that lead out of the folder."""
    manifest = json.loads(one[MANIFEST])
    files = manifest["files"]
    name = source.choice(sorted(files))
    step = source.randrange(4)
    if step == 0:
        files[source.choice(("../../etc/passwd", "/etc/passwd", "a/../b", "con", "x\\y", "", MANIFEST))] = files[name]
    elif step == 1:
        files[name] = another(source, files[name])
    elif step == 2:
        files[name]["bytes"] = another(source, files[name]["bytes"])
    else:
        files[name]["sha256"] = files[source.choice(sorted(files))]["sha256"]
    return changed(one, MANIFEST, encode_canonical(manifest))


def forge_checkpoint(source, one, _other, _packed):
    """Another size or root of the log, with the old signature."""
    lines = one["checkpoint"].decode().split("\n")
    if source.random() < 0.5:
        lines[1] = str(int(lines[1]) + source.choice((-1, 1, 10**6)))
    else:
        lines[2] = base64.b64encode(source.randbytes(32)).decode()
    return deep(one, one | {"checkpoint": "\n".join(lines).encode()}, ["checkpoint"])


def forge_tree_head(source, one, _other, _packed):
    """Another head of one camera's day, with the old signature or that of another tree."""
    name, second = pick_proofs(source, one), pick_proofs(source, one)
    record = json.loads(one[name])
    lines = record["checkpoint"].split("\n")
    step = source.randrange(3)
    if step == 0:
        lines[1] = str(int(lines[1]) + 1)
    elif step == 1:
        lines[2] = base64.b64encode(source.randbytes(32)).decode()
    else:
        lines = json.loads(one[second])["checkpoint"].split("\n")
    record["checkpoint"] = "\n".join(lines)
    data = encode_canonical(record)
    return None if data == one[name] else deep(one, one | {name: data}, [name])


def nest_deeply(source, one, _other, _packed):
    name = text_file(source, one)
    depth = source.choice((40, 2000, 100_000))
    return changed(one, name, source.choice((b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth)))


UNDER_A_SIGNED_LIST: tuple[Kind, ...] = (
    forge_video,
    forge_leaf,
    rearrange_leaves,
    leave_out_segment,
    forge_checkpoint,
    forge_tree_head,
)
"""Those that the log itself must find, also when the list of contents over them is rightly signed."""

FORGERIES: tuple[Kind, ...] = (
    forge_video,
    forge_leaf,
    rearrange_leaves,
    leave_out_segment,
    leave_out_day_or_camera,
    forge_manifest,
    forge_list,
    forge_checkpoint,
    forge_tree_head,
    nest_deeply,
)
