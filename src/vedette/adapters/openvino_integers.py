"""Reads what a classifier in int8 computes in integers (`vision/classify/integer.py`) from its OpenVINO form."""

from dataclasses import dataclass

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.vision.classify.integer import LARGEST_LEVEL, VIEWS, IntegerLayer, IntegerNetwork, show_views

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Convolution:
    """One with its bias, rectified.

    Attributes:
        largest: What the highest level stands for; 0: no levels are made of it.
    """

    node: ov.Node
    bias: Array
    largest: float
    is_pooled: bool


@dataclass(frozen=True, slots=True)
class _Head:
    """From the features of the last layer to logits: a product with the features of all views together, and a sum."""

    dense: Array
    bias: Array
    views: int
    features: ov.Node


def read_integer_network(model: ov.Model) -> IntegerNetwork:
    """Follows a network from its answer back to the picture.

    Raises:
        InvalidInputError: it is no classifier of this form in int8.
    """
    head = _read_head(model)
    stem, *convolutions = reversed(_read_convolutions(head.features))
    if not convolutions:
        raise _another_form("no levels between layers")
    levels = LARGEST_LEVEL / stem.largest
    weights = _known(_source(stem.node, 1)) * _find_factor(model, stem.node, head.views)
    if _find_border(stem.node, weights, 2):
        raise _another_form("a border around the picture")
    layers, before = [], stem
    for one in convolutions:
        layers.append(_read_layer(one, before.largest))
        before = one
    return IntegerNetwork(
        stem=(weights * levels).astype(np.float32),
        stem_bias=(stem.bias * levels).astype(np.float32),
        layers=tuple(layers),
        dense=head.dense.astype(np.float32),
        dense_bias=head.bias.astype(np.float32),
        views=head.views,
    )


def _read_head(model: ov.Model) -> _Head:
    node = _source(_expect(_source(model.get_results()[0]), "Softmax"))
    factor, bias, views = 1.0, np.zeros(1), 1
    while node.get_type_name() != "MatMul":
        if node.get_type_name() == "Multiply":
            factor *= float(_known(_source(node, 1)).item())
        elif _find(_source(_expect(node, "Add"), 1)) is not None:
            bias = bias + factor * views * _known(_source(node, 1)).reshape(-1)
        elif views == 1:
            views, node = _find_split(node)
        else:
            raise _another_form("views of views")
        node = _source(node)
    if node.get_attributes() != {"transpose_a": False, "transpose_b": True}:
        raise _another_form("a product the other way round")
    features = _expect(_source(node), "ReduceMax")
    if sorted(_known(_source(features, 1)).tolist()) != [2, 3]:
        raise _another_form("features that are no largest ones of a picture")
    return _Head(factor * _known(_source(node, 1)), bias, views, _source(features))


def _find_split(total: ov.Node) -> tuple[int, ov.Node]:
    """Of how many parts a sum of all parts is, and of what."""
    parts = [total]
    while parts[0].get_type_name() == "Add":
        parts[:1] = [_source(parts[0]), _source(parts[0], 1)]
    count = _expect(parts[0], "Split").get_attributes()["num_splits"]
    if len(parts) != count or any(part.get_name() != parts[0].get_name() for part in parts):
        raise _another_form("a sum of some of the views")
    return len(parts), parts[0]


def _read_convolutions(rectified: ov.Node) -> list[_Convolution]:
    """From the last one, whose rectified sums these are, to the first."""
    found: list[_Convolution] = []
    largest, is_pooled = 0.0, False
    while True:
        total = _expect(_source(_expect(rectified, "Relu")), "Add")
        node = _expect(_source(total), "Convolution")
        found.append(_Convolution(node, _known(_source(total, 1)).reshape(-1), largest, is_pooled))
        before = _source(node)
        is_pooled = before.get_type_name() == "MaxPool"
        if is_pooled:
            before = _source(_expect_halving(before))
        if before.get_type_name() != "FakeQuantize":
            return found
        largest, rectified = _read_largest(before), _source(before)


def _expect_halving(pool: ov.Node) -> ov.Node:
    given = pool.get_attributes()
    wanted = {"kernel": [2, 2], "strides": [2, 2], "pads_begin": [0, 0], "rounding_type": "floor"}
    if {name: given[name] for name in wanted} != wanted:
        raise _another_form("pooling that does not halve")
    return pool


def _read_largest(levels: ov.Node) -> float:
    low, high, out_low, out_high = (float(_known(_source(levels, index)).item()) for index in range(1, 5))
    if levels.get_attributes()["levels"] != LARGEST_LEVEL + 1 or (low, out_low) != (0.0, 0.0) or high != out_high:
        raise _another_form("levels that do not begin with zero")
    return high


def _read_layer(one: _Convolution, largest_before: float) -> IntegerLayer:
    product = _expect(_source(one.node, 1), "Multiply")
    weights, scale = _known(_source(product)), _known(_source(product, 1)).reshape(-1)
    has_border = _find_border(one.node, weights, 3)
    if not np.array_equal(weights, weights.astype(np.int8)) or not (scale > 0).all():
        raise _another_form("weights that are no integers")
    levels = LARGEST_LEVEL / one.largest if one.largest else 1.0
    return IntegerLayer(
        weights=weights.astype(np.int8),
        scale=(scale * (largest_before / LARGEST_LEVEL) * levels).astype(np.float32),
        bias=(one.bias * levels).astype(np.float32),
        has_border=has_border,
        is_pooled=one.is_pooled,
    )


def _find_border(convolution: ov.Node, weights: Array, side: int) -> bool:
    """Whether zeros lie around what it reads, one on each side, or none do."""
    given = convolution.get_attributes()
    pads = [*given["pads_begin"], *given["pads_end"]]
    steps = [*given["strides"], *given["dilations"]]
    if weights.shape[2:] != (side, side) or steps != [1] * 4 or pads not in ([0] * 4, [1] * 4):
        raise _another_form(f"a layer of {weights.shape} with steps of {steps} and a border of {pads}")
    return bool(pads[0])


def _find_factor(model: ov.Model, stem: ov.Node, views: int) -> float:
    """By what the pixels of all views are multiplied before the first layer, which is asked what it sees."""
    shape = model.input(0).partial_shape
    if shape.is_dynamic or list(shape.to_shape()) != [1, 3, shape[2].get_length(), shape[2].get_length()]:
        raise _another_form(f"pictures of {shape}")
    if views not in {1, VIEWS}:
        raise _another_form(f"{views} views")
    picture = np.random.default_rng(0).integers(0, 256, tuple(shape.to_shape())).astype(np.float32)
    before = ov.Model([stem.input_value(0)], model.get_parameters(), "views")
    seen = ov.Core().compile_model(before, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(picture)[0]
    wanted = show_views(picture[0], views)
    factor = float(seen.sum() / wanted.sum())
    if seen.shape != wanted.shape or not np.allclose(seen, wanted * factor, rtol=1e-4):
        raise _another_form("views of another kind")
    return factor


def _source(node: ov.Node, index: int = 0) -> ov.Node:
    return node.input_value(index).get_node()


def _expect(node: ov.Node, kind: str) -> ov.Node:
    if node.get_type_name() != kind:
        raise _another_form(f"{node.get_type_name()} for {kind}")
    return node


def _find(node: ov.Node) -> Array | None:
    """The numbers of a constant, stored in whatever type; None: it is none."""
    if node.get_type_name() == "Convert":
        node = _source(node)
    return np.asarray(node.get_data(), np.float64) if node.get_type_name() == "Constant" else None


def _known(node: ov.Node) -> Array:
    found = _find(node)
    if found is None:
        raise _another_form(f"{node.get_type_name()} for a constant")
    return found


def _another_form(what: str) -> InvalidInputError:
    return InvalidInputError(f"no classifier that is compiled: {what}")
