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
from pathlib import Path

import cv2
import numpy as np

from evals.common import SHARED, fingerprint, make_parser, write_result
from evals.super_resolution import load_bank
from vedette.adapters.enlarger import open_strip_network
from vedette.lab.plates.labels import LabelledPicture, is_held_out, read_labels
from vedette.lab.plates.tally import Tally, judge_picture
from vedette.node.plate_recognizer import make_plate_recognizer
from vedette.vision.enhance.bank import choose_set
from vedette.vision.enhance.headers import read_header
from vedette.vision.enhance.picture import enlarge_bgr
from vedette.vision.enhance.strips import StripRunner
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.ports import Recognizer


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
    return enlarge_bgr(image, StripRunner(size_px, lambda w, h: open_strip_network(weights, w, h, 1)).enlarge)


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
        readings = judge_picture(tally, recognizer, picture.plates, shown, (image.shape[1], image.shape[0]))
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
