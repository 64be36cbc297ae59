"""Judges a release of a classifier on folders of pictures: what `vedette lab eval` and `evals.classify` print."""

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vedette.adapters.classifier_network import ClassifierNetwork, open_classifier
from vedette.core.errors import InvalidInputError
from vedette.lab.classifier.answers import as_input, classify_all, open_release, read_release
from vedette.lab.classifier.evaluation import draw_grid, evaluate, measure_changes
from vedette.lab.classifier.pictures import LabelledPictures, Pictures, load_pictures
from vedette.vision.classify.classifier import NONE_BELOW
from vedette.vision.models.manifest import ModelManifest
from vedette.vision.models.registry import ModelRegistry

_TIMED = 400
_GRID = 64


@dataclass(frozen=True, slots=True)
class Release:
    """One form of a classifier, ready to be asked."""

    manifest: ModelManifest
    network: ClassifierNetwork


@dataclass(frozen=True, slots=True)
class Pair:
    """A classifier in half precision and in int8."""

    half: Release
    quantized: Release


def open_pair(name: str, folder: Path | None = None) -> Pair:
    """Opens a classifier that is installed, or one that a training left in a folder.

    Raises:
        NotFoundError, InvalidInputError: it is not there, or differs from its manifest.
    """
    names = (name, f"{name}-int8")
    if folder is not None:
        manifests = [read_release(folder, each) for each in names]
        return Pair(*(Release(manifest, open_release(manifest, folder)) for manifest in manifests))
    registry = ModelRegistry(Path())
    models = [registry.load(registry.find_named(each)) for each in names]
    return Pair(*(Release(model.manifest, open_classifier(model)) for model in models))


def read_labelled(folder: Path, pair: Pair, *, held_out: bool) -> LabelledPictures:
    """The pictures of a folder, their classes in the model's order; `held_out`: every tenth alone.

    Raises:
        InvalidInputError: a folder's name is no class of the model.
    """
    names = pair.half.manifest.labels
    everything, apart = load_pictures(folder, pair.half.network.shape[-1])
    unknown = sorted(set(everything.names) - set(names))
    if unknown:
        raise InvalidInputError(f"the model has no class {', '.join(unknown)}", f"It has {', '.join(names)}.")
    chosen = everything.pick(apart) if held_out else everything
    order = np.array([names.index(name) for name in everything.names])
    return LabelledPictures(tuple(names), chosen.pictures, order[chosen.labels])


def measure(pair: Pair, labelled: LabelledPictures) -> tuple[dict[str, float | int], list[list[int]]]:
    """The figures of both forms, and the int8 form's confusion, rows the truth.

    `known`: share that is not called "none of these"; times are of one picture on one thread.
    """
    half, quantized = pair.half, pair.quantized
    probabilities = classify_all(quantized.network, labelled.pictures)
    judged = evaluate(probabilities, labelled.labels)
    figures: dict[str, float | int] = {
        "accuracy": evaluate(classify_all(half.network, labelled.pictures), labelled.labels).accuracy,
        "accuracy_int8": judged.accuracy,
        "params": half.manifest.parameters,
        "ece": judged.ece,
        "ms_per_image": measure_ms(quantized.network, labelled.pictures[:_GRID]),
        "ms_per_image_float": measure_ms(half.network, labelled.pictures[:_GRID]),
        "known": float((probabilities.max(1) >= quantized.manifest.thresholds[NONE_BELOW]).mean()),
    }
    return figures, judged.confusion.tolist()


def measure_changed(pair: Pair, labelled: LabelledPictures) -> dict[str, float]:
    """Accuracy of the int8 form under shift, scale and turn: `accuracy_<way>_<by>`."""
    return measure_changes(lambda pictures: classify_all(pair.quantized.network, pictures), labelled)


def draw_samples(pair: Pair, labelled: LabelledPictures) -> Pictures:
    """A sheet of 64 pictures spread over the folder, with the int8 form's answers."""
    chosen = np.arange(len(labelled)) % max(1, len(labelled) // _GRID) == 0
    some = labelled.pick(chosen)
    return draw_grid(some, classify_all(pair.quantized.network, some.pictures))


def measure_ms(network: ClassifierNetwork, pictures: Pictures) -> float:
    """Median time of one picture, one at a time, the first tenth not counted."""
    inputs = [as_input(picture) for picture in pictures]
    times = []
    for number in range(_TIMED):
        began_ns = time.perf_counter_ns()
        network.infer(inputs[number % len(inputs)])
        times.append((time.perf_counter_ns() - began_ns) / 1e6)
    return statistics.median(times[_TIMED // 10 :])
