"""A classifier of small pictures in integers, compiled (`vision/classify/winograd_kernel.c`): as `classify_integer`.

On a processor with AVX2 it takes about half of the time that OpenVINO takes in int8 (docs/design/classifier.md).
"""

import ctypes
from pathlib import Path

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from typing_extensions import override

from vedette.adapters.native_library import NumberT, address, align, load_library, make_aligned
from vedette.adapters.openvino_integers import read_integer_network
from vedette.adapters.openvino_network import shorten_reason
from vedette.core.errors import InvalidInputError
from vedette.vision.classify.integer import (
    LARGEST_LEVEL,
    IntegerLayer,
    IntegerNetwork,
    find_features,
    show_views,
    to_probabilities,
)
from vedette.vision.models.registry import InstalledModel
from vedette.vision.models.selftest import check_outputs, make_input
from vedette.vision.ports import Network

_CHUNK = 16
"""The kernel takes channels by sixteen; what is missing is zero."""
_DOWN = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]])
_ACROSS = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]])
"""F(2, 3) and F(4, 3) of weights (Lavin and Gray 2016), 2 and 24 times as large, so that integers stay integers."""
_TO_SPOTS = np.kron(_ACROSS, _DOWN).astype(np.float32)
_LARGER = 48
_STEM_PIXELS = 4
"""The kernel takes them at a time."""
_ROUNDING = 1e-5
"""Of probabilities: sums of features in another order."""


class NativeClassifier(Network):
    """See `vedette.vision.ports.Network`.

    Args:
        library: The compiled kernel, for this processor.

    Raises (from the constructor):
        InvalidInputError: the library cannot be used, or this is a network of another form.
        SelfTestFailedError: it does not answer as it did where it was measured.
    """

    def __init__(self, library: Path, model: InstalledModel) -> None:
        network = _read_model(model)
        self.shape = tuple(network.input(0).shape)
        self._names = sorted(network.output(0).get_names())
        self._release = model.manifest.release
        self._kernel = IntegerKernel(library, read_integer_network(network), self.shape[-1])
        if (test := model.manifest.selftest) is not None:
            tensor = make_input(test.shape, test.seed, model.manifest.input)
            check_outputs(model.manifest.name, test, self.infer(tensor))

    @property
    @override
    def release(self) -> str:
        return self._release

    @override
    def infer(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        return dict.fromkeys(self._names, self._kernel.classify(tensor[0])[None])


def _read_model(model: InstalledModel) -> ov.Model:
    try:
        return ov.Core().read_model(*model.files[:2])
    except RuntimeError as error:
        raise InvalidInputError(f"the model {model.manifest.name} cannot be read: {shorten_reason(error)}") from error


class _Layer(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("inputs", "outputs", "side", "has_border", "is_pooled", "unused")),
        *((name, ctypes.c_void_p) for name in ("weights", "scale", "bias", "map")),
    )


class _Network(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("pictures", "side", "stem_outputs", "layers", "classes", "unused")),
        *((name, ctypes.c_void_p) for name in ("stem", "stem_bias", "dense", "dense_bias")),
        *((name, ctypes.c_void_p) for name in ("layer", "tiles", "features")),
    )


class IntegerKernel:
    """The library with one network. Used by one thread.

    Attributes:
        features: (views, channels) float32: after a picture, in the first row, those of all views together.

    Raises (from the constructor):
        InvalidInputError: the library cannot be used, or does not compute what `classify_integer` does; or the network
            is one that it is not made for, or not for pictures of so few pixels.
    """

    def __init__(self, library: Path, network: IntegerNetwork, side: int) -> None:
        self._library = load_library(library, ["read_values", "tile_values"], ["classify"])
        self._kept: list[NDArray[np.generic]] = []
        self._views = network.views
        channels = [_round_up(len(network.stem)), *(_round_up(len(one.weights)) for one in network.layers)]
        sides = _find_sides(network, side)
        layers = (_Layer * len(network.layers))()
        for index, layer in enumerate(network.layers):
            layers[index] = self._lay_out(layer, sides[index], channels[index], channels[index + 1])
        tiles = max(self._library.tile_values(ctypes.byref(layer)) for layer in layers)
        self._pictures = make_aligned(network.views * 3 * side * side, np.float32).reshape(network.views, 3, side, side)
        self._probabilities = make_aligned(len(network.dense), np.float32)
        self.features = make_aligned(network.views * channels[-1], np.float32).reshape(network.views, -1)
        self._layers = layers
        self._network = _Network(
            pictures=network.views,
            side=side,
            stem_outputs=channels[0],
            layers=len(layers),
            classes=len(network.dense),
            stem=self._keep(_pad(network.stem.transpose(1, 2, 3, 0), channels[0])),
            stem_bias=self._keep(_pad(network.stem_bias, channels[0])),
            dense=self._keep(_pad(network.dense, channels[-1])),
            dense_bias=self._keep(network.dense_bias),
            layer=ctypes.addressof(layers),
            tiles=self._keep(make_aligned(tiles, np.int16)),
            features=self.features.ctypes.data,
        )
        self._given = (ctypes.byref(self._network), address(self._pictures), address(self._probabilities))
        self._verify(library, network, side)

    def _verify(self, library: Path, network: IntegerNetwork, side: int) -> None:
        picture = np.random.default_rng(0).integers(0, 256, (3, side, side)).astype(np.float32)
        probabilities = self.classify(picture)
        features = find_features(picture, network)
        if not (
            np.array_equal(self.features[0, : len(features)], features)
            and np.allclose(probabilities, to_probabilities(features, network), atol=_ROUNDING)
        ):
            raise InvalidInputError(f"{library} does not compute what its source does", "Run `make setup`.")

    def classify(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities (classes,) of a picture (3, side, side)."""
        self._pictures[:] = show_views(picture, self._views)
        self._library.classify(*self._given)
        return self._probabilities.copy()

    def _lay_out(self, layer: IntegerLayer, side: int, inputs: int, outputs: int) -> _Layer:
        made = _Layer(
            inputs=inputs,
            outputs=outputs,
            side=side,
            has_border=layer.has_border,
            is_pooled=layer.is_pooled,
            weights=self._keep(lay_out_weights(layer.weights, inputs, outputs)),
            scale=self._keep(_pad(layer.scale, outputs)),
            bias=self._keep(_pad(layer.bias, outputs)),
        )
        made.map = self._keep(make_aligned(self._views * self._library.read_values(ctypes.byref(made)), np.int16))
        return made

    def _keep(self, array: NDArray[NumberT]) -> int:
        kept = align(array)
        self._kept.append(kept)
        return kept.ctypes.data


def lay_out_weights(weights: NDArray[np.int8], inputs: int, outputs: int) -> NDArray[np.int16]:
    """Of a layer (outputs, inputs, 3, 3), as the kernel takes them.

    Raises:
        InvalidInputError: a sum of its products might be too large for the kernel.
    """
    each = weights.reshape(len(weights), -1).astype(np.int64)
    largest = max(np.maximum(each, 0).sum(1).max(), np.maximum(-each, 0).sum(1).max())
    if largest * LARGEST_LEVEL * _LARGER > np.iinfo(np.int32).max:
        raise InvalidInputError(f"no classifier that is compiled: weights of together {largest}")
    padded = np.zeros((outputs, inputs, 3, 3), np.float32)  # multiplied faster than integers, and as exactly
    padded[: weights.shape[0], : weights.shape[1]] = weights.transpose(0, 1, 3, 2)  # column by column, as spots
    spots = _TO_SPOTS @ padded.reshape(-1, 9).T
    parts = spots.reshape(-1, outputs // _CHUNK, _CHUNK, inputs // 2, 2)  # spot, block, output, pair, input
    return np.asarray(parts.transpose(1, 0, 3, 2, 4), np.int16)


def _find_sides(network: IntegerNetwork, side: int) -> list[int]:
    """How large the maps are that the layers read.

    Raises:
        InvalidInputError: nothing would be left, or the last layer is pooled.
    """
    sides, left = [], side - 1
    for layer in network.layers:
        sides.append(left)
        summed = left if layer.has_border else left - 2
        left = summed // 2 if layer.is_pooled else summed
    if min(sides[0] - _STEM_PIXELS, *sides, left - 1) < 0 or network.layers[-1].is_pooled:
        raise InvalidInputError(f"no classifier that is compiled: layers that read {sides} and leave {left} pixels")
    return sides


def _pad(array: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """With zeros behind the last axis, until it has this many."""
    return np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, count - array.shape[-1])])


def _round_up(channels: int) -> int:
    return -(-channels // _CHUNK) * _CHUNK
