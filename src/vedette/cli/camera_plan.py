"""`vedette camera plan`: when a camera is recorded, where, and how long it is kept."""

import re
import sys
from pathlib import Path
from typing import Any

import click

from vedette.cli.output import data_option, find_camera, json_option, open_client, print_json, print_table

MODES = ("off", "continuous", "motion", "event")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([a-z,-]+)\s+(\d\d:\d\d)-(\d\d:\d\d)\s+([a-z]+)")


def read_retention(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[dict[str, Any]]:
    """Reads `mode:min:max`, in days; 0 is no promise or no limit."""
    terms: list[dict[str, Any]] = []
    for value in values:
        mode, *days = value.split(":")
        try:
            least, most = map(float, days)
            terms.append({"mode": mode, "min_days": least, "max_days": most})
        except ValueError as exc:
            raise click.BadParameter(f"{value!r} is not like continuous:7:30 (mode, minimum, maximum days)") from exc
    return terms


def read_spans(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[dict[str, Any]]:
    """Reads `mon-fri 08:00-18:00 motion`; days are one, a range, or a list with commas."""
    return [_read_span(value) for value in values]


def _read_span(value: str) -> dict[str, Any]:
    match = _SPAN.fullmatch(value.strip().lower())
    if match is None:
        raise click.BadParameter(f"{value!r} is not like 'mon-fri 08:00-18:00 motion'")
    days: list[int] = []
    for part in match[1].split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise click.BadParameter(f"{part!r} is no day; they are {', '.join(DAYS)}")
        days += range(DAYS.index(first), DAYS.index(last or first) + 1)
    return {"days": days, "from": match[2], "to": match[3], "mode": match[4]}


@click.command("plan")
@click.argument("name")
@click.option("--mode", type=click.Choice(MODES), help="Wherever no span of the calendar says otherwise.")
@click.option(
    "--retention", multiple=True, callback=read_retention, help="mode:min:max in days, like motion:30:90; repeat."
)
@click.option(
    "--span",
    "spans",
    multiple=True,
    callback=read_spans,
    help="Like 'mon-fri 08:00-18:00 motion'; repeat. Replaces all.",
)
@click.option("--no-calendar", is_flag=True, help="The same mode all week.")
@click.option("--timezone", help="IANA name, like Asia/Ho_Chi_Minh.")
@click.option("--pre", "pre_s", type=float, help="Seconds kept before motion or an event.")
@click.option("--post", "post_s", type=float, help="Seconds kept after motion or an event.")
@click.option("--volume", "volumes", multiple=True, help="Preferred volume; repeat in order. 'any' clears.")
@data_option
@json_option
def plan(
    name: str,
    mode: str | None,
    retention: list[dict[str, Any]],
    spans: list[dict[str, Any]],
    no_calendar: bool,
    timezone: str | None,
    pre_s: float | None,
    post_s: float | None,
    volumes: tuple[str, ...],
    data: Path | None,
    as_json: bool,
) -> None:
    """Show the recording plan of a camera, or change what is given and keep the rest."""
    given = {"mode": mode, "timezone": timezone, "pre_s": pre_s, "post_s": post_s}
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if spans or no_calendar:
        changes["calendar"] = spans
    if volumes:
        changes["volumes"] = [] if volumes == ("any",) else list(volumes)
    with open_client(data) as client:
        path = f"/cameras/{find_camera(client, name)['id']}/recording-plan"
        shown = client.get(path)
        if retention:
            named = {term["mode"] for term in retention}
            kept = [term for term in shown["retention"] if term["mode"] not in named]
            changes["retention"] = kept + [term for term in retention if term["min_days"] or term["max_days"]]
        if changes:
            shown = client.send("PUT", path, body={**shown, **changes}).json()
    if as_json:
        print_json(shown)
    else:
        _print_plan(shown)


def _print_plan(shown: dict[str, Any]) -> None:
    rows: list[tuple[object, ...]] = [("mode", shown["mode"]), ("time zone", shown["timezone"])]
    rows += [
        ("span", f"{','.join(DAYS[day] for day in span['days'])} {span['from']}-{span['to']} {span['mode']}")
        for span in shown["calendar"]
    ]
    rows.append(("around a trigger", f"{shown['pre_s']:g} s before, {shown['post_s']:g} s after"))
    rows += [
        (f"kept, {term['mode']}", f"at least {term['min_days']:g}, at most {term['max_days'] or '-'} days")
        for term in shown["retention"]
    ]
    rows.append(("volumes", ", ".join(shown["volumes"]) or "any"))
    print_table(("WHAT", "VALUE"), rows)
    sys.stdout.flush()
