"""`vedette analyze`: the engine of the cameras, on files."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click
import msgspec

from vedette.adapters.journal_box import JournalBox, open_command_box
from vedette.adapters.kept_networks import HeldNetworks, open_kept_networks
from vedette.behavior.rules_file import RulesFile, parse_rules_file
from vedette.camera.motion_zones import MotionZoneForm, read_motion
from vedette.cli.camera_motion import Outline, make_zones, read_outlines
from vedette.cli.lab_categories import open_sets
from vedette.cli.models import find_installation, find_models_folder, open_registry
from vedette.core.detections import CLASS_NAMES, MOVING_CLASS
from vedette.core.errors import InvalidInputError
from vedette.core.motion import MotionSensitivity, MotionSettings
from vedette.node.analyzer_pool import choose_model, describe_model, needs_motion
from vedette.node.file_batch import FileBatch, find_inputs
from vedette.node.file_plan import FilePlan, plan_ahead
from vedette.node.file_watchlists import read_file_lists
from vedette.node.recognizers import find_recognizers
from vedette.runtime.clock import SystemClock
from vedette.runtime.paths import NodePaths
from vedette.runtime.worker import StartWorker, start_worker
from vedette.vision.categories.embedding import EMBEDDING
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.describer import check_groups
from vedette.vision.recognize.forms import FORMS, GROUPS
from vedette.vision.recognize.records import Form
from vedette.vision.tiles import MAX_TILES


@click.command("analyze")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Output folder.")
@click.option("--fps", type=click.FloatRange(0, 1000), default=0.0, help="Analysed pictures a second [all].")
@click.option("--classes", default="", help=f"Comma-separated: {', '.join(CLASS_NAMES)}.")
@click.option("--rules", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Rules file (YAML).")
@click.option("--detector", type=click.Choice(["auto", "motion"]), default="auto", show_default=True)
@click.option(
    "--recognize",
    default=",".join(GROUPS),
    show_default=True,
    help="Comma-separated: what is recognised where its models are installed, or none.",
)
@click.option(
    "--watchlist",
    "watchlists",
    multiple=True,
    metavar="[KIND:]FILE",
    help="CSV of plates and vehicles to look for (columns as `vedette watchlist export` writes them); wanted, or KIND.",
)
@click.option(
    "--categories",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Your own categories, told of people and vehicles (`vedette lab categories train` writes them). Repeatable.",
)
@click.option(
    "--tiles",
    type=click.IntRange(0, MAX_TILES),
    default=0,
    help="Look at so many tiles of each large picture besides, for small people [0].",
)
@click.option("--look", multiple=True, callback=read_outlines, help="Look only here: 'x,y x,y x,y ...'; repeat.")
@click.option("--ignore", multiple=True, callback=read_outlines, help="Do not look here; repeat.")
@click.option("--annotate", is_flag=True, help="Write annotated.mp4 with boxes.")
@click.option("--jobs", type=click.IntRange(1, 64), default=None, help="Files at a time [processors].")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data directory with models [./var].")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def command(
    paths: tuple[Path, ...],
    out: Path,
    fps: float,
    classes: str,
    rules: Path | None,
    detector: str,
    recognize: str,
    watchlists: tuple[str, ...],
    categories: tuple[Path, ...],
    tiles: int,
    look: list[Outline],
    ignore: list[Outline],
    annotate: bool,
    jobs: int | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Analyse video files and pictures, and folders of them. Run it again to go on where it stopped."""
    file_rules = _read_rules(rules) if rules else None
    lists = read_file_lists(watchlists, SystemClock())
    models = find_models_folder(data)
    registry = open_registry(data)
    model, missing = choose_model(registry) if detector == "auto" else ("", "")
    wanted = _parse_classes(classes)
    if not model:
        _check_unnamed(wanted, missing or "--detector motion names nothing")
    modest = needs_motion(registry, model)
    if missing:
        _tell(f"motion only: {missing}")
    elif modest:
        _tell(describe_model(registry, model))
    sets = open_sets(categories, registry)
    found = _choose_recognizers(registry, recognize)
    names = (*found, EMBEDDING) if sets else tuple(found)
    inputs = find_inputs(paths)
    processors = len(os.sched_getaffinity(0))
    jobs = jobs or processors
    ahead = plan_ahead(processors, min(jobs, len(inputs)))
    folder, regions = models.absolute(), _read_regions(look, ignore)
    forms = {**FORMS, **found}
    plan = FilePlan(model, folder, wanted, fps, annotate, names, lists, ahead, tiles, regions, sets, modest, forms)
    batch = FileBatch(plan, file_rules, out, SystemClock(), _tell, _keep_networks(data), _open_box(data))
    entries = asyncio.run(batch.run(inputs, jobs))
    if as_json:
        print(json.dumps({"inputs": [msgspec.to_builtins(entry) for entry in entries]}, indent=2))
    if any(entry.state != "done" for entry in entries):
        sys.exit(1)


def _keep_networks(data: Path | None) -> StartWorker:
    """Starts workers from what earlier ones of this installation compiled; without one, of this command."""
    folder = find_installation(data)
    return partial(start_worker, kept=open_kept_networks(NodePaths(folder), _tell) if folder else HeldNetworks())


def _open_box(data: Path | None) -> JournalBox | None:
    """Seals journals with a key of this installation."""
    folder = find_installation(data)
    return None if folder is None else open_command_box(NodePaths(folder), _tell)


def _read_regions(look: list[Outline], ignore: list[Outline]) -> MotionSettings:
    """Raises InvalidMotionZonesError: outlines that are none, or that leave nothing to look at."""
    zones = make_zones("look", look) + make_zones("ignore", ignore)
    forms = [MotionZoneForm(zone["name"], zone["kind"], tuple((x, y) for x, y in zone["polygon"])) for zone in zones]
    return read_motion(MotionSensitivity.NORMAL.value, forms)


def _choose_recognizers(registry: ModelRegistry, text: str) -> Mapping[str, Form]:
    """The recognizers to load, with their forms. One whose model was changed is said and not used."""
    groups = tuple(name.strip() for name in text.split(",") if name.strip() and text != "none")
    check_groups(groups, GROUPS)
    found = find_recognizers(registry, groups)
    for name, reason in found.refused.items():
        _tell(f"no {name}: {reason}")
    return found.forms


def _parse_classes(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = sorted(set(names) - set(CLASS_NAMES))
    if unknown:
        raise InvalidInputError(f"unknown classes: {', '.join(unknown)}", f"Known: {', '.join(CLASS_NAMES)}.")
    return names


def _check_unnamed(classes: tuple[str, ...], why: str) -> None:
    """Refuses classes that only a model can tell: an empty result would look like nobody was there."""
    named = [name for name in classes if name != MOVING_CLASS]
    if named:
        raise InvalidInputError(
            f"{', '.join(named)} cannot be told apart: {why}", "Without --classes everything that moves is reported."
        )


def _read_rules(path: Path) -> RulesFile:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InvalidInputError(f"the rules file {path} is not valid: {exc}", "See docs/reference/rules.md.") from exc
    return parse_rules_file(text, str(path))


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
