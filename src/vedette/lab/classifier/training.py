"""How the classifiers are trained: ours, and the report's as it says and as it really ran."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from typing_extensions import override

from vedette.lab.classifier.networks import LARGE, SMALL, LeanShape, build_lean, build_report, may_pool_last
from vedette.lab.classifier.pictures import LabelledPictures, Pictures
from vedette.lab.classifier.samples import draw_epoch
from vedette.lab.training import Method, Plan, Trainer, prepare_pictures, rise_and_fall, training_dtype
from vedette.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class LeanRecipe:
    """One of our own networks and how it is trained; a shard of the plan is an epoch.

    Attributes:
        hidden_px: Side of the square that each picture hides; 0 where the network is too small to learn by heart.
        averaged: So many of the plan's epochs, the last ones, go on at a constant rate, and the mean of their weights
            is what was learned (stochastic weight averaging, Izmailov et al. 2018).
        teacher: A release whose answers are learned instead of the classes alone (distillation, Hinton et al. 2015).
    """

    shape: LeanShape
    plan: Plan
    hidden_px: int = 0
    averaged: int = 0
    teacher: str = ""

    def rate(self, done: float) -> float:
        """The learning rate when a share of the plan is done, 0..1."""
        cycle = max(0.0, 1 - self.averaged / self.plan.shards)
        return _AVERAGED_RATE if done >= cycle else rise_and_fall(self.plan.peak_rate, done / cycle, _RISE)


LEAN = {
    "small": LeanRecipe(
        SMALL,
        Plan(shards=80, shard_samples=0, pool_shards=1, batch=256, peak_rate=0.2),
        averaged=10,
        teacher="classifier-large",
    ),
    "large": LeanRecipe(LARGE, Plan(shards=36, shard_samples=0, pool_shards=1, batch=256, peak_rate=0.2), hidden_px=10),
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
_SOFTENED = 2.0
_SEED = 10
_WHITENED = 5000


class SoftenedCrossentropy(keras.losses.Loss):
    """Cross-entropy of a teacher's softened probabilities (N, classes) and as much softened logits.

    Args:
        temperature: What logits are divided by; the loss counts its square more, as its gradient is so much smaller.
    """

    def __init__(self, temperature: float = _SOFTENED, name: str = "softened_crossentropy") -> None:
        super().__init__(name=name)
        self._temperature = temperature

    @override
    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        loss = ops.categorical_crossentropy(y_true, y_pred / self._temperature, from_logits=True)
        return self._temperature**2 * loss

    @override
    def get_config(self) -> dict[str, Any]:
        return {"temperature": self._temperature, "name": self.name}


def soften(probabilities: NDArray[np.float32], temperature: float = _SOFTENED) -> NDArray[np.float32]:
    """The same answers (N, classes) of logits that were divided by the temperature."""
    parts = probabilities ** (1 / temperature)
    return np.asarray(parts / parts.sum(1, keepdims=True), np.float32)


def train_lean(
    recipe: LeanRecipe,
    taught: LabelledPictures,
    held_out: LabelledPictures,
    folder: Path,
    clock: Clock,
    tell: Callable[[str], None],
    answers: NDArray[np.float32] | None = None,
) -> keras.Model:
    """Our network in float32: SGD with Nesterov's momentum, one cycle; learns the `answers`, a teacher's probabilities
    (N, classes) of what is taught, or else smoothed labels.

    It is trained with layers in bfloat16 where the processor multiplies them: two thirds of the time.
    """
    targets = taught.one_hot() if answers is None else soften(answers)
    smoothed = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=_SMOOTHING)
    plan = replace(recipe.plan, shard_samples=len(taught))
    averaged = range(max(0, plan.shards - recipe.averaged) + 1, plan.shards + 1)

    def build(dtype: str, *, pools_last: bool = False) -> keras.Model:
        keras.utils.set_random_seed(_SEED)
        some = taught.pictures[:: max(1, len(taught) // _WHITENED)]
        return build_lean(recipe.shape, some, dtype, pools_last=pools_last)

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
        draw_shard=lambda epoch, _: (draw_epoch(taught.pictures, epoch, recipe.hidden_px), targets),
        prepare=prepare_pictures,
        loss=smoothed if answers is None else SoftenedCrossentropy(),
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
    if may_pool_last(model):
        weights, model = model.get_weights(), build("float32", pools_last=True)
        model.set_weights(weights)
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
        draw_shard=lambda _epoch, _count: (taught.pictures, taught.one_hot()),
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
