"""The networks of the picture classifier: the report's, layer by layer, and two lean ones of our own.

The report (a student's CNN for CIFAR-10, Keras, 2024): 2,915,114 weights, nine tenths of them in two dense layers. Ours
have none of these: a whitened stem, three groups, a maximum over what is left (after airbench94, K. Jordan 2024).
"""

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

SIDE_PX = 32
CLASSES = 10
SMALL_WIDTHS = (32, 64, 128)
LARGE_WIDTHS = (64, 128, 256)
_REPORT_WIDTHS = (32, 64, 128)
_REPORT_DENSE = (1024, 512)
_REPORT_DROPOUT = 0.2
_STEM_PX = 2
_WHITENING_EPSILON = 1e-4


def build_report() -> keras.Model:
    """Picture (N, 32, 32, 3) 0..1 -> (N, 10) probabilities. Every layer as the report lists it, Keras' defaults."""
    parts: list[keras.layers.Layer] = [keras.Input((SIDE_PX, SIDE_PX, 3), name="image")]
    for index, width in enumerate(_REPORT_WIDTHS):
        parts += [
            layers.Conv2D(width, 3, padding="same", activation="relu", name=f"conv_{2 * index + 1}"),
            layers.Dropout(_REPORT_DROPOUT),
            layers.Conv2D(width, 3, padding="same", activation="relu", name=f"conv_{2 * index + 2}"),
            layers.MaxPooling2D(2),
        ]
    parts += [layers.Flatten(), layers.Dropout(_REPORT_DROPOUT)]
    for width in _REPORT_DENSE:
        limit = keras.constraints.MaxNorm(3)
        parts += [
            layers.Dense(width, activation="relu", kernel_constraint=limit, name=f"dense_{width}"),
            layers.Dropout(_REPORT_DROPOUT),
        ]
    parts.append(layers.Dense(CLASSES, activation="softmax", name="classes"))
    return keras.Sequential(parts, name="report")


def build_lean(widths: tuple[int, int, int], pictures: NDArray[np.uint8], dtype: str = "float32") -> keras.Model:
    """Picture (N, 32, 32, 3) 0..1 -> (N, 10) logits.

    Args:
        widths: Channels of the three groups.
        pictures: (M, H, W, 3) uint8 whose patches the stem whitens; it is not trained.
        dtype: Keras' policy of all layers but the last, which answers float32.
    """
    image = keras.Input((SIDE_PX, SIDE_PX, 3), name="image")
    kernel, bias = whiten(pictures)
    stem = layers.Conv2D(kernel.shape[-1], _STEM_PX, name="stem", trainable=False, dtype=dtype)
    x = layers.ReLU(dtype=dtype)(stem(image))
    stem.set_weights([kernel, bias])
    for width in widths:
        x = layers.Conv2D(width, 3, padding="same", use_bias=False, dtype=dtype)(x)
        x = layers.MaxPooling2D(2, dtype=dtype)(x)  # before the normalisation: a quarter of its work
        x = _normalised(x, dtype)
        x = _normalised(layers.Conv2D(width, 3, padding="same", use_bias=False, dtype=dtype)(x), dtype)
    x = layers.GlobalMaxPooling2D(dtype=dtype)(x)
    return keras.Model(image, layers.Dense(CLASSES, name="classes", dtype="float32")(x), name="lean")


def _normalised(x: keras.KerasTensor, dtype: str) -> keras.KerasTensor:
    return layers.ReLU(dtype=dtype)(layers.BatchNormalization(momentum=0.9, dtype=dtype)(x))


def whiten(pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel (2, 2, 3, 24) and bias (24,) that make uncorrelated numbers of like size of 2x2 patches, 0..1.

    Half of the filters are the other half with the sign changed, because what follows keeps only what is positive.
    """
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (_STEM_PX, _STEM_PX), axis=(1, 2))
    patches = windows[:, ::3, ::3].transpose(0, 1, 2, 4, 5, 3).reshape(-1, _STEM_PX * _STEM_PX * 3) / np.float32(255)
    mean = patches.mean(0)
    values, vectors = np.linalg.eigh(np.cov(patches - mean, rowvar=False))
    filters = vectors / np.sqrt(values + _WHITENING_EPSILON)
    both = np.concatenate([filters, -filters], axis=1).astype(np.float32)
    return both.reshape(_STEM_PX, _STEM_PX, 3, -1), -(mean @ both).astype(np.float32)


def with_mirror(model: keras.Model) -> keras.Model:
    """The same network, which answers with the mean of the logits of a picture and of its mirror image."""
    image = keras.Input((SIDE_PX, SIDE_PX, 3), name="image")
    both = ops.concatenate([image, ops.flip(image, axis=2)], axis=0)
    seen, mirrored = ops.split(model(both), 2, axis=0)
    return keras.Model(image, (seen + mirrored) / 2, name=model.name)


def as_probabilities(model: keras.Model, temperature: float) -> keras.Model:
    """The classifier as the product calls it: (1, 3, 32, 32) BGR 0..255 -> (1, 10) probabilities.

    `temperature` divides the logits (Guo et al. 2017); a model that ends in a softmax is taken as it is.
    """
    image = keras.Input((3, SIDE_PX, SIDE_PX), name="image", batch_size=1)
    answer = model(layers.Permute((2, 3, 1))(image) / 255.0)
    if model.name != "report":
        answer = ops.softmax(answer / temperature)
    return keras.Model(image, answer)
