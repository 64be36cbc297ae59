"""A recognizer's model on OpenVINO: one fixed input shape, compiled and run once before the jail closes."""

from collections.abc import Sequence

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino.preprocess import PrePostProcessor
from typing_extensions import override

from vedette.core.errors import InvalidInputError
from vedette.vision.models.registry import InstalledModel
from vedette.vision.models.selftest import check_outputs, make_input
from vedette.vision.ports import Network

_DIMENSIONS, _COLOURS = 4, 3
_OPTIONS = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}


class OpenVinoNetwork(Network):
    """One compiled model.

    Args:
        shape: Of the one input; None: as the model says, which must then be fixed.

    Raises (from the constructor):
        InvalidInputError: the model cannot be read, or not run with this shape.
        SelfTestFailedError: it does not answer as it did where it was measured.
    """

    def __init__(self, model: InstalledModel, shape: Sequence[int] | None = None, threads: int = 1) -> None:
        self._release = model.manifest.release
        try:
            core = ov.Core()
            network = core.read_model(model.files[0], model.files[1] if len(model.files) > 1 else b"")
            network = _order_input(network, model.manifest.input.layout)
            if shape is not None:
                network.reshape(list(shape))
            options = {**_OPTIONS, "INFERENCE_NUM_THREADS": threads}
            compiled = core.compile_model(network, "CPU", options)
            self.shape = tuple(compiled.input(0).shape)
            self._names = [sorted(output.get_names()) for output in compiled.outputs]
            self._request = compiled.create_infer_request()
            self.infer(np.zeros(self.shape, np.float32))
            self._check(model)
        except RuntimeError as error:
            raise InvalidInputError(
                f"the model {model.manifest.name} cannot be loaded: {shorten_reason(error)}"
            ) from error

    def _check(self, model: InstalledModel) -> None:
        test = model.manifest.selftest
        if test is not None and tuple(test.shape) == self.shape:
            outputs = self.infer(make_input(test.shape, test.seed, model.manifest.input))
            check_outputs(model.manifest.name, test, outputs)

    @property
    @override
    def release(self) -> str:
        return self._release

    @override
    def infer(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        self._request.infer({0: tensor})
        outputs: dict[str, NDArray[np.float32]] = {}
        for index, names in enumerate(self._names):
            data = np.array(self._request.get_output_tensor(index).data, np.float32)
            outputs |= dict.fromkeys(names, data)
        return outputs


def _order_input(network: ov.Model, layout: str) -> ov.Model:
    """A converted copy may want the colours of a pixel together where the release has planes: it gets what it wants."""
    shape = network.input(0).partial_shape
    if layout != "NCHW" or len(shape) != _DIMENSIONS or shape[3] != _COLOURS or shape[1] == _COLOURS:
        return network
    prepared = PrePostProcessor(network)
    prepared.input().model().set_layout(ov.Layout("NHWC"))
    prepared.input().tensor().set_layout(ov.Layout("NCHW"))
    return prepared.build()


def shorten_reason(error: RuntimeError) -> str:
    """What the runtime says at last, in a line; before it stands where in its own source it noticed."""
    return str(error).strip().splitlines()[-1][:200]
