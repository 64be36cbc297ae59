"""What a trained network is worth for other questions: its features under a new head, and several heads on one network.

Frozen features: Sharif Razavian et al. 2014; trained on: Yosinski et al. 2014; heads on one network: Caruana 1997.
Networks are the lean ones (`networks.py`); everything is trained by the same few epochs of AdamW.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.lab.cascade.linear_svm import fit_linear_svm
from vedette.lab.classifier.networks import LeanShape, build_lean
from vedette.lab.classifier.pictures import LabelledPictures, Pictures

Labels = NDArray[np.int64]
Widths = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long a network is trained: the same for all that are compared."""

    epochs: int
    batch: int = 64
    peak_rate: float = 4e-3


@dataclass(frozen=True, slots=True)
class Questions:
    """Pictures (N, side, side, 3) uint8 and the answers to each question, (N,) int64, by its name."""

    pictures: Pictures
    answers: Mapping[str, Labels]


def build_heads(widths: Widths, pictures: Pictures, answers: Mapping[str, int]) -> keras.Model:
    """A lean network with a linear head for each question: picture 0..1 -> logits by the question's name.

    `answers` is how many there are to each question.
    """
    lean = build_lean(LeanShape(widths), pictures)
    features = lean.layers[-2].output
    heads = {name: layers.Dense(count, name=name)(features) for name, count in answers.items()}
    return keras.Model(lean.input, heads, name="heads")


def train_heads(widths: Widths, taught: Questions, effort: Effort, seed: int) -> keras.Model:
    """One network for all questions of `taught`; the losses are added."""
    keras.utils.set_random_seed(seed)
    counts = {name: int(labels.max()) + 1 for name, labels in taught.answers.items()}
    model = build_heads(widths, taught.pictures, counts)
    _fit(model, taught, effort)
    return model


def tune(model: keras.Model, taught: Questions, effort: Effort, seed: int) -> keras.Model:
    """A copy of a network, its heads replaced by new ones for the questions of `taught`, all of it trained on."""
    keras.utils.set_random_seed(seed)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    features = next(layer for layer in reversed(copy.layers) if not isinstance(layer, layers.Dense)).output
    heads = {
        name: layers.Dense(int(labels.max()) + 1, name=f"{name}_new")(features)
        for name, labels in taught.answers.items()
    }
    tuned = keras.Model(copy.input, heads, name="tuned")
    _fit(tuned, taught, effort)
    return tuned


def _fit(model: keras.Model, taught: Questions, effort: Effort) -> None:
    steps = effort.epochs * max(1, len(taught.pictures) // effort.batch)
    rate = keras.optimizers.schedules.CosineDecay(effort.peak_rate, steps)
    loss = {name: keras.losses.SparseCategoricalCrossentropy(from_logits=True) for name in taught.answers}
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-3), loss)
    inputs = taught.pictures.astype(np.float32) / 255
    model.fit(inputs, dict(taught.answers), batch_size=effort.batch, epochs=effort.epochs, verbose=0)


def judge(model: keras.Model, asked: Questions) -> dict[str, float]:
    """Share of right answers to each question."""
    logits = model.predict(asked.pictures.astype(np.float32) / 255, batch_size=500, verbose=0)
    return {name: float((logits[name].argmax(1) == labels).mean()) for name, labels in asked.answers.items()}


def read_features(model: keras.Model, pictures: Pictures) -> NDArray[np.float32]:
    """What the heads read of pictures (N, side, side, 3): (N, channels) float32, each of length 1."""
    last = next(layer for layer in reversed(model.layers) if not isinstance(layer, layers.Dense)).output
    found = keras.Model(model.input, last).predict(pictures.astype(np.float32) / 255, batch_size=500, verbose=0)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9), np.float32)


def compare_transfer(
    backbone: keras.Model, widths: Widths, taught: LabelledPictures, asked: LabelledPictures, effort: Effort, seed: int
) -> dict[str, float]:
    """Accuracy on `asked` of what was learned of `taught`, by the way it was learned.

    `frozen`: a linear head of support vectors on the backbone's features; `tuned`: the backbone trained on with a new
    head; `anew`: the same network from nothing.
    """
    head = fit_linear_svm(read_features(backbone, taught.pictures), taught.labels)
    frozen = head.predict(read_features(backbone, asked.pictures)) == asked.labels
    lesson = Questions(taught.pictures, {"class": taught.labels})
    question = Questions(asked.pictures, {"class": asked.labels})
    return {
        "frozen": float(frozen.mean()),
        "tuned": judge(tune(backbone, lesson, effort, seed), question)["class"],
        "anew": judge(train_heads(widths, lesson, effort, seed), question)["class"],
    }


def turn_quarters(taught: LabelledPictures, seed: int, groups: Sequence[int]) -> Questions:
    """Pictures turned by a random number of quarters, and three questions about each: its class, its group, its turn.

    `groups` holds the group of each class, 0 and on.

    Raises:
        InvalidInputError: not a group for each class.
    """
    if len(groups) != len(taught.names):
        raise InvalidInputError(f"{len(groups)} groups were given for {len(taught.names)} classes")
    turns = np.random.default_rng(seed).integers(0, 4, len(taught))
    turned = np.array([np.rot90(picture, turn) for picture, turn in zip(taught.pictures, turns, strict=True)])
    answers = {"class": taught.labels, "group": np.asarray(groups, np.int64)[taught.labels], "turn": turns}
    return Questions(turned, answers)


def compare_heads(
    shared: Widths, third: Widths, taught: Questions, asked: Questions, effort: Effort, tell: Callable[[str], None]
) -> dict[str, tuple[dict[str, float], list[keras.Model]]]:
    """Accuracy by question, and the networks of each side.

    `shared`: one for all questions; `separate`: one of the same size each; `thirds`: one of a third of its work each.
    """
    sides: dict[str, tuple[dict[str, float], list[keras.Model]]] = {}
    for side, widths, together in (("shared", shared, True), ("separate", shared, False), ("thirds", third, False)):
        lessons = [taught.answers] if together else [{name: labels} for name, labels in taught.answers.items()]
        models = [train_heads(widths, Questions(taught.pictures, lesson), effort, seed=1) for lesson in lessons]
        right: dict[str, float] = {}
        for model, lesson in zip(models, lessons, strict=True):
            right |= judge(model, Questions(asked.pictures, {name: asked.answers[name] for name in lesson}))
        tell(f"{side}: " + ", ".join(f"{name} {value:.4f}" for name, value in right.items()))
        sides[side] = (right, models)
    return sides
