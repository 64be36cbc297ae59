"""Accuracy of finding and reading number plates, on OpenALPR's layout (`.txt`) or `plates_gt*.csv`.

Figures: `found` by IoU 0.5 where boxes are given, else by a reading within two edits; `exact` over all labelled plates
after removing all but A-Z and 0-9; `character_error_rate` = edits over labelled signs (a plate that was not found costs
all of its signs); `wrong_but_sure` = state `read` and text wrong, over all labelled plates; `sure` = state `read`.
A `?` in a label is a sign that nobody can tell: any sign is right there. Labels of OpenALPR write 0 for O and O for 0
here and there (RKO99AN for RK-099AN): `exact_but_0_for_o` counts the two as one sign. Each picture is looked at whole,
as `vedette analyze` does with a still picture, and one reading counts for one label. `--enlarge` makes each picture
twice as large first, to see whether super-resolution helps; `bicubic` is the control.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, make_parser, write_result
from evals.super_resolution import load_bank
from vedette.adapters.openvino_enlarger import OpenVinoStripNetwork
from vedette.core.objects import PlateReading
from vedette.lab.plates.labels import LabelledPicture, PlateLabel, is_held_out, read_labels
from vedette.node.plate_recognizer import make_plate_recognizer
from vedette.vision.boxes import iou_matrix
from vedette.vision.enhance.bank import choose_set
from vedette.vision.enhance.headers import read_header
from vedette.vision.enhance.picture import enlarge_bgr
from vedette.vision.enhance.strips import StripRunner
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.picture import to_planes
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

    def figures(self) -> Figures:
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


def _assign(score: np.ndarray, is_good) -> list[int | None]:  # noqa: ANN001 - a predicate on floats
    chosen: list[int | None] = [None] * score.shape[0]
    left = score.astype(np.float64).copy()
    while left.size and np.isfinite(left).any():
        row, column = np.unravel_index(int(np.argmax(left)), left.shape)
        if not is_good(left[row, column]):
            break
        chosen[int(row)] = int(column)
        left[row, :] = left[:, column] = -np.inf
    return chosen


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


def look(recognizer: Recognizer, image: np.ndarray) -> list[Record]:
    """All plates of a still picture."""
    crop = make_crop(to_planes(image), (0.0, 0.0, 1.0, 1.0), WHOLE_PICTURE)
    return recognizer.describe([crop])[0]


@contextmanager
def plate_recognizer() -> Iterator[Recognizer]:
    """The recognizer of the embedded pack, or of VEDETTE_MODELS."""
    with tempfile.TemporaryDirectory() as folder:
        registry = ModelRegistry(Path(os.environ.get("VEDETTE_MODELS", folder)))
        names = ("plate-detector", "plate-reader")
        yield make_plate_recognizer({name: registry.load(registry.find_named(name)) for name in names})


def enlarge_picture(image: np.ndarray, data: bytes, how: str) -> np.ndarray:
    """The picture at twice its size: bicubically, or by the weight set for its JPEG table."""
    if how == "bicubic":
        return cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    weights = load_bank().get(choose_set(read_header(data).quality))
    size_px = (image.shape[1], image.shape[0])
    return enlarge_bgr(image, StripRunner(size_px, lambda w, h: OpenVinoStripNetwork(weights, w, h, 1)).enlarge)


def evaluate(
    recognizer: Recognizer, pictures: Sequence[LabelledPicture], *, tell: bool, enlarge: str = "none"
) -> Tally:
    """Runs the recognizer over pictures; `tell` prints what was read."""
    tally = Tally()
    for picture in pictures:
        image = cv2.imread(str(picture.path))
        if image is None:
            raise SystemExit(f"{picture.path} cannot be read")
        shown = image if enlarge == "none" else enlarge_picture(image, picture.path.read_bytes(), enlarge)
        records = look(recognizer, shown)
        readings = [decide_plate([Sighting(0.0, 1.0, record)]) for record in records]
        if all(label.box_xyxy for label in picture.plates):
            matches = match_boxes(records, picture.plates, (image.shape[1], image.shape[0]))
        else:
            matches = match_texts([record.text for record in records], picture.plates)
        judge(tally, picture.plates, readings, matches)
        if tell:
            texts = [f"{r.text}({r.confidence:.2f},{r.state})" for r in readings if r]
            print(f"{picture.path.name}: wanted {[p.text for p in picture.plates]}, read {texts}", flush=True)
    return tally


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/openalpr/eu")
    parser.add_argument("--verbose", action="store_true", help="print every reading")
    parser.add_argument("--enlarge", choices=["none", "bicubic", "super-resolution"], default="none")
    parser.add_argument("--held-out", action="store_true", help="only pictures that training leaves out")
    given = parser.parse_args()
    pictures = [p for p in read_labels(given.data) if is_held_out(p) or not given.held_out]
    with plate_recognizer() as recognizer:
        tally = evaluate(recognizer, pictures, tell=given.verbose, enlarge=given.enlarge)
        release = recognizer.release
    write_result(tally.figures(), release, fingerprint([p.path for p in pictures], given.data), given.json)


if __name__ == "__main__":
    main()
