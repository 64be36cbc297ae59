"""Hazard of the real detector: what it finds in a window lies elsewhere than in the whole picture, or is not found."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.models import install_models
from tests.support.shared import shared_file
from vedette.adapters.openvino_detector import OpenVinoDetector
from vedette.core.detections import Detections
from vedette.media.decode import FileFrames
from vedette.media.planes import PlanarFrame
from vedette.vision.boxes import iou_matrix
from vedette.vision.focus import Window


def sure(found: Detections) -> np.ndarray:
    return found.boxes_norm_xyxy[found.confidence > 0.4]


def picture_of_car() -> PlanarFrame:
    with shared_file("video/traffic/intel_car-detection.mp4").open("rb") as file:
        return next(frame for frame in FileFrames(file).frames() if frame.pts_90k >= 7.68 * 90_000)


@pytest.mark.shared
def test_windows_find_the_same_car_at_the_same_place(tmp_path: Path) -> None:
    frame = picture_of_car()
    registry = install_models(tmp_path, "pvb-2004-int8")
    detector = OpenVinoDetector(registry.load(registry.find_named("pvb-2004-int8")), threads=1, ahead=2)
    [box] = sure(detector.start(frame).wait())
    middle = (box[:2] + box[2:]) / 2
    for width, height in detector.windows:
        left, top = np.clip(middle - [width / 2 + 0.013, height / 2 + 0.017], 0, [1 - width, 1 - height])
        looks = [detector.start(frame, Window(float(left), float(top), width, height)) for _ in range(2)]
        for look in looks:
            [part] = sure(look.wait())
            assert iou_matrix(part[None], box[None])[0, 0] > 0.85


@pytest.mark.shared
def test_car_too_small_in_a_large_picture_is_found_in_its_tile_and_lies_there(tmp_path: Path) -> None:
    small = picture_of_car()
    registry = install_models(tmp_path, "pvb-2004-int8")
    detector = OpenVinoDetector(registry.load(registry.find_named("pvb-2004-int8")), threads=1)
    [box] = sure(detector.start(small).wait())
    width, height = small.size_px
    left, top, sides = 4 * width, 2 * height, np.array([8 * width, 8 * height] * 2, np.float32)
    y = np.full((8 * height, 8 * width), 90, np.uint8)
    u, v = (np.full((4 * height, 4 * width), 128, np.uint8) for _ in range(2))
    y[top : top + height, left : left + width] = small.y
    u[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] = small.u
    v[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] = small.v
    large = PlanarFrame(0, y, u, v)
    there = (box * np.array([width, height] * 2) + np.array([left, top] * 2)) / sides
    assert iou_matrix(sure(detector.start(large).wait()), there[None].astype(np.float32)).max(initial=0.0) < 0.5
    tile = Window(left / sides[0], top / sides[1], 1 / 8, 1 / 8)
    [found] = sure(detector.start_tile(large, tile).wait())
    assert iou_matrix(found[None], there[None].astype(np.float32))[0, 0] > 0.95
