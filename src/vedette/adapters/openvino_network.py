"""A recognizer's model on OpenVINO: one fixed input shape, compiled and run once before the jail closes."""

from collections.abc import Sequence
from tempfile import NamedTemporaryFile
from typing import IO

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino.preprocess import PrePostProcessor
from typing_extensions import override

from vedette.adapters.openvino_kept import open_network, read_code
from vedette.core.errors import InvalidInputError
from vedette.vision.models.kept import NOTHING_KEPT, KeptNetworks, NetworkRecipe
from vedette.vision.models.registry import InstalledModel
from vedette.vision.models.selftest import check_outputs, make_input
from vedette.vision.ports import Network

TFLITE = ".tflite"
_DIMENSIONS, _COLOURS = 4, 3
_OPTIONS = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}


class OpenVinoNetwork(Network):
    """One compiled model.

    Args:
        shape: Of the one input; None: as the model says, which must then be fixed.
        pooled_as: The name under which the last mean over the picture, of which a classifier makes its classes, is an
            output too: an embedding. Empty: it is none.
        scratch: An empty file whose name ends as the model's, open for writing: the runtime reads TFLite from a path
            alone, so the verified bytes are written there. Closed here. None: a temporary file, outside of a jail.
        kept: What earlier starts compiled.

    Raises (from the constructor):
        InvalidInputError: the model cannot be read, or not run with this shape.
        SelfTestFailedError: it does not answer as it did where it was measured.
    """

    def __init__(
        self,
        model: InstalledModel,
        shape: Sequence[int] | None = None,
        threads: int = 1,
        pooled_as: str = "",
        scratch: IO[bytes] | None = None,
        kept: KeptNetworks = NOTHING_KEPT,
    ) -> None:
        self._release = model.manifest.release
        core = ov.Core()
        options: dict[str, str | int | bool] = {**_OPTIONS, "INFERENCE_NUM_THREADS": threads}
        changes = {"layout": model.manifest.input.layout, "pooled_as": pooled_as}
        recipe = NetworkRecipe(model.manifest.name, model.files, shape or (), options | changes, read_code(__file__))

        def build() -> ov.Model:
            network = _order_input(_read_model(core, model, scratch), model.manifest.input.layout)
            if shape is not None:
                network.reshape(list(shape))
            if pooled_as:
                _add_pooled(network, pooled_as)
            return network

        try:
            open_network(core, recipe, options, kept, build, lambda compiled: self._use(compiled, model))
        except RuntimeError as error:
            raise InvalidInputError(
                f"the model {model.manifest.name} cannot be loaded: {shorten_reason(error)}"
            ) from error
        finally:
            if scratch is not None:
                scratch.close()

    def _use(self, compiled: ov.CompiledModel, model: InstalledModel) -> None:
        self.shape = tuple(compiled.input(0).shape)
        self._names = [sorted(output.get_names()) for output in compiled.outputs]
        self._request = compiled.create_infer_request()
        if not self._run_selftest(model):
            self.infer(np.zeros(self.shape, np.float32))

    def _run_selftest(self, model: InstalledModel) -> bool:
        """Whether the model's self-test was run, and so the model. Raises SelfTestFailedError, RuntimeError."""
        test = model.manifest.selftest
        if test is None:
            return False
        if tuple(test.shape) == self.shape:
            outputs = self.infer(make_input(test.shape, test.seed, model.manifest.input))
            check_outputs(model.manifest.name, test, outputs)
            return True
        if len(test.outputs) > 1 and (missing := set(test.outputs).difference(*self._names)):
            raise RuntimeError(f"it has no output {', '.join(sorted(missing))}")  # a kept output has one name only
        return False

    @property
    @override
    def release(self) -> str:
        return self._release

    @override
    def infer(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        self._request.infer({0: tensor}, share_inputs=True, share_outputs=True)  # no copies; what is given out is one
        outputs: dict[str, NDArray[np.float32]] = {}
        for index, names in enumerate(self._names):
            data = np.array(self._request.get_output_tensor(index).data, np.float32)
            outputs |= dict.fromkeys(names, data)
        return outputs


def _read_model(core: ov.Core, model: InstalledModel, scratch: IO[bytes] | None) -> ov.Model:
    if not model.manifest.files[0].file_name.endswith(TFLITE):
        return core.read_model(model.files[0], model.files[1] if len(model.files) > 1 else b"")
    with scratch or NamedTemporaryFile(suffix=TFLITE) as file:
        file.write(model.files[0])
        file.flush()
        return core.read_model(file.name)


def _add_pooled(network: ov.Model, name: str) -> None:
    means = [op for op in network.get_ordered_ops() if op.get_type_name() == "ReduceMean"]
    if not means:
        raise RuntimeError("it has no mean over the picture")
    means[-1].output(0).get_tensor().set_names({name})
    network.add_outputs(means[-1].output(0))


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
