"""The super-resolution network on OpenVINO, built from its 2,560 weights for one window size.

uint8 in, uint8 out: conversion, the sum with the input, rounding and clipping are in the graph; the pixel shuffle of
bytes is left to OpenCV. All threads exist before a jail closes.

Where the processor multiplies bfloat16 the layers do; their sums, and the one with the input, stay float32. Set5 loses
0.0005 dB, no pixel more than one level, and a frame takes half of the time (docs/design/enhance.md).
"""

from collections import deque
from typing import Literal

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops
from typing_extensions import override

from vedette.adapters.openvino_network import shorten_reason
from vedette.core.errors import InvalidInputError
from vedette.runtime.cpu import multiplies_bfloat16, read_cpu_flags
from vedette.vision.enhance.network import LAYERS, SCALE, SKIP_FROM, SKIP_TO, Array, Layer, WeightSet
from vedette.vision.enhance.strips import Plane, StripNetwork

Precision = Literal["f32", "bf16"]
_OPTIONS = {"PERFORMANCE_HINT": "THROUGHPUT", "ENABLE_CPU_PINNING": False}
_SAME = {"strides": [1, 1], "dilations": [1, 1]}


def find_precision() -> Precision:
    """bfloat16 where this processor has instructions for it."""
    return "bf16" if multiplies_bfloat16(read_cpu_flags()) else "f32"


class OpenVinoStripNetwork(StripNetwork):
    """See `vedette.vision.enhance.strips.StripNetwork`.

    Args:
        precision: What the layers multiply; as `find_precision` has it without one.

    Raises (from the constructor):
        InvalidInputError: the network cannot be compiled for this size.
    """

    def __init__(
        self, weights: WeightSet, width: int, height: int, threads: int = 2, precision: Precision | None = None
    ) -> None:
        self._window_px = (width, height)
        self._ahead = 2 * threads  # one computes, one waits: no thread stands still while results are put together
        options = {
            **_OPTIONS,
            "INFERENCE_PRECISION_HINT": precision or find_precision(),
            "NUM_STREAMS": threads,
            "INFERENCE_NUM_THREADS": threads,
        }
        try:
            compiled = ov.Core().compile_model(build_graph(weights, width, height), "CPU", options)
            self._free = deque(compiled.create_infer_request() for _ in range(self._ahead))
        except RuntimeError as error:
            raise InvalidInputError(
                f"super-resolution cannot run on {width} x {height} pixels: {shorten_reason(error)}"
            ) from error
        self._busy: deque[tuple[ov.InferRequest, Plane, int]] = deque()
        self._warm_up()

    def _warm_up(self) -> None:
        """Runs all requests at once, so that every thread there will be exists."""
        width, height = self._window_px
        for _ in range(self._ahead):
            self.start(np.zeros((height, width), np.uint8), np.empty((SCALE * height, SCALE * width), np.uint8), 0)
        for _ in range(self._ahead):
            self.finish()

    @property
    @override
    def window_px(self) -> tuple[int, int]:
        return self._window_px

    @property
    @override
    def ahead(self) -> int:
        return self._ahead

    @override
    def start(self, window: Plane, out: Plane, first: int) -> None:
        request = self._free.popleft()
        np.copyto(request.get_input_tensor().data[0, 0], window)
        request.start_async()
        self._busy.append((request, out, first))

    @override
    def finish(self) -> None:
        request, out, first = self._busy.popleft()
        request.wait()
        rows = slice(first, first + len(out) // SCALE)
        pairs = out.reshape(-1, SCALE, out.shape[1])
        four = request.get_output_tensor().data[0, :, rows]
        for row in range(SCALE):
            pairs[:, row] = cv2.merge(list(four[SCALE * row : SCALE * row + SCALE])).reshape(-1, out.shape[1])
        self._free.append(request)


def build_graph(weights: WeightSet, width: int, height: int) -> ov.Model:
    """The network as an OpenVINO model: (1, 1, H, W) uint8 to (1, 4, H, W) uint8, the squares' pixels row by row.

    The pixel is added by a layer of ones: OpenVINO makes one step of both, a plain sum takes 8 % of all the time.
    """
    luma = ops.parameter([1, 1, height, width], np.uint8, name="luma")
    pixels = ops.convert(luma, "f32")
    maps = pixels
    outputs: list[ov.Node] = []
    for index, (layer, array) in enumerate(zip(LAYERS, weights.arrays, strict=True)):
        maps = _add_layer(maps, layer, array)
        if index == SKIP_TO:
            maps = ops.add(maps, outputs[SKIP_FROM])
        if layer.rectified:
            maps = ops.relu(maps)
        outputs.append(maps)
    ones = Layer("point", (1, SCALE**2), rectified=False)
    larger = ops.add(maps, _add_layer(pixels, ones, np.ones(ones.shape, np.float32)))
    rounded = ops.round(ops.clamp(larger, 0.0, 255.0), "half_to_even")
    return ov.Model([ops.convert(rounded, "u8")], [luma], "super-resolution")


def _add_layer(maps: ov.Node, layer: Layer, array: Array) -> ov.Node:
    if layer.kind == "depth":
        rows, columns, channels = layer.shape
        kernel = _constant(array.transpose(2, 0, 1).reshape(channels, 1, 1, rows, columns))
        pads = [rows // 2, columns // 2]
        return ops.group_convolution(maps, kernel, pads_begin=pads, pads_end=pads, **_SAME)
    if layer.kind == "point":
        kernel = _constant(array.T[:, :, None, None])
        return ops.convolution(maps, kernel, pads_begin=[0, 0], pads_end=[0, 0], **_SAME)
    kernel = _constant(array.transpose(2, 0, 1)[:, None])
    return ops.convolution(maps, kernel, pads_begin=[1, 1], pads_end=[1, 1], **_SAME)


def _constant(values: NDArray[np.float32]) -> ov.Node:
    return ops.constant(np.ascontiguousarray(values, np.float32))
