"""The training of glasses: two answers, and a cross-entropy."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import keras
import numpy as np

from vedette.lab.glasses.network import build_glasses
from vedette.lab.glasses.samples import Face, FaceStock
from vedette.lab.training import Arrays, Plan, Trainer
from vedette.runtime.clock import Clock
from vedette.vision.recognize.glasses import STRIP_WH

PLAN = Plan(shards=24, shard_samples=1000, pool_shards=6, batch=64, passes=0.5, peak_rate=2e-3)


def make_draw_shard(stock: FaceStock) -> Callable[[int, int], Arrays]:
    """Makes the function that draws strips (count, 32, 64, 1) and whether glasses are worn (count, 1), float32."""

    def draw(seed: int, count: int) -> Arrays:
        cv2.setNumThreads(1)
        rng = np.random.default_rng((808, seed))
        strips = np.empty((count, *STRIP_WH[::-1], 1), np.float32)
        worn = np.empty((count, 1), np.float32)
        for index in range(count):
            strips[index], worn[index] = stock.draw_sample(rng)
        return strips, worn

    return draw


def prepare_strips(arrays: Arrays) -> Arrays:
    """Strips come as the network takes them; every sample counts alike."""
    strips, worn = arrays
    return strips, worn, np.ones(len(strips), np.float32)


def glasses_loss() -> keras.losses.Loss:
    """Of logits."""
    return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.02)


def train_on_faces(
    faces: Sequence[Face], folder: Path, plan: Plan, clock: Clock, tell: Callable[[str], None]
) -> keras.Model:
    """Trains a network, or goes on where its training was stopped; the logit is its answer."""
    trainer = Trainer(
        folder=folder,
        plan=plan,
        build=build_glasses,
        draw_shard=make_draw_shard(FaceStock(faces)),
        prepare=prepare_strips,
        loss=glasses_loss(),
        clock=clock,
        tell=tell,
        jit_compile=False,
    )
    return trainer.run()
