"""The network: plain 3x3 layers down to 1/32, its answer added back into 1/8, one head there."""

import keras
from keras import layers, ops

from vedette.lab.detector.samples import CLASSES, STRIDE
from vedette.lab.layers import RareBias, add_up, conv, dtype_policy, residual

RELEASE_WH = (640, 352)
"""Input of the release: larger than the samples, so that it finds smaller things (Touvron et al. 2019)."""
_RARE_LOGIT = -4.0
_LARGEST_LOG = 4.2
"""The log of the largest distance to a side, in cells: 66, more than the picture has."""


def build_detector(dtype: str = "float32") -> keras.Model:
    """Picture (N, H, W, 3) BGR 0..1, sides multiples of 32 -> (N, H/8, W/8, 7): class logits, logs of distances.

    `dtype`: Keras' policy of all layers but the last, which answers float32.
    """
    with dtype_policy(dtype):
        return _build()


def _build() -> keras.Model:
    image = keras.Input((None, None, 3), name="image")
    x = conv(image, 16, 2)
    x = conv(x, 24, 2)
    x = conv(x, 48, 2)
    eighth = residual(x, 48)
    x = conv(eighth, 80, 2)
    x = residual(x, 80)
    sixteenth = residual(x, 80)
    x = conv(sixteenth, 128, 2)
    x = residual(x, 128)
    x = residual(x, 128)
    x = add_up(x, sixteenth, 80)
    x = add_up(x, eighth, 64)
    bias = RareBias(CLASSES, _RARE_LOGIT)
    x = layers.Conv2D(CLASSES + 4, 1, name="cells", bias_initializer=bias, dtype="float32")(x)
    return keras.Model(image, x, name="detector")


def distances(cells: keras.KerasTensor) -> keras.KerasTensor:
    """Distances to left, top, right and bottom in cells, from the network's logs."""
    return ops.exp(ops.clip(cells[..., CLASSES:], -4.0, _LARGEST_LOG))


def as_boxes(model: keras.Model) -> keras.Model:
    """The detector as the product calls it: (1, 3, H, W) BGR 0..255 -> boxes (cells, 5) in pixels with score, labels.

    A cell speaks only where it is the highest of its neighbours.
    """
    image = keras.Input((3, None, None), name="image", batch_size=1)
    cells = model(layers.Permute((2, 3, 1))(image) / 255.0)
    scores = ops.sigmoid(cells[..., :CLASSES])
    highest = layers.MaxPooling2D(3, 1, padding="same")(scores)
    ones = ops.ones_like(cells[..., 0])  # counted by sums, so that the product may choose another input size
    middle = [ops.reshape(ops.cumsum(ones, axis=axis), (-1, 1)) - 0.5 for axis in (2, 1)] * 2
    far = ops.reshape(distances(cells), (-1, 4))
    sides = [middle[side] + sign * far[:, side : side + 1] for side, sign in enumerate((-1.0, -1.0, 1.0, 1.0))]
    corners = ops.concatenate(sides, axis=1) * STRIDE
    scores = ops.reshape(ops.where(scores >= highest, scores, 0.0), (-1, CLASSES))
    best = ops.max(scores, axis=1, keepdims=True)
    numbers = ops.arange(CLASSES, dtype="float32")[None, :]
    labels = ops.min(ops.where(scores >= best, numbers, float(CLASSES)), axis=1)  # OpenVINO cannot convert argmax
    return keras.Model(image, [ops.concatenate([corners, best], axis=1), labels])
