"""A linear support vector machine, one class against the rest, as LIBLINEAR's default: squared hinge, L2. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from vedette.core.errors import InvalidInputError

Features = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LinearHead:
    """Scores of C classes. `weights` (D + 1, C), the last row the offset; `classes` (C,) the labels of the columns."""

    weights: NDArray[np.float32]
    classes: Labels

    def scores(self, features: Features) -> Features:
        """(N, D) -> (N, C): above 0 speaks for a class."""
        return np.asarray(features @ self.weights[:-1] + self.weights[-1], np.float32)

    def predict(self, features: Features) -> Labels:
        """(N, D) -> (N,) labels."""
        return np.asarray(self.classes[self.scores(features).argmax(axis=1)], np.int64)


def fit_linear_svm(features: Features, labels: Labels, cost: float = 1.0, rounds: int = 300) -> LinearHead:
    """Minimises |w|^2 / 2 + cost * sum of max(0, 1 - y f)^2 for every class; the offset counts as a weight.

    Args:
        features: (N, D).
        labels: (N,) of at least two different ones.
        cost: LIBLINEAR's C.
        rounds: At most so many steps of L-BFGS.
    """
    classes = np.unique(labels)
    if len(features) != len(labels) or len(classes) < 2:
        raise InvalidInputError(f"need features of two classes at least, got {len(features)} and {len(classes)}")
    x = np.concatenate([features, np.ones((len(features), 1))], axis=1).astype(np.float64)
    y = np.where(labels[:, None] == classes, 1.0, -1.0)
    shape = (x.shape[1], len(classes))

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        w = flat.reshape(shape)
        missing = np.maximum(0.0, 1.0 - y * (x @ w))
        gradient = w - 2 * cost * (x.T @ (missing * y))
        return float(0.5 * (w**2).sum() + cost * (missing**2).sum()), gradient.reshape(-1)

    found = minimize(loss, np.zeros(shape).reshape(-1), jac=True, method="L-BFGS-B", options={"maxiter": rounds})
    return LinearHead(np.asarray(found.x.reshape(shape), np.float32), classes.astype(np.int64))
