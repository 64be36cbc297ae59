"""Convolutions as products of smaller ones: by singular values, and by canonical polyadic decomposition. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.lab.compress.weights import Weights

_RIDGE = 1e-6
Factor = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SvdLayers:
    """k x k into few channels, then 1 x 1 out of them: (R, I, kh, kw) and (O, R, 1, 1)."""

    inner: Weights
    outer: Weights

    def product(self) -> Weights:
        """The kernel (O, I, kh, kw) that both stand for."""
        return np.asarray(np.einsum("or,rihw->oihw", self.outer[:, :, 0, 0], self.inner), np.float32)


@dataclass(frozen=True, slots=True)
class CpLayers:
    """1 x 1, a column and a row for each channel, 1 x 1 (Lebedev et al. 2015): (R, I), (R, kh), (R, kw), (O, R)."""

    into: Weights
    down: Weights
    across: Weights
    out: Weights

    def product(self) -> Weights:
        """The kernel (O, I, kh, kw) that all four stand for."""
        return np.asarray(np.einsum("or,ri,rh,rw->oihw", self.out, self.into, self.down, self.across), np.float32)


def svd_rank(shape: tuple[int, ...], share: float) -> int:
    """The rank with which the SVD's layers have this share of the weights; at least 1."""
    outputs, inputs = shape[0], int(np.prod(shape[1:]))
    return max(1, min(int(share * outputs * inputs / (outputs + inputs)), outputs, inputs))


def cp_rank(shape: tuple[int, ...], share: float) -> int:
    """The rank with which the CP's layers have this share of the weights; at least 1."""
    return max(1, int(share * np.prod(shape) / sum(shape)))


def decompose_svd(kernel: Weights, rank: int) -> SvdLayers:
    """The closest product of two layers (Eckart and Young)."""
    _check(kernel, rank)
    rows = kernel.reshape(len(kernel), -1).astype(np.float64)
    left, values, right = np.linalg.svd(rows, full_matrices=False)
    root = np.sqrt(values[:rank])
    inner = (root[:, None] * right[:rank]).reshape(-1, *kernel.shape[1:])
    outer = (left[:, :rank] * root)[:, :, None, None]
    return SvdLayers(inner.astype(np.float32), outer.astype(np.float32))


def decompose_cp(kernel: Weights, rank: int, rounds: int = 40, seed: int = 0) -> CpLayers:
    """Alternating least squares from a seeded start, a little regularised as CP may else diverge."""
    _check(kernel, rank)
    tensor = kernel.astype(np.float64)
    rng = np.random.default_rng(seed)
    factors = [rng.normal(size=(side, rank)) for side in tensor.shape]
    for _ in range(rounds):
        for axis in range(4):
            factors[axis] = _solve(tensor, factors, axis)
            if axis < 3:
                factors[axis] /= np.maximum(np.linalg.norm(factors[axis], axis=0), 1e-12)
    out, into, down, across = factors
    return CpLayers(*(np.ascontiguousarray(f, np.float32) for f in (into.T, down.T, across.T, out)))


def _solve(tensor: Factor, factors: list[Factor], axis: int) -> Factor:
    """The factor of one axis that is best with the other three as they are."""
    others = [f for place, f in enumerate(factors) if place != axis]
    gram = np.prod([f.T @ f for f in others], axis=0)
    moved = np.moveaxis(tensor, axis, 0)
    right = np.einsum("abcd,br,cr,dr->ar", moved, *others, optimize=True)
    gram += _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    return np.asarray(np.linalg.solve(gram, right.T).T, np.float64)


def _check(kernel: Weights, rank: int) -> None:
    if kernel.ndim != 4 or rank < 1:
        raise InvalidInputError(f"need a kernel (O, I, kh, kw) and a rank, got {kernel.shape} and {rank}")
