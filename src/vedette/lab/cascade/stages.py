"""Cuts a network into stages that are run one after the other, so that what comes after an exit is never computed."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from vedette.core.errors import InvalidInputError
from vedette.lab.cascade.early_exit import Maps, Stage

if TYPE_CHECKING:
    import keras

_OPTIONS = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}


def split_openvino(model: ov.Model, cuts: Sequence[str]) -> list[Stage]:
    """Stages up to each of these nodes, by name, and from the last one to the model's first output; one thread.

    A cut behind a quantisation is quantised once more after it, which changes no number and keeps the stage's first
    layer in whole numbers.

    Raises:
        InvalidInputError: a name is none of the model's, or past it the network needs more than its output.
    """
    bounds: list[str | None] = [None, *cuts, None]
    return [compile_stage(_cut_out(model, start, end)) for start, end in pairwise(bounds)]


def split_keras(model: "keras.Model", cuts: Sequence[str]) -> list[Stage]:
    """The same of a functional Keras model, by names of layers. Maps are (N, H, W, C)."""
    import keras  # noqa: PLC0415 -- a network of OpenVINO needs no Keras

    points = [model.input, *(model.get_layer(name).output for name in cuts), model.output]
    parts = [keras.Model(start, end) for start, end in pairwise(points)]
    return [_run_keras(part) for part in parts]


def compile_for_one_thread(model: ov.Model) -> ov.InferRequest:
    """Ready to run in float32 where nothing is quantised."""
    return ov.Core().compile_model(model, "CPU", _OPTIONS).create_infer_request()


def compile_stage(model: ov.Model) -> Stage:
    """A model of one input and one output as a stage."""
    request = compile_for_one_thread(model)

    def run(maps: Maps) -> Maps:
        request.infer({0: maps})
        return np.array(request.get_output_tensor(0).data, np.float32)

    return run


def _run_keras(part: "keras.Model") -> Stage:
    def run(maps: Maps) -> Maps:
        return np.asarray(part(maps, training=False), np.float32)

    return run


def _cut_out(model: ov.Model, start: str | None, end: str | None) -> ov.Model:
    copy = model.clone()
    nodes = {node.get_friendly_name(): node for node in copy.get_ops()}
    unknown = [name for name in (start, end) if name is not None and name not in nodes]
    if unknown:
        raise InvalidInputError(f"the network has no node {', '.join(unknown)}")
    parameters = copy.get_parameters()
    if start is not None:
        parameters = [_begin_at(nodes[start])]
    results = [copy.get_results()[0]] if end is None else [ops.result(nodes[end].output(0))]
    try:
        return ov.Model(results, parameters)
    except RuntimeError as error:
        raise InvalidInputError(f"behind {start} the network needs more than its output") from error


def _begin_at(node: ov.Node) -> ov.Node:
    """Puts a new input in the place of a node's output."""
    readers = list(node.output(0).get_target_inputs())
    parameter = ops.parameter(node.get_output_shape(0), node.get_output_element_type(0))
    source = parameter
    if node.get_type_name() == "FakeQuantize":
        bounds = [node.input_value(place) for place in range(1, 5)]
        source = ops.fake_quantize(parameter.output(0), *bounds, node.get_attributes()["levels"])
    for reader in readers:
        reader.replace_source_output(source.output(0))
    return parameter
