"""`vedette lab`: trains the models that this repository makes itself. Needs the extra `lab`."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from vedette.core.errors import UnavailableError
from vedette.runtime.clock import SystemClock

NAMES = (
    "classifier-large",
    "classifier-report",
    "classifier-small",
    "detector",
    "face-detector",
    "plate-detector",
    "plate-reader",
    "super-resolution",
)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_ANY = click.Path(path_type=Path, exists=True)


@click.group("lab")
def command() -> None:
    """Train models. Installed by `uv sync --extra lab` or `pip install vedette[lab]`."""


@command.command("train")
@click.argument("name", type=click.Choice(NAMES))
@click.option("--out", type=_FOLDER, required=True, help="Checkpoints and the release; the same folder goes on.")
@click.option(
    "--pictures",
    type=_ANY,
    multiple=True,
    help="Videos, photographs or folders of them (detectors); folders of PNG or BMP (super-resolution); "
    "one folder of CLASS/*.jpg (classifiers). Repeatable.",
)
@click.option(
    "--models", type=_FOLDER, default=Path("var/models"), show_default=True, help="Standard pack: the teachers."
)
@click.option("--backgrounds", type=_FOLDER, multiple=True, help="Photographs without plates (detector). Repeatable.")
@click.option(
    "--labelled", type=_FOLDER, multiple=True, help="Pictures with labelled plates; half held out. Repeatable."
)
@click.option("--shards", type=click.IntRange(1), default=None, help="Length of the training [of the recipe].")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
def train(name: str, out: Path, threads: int, **given: Any) -> None:
    """Train a model, or go on where a training was stopped; then export it to OpenVINO."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(threads))
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    try:
        from vedette.lab.recipes import RECIPES, TrainingInputs  # noqa: PLC0415 - only here, with the extra
    except ModuleNotFoundError as error:
        raise UnavailableError(
            f"training needs the extra `lab`: {error.name} is not installed",
            "Run `uv sync --extra lab` (or `pip install 'vedette[lab]'`).",
        ) from error
    inputs = TrainingInputs(out, **given)
    for line in RECIPES[name](inputs, SystemClock(), lambda text: print(text, file=sys.stderr, flush=True)):
        print(line)
