"""The object detector on OpenVINO: one model, compiled once for one input shape, used inside the jail.

Threads: one per worker and one worker per core is faster in sum than more threads on one picture (measured:
docs/design/vision.md). Precision: the int8 model where the processor has int8 dot products, and float32 for the
layers that are not quantised; bfloat16 was slower with int8 on every machine tried.
"""

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from typing_extensions import override

from vedette.core.detections import CLASS_NAMES, Detections
from vedette.core.errors import InvalidInputError
from vedette.media.decode import PlanarFrame
from vedette.vision.boxes import suppress_overlaps
from vedette.vision.models.registry import InstalledModel
from vedette.vision.picture import to_bgr
from vedette.vision.ports import Detector

_OPTIONS = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}


class OpenVinoDetector(Detector):
    """Detects people, vehicles and two-wheelers.

    Raises (from the constructor):
        InvalidInputError: the model cannot be read or has other inputs and outputs than its manifest says.
    """

    def __init__(self, model: InstalledModel, threads: int) -> None:
        manifest = model.manifest
        self._input = manifest.input
        self._floor = manifest.thresholds["floor"]
        self._nms_iou = manifest.thresholds["nms_iou"]
        self._class_of_label = np.array([CLASS_NAMES.index(name) for name in manifest.labels], np.int16)
        self._release = manifest.release
        try:
            core = ov.Core()
            network = core.read_model(model.files[0], model.files[1])
            network.reshape([1, 3, self._input.height, self._input.width])
            options = {**_OPTIONS, "INFERENCE_NUM_THREADS": threads}
            self._request = core.compile_model(network, "CPU", options).create_infer_request()
        except RuntimeError as error:
            raise InvalidInputError(f"the model {manifest.name} cannot be loaded: {_short(error)}") from error

    @property
    @override
    def release(self) -> str:
        return self._release

    @override
    def detect(self, frame: PlanarFrame) -> Detections:
        picture = to_bgr(frame, self._input.width, self._input.height)
        tensor = picture.transpose(2, 0, 1)[None].astype(np.float32)
        self._request.infer({0: tensor})
        boxes = np.array(self._request.get_tensor("boxes").data, np.float32)
        labels = np.array(self._request.get_tensor("labels").data, np.int64)
        return self._select(boxes.reshape(-1, 5), labels.reshape(-1))

    def _select(self, boxes: NDArray[np.float32], labels: NDArray[np.int64]) -> Detections:
        known = (boxes[:, 4] >= self._floor) & (labels >= 0) & (labels < len(self._class_of_label))
        known &= np.isfinite(boxes).all(axis=1)
        rows, class_id = boxes[known], self._class_of_label[labels[known]]
        scale = np.array([self._input.width, self._input.height] * 2, np.float32)
        boxes_norm = np.clip(rows[:, :4] / scale, 0.0, 1.0)
        solid = (boxes_norm[:, 2] > boxes_norm[:, 0]) & (boxes_norm[:, 3] > boxes_norm[:, 1])
        boxes_norm, confidence, class_id = boxes_norm[solid], rows[solid, 4], class_id[solid]
        keep = suppress_overlaps(boxes_norm, confidence, class_id, self._nms_iou)
        return Detections(boxes_norm[keep], np.clip(confidence[keep], 0.0, 1.0), class_id[keep])


def _short(error: Exception) -> str:
    return str(error).strip().splitlines()[-1][:200]
