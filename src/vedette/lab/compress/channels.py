"""Takes whole channels out of a network: what is pruned in this way is really computed no more (Li et al. 2017)."""

from dataclasses import dataclass

import numpy as np
import openvino as ov

from vedette.lab.compress.graph import set_constant


@dataclass(frozen=True, slots=True)
class _Pair:
    """A convolution whose channels only one other one reads, and the additions between them."""

    first: ov.Node
    biases: list[ov.Node]
    second: ov.Node


def prune_channels(model: ov.Model, share: float) -> ov.Model:
    """A copy without this share of the channels (the smallest by magnitude) wherever a channel has one reader.

    Channels that a residual addition or a second layer reads stay: taking one out there means taking it out everywhere.
    """
    copy = model.clone()
    for node in copy.get_ordered_ops():
        pair = _find_pair(node) if node.get_type_name() == "Convolution" else None
        if pair is not None:
            _take_out(pair, share)
    copy.validate_nodes_and_infer_types()
    return copy


def _find_pair(first: ov.Node) -> _Pair | None:
    node = first
    biases: list[ov.Node] = []
    while True:
        readers = list(node.output(0).get_target_inputs())
        if len(readers) != 1:
            return None
        node = readers[0].get_node()
        if node.get_type_name() == "Convolution":
            return _Pair(first, biases, node) if readers[0].get_index() == 0 else None
        if node.get_type_name() == "Add" and _is_bias(node):
            biases.append(node)
        elif node.get_type_name() != "Relu":
            return None


def _is_bias(node: ov.Node) -> bool:
    source = node.input_value(1).get_node()
    shape = list(node.input_value(1).get_shape())
    return source.get_type_name() == "Constant" and len(shape) == 4 and shape == [1, shape[1], 1, 1]


def _take_out(pair: _Pair, share: float) -> None:
    kernel = _data(pair.first)
    count = int(len(kernel) * share)
    size = np.abs(kernel).reshape(len(kernel), -1).sum(axis=1)
    keep = np.sort(np.argsort(size, kind="stable")[count:])
    set_constant(pair.first, 1, kernel[keep])
    for bias in pair.biases:
        set_constant(bias, 1, _data(bias)[:, keep])
    set_constant(pair.second, 1, _data(pair.second)[:, keep])


def _data(node: ov.Node) -> np.ndarray:
    return np.array(node.input_value(1).get_node().data, np.float32)
