"""Puts a release that `vedette lab train` made into the package: files, figures and self-test.

`python -m scripts.ship_release FOLDER NAME NUMBER`: the folder holds `NAME.{xml,bin}` and, where the package has that
form, `NAME-int8.{xml,bin}`; the release gets this number. The manifests that are there keep their words; thresholds,
parameters and figures are taken from `NAME.yaml` in the folder where the training wrote one, as for classifiers; else
they are measured and written by hand.
"""

import argparse
import hashlib
import re
import shutil
from pathlib import Path

import msgspec

from vedette.lab.classifier.figures import replace_figures
from vedette.node.model_selftests import take_selftest
from vedette.vision.models.manifest import ModelManifest, parse_manifest
from vedette.vision.models.registry import InstalledModel
from vedette.vision.models.selftest import SelfTest

VISION = Path(__file__).resolve().parents[1] / "src/vedette/vision"


def ship(folder: Path, name: str, number: int) -> None:
    """Copies one form's files and rewrites its manifest."""
    path, made = VISION / f"manifests/{name}.yaml", folder / f"{name}.yaml"
    text = re.sub(r"(?m)^release: .*$", f"release: {name}-r{number}", path.read_text("utf-8"))
    if made.is_file():
        text = _take_figures(text, parse_manifest(made.read_text("utf-8"), made.name))
    manifest = parse_manifest(text, path.name)
    files = tuple((folder / file.file_name).read_bytes() for file in manifest.files)
    for file, data in zip(manifest.files, files, strict=True):
        shutil.copyfile(folder / file.file_name, VISION / "weights" / file.path)
        described = f"{file.path}\n    bytes: {len(data)}\n    sha256: {hashlib.sha256(data).hexdigest()}\n"
        text = re.sub(rf"{re.escape(file.path)}\n    bytes: .*\n    sha256: .*\n", described, text)
    test = take_selftest(InstalledModel(manifest, files))
    path.write_text(re.sub(r"(?ms)^selftest:.*?(?=^\S|\Z)", _describe(test), text), "utf-8")
    print(f"{name}-r{number}: {len(files[1])} bytes of weights")


def _take_figures(text: str, made: ModelManifest) -> str:
    for key, value in made.thresholds.items():
        text = re.sub(rf"(?m)^  {key}: .*$", f"  {key}: {value}", text)
    text = re.sub(r"(?m)^parameters: .*$", f"parameters: {made.parameters}", text)
    return replace_figures(text, made.accuracy)


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
        if (VISION / f"manifests/{name}.yaml").is_file():
            ship(given.folder, name, given.number)


if __name__ == "__main__":
    main()
