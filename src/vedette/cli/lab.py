"""`vedette lab`: trains the models that this repository makes itself, and measures how far they can be compressed.

Needs the extra `lab`; `vedette lab categories` does not.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from vedette.cli.app import LazyCommands
from vedette.core.errors import UnavailableError
from vedette.runtime.clock import SystemClock

NAMES = (
    "classifier-large",
    "classifier-report",
    "classifier-small",
    "detector",
    "face-detector",
    "glasses",
    "person-reid",
    "plate-detector",
    "plate-reader",
    "super-resolution",
)
CLASSIFIERS = ("classifier-large", "classifier-small", "classifier-report-constant", "classifier-report-decaying")
_FOLDER = click.Path(path_type=Path, file_okay=False)
_ANY = click.Path(path_type=Path, exists=True)


command = LazyCommands(
    {"categories": "Your own categories from folders of pictures."},
    "lab",
    "Train and compress models. Installed by `uv sync --extra lab` or `pip install vedette[lab]`.",
    prefix="lab_",
)


@command.command("train")
@click.argument("name", type=click.Choice(NAMES))
@click.option("--out", type=_FOLDER, required=True, help="Checkpoints and the release; the same folder goes on.")
@click.option(
    "--pictures",
    type=_ANY,
    multiple=True,
    help="Videos, photographs or folders of them (detectors, person-reid); folders of PNG or BMP (super-resolution); "
    "one folder of CLASS/*.jpg (classifiers), of PERSON/*.jpg (glasses). Repeatable.",
)
@click.option(
    "--models", type=_FOLDER, default=Path("var/models"), show_default=True, help="Standard pack: the teachers."
)
@click.option("--backgrounds", type=_FOLDER, multiple=True, help="Photographs without plates (detector). Repeatable.")
@click.option(
    "--labelled", type=_FOLDER, multiple=True, help="Pictures with labelled plates; half held out. Repeatable."
)
@click.option(
    "--worn",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=None,
    help="Who wears glasses: lines of PERSON or PERSON/PICTURE (glasses).",
)
@click.option("--shards", type=click.IntRange(1), default=None, help="Length of the training [of the recipe].")
@click.option(
    "--begin-with",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=None,
    help="Train on a release (detector): its fp16 .xml. For when there is no checkpoint.",
)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
def train(name: str, out: Path, threads: int, **given: Any) -> None:
    """Train a model, or go on where a training was stopped; then export it to OpenVINO."""
    with _training_packages(threads):
        from vedette.lab.recipes import RECIPES, TrainingInputs  # noqa: PLC0415 -- only here, with the extra
    inputs = TrainingInputs(out, **given)
    for line in RECIPES[name](inputs, SystemClock(), lambda text: print(text, file=sys.stderr, flush=True)):
        print(line)


@command.command("eval")
@click.argument("name", type=click.Choice(CLASSIFIERS))
@click.option("--data", type=_FOLDER, required=True, help="One folder of CLASS/*.jpg.")
@click.option("--release", type=_FOLDER, default=None, help="Folder `release` of a training [what is installed].")
@click.option("--held-out", is_flag=True, help="Only the tenth that no training sees.")
@click.option("--changes", is_flag=True, help="Also under shift, scale and turn.")
@click.option("--grid", type=click.Path(path_type=Path, dir_okay=False), help="Draw a sheet of samples (PNG).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(
    name: str, data: Path, release: Path | None, held_out: bool, changes: bool, grid: Path | None, as_json: bool
) -> None:
    """Judge a classifier: accuracy in both precisions, calibration, confusion, time. Other models: `evals/`."""
    import cv2  # noqa: PLC0415 -- only here

    from vedette.lab.classifier import judge  # noqa: PLC0415 -- only here

    pair = judge.open_pair(name, release)
    labelled = judge.read_labelled(data, pair, held_out=held_out)
    figures, confusion = judge.measure(pair, labelled)
    if changes:
        figures |= judge.measure_changed(pair, labelled)
    if grid is not None:
        cv2.imwrite(str(grid), judge.draw_samples(pair, labelled))
    if as_json:
        print(json.dumps({"figures": figures, "classes": labelled.names, "confusion": confusion}))
        return
    for figure, value in figures.items():
        print(f"{figure:24}  {value:.4f}" if isinstance(value, float) else f"{figure:24}  {value}")
    print("answers, rows the truth:", *labelled.names)
    print(*confusion, sep="\n")


@command.command("compress")
@click.argument("name")
@click.option("--data", type=_ANY, required=True, help="Pictures, labelled as the model's own evaluation has them.")
@click.option(
    "--models", type=_FOLDER, default=Path("var/models"), show_default=True, help="Where the standard pack is."
)
@click.option("--pictures", "most", type=click.IntRange(6), default=60, show_default=True, help="At most so many.")
@click.option("--rounds", type=click.IntRange(1), default=60, show_default=True, help="Times that each is run.")
@click.option("--scale", type=float, default=1.0, show_default=True, help="A pixel of 255 for a Keras model file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compress(name: str, rounds: int, as_json: bool, **given: Any) -> None:
    """Make the release or the Keras file NAME smaller in every known way, and show what that costs.

    Bytes of all weights, milliseconds on one thread and the score of the model's own task: fp32, bf16, int8, pruned,
    decomposed, hashed, binary, Huffman-coded.
    """
    with _training_packages(1):
        from vedette.lab.compress.subjects import SubjectTerms, open_subject  # noqa: PLC0415 -- only with the extra
        from vedette.lab.compress.table import format_table, make_table  # noqa: PLC0415 -- as above
    subject = open_subject(SubjectTerms(name, **given))
    table = make_table(subject, rounds, SystemClock(), lambda text: print(text, file=sys.stderr, flush=True))
    print(json.dumps(asdict(table), indent=1) if as_json else format_table(table))


@contextmanager
def _training_packages(threads: int) -> Iterator[None]:
    """Around imports of the extra: sets its threads, says how to install it when it is not there."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(threads))
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    try:
        yield
    except ModuleNotFoundError as error:
        raise UnavailableError(
            f"this needs the extra `lab`: {error.name} is not installed",
            "Run `uv sync --extra lab` (or `pip install 'vedette[lab]'`).",
        ) from error
