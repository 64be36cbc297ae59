"""Sets a changed network's layers right again without training: each channel gets its old mean and spread back.

Layer after layer, on inputs that the network meets in its work, the output of the changed layer is scaled and shifted
to what it was. Weights that were pruned, shared or binarised mostly lost in scale; what they lost in direction stays
lost. Seconds instead of a training.
"""

from collections.abc import Sequence

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops

from vedette.lab.compress.networks import Tensor

_LEAST_SPREAD = 1e-6
_MOST_GAIN = 8.0


def restore_statistics(original: ov.Model, changed: ov.Model, names: Sequence[str], inputs: Sequence[Tensor]) -> int:
    """Inserts scale and shift after each of these layers of `changed`; gives how many numbers that adds.

    Layers have the same name in both; one that was replaced by several ends in `NAME/split`. A runtime folds scale and
    shift into the layer.
    """
    added = 0
    wanted = _measure(original, list(names), inputs)
    for name in names:
        nodes = {node.get_friendly_name(): node for node in changed.get_ops()}
        node = nodes.get(name + "/split") or nodes[name]
        mean, spread = _measure(changed, [node.get_friendly_name()], inputs)[node.get_friendly_name()]
        old_mean, old_spread = wanted[name]
        gain = np.clip(old_spread / np.maximum(spread, _LEAST_SPREAD), 0, _MOST_GAIN)
        _insert(node, gain, old_mean - mean * gain)
        added += 2 * len(gain)
    changed.validate_nodes_and_infer_types()
    return added


def _insert(node: ov.Node, gain: NDArray[np.float64], shift: NDArray[np.float64]) -> None:
    shape = (1, -1, *(1,) * (len(node.get_output_shape(0)) - 2))
    readers = list(node.output(0).get_target_inputs())
    scaled = ops.multiply(node.output(0), ops.constant(gain.reshape(shape).astype(np.float32)))
    shifted = ops.add(scaled.output(0), ops.constant(shift.reshape(shape).astype(np.float32)))
    for reader in readers:
        reader.replace_source_output(shifted.output(0))


def _measure(
    model: ov.Model, names: list[str], inputs: Sequence[Tensor]
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Mean and spread of each channel (axis 1) of these nodes' outputs over all inputs."""
    probe = model.clone()
    nodes = {node.get_friendly_name(): node for node in probe.get_ops()}
    only = ov.Model([ops.result(nodes[name].output(0)) for name in names], probe.get_parameters())
    request = ov.Core().compile_model(only, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    sums = [[np.zeros(1), np.zeros(1)] for _ in names]
    for tensor in inputs:
        request.infer({0: tensor})
        for place in range(len(names)):
            data = np.array(request.get_output_tensor(place).data, np.float64)
            over = tuple(axis for axis in range(data.ndim) if axis != 1)
            sums[place][0] = sums[place][0] + data.mean(axis=over) / len(inputs)
            sums[place][1] = sums[place][1] + np.square(data).mean(axis=over) / len(inputs)
    return {
        name: (mean, np.sqrt(np.maximum(square - mean**2, 0))) for name, (mean, square) in zip(names, sums, strict=True)
    }
