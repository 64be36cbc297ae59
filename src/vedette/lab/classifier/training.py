"""How the classifiers are trained: ours, and the report's as it says and as it really ran."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from vedette.lab.classifier.networks import LARGE_WIDTHS, SMALL_WIDTHS, build_lean, build_report
from vedette.lab.classifier.pictures import LabelledPictures, Pictures
from vedette.lab.classifier.samples import draw_epoch, keep_epoch
from vedette.lab.training import Method, Plan, Trainer, prepare_pictures, rise_and_fall, training_dtype
from vedette.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class LeanRecipe:
    """One of our own networks and how it is trained; a shard of the plan is an epoch.

    Attributes:
        hidden_px: Side of the square that each picture hides; 0 where the network is too small to learn by heart.
        averaged: So many of the plan's epochs, the last ones, go on at a constant rate, and the mean of their weights
            is what was learned (stochastic weight averaging, Izmailov et al. 2018).
    """

    widths: tuple[int, int, int]
    plan: Plan
    hidden_px: int = 0
    averaged: int = 0

    def rate(self, done: float) -> float:
        """The learning rate when a share of the plan is done, 0..1."""
        cycle = max(0.0, 1 - self.averaged / self.plan.shards)
        return _AVERAGED_RATE if done >= cycle else rise_and_fall(self.plan.peak_rate, done / cycle, _RISE)


LEAN = {
    "small": LeanRecipe(
        SMALL_WIDTHS, Plan(shards=74, shard_samples=0, pool_shards=1, batch=256, peak_rate=0.2), averaged=10
    ),
    "large": LeanRecipe(
        LARGE_WIDTHS, Plan(shards=36, shard_samples=0, pool_shards=1, batch=256, peak_rate=0.2), hidden_px=10
    ),
}
REPORT_PLAN = Plan(shards=25, shard_samples=0, pool_shards=1, batch=32, peak_rate=0.01)
_REPORT_DECAY = 4e-4
"""A step: `lr / epochs`, as the report has it."""
_SMOOTHING = 0.1
_RISE = 0.15
_AVERAGED_RATE = 0.03
_SLOW_MOMENTUM = 0.99
"""Of the normalisation of averaged weights: a mean over a hundred batches."""
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
    plan = replace(recipe.plan, shard_samples=len(taught))
    averaged = range(max(0, plan.shards - recipe.averaged) + 1, plan.shards + 1)

    def build(dtype: str) -> keras.Model:
        keras.utils.set_random_seed(_SEED)
        return build_lean(recipe.widths, taught.pictures[:: max(1, len(taught) // _WHITENED)], dtype)

    def optimizer() -> keras.optimizers.Optimizer:
        return keras.optimizers.SGD(plan.peak_rate, momentum=0.9, nesterov=True, weight_decay=_DECAY)

    def examine(model: keras.Model) -> dict[str, float]:
        epoch = int(model.optimizer.iterations) // plan.steps_per_shard
        if epoch in averaged:
            np.savez(folder / f"epoch-{epoch}.npz", *model.get_weights())
        return {"held_out": measure_accuracy(model, held_out)}

    trainer = Trainer(
        folder=folder,
        plan=plan,
        build=lambda: build(training_dtype()),
        draw_shard=lambda epoch, _: draw_epoch(taught, epoch, recipe.hidden_px),
        prepare=prepare_pictures,
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=_SMOOTHING),
        clock=clock,
        tell=tell,
        method=Method(optimizer, recipe.rate),
        examine=examine,
    )
    weights = trainer.run().get_weights()
    model = build("float32")
    model.set_weights(weights)
    if averaged:
        model.set_weights(_average([folder / f"epoch-{epoch}.npz" for epoch in averaged]))
        _normalise_anew(model, taught.pictures, plan.batch)
        tell(f"mean of {len(averaged)} epochs  held_out {measure_accuracy(model, held_out):.4f}")
    return model


def _average(paths: Sequence[Path]) -> list[NDArray[np.float32]]:
    """The mean of weights that were written down, array by array."""
    total: list[NDArray[np.float32]] = []
    for path in paths:
        with np.load(path) as kept:
            arrays = [kept[f"arr_{index}"] for index in range(len(kept.files))]
        total = arrays if not total else [a + b for a, b in zip(total, arrays, strict=True)]
    return [np.asarray(array / len(paths), np.float32) for array in total]


def _normalise_anew(model: keras.Model, pictures: Pictures, batch: int) -> None:
    """Shows it pictures (N, side, side, 3), so that its normalisation knows the means and spreads of these weights."""
    order = np.random.default_rng(_SEED).permutation(len(pictures))
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = _SLOW_MOMENTUM
    for start in range(0, len(pictures), batch):
        model(pictures[order[start : start + batch]].astype(np.float32) / 255, training=True)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


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
