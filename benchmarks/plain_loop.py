"""The loop that one writes first, to measure against: OpenCV decodes every picture, float32 infers it, one stream.

The network is the one of the installed detector, as published in FP16 and run in float32, all processors, the
runtime's defaults otherwise. ONNX Runtime cannot read that form (IR); where `onnxruntime` is installed, YOLOX-nano is
timed on it and on OpenVINO, so that one sees what the choice of the runtime is worth.
"""

import importlib
import importlib.util
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray

FLOAT_MODEL = "detection/person-vehicle-bike-detection-2004_fp16.xml"
_YOLOX = "detection/yolox_nano_416.onnx"
_SIZE = (448, 256)
_ROUNDS = 30

Picture = NDArray[np.uint8]


def measure_plain(path: Path, model_xml: Path, seconds: float) -> float:
    """Pictures a second of decoding and inferring in turn."""
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    request = ov.Core().compile_model(str(model_xml), "CPU", options).create_infer_request()

    def infer(image: Picture) -> None:
        request.infer({0: cv2.resize(image, _SIZE).transpose(2, 0, 1)[None].astype(np.float32)})

    infer(np.zeros((*_SIZE, 3), np.uint8))
    return _play(path, seconds, infer)


def measure_plain_motion(path: Path, seconds: float) -> float:
    """The same without a model: OpenCV's MOG2 on the whole picture, as its tutorial does."""
    background = cv2.createBackgroundSubtractorMOG2()

    def subtract(image: Picture) -> None:
        background.apply(image)

    return _play(path, seconds, subtract)


def _play(path: Path, seconds: float, take: Callable[[Picture], None]) -> float:
    done, until, source = 0, time.monotonic() + seconds, cv2.VideoCapture(str(path))
    while time.monotonic() < until:
        read, image = source.read()
        if not read:
            source = cv2.VideoCapture(str(path))
            continue
        take(np.asarray(image, np.uint8))
        done += 1
    return done / seconds


def compare_runtimes(mirror: Path) -> dict[str, float]:
    """Milliseconds of YOLOX-nano in float32 on both runtimes, two threads; empty where there is no ONNX Runtime."""
    path = mirror / _YOLOX
    if not path.is_file() or importlib.util.find_spec("onnxruntime") is None:
        return {}
    other = importlib.import_module("onnxruntime")  # no dependency of ours: it is only compared with
    options = other.SessionOptions()
    options.intra_op_num_threads = 2
    session = other.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    wanted = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 2}
    request = ov.Core().compile_model(str(path), "CPU", wanted).create_infer_request()
    tensor = np.zeros((1, 3, 416, 416), np.float32)
    return {
        "yolox_onnxruntime_ms": _time_ms(lambda: session.run(None, {name: tensor})),
        "yolox_openvino_ms": _time_ms(lambda: request.infer({0: tensor})),
    }


def _time_ms(run: Callable[[], object]) -> float:
    times_ns = []
    for _ in range(_ROUNDS):
        began_ns = time.perf_counter_ns()
        run()
        times_ns.append(time.perf_counter_ns() - began_ns)
    return statistics.median(times_ns) / 1e6
