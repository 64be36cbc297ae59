"""Classification of small pictures: accuracy in half precision and in int8, calibration, time.

`--data` has a folder of pictures per class; `--model small|large` is what the product has, `report` (or either) with
`--release FOLDER` what `vedette lab train` wrote there. `ms_per_image` is one picture on one thread in int8; `ece` that
of int8, 15 bins; `known` the share that is not called "none of these". `--changes` adds the accuracy under shift, scale
and turn, `--grid FILE` draws a sheet of samples, `--held-out` takes only the tenth that the lab holds out.
"""

from pathlib import Path

import cv2

from evals.common import SHARED, fingerprint, make_parser, write_result
from vedette.lab.classifier.judge import draw_samples, measure, measure_changed, open_pair, read_labelled
from vedette.lab.classifier.pictures import find_pictures


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/cifar10/train")
    parser.add_argument("--model", choices=["small", "large", "report"], default="large")
    parser.add_argument("--release", type=Path, help="folder `release` of a training, in place of what is installed")
    parser.add_argument("--schedule", choices=["constant", "decaying"], default="constant", help="of the report's")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--changes", action="store_true")
    parser.add_argument("--grid", type=Path)
    given = parser.parse_args()
    name = f"classifier-report-{given.schedule}" if given.model == "report" else f"classifier-{given.model}"
    pair = open_pair(name, given.release)
    labelled = read_labelled(given.data, pair, held_out=given.held_out)
    figures, confusion = measure(pair, labelled)
    print("answers in int8, rows the truth:", *labelled.names)
    print(*confusion, sep="\n")
    if given.changes:
        figures |= measure_changed(pair, labelled)
    if given.grid:
        cv2.imwrite(str(given.grid), draw_samples(pair, labelled))
    files = [file for _, file in find_pictures(given.data)]
    write_result(figures, pair.quantized.manifest.release, fingerprint(files, given.data), given.json)


if __name__ == "__main__":
    main()
