"""Pictures that people labelled: VOC (Annotations, JPEGImages) and MOT Challenge (img1, gt/gt.txt) folders."""

import csv
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_VOC_CLASSES = {
    **dict.fromkeys(("person", "pedestrian"), "person"),
    **dict.fromkeys(("car", "van", "truck", "bus", "tricycle", "tricyclelist", "tricyclist", "vehicle"), "vehicle"),
    **dict.fromkeys(("bicycle", "motorcycle", "motorbike", "cyclist", "motorcyclist", "two_wheeler"), "two_wheeler"),
}
_MOT_PERSON, _MOT_IGNORED = 1, {2, 7, 8, 12}

Corners = tuple[float, float, float, float]


@dataclass
class LabelledPicture:
    """One picture: path, boxes in pixels by class, and boxes to ignore."""

    path: Path
    boxes: dict[str, list[Corners]] = field(default_factory=lambda: defaultdict(list))
    ignored: list[Corners] = field(default_factory=list)


def read_voc(root: Path) -> Iterator[LabelledPicture]:
    """All labelled pictures of VOC folders below `root`. What is called `ignore` there is to be ignored."""
    for label in sorted(root.rglob("Annotations/*.xml")):
        stem = label.parent.parent / "JPEGImages" / label.stem
        path = next((stem.with_suffix(s) for s in (".jpg", ".jpeg", ".png") if stem.with_suffix(s).exists()), None)
        if path is not None:
            yield _read_annotation(label, path)


def _read_annotation(label: Path, path: Path) -> LabelledPicture:
    picture = LabelledPicture(path)
    for item in ET.parse(label).iter("object"):  # noqa: S314 -- the trainer's own files
        corners = (float(item.findtext(f"bndbox/{name}", "0")) for name in ("xmin", "ymin", "xmax", "ymax"))
        left, top, right, bottom = corners
        name = _VOC_CLASSES.get(item.findtext("name", ""))
        if name:
            picture.boxes[name].append((left, top, right, bottom))
        elif item.findtext("name") == "ignore":
            picture.ignored.append((left, top, right, bottom))
    return picture


def read_mot(root: Path) -> Iterator[LabelledPicture]:
    """All labelled pictures of MOT Challenge folders; to ignore are static people, riders, reflections, flag 0."""
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
            if kind == _MOT_PERSON and counts:
                pictures[frame].boxes["person"].append(box)
            elif kind in _MOT_IGNORED or kind == _MOT_PERSON:
                pictures[frame].ignored.append(box)
        yield from (pictures[frame] for frame in sorted(pictures))


def read_labelled(root: Path) -> list[LabelledPicture]:
    """The pictures of a VOC or MOT folder; none where it is neither."""
    return [*read_voc(root), *read_mot(root)]


def find_labels(photo: Path) -> LabelledPicture | None:
    """What people labelled in a photograph of a VOC folder; None where nobody did."""
    label = photo.parent.parent / "Annotations" / f"{photo.stem}.xml"
    return _read_annotation(label, photo) if photo.parent.name == "JPEGImages" and label.is_file() else None
