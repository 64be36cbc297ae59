"""The network of appearance: plain 3x3 layers to 1/16, a mean of each quarter of the height, 256 numbers."""

import keras
from keras import layers, ops

from vedette.lab.appearance.samples import INPUT_WH
from vedette.lab.layers import conv, dtype_policy, residual
from vedette.vision.recognize.attribute_forms import VECTOR_SIZE

OUTPUT = "embedding"
_STRIPES = 4
"""Of the height: what is worn above and what below must not become one mean."""


def build_embedder(dtype: str = "float32") -> keras.Model:
    """Picture (N, 128, 64, 3) BGR 0..1 -> (N, 256), not yet of unit length.

    `dtype`: Keras' policy of all layers but the last, which answers float32.
    """
    with dtype_policy(dtype):
        return _build()


def _build() -> keras.Model:
    image = keras.Input((INPUT_WH[1], INPUT_WH[0], 3), name="image")
    x = residual(conv(image, 24, 2), 24)
    x = residual(conv(x, 48, 2), 48)
    x = residual(conv(x, 80, 2), 80)
    x = residual(conv(x, 96, 2), 96)
    stripes = layers.AveragePooling2D((x.shape[1] // _STRIPES, x.shape[2]))(x)
    best = layers.GlobalMaxPooling2D()(x)
    x = layers.Concatenate()([layers.Flatten()(stripes), best])
    return keras.Model(image, layers.Dense(VECTOR_SIZE, dtype="float32")(x), name="person_reid")


def as_unit_vectors(model: keras.Model) -> keras.Model:
    """The network as the product calls it: (1, 3, 128, 64) BGR 0..255 -> (1, 256) of unit length."""
    image = keras.Input((3, INPUT_WH[1], INPUT_WH[0]), name="image", batch_size=1)
    return keras.Model(image, unit(model(layers.Permute((2, 3, 1))(image) / 255.0)))


def unit(vectors: keras.KerasTensor) -> keras.KerasTensor:
    """(N, D) of unit length."""
    return vectors / ops.sqrt(ops.maximum(ops.sum(ops.square(vectors), axis=-1, keepdims=True), 1e-12))
