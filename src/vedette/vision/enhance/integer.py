"""The network in integers: weights of 10 bits, values of 14, powers of two between them (W10A14).

What a chip or a fixed-point library would compute, bit by bit: int32 throughout, no number of another kind. The
largest sum is 32 products of 14 and 10 bits, 2^28, so nothing overflows. Rounding is half upwards, by adding a
half and shifting; values that do not fit are clipped. Pure. Published as losing 0.00 to 0.02 dB (Kim and Lee, 2020).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.vision.enhance.network import LAYERS, SKIP_FROM, SKIP_TO, Array, WeightSet
from vedette.vision.enhance.plain import Plane, apply_layer, run_layers, unfold

WEIGHT_BITS, VALUE_BITS = 10, 14
_LARGEST_WEIGHT = 2 ** (WEIGHT_BITS - 1) - 1
_LARGEST_VALUE = 2 ** (VALUE_BITS - 1) - 1
_LARGEST_FIRST = _LARGEST_WEIGHT / 2**6
_MOST_FRACTION_BITS = 13

Integers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class IntegerLayer:
    """One layer in integers.

    Attributes:
        weights: int32 of 10 bits, in the layer's shape.
        weight_bits: How many of them lie behind the point.
        value_bits: How many of the output's 14 bits do.
    """

    weights: Integers
    weight_bits: int
    value_bits: int


def calibrate(arrays: Sequence[Array], lumas: Sequence[Plane]) -> tuple[int, ...]:
    """For each layer how many bits may lie behind the point, so that no value of these pictures is clipped."""
    largest = np.zeros(len(LAYERS))
    for luma in lumas:
        outputs = run_layers(luma, arrays)
        largest = np.maximum(largest, [float(np.abs(maps).max(initial=0.0)) for maps in outputs])
    return tuple(_fraction_bits(float(value), _LARGEST_VALUE, _MOST_FRACTION_BITS) for value in largest)


def fit_first_layer(arrays: Sequence[Array]) -> tuple[Array, ...]:
    """The same network with no weight of its first layer above 8, so that ten bits leave six behind the point.

    A channel is made smaller by a power of two where it begins and joins the skip, and larger by it where it is read
    next: rectifiers do not mind, and floats lose nothing. After Nagel et al. 2019 (equalised ranges).
    """
    fitted = [array.copy() for array in arrays]
    largest = np.abs(fitted[SKIP_FROM]).max((0, 1))
    factor = np.exp2(np.minimum(0, np.floor(np.log2(_LARGEST_FIRST / np.maximum(largest, 1e-9))))).astype(np.float32)
    for index in (SKIP_FROM, SKIP_TO):
        fitted[index] *= factor
        fitted[index + 1] /= factor
    return tuple(fitted)


def to_integers(weights: WeightSet) -> tuple[IntegerLayer, ...]:
    """Rounds the weights to 10 bits, one power of two per layer."""
    made = []
    for array, value_bits in zip(weights.arrays, weights.fraction_bits, strict=True):
        bits = _fraction_bits(float(np.abs(array).max()), _LARGEST_WEIGHT, most=16)
        rounded = np.clip(np.rint(array * 2.0**bits), -_LARGEST_WEIGHT - 1, _LARGEST_WEIGHT)
        made.append(IntegerLayer(rounded.astype(np.int32), bits, value_bits))
    return tuple(made)


def enlarge_integer(luma: Plane, layers: Sequence[IntegerLayer]) -> Plane:
    """Luma (H, W) uint8 twice as large, (2H, 2W) uint8, computed in integers alone."""
    pixels = luma[..., None].astype(np.int32)
    maps, bits = pixels, layers[-1].value_bits
    drops, lift = find_shifts(layers)
    outputs: list[Integers] = []
    for index, (form, layer) in enumerate(zip(LAYERS, layers, strict=True)):
        total = np.asarray(apply_layer(form.kind, maps, layer.weights), np.int32)
        if index == SKIP_TO:
            total += shift(outputs[SKIP_FROM], -lift)
        maps = np.clip(shift(total, drops[index]), -_LARGEST_VALUE - 1, _LARGEST_VALUE)
        maps = np.maximum(maps, 0) if form.rectified else maps
        outputs.append(maps)
    sums = shift(maps + shift(pixels, -bits), bits)
    return np.asarray(unfold(np.asarray(np.clip(sums, 0, 255), np.int32)), np.uint8)


def find_shifts(layers: Sequence[IntegerLayer]) -> tuple[list[int], int]:
    """By how many bits the sums of each layer are too large, and those of `SKIP_TO` larger than what is added there."""
    bits, lift, drops = 0, 0, []
    for index, layer in enumerate(layers):
        bits += layer.weight_bits
        if index == SKIP_TO:
            lift = bits - layers[SKIP_FROM].value_bits
        drops.append(bits - layer.value_bits)
        bits = layer.value_bits
    return drops, lift


def shift(values: Integers, bits: int) -> Integers:
    """Divides by 2^bits and rounds half upwards; multiplies where `bits` is negative."""
    if bits <= 0:
        return np.left_shift(values, -bits)
    return np.right_shift(values + (1 << (bits - 1)), bits)


def _fraction_bits(largest: float, limit: int, most: int) -> int:
    if largest <= 0:
        return most
    return int(np.clip(np.floor(np.log2(limit / largest)), 0, most))
