"""Accuracy of the object detector on a labelled folder: VOC (Annotations, JPEGImages) or MOT Challenge.

Figures `ap50_<class>` and `recall_at_p90_<class>`: IoU 0.5, all-point average precision; boxes marked `ignore` (in MOT:
static people, riders, reflections, flag 0) and boxes under 16 pixels high neither reward nor punish. A class
without labels has no figure. Classes: person; vehicle (car, van, truck, bus, tricycle); two_wheeler (bicycle,
motorcycle and their riders).
"""

import csv
import xml.etree.ElementTree as ET  # labels are our own files
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, installed_detector, make_parser, write_result
from vedette.core.detections import CLASS_NAMES
from vedette.lab.detector.teachers import Found, ask
from vedette.vision.boxes import iou_matrix

MIN_HEIGHT_PX = 16
VOC_CLASSES = {
    **dict.fromkeys(("person", "pedestrian"), "person"),
    **dict.fromkeys(("car", "van", "truck", "bus", "tricycle", "tricyclelist", "tricyclist", "vehicle"), "vehicle"),
    **dict.fromkeys(("bicycle", "motorcycle", "motorbike", "cyclist", "motorcyclist", "two_wheeler"), "two_wheeler"),
}
MOT_PERSON, MOT_IGNORED = 1, {2, 7, 8, 12}


@dataclass
class LabelledPicture:
    """One picture: path, boxes in pixels by class, and boxes to ignore."""

    path: Path
    boxes: dict[str, list[tuple[float, float, float, float]]] = field(default_factory=lambda: defaultdict(list))
    ignored: list[tuple[float, float, float, float]] = field(default_factory=list)


def read_voc(root: Path) -> Iterator[LabelledPicture]:
    for label in sorted(root.rglob("Annotations/*.xml")):
        stem = label.parent.parent / "JPEGImages" / label.stem
        path = next((stem.with_suffix(s) for s in (".jpg", ".jpeg", ".png") if stem.with_suffix(s).exists()), None)
        if path is None:
            continue
        picture = LabelledPicture(path)
        for item in ET.parse(label).iter("object"):
            corners = (float(item.findtext(f"bndbox/{name}", "0")) for name in ("xmin", "ymin", "xmax", "ymax"))
            left, top, right, bottom = corners
            name = VOC_CLASSES.get(item.findtext("name", ""))
            if name:
                picture.boxes[name].append((left, top, right, bottom))
            elif item.findtext("name") == "ignore":
                picture.ignored.append((left, top, right, bottom))
        yield picture


def read_mot(root: Path) -> Iterator[LabelledPicture]:
    for labels in sorted(root.rglob("gt/gt.txt")):
        pictures: dict[int, LabelledPicture] = {}
        for path in (labels.parent.parent / "img1").glob("*.jpg"):
            pictures[int(path.stem)] = LabelledPicture(path)
        for row in csv.reader(labels.open(encoding="ascii")):
            frame, left, top, width, height = (int(float(row[0])), *map(float, row[2:6]))
            if frame not in pictures:
                continue
            box = (left, top, left + width, top + height)
            kind, counts = int(float(row[7])), float(row[6]) != 0
            if kind == MOT_PERSON and counts:
                pictures[frame].boxes["person"].append(box)
            elif kind in MOT_IGNORED or kind == MOT_PERSON:
                pictures[frame].ignored.append(box)
        yield from (pictures[frame] for frame in sorted(pictures))


def read_labelled(root: Path) -> list[LabelledPicture]:
    """The pictures of a VOC or MOT folder; none where it is neither."""
    return [*read_voc(root), *read_mot(root)]


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
