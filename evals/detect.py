"""Accuracy of the object detector on a labelled folder: VOC (Annotations, JPEGImages) or MOT Challenge.

Figures `ap50_<class>` and `recall_at_p90_<class>`: IoU 0.5, all-point average precision; boxes marked `ignore` (in MOT:
static people, riders, reflections, flag 0) and boxes under 16 pixels high neither reward nor punish. A class
without labels has no figure. Classes: person; vehicle (car, van, truck, bus, tricycle); two_wheeler (bicycle,
motorcycle and their riders).
"""

from collections import defaultdict
from dataclasses import dataclass, field

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, installed_detector, make_parser, write_result
from vedette.core.detections import CLASS_NAMES
from vedette.lab.detector.labelled import LabelledPicture, read_labelled
from vedette.lab.detector.teachers import Found, ask
from vedette.vision.boxes import iou_matrix

MIN_HEIGHT_PX = 16


@dataclass
class Tally:
    """All detections of one class over all pictures: confidence and whether it is right."""

    scores: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    labels: int = 0

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Precision and recall, from the surest detection on."""
        order = np.argsort(-np.array(self.scores), kind="stable")
        hits = np.cumsum(np.array(self.right, bool)[order])
        return hits / np.arange(1, len(hits) + 1), hits / max(self.labels, 1)

    def ap(self) -> float:
        """All-point average precision: the area under the precision envelope."""
        if not self.scores:
            return 0.0
        precision, recall = self.curve()
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return float(np.sum(np.diff(np.concatenate([[0.0], recall])) * envelope))

    def recall_at(self, precision: float) -> float:
        """The largest recall at which the precision is still at least this."""
        if not self.scores:
            return 0.0
        precisions, recalls = self.curve()
        good = recalls[precisions >= precision]
        return float(good.max()) if len(good) else 0.0


def judge(tally: Tally, boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, ignored: np.ndarray) -> None:
    """Adds one picture: greedy matching by confidence at IoU 0.5; small and ignored boxes are neutral."""
    small = (labels[:, 3] - labels[:, 1]) < MIN_HEIGHT_PX
    tally.labels += int((~small).sum())
    overlap = iou_matrix(boxes, labels)
    free = np.ones(len(labels), bool)
    for row in np.argsort(-scores, kind="stable"):
        match = int(np.argmax(np.where(free, overlap[row], -1))) if free.any() else -1
        if match >= 0 and overlap[row, match] >= 0.5:
            free[match] = False
            if not small[match]:
                tally.scores.append(float(scores[row]))
                tally.right.append(True)
            continue
        if boxes[row, 3] - boxes[row, 1] < MIN_HEIGHT_PX or is_ignored(boxes[row], ignored):
            continue
        tally.scores.append(float(scores[row]))
        tally.right.append(False)


def is_ignored(box: np.ndarray, ignored: np.ndarray) -> bool:
    """True when at least half of the box lies in a box to ignore."""
    if not len(ignored):
        return False
    size = np.minimum(box[2:], ignored[:, 2:]) - np.maximum(box[:2], ignored[:, :2])
    inside = np.clip(size, 0, None).prod(axis=1)
    return bool((inside / max((box[2] - box[0]) * (box[3] - box[1]), 1e-6)).max() >= 0.5)


Tallies = dict[str, Tally]


def judge_picture(tallies: Tallies, found: Found, picture: LabelledPicture) -> None:
    """Adds what was found in one picture to the tallies of all classes."""
    ignored = np.array(picture.ignored, np.float32).reshape(-1, 4)
    for class_id, name in enumerate(CLASS_NAMES):
        own = found.class_id == class_id
        labels = np.array(picture.boxes.get(name, []), np.float32).reshape(-1, 4)
        judge(tallies[name], found.boxes_px[own], found.score[own], labels, ignored)


def main() -> None:
    given = make_parser(__doc__, SHARED / "data/mot17_mini").parse_args()
    pictures = read_labelled(given.data)
    if not pictures:
        raise SystemExit(f"{given.data} is neither a VOC nor a MOT folder with pictures")
    tallies: Tallies = defaultdict(Tally)
    with installed_detector(given.pack) as detector:
        for picture in pictures:
            judge_picture(tallies, ask(detector, cv2.imread(str(picture.path))), picture)
        release = detector.release
    figures: Figures = {}
    for name in CLASS_NAMES:
        if tallies[name].labels:
            figures[f"ap50_{name}"] = tallies[name].ap()
            figures[f"recall_at_p90_{name}"] = tallies[name].recall_at(0.9)
            figures[f"labels_{name}"] = tallies[name].labels
    write_result(figures, release, fingerprint([p.path for p in pictures], given.data), given.json)


if __name__ == "__main__":
    main()
