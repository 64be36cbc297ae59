"""The network: plain 3x3 layers, then the mean and the most of each map."""

import keras
from keras import layers

from vedette.lab.layers import conv
from vedette.vision.recognize.glasses import STRIP_WH


def build_glasses() -> keras.Model:
    """Strip (N, 32, 64, 1), mean 0 and spread 1 -> (N, 1): the logit that glasses are worn."""
    strip = keras.Input((STRIP_WH[1], STRIP_WH[0], 1), name="strip")
    x = conv(strip, 16)
    x = conv(x, 24, 2)
    x = conv(x, 32, 2)
    x = conv(x, 48, 2)
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.Dropout(0.2)(x)
    return keras.Model(strip, layers.Dense(1, name="worn")(x), name="glasses")
