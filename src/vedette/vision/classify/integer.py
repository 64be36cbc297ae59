"""A classifier of small pictures in 8 bits: levels of 0 to 255 between layers, int32 sums.

What a network of this form (`lab/classifier/networks.py`) is once its weights are rounded, layer by layer; the compiled
one (`winograd_kernel.c`) computes the same, bit by bit. Sums become levels in float32: product, sum, rounding half to
even. Pure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Levels = NDArray[np.int32]

LARGEST_LEVEL = 255
VIEWS = 4


@dataclass(frozen=True, slots=True)
class IntegerLayer:
    """A layer of 3x3.

    Attributes:
        weights: (outputs, inputs, 3, 3) int8.
        scale: (outputs,) float32 > 0, from sums to levels, of the last layer to features.
        bias: (outputs,) float32, likewise.
        has_border: Whether zeros lie around what it reads, so that what it leaves is as large.
        is_pooled: Whether of 2 x 2 sums the largest is left.
    """

    weights: NDArray[np.int8]
    scale: Floats
    bias: Floats
    has_border: bool
    is_pooled: bool


@dataclass(frozen=True, slots=True)
class IntegerNetwork:
    """The whole network, for pictures (3, side, side) BGR 0..255.

    Attributes:
        stem: (outputs, 3, 2, 2) float32, from pixels to levels; its outputs are rectified.
        stem_bias: (outputs,) float32.
        layers: The layers of 3x3, rectified all. Of the last one's features the largest over the picture are left.
        dense: (classes, features) float32, for the features of all views together.
        dense_bias: (classes,) float32.
        views: How many views of a picture are looked at: 1, or those of `make_views`.
    """

    stem: Floats
    stem_bias: Floats
    layers: tuple[IntegerLayer, ...]
    dense: Floats
    dense_bias: Floats
    views: int


def make_views(picture: Floats) -> Floats:
    """A picture (3, side, side) and its mirror image, each moved by a pixel down to the right and up to the left.

    What comes in at the rim is mirrored. (4, 3, side, side), in the order of `lab.classifier.networks.with_views`.
    """
    both = np.stack([picture, picture[:, :, ::-1]])
    wide = np.pad(both, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
    return np.concatenate([wide[:, :, :-2, :-2], wide[:, :, 2:, 2:]])


def show_views(picture: Floats, count: int) -> Floats:
    """What a network of so many views sees of a picture (3, side, side): (count, 3, side, side)."""
    return picture[None] if count == 1 else make_views(picture)


def classify_integer(picture: Floats, network: IntegerNetwork) -> Floats:
    """Probabilities (classes,) of a picture (3, side, side)."""
    return to_probabilities(find_features(picture, network), network)


def to_probabilities(features: Floats, network: IntegerNetwork) -> Floats:
    """What features (features,) of all views say of the classes, (classes,)."""
    logits = network.dense @ features + network.dense_bias
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum(), np.float32)


def find_features(picture: Floats, network: IntegerNetwork) -> Floats:
    """What the last layer finds in all views of a picture (3, side, side) together, (features,) float32."""
    views = show_views(picture, network.views)
    return np.asarray(np.sum([_find_in_view(view, network) for view in views], 0, dtype=np.float32))


def _find_in_view(view: Floats, network: IntegerNetwork) -> Floats:
    levels = _run_stem(view, network)
    found = np.zeros(0, np.float32)
    for layer in network.layers:
        found = _rescale(_sum(levels, layer), layer)
        levels = _to_levels(found)
    return np.asarray(np.maximum(found.max((1, 2)), 0), np.float32)


def _run_stem(view: Floats, network: IntegerNetwork) -> Levels:
    """Float32, each product and sum rounded at once, as processors fuse them."""
    side = view.shape[1] - 1
    sums = np.broadcast_to(network.stem_bias[:, None, None], (len(network.stem_bias), side, side))
    for colour, y, x in np.ndindex(network.stem.shape[1:]):
        values = view[colour, y : y + side, x : x + side].astype(np.float64)
        weights = network.stem[:, colour, y, x, None, None].astype(np.float64)
        sums = (sums + values * weights).astype(np.float32)
    return _to_levels(sums)


def _sum(levels: Levels, layer: IntegerLayer) -> Levels:
    if layer.has_border:
        levels = np.pad(levels, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(levels.astype(np.float64), (3, 3), (1, 2))
    sums = np.tensordot(layer.weights.astype(np.float64), windows, ((1, 2, 3), (0, 3, 4))).astype(np.int32)  # exact
    if layer.is_pooled:
        half = sums.shape[1] // 2
        sums = sums[:, : 2 * half, : 2 * half].reshape(-1, half, 2, half, 2).max((2, 4))
    return sums


def _rescale(sums: Levels, layer: IntegerLayer) -> Floats:
    product = sums.astype(np.float32) * layer.scale[:, None, None]
    return np.asarray(product + layer.bias[:, None, None], np.float32)


def _to_levels(values: Floats) -> Levels:
    return np.asarray(np.clip(np.rint(values), 0, LARGEST_LEVEL), np.int32)
