"""Accuracy of colour naming on folders `<colour>/*` of pictures that a vehicle fills: `accuracy` and `unknown`.

`accuracy` is over all pictures, so "unknown" counts as wrong; `accuracy_named` is over those that got a name. Silver
is gray. Both packs name by `vedette.vision.colors`, without a model: barrier-0039 names fewer of these pictures right,
and every way tried of joining it to ours was worse than ours alone (docs/design/vision.md). The light is not estimated:
a picture that one car fills says nothing of it.
"""

from collections import Counter, defaultdict
from pathlib import Path

import cv2

from evals.common import SHARED, Figures, fingerprint, make_parser, write_result
from vedette.core.objects import COLOUR_NAMES
from vedette.vision.colors import PAINT_BONUS, UNKNOWN, name_colour, weigh_body
from vedette.vision.picture import Image

_SAME = {"silver": "gray", "grey": "gray", "violet": "purple", "cyan": "blue", "beige": "brown", "gold": "yellow"}
_PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
RELEASE = "colors-r1"


def find_pictures(data: Path) -> dict[str, list[Path]]:
    """Pictures by the name of their colour. A folder whose name is no colour is told and left out."""
    found: dict[str, list[Path]] = defaultdict(list)
    for folder in sorted(path for path in data.rglob("*") if path.is_dir()):
        pictures = sorted(path for path in folder.iterdir() if path.suffix.lower() in _PICTURES)
        name = _SAME.get(folder.name.lower(), folder.name.lower())
        if pictures and name in COLOUR_NAMES:
            found[name] += pictures
        elif pictures:
            print(f"{folder.name} is no colour that we name; {len(pictures)} pictures left out")
    return dict(found)


def name_vehicle(image: Image) -> str:
    """Our own name for a picture that a vehicle fills."""
    return name_colour(image, weigh_body(*image.shape[:2]), None, PAINT_BONUS).name


def main() -> None:
    given = make_parser(__doc__, SHARED / "data/vehicle_color").parse_args()
    pictures = find_pictures(given.data)
    if not pictures:
        raise SystemExit(f"{given.data} has no folders named by colours")
    said = {name: Counter(name_vehicle(cv2.imread(str(path))) for path in paths) for name, paths in pictures.items()}
    for name, answers in said.items():
        print(f"{name:<7} {', '.join(f'{answer} {count}' for answer, count in answers.most_common())}")
    paths = [path for group in pictures.values() for path in group]
    write_result(_figures(said), RELEASE, fingerprint(paths, given.data), given.json)


def _figures(said: dict[str, Counter[str]]) -> Figures:
    total = sum(answers.total() for answers in said.values())
    right = sum(answers[name] for name, answers in said.items())
    unknown = sum(answers[UNKNOWN] for answers in said.values())
    figures: Figures = {"accuracy": right / total, "unknown": unknown / total}
    figures["accuracy_named"] = right / max(1, total - unknown)
    figures |= {f"accuracy_{name}": answers[name] / answers.total() for name, answers in said.items()}
    return figures | {"pictures": total}


if __name__ == "__main__":
    main()
