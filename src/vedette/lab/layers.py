"""Layers that the networks share: plain 3x3 convolutions, which every runtime has a fast kernel for."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
from keras import layers


@contextmanager
def dtype_policy(dtype: str) -> Iterator[None]:
    """Layers that are made meanwhile have this policy of Keras, those apart that name a type themselves."""
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(usual)


def conv(
    x: keras.KerasTensor, filters: int, strides: int | tuple[int, int] = 1, dilation: int = 1
) -> keras.KerasTensor:
    """3x3 convolution, batch normalisation, ReLU."""
    x = layers.Conv2D(filters, 3, strides, padding="same", dilation_rate=dilation, use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.97)(x)
    return layers.ReLU()(x)


def residual(x: keras.KerasTensor, filters: int, dilation: int = 1) -> keras.KerasTensor:
    """Two of them, added to what came in."""
    return layers.Add()([x, conv(conv(x, filters, dilation=dilation), filters)])


def add_up(coarse: keras.KerasTensor, fine: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """What half the resolution knows, added to the finer maps, and one layer on it."""
    x = layers.Conv2D(int(fine.shape[-1]), 1, use_bias=False)(coarse)
    x = layers.UpSampling2D(2, interpolation="nearest")(x)
    return conv(layers.Add()([x, fine]), filters)


@keras.saving.register_keras_serializable(package="vedette")
class RareBias(keras.initializers.Initializer):
    """A head's bias that begins where the first `count` values are rare, so that nothing is spent on learning that."""

    def __init__(self, count: int = 1, logit: float = -4.6) -> None:
        self.count, self.logit = count, logit

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> object:
        values = [self.logit] * self.count + [0.0] * (int(shape[0]) - self.count)
        return keras.ops.convert_to_tensor(values, dtype=dtype or "float32")

    def get_config(self) -> dict[str, float]:
        return {"count": self.count, "logit": self.logit}
