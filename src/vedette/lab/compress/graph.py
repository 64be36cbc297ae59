"""A network as OpenVINO has it, with its layers laid open: normalisations folded in, weights as float32 constants.

Whatever comes in (a release of the registry, a Keras model) becomes this, so that one table fits all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from openvino._offline_transformations import apply_moc_transformations

from vedette.lab.compress.low_rank import CpLayers, SvdLayers
from vedette.lab.compress.weights import Weights

_KINDS = frozenset({"Convolution", "MatMul"})
Split = SvdLayers | CpLayers


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer with weights.

    Attributes:
        name: The same in every copy of the model.
        weights: (O, I, kh, kw), (O, I) of a matrix, outputs first.
        is_turned: The graph has the matrix as (I, O).
    """

    name: str
    weights: Weights
    is_turned: bool = False

    @property
    def is_spatial(self) -> bool:
        """Whether the kernel sees more than one place."""
        return self.weights.ndim == 4 and self.weights.shape[2] * self.weights.shape[3] > 1


def open_files(files: Sequence[bytes], shape: Sequence[int] | None) -> ov.Model:
    """Reads a release's files; `shape` of the one input, None as the model says."""
    model = ov.Core().read_model(files[0], files[1] if len(files) > 1 else b"")
    return lay_open(model, shape)


def open_keras(path: Path, shape: Sequence[int] | None) -> ov.Model:
    """Reads a Keras model file."""
    import keras  # noqa: PLC0415 -- a release needs no Keras

    from vedette.lab.faces.training import FaceLoss  # noqa: F401, PLC0415 -- registers the layers of ours
    from vedette.lab.layers import RareBias  # noqa: F401, PLC0415 -- as above

    network = keras.saving.load_model(path, compile=False)
    with TemporaryDirectory() as folder:
        full = Path(folder) / "full.xml"
        network.export(str(full), format="openvino", verbose=False)
        model = ov.Core().read_model(full)
        opened = lay_open(model, shape or [1, *network.input_shape[1:]])
    for number, output in enumerate(opened.outputs):
        output.get_tensor().set_names({f"output_{number}"})
    return opened


def lay_open(model: ov.Model, shape: Sequence[int] | None) -> ov.Model:
    """The model with this input shape, everything foldable folded."""
    if shape is not None:
        model.reshape(list(shape))
    apply_moc_transformations(model, cf=True)
    return model


def find_layers(model: ov.Model) -> list[Layer]:
    """All layers with constant weights, in order of computation."""
    layers = []
    for node in model.get_ordered_ops():
        source = node.input_value(1).get_node() if node.get_type_name() in _KINDS else None
        if source is None or source.get_type_name() != "Constant":
            continue
        data = np.array(source.data, np.float32)
        is_turned = node.get_type_name() == "MatMul" and not node.get_attributes()["transpose_b"]
        if data.ndim in {2, 4}:
            layers.append(Layer(node.get_friendly_name(), data.T.copy() if is_turned else data, is_turned))
    return layers


def inner_layers(layers: Sequence[Layer]) -> list[Layer]:
    """Those that the harsh methods are meant for: with a kernel of more than one place, neither first nor last.

    A network without such layers gives all but the first and the last, and one of two layers both.
    """
    middle = layers[1:-1]
    return [layer for layer in middle if layer.is_spatial] or list(middle) or list(layers)


def change_weights(model: ov.Model, layers: Sequence[Layer], change: Callable[[Weights], Weights]) -> ov.Model:
    """A copy in which these layers have other weights of the same shape."""
    return put_weights(model, layers, {layer.name: change(layer.weights) for layer in layers})


def put_weights(model: ov.Model, layers: Sequence[Layer], weights: Mapping[str, Weights]) -> ov.Model:
    """A copy in which these layers have these weights, by name."""
    copy = model.clone()
    nodes = {node.get_friendly_name(): node for node in copy.get_ops()}
    for layer in layers:
        given = weights[layer.name]
        set_constant(nodes[layer.name], 1, given.T if layer.is_turned else given)
    return copy


def set_constant(node: ov.Node, place: int, data: np.ndarray) -> None:
    """Puts a float32 constant before one input of a node."""
    constant = ops.constant(np.ascontiguousarray(data, np.float32))
    node.input(place).replace_source_output(constant.output(0))


def replace_layers(model: ov.Model, splits: dict[str, Split]) -> ov.Model:
    """A copy in which these convolutions, by name, are products of smaller ones."""
    copy = model.clone()
    for node in list(copy.get_ordered_ops()):
        split = splits.get(node.get_friendly_name())
        if split is None:
            continue
        last = _build_svd(node, split) if isinstance(split, SvdLayers) else _build_cp(node, split)
        for target in node.output(0).get_target_inputs():
            target.replace_source_output(last.output(0))
        last.set_friendly_name(node.get_friendly_name() + "/split")
    copy.validate_nodes_and_infer_types()
    return copy


def count_other_numbers(model: ov.Model, layers: Sequence[Layer]) -> int:
    """Floating constants beside the weights of these layers: biases, mostly."""
    floats = [
        int(np.prod(node.get_output_shape(0)))
        for node in model.get_ops()
        if node.get_type_name() == "Constant" and node.get_element_type().is_real()
    ]
    return max(0, sum(floats) - sum(layer.weights.size for layer in layers))


def _build_svd(node: ov.Node, split: SvdLayers) -> ov.Node:
    given = node.get_attributes()
    inner = ops.convolution(
        node.input_value(0),
        ops.constant(split.inner),
        given["strides"],
        given["pads_begin"],
        given["pads_end"],
        given["dilations"],
        given["auto_pad"],
    )
    return _point(inner.output(0), split.outer[:, :, 0, 0])


def _build_cp(node: ov.Node, split: CpLayers) -> ov.Node:
    given = node.get_attributes()
    rank = len(split.into)
    x = _point(node.input_value(0), split.into)
    for axis, kernel in ((0, split.down.reshape(rank, 1, 1, -1, 1)), (1, split.across.reshape(rank, 1, 1, 1, -1))):
        only = [[value if place == axis else rest for place, value in enumerate(given[key])] for key, rest in _ALONG]
        kernel_node = ops.constant(np.ascontiguousarray(kernel))
        x = ops.group_convolution(x.output(0), kernel_node, *only, given["auto_pad"])
    return _point(x.output(0), split.out)


_ALONG = (("strides", 1), ("pads_begin", 0), ("pads_end", 0), ("dilations", 1))


def _point(source: ov.Output, matrix: Weights) -> ov.Node:
    kernel = ops.constant(np.ascontiguousarray(matrix[:, :, None, None], np.float32))
    return ops.convolution(source, kernel, [1, 1], [0, 0], [0, 0], [1, 1])
