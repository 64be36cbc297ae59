"""How the classifiers are trained: ours, and the report's as it says and as it really ran."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from vedette.adapters.openvino_enlarger import find_precision
from vedette.lab.classifier.networks import LARGE_WIDTHS, SMALL_WIDTHS, build_lean, build_report
from vedette.lab.classifier.pictures import LabelledPictures, Pictures
from vedette.lab.classifier.samples import draw_epoch, keep_epoch
from vedette.lab.training import Method, Plan, Trainer, prepare_pictures, rise_and_fall
from vedette.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class LeanRecipe:
    """One of our own networks and how it is trained; a shard of the plan is an epoch.

    Attributes:
        hidden_px: Side of the square that each picture hides; 0 where the network is too small to learn by heart.
    """

    widths: tuple[int, int, int]
    plan: Plan
    hidden_px: int = 0


LEAN = {
    "small": LeanRecipe(SMALL_WIDTHS, Plan(shards=64, shard_samples=0, pool_shards=1, batch=256, peak_rate=0.2)),
    "large": LeanRecipe(LARGE_WIDTHS, Plan(shards=36, shard_samples=0, pool_shards=1, batch=256, peak_rate=0.2), 10),
}
REPORT_PLAN = Plan(shards=25, shard_samples=0, pool_shards=1, batch=32, peak_rate=0.01)
_REPORT_DECAY = 4e-4
"""A step: `lr / epochs`, as the report has it."""
_SMOOTHING = 0.1
_RISE = 0.15
_DECAY = 5e-3
_SEED = 10
_WHITENED = 5000


def train_lean(
    recipe: LeanRecipe,
    taught: LabelledPictures,
    held_out: LabelledPictures,
    folder: Path,
    clock: Clock,
    tell: Callable[[str], None],
) -> keras.Model:
    """Our network in float32: SGD with Nesterov's momentum, one cycle, smoothed labels.

    It is trained with layers in bfloat16 where the processor multiplies them: two thirds of the time.
    """
    plan = recipe.plan

    def build(dtype: str) -> keras.Model:
        keras.utils.set_random_seed(_SEED)
        return build_lean(recipe.widths, taught.pictures[:: max(1, len(taught) // _WHITENED)], dtype)

    def optimizer() -> keras.optimizers.Optimizer:
        return keras.optimizers.SGD(plan.peak_rate, momentum=0.9, nesterov=True, weight_decay=_DECAY)

    trainer = Trainer(
        folder=folder,
        plan=replace(plan, shard_samples=len(taught)),
        build=lambda: build("mixed_bfloat16" if find_precision() == "bf16" else "float32"),
        draw_shard=lambda epoch, _: draw_epoch(taught, epoch, recipe.hidden_px),
        prepare=prepare_pictures,
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=_SMOOTHING),
        clock=clock,
        tell=tell,
        method=Method(optimizer, lambda done: rise_and_fall(plan.peak_rate, done, _RISE)),
        examine=lambda model: {"held_out": measure_accuracy(model, held_out)},
    )
    weights = trainer.run().get_weights()
    model = build("float32")
    model.set_weights(weights)
    return model


def train_report(
    *,
    decays: bool,
    plan: Plan,
    taught: LabelledPictures,
    held_out: LabelledPictures,
    folder: Path,
    clock: Clock,
    tell: Callable[[str], None],
) -> keras.Model:
    """The report's network on its terms: SGD 0.01, momentum 0.9, batches of 32, nothing changed about the pictures.

    `decays`: The schedule that the report wrote, `0.01 / (1 + 4e-4 step)`. Keras 3 ignores `SGD(decay=)` with a
    warning, so what it printed came of a constant rate: that is False.
    """
    steps = plan.shards * max(1, len(taught) // plan.batch)

    def rate(done: float) -> float:
        return plan.peak_rate / (1 + _REPORT_DECAY * done * steps) if decays else plan.peak_rate

    def build() -> keras.Model:
        keras.utils.set_random_seed(_SEED)
        return build_report()

    trainer = Trainer(
        folder=folder,
        plan=replace(plan, shard_samples=len(taught)),
        build=build,
        draw_shard=lambda _epoch, _count: keep_epoch(taught),
        prepare=prepare_pictures,
        loss=keras.losses.CategoricalCrossentropy(),
        clock=clock,
        tell=tell,
        method=Method(lambda: keras.optimizers.SGD(plan.peak_rate, momentum=0.9), rate),
        examine=lambda model: {
            "taught": measure_accuracy(model, taught.pick(np.arange(len(taught)) % 10 == 0)),
            "held_out": measure_accuracy(model, held_out),
        },
    )
    return trainer.run()


def measure_accuracy(model: keras.Model, labelled: LabelledPictures) -> float:
    """Share of pictures whose class gets the most."""
    return float((answer(model, labelled.pictures).argmax(1) == labelled.labels).mean())


def answer(model: keras.Model, pictures: Pictures) -> NDArray[np.float32]:
    """What the model says of pictures (N, side, side, 3): (N, classes) float32, logits or probabilities."""
    return np.asarray(model.predict(pictures.astype(np.float32) / 255, batch_size=500, verbose=0), np.float32)
