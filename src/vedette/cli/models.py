"""`vedette models`: lists, installs and verifies the models of the registry."""

import json
import os
import sys
from pathlib import Path

import click

from vedette.adapters.model_download import FetchFile, fetch_from_mirror, fetch_from_source, install_model
from vedette.core.errors import VedetteError
from vedette.vision.models.registry import ModelRegistry, ModelState

_DATA = click.option("--data", type=click.Path(path_type=Path), default=None, help="Data directory [./var].")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group("models")
def command() -> None:
    """List, install and verify models.

    Models lie in $VEDETTE_MODELS, else in `models` of the data directory. VEDETTE_MODEL_MIRROR names a folder to
    install from instead of the network.
    """


@command.command("list")
@_DATA
@_JSON
def list_models(data: Path | None, as_json: bool) -> None:
    """List the models that this release may load, and which of them are installed."""
    states = ModelRegistry(find_models_folder(data)).states()
    if as_json:
        print(json.dumps({"models": [_describe(state) for state in states]}, indent=2))
        return
    for state in states:
        manifest = state.manifest
        print(f"{manifest.name:20} {manifest.task:10} {manifest.precision:5} {state.state:10} {manifest.licence}")
        for figure in manifest.accuracy:
            print(f"    {figure.figure} {figure.value:g} on {figure.data}")
        if state.reason:
            print(f"    {state.reason}")


@command.command("pull")
@click.argument("pack")
@_DATA
def pull(pack: str, data: Path | None) -> None:
    """Install a pack of models, from the mirror or from their official address."""
    registry = ModelRegistry(find_models_folder(data))
    fetch = _choose_fetch()
    for manifest in registry.manifests(pack):
        if manifest.obtain == "mirror" and fetch is fetch_from_source:
            sys.stderr.write(f"{manifest.name}: only from a mirror (VEDETTE_MODEL_MIRROR), converted; left out\n")
            continue
        if manifest.obtain == "embedded":
            registry.load(manifest)
            print(f"{manifest.name} is part of this installation, verified")
            continue
        sys.stderr.write(f"{manifest.name}: {sum(file.bytes for file in manifest.files) / 1e6:.1f} MB ...\n")
        install_model(registry, manifest, fetch)
        print(f"{manifest.name} installed in {registry.directory / manifest.name}")


@command.command("verify")
@_DATA
@_JSON
def verify(data: Path | None, as_json: bool) -> None:
    """Check installed files against their manifests. Exit 1: one is refused; 3: only the embedded ones are there."""
    states = ModelRegistry(find_models_folder(data)).states()
    if as_json:
        print(json.dumps({"models": [_describe(state) for state in states]}, indent=2))
    else:
        for state in states:
            print(f"{state.manifest.name}: {state.state}{f' ({state.reason})' if state.reason else ''}")
    if any(state.state == "refused" for state in states):
        sys.exit(1)
    if all(state.state == "absent" for state in states if state.manifest.obtain != "embedded"):
        sys.exit(3)


def find_models_folder(data: Path | None) -> Path:
    """Where models are installed: $VEDETTE_MODELS, else in the data directory."""
    named = os.environ.get("VEDETTE_MODELS")
    if named and data is None:
        return Path(named)
    return (data or Path(os.environ.get("VEDETTE_DATA", "var"))) / "models"


def _choose_fetch() -> FetchFile:
    mirror = os.environ.get("VEDETTE_MODEL_MIRROR")
    if not mirror:
        return fetch_from_source
    if not Path(mirror).is_dir():
        raise VedetteError(f"VEDETTE_MODEL_MIRROR names {mirror}, which is no folder")
    return fetch_from_mirror(Path(mirror))


def _describe(state: ModelState) -> dict[str, object]:
    manifest = state.manifest
    return {
        "name": manifest.name,
        "task": manifest.task,
        "release": manifest.release,
        "packs": manifest.packs,
        "licence": manifest.licence,
        "origin": manifest.origin,
        "precision": manifest.precision,
        "labels": manifest.labels,
        "state": state.state,
        "reason": state.reason,
        "files": [
            {"path": file.path, "url": file.url, "bytes": file.bytes, "sha256": file.sha256, "sha384": file.sha384}
            for file in manifest.files + manifest.converted
        ],
        "accuracy": [
            {"figure": item.figure, "value": item.value, "data": item.data, "command": item.command}
            for item in manifest.accuracy
        ],
    }
