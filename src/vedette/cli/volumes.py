"""`vedette volumes`: where footage is stored."""

import sys
from pathlib import Path
from typing import Any

import click

from vedette.cli.output import data_option, json_option, open_client, print_json, print_table

GB = 1_000_000_000


@click.group("volumes", short_help="List, add and remove storage volumes.")
def command() -> None:
    """Administer the storage volumes of a running system."""


@command.command("list")
@data_option
@json_option
def list_volumes(data: Path | None, as_json: bool) -> None:
    """List the volumes in use with what the recorder says of them."""
    with open_client(data) as client:
        volumes = client.get("/volumes")["items"]
    if as_json:
        print_json({"volumes": volumes})
        return
    heading = ("NAME", "STATE", "USED GB", "HELD GB", "FREE GB", "LIMIT GB", "DAYS LEFT", "PATH", "REASON")
    print_table(heading, [_row(volume) for volume in volumes])


def _row(volume: dict[str, Any]) -> tuple[object, ...]:
    days_left = volume["days_left"]
    return (
        volume["name"],
        volume["state"],
        f"{volume['used_bytes'] / GB:.1f}",
        f"{volume['held_bytes'] / GB:.1f}",
        f"{volume['free_bytes'] / GB:.1f}",
        f"{volume['max_bytes'] / GB:g}" if volume["max_bytes"] else "-",
        "-" if days_left is None else f"{days_left:.1f}",
        volume["path"],
        volume["reason"],
    )


@command.command("add")
@click.argument("name")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--max-gb", type=click.FloatRange(min=0), default=0, help="Use at most so much; 0: no limit.")
@click.option("--reserve-gb", type=click.FloatRange(min=0), default=1, show_default=True, help="Keep free.")
@data_option
@json_option
def add(name: str, path: Path, max_gb: float, reserve_gb: float, data: Path | None, as_json: bool) -> None:
    """Take a folder of the recorder's machine into use for footage."""
    body = {
        "name": name,
        "path": str(path),
        "max_bytes": round(max_gb * GB),
        "reserve_bytes": round(reserve_gb * GB),
    }
    with open_client(data) as client:
        volume = client.post("/volumes", body)
    if as_json:
        print_json(volume)
    else:
        sys.stderr.write(f"Added {volume['name']} at {volume['path']}.\n")


@command.command("remove")
@click.argument("name")
@data_option
@json_option
def remove(name: str, data: Path | None, as_json: bool) -> None:
    """Take a volume out of use. Its footage stays where it is."""
    with open_client(data) as client:
        client.send("DELETE", f"/volumes/{name}")
    if as_json:
        print_json({"removed": name})
    else:
        sys.stderr.write(f"{name} is not used any more. Its footage stays where it is.\n")
