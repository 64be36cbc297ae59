"""The network of super-resolution x2: its layers, its 2,560 weights, and the file they are kept in.

Luma only, no bias, one skip: first 3x3, then four depthwise layers each followed by a pointwise one, then four values
per pixel that are added to the pixel itself (docs/design/enhance.md). Rectified after every pointwise layer but the
last. Without bias it is homogeneous: luma 0..255 gives luma 0..255 with the weights that were trained on 0..1.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError

SCALE = 2
WEIGHT_COUNT = 2560
HALO_PX = (7, 3)
"""How far, across and down, an output pixel sees beyond its own input pixel."""
SKIP_FROM, SKIP_TO = 0, 4
"""The output of the first layer is added to that of layer 4."""

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Layer:
    """One linear layer.

    Attributes:
        shape: `first` (3, 3, outputs), `depth` (rows, columns, channels), `point` (inputs, outputs).
        rectified: Negative values become 0 after it.
    """

    kind: Literal["first", "depth", "point"]
    shape: tuple[int, ...]
    rectified: bool


LAYERS = (
    Layer("first", (3, 3, 32), rectified=True),
    Layer("depth", (1, 5, 32), rectified=False),
    Layer("point", (32, 16), rectified=True),
    Layer("depth", (1, 5, 16), rectified=False),
    Layer("point", (16, 32), rectified=True),
    Layer("depth", (3, 3, 32), rectified=False),
    Layer("point", (32, 16), rectified=True),
    Layer("depth", (3, 3, 16), rectified=False),
    Layer("point", (16, 4), rectified=False),
)
_FILE = struct.Struct(f"<{WEIGHT_COUNT}f{len(LAYERS)}i")


@dataclass(frozen=True, slots=True)
class WeightSet:
    """Trained weights of one kind of picture.

    Attributes:
        arrays: One float32 array per layer of `LAYERS`, in its shape.
        fraction_bits: Per layer, how many of the 14 bits of its output lie behind the point in the integer executor
            (luma 0..255), as calibrated.
    """

    arrays: tuple[Array, ...]
    fraction_bits: tuple[int, ...]

    def __post_init__(self) -> None:
        shapes = tuple(array.shape for array in self.arrays)
        if shapes != tuple(layer.shape for layer in LAYERS) or len(self.fraction_bits) != len(LAYERS):
            raise InvalidInputError(f"arrays of {shapes} are no weights of this network")
        if not all(np.isfinite(array).all() for array in self.arrays):
            raise InvalidInputError("weights must be numbers")
        if not all(0 <= bits <= 13 for bits in self.fraction_bits):
            raise InvalidInputError(f"{self.fraction_bits} are no positions of a point in 14 bits")


def encode_weights(weights: WeightSet) -> bytes:
    """The file of a weight set: 2,560 float32, layer by layer, then the fraction bits as int32; little-endian."""
    values = np.concatenate([array.reshape(-1) for array in weights.arrays])
    return _FILE.pack(*values.tolist(), *weights.fraction_bits)


def decode_weights(data: bytes) -> WeightSet:
    """Reads the file of a weight set.

    Raises:
        InvalidInputError: it has another size, or holds no numbers.
    """
    if len(data) != _FILE.size:
        raise InvalidInputError(f"a weight set has {_FILE.size} bytes, not {len(data)}")
    values = np.frombuffer(data, "<f4", WEIGHT_COUNT)
    bits = np.frombuffer(data, "<i4", len(LAYERS), offset=4 * WEIGHT_COUNT)
    return WeightSet(_split(values), tuple(int(value) for value in bits))


def count_weights(arrays: Sequence[Array]) -> int:
    """How many numbers the arrays hold."""
    return sum(array.size for array in arrays)


def _split(values: NDArray[np.float32]) -> tuple[Array, ...]:
    arrays, at = [], 0
    for layer in LAYERS:
        size = int(np.prod(layer.shape))
        arrays.append(values[at : at + size].reshape(layer.shape).astype(np.float32))
        at += size
    return tuple(arrays)
