"""The measured rows of adaptive computation time: one small residual network, trained for minutes on CIFAR-10."""

import statistics
import time
from pathlib import Path

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from evals.common import Figures
from vedette.lab.cascade.adaptive_network import Parts, build_adaptive, take_apart

UNITS, CHANNELS, TAUS = 6, 16, (None, 0.1, 0.02)
_TRAIN, _TEST, _EPOCHS, _BATCH, _RATE = 400, 100, 4, 64, 4e-3
_TIMED = 200


def read_cifar(folder: Path, start: int, count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """So many pictures of each class from a place on: (N, 32, 32, 3) RGB 0..1 and classes."""
    pictures, labels = [], []
    for label, inner in enumerate(sorted(path for path in folder.iterdir() if path.is_dir())):
        for path in sorted(inner.iterdir())[start : start + count]:
            pictures.append(cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))
            labels.append(label)
    return np.array(pictures, np.float32) / 255, np.array(labels, np.int64)


def train(tau: float | None, pictures: NDArray[np.float32], labels: NDArray[np.int64]) -> keras.Model:
    """One network; the same pictures, order and start for all."""
    keras.utils.set_random_seed(4)
    model = build_adaptive(UNITS, CHANNELS, int(labels.max()) + 1, tau)
    steps = _EPOCHS * (len(labels) // _BATCH)
    rate = keras.optimizers.schedules.CosineDecay(_RATE, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-3), loss)
    flipped = pictures[:, :, ::-1]
    for epoch in range(_EPOCHS):
        source = flipped if epoch % 2 else pictures
        model.fit(source, labels, batch_size=_BATCH, epochs=1, verbose=0)
    return model


def measure(parts: Parts, pictures: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, NDArray[np.int64]]:
    """Share of right answers, and units that each picture took."""
    answers = [parts.classify(picture[None]) for picture in pictures]
    right = np.array([label for label, _ in answers]) == labels
    return float(right.mean()), np.array([units for _, units in answers], np.int64)


def time_parts(all_parts: list[Parts], pictures: NDArray[np.float32]) -> list[float]:
    """Mean milliseconds a picture of each network, run in turn."""
    taken: list[list[float]] = [[] for _ in all_parts]
    for picture in pictures[:: max(1, len(pictures) // _TIMED)]:
        for parts, times in zip(all_parts, taken, strict=True):
            began = time.perf_counter()
            parts.classify(picture[None])
            times.append(1e3 * (time.perf_counter() - began))
    return [statistics.fmean(times) for times in taken]


def measure_adaptive(folder: Path) -> Figures:
    """Figures of all networks."""
    train_x, train_y = read_cifar(folder, 0, _TRAIN)
    test_x, test_y = read_cifar(folder, _TRAIN, _TEST)
    all_parts = []
    for tau in TAUS:
        all_parts.append(take_apart(train(tau, train_x, train_y), UNITS))
        accuracy, units = measure(all_parts[-1], test_x, test_y)
        print(f"tau {tau}: accuracy {accuracy:.4f}, {units.mean():.2f} of {UNITS} units", flush=True)
    figures: Figures = {"adaptive_pictures": len(test_y)}
    for tau, parts, ms in zip(TAUS, all_parts, time_parts(all_parts, test_x), strict=True):
        name = "adaptive_none" if tau is None else f"adaptive_tau_{tau}".replace(".", "_")
        accuracy, units = measure(parts, test_x, test_y)
        figures |= {f"{name}_accuracy": accuracy, f"{name}_units": float(units.mean()), f"{name}_ms": ms}
    return figures
