"""`vedette camera motion`: in which parts of a camera's picture motion counts, and how much of it is needed."""

import sys
from pathlib import Path
from typing import Any

import click

from vedette.cli.output import data_option, find_camera, json_option, open_client, print_json, print_table

Outline = tuple[str, list[list[float]]]
"""A name, which may be empty, and corners."""
_KINDS = ("include", "exclude", "look", "ignore")


def read_outlines(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[Outline]:
    """Reads `[NAME=]x,y x,y x,y`. What it says is checked by the system."""
    return [_read_outline(value) for value in values]


def _read_outline(value: str) -> Outline:
    name, _, corners = value.rpartition("=")
    try:
        points = [[float(number) for number in corner.split(",")] for corner in corners.split()]
    except ValueError as exc:
        raise click.BadParameter(f"{value!r} is not like 'Trees=0,0 0.4,0 0.4,0.3'") from exc
    if not points or any(len(point) != 2 for point in points):
        raise click.BadParameter(f"{value!r} is not like 'Trees=0,0 0.4,0 0.4,0.3'")
    return name.strip(), points


def make_zones(kind: str, outlines: list[Outline]) -> list[dict[str, Any]]:
    """Zones as the API takes them."""
    return [
        {"name": name or f"{kind} {number}", "kind": kind, "polygon": points}
        for number, (name, points) in enumerate(outlines, 1)
    ]


@click.command("motion")
@click.argument("name")
@click.option(
    "--include", multiple=True, callback=read_outlines, help="Motion counts here: '[NAME=]x,y x,y x,y ...'; repeat."
)
@click.option(
    "--exclude", multiple=True, callback=read_outlines, help="Motion does not count here: trees, a road; repeat."
)
@click.option("--look", multiple=True, callback=read_outlines, help="All analysis looks only here; repeat.")
@click.option("--ignore", multiple=True, callback=read_outlines, help="Analysis does not look here at all; repeat.")
@click.option("--no-zones", is_flag=True, help="Analysis looks, and motion counts, in the whole picture.")
@click.option("--sensitivity", type=click.Choice(["low", "normal", "high"]), help="How little is motion.")
@data_option
@json_option
def motion(
    name: str,
    include: list[Outline],
    exclude: list[Outline],
    look: list[Outline],
    ignore: list[Outline],
    no_zones: bool,
    sensitivity: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Show the motion settings of a camera, or change them.

    Points are fractions of the picture, x right, y down. Any zone that is given replaces all zones; what is not given
    stays.
    """
    changes: dict[str, Any] = {} if sensitivity is None else {"sensitivity": sensitivity}
    given = dict(zip(_KINDS, (include, exclude, look, ignore), strict=True))
    if no_zones or any(given.values()):
        if no_zones and any(given.values()):
            raise click.UsageError("--no-zones does not go with zones")
        changes["zones"] = [zone for kind, outlines in given.items() for zone in make_zones(kind, outlines)]
    with open_client(data) as client:
        camera = find_camera(client, name)
        path = f"/cameras/{camera['id']}/motion"
        shown = client.get(path)
        if changes:
            shown = client.send("PUT", path, body={**shown, **changes}).json()
    if shown["zones"] and camera["analysis"]["detector"] == "none":
        sys.stderr.write(
            "This camera is not analysed: zones have no effect, and sizes of pictures alone tell motion.\n"
        )
    if as_json:
        print_json(shown)
    else:
        _print_motion(shown)


def _print_motion(shown: dict[str, Any]) -> None:
    rows: list[tuple[object, ...]] = [("sensitivity", shown["sensitivity"], "")]
    rows += [
        (zone["kind"], zone["name"], " ".join(f"{x:.3f},{y:.3f}" for x, y in zone["polygon"]))
        for zone in shown["zones"]
    ]
    print_table(("WHAT", "VALUE", "POINTS (FRACTIONS OF THE PICTURE)"), rows)
