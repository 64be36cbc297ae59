"""`vedette profile`: what a person's own gallery says of him, made here and sent nowhere."""

import asyncio
import sys
from pathlib import Path

import click

from vedette.cli.models import open_registry
from vedette.core.errors import StorageError
from vedette.core.time import format_utc
from vedette.node.gallery import GalleryLook, find_gallery_files
from vedette.node.gallery_marks import PlaceJudge, check_places
from vedette.node.gallery_models import CLASSIFIER, check_classifier, has_face_models
from vedette.node.gallery_results import check_free, to_json, write_profile
from vedette.runtime.clock import SystemClock
from vedette.vision.profile.catalogue import MAX_BYTES, read_catalogue
from vedette.vision.profile.ports import Item
from vedette.vision.profile.profile import build_profile
from vedette.vision.profile.recommend import WordRecommender
from vedette.vision.profile.taxonomy import read_taxonomy


@click.command("profile")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Output folder.")
@click.option("--catalogue", type=click.Path(path_type=Path, dir_okay=False), help="JSON or CSV of items to be ranked.")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data directory with models [./var].")
@click.option("--json", "as_json", is_flag=True, help="Print the profile as one JSON object.")
def command(paths: tuple[Path, ...], out: Path, catalogue: Path | None, data: Path | None, as_json: bool) -> None:
    """Make a profile of a gallery of pictures and videos that you give of yourself.

    Scenes, objects, hobbies, occupation and way of life, each with a confidence and example pictures. All is done on
    this machine. Footage of cameras is refused. Exit code 3: too little was given to tell anything.
    """
    check_places([*paths, out], PlaceJudge())
    check_free(out)
    items = _read_items(catalogue) if catalogue else None
    registry = open_registry(data)
    check_classifier(registry)
    manifest = registry.find_named(CLASSIFIER)
    taxonomy = read_taxonomy(manifest.labels)
    has_faces = has_face_models(registry)
    if not has_faces:
        _tell("the models of faces are not installed: age and sex are not told")
    look = GalleryLook(registry, taxonomy, _tell, has_faces=has_faces)
    gallery = asyncio.run(look.run(find_gallery_files(paths), manifest.thresholds["same_picture"]))
    if look.jail not in {"", "holds"}:
        _tell(f"the jail of the decoder: {look.jail}; `vedette doctor` says why")
    profile, pictures = build_profile(gallery, taxonomy, format_utc(SystemClock().utc_ns()))
    ranked = None if items is None else WordRecommender(taxonomy).rank(profile, items)
    write_profile(out, profile, pictures, ranked)
    _tell(f"{out / 'profile.html'}; delete the folder {out} to delete the profile")
    if as_json:
        sys.stdout.write(to_json(profile).decode())
    if not gallery.sights:
        sys.exit(1)
    if profile.state == "cannot_tell":
        sys.exit(3)


def _read_items(path: Path) -> list[Item]:
    try:
        with path.open("rb") as file:
            return read_catalogue(file.read(MAX_BYTES + 1), path.name)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
