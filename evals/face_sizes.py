"""How many faces of made sizes are found: pictures of faces laid into pictures without one, both packs beside another.

Every picture of `--data` is scaled until its face has the wanted side (the root of the box's area, by the standard
pack's detector, which favours that one a little) and laid softly, at a place drawn by a fixed seed, into the next
picture of `--grounds`, brought to 640 pixels. `found_<side>_<pack>` is the share found with an IoU of 0.5 at the
release's threshold, `false_<side>_<pack>` counts boxes that meet no face.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, installed_models, make_parser, write_result
from vedette.lab.detector.pictures import files_below, read_images
from vedette.lab.detector.samples import soft_mask
from vedette.node.face_recognizer import make_picture_face_detector
from vedette.vision.boxes import Boxes, iou_matrix
from vedette.vision.picture import Image, shrink
from vedette.vision.recognize.face_detector import FaceFinder

SIDES_PX = (20, 24, 32, 48, 80, 140, 240)
_GROUND_PX = 640
_SAME_IOU = 0.5
_SEED = 20


@dataclass(frozen=True, slots=True)
class Portrait:
    """A picture of one face and where it is."""

    image_bgr: Image
    box: Boxes
    """(1, 4) float32."""

    @property
    def side_px(self) -> float:
        return float(np.sqrt(np.prod(self.box[0, 2:] - self.box[0, :2])))


def find_portraits(files: list[Path], detector: FaceFinder) -> list[Portrait]:
    """Pictures with exactly one face."""
    pairs = [(image, detector.detect(image).boxes) for file in files for image in read_images(file)]
    return [Portrait(image, boxes) for image, boxes in pairs if len(boxes) == 1]


def lay_into(ground: Image, portrait: Portrait, side_px: int, rng: np.random.Generator) -> tuple[Image, Boxes]:
    """The picture, and the face's box (1, 4) in it. The face lies within, what is around it may be cut off."""
    scale = side_px / portrait.side_px
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    laid = np.asarray(cv2.resize(portrait.image_bgr, None, fx=scale, fy=scale, interpolation=way), np.uint8)
    high, wide = ground.shape[:2]
    box = portrait.box * np.float32(scale)
    room = np.maximum(np.array([wide, high]) - (box[0, 2:] - box[0, :2]), 0)
    x, y = (round(float(value)) for value in rng.uniform(0, 1, 2) * room - box[0, :2])
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + laid.shape[1], wide), min(y + laid.shape[0], high)
    inner = slice(top - y, bottom - y), slice(left - x, right - x)
    soft = soft_mask(*laid.shape[:2])[inner]
    picture = ground.copy()
    under = picture[top:bottom, left:right]
    under[:] = (laid[inner] * soft + under * (1 - soft)).astype(np.uint8)
    return picture, box + np.array([x, y, x, y], np.float32)


def measure(portraits: list[Portrait], grounds: list[Image], detectors: dict[str, FaceFinder]) -> Figures:
    """The shares found and the false boxes, by size and pack."""
    figures: Figures = {"faces": len(portraits), "grounds": len(grounds)}
    for side_px in SIDES_PX:
        rng = np.random.default_rng(_SEED)
        found, false = dict.fromkeys(detectors, 0), dict.fromkeys(detectors, 0)
        for number, portrait in enumerate(portraits):
            picture, truth = lay_into(grounds[number % len(grounds)], portrait, side_px, rng)
            for pack, detector in detectors.items():
                meets = iou_matrix(truth, detector.detect(picture).boxes)[0] >= _SAME_IOU
                found[pack] += bool(meets.any())
                false[pack] += int((~meets).sum())
        for pack in detectors:
            figures[f"found_{side_px}_{pack}"] = found[pack] / len(portraits)
            figures[f"false_{side_px}_{pack}"] = false[pack]
    return figures


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/orl_faces")
    parser.add_argument("--grounds", type=Path, default=SHARED / "data/apollo_det", help="pictures that show no face")
    given = parser.parse_args()
    files, under = sorted(files_below(given.data)), sorted(files_below(given.grounds))
    with installed_models("yunet-n", "face-detector") as models:
        detectors = {
            "standard": make_picture_face_detector(models["yunet-n"]),
            "default": make_picture_face_detector(models["face-detector"]),
        }
        portraits = find_portraits(files, detectors["standard"])
        grounds = [shrink(image, _GROUND_PX) for file in under for image in read_images(file)]
        if not portraits or not grounds:
            raise SystemExit("name a folder with pictures of one face each, and with --grounds one without faces")
        figures = measure(portraits, grounds, detectors)
    write_result(figures, detectors["default"].release, fingerprint(files, given.data), given.json)


if __name__ == "__main__":
    main()
