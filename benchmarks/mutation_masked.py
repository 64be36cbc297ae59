# ruff: noqa: ANN001, ANN201 -- all have the form of `Kind`
"""Ways to change a bundle with masked copies, for `benchmarks.mutations`: the files, and what is said of them.

`one` has at least one camera that goes out as a masked copy. What the statement says can be forged by whoever has
the list signed; what the log knows of the originals cannot.
"""

import json
import random

from benchmarks.mutation_forgeries import deep
from benchmarks.mutation_kinds import MANIFEST, Bundle, Change, Kind, pick
from vedette.evidence.offline_verify import encode_canonical


def find_camera(source: random.Random, manifest):
    return source.choice([camera for camera in manifest["cameras"] if "masked" in camera])


def rewrite(one: Bundle, manifest, names=(), extra=()) -> Change | None:
    touched = [file["file"] for camera in manifest["cameras"] for file in camera.get("masked", {}).get("files", [])]
    return deep(one, one | {MANIFEST: encode_canonical(manifest)}, names, [*touched, *extra])


def forge_masked_file(source, one, _other, _packed):
    name = pick(source, one, "masked/")
    data = bytearray(one[name])
    data[source.randrange(len(data))] ^= 1 << source.randrange(8)
    return deep(one, one | {name: bytes(data)}, [name])


def swap_masked_files(source, one, _other, _packed):
    names = sorted(name for name in one if name.startswith("masked/"))
    first, second = source.sample(names, 2)
    return deep(one, one | {first: one[second], second: one[first]}, [first, second])


def forge_zone(source, one, _other, _packed):
    """Another name or outline of what is hidden."""
    manifest = json.loads(one[MANIFEST])
    masked = find_camera(source, manifest)["masked"]
    zone = source.choice(masked["zones"])
    step = source.randrange(4)
    if step == 0:
        zone["name"] += "x"
    elif step == 1:
        source.choice(zone["outline"])[source.randrange(2)] += source.choice((-1, 1, 2_000_000))
    elif step == 2:
        zone["outline"].append([1, 1])
    else:
        masked["zones"].append(dict(zone))
    return rewrite(one, manifest)


def name_foreign_footage(source, one, _other, _packed):
    """A masked file claims to be made of footage of another camera, or of none."""
    manifest = json.loads(one[MANIFEST])
    camera = find_camera(source, manifest)
    file = source.choice(camera["masked"]["files"])
    others = [
        segment
        for foreign in manifest["cameras"]
        if foreign is not camera
        for each in foreign.get("masked", {}).get("files", [])
        for segment in each["segments"]
    ]
    place = source.randrange(len(file["segments"]))
    file["segments"][place] = source.choice([*others, "0" * 26, file["segments"][place].lower()])
    return rewrite(one, manifest)


def leave_out_footage(source, one, _other, _packed):
    """The statement names one segment less than the log knows."""
    manifest = json.loads(one[MANIFEST])
    file = source.choice(find_camera(source, manifest)["masked"]["files"])
    file["segments"].pop(source.randrange(len(file["segments"])))
    return rewrite(one, manifest)


def change_span(source, one, _other, _packed):
    """A masked file shows less than the log knows, or claims to show more; by more than two seconds, which are free."""
    manifest = json.loads(one[MANIFEST])
    file = source.choice(find_camera(source, manifest)["masked"]["files"])
    spans = file["spans"]
    place = source.randrange(len(spans))
    step = source.randrange(4)
    if step == 0:
        spans.pop(place)
    elif step == 1:
        spans[place][1] -= 5_000_000_000
    elif step == 2:
        spans[place][0] += 5_000_000_000
    else:
        spans[-1][1] += 86_400_000_000_000
    return rewrite(one, manifest)


def leave_out_masked_file(source, one, _other, _packed):
    """The file and its statement, or only one of them."""
    manifest = json.loads(one[MANIFEST])
    masked = find_camera(source, manifest)["masked"]
    file = source.choice(masked["files"])
    step = source.randrange(3)
    files = dict(one)
    if step != 1:
        masked["files"].remove(file)
    if step != 2:
        del files[file["file"]]
    files[MANIFEST] = encode_canonical(manifest)
    return deep(one, files, [file["file"]])


def deny_masking(source, one, _other, _packed):
    """The statement is taken away, or the list calls itself one without."""
    manifest = json.loads(one[MANIFEST])
    if source.random() < 0.5:
        manifest["v"] = 1
    if manifest["v"] == 2 or source.random() < 0.5:
        for camera in manifest["cameras"]:
            camera.pop("masked", None)
    names = [name for name in one if name.startswith("masked/")]
    return rewrite(one, manifest, (), names)


def put_original_beside(source, one, _other, _packed):
    """Bytes that call themselves an original, beside the masked copy."""
    manifest = json.loads(one[MANIFEST])
    folder = find_camera(source, manifest)["folder"]
    foreign = source.choice(sorted(name for name in one if name.startswith("video/")))
    names = (f"clips/{folder}.mp4", f"marks/{folder}.json", f"video/{folder}/{foreign.rpartition('/')[2]}")
    name = source.choice(names)
    return deep(one, one | {name: one[foreign]}, [name])


def mask_another_camera(source, one, _other, _packed):
    """A camera whose originals are here is called masked as well."""
    manifest = json.loads(one[MANIFEST])
    masked = find_camera(source, manifest)["masked"]
    plain = source.choice([camera for camera in manifest["cameras"] if "masked" not in camera])
    plain["masked"] = masked | {"files": []}
    videos = [name for name in one if name.startswith(f"video/{plain['folder']}/")]
    return rewrite(one, manifest, (), videos)


MASKED_UNDER_A_SIGNED_LIST: tuple[Kind, ...] = (
    name_foreign_footage,
    leave_out_footage,
    change_span,
    leave_out_masked_file,
    deny_masking,
    put_original_beside,
    mask_another_camera,
)

MASKED_FORGERIES: tuple[Kind, ...] = (
    *MASKED_UNDER_A_SIGNED_LIST,
    forge_masked_file,
    swap_masked_files,
    forge_zone,
)
