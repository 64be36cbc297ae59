"""What each family of compression does to the weights of one layer, without training. Pure.

Kernels are float32, outputs first: (O, I, kh, kw) or (O, I). Every function gives the weights that the network then
computes with; what they take in a file is in `coded`.
"""

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError

Weights = NDArray[np.float32]
_ROUNDS = 25


def round_bfloat16(weights: Weights) -> Weights:
    """Rounds to the nearest number of 8 bits mantissa, ties to even."""
    bits = np.ascontiguousarray(weights, np.float32).view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) & np.uint32(0xFFFF0000)
    return np.asarray(rounded.view(np.float32))


def prune_smallest(weights: Weights, share: float) -> Weights:
    """Sets this share of the weights, the smallest ones, to zero (Han et al. 2015)."""
    if not 0 <= share < 1:
        raise InvalidInputError(f"a share to prune is 0 or more and under 1, got {share}")
    count = int(weights.size * share)
    kept = weights.copy()
    if count:
        kept.reshape(-1)[np.argsort(np.abs(weights).reshape(-1), kind="stable")[:count]] = 0.0
    return kept


def binarise(weights: Weights) -> Weights:
    """Signs times one number for each filter, the mean magnitude: the closest there is (BWN, Rastegari et al. 2016)."""
    rows = weights.reshape(len(weights), -1)
    scale = np.abs(rows).mean(axis=1, keepdims=True)
    return np.asarray(np.where(rows >= 0, scale, -scale).reshape(weights.shape), np.float32)


def hash_buckets(count: int, factor: int, seed: int) -> tuple[NDArray[np.int64], Weights]:
    """For each of `count` weights its bucket (one of count / factor) and its sign, from nothing but the seed.

    HashedNets (Chen et al. 2015): w_i = sign_i b_(h(i)); nothing but the buckets is stored.
    """
    if count < 1 or factor < 1:
        raise InvalidInputError(f"need weights and a factor, got {count} and {factor}")
    rng = np.random.default_rng((count, factor, seed))
    buckets = rng.integers(0, max(1, count // factor), count)
    return buckets, rng.choice(np.array([-1, 1], np.float32), count)


def share_by_hash(weights: Weights, factor: int, seed: int = 0) -> Weights:
    """All weights of a bucket become their mean, signs regarded: the closest there is without training."""
    flat = weights.reshape(-1)
    buckets, signs = hash_buckets(flat.size, factor, seed)
    sums = np.bincount(buckets, flat * signs)
    means = sums / np.maximum(np.bincount(buckets), 1)
    return (means[buckets] * signs).astype(np.float32).reshape(weights.shape)


def cluster(values: Weights, count: int) -> tuple[Weights, NDArray[np.uint8]]:
    """k-means over single numbers from evenly spread starts (Han et al. 2016): centres (K,), indices (N,).

    `count`: 1 to 256 centres; fewer where there are fewer different values.
    """
    if not 1 <= count <= 256:
        raise InvalidInputError(f"need 1 to 256 centres, got {count}")
    if not values.size:
        return np.zeros(0, np.float32), np.zeros(0, np.uint8)
    centres = np.unique(np.linspace(values.min(), values.max(), count, dtype=np.float64))
    for _ in range(_ROUNDS):
        index = np.searchsorted((centres[1:] + centres[:-1]) / 2, values)
        sizes = np.bincount(index, minlength=len(centres))
        means = np.bincount(index, values, len(centres)) / np.maximum(sizes, 1)
        centres = np.sort(np.where(sizes > 0, means, centres))
    index = np.searchsorted((centres[1:] + centres[:-1]) / 2, values)
    return centres.astype(np.float32), index.astype(np.uint8)
