"""The face detector's network: plain 3x3 layers, three sizes of faces, the answer in YuNet's form."""

import keras
from keras import layers, ops

from vedette.lab.layers import RareBias, add_up, conv, dtype_policy, residual

STRIDES = (8, 16, 32)
VALUES = 15
"""Of a cell: score, four of the box, ten of the points."""
_RARE_LOGIT = -4.0


def build_face_detector(dtype: str = "float32") -> keras.Model:
    """Picture (N, H, W, 3) BGR 0..1, sides multiples of 32 -> (N, cells, 15): logit, box, five points.

    `dtype`: Keras' policy of all layers but the last, which answer float32.
    """
    with dtype_policy(dtype):
        return _build()


def _build() -> keras.Model:
    image = keras.Input((None, None, 3), name="image")
    x = conv(image, 16, 2)
    x = conv(x, 24, 2)
    x = conv(x, 48, 2)
    eighth = residual(x, 48)
    sixteenth = residual(conv(eighth, 64, 2), 64)
    x = residual(conv(sixteenth, 96, 2), 96)
    thirty_second = residual(x, 96)
    sixteenth = add_up(thirty_second, sixteenth, 64)
    eighth = add_up(sixteenth, eighth, 48)
    heads = [_head(fine, stride) for fine, stride in zip((eighth, sixteenth, thirty_second), STRIDES, strict=True)]
    return keras.Model(image, layers.Concatenate(axis=1, dtype="float32")(heads), name="face_detector")


def _head(x: keras.KerasTensor, stride: int) -> keras.KerasTensor:
    x = layers.Conv2D(VALUES, 1, name=f"cells_{stride}", bias_initializer=RareBias(1, _RARE_LOGIT), dtype="float32")(x)
    return layers.Reshape((-1, VALUES), dtype="float32")(x)


def as_yunet(model: keras.Model) -> keras.Model:
    """The detector as the product calls it: (1, 3, H, W) BGR 0..255 -> YuNet's `cls`, `obj`, `bbox`, `kps` per stride.

    Class and object score are one here, so that their geometric mean is the score.
    """
    image = keras.Input((3, None, None), name="image", batch_size=1)
    heads = [model.get_layer(f"cells_{stride}").output for stride in STRIDES]
    cells = keras.Model(model.input, heads)(layers.Permute((2, 3, 1))(image) / 255.0)
    answers = []
    for head in cells:
        rows = ops.reshape(head, (1, -1, VALUES))
        score = ops.sigmoid(rows[..., :1])
        answers += [score, score + 0.0, rows[..., 1:5], rows[..., 5:]]
    return keras.Model(image, answers)


def output_names() -> tuple[str, ...]:
    """Of the exported network, in order."""
    return tuple(f"{kind}_{stride}" for stride in STRIDES for kind in ("cls", "obj", "bbox", "kps"))
