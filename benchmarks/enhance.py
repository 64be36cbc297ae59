"""Super-resolution of luma, 540p to 1080p and 720p to 1440p: strips beside the same network whole-frame.

The sides take turns, a picture each, in one process; the figures are medians. `fps_*`: pictures a second of the strip
runner on two threads, with what the product chooses here (integers compiled at set-up, or OpenVINO); `_openvino` and
`_openvino_float32`: on OpenVINO as it would choose, and in float32. `speedup_vs_ort_whole_*`: over ONNX Runtime,
float32, whole frame, on as many threads; likewise `_1_thread`. `fps_whole_chain_540p`: decoding H.264, luma,
colour and label, of one file. With ../shared the figures of `evals.super_resolution` on Set5 stand beside.
"""

import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from benchmarks.common import Figures, make_clip, make_parser, say, working_folder, write_result
from evals.common import SHARED
from evals.super_resolution import evaluate, find_pictures, load_bank
from vedette.adapters.enlarger import open_strip_network
from vedette.adapters.openvino_enlarger import OpenVinoStripNetwork, Precision, find_precision
from vedette.media.decode import FileFrames
from vedette.vision.enhance.network import LAYERS, SKIP_FROM, SKIP_TO, WeightSet
from vedette.vision.enhance.picture import enhance_planes
from vedette.vision.enhance.strips import StripRunner

SIZES = {"540p_to_1080p": (960, 540), "720p_to_1440p": (1280, 720)}
THREADS = min(2, len(os.sched_getaffinity(0)))
MOST_APART = 0.5
"""Levels, on average: integers of 14 bits round otherwise than floats do, which are nowhere more than one apart."""
Enlarge = Callable[[np.ndarray], np.ndarray]
_PAUSE_S = 0.05
"""Between two sides: ONNX Runtime's threads go on spinning for a while and would be paid for by the next one."""


def make_onnx(weights: WeightSet, size_px: tuple[int, int]) -> bytes:
    """The same network, uint8 to uint8, for ONNX Runtime."""
    nodes, constants, values = [], [], ["f"]
    nodes.append(helper.make_node("Cast", ["luma"], ["f"], to=onnx.TensorProto.FLOAT))
    for index, (layer, array) in enumerate(zip(LAYERS, weights.arrays, strict=True)):
        kernel, attributes = _kernel(layer.kind, array)
        constants.append(numpy_helper.from_array(np.ascontiguousarray(kernel), f"w{index}"))
        nodes.append(helper.make_node("Conv", [values[-1], f"w{index}"], [f"c{index}"], **attributes))
        value = f"c{index}"
        if index == SKIP_TO:
            nodes.append(helper.make_node("Add", [value, values[SKIP_FROM + 1]], [f"s{index}"]))
            value = f"s{index}"
        if layer.rectified:
            nodes.append(helper.make_node("Relu", [value], [f"r{index}"]))
            value = f"r{index}"
        values.append(value)
    constants += [numpy_helper.from_array(np.float32(v), name) for v, name in ((0, "low"), (255, "high"))]
    nodes += [
        helper.make_node("Add", [values[-1], "f"], ["sum"]),
        helper.make_node("DepthToSpace", ["sum"], ["large"], blocksize=2),
        helper.make_node("Clip", ["large", "low", "high"], ["clipped"]),
        helper.make_node("Round", ["clipped"], ["rounded"]),
        helper.make_node("Cast", ["rounded"], ["out"], to=onnx.TensorProto.UINT8),
    ]
    width, height = size_px
    luma = helper.make_tensor_value_info("luma", onnx.TensorProto.UINT8, [1, 1, height, width])
    out = helper.make_tensor_value_info("out", onnx.TensorProto.UINT8, [1, 1, 2 * height, 2 * width])
    graph = helper.make_graph(nodes, "super-resolution", [luma], [out], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def _kernel(kind: str, array: np.ndarray) -> tuple[np.ndarray, dict[str, object]]:
    if kind == "point":
        return array.T[:, :, None, None], {}
    rows, columns = array.shape[:2]
    pads = {"pads": [rows // 2, columns // 2, rows // 2, columns // 2]}
    return array.transpose(2, 0, 1)[:, None], pads | ({"group": array.shape[2]} if kind == "depth" else {})


def ort_whole(weights: WeightSet, size_px: tuple[int, int], threads: int) -> Enlarge:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(make_onnx(weights, size_px), options, ["CPUExecutionProvider"])
    return lambda luma: session.run(None, {"luma": luma[None, None]})[0][0, 0]


def openvino_whole(weights: WeightSet, size_px: tuple[int, int]) -> Enlarge:
    network = OpenVinoStripNetwork(weights, *size_px, 1)
    out = np.empty((2 * size_px[1], 2 * size_px[0]), np.uint8)

    def enlarge(luma: np.ndarray) -> np.ndarray:
        network.start(luma, out, 0)
        network.finish()
        return out

    return enlarge


def strips(weights: WeightSet, size_px: tuple[int, int], threads: int) -> Enlarge:
    return StripRunner(size_px, lambda w, h: open_strip_network(weights, w, h, threads)).enlarge


def openvino_strips(weights: WeightSet, size_px: tuple[int, int], precision: Precision | None) -> Enlarge:
    return StripRunner(size_px, lambda w, h: OpenVinoStripNetwork(weights, w, h, THREADS, precision)).enlarge


def make_lumas(size_px: tuple[int, int]) -> list[np.ndarray]:
    """Four pictures of shapes and noise."""
    made = []
    for seed in range(4):
        coarse = np.random.default_rng(seed).integers(16, 235, (size_px[1] // 30, size_px[0] // 30), np.uint8)
        image = cv2.resize(coarse, size_px, interpolation=cv2.INTER_CUBIC).astype(np.int16)
        noise = np.random.default_rng(seed).integers(-4, 5, image.shape)
        made.append(np.clip(image + noise, 0, 255).astype(np.uint8))
    return made


def interleave(sides: dict[str, Enlarge], lumas: list[np.ndarray], seconds: float) -> dict[str, list[float]]:
    """Milliseconds per picture of each side; they take turns."""
    times_ms: dict[str, list[float]] = {name: [] for name in sides}
    until_s = time.perf_counter() + seconds
    for luma in itertools.cycle(lumas):
        for name, enlarge in sides.items():
            time.sleep(_PAUSE_S)
            began_s = time.perf_counter()
            enlarge(luma)
            times_ms[name].append((time.perf_counter() - began_s) * 1000)
        if time.perf_counter() > until_s and len(times_ms["strips"]) > 5:
            return {name: values[1:] for name, values in times_ms.items()}
    raise AssertionError


def measure_size(weights: WeightSet, name: str, seconds: float) -> tuple[Figures, dict[str, object]]:
    size_px = SIZES[name]
    sides = {
        "strips": strips(weights, size_px, THREADS),
        "ort_whole": ort_whole(weights, size_px, THREADS),
        "openvino": openvino_strips(weights, size_px, None),
        "openvino_float32": openvino_strips(weights, size_px, "f32"),
        "strips_1_thread": strips(weights, size_px, 1),
        "ort_whole_1_thread": ort_whole(weights, size_px, 1),
        "openvino_whole_1_thread": openvino_whole(weights, size_px),
    }
    lumas = make_lumas(size_px)
    results = {side: enlarge(lumas[0]).astype(int) for side, enlarge in sides.items()}
    apart = {side: np.abs(results["ort_whole"] - result) for side, result in results.items()}
    furthest = max(float(levels.mean()) for levels in apart.values())
    if furthest > MOST_APART or any(levels.max() > 1 for side, levels in apart.items() if "strips" not in side):
        raise SystemExit(f"the sides do not compute the same: {furthest} levels apart")
    times_ms = interleave(sides, lumas, seconds)
    median = {side: statistics.median(values) for side, values in times_ms.items()}
    figures: Figures = {
        f"fps_{name}": 1000 / median["strips"],
        f"fps_{name}_1_thread": 1000 / median["strips_1_thread"],
        f"fps_{name}_openvino": 1000 / median["openvino"],
        f"fps_{name}_openvino_float32": 1000 / median["openvino_float32"],
        f"fps_{name}_ort_whole": 1000 / median["ort_whole"],
        f"speedup_vs_ort_whole_{name}": median["ort_whole"] / median["strips"],
        f"speedup_vs_ort_whole_{name}_openvino_float32": median["ort_whole"] / median["openvino_float32"],
        f"speedup_vs_ort_whole_{name}_1_thread": median["ort_whole_1_thread"] / median["strips_1_thread"],
        f"speedup_vs_openvino_whole_{name}_1_thread": median["openvino_whole_1_thread"] / median["strips_1_thread"],
    }
    details = {
        f"best_ms_{name}": {side: min(values) for side, values in times_ms.items()},
        f"mean_levels_apart_{name}": furthest,
    }
    return figures, details


def measure_chain(weights: WeightSet, folder: Path, seconds: float) -> float:
    """Pictures a second of decoding, luma, colour and label, for a 540p file that is read again and again."""
    clip = make_clip(folder / "clip.mp4", seconds=4, size="960x540", rate="2M")
    enlarge = strips(weights, SIZES["540p_to_1080p"], THREADS)
    steps: list[float] = []
    until_s = time.perf_counter() + seconds
    began_s = time.perf_counter()
    for frame in _endless(clip):
        enhance_planes(frame, enlarge, "bottom-right")
        now_s = time.perf_counter()
        steps.append(now_s - began_s)
        if now_s > until_s:
            return 1 / statistics.median(steps)
        began_s = now_s
    raise AssertionError


def _endless(path: Path) -> Iterator:
    while True:
        with path.open("rb") as file:
            yield from FileFrames(file).frames()


def main() -> None:
    given = make_parser(__doc__, 10.0).parse_args()
    cv2.setNumThreads(1)
    bank = load_bank()
    weights = bank.get("clean")
    figures: Figures = {}
    network = type(open_strip_network(weights, 16, 16, 1)).__name__
    details: dict[str, object] = {"release": bank.release, "threads": THREADS, "network": network}
    details["precision_of_openvino"] = find_precision()
    for name in SIZES:
        found, more = measure_size(weights, name, given.seconds)
        figures, details = figures | found, details | more
        say(f"{name}: {found[f'fps_{name}']:.1f} pictures a second")
    with working_folder() as folder:
        figures["fps_whole_chain_540p"] = measure_chain(weights, folder, given.seconds)
    pictures = list(find_pictures(SHARED / "data/sr/set5")) if (SHARED / "data/sr/set5").is_dir() else []
    if pictures:
        figures |= evaluate(bank, pictures, None).figures()
    write_result("enhance", figures, details, given.json)


if __name__ == "__main__":
    main()
