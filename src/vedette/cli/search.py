"""`vedette search`: finds what cameras saw, and follows it from camera to camera."""

import base64
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from vedette.cli.output import (
    data_option,
    find_camera,
    json_option,
    open_client,
    print_json,
    print_table,
    range_options,
)
from vedette.core.errors import InvalidInputError
from vedette.core.faces import MAX_PICTURE_BYTES

_WAYS = ("plate", "face", "appearance", "attributes")
_CLASSES = ("person", "vehicle", "two_wheeler", "object")


@click.command("search", short_help="Find what cameras saw.")
@click.option("--plate", default="", help="Number plate; ? is one sign, * any number of them.")
@click.option("--class", "classes", multiple=True, type=click.Choice(_CLASSES), help="May be repeated.")
@click.option("--attribute", "attributes", multiple=True, help="Like upper_colour=red; may be repeated.")
@click.option("--picture", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="One face to look for.")
@click.option("--body", is_flag=True, help="Look for the whole person of --picture, by how people look.")
@click.option("--person", type=click.IntRange(1, 100), help="Which person of --picture; 1 is the leftmost.")
@click.option("--like", help="Id of a seen object that others are to be like.")
@click.option("--by", type=click.Choice(_WAYS), help="By what of it; else by the surest.")
@click.option("--trace", is_flag=True, help="Follow what is like the object of --like from camera to camera.")
@click.option("--files", "source", flag_value="files", help="In files that were analysed, instead of cameras.")
@click.option("--both", "source", flag_value="both", help="In files and cameras.")
@click.option("--camera", "cameras", multiple=True, help="Name of a camera; may be repeated.")
@range_options
@click.option("--purpose", default="", help="Why; needed for searches by face or appearance.")
@click.option("--limit", type=click.IntRange(1, 200), default=60, show_default=True)
@data_option
@json_option
def command(
    plate: str,
    classes: tuple[str, ...],
    attributes: tuple[str, ...],
    picture: Path | None,
    body: bool,
    person: int | None,
    like: str | None,
    by: str | None,
    trace: bool,
    source: str | None,
    cameras: tuple[str, ...],
    from_: str | None,
    to: str | None,
    purpose: str,
    limit: int,
    data: Path | None,
    as_json: bool,
) -> None:
    """Find people, vehicles and plates that cameras saw or files showed, the best first."""
    if (body and not picture) or (person and not body):
        raise click.UsageError("--body looks for a whole person in --picture, and --person says for which")
    if trace and not like:
        raise click.UsageError("--trace follows the object that --like names")
    facts = {"plate": plate, "classes": list(classes), "attributes": _read_attributes(attributes)}
    if any(facts.values()) and (picture or like):
        raise click.UsageError("--picture and --like look for likeness; leave --plate, --class and --attribute out")
    with open_client(data) as client:
        among = {"cameras": [find_camera(client, name)["id"] for name in cameras], "from": from_, "to": to}
        among["source"] = source or "cameras"
        asked: dict[str, Any] = {**among, "purpose": purpose}
        if trace:
            _show_trace(client.post("/search/trace", {**asked, "object_id": like, "by": by}), as_json=as_json)
        elif picture:
            asked |= {"picture": base64.b64encode(_read_picture(picture)).decode(), "limit": limit}
            asked |= {"person": person} if body else {}
            _show_found(client.post("/search/person" if body else "/search/picture", asked), as_json=as_json)
        else:
            asked |= {**facts, "object_id": like, "by": by, "limit": limit}
            _show_found(client.post("/search/objects", asked), as_json=as_json)


def _read_attributes(pairs: Sequence[str]) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not (name and sign and value):
            raise click.BadParameter(f"{pair!r} is no attribute; write it like upper_colour=red")
        wanted.setdefault(name, []).append(value)
    return wanted


def _read_picture(path: Path) -> bytes:
    data = path.read_bytes()
    if len(data) > MAX_PICTURE_BYTES:
        raise InvalidInputError(f"{path} is larger than {MAX_PICTURE_BYTES >> 20} MB", "Save it smaller.")
    return data


def _show_found(answer: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    print_table(("FROM", "CAMERA", "OBJECT", "WHAT", "FITS", "ID"), [_row(item) for item in answer["items"]])
    if answer["cut"]:
        sys.stderr.write(f"{answer['total']} fit; narrow the time or the cameras to see all\n")
    if answer["searched"] and not answer["calibrated"]:
        sys.stderr.write("the order is by likeness; how sure it is was not measured\n")


def _show_trace(answer: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    rows = [(*_row(step["object"])[:4], _say_travel(step["travel"]), step["object"]["id"]) for step in answer["steps"]]
    print_table(("FROM", "CAMERA", "OBJECT", "WHAT", "WAY", "ID"), rows)


def _row(item: Mapping[str, Any]) -> tuple[str, ...]:
    plate = item["plate"]
    said = [] if plate is None else [plate["text"] + (" ?" if plate["state"] == "unsure" else "")]
    said += [f"{name} {one['value']}" for name, one in item["attributes"].items() if one["value"] != "no"]
    fits = "" if item["score"] is None else f"{item['score']:.2f}"
    if item["verdict"] not in {None, "not_calibrated"}:
        fits += f" {item['verdict']}"
    return *_say_place(item), item["object_class"], ", ".join(said), fits, item["id"]


def _say_place(item: Mapping[str, Any]) -> tuple[str, str]:
    """When and where; of a file the second, and a time of day only where somebody said when it begins."""
    file = item["file"]
    if file is None:
        return item["from"], item["camera_name"]
    return item["from"] if file["dated"] else "", f"{file['name']} at {file['best_s']:.1f} s"


def _say_travel(travel: Mapping[str, Any] | None) -> str:
    if travel is None:
        return ""
    if travel["plausibility"] == "implausible":
        return f"cannot be: {travel['gap_s']:g} s, needs {travel['need_s']:g} s ({travel['reason']})"
    known = "" if travel["plausibility"] == "plausible" else ", way not known"
    return f"after {travel['gap_s']:g} s{known}"
