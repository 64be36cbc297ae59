"""How much of what the standard pack's detector finds the default pack's finds too, at equal precision.

DIR is a VOC or MOT folder as for `evals.detect`, or holds any pictures and videos: then the standard detector's sure
boxes are the labels and its doubtful ones neither reward nor punish, a video's frames are 0.4 s apart, and the standard
detector's recall is 1 by definition. Boxes are judged as they come from the detectors: in the product those of the
default pack count only where something moves. Figures of classes with 10 labels and more: `recall_default_<class>` and
`recall_standard_<class>` at a precision of 0.9, their `recall_ratio_<class>`, and both `ap50_`.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, installed_detector, make_parser, write_result
from evals.detect import Tallies, Tally, judge_picture
from vedette.core.detections import CLASS_NAMES
from vedette.lab.detector.labelled import LabelledPicture, read_labelled
from vedette.lab.detector.pictures import files_below, read_images
from vedette.lab.detector.teachers import SURE, Found, ask
from vedette.vision.ports import Detector

_DOUBTFUL = 0.2
_PRECISION = 0.9
_LEAST_LABELS = 10


def label(path: Path, found: Found) -> LabelledPicture:
    """A picture labelled by what the standard detector is sure of; what it doubts is ignored, whatever it is."""
    picture = LabelledPicture(path)
    for box, score, class_id in zip(found.boxes_px, found.score, found.class_id, strict=True):
        corners = (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
        if score >= SURE:
            picture.boxes[CLASS_NAMES[class_id]].append(corners)
        elif score >= _DOUBTFUL:
            picture.ignored.append(corners)
    return picture


def compare(root: Path, standard: Detector, default: Detector) -> tuple[Figures, list[Path]]:
    """Figures of both detectors, and the files they are of."""
    theirs: Tallies = defaultdict(Tally)
    ours: Tallies = defaultdict(Tally)
    files = []
    for image, picture in _read(root, standard):
        judge_picture(theirs, ask(standard, image), picture)
        judge_picture(ours, ask(default, image), picture)
        files.append(picture.path)
    figures: Figures = {}
    for name in (name for name in CLASS_NAMES if theirs[name].labels >= _LEAST_LABELS):
        recalls = ours[name].recall_at(_PRECISION), theirs[name].recall_at(_PRECISION)
        figures[f"labels_{name}"] = theirs[name].labels
        figures[f"recall_default_{name}"], figures[f"recall_standard_{name}"] = recalls
        figures[f"recall_ratio_{name}"] = recalls[0] / recalls[1] if recalls[1] else 0.0
        figures[f"ap50_default_{name}"], figures[f"ap50_standard_{name}"] = ours[name].ap(), theirs[name].ap()
    return figures, sorted(set(files))


def _read(root: Path, standard: Detector) -> Iterator[tuple[np.ndarray, LabelledPicture]]:
    labelled = read_labelled(root)
    for picture in labelled:
        yield cv2.imread(str(picture.path)), picture
    for file in () if labelled else sorted(files_below(root)):
        for image in read_images(file):
            yield image, label(file, ask(standard, image))


def _read_size(text: str) -> tuple[int, int]:
    width, height = map(int, text.split("x"))
    return width, height


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/mot17_mini")
    parser.add_argument("--size", type=_read_size, help="input of the default pack's detector: WIDTHxHEIGHT")
    given = parser.parse_args()
    with ExitStack() as stack:
        standard = stack.enter_context(installed_detector("standard"))
        default = stack.enter_context(installed_detector("default", given.size))
        figures, files = compare(given.data, standard, default)
        release = default.release
    if not files:
        raise SystemExit(f"{given.data} holds no picture and no video")
    root = given.data if given.data.is_dir() else given.data.parent
    write_result(figures, release, fingerprint(files, root), given.json)


if __name__ == "__main__":
    main()
