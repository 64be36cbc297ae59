"""Training that begins with the weights of a release, for when its checkpoint is gone, and ends between old and new.

A release has each normalisation multiplied into the convolution before it. The network that goes on learning needs it
apart, with the statistics that its layers see: they are measured on pictures, and scale and offset set so that the
answers stay the same.

What is trained on for a short while on other pictures learns those and forgets others. A mean of the weights before
and after keeps both (Wortsman et al. 2022, "WiSE-FT"): docs/models/detector.md has what each of them found.
"""

from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import openvino as ov
from keras import layers
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError

_FLOATS = frozenset({"f16", "f32"})
_BATCH = 16
Numbers = NDArray[np.floating]
Kernel = tuple[NDArray[np.float32], NDArray[np.float32] | None]
"""Weights (height, width, in, out) of a convolution, and its offset (out,), where it has one."""


def take_released(
    model: keras.Model, xml: Path, pictures: NDArray[np.float32], *, full_scale: float = 1.0
) -> keras.Model:
    """Gives a network that is one chain of convolutions the weights of its release.

    Args:
        model: Just built. Its convolutions come in the order in which it computes them.
        xml: The release in half or full floats (OpenVINO IR; not int8).
        pictures: (N, H, W, C) as the network is trained on; some hundred, like those to come.
        full_scale: What the release takes where the model takes 1: its first convolution has the division in it.

    Raises:
        InvalidInputError: the release is of another network.
    """
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    (first, first_offset), *rest = _read_kernels(xml)
    kernels = [(first * np.float32(full_scale), first_offset), *rest]
    shapes = [tuple(layer.kernel.shape) for layer in convolutions]
    if shapes != [kernel.shape for kernel, _ in kernels]:
        raise InvalidInputError(
            f"{xml} is not a release of this network", "Name the .xml of its fp16 release, of the same layers."
        )
    norms = {before: after for before, after in pairwise(model.layers) if isinstance(after, layers.BatchNormalization)}
    for layer, (kernel, offset) in zip(convolutions, kernels, strict=True):
        layer.kernel.assign(kernel)
        if layer.use_bias:
            layer.bias.assign(np.zeros(kernel.shape[-1], np.float32) if offset is None else offset)
        elif layer in norms:
            width = kernel.shape[-1]
            _set_norm(norms[layer], np.zeros(width), np.ones(width), np.zeros(width) if offset is None else offset)
    _measure_norms(model, [layer for layer in convolutions if layer in norms], norms, pictures)
    return model


def average(before: keras.Model, after: keras.Model, share: float, pictures: NDArray[np.float32]) -> None:
    """Makes `after` the mean of both, of which it is this share, and gives normalisations what they then see."""
    pairs = zip(before.get_weights(), after.get_weights(), strict=True)
    after.set_weights([(1 - share) * old + share * new for old, new in pairs])
    norms = [layer for layer in after.layers if isinstance(layer, layers.BatchNormalization)]
    usual = [norm.momentum for norm in norms]
    for count, begin in enumerate(range(0, len(pictures) - _BATCH + 1, _BATCH)):
        for norm in norms:
            norm.momentum = count / (count + 1)  # the mean of all batches
        after(pictures[begin : begin + _BATCH], training=True)
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum


def _read_kernels(xml: Path) -> list[Kernel]:
    """Of all convolutions, in the order in which they are computed."""
    kernels: list[Kernel] = []
    for node in ov.Core().read_model(xml).get_ordered_ops():
        if node.get_type_name() != "Convolution":
            continue
        kernel = _constant(node.input_value(1).get_node())
        if kernel is None:
            raise InvalidInputError(f"{xml} has no weights in floats", "Name the fp16 release.")
        after = [port.get_node() for port in node.output(0).get_target_inputs()]
        offset = _constant(after[0].input_value(1).get_node()) if after[0].get_type_name() == "Add" else None
        kernels.append((kernel.transpose(2, 3, 1, 0), None if offset is None else offset.reshape(-1)))
    return kernels


def _constant(node: ov.Node) -> NDArray[np.float32] | None:
    if node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    if node.get_type_name() != "Constant" or node.get_element_type().to_string() not in _FLOATS:
        return None
    return np.asarray(node.data, np.float32)


def _set_norm(norm: layers.BatchNormalization, mean: Numbers, variance: Numbers, offset: Numbers) -> None:
    """Statistics as they were measured; scale and offset so that the layer adds the offset and changes nothing else."""
    norm.moving_mean.assign(mean)
    norm.moving_variance.assign(variance)
    norm.gamma.assign(np.sqrt(variance + norm.epsilon))
    norm.beta.assign(mean + offset)


def _measure_norms(
    model: keras.Model,
    convolutions: list[layers.Conv2D],
    norms: dict[layers.Layer, layers.BatchNormalization],
    pictures: NDArray[np.float32],
) -> None:
    """What each normalisation sees, over all pictures, by one look at each."""
    watched = keras.Model(model.input, [layer.output for layer in convolutions])
    sums = [np.zeros((2, layer.filters)) for layer in convolutions]
    counts = [0] * len(convolutions)
    for picture in pictures:
        for index, seen in enumerate(watched(picture[None], training=False)):
            values = keras.ops.convert_to_numpy(seen).reshape(-1, seen.shape[-1]).astype(np.float64)
            sums[index] += values.sum(axis=0), np.square(values).sum(axis=0)
            counts[index] += len(values)
    for layer, (total, squares), count in zip(convolutions, sums, counts, strict=True):
        mean = total / count
        norm = norms[layer]
        _set_norm(norm, mean, np.maximum(squares / count - mean**2, 1e-6), keras.ops.convert_to_numpy(norm.beta))
