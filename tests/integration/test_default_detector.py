"""The embedded default pack, as `make run` uses it: it names what moves in scenes that it was not taught."""

from pathlib import Path

import numpy as np
import pytest

from vedette.adapters.openvino_detector import OpenVinoDetector
from vedette.core.time import TICKS_PER_S
from vedette.media.planes import PlanarFrame
from vedette.node.analyzer_pool import choose_model
from vedette.testing.scenes.catalog import CATALOG, SUB_SIZE
from vedette.testing.scenes.renderer import SceneRenderer, TrueBox
from vedette.testing.scenes.scene import FPS
from vedette.vision.boxes import iou_matrix
from vedette.vision.engine import PictureAnalysis
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.picture import shrink, to_planes
from vedette.vision.track.tracker import Tracker
from vedette.vision.wire import decode_boxes

_A_SECOND = 5
_PICTURES, _EVERY = 100, FPS // _A_SECOND
_PLAIN = 0.9
_SAME_IOU = 0.4
_NAMED = 0.5


def make_detector(tmp_path: Path) -> OpenVinoDetector:
    registry = ModelRegistry(tmp_path)
    name, missing = choose_model(registry)
    assert (name.removesuffix("-int8"), missing) == ("detector", "")
    return OpenVinoDetector(registry.load(registry.find_named(name)), threads=1)


@pytest.mark.parametrize(("name", "class_id"), [("gate", 0), ("corridor", 0), ("car_park", 1)])
def test_what_moves_is_named_by_the_embedded_pack(name: str, class_id: int, tmp_path: Path) -> None:
    detector, tracker = make_detector(tmp_path), Tracker()
    analysis = PictureAnalysis(detector, (), gated=False)
    entry = next(one for one in CATALOG if one.name == name)
    renderer = SceneRenderer(entry.make(entry.seed), entry.seed)
    before: dict[int, list[tuple[float, float]]] = {}
    there, named = 0, 0
    for index in range(_PICTURES):
        image, boxes = renderer.render(index * _EVERY)
        planes = to_planes(shrink(image, SUB_SIZE[0]))
        at_90k = index * _EVERY * TICKS_PER_S // FPS
        result = analysis.analyse(PlanarFrame(at_90k, planes.y, planes.u, planes.v))
        tracks = tracker.push(decode_boxes(result.boxes or b""), at_90k / TICKS_PER_S).tracks
        own = tracks.boxes_norm_xyxy[tracks.class_id == class_id]
        truth = [box for box in boxes if box.class_id == class_id and _moves(box, before) and box.visibility >= _PLAIN]
        corners = np.array([box.box_px for box in truth], np.float32).reshape(-1, 4)
        corners[:, 2:] += corners[:, :2]
        size = np.array([*image.shape[1::-1]] * 2, np.float32)
        there += len(truth)
        named += int((iou_matrix(corners / size, own).max(axis=1, initial=0) >= _SAME_IOU).sum())
    assert there > 30
    assert named / there > _NAMED


def _moves(box: TrueBox, before: dict[int, list[tuple[float, float]]]) -> bool:
    """Whether it moved by a tenth of its height within the last second."""
    left, top, _, height = box.box_px
    seen = before.setdefault(box.track_id, [])
    seen.append((left, top))
    return len(seen) > _A_SECOND and np.hypot(*np.subtract(seen[-1], seen[-1 - _A_SECOND])) > 0.1 * height
