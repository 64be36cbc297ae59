"""Training samples of the plate reader: a cut-out plate and which sign's middle each cell of the answer holds.

We know where every sign is because we painted it, so the reader is taught place by place, like a detector of signs.
That learns in minutes where a sequence loss (CTC) takes hours, and reads one and two lines with one network.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.lab.plates.camera import dirtied, draw_view, filmed, lit, placed, transformed
from vedette.lab.plates.designs import draw_design
from vedette.lab.plates.glyphs import LETTERS
from vedette.lab.plates.painting import FlatPlate, paint

INPUT_WH = (160, 64)
GRID_WH = (40, 8)
BLANK = len(LETTERS)
IGNORED = 255
PAD = 0.06

Grid = NDArray[np.uint8]


def draw_reader_sample(rng: np.random.Generator) -> tuple[NDArray[np.uint8], Grid]:
    """Draws one sample: the cut-out (64, 160) uint8 grey and the grid (8, 40) of sign numbers, BLANK or IGNORED."""
    plate = paint(draw_design(rng), rng)
    letter_px = float(np.exp(rng.uniform(np.log(8.5), np.log(42))))
    flat_letter = float(plate.sizes_px[:, 1].mean())
    flat_width = float(plate.corners_xy[1, 0] - plate.corners_xy[0, 0])
    view = draw_view(plate.corners_xy, flat_width * letter_px / flat_letter, 0.7, rng)
    h, w = plate.picture_bgr.shape[:2]
    view, size = placed(view, (w, h))
    seen = lit(_shrunk_view(dirtied(plate.picture_bgr, rng), view, size), rng)
    grey = cv2.cvtColor(filmed(seen, letter_px, rng), cv2.COLOR_BGR2GRAY)
    cut = cut_matrix(_jittered(transformed(plate.corners_xy, view), rng))
    crop = cv2.warpPerspective(grey, cut, INPUT_WH, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return crop.astype(np.uint8), label_grid(plate, cut @ view)


def _shrunk_view(picture: NDArray[np.uint8], view: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Warps at twice the size and averages: warping alone picks single pixels, and cameras do not."""
    double = np.diag([2.0, 2.0, 1.0]) @ view
    large = cv2.warpPerspective(
        picture, double, (size[0] * 2, size[1] * 2), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return cv2.resize(large, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _jittered(corners_xy: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Corners as a detector finds them: moved together, grown or shrunk together, and each a little on its own."""
    edge_x, edge_y = np.linalg.norm(corners_xy[1] - corners_xy[0]), np.linalg.norm(corners_xy[3] - corners_xy[0])
    size = np.array([edge_x, edge_y])
    own = rng.normal(0, 1, (4, 2)) * size * np.array([0.012, 0.035])
    shift = rng.normal(0, 1, 2) * size * np.array([0.018, 0.05])
    centre = corners_xy.mean(axis=0)
    grown = centre + (corners_xy - centre) * (1 + rng.normal(0.03, 0.08, 2))
    result = grown + own + shift
    if rng.random() < 0.25:  # an upright box instead of corners
        low, high = result.min(axis=0), result.max(axis=0)
        result = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    return np.asarray(result, np.float32)


def cut_matrix(corners_xy: NDArray[np.float32]) -> NDArray[np.float64]:
    """The homography from a picture to the reader's input: corners go to its corners, with a little more around."""
    w, h = INPUT_WH
    px, py = w * PAD / (1 + 2 * PAD), h * PAD / (1 + 2 * PAD)
    target = np.array([[px, py], [w - px, py], [w - px, h - py], [px, h - py]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(corners_xy.astype(np.float32), target), np.float64)


def label_grid(plate: FlatPlate, to_input: NDArray[np.float64]) -> Grid:
    """Marks each sign's middle fifth with its number, a ring around it as ignored, and the rest as blank."""
    grid = np.full((GRID_WH[1], GRID_WH[0]), BLANK, np.uint8)
    cell = np.array([INPUT_WH[0] / GRID_WH[0], INPUT_WH[1] / GRID_WH[1]])
    centres = transformed(plate.centres_xy, to_input) / cell
    edges = transformed(plate.centres_xy + plate.sizes_px / np.float32(2), to_input) / cell
    half = np.abs(edges - centres)
    for inner, outer in ((False, 0.75), (True, 0.42)):
        reach = np.maximum(half * outer, (0.5, 0.5) if inner else (0.9, 0.9))
        for sign, centre, r in zip(plate.text, centres, reach, strict=True):
            x0, x1 = np.ceil(centre[0] - r[0] - 0.5), np.floor(centre[0] + r[0] - 0.5)
            y0, y1 = np.ceil(centre[1] - r[1] - 0.5), np.floor(centre[1] + r[1] - 0.5)
            rows, columns = slice(max(int(y0), 0), max(int(y1) + 1, 0)), slice(max(int(x0), 0), max(int(x1) + 1, 0))
            grid[rows, columns] = LETTERS.index(sign) if inner else IGNORED
    return grid
