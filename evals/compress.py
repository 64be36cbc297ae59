"""What compression costs and gives for three of our own networks, beside the published table.

The table of `vedette lab compress` for the face detector (F1 against YuNet's sure faces on ORL), the plate reader
(exact) and the plate detector (found), both on the held-out half of OpenALPR EU; every fourth picture calibrates.
`--model NAME` measures one, `--data` holds `orl_faces` and `openalpr/eu`. A figure's name ends in `bytes`, `ms`, the
score, or `restored` (the score after the layers' statistics were set right).
"""

import re
import sys
from pathlib import Path

from evals.common import SHARED, Figures, fingerprint, make_parser, models_folder, write_result
from vedette.lab.compress.subjects import SubjectTerms, open_subject
from vedette.lab.compress.table import Table, format_table, make_table
from vedette.lab.detector.pictures import files_below
from vedette.runtime.clock import SystemClock

SUBJECTS = {"face-detector": "orl_faces", "plate-reader": "openalpr/eu", "plate-detector": "openalpr/eu"}
_PUBLISHED = """published (Rassadin and Savchenko 2017; trained with the compression, GPU or CPU not said):
                                     ms       MB   accuracy %
  VGG-S                            33.4    372.2   97.13
  SqueezeNet 1.1                   4.94      2.8   89.14
  SqueezeNet 1.1, CP               7.74      2.1   87.5      smaller, and slower
  HashedNets                      158       68.3   96.31     smaller, and much slower
  binary weights (BWN)            33.5      11.6   98.57     no faster
  XNOR-Net                        34.2       -     58.81     no faster
  XNOR-Net, activations not signs  -         -     88.32"""


def make_figures(name: str, table: Table) -> Figures:
    """All numbers of a table."""
    figures: Figures = {f"{name}_pictures": table.pictures}
    for row in table.rows:
        key = re.sub(r"\W+", "_", f"{name} {row.name}").strip("_").lower()
        values = {"bytes": row.bytes, "ms": row.ms, table.figure: row.score, "restored": row.restored}
        figures |= {f"{key}_{what}": value for what, value in values.items() if value is not None}
    return figures


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data")
    parser.add_argument("--model", choices=SUBJECTS, help="only this one")
    parser.add_argument("--pictures", type=int, default=40, help="of each data set at most")
    given = parser.parse_args()
    figures: Figures = {}
    releases, paths = [], set[Path]()
    with models_folder("yunet-n") as folder:
        for name in [given.model] if given.model else SUBJECTS:
            data = given.data / SUBJECTS[name]
            subject = open_subject(SubjectTerms(name, data, folder, given.pictures))
            table = make_table(subject, 60, SystemClock(), lambda text: print(text, file=sys.stderr, flush=True))
            print(format_table(table), end="\n\n", flush=True)
            figures |= make_figures(name, table)
            releases.append(table.release)
            paths |= set(files_below(data))
    print(_PUBLISHED)
    write_result(figures, "+".join(releases), fingerprint(paths, given.data), given.json)


if __name__ == "__main__":
    main()
