"""`vedette models`: lists, installs and verifies the models of the registry."""

import json
import os
import sys
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import click
import msgspec
import yaml

from vedette.adapters.model_download import FetchFile, fetch_from_mirror, fetch_from_source, install_model
from vedette.adapters.model_ledger import SignedModelLedger, open_ledger
from vedette.cli.settings_file import find_data
from vedette.core.errors import InvalidInputError, NotFoundError, VedetteError
from vedette.runtime.clock import SystemClock
from vedette.runtime.paths import NodePaths
from vedette.vision.models.manifest import ModelManifest
from vedette.vision.models.own import MAKE_TASK
from vedette.vision.models.registry import ModelRegistry, ModelState
from vedette.vision.models.selftest import ModelRefusedError
from vedette.vision.models.unit import describe_unit, judge_unit, read_serial
from vedette.vision.recognize.make_forms import NO_MAKE

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
    """List the models that this release may load, those that you added, and which of them are installed."""
    registry = open_registry(data)
    states, faults = registry.states(), registry.find_faults()
    absent = [] if any(_tells_makes(state) for state in states) else [NO_MAKE]
    if as_json:
        named = [asdict(fault) for fault in faults]
        models = [_describe(state) for state in states]
        print(json.dumps({"models": models, "faults": named, "absent": absent}, indent=2))
        return
    for state in states:
        manifest = state.manifest
        print(f"{manifest.name:20} {manifest.task:10} {manifest.precision:5} {state.state:10} {manifest.licence}")
        for data_used, figures in groupby(manifest.accuracy, key=lambda figure: figure.data):
            print(f"    {', '.join(f'{one.figure} {one.value:g}' for one in figures)} on {data_used}")
        if state.reason:
            print(f"    {state.reason}")
    for line in [*(f"{fault.file}: refused: {fault.reason}" for fault in faults), *absent]:
        print(line)


@command.command("pull")
@click.argument("pack")
@_DATA
def pull(pack: str, data: Path | None) -> None:
    """Install a pack of models, from the mirror or from their official address, and sign it for this installation.

    The pack `own` is what you added by manifest: its files are there, they are verified and signed.
    """
    registry = ModelRegistry(find_models_folder(data))
    folder = find_installation(data)
    ledger = None if folder is None else SignedModelLedger(NodePaths(folder).model_keys)
    fetch = _choose_fetch()
    for manifest in registry.manifests(pack):
        if manifest.obtain == "mirror" and fetch is fetch_from_source:
            sys.stderr.write(f"{manifest.name}: only from a mirror (VEDETTE_MODEL_MIRROR), converted; left out\n")
            continue
        check_no_rollback(manifest, ledger)
        if manifest.obtain in {"embedded", "own"}:
            _sign(registry, manifest, ledger, "pulled")
            print(f"{manifest.name} is part of this installation, verified")
            continue
        sys.stderr.write(f"{manifest.name}: {sum(file.bytes for file in manifest.files) / 1e6:.1f} MB ...\n")
        install_model(registry, manifest, fetch)
        _sign(registry, manifest, ledger, "pulled")
        print(f"{manifest.name} installed in {registry.directory / manifest.name}")


@command.command("rollback")
@click.argument("name")
@_DATA
def rollback(name: str, data: Path | None) -> None:
    """Accept an older release of a model than the one that was accepted here. Written down in keys/models."""
    registry, ledger = ModelRegistry(find_models_folder(data)), _find_ledger(data)
    manifest = registry.find_named(name)
    accepted = ledger.find(name) if ledger else None
    if ledger is None or accepted is None:
        raise NotFoundError(f"no release of {name} was accepted here", "There is nothing to go back from.")
    unit = registry.read_unit(manifest)
    if unit.serial >= accepted.serial:
        raise InvalidInputError(f"{unit.release} is not older than {accepted.release}, which was accepted here")
    ledger.accept(unit, SystemClock().utc_ns(), f"rolled back from {accepted.release}")
    print(f"{unit.release} is accepted instead of {accepted.release}")


@command.command("verify")
@click.option("--test", is_flag=True, help="Run the self-test of each installed model on this machine, too.")
@_DATA
@_JSON
def verify(test: bool, data: Path | None, as_json: bool) -> None:
    """Check installed releases: files, manifest and signature. Exit 1: one is refused; 3: only the embedded ones are
    there.
    """
    registry = open_registry(data)
    states = [_test(registry, state) if test else state for state in registry.states()]
    faults = registry.find_faults()
    if as_json:
        named = [asdict(fault) for fault in faults]
        print(json.dumps({"models": [_describe(state) for state in states], "faults": named}, indent=2))
    else:
        for fault in faults:
            print(f"{fault.file}: refused ({fault.reason})")
        ledger = _find_ledger(data)
        signer = f"signed by {ledger.fingerprint}" if ledger else ""
        for state in states:
            words = state.reason or (signer if state.is_signed else "")
            print(f"{state.manifest.name}: {state.state}{f' ({words})' if words else ''}")
    if faults or any(state.state == "refused" for state in states):
        sys.exit(1)
    if all(state.state == "absent" for state in states if state.manifest.obtain != "embedded"):
        sys.exit(3)


@command.command("selftest")
@click.argument("name")
@_DATA
def take_own_selftest(name: str, data: Path | None) -> None:
    """Print the self-test of a model that you added, as it answers on this machine: for its manifest.

    Look first that it tells what it should: from then on it is held to what it says now.
    """
    from vedette.node.model_selftests import take_selftest  # noqa: PLC0415 -- loads the inference runtime

    registry = ModelRegistry(find_models_folder(data))
    manifest = registry.find_named(name)
    if manifest.obtain != "own":
        raise InvalidInputError(f"{name} comes with its self-test", "Only models that you added need this command.")
    test = take_selftest(registry.read(manifest))
    print(yaml.safe_dump({"selftest": msgspec.to_builtins(test)}, sort_keys=False, default_flow_style=None), end="")


def check_no_rollback(manifest: ModelManifest, ledger: SignedModelLedger | None) -> None:
    """Raises RollbackRefusedError: a newer release than that of the manifest was accepted here."""
    accepted = ledger.find(manifest.name) if ledger else None
    if accepted is not None and read_serial(manifest.release) < accepted.serial:
        judge_unit(describe_unit(manifest, manifest.files), accepted)


def _tells_makes(state: ModelState) -> bool:
    return state.state == "installed" and state.manifest.task == MAKE_TASK


def _sign(registry: ModelRegistry, manifest: ModelManifest, ledger: SignedModelLedger | None, why: str) -> None:
    unit = registry.read_unit(manifest)
    if ledger is None:
        sys.stderr.write(f"{manifest.name}: not signed for an installation; `vedette serve` does it at its start\n")
    elif ledger.find(manifest.name) != unit:
        ledger.accept(unit, SystemClock().utc_ns(), why)


def _test(registry: ModelRegistry, state: ModelState) -> ModelState:
    if state.state != "installed":
        return state
    from vedette.node.model_selftests import run_selftest  # noqa: PLC0415 -- loads the inference runtime

    try:
        run_selftest(registry.load(state.manifest))
    except ModelRefusedError as error:
        return ModelState(state.manifest, "refused", error.message)
    return state


def open_registry(data: Path | None) -> ModelRegistry:
    """The registry of an installation: what is not as it was accepted is refused."""
    return ModelRegistry(find_models_folder(data), ledger=_find_ledger(data))


def _find_ledger(data: Path | None) -> SignedModelLedger | None:
    folder = find_installation(data)
    return None if folder is None else open_ledger(NodePaths(folder).model_keys)


def find_installation(data: Path | None) -> Path | None:
    """The data directory; None where only a folder of models is named, which may be that of many installations."""
    named = data or (Path(os.environ["VEDETTE_DATA"]) if "VEDETTE_DATA" in os.environ else None)
    return named or (None if "VEDETTE_MODELS" in os.environ else Path("var"))


def find_models_folder(data: Path | None) -> Path:
    """Where models are installed: $VEDETTE_MODELS, else in the data directory."""
    named = os.environ.get("VEDETTE_MODELS")
    if named and data is None:
        return Path(named)
    return find_data(data) / "models"


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
        "signed": state.is_signed,
        "files": [
            {"path": file.path, "url": file.url, "bytes": file.bytes, "sha256": file.sha256, "sha384": file.sha384}
            for file in manifest.files + manifest.converted
        ],
        "accuracy": [
            {"figure": item.figure, "value": item.value, "data": item.data, "command": item.command}
            for item in manifest.accuracy
        ],
    }
