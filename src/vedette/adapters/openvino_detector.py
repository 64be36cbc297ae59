"""The object detector on OpenVINO: one model, compiled for a few fixed input shapes, used inside the jail.

Threads: one per look, and as many looks at a time as asked for: faster in sum than more threads on one picture
(measured: docs/design/vision.md). Shapes: the whole picture, and windows at the same scale; each is compiled and run
before the jail closes, because nothing can be compiled later. Precision: the int8 model where the processor has int8
dot products, and float32 for the layers that are not quantised; bfloat16 was slower with int8 on every machine tried.
"""

from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from typing_extensions import override

from vedette.adapters.openvino_kept import open_network, read_code
from vedette.adapters.openvino_network import shorten_reason
from vedette.core.detections import CLASS_NAMES, Detections
from vedette.core.errors import InvalidInputError
from vedette.media.planes import PlanarFrame
from vedette.vision.boxes import suppress_overlaps
from vedette.vision.focus import WHOLE, Window
from vedette.vision.models.kept import NOTHING_KEPT, KeptNetworks, NetworkRecipe
from vedette.vision.models.manifest import ModelManifest
from vedette.vision.models.registry import InstalledModel
from vedette.vision.models.selftest import SelfTest, check_outputs, make_input
from vedette.vision.picture import cut_planes, to_bgr
from vedette.vision.ports import Detector, Look

_OPTIONS: Mapping[str, str | int | bool] = {
    "PERFORMANCE_HINT": "THROUGHPUT",
    "INFERENCE_PRECISION_HINT": "f32",
    "ENABLE_CPU_PINNING": False,  # workers that know nothing of each other would sit on one processor
}
_SPARE = 2
"""Requests beyond those that threads work on: a picture that waits for one, and a tile that is prepared meanwhile."""
_WINDOWS_PX = ((224, 256),)
"""Multiples of 32: a half of 448 x 256. Each more costs a worker's start that compiles about two seconds of a busy
processor, one that has it kept half a second.
"""


class _Networks:
    """The model compiled for one input shape, with its requests."""

    def __init__(self, compiled: ov.CompiledModel, size_px: tuple[int, int], ahead: int) -> None:
        self.size_px = size_px
        self.free = deque(compiled.create_infer_request() for _ in range(ahead + _SPARE))
        self._warm_up()

    def _warm_up(self) -> None:
        """Runs all requests at once, so that every thread there will be exists."""
        tensor = np.zeros((1, self.size_px[1], self.size_px[0], 3), np.uint8)
        for request in self.free:
            request.start_async({0: tensor})
        for request in self.free:
            request.wait()

    def infer(self, planes: NDArray[np.float32], names: list[str]) -> dict[str, NDArray[np.float32]]:
        """The named outputs for a picture of whole levels (1, 3, H, W), as they are."""
        request = self.free[0]
        request.infer({0: np.ascontiguousarray(planes.transpose(0, 2, 3, 1)).astype(np.uint8)})
        return {name: np.array(request.get_tensor(name).data, np.float32) for name in names}


class _OpenVinoLook(Look):
    def __init__(self, detector: "OpenVinoDetector", networks: _Networks, part: PlanarFrame, window: Window) -> None:
        self._detector, self._networks, self._window = detector, networks, window
        self._request = networks.free.popleft()
        self._request.start_async({0: to_bgr(part, *networks.size_px)[None]})

    @override
    def wait(self) -> Detections:
        self._request.wait()
        boxes = np.array(self._request.get_tensor("boxes").data, np.float32)
        labels = np.array(self._request.get_tensor("labels").data, np.int64)
        self._networks.free.append(self._request)
        size = np.array([*self._networks.size_px] * 2, np.float32)
        boxes = boxes.reshape(-1, 5)
        boxes[:, :4] = _place(boxes[:, :4] / size, self._window)
        return self._detector.select(boxes, labels.reshape(-1))


class OpenVinoDetector(Detector):
    """Detects people, vehicles and two-wheelers.

    Args:
        threads: For one look.
        ahead: Looks under way at a time.
        kept: What earlier starts compiled.
        size_px: Width and height of the input, multiples of 32; None: as the manifest says.

    Raises (from the constructor):
        InvalidInputError: the model cannot be read or has other inputs and outputs than its manifest says.
        SelfTestFailedError: it does not answer as it did where it was measured.
    """

    def __init__(
        self,
        model: InstalledModel,
        threads: int,
        ahead: int = 1,
        kept: KeptNetworks = NOTHING_KEPT,
        size_px: tuple[int, int] | None = None,
    ) -> None:
        manifest = model.manifest
        self._floor = manifest.thresholds["floor"]
        self._nms_iou = manifest.thresholds["nms_iou"]
        self._class_of_label = np.array([CLASS_NAMES.index(name) for name in manifest.labels], np.int16)
        self._release = manifest.release
        self._needs_motion = manifest.needs_motion
        self._ahead = ahead
        tested_px = (manifest.input.width, manifest.input.height)
        whole_px = size_px or tested_px
        smaller = [size for size in _WINDOWS_PX if size[0] <= whole_px[0] and size[1] <= whole_px[1]]
        sizes = [*(size for size in smaller if size != whole_px), whole_px]
        options = {**_OPTIONS, "NUM_STREAMS": ahead, "INFERENCE_NUM_THREADS": threads * ahead}
        try:
            core = ov.Core()
            if whole_px != tested_px:  # its self-test is of its own size: passed before, and not kept in memory
                self._open(core, model, tested_px, options, kept)
            with ThreadPoolExecutor(len(sizes)) as pool:  # compiling takes a second or two each, and one thread
                networks = pool.map(lambda size: self._open(core, model, size, options, kept), sizes)
                shares = [(size[0] / whole_px[0], size[1] / whole_px[1]) for size in sizes]
                self._networks = dict(zip(shares, networks, strict=True))
        except RuntimeError as error:
            raise InvalidInputError(f"the model {manifest.name} cannot be loaded: {shorten_reason(error)}") from error

    def _open(
        self,
        core: ov.Core,
        model: InstalledModel,
        size_px: tuple[int, int],
        options: Mapping[str, str | int | bool],
        kept: KeptNetworks,
    ) -> _Networks:
        recipe = NetworkRecipe(model.manifest.name, model.files, size_px, options, read_code(__file__))

        def build() -> ov.Model:
            return _shape_for_pictures(core.read_model(model.files[0], model.files[1]), size_px)

        def use(compiled: ov.CompiledModel) -> _Networks:
            networks = _Networks(compiled, size_px, self._ahead)
            if size_px == (model.manifest.input.width, model.manifest.input.height):
                _check(networks, model.manifest)
            return networks

        return open_network(core, recipe, options, kept, build, use)

    @property
    @override
    def release(self) -> str:
        return self._release

    @property
    @override
    def windows(self) -> list[tuple[float, float]]:
        return [size for size in self._networks if size != (WHOLE.width, WHOLE.height)]

    @property
    @override
    def ahead(self) -> int:
        return self._ahead

    @property
    @override
    def needs_motion(self) -> bool:
        return self._needs_motion

    @property
    @override
    def input_px(self) -> tuple[int, int]:
        return self._networks[WHOLE.width, WHOLE.height].size_px

    @override
    def start(self, frame: PlanarFrame, window: Window = WHOLE) -> Look:
        return self._look(self._networks[window.width, window.height], frame, window)

    @override
    def start_tile(self, frame: PlanarFrame, tile: Window) -> Look:
        return self._look(self._networks[WHOLE.width, WHOLE.height], frame, tile)

    def _look(self, networks: _Networks, frame: PlanarFrame, window: Window) -> Look:
        part, shown = frame, WHOLE
        if window != WHOLE:
            box_px = _to_even_px(window, frame.size_px)
            part, shown = cut_planes(frame, box_px), _to_window(box_px, frame.size_px)
        return _OpenVinoLook(self, networks, part, shown)

    def select(self, boxes: NDArray[np.float32], labels: NDArray[np.int64]) -> Detections:
        """Takes the model's rows, (N, 5) in fractions with confidence, and leaves the best of each object."""
        known = (boxes[:, 4] >= self._floor) & (labels >= 0) & (labels < len(self._class_of_label))
        known &= np.isfinite(boxes).all(axis=1)
        rows, class_id = boxes[known], self._class_of_label[labels[known]]
        boxes_norm = np.clip(rows[:, :4], 0.0, 1.0)
        solid = (boxes_norm[:, 2] > boxes_norm[:, 0]) & (boxes_norm[:, 3] > boxes_norm[:, 1])
        boxes_norm, confidence, class_id = boxes_norm[solid], rows[solid, 4], class_id[solid]
        keep = suppress_overlaps(boxes_norm, confidence, class_id, self._nms_iou)
        return Detections(boxes_norm[keep], np.clip(confidence[keep], 0.0, 1.0), class_id[keep])


def _shape_for_pictures(network: ov.Model, size_px: tuple[int, int]) -> ov.Model:
    """The network for pictures of this size as they are, (1, H, W, 3) uint8: turning and widening them is its own
    first step, several times quicker than NumPy's.
    """
    network.reshape([1, 3, size_px[1], size_px[0]])
    steps = ov.preprocess.PrePostProcessor(network)
    steps.input().tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    steps.input().model().set_layout(ov.Layout("NCHW"))
    return steps.build()


def _check(networks: _Networks, manifest: ModelManifest) -> None:
    """Raises SelfTestFailedError."""
    if manifest.selftest is not None:
        check_outputs(manifest.name, manifest.selftest, _answer_test(networks, manifest, manifest.selftest))


def _answer_test(networks: _Networks, manifest: ModelManifest, test: SelfTest) -> dict[str, NDArray[np.float32]]:
    """What it says of the test's input; nothing when it is not compiled for that shape, which fails the test."""
    if tuple(test.shape) != (1, 3, networks.size_px[1], networks.size_px[0]):
        return {}
    return networks.infer(make_input(test.shape, test.seed, manifest.input), list(test.outputs))


def _place(boxes: NDArray[np.float32], window: Window) -> NDArray[np.float32]:
    """Fractions of a window's picture to fractions of the whole."""
    scale = np.array([window.width, window.height] * 2, np.float32)
    return np.asarray(boxes * scale + np.array([window.left, window.top] * 2, np.float32), np.float32)


def _to_even_px(window: Window, size_px: tuple[int, int]) -> tuple[int, int, int, int]:
    """The window's pixels, moved to even ones: chroma is half as fine. Never empty."""
    corners = []
    for low, share, side in zip(window[:2], window[2:], size_px, strict=True):
        length = max(2, round(share * side / 2) * 2)
        start = min(max(0, round(low * side / 2) * 2), max(0, (side - length) // 2 * 2))
        corners.append((start, min(start + length, side)))
    return corners[0][0], corners[1][0], corners[0][1], corners[1][1]


def _to_window(box_px: tuple[int, int, int, int], size_px: tuple[int, int]) -> Window:
    left, top, right, bottom = box_px
    width, height = size_px
    return Window(left / width, top / height, (right - left) / width, (bottom - top) / height)
