"""Classifying a picture: ours in int8 beside the report's network in float32, and a photograph of 12 megapixels.

One picture on one thread, the networks in turns, medians; ours as the product runs them here (integers compiled at
set-up, or OpenVINO), and `_openvino` as they run without a C compiler. The report's network (2,915,114 weights) is
built here with weights by chance, which cost as much time as trained ones. `photo_ms` is the whole answer to a JPEG of
4000 x 3000 by the analyzer's jailed worker once it is warm, `photo_first_ms` that of the first, which starts it.
"""

import asyncio
import os
import statistics
import time
from pathlib import Path

import cv2
import numpy as np
import onnx
import openvino as ov
from onnx import helper, numpy_helper

from benchmarks.common import Figures, make_parser, say, write_result
from evals.common import installed_models
from vedette.adapters.classifier_network import open_classifier
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.node.classification import PRECISION, TASK, PictureClassification
from vedette.runtime.clock import SystemClock
from vedette.vision.classify.classifier import NONE_BELOW
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.ports import Network

_WIDTHS, _DENSE = (32, 64, 128), (1024, 512, 10)
_BLOCK = 200
_PHOTO_PX = (3000, 4000)
_PHOTOS = 15


def make_report() -> onnx.ModelProto:
    """The report's network: (1, 3, 32, 32) -> (1, 10)."""
    rng = np.random.default_rng(1)
    nodes, constants, value, channels = [], [], "image", 3

    def keep(shape: tuple[int, ...]) -> str:
        name = f"w{len(constants)}"
        constants.append(numpy_helper.from_array((rng.normal(size=shape) * 0.05).astype(np.float32), name))
        return name

    def add(kind: str, inputs: list[str], **attributes: object) -> str:
        nodes.append(helper.make_node(kind, inputs, [f"v{len(nodes)}"], **attributes))
        return f"v{len(nodes) - 1}"

    for width in _WIDTHS:
        for _ in range(2):
            weights = [keep((width, channels, 3, 3)), keep((width,))]
            value = add("Relu", [add("Conv", [value, *weights], pads=[1, 1, 1, 1])])
            channels = width
        value = add("MaxPool", [value], kernel_shape=[2, 2], strides=[2, 2])
    value, channels = add("Flatten", [value]), 2048
    for width in _DENSE:
        value = add("Gemm", [value, keep((channels, width)), keep((width,))])
        value = add("Softmax" if width == _DENSE[-1] else "Relu", [value])
        channels = width
    image = helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [1, 3, 32, 32])
    out = helper.make_tensor_value_info(value, onnx.TensorProto.FLOAT, [1, 10])
    graph = helper.make_graph(nodes, "report", [image], [out], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


class Compiled:
    """A network on one thread, as `OpenVinoNetwork` runs it."""

    def __init__(self, model: bytes) -> None:
        options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
        core = ov.Core()
        self._request = core.compile_model(core.read_model(model, b""), "CPU", options).create_infer_request()

    def infer(self, tensor: np.ndarray) -> None:
        self._request.infer({0: tensor})


def time_in_turns(sides: dict[str, Compiled | Network], seconds: float) -> dict[str, float]:
    """Median milliseconds of one picture, in blocks that take turns."""
    tensor = np.random.default_rng(2).uniform(0, 255, (1, 3, 32, 32)).astype(np.float32)
    times: dict[str, list[float]] = {name: [] for name in sides}
    until = time.monotonic() + seconds
    while time.monotonic() < until or not all(times.values()):
        for name, side in sides.items():
            for _ in range(_BLOCK):
                began_ns = time.perf_counter_ns()
                side.infer(tensor)
                times[name].append((time.perf_counter_ns() - began_ns) / 1e6)
    return {name: statistics.median(values) for name, values in times.items()}


async def time_photo() -> tuple[float, float]:
    """Milliseconds of the first photograph and the median of the next ones."""
    noise = np.random.default_rng(3).integers(0, 255, (*_PHOTO_PX, 3), np.uint8)
    photo = cv2.imencode(".jpg", cv2.GaussianBlur(noise, (0, 0), 3), [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    classification = PictureClassification(ModelRegistry(Path()), SystemClock())
    times = []
    try:
        for _ in range(_PHOTOS + 1):
            began_ns = time.perf_counter_ns()
            await classification.classify(photo)
            times.append((time.perf_counter_ns() - began_ns) / 1e6)
    finally:
        await classification.close()
    return times[0], statistics.median(times[1:])


def main() -> None:
    parser = make_parser(__doc__, 10.0)
    given = parser.parse_args()
    registry = ModelRegistry(Path())
    names = [one.name for one in registry.manifests() if one.task == TASK and NONE_BELOW in one.thresholds]
    names = [name for name in names if registry.find_named(name).precision == PRECISION]
    with installed_models(*names) as models:
        sides: dict[str, Compiled | Network] = {"report": Compiled(make_report().SerializeToString())}
        sides |= {name: open_classifier(models[name]) for name in names}
        sides |= {f"{name}-openvino": OpenVinoNetwork(models[name]) for name in names}
        say(f"{', '.join(sides)} in turns")
        times = time_in_turns(sides, given.seconds)
    first, photo = asyncio.run(time_photo())
    figures: Figures = {"ms_report_float": times["report"], "photo_first_ms": first, "photo_ms": photo}
    for name in (one for one in sides if one != "report"):
        short = name.removeprefix("classifier-").replace("-", "_")
        figures |= {f"ms_{short}": times[name], f"speedup_{short}": times["report"] / times[name]}
    write_result("classify", figures, {"threads": 1, "cores": os.cpu_count() or 0}, given.json)


if __name__ == "__main__":
    main()
