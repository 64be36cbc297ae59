"""`vedette serve`: runs the system, or one role of it."""

import gc
import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

from vedette.cli.settings_file import absolute, find_data, read_settings_file
from vedette.runtime.collection import paused_collection
from vedette.runtime.native import use_native
from vedette.runtime.process import die_with_parent
from vedette.runtime.settings import NodeSettings

_ROLES = {
    "all": "vedette.node.supervisor",
    "gateway": "vedette.node.gateway",
    "recorder": "vedette.node.recorder",
    "analyzer": "vedette.node.analyzer",
    "notary": "vedette.node.notary",
    "validator": "vedette.node.validator",
    "sim": "vedette.node.sim",
}


@click.command("serve")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data directory [./var].")
@click.option("--config", type=click.Path(path_type=Path, exists=True), help="Settings file (YAML).")
@click.option("--host", default=None, help="Address to listen on [127.0.0.1].")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port of the console [8600].")
@click.option("--role", type=click.Choice([*_ROLES]), default="all", show_default=True)
@click.option("--first-password-file", type=click.Path(path_type=Path), help="Write the first password here.")
@click.option("--models-mirror", type=click.Path(path_type=Path), envvar="VEDETTE_MODEL_MIRROR", hidden=True)
@click.option("--volume-max-bytes", type=click.IntRange(0), default=None, help="Size limit of the footage.")
@click.option("--simulate", type=click.IntRange(0, 64), default=0, help="Add this many simulated cameras.")
@click.option("--clips", type=click.Path(path_type=Path, exists=True), help="Simulate cameras from these files.")
@click.option("--supervised", is_flag=True, hidden=True)
@click.option("--no-evidence", is_flag=True, hidden=True, help="Record without hashes: for benchmarks.evidence alone.")
def command(
    data: Path | None,
    config: Path | None,
    host: str | None,
    port: int | None,
    role: str,
    first_password_file: Path | None,
    models_mirror: Path | None,
    volume_max_bytes: int | None,
    simulate: int,
    clips: Path | None,
    supervised: bool,
    no_evidence: bool,
) -> None:
    """Run the system. Prints its address once it answers."""
    os.umask(0o077)  # footage, pictures and the database are the owner's alone
    if supervised:
        die_with_parent()
    given = {
        "host": host,
        "port": port,
        "data": absolute(data) if data else None,
        "volume_max_bytes": volume_max_bytes,
        "config": absolute(config) if config else None,
        "first_password_file": absolute(first_password_file) if first_password_file else None,
        "models_mirror": models_mirror,
        "models": Path(os.environ["VEDETTE_MODELS"]) if os.environ.get("VEDETTE_MODELS") else None,
        "simulated_cameras": simulate,
        "clips": absolute(clips) if clips else None,
        "hash_footage": not no_evidence,
    }
    fields: dict[str, Any] = {"data": absolute(find_data(None))}
    fields |= read_settings_file(config) if config else {}
    fields |= {name: value for name, value in given.items() if value is not None}
    if role == "recorder":
        use_native()
    sys.exit(_load(_ROLES[role]).run(NodeSettings(**fields)))


def _load(name: str) -> Any:
    """A role's module. All that it imports stays until the end, so no collection looks at it: not meanwhile, which is a
    tenth of the time, and not later.
    """
    with paused_collection():
        module = importlib.import_module(name)
    gc.freeze()
    return module
