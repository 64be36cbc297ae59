"""The network as it is trained: every layer is a sum and product of several, which collapses exactly to one.

More weights than the 2,560 that are kept make training find better ones at the same cost: the kernels are multiplied
out before they meet a picture, so a step costs what the small network costs (docs/design/enhance.md). Luma 0..1.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from vedette.vision.enhance.network import LAYERS, SCALE, SKIP_FROM, SKIP_TO, Array, Layer

_WIDE = 64
_CALM = 0.1
"""The last layer begins small: the first guess is the picture itself, enlarged without detail."""


class Collapsible(layers.Layer):
    """A layer of `LAYERS` with more weights than it keeps. `collapsed` gives the kernel that it stands for."""

    def __init__(self, index: int, **given: Any) -> None:
        super().__init__(**given)
        self.index = index

    @property
    def layer(self) -> Layer:
        return LAYERS[self.index]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "index": self.index}

    def collapsed(self) -> Any:
        """The kernel, in the shape of the layer."""
        raise NotImplementedError

    def kernel(self) -> NDArray[np.float32]:
        """The kernel as numbers."""
        return np.asarray(ops.convert_to_numpy(self.collapsed()), np.float32)


@keras.saving.register_keras_serializable(package="vedette")
class CollapsiblePoint(Collapsible):
    """A pointwise layer (the first one sees 9 neighbours): one direct, and one through 64 channels."""

    def build(self, shape: tuple[int, ...]) -> None:  # noqa: ARG002 -- Keras passes it; `LAYERS` says it already
        outputs = self.layer.shape[-1]
        inputs = int(np.prod(self.layer.shape[:-1]))
        gain = _CALM if self.index == len(LAYERS) - 1 else 1.0
        self.wide = self.add_weight(shape=(inputs, _WIDE), initializer="glorot_uniform", name="wide")
        spread = gain * float(np.sqrt(6 / (_WIDE + outputs)))
        uniform = keras.initializers.RandomUniform(-spread, spread, seed=self.index)
        self.narrow = self.add_weight(shape=(_WIDE, outputs), initializer=uniform, name="narrow")
        self.direct = self.add_weight(shape=(inputs, outputs), initializer="zeros", name="direct")

    def collapsed(self) -> Any:
        return ops.reshape(self.direct + ops.matmul(self.wide, self.narrow), self.layer.shape)

    def call(self, maps: Any) -> Any:
        shape = (1, 1, *self.layer.shape) if self.layer.kind == "point" else (3, 3, 1, self.layer.shape[-1])
        return ops.conv(maps, ops.reshape(self.collapsed(), shape), padding="same")


@keras.saving.register_keras_serializable(package="vedette")
class CollapsibleDepth(Collapsible):
    """A depthwise layer: the whole kernel, its middle row, its middle column and its middle."""

    def build(self, shape: tuple[int, ...]) -> None:  # noqa: ARG002 -- Keras passes it; `LAYERS` says it already
        rows, columns, channels = self.layer.shape
        kernels = {(rows, columns), (1, columns), (rows, 1), (1, 1)}
        self.branches = [
            self.add_weight(
                shape=(*kernel, channels),
                initializer="ones"
                if kernel == (1, 1)
                else keras.initializers.RandomUniform(-0.2, 0.2, seed=self.index),
                name=f"branch_{kernel[0]}_{kernel[1]}",
            )
            for kernel in sorted(kernels)
        ]

    def collapsed(self) -> Any:
        rows, columns, _ = self.layer.shape
        total: Any = 0
        for branch in self.branches:
            down, across = (rows - branch.shape[0]) // 2, (columns - branch.shape[1]) // 2
            total = total + ops.pad(branch, ((down, down), (across, across), (0, 0)))
        return total

    def call(self, maps: Any) -> Any:
        return ops.depthwise_conv(maps, self.collapsed()[..., None], padding="same")


def build_network(side_px: int, start: "keras.Model | None" = None) -> keras.Model:
    """The network for training on patches of this side; its first weights are those of `start` where one is given."""
    image = keras.Input((side_px, side_px, 1), name="luma")
    maps = image
    outputs: list[Any] = []
    for index, layer in enumerate(LAYERS):
        kind = CollapsibleDepth if layer.kind == "depth" else CollapsiblePoint
        maps = kind(index, name=f"layer_{index}")(maps)
        if index == SKIP_TO:
            maps = layers.Add()([maps, outputs[SKIP_FROM]])
        if layer.rectified:
            maps = layers.ReLU()(maps)
        outputs.append(maps)
    larger = PixelShuffle()(maps + image)
    model = keras.Model(image, larger)
    if start is not None:
        model.set_weights(start.get_weights())
    return model


@keras.saving.register_keras_serializable(package="vedette")
class PixelShuffle(layers.Layer):
    """Four values per pixel become a square of 2 x 2."""

    def call(self, four: Any) -> Any:
        height, width = four.shape[1], four.shape[2]
        square = ops.reshape(four, (-1, height, width, SCALE, SCALE))
        square = ops.transpose(square, (0, 1, 3, 2, 4))
        return ops.reshape(square, (-1, height * SCALE, width * SCALE, 1))


def collapse(model: keras.Model) -> tuple[Array, ...]:
    """The 2,560 weights that a trained model stands for, one array per layer."""
    return tuple(model.get_layer(f"layer_{index}").kernel() for index in range(len(LAYERS)))
