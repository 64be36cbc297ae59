"""The two networks: small and fully convolutional."""

import keras
from keras import layers

from vedette.lab.layers import RareBias, conv, residual
from vedette.lab.plates.glyphs import LETTERS
from vedette.lab.plates.reader_samples import INPUT_WH

CORNER_VALUES = 8


def build_reader() -> keras.Model:
    """Grey cut-out (N, 64, 160, 1), mean 0 and deviation 1 -> probabilities of 36 signs and blank (N, 8, 40, 37)."""
    image = keras.Input((INPUT_WH[1], INPUT_WH[0], 1), name="image")
    x = conv(image, 16, 2)
    x = conv(x, 32, 2)
    x = conv(x, 48)
    x = conv(x, 64, (2, 1))
    x = residual(x, 64)
    x = residual(x, 64)
    x = layers.Conv2D(96, 1, activation="relu")(x)
    signs = layers.Conv2D(len(LETTERS) + 1, 1, activation="softmax", name="signs")(x)
    return keras.Model(image, signs, name="plate_reader")


def build_detector() -> keras.Model:
    """Picture (N, H, W, 3) BGR 0..1, sides multiples of 16 -> (N, H/8, W/8, 9): plate logit, 4 corner offsets.

    One layer at a sixteenth sees what is around a plate (lamps, bumper, wheel); its answer is added to the finer one.
    """
    image = keras.Input((None, None, 3), name="image")
    x = conv(image, 12, 2)
    x = conv(x, 24, 2)
    x = conv(x, 48, 2)
    fine = residual(x, 48)
    x = conv(fine, 80, 2)
    x = residual(x, 80)
    x = residual(x, 80, dilation=2)
    x = layers.Conv2D(48, 1, use_bias=False)(x)
    x = layers.UpSampling2D(2, interpolation="nearest")(x)
    x = layers.Add()([x, fine])
    x = conv(x, 48)
    plates = layers.Conv2D(1 + CORNER_VALUES, 1, name="plates", bias_initializer=RareBias())(x)
    return keras.Model(image, plates, name="plate_detector")
