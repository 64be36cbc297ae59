"""Puts a release of a classifier that `vedette lab train` made into the package: files, figures and self-test.

`python -m scripts.ship_classifier FOLDER NAME NUMBER`: the folder holds `NAME.{xml,bin,yaml}` and `NAME-int8.*`, and
the release gets this number. The manifests that are there keep their words.
"""

import argparse
import re
import shutil
from pathlib import Path

import msgspec

from vedette.lab.classifier.figures import replace_figures
from vedette.node.model_selftests import take_selftest
from vedette.vision.models.manifest import parse_manifest
from vedette.vision.models.registry import InstalledModel
from vedette.vision.models.selftest import SelfTest

VISION = Path(__file__).resolve().parents[1] / "src/vedette/vision"


def ship(folder: Path, name: str, number: int) -> None:
    """Copies one form's files and rewrites its manifest."""
    made = parse_manifest((folder / f"{name}.yaml").read_text("utf-8"), f"{name}.yaml")
    path = VISION / f"manifests/{name}.yaml"
    text = re.sub(r"(?m)^release: .*$", f"release: {name}-r{number}", path.read_text("utf-8"))
    for key, value in made.thresholds.items():
        text = re.sub(rf"(?m)^  {key}: .*$", f"  {key}: {value}", text)
    for file in made.files:
        shutil.copyfile(folder / Path(file.path).name, VISION / "weights" / file.path)
        described = f"{file.path}\n    bytes: {file.bytes}\n    sha256: {file.sha256}\n"
        text = re.sub(rf"{re.escape(file.path)}\n    bytes: .*\n    sha256: .*\n", described, text)
    files = tuple((VISION / "weights" / file.path).read_bytes() for file in made.files)
    test = take_selftest(InstalledModel(made, files))
    text = re.sub(r"(?ms)^selftest:.*?(?=^\S|\Z)", _describe(test), replace_figures(text, made.accuracy))
    path.write_text(text, "utf-8")
    print(f"{name}-r{number}: {len(files[1])} bytes of weights")


def _describe(test: SelfTest) -> str:
    lines = [
        "selftest:",
        f"  seed: {test.seed}",
        f"  shape: {list(test.shape)}",
        f"  tolerance: {test.tolerance}",
        "  outputs:",
    ]
    for name, vector in test.outputs.items():
        lines.append(f'    "{name}":')
        lines += [f"      {key}: {list(values)}" for key, values in msgspec.to_builtins(vector).items() if values]
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("name")
    parser.add_argument("number", type=int)
    given = parser.parse_args()
    for name in (given.name, f"{given.name}-int8"):
        ship(given.folder, name, given.number)


if __name__ == "__main__":
    main()
