"""The bank of super-resolution: which weight sets there are, how long each is trained, and its release.

One set is trained on clean pictures first; all go on from it with the pictures that they are for.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from vedette.lab.enhance.degradation import CLEAN, Degradation, mixed
from vedette.lab.enhance.network import build_network, collapse
from vedette.lab.enhance.samples import SIDE_PX, PatchStock, Plane, prepare_batch
from vedette.lab.training import Plan, Trainer
from vedette.runtime.clock import Clock
from vedette.vision.enhance.integer import calibrate, fit_first_layer
from vedette.vision.enhance.network import WeightSet, encode_weights

_SEED = 1
_CALIBRATION_STEP = 7
"""Every seventh picture is enough to know the largest values."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one weight set is trained on."""

    name: str
    degradation: Degradation
    plan: Plan


_NEXT = Plan(shards=35, shard_samples=2048, batch=4, passes=0.25, peak_rate=8e-4)
FIRST = Lesson("first", CLEAN, replace(_NEXT, shards=310, peak_rate=2e-3))
"""Where all others begin; not released."""
LESSONS = (
    Lesson("clean", CLEAN, replace(_NEXT, shards=150)),
    Lesson("jpeg-90", mixed(84, 95), _NEXT),
    Lesson("jpeg-70", mixed(62, 80), _NEXT),
    Lesson("jpeg-50", mixed(42, 60), _NEXT),
    Lesson("jpeg-30", mixed(20, 40), _NEXT),
)


def train_bank(
    lumas: Sequence[Plane],
    folder: Path,
    shards: int | None,
    clock: Clock,
    tell: Callable[[str], None],
    first: Lesson = FIRST,
    lessons: Sequence[Lesson] = LESSONS,
) -> list[str]:
    """Trains or goes on training all weight sets; gives the manifest's lines of their files.

    `shards`: Of the first lesson, the others in proportion; None: the whole plans.
    """
    stock = PatchStock(lumas)

    def train(lesson: Lesson, start: keras.Model | None) -> keras.Model:
        tell(f"weight set {lesson.name}")
        plan = lesson.plan if shards is None else shorten(lesson.plan, shards)
        return _train(lesson, plan, stock, start, folder / lesson.name, clock, tell)

    start = train(first, None)
    return [_release(lesson, train(lesson, start), lumas, folder / "release") for lesson in lessons]


def shorten(plan: Plan, shards: int) -> Plan:
    """The plan in the proportion in which the first lesson's would have this many shards."""
    return replace(plan, shards=max(1, plan.shards * shards // FIRST.plan.shards))


def _train(
    lesson: Lesson,
    plan: Plan,
    stock: PatchStock,
    start: keras.Model | None,
    folder: Path,
    clock: Clock,
    tell: Callable[[str], None],
) -> keras.Model:
    def build() -> keras.Model:
        keras.utils.set_random_seed(_SEED)
        return build_network(SIDE_PX, start)

    trainer = Trainer(
        folder=folder,
        plan=plan,
        build=build,
        draw_shard=lambda seed, count: stock.draw(lesson.degradation, seed, count),
        prepare=prepare_batch,
        loss=keras.losses.MeanAbsoluteError(),
        clock=clock,
        tell=tell,
        jit_compile=False,
    )
    return trainer.run()


def _release(lesson: Lesson, model: keras.Model, lumas: Sequence[Plane], folder: Path) -> str:
    arrays = fit_first_layer(collapse(model))
    rng = np.random.default_rng(_SEED)
    pictures = [lesson.degradation.apply(luma, rng) for luma in lumas[::_CALIBRATION_STEP]]
    weights = WeightSet(arrays, calibrate(arrays, pictures))
    folder.mkdir(parents=True, exist_ok=True)
    data = encode_weights(weights)
    path = folder / f"{lesson.name}.bin"
    path.write_bytes(data)
    return f"{path.name}  bytes: {len(data)}  sha256: {hashlib.sha256(data).hexdigest()}"
