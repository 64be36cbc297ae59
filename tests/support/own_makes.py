"""A model of makes that somebody added himself: a tiny network that says which of the three colours a picture has most
of. Its answers are known: a red vehicle is a `Rosso`.
"""

import hashlib
from pathlib import Path

import msgspec
import numpy as np
import openvino as ov
import yaml
from openvino import opset13 as ops

from vedette.node.model_selftests import take_selftest
from vedette.vision.models.own import FOLDER
from vedette.vision.models.registry import ModelRegistry

NAME = "shades"
LABELS = ["Azzurro", "Verde", "Rosso GT"]
"""Blue, green, red: in the order of the picture's planes."""
_SIDE_PX, _GAIN = 32, 0.1


def add_own_model(models: Path, *, has_selftest: bool = True, broken: bool = False, **changes: object) -> Path:
    """Writes files and manifest as an operator would; gives the manifest's path.

    Args:
        broken: The file is no network; its hash is right.
        changes: Fields of the manifest. Colour, layout and range of `input`, and what `outputs` says, shape the
            network too.
    """
    fields = _describe(changes)
    folder = models / str(fields["name"])
    folder.mkdir(parents=True, exist_ok=True)
    _save_network(folder / "shades.xml", fields)
    fields["files"] = [_name_file(folder / name) for name in ("shades.xml", "shades.bin")]
    path = models / FOLDER / f"{fields['name']}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(fields), "utf-8")
    if has_selftest:
        registry = ModelRegistry(models)
        test = take_selftest(registry.read(registry.find_named(str(fields["name"]))))
        fields["selftest"] = msgspec.to_builtins(test)
    if broken:
        (folder / "shades.xml").write_bytes(b"<net/>")
        fields["files"] = [_name_file(folder / name) for name in ("shades.xml", "shades.bin")]
    path.write_text(yaml.safe_dump(fields), "utf-8")
    return path


def _describe(changes: dict[str, object]) -> dict[str, object]:
    given = {"name": "image", "width": _SIDE_PX, "height": _SIDE_PX, "layout": "NCHW", "colour": "BGR"}
    given |= {"range": [0, 255], "resize": "plain"}
    given |= changes.pop("input", {})  # type: ignore[arg-type]
    fields: dict[str, object] = {
        "name": NAME,
        "task": "vehicle_make",
        "release": "shades-r1",
        "packs": ["own"],
        "licence": "CC0",
        "origin": "made by hand",
        "obtain": "own",
        "runtime": "openvino",
        "precision": "fp32",
        "input": given,
        "outputs": {"shades": "probabilities"},
        "labels": LABELS,
        "thresholds": {"make": 0.7},
        "accuracy": [],
    }
    return fields | changes


def _save_network(path: Path, fields: dict[str, object]) -> None:
    given: dict[str, object] = fields["input"]  # type: ignore[assignment]
    is_last = given["layout"] == "NHWC"
    picture = ops.parameter([1, _SIDE_PX, _SIDE_PX, 3] if is_last else [1, 3, _SIDE_PX, _SIDE_PX], np.float32)
    mean = ops.reduce_mean(picture, np.array([1, 2] if is_last else [2, 3]), keep_dims=False)
    low, high = given["range"]  # type: ignore[misc]
    gain = np.float32(_GAIN * 255 / (high - low))
    order = np.array([2, 1, 0] if given["colour"] == "RGB" else [0, 1, 2])
    scores = ops.multiply(ops.gather(mean, order, np.int64(1)), gain)
    found = scores if "logits" in fields["outputs"].values() else ops.softmax(scores, axis=1)  # type: ignore[attr-defined]
    found.output(0).set_names({"shades"})
    ov.save_model(ov.Model([found], [picture], "shades"), path, compress_to_fp16=False)


def _name_file(path: Path) -> dict[str, object]:
    data = path.read_bytes()
    return {"path": f"{NAME}/{path.name}", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
