"""`vedette lab categories`: teaches categories of one's own from folders of pictures, and tries them."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import cast

import click
import msgspec

from vedette.cli.models import open_registry
from vedette.core.errors import InvalidInputError, StorageError
from vedette.core.time import format_utc
from vedette.node.category_folders import find_categories, read_folders, read_picture
from vedette.node.embeddings import find_embedding
from vedette.node.picture_vectors import PictureVectors
from vedette.runtime.clock import SystemClock, new_id
from vedette.runtime.files import replace_file
from vedette.vision.categories.category_set import (
    ABOUT,
    MAX_SET_BYTES,
    About,
    CategorySet,
    check_embedding,
    decode_set,
    encode_set,
)
from vedette.vision.categories.training import Made, teach
from vedette.vision.categories.verdict import OpenSet, open_set
from vedette.vision.models.registry import ModelRegistry

FILE = "categories.json"
_TELL_EVERY = 25
_DATA = click.option(
    "--data", type=click.Path(path_type=Path), default=None, help="Data directory with models [./var]."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("categories")
def command() -> None:
    """Your own categories from folders of pictures. Needs no extra: minutes at most on one processor."""


@command.command("train")
@click.argument("folder", type=_FOLDER)
@click.option("--name", required=True, help="What the categories are of, such as `livery`: the attribute's name.")
@click.option("--for", "about", type=click.Choice(ABOUT), default="any", show_default=True, help="Objects it fits.")
@click.option("--out", type=_FOLDER, required=True, help=f"Where {FILE} is written.")
@_DATA
@_JSON
def train(folder: Path, name: str, about: str, out: Path, data: Path | None, as_json: bool) -> None:
    """Teach categories: each sub-folder of FOLDER is one, with five pictures at least (JPEG, PNG, BMP)."""
    if (out / FILE).exists():
        raise InvalidInputError(f"{out / FILE} exists already", "Name another folder, or delete it.")
    one = asyncio.run(_train(folder, name, cast(About, about), data))
    try:
        out.mkdir(parents=True, exist_ok=True)
        replace_file(out / FILE, encode_set(one))
    except OSError as error:
        raise StorageError(f"{out / FILE} cannot be written: {error.strerror}") from error
    if as_json:
        print(json.dumps(msgspec.to_builtins(one.figures) | {"file": str(out / FILE), "skipped": one.skipped}))
        return
    for line in _say_figures(one):
        print(line)
    print(out / FILE)


@command.command("say")
@click.argument("file", type=_FILE)
@click.argument("pictures", nargs=-1, required=True, type=_FILE)
@_DATA
@_JSON
def say(file: Path, pictures: tuple[Path, ...], data: Path | None, as_json: bool) -> None:
    """Say which category of FILE each of the PICTURES shows, surest first, or none. Exit code 1: one is no picture."""
    one = open_set(read_set(file))
    said = asyncio.run(_say(one, pictures, data))
    if as_json:
        print(json.dumps({"pictures": said}, indent=1))
    else:
        _print_said(said)
    if any("error" in picture for picture in said):
        sys.exit(1)


def read_set(path: Path) -> CategorySet:
    """Raises StorageError, BadCategorySetError."""
    try:
        with path.open("rb") as file:
            return decode_set(file.read(MAX_SET_BYTES + 1))
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error


def open_sets(paths: Sequence[Path], registry: ModelRegistry) -> tuple[OpenSet, ...]:
    """Sets for analysis, each checked against the embedding that is installed.

    Raises:
        StorageError, BadCategorySetError, OtherEmbeddingError, EmbeddingMissingError
        InvalidInputError: two have one name.
    """
    if not paths:
        return ()
    sets, embedding = tuple(open_set(read_set(path)) for path in paths), find_embedding(registry)
    for one in sets:
        check_embedding(one.terms, embedding)
    names = [one.terms.name.casefold() for one in sets]
    if len(set(names)) < len(names):
        raise InvalidInputError("two sets of categories have the same name", "Give one of them.")
    return sets


async def _train(folder: Path, name: str, about: About, data: Path | None) -> CategorySet:
    clock = SystemClock()
    vectors = PictureVectors(open_registry(data), clock)
    embedding = vectors.embedding
    found = find_categories(folder, name)
    try:
        read = await read_folders(found, vectors, _Told())
    finally:
        await vectors.close()
    lesson = read.make_lesson(new_id(clock), name, about, embedding)
    made = Made(format_utc(clock.utc_ns()), f"vedette {version('vedette')}")
    for step in teach(lesson, made):
        if isinstance(step, CategorySet):
            return step
        if step.number % 4 == 0 or step.number == step.of:
            _tell(f"fold {step.number} of {step.of}")
    raise AssertionError("teaching ends with a set")


async def _say(one: OpenSet, pictures: tuple[Path, ...], data: Path | None) -> list[dict[str, object]]:
    vectors = PictureVectors(open_registry(data), SystemClock())
    check_embedding(one.terms, vectors.embedding)
    said: list[dict[str, object]] = []
    try:
        for path in pictures:
            try:
                verdict = one.judge_picture(await vectors.embed(read_picture(path)))
            except (InvalidInputError, StorageError) as error:
                said.append({"path": str(path), "error": str(error)})
                continue
            names = one.terms.categories
            shares = {names[index]: round(share, 4) for index, share in verdict.best(len(names))}
            category = next(iter(shares)) if verdict.is_known else None
            said.append({"path": str(path), "category": category, "shares": shares})
    finally:
        await vectors.close()
    return said


def _say_figures(one: CategorySet) -> list[str]:
    figures = one.figures
    lines = [f"pictures  {one.pictures}, {one.skipped} left out"]
    lines += [f"accuracy  {figures.accuracy:.3f} (nearest centroid {figures.nearest_centroid:.3f})"]
    lines += [f"ece       {figures.ece:.3f}, known {figures.known:.3f}", "held out: category, precision, recall"]
    for name, found in zip(one.categories, figures.categories, strict=True):
        precision = "-" if found.precision is None else f"{found.precision:.2f}"
        lines.append(f"    {name:32}  {precision:>5}  {found.recall or 0.0:5.2f}  of {found.held_out}")
    if figures.changes:
        lines.append(
            f"accuracy on {figures.changes.pictures} of them changed, {figures.changes.as_is:.3f} as they are:"
        )
        lines += [f"    {one.way:5} {one.by:<4g}  {one.accuracy:5.3f}" for one in figures.changes.steps]
    lines.append("rows the truth, columns what was said:")
    return lines + [" ".join(f"{count:4}" for count in row) for row in figures.confusion]


def _print_said(said: Sequence[Mapping[str, object]]) -> None:
    for picture in said:
        print(f"{picture['path']}  {picture.get('error') or picture['category'] or 'none of these'}")
        for name, share in cast(dict[str, float], picture.get("shares", {})).items():
            print(f"    {name:32}  {share:.3f}")


class _Told:
    """Says how far the reading is: see `ReadingNotes`."""

    def note_read(self, seen: int, total: int) -> None:
        if seen % _TELL_EVERY == 0:
            _tell(f"{seen} of {total} pictures")

    def note_left_out(self, name: str, reason: str) -> None:
        _tell(f"{name} is left out: {reason}")


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
