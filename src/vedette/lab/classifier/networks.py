"""The networks of the picture classifier: the report's, layer by layer, and two lean ones of our own.

The report (a student's CNN for CIFAR-10, Keras, 2024): 2,915,114 weights, nine tenths of them in two dense layers. Ours
have none of these: a whitened stem, three groups, a maximum over what is left (after airbench94, K. Jordan 2024).
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

SIDE_PX = 32
CLASSES = 10
_REPORT_WIDTHS = (32, 64, 128)
_REPORT_DENSE = (1024, 512)
_REPORT_DROPOUT = 0.2
_STEM_PX = 2
_WHITENING_EPSILON = 1e-4


@dataclass(frozen=True, slots=True)
class LeanShape:
    """How large one of our own networks is.

    Attributes:
        widths: Channels of the three groups.
        stem: Filters of the stem, two for each of so many directions in which patches differ most. In JPEG with halved
            colours the last four of twelve hold .0003 of the variance.
        unpadded: So many groups, the first ones, begin with a layer that gives no answer at the border: less work, and
            nothing lies beyond the last pooling. 0: maps of 15, 7 and 3 pixels; 2: of 14, 6 and 3.
    """

    widths: tuple[int, int, int]
    stem: int = 24
    unpadded: int = 0


SMALL = LeanShape((32, 64, 128), stem=16, unpadded=2)
LARGE = LeanShape((64, 128, 256))


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


def build_lean(
    shape: LeanShape, pictures: NDArray[np.uint8], dtype: str = "float32", *, pools_last: bool = False
) -> keras.Model:
    """Picture (N, 32, 32, 3) 0..1 -> (N, 10) logits.

    Args:
        shape: How large it is.
        pictures: (M, H, W, 3) uint8 whose patches the stem whitens; it is not trained.
        dtype: Keras' policy of all layers but the last, which answers float32.
        pools_last: Of what is normalised, which runs in one step with the layer before; training takes longer so.
    """
    image = keras.Input((SIDE_PX, SIDE_PX, 3), name="image")
    kernel, bias = whiten(pictures, shape.stem)
    stem = layers.Conv2D(kernel.shape[-1], _STEM_PX, name="stem", trainable=False, dtype=dtype)
    x = layers.ReLU(dtype=dtype)(stem(image))
    stem.set_weights([kernel, bias])
    for index, width in enumerate(shape.widths):
        padding = "valid" if index < shape.unpadded else "same"
        x = layers.Conv2D(width, 3, padding=padding, use_bias=False, dtype=dtype)(x)
        pool = layers.MaxPooling2D(2, dtype=dtype)
        x = pool(_normalised(x, dtype)) if pools_last else _normalised(pool(x), dtype)  # first: a quarter of the work
        x = _normalised(layers.Conv2D(width, 3, padding="same", use_bias=False, dtype=dtype)(x), dtype)
    x = layers.GlobalMaxPooling2D(dtype=dtype)(x)
    return keras.Model(image, layers.Dense(CLASSES, name="classes", dtype="float32")(x), name="lean")


def may_pool_last(model: keras.Model) -> bool:
    """Whether pooling last gives the same: normalisations that turn no number round leave the largest the largest."""
    found = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    return all(float(np.min(np.asarray(layer.gamma))) > 0 for layer in found)


def _normalised(x: keras.KerasTensor, dtype: str) -> keras.KerasTensor:
    return layers.ReLU(dtype=dtype)(layers.BatchNormalization(momentum=0.9, dtype=dtype)(x))


def whiten(pictures: NDArray[np.uint8], filters: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel (2, 2, 3, filters) and bias (filters,) that make uncorrelated numbers of like size of 2x2 patches, 0..1.

    Of the twelve directions those in which patches differ most are kept. Half of the filters are the other half with
    the sign changed, because what follows keeps only what is positive.
    """
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (_STEM_PX, _STEM_PX), axis=(1, 2))
    patches = windows[:, ::3, ::3].transpose(0, 1, 2, 4, 5, 3).reshape(-1, _STEM_PX * _STEM_PX * 3) / np.float32(255)
    mean = patches.mean(0)
    values, vectors = np.linalg.eigh(np.cov(patches - mean, rowvar=False))
    kept = slice(len(values) - filters // 2, None)
    directions = vectors[:, kept] / np.sqrt(values[kept] + _WHITENING_EPSILON)
    both = np.concatenate([directions, -directions], axis=1).astype(np.float32)
    return both.reshape(_STEM_PX, _STEM_PX, 3, -1), -(mean @ both).astype(np.float32)


def with_views(model: keras.Model) -> keras.Model:
    """The same network, which answers with the mean of the logits of four views: a picture and its mirror image, each
    moved by a pixel down to the right and up to the left, with a mirrored rim (after airbench94). Mirrored pictures get
    the same answer.
    """
    image = keras.Input((SIDE_PX, SIDE_PX, 3), name="image")
    both = ops.concatenate([image, ops.flip(image, axis=2)], axis=0)
    wide = ops.pad(both, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    views = ops.concatenate([wide[:, :SIDE_PX, :SIDE_PX], wide[:, 2:, 2:]], axis=0)
    answers = ops.split(model(views), 4, axis=0)
    return keras.Model(image, sum(answers[1:], answers[0]) / 4, name=model.name)


def as_probabilities(model: keras.Model, temperature: float) -> keras.Model:
    """The classifier as the product calls it: (1, 3, 32, 32) BGR 0..255 -> (1, 10) probabilities.

    `temperature` divides the logits (Guo et al. 2017); a model that ends in a softmax is taken as it is.
    """
    image = keras.Input((3, SIDE_PX, SIDE_PX), name="image", batch_size=1)
    answer = model(layers.Permute((2, 3, 1))(image) / 255.0)
    if model.name != "report":
        answer = ops.softmax(answer / temperature)
    return keras.Model(image, answer)
