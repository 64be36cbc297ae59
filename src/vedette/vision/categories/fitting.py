"""Fits a head: multinomial logistic regression with L2, by L-BFGS. Pure.

L2 is chosen, and the temperature fitted, on answers to pictures that the answering head was not taught with (folds),
so nothing that judges has been seen. Few pictures that are easy to tell apart would make it sure beyond all measure; a
share is never surer than so many pictures can show (Platt 1999).

SciPy's optimizers take a quarter of a second to import: they are loaded with the first head that is fitted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.vision.categories.head import Head, Labels, Vectors, softmax

L2_CHOICES = (0.1, 0.03, 0.01, 0.003, 0.001, 0.0003)
"""Strongest first: of equals the simplest head."""
MAX_FOLDS = 4
_ROUNDS = 200
_TEMPERATURES = (0.02, 10.0)
_LEAST_SHARE = 1e-12


@dataclass(frozen=True, slots=True)
class Fold:
    """One step of the search for L2: `l2` was tried on one fold more. Told for progress."""

    l2: float
    number: int
    of: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the folds decided. `shares` (N, C) of every taught picture by a head that had not seen it, calibrated."""

    l2: float
    temperature: float
    folds: int
    shares: Vectors


def fit_head(vectors: Vectors, labels: Labels, count: int, l2: float) -> Head:
    """Minimises the mean of -log p(label) + l2/2 * |weights|^2; the bias is not held back.

    Args:
        vectors: (N, D) of unit length.
        labels: (N,) 0 .. count - 1, each at least once.
        count: Of categories.
        l2: Weight of the penalty.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 -- see above

    centre = vectors.mean(axis=0)
    rows, back = _shorten((vectors - centre).astype(np.float64))
    truth = np.eye(count)[labels]
    number, size = rows.shape

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat[: size * count].reshape(size, count)
        scores = rows @ weights + flat[size * count :]
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores)
        shares /= shares.sum(axis=1, keepdims=True)
        wrong = (shares - truth) / number
        missing = -np.log(np.maximum((shares * truth).sum(axis=1), _LEAST_SHARE)).mean()
        gradient = np.concatenate([(rows.T @ wrong + l2 * weights).reshape(-1), wrong.sum(axis=0)])
        return float(missing + l2 / 2 * (weights**2).sum()), gradient

    start = np.zeros((size + 1) * count)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS}).x
    weights = back @ found[: size * count].reshape(size, count)
    bias = found[size * count :]
    return Head(np.asarray(weights, np.float32), np.asarray(bias, np.float32), np.asarray(centre, np.float32))


def _shorten(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N, D) -> (N, R) in a basis of the space that the rows span, and (D, R) back. The best head lies in that space,
    so with fewer pictures than numbers nothing is lost and much time is won.
    """
    number, size = rows.shape
    if number >= size:
        return rows, np.eye(size)
    turned, lengths, basis = np.linalg.svd(rows, full_matrices=False)
    return turned * lengths, basis.T


def choose_terms(vectors: Vectors, labels: Labels, count: int) -> Iterator[Fold | Chosen]:
    """Tries every L2 on every fold, telling each step; the last item is what was chosen.

    Every label must occur twice at least.
    """
    folds = find_folds(labels)
    number = int(folds.max()) + 1
    best: tuple[float, float, Vectors] | None = None
    for step, l2 in enumerate(L2_CHOICES):
        scores = np.zeros((len(labels), count), np.float32)
        for fold in range(number):
            taught = folds != fold
            scores[~taught] = fit_head(vectors[taught], labels[taught], count, l2).scores(vectors[~taught])
            yield Fold(l2, step * number + fold + 1, len(L2_CHOICES) * number)
        missing = _miss(scores, labels, fit_temperature(scores, labels))
        if best is None or missing < best[0] - 1e-6:
            best = missing, l2, scores
    assert best is not None
    temperature = fit_temperature(best[2], labels)
    yield Chosen(best[1], temperature, number, softmax(np.asarray(best[2] / temperature, np.float32)))


def find_folds(labels: Labels) -> NDArray[np.int64]:
    """(N,) fold of each, 0 .. folds - 1: within each label in turn, so that every fold leaves some of every label."""
    counts = np.bincount(labels)
    number = int(min(MAX_FOLDS, counts[counts > 0].min()))
    folds = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        folds[rows] = np.arange(len(rows)) % number
    return folds


def fit_temperature(scores: Vectors, labels: Labels) -> float:
    """By what scores are divided so that shares are as sure as they are right (Guo et al. 2017)."""
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 -- see above

    low, high = np.log(_TEMPERATURES)
    found = minimize_scalar(
        lambda log: _miss(scores, labels, float(np.exp(log))), bounds=(float(low), float(high)), method="bounded"
    )
    return round(float(np.exp(found.x)), 4)


def _miss(scores: Vectors, labels: Labels, temperature: float) -> float:
    """Mean of -log p over what N pictures of C categories can show: the label with 1 - 1/(N/C + 2), else the rest."""
    number, count = scores.shape
    doubt = 1.0 / (number / count + 2.0)
    truth = np.full(scores.shape, doubt / (count - 1))
    truth[np.arange(number), labels] = 1.0 - doubt
    shares = softmax(np.asarray(scores / temperature, np.float32))
    return float(-(truth * np.log(np.maximum(shares, _LEAST_SHARE))).sum(axis=1).mean())
