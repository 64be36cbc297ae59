"""Measures the classifiers of the package and writes the figures into their manifests, where the console finds them.

`python -m scripts.classifier_figures --data FOLDER`: pictures in `<class>/*`, of which the held-out tenth is asked. For
each new release, about a minute a network. Prints what stands in docs/models/classifier.md.
"""

import argparse
from pathlib import Path

from vedette.lab.classifier.figures import measure_figures, replace_figures
from vedette.lab.classifier.judge import Release, open_pair, read_labelled
from vedette.lab.classifier.pictures import LabelledPictures
from vedette.vision.classify.changes import STEPS

MANIFESTS = Path(__file__).resolve().parents[1] / "src/vedette/vision/manifests"
NAMES = ("classifier-large", "classifier-small")


def update(release: Release, held_out: LabelledPictures) -> None:
    """Measures one form and rewrites its manifest."""
    name = release.manifest.name
    figures = measure_figures(release.network, held_out)
    path = MANIFESTS / f"{name}.yaml"
    path.write_text(replace_figures(path.read_text("utf-8"), figures), "utf-8")
    values = {one.figure: one.value for one in figures}
    print(f"{name}: accuracy {values['accuracy']:.4f}, ece {values['ece']:.4f}")
    for way, steps in STEPS.items():
        print(f"  {way}", ", ".join(f"{by:g}: {values[f'accuracy_{way}_{by:g}']:.3f}" for by in steps), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures, one folder per class")
    given = parser.parse_args()
    for name in NAMES:
        pair = open_pair(name)
        held_out = read_labelled(given.data, pair, held_out=True)
        for release in (pair.half, pair.quantized):
            update(release, held_out)


if __name__ == "__main__":
    main()
