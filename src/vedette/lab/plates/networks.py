"""The two networks: small, fully convolutional, from plain 3x3 layers that every runtime has a fast kernel for."""

import keras
from keras import layers

from vedette.lab.plates.glyphs import LETTERS
from vedette.lab.plates.reader_samples import INPUT_WH

CORNER_VALUES = 8


def _conv(
    x: keras.KerasTensor, filters: int, strides: int | tuple[int, int] = 1, dilation: int = 1
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, 3, strides, padding="same", dilation_rate=dilation, use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.97)(x)
    return layers.ReLU()(x)


def _residual(x: keras.KerasTensor, filters: int, dilation: int = 1) -> keras.KerasTensor:
    return layers.Add()([x, _conv(_conv(x, filters, dilation=dilation), filters)])


def build_reader() -> keras.Model:
    """Grey cut-out (N, 64, 160, 1), mean 0 and deviation 1 -> probabilities of 36 signs and blank (N, 8, 40, 37)."""
    image = keras.Input((INPUT_WH[1], INPUT_WH[0], 1), name="image")
    x = _conv(image, 16, 2)
    x = _conv(x, 32, 2)
    x = _conv(x, 48)
    x = _conv(x, 64, (2, 1))
    x = _residual(x, 64)
    x = _residual(x, 64)
    x = layers.Conv2D(96, 1, activation="relu")(x)
    signs = layers.Conv2D(len(LETTERS) + 1, 1, activation="softmax", name="signs")(x)
    return keras.Model(image, signs, name="plate_reader")


def build_detector() -> keras.Model:
    """Picture (N, H, W, 3) BGR 0..1, sides multiples of 16 -> (N, H/8, W/8, 9): plate logit, 4 corner offsets.

    One layer at a sixteenth sees what is around a plate (lamps, bumper, wheel); its answer is added to the finer one.
    """
    image = keras.Input((None, None, 3), name="image")
    x = _conv(image, 12, 2)
    x = _conv(x, 24, 2)
    x = _conv(x, 48, 2)
    fine = _residual(x, 48)
    x = _conv(fine, 80, 2)
    x = _residual(x, 80)
    x = _residual(x, 80, dilation=2)
    x = layers.Conv2D(48, 1, use_bias=False)(x)
    x = layers.UpSampling2D(2, interpolation="nearest")(x)
    x = layers.Add()([x, fine])
    x = _conv(x, 48)
    plates = layers.Conv2D(1 + CORNER_VALUES, 1, name="plates", bias_initializer=_rare())(x)
    return keras.Model(image, plates, name="plate_detector")


def _rare() -> keras.initializers.Initializer:
    """Begins where plates are rare (1 %), so that the first steps are not spent on learning that."""
    return _RareBias()


@keras.saving.register_keras_serializable(package="vedette")
class _RareBias(keras.initializers.Initializer):
    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> object:
        values = [-4.6] + [0.0] * (int(shape[0]) - 1)
        return keras.ops.convert_to_tensor(values, dtype=dtype or "float32")
