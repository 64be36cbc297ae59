"""`vedette camera privacy`: which parts of a camera's picture are hidden from those who may not unmask them."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from vedette.cli.output import data_option, find_camera, json_option, open_client, print_json, print_table

READABLE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


def read_zone_file(file: Path) -> dict[str, Any]:
    """Reads a file of zones; `-` is the standard input. What it says is checked by the system."""
    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    try:
        zones = json.loads(text)
    except json.JSONDecodeError as exc:
        raise click.BadParameter(f"{file} is no JSON: {exc}") from exc
    if not isinstance(zones, dict):
        raise click.BadParameter(f'{file} is not like {{"zones": [{{"name": "Window", "polygon": [[0, 0], ...]}}]}}')
    return zones


@click.command("privacy")
@click.argument("name")
@click.option(
    "--zones",
    "file",
    type=READABLE,
    help='JSON as --json prints it, replaces all zones: {"zones": [{"name", "polygon": [[x, y], ...]}]}. -: stdin.',
)
@data_option
@json_option
def privacy(name: str, file: Path | None, data: Path | None, as_json: bool) -> None:
    """Show the privacy zones of a camera, or replace them by those of a file."""
    wanted = None if file is None else read_zone_file(file)
    with open_client(data) as client:
        path = f"/cameras/{find_camera(client, name)['id']}/privacy"
        shown = client.get(path) if wanted is None else client.send("PUT", path, body=wanted).json()
    if as_json:
        print_json(shown)
        return
    rows = [
        (zone["name"], " ".join(f"{x:.3f},{y:.3f}" for x, y in zone["polygon"]), zone["id"]) for zone in shown["zones"]
    ]
    print_table(("ZONE", "POINTS (FRACTIONS OF THE PICTURE)", "ID"), rows)
