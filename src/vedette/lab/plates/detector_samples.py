"""Training samples of the plate detector: pictures with plates hung in, and where their corners are.

Each cell of the answer (8x8 pixels) says whether it lies in the middle of a plate and where that plate's four corners
are, as offsets from the cell's middle in units of `CORNER_UNIT_PX`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.lab.plates.camera import Matrix, dirtied, draw_view, filmed, lit, transformed
from vedette.lab.plates.designs import draw_design
from vedette.lab.plates.painting import FlatPlate, paint
from vedette.lab.plates.scenes import Picture, draw_background, draw_distractors

SIDE_PX = 192
CELL_PX = 8
GRID = SIDE_PX // CELL_PX
CORNER_UNIT_PX = 32.0
LAYERS = 11
"""Of a target: 0 is a plate, 1 its weight, 2..9 corners, 10 their weight."""


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photograph with the upright boxes (N, 4) of its plates, in pixels."""

    picture_bgr: Picture
    boxes_xyxy: NDArray[np.float32]


def draw_detector_sample(
    photos: Sequence[Picture], labelled: Sequence[LabelledPhoto], rng: np.random.Generator
) -> tuple[Picture, NDArray[np.float32]]:
    """Draws one picture (192, 192, 3) uint8 BGR and its target (24, 24, 11) float32."""
    if labelled and rng.random() < 0.35:
        return _cut_photo(labelled[int(rng.integers(len(labelled)))], rng)
    picture = draw_background(photos, SIDE_PX, rng)
    draw_distractors(picture, rng)
    target = _empty_target()
    letter_px = 12.0
    for _ in range(int(rng.choice([0, 1, 2], p=[0.16, 0.64, 0.2]))):
        plate = paint(draw_design(rng), rng)
        view = _hung_view(plate, rng)
        picture = _hung(picture, plate, view, rng)
        corners = transformed(plate.corners_xy, view)
        letter_px = float(np.linalg.norm(corners[3] - corners[0])) * 0.5
        mark_plate(target, corners, 1.0)
    return filmed(lit(picture, rng), min(letter_px, 22.0), rng), target


def _hung_view(plate: FlatPlate, rng: np.random.Generator) -> Matrix:
    narrow = float(plate.corners_xy[2, 1] - plate.corners_xy[0, 1]) * 2.2 > float(
        plate.corners_xy[1, 0] - plate.corners_xy[0, 0]
    )
    width = float(np.exp(rng.uniform(np.log(15 if narrow else 22), np.log(90 if narrow else 125))))
    view = draw_view(plate.corners_xy, width, 0.6, rng)
    move = np.eye(3)
    move[:2, 2] = rng.uniform(0.06, 0.94, 2) * SIDE_PX
    return np.asarray(move @ view, np.float64)


def _hung(picture: Picture, plate: FlatPlate, view: Matrix, rng: np.random.Generator) -> Picture:
    """Hangs a plate with a random part of its surroundings into the picture."""
    flat = dirtied(plate.picture_bgr, rng)
    double = np.diag([2.0, 2.0, 1.0]) @ view
    large = cv2.warpPerspective(flat, double, (SIDE_PX * 2, SIDE_PX * 2), flags=cv2.INTER_LINEAR)
    mask = np.zeros(flat.shape[:2], np.uint8)
    low, high = plate.corners_xy[0], plate.corners_xy[2]
    grow = (high - low) * rng.uniform(0, 0.16, 2) if rng.random() < 0.5 else np.zeros(2)
    mask[
        max(int(low[1] - grow[1]), 0) : int(high[1] + grow[1]), max(int(low[0] - grow[0]), 0) : int(high[0] + grow[0])
    ] = 255
    large_mask = cv2.warpPerspective(mask, double, (SIDE_PX * 2, SIDE_PX * 2), flags=cv2.INTER_LINEAR)
    seen = cv2.resize(large, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    alpha = (
        cv2.resize(large_mask, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)[:, :, None].astype(np.float32) / 255
    )
    return (picture * (1 - alpha) + seen * alpha).astype(np.uint8)


def _cut_photo(photo: LabelledPhoto, rng: np.random.Generator) -> tuple[Picture, NDArray[np.float32]]:
    """A random square of a real photograph around one of its plates, at a random size."""
    box = photo.boxes_xyxy[int(rng.integers(len(photo.boxes_xyxy)))]
    width = float(np.exp(rng.uniform(np.log(24), np.log(115))))
    zoom = width / float(box[2] - box[0])
    place = (box[:2] + box[2:]) / 2 * zoom
    corner = place - rng.uniform(0.2, 0.8, 2) * SIDE_PX
    matrix = np.array([[zoom, 0, -corner[0]], [0, zoom, -corner[1]]])
    source = photo.picture_bgr
    if zoom < 0.6:  # warpAffine does not average
        source = cv2.blur(source, (max(1, round(0.7 / zoom)),) * 2).astype(np.uint8)
    picture = cv2.warpAffine(source, matrix, (SIDE_PX, SIDE_PX), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)
    boxes = photo.boxes_xyxy * zoom - np.tile(corner, 2)
    if rng.random() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
        boxes = np.stack([SIDE_PX - boxes[:, 2], boxes[:, 1], SIDE_PX - boxes[:, 0], boxes[:, 3]], axis=1)
    target = _empty_target()
    for box in boxes:
        if rng.random() < 0.4:
            picture = _replated(picture, box, target, rng)
        else:
            mark_plate(target, _box_corners(box), 0.5)
    return lit(picture, rng) if rng.random() < 0.5 else picture, target


def _box_corners(box: NDArray[np.float32]) -> NDArray[np.float32]:
    x0, y0, x1, y1 = box
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def _replated(
    picture: Picture, box: NDArray[np.float32], target: NDArray[np.float32], rng: np.random.Generator
) -> Picture:
    """Takes the real plate off and hangs a rendered one in its place: real cars with the plates that we lack."""
    width, height = box[2:] - box[:2]
    grown = np.round(box + np.array([-0.12 * width, -0.3 * height, 0.12 * width, 0.3 * height])).astype(int)
    x0, y0, x1, y1 = np.clip(grown, 0, SIDE_PX)
    if x1 - x0 >= 4 and y1 - y0 >= 4:
        rim = np.concatenate([picture[y0, x0:x1], picture[y1 - 1, x0:x1], picture[y0:y1, x0], picture[y0:y1, x1 - 1]])
        picture[y0:y1, x0:x1] = np.median(rim, axis=0).astype(np.uint8)
    plate = paint(draw_design(rng), rng)
    view = draw_view(plate.corners_xy, float(np.clip(width * rng.uniform(0.7, 1.3), 18, 125)), 0.9, rng)
    move = np.eye(3)
    move[:2, 2] = (box[:2] + box[2:]) / 2 + rng.normal(0, 0.05, 2) * width
    view = np.asarray(move @ view, np.float64)
    mark_plate(target, transformed(plate.corners_xy, view), 1.0)
    return _hung(picture, plate, view, rng)


def _empty_target() -> NDArray[np.float32]:
    target = np.zeros((GRID, GRID, LAYERS), np.float32)
    target[:, :, 1] = 1.0
    return target


def mark_plate(target: NDArray[np.float32], corners_xy: NDArray[np.float32], corner_weight: float) -> None:
    """Marks a plate in the target: its middle as plate, what surrounds that as nobody's business."""
    centre = corners_xy.mean(axis=0)
    across = (corners_xy[1] + corners_xy[2] - corners_xy[0] - corners_xy[3]) / 2
    down = (corners_xy[2] + corners_xy[3] - corners_xy[0] - corners_xy[1]) / 2
    middles = (np.stack(np.meshgrid(np.arange(GRID), np.arange(GRID)), axis=-1) + 0.5) * CELL_PX
    basis = np.linalg.inv(np.stack([across, down], axis=1))
    u, v = np.moveaxis((middles - centre) @ basis.T, -1, 0)
    reach_u = max(0.22, 0.62 * CELL_PX / float(np.linalg.norm(across)))
    reach_v = max(0.22, 0.62 * CELL_PX / float(np.linalg.norm(down)))
    inner = (np.abs(u) <= reach_u) & (np.abs(v) <= reach_v)
    near = (np.abs(u) <= reach_u + 0.3) & (np.abs(v) <= reach_v + 0.3)
    target[near & ~inner & (target[:, :, 0] == 0), 1] = 0.0
    target[inner, 0], target[inner, 1] = 1.0, 1.0
    offsets = (corners_xy[None, None] - middles[:, :, None, :]) / CORNER_UNIT_PX
    target[inner, 2:10] = offsets.reshape(GRID, GRID, 8)[inner]
    target[inner, 10] = corner_weight * CORNER_UNIT_PX / max(float(np.linalg.norm(across)), 12.0)
