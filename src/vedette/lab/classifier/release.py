"""Makes a release of a trained classifier: calibrated, in half precision and in int8, each with its manifest."""

import hashlib
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
import yaml

from vedette.lab.classifier.answers import as_input, classify_all, open_release
from vedette.lab.classifier.evaluation import fit_temperature
from vedette.lab.classifier.figures import measure_figures
from vedette.lab.classifier.networks import SIDE_PX, as_probabilities
from vedette.lab.classifier.pictures import LabelledPictures
from vedette.lab.classifier.training import answer
from vedette.lab.export import export_openvino
from vedette.lab.quantize import quantize_release
from vedette.vision.classify.classifier import NONE_BELOW
from vedette.vision.models.manifest import MeasuredAccuracy, ModelFile, ModelInput, ModelManifest

_CALIBRATION_INPUTS = 1000
KNOWN_SHARE = 0.95
"""Of held-out pictures that the threshold for "none of these" lets pass."""


def release_classifier(
    model: keras.Model, name: str, taught: LabelledPictures, held_out: LabelledPictures, folder: Path
) -> list[str]:
    """Writes `<name>` and `<name>-int8` with a manifest each (`.yaml`); tells what was measured on what is held out.

    The manifests lack a self-test: `take_selftest` makes it where the release is put into the package.
    """
    logits = answer(model, held_out.pictures)
    temperature = 1.0 if model.name == "report" else fit_temperature(logits, held_out.labels)
    shape = (1, 3, SIDE_PX, SIDE_PX)
    export_openvino(as_probabilities(model, temperature), ("classes",), shape, folder, name)
    step = max(1, len(taught) // _CALIBRATION_INPUTS)
    shown = [as_input(picture) for picture in taught.pictures[::step]]
    quantize_release(folder, name, shown, is_wide=True, spares_stem=True, spares_head=True)
    lines = [f"temperature {temperature:.4f}, {model.count_params()} parameters"]
    for file_name, precision in ((name, "fp16"), (f"{name}-int8", "int8")):
        manifest = _describe(file_name, precision, folder, taught.names, model.count_params())
        network = open_release(manifest, folder)
        probabilities = classify_all(network, held_out.pictures)
        none_below = float(np.quantile(probabilities.max(1), 1 - KNOWN_SHARE))
        figures = measure_figures(network, held_out)
        _write(manifest, figures, none_below, folder)
        told = ", ".join(f"{one.figure} {one.value:.4f}" for one in figures)
        lines.append(f"{file_name}: none_below {none_below:.4f}, {told}")
    return lines


def _describe(name: str, precision: str, folder: Path, labels: tuple[str, ...], parameters: int) -> ModelManifest:
    files = []
    for suffix in (".xml", ".bin"):
        data = (folder / f"{name}{suffix}").read_bytes()
        files.append(ModelFile(f"classify/{name}{suffix}", len(data), sha256=hashlib.sha256(data).hexdigest()))
    return ModelManifest(
        name=name,
        task="picture_classification",
        release=f"{name}-r1",
        packs=["default", "standard"],
        licence="Apache-2.0",
        origin="trained by `vedette lab train`; data and limits: docs/models/classifier.md",
        runtime="openvino",
        precision="int8" if precision == "int8" else "fp16",
        files=files,
        input=ModelInput("image", SIDE_PX, SIDE_PX, "NCHW", "BGR", (0, 255), "plain"),
        outputs={"classes": "(1, classes) probabilities, calibrated"},
        labels=list(labels),
        thresholds={NONE_BELOW: 0.0},
        accuracy=[],
        obtain="embedded",
        parameters=parameters,
    )


def _write(manifest: ModelManifest, figures: list[MeasuredAccuracy], none_below: float, folder: Path) -> None:
    whole = msgspec.structs.replace(manifest, accuracy=figures, thresholds={NONE_BELOW: round(none_below, 4)})
    text = yaml.safe_dump(_without_defaults(msgspec.to_builtins(whole)), sort_keys=False, width=160)
    (folder / f"{manifest.name}.yaml").write_text(text, "utf-8")


def _without_defaults(value: Any) -> Any:
    """A manifest does not say what it has nothing to say about."""
    if isinstance(value, dict):
        return {key: _without_defaults(item) for key, item in value.items() if item not in ("", None, [], 0)}
    return [_without_defaults(item) for item in value] if isinstance(value, list) else value
