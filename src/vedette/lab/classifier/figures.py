"""What is measured of a release of a classifier and stands in its manifest: accuracy, calibration, changed pictures.

One way for a new release and for one whose figures are measured again (`scripts.classifier_figures`).
"""

import re
from collections.abc import Sequence

import msgspec
import yaml

from vedette.adapters.classifier_network import ClassifierNetwork
from vedette.core.errors import InvalidInputError
from vedette.lab.classifier.answers import classify_all
from vedette.lab.classifier.evaluation import evaluate, measure_changes
from vedette.lab.classifier.pictures import LabelledPictures
from vedette.vision.models.manifest import MeasuredAccuracy

_COMMAND = "python -m evals.classify --held-out --changes"
_BLOCK = re.compile(r"^accuracy:.*?(?=^\S)", re.MULTILINE | re.DOTALL)


def measure_figures(network: ClassifierNetwork, held_out: LabelledPictures) -> list[MeasuredAccuracy]:
    """Asks the network for each held-out picture, and for each under every change."""
    judged = evaluate(classify_all(network, held_out.pictures), held_out.labels)
    changed = measure_changes(lambda pictures: classify_all(network, pictures), held_out)
    figures = {"accuracy": judged.accuracy, "ece": judged.ece, **changed}
    data = f"{len(held_out)} pictures, the held-out tenth of what it was taught"
    return [MeasuredAccuracy(name, round(value, 4), data, _COMMAND) for name, value in figures.items()]


def replace_figures(manifest: str, figures: Sequence[MeasuredAccuracy]) -> str:
    """The manifest's text with these figures in place of its own; everything else stays as it was written.

    Raises:
        InvalidInputError: it has none.
    """
    block = yaml.safe_dump({"accuracy": msgspec.to_builtins(figures)}, sort_keys=False, width=160)
    replaced, count = _BLOCK.subn(lambda _: _indent(block), manifest, count=1)
    if count != 1:
        raise InvalidInputError("the manifest has no figures to replace", "Give it `accuracy: []`.")
    return replaced


def _indent(block: str) -> str:
    head, *rows = block.splitlines()
    return "\n".join([head, *(f"  {row}" for row in rows), ""])
