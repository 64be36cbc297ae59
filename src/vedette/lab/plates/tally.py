"""Judges found and read plates against labels; figures and their meanings: `evals.plates`. Pure but for `look`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.core.objects import PlateReading
from vedette.lab.plates.labels import PlateLabel
from vedette.vision.boxes import iou_matrix
from vedette.vision.picture import Image, to_planes
from vedette.vision.ports import Recognizer
from vedette.vision.recognize.crop import make_crop
from vedette.vision.recognize.plate_grammar import normalise
from vedette.vision.recognize.plate_vote import decide_plate
from vedette.vision.recognize.records import WHOLE_PICTURE, Record, Sighting

_FOUND_IOU, _FOUND_EDITS = 0.5, 2


@dataclass
class Tally:
    labels: int = 0
    found: int = 0
    exact: int = 0
    exact_but_0_for_o: int = 0
    edits: int = 0
    signs: int = 0
    sure: int = 0
    wrong_but_sure: int = 0

    def figures(self) -> dict[str, float | int]:
        n = max(self.labels, 1)
        return {
            "labels": self.labels,
            "found": self.found / n,
            "exact": self.exact / n,
            "exact_but_0_for_o": self.exact_but_0_for_o / n,
            "character_error_rate": self.edits / max(self.signs, 1),
            "sure": self.sure / n,
            "wrong_but_sure": self.wrong_but_sure / n,
        }


def wanted_text(label: PlateLabel) -> str:
    """The label's signs, with `?` kept."""
    return "".join(c for c in label.text.upper().replace("Đ", "D") if c == "?" or normalise(c))


def count_edits(read: str, wanted: str) -> int:
    """Levenshtein distance; `?` in `wanted` is right whatever was read."""
    row = list(range(len(wanted) + 1))
    for i, a in enumerate(read, 1):
        left, row[0] = row[0], i
        for j, b in enumerate(wanted, 1):
            left, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, left + (b not in {a, "?"}))
    return row[-1]


def match_boxes(records: Sequence[Record], labels: Sequence[PlateLabel], size_px: tuple[int, int]) -> list[int | None]:
    """For each label the record that overlaps it most, each record once; None when none does by IoU 0.5."""
    scale = np.array(size_px * 2, np.float32)
    boxes = np.array([record.box for record in records], np.float32).reshape(-1, 4) * scale
    overlap = iou_matrix(np.array([label.box_xyxy for label in labels], np.float32).reshape(-1, 4), boxes)
    return _assign(overlap, lambda value: value >= _FOUND_IOU)


def match_texts(texts: Sequence[str], labels: Sequence[PlateLabel]) -> list[int | None]:
    """For each label the reading with the fewest edits, each reading once; None when more than two are needed."""
    edits = np.array([[-count_edits(text, wanted_text(label)) for text in texts] for label in labels], np.float32)
    return _assign(edits.reshape(len(labels), len(texts)), lambda value: value >= -_FOUND_EDITS)


def _assign(score: NDArray[np.float32], is_good: Callable[[float], bool]) -> list[int | None]:
    chosen: list[int | None] = [None] * score.shape[0]
    left = score.astype(np.float64).copy()
    while left.size and np.isfinite(left).any():
        row, column = np.unravel_index(int(np.argmax(left)), left.shape)
        if not is_good(float(left[row, column])):
            break
        chosen[int(row)] = int(column)
        left[row, :] = left[:, column] = -np.inf
    return chosen


def judge_picture(
    tally: Tally, recognizer: Recognizer, labels: Sequence[PlateLabel], image: Image, size_px: tuple[int, int]
) -> list[PlateReading | None]:
    """Looks at a picture and adds it; gives what was read. `size_px`: width and height that boxes of labels are of."""
    records = look(recognizer, image)
    readings = [decide_plate([Sighting(0.0, 1.0, record)]) for record in records]
    if all(label.box_xyxy for label in labels):
        matches = match_boxes(records, labels, size_px)
    else:
        matches = match_texts([record.text for record in records], labels)
    judge(tally, labels, readings, matches)
    return readings


def judge(
    tally: Tally, labels: Sequence[PlateLabel], readings: Sequence[PlateReading | None], matches: Sequence[int | None]
) -> None:
    """Adds one picture."""
    for label, match in zip(labels, matches, strict=True):
        wanted = wanted_text(label)
        tally.labels += 1
        tally.signs += len(wanted)
        reading = readings[match] if match is not None else None
        tally.found += match is not None
        text = reading.text if reading else ""
        edits = count_edits(text, wanted)
        tally.edits += min(edits, len(wanted))
        tally.exact += edits == 0
        tally.exact_but_0_for_o += count_edits(text.replace("O", "0"), wanted.replace("O", "0")) == 0
        is_sure = reading is not None and reading.state == "read"
        tally.sure += is_sure
        tally.wrong_but_sure += is_sure and edits > 0


def look(recognizer: Recognizer, image: Image) -> list[Record]:
    """All plates of a still picture."""
    crop = make_crop(to_planes(image), (0.0, 0.0, 1.0, 1.0), WHOLE_PICTURE)
    return recognizer.describe([crop])[0]
