"""`vedette erase`: footage that has to go before its term."""

import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from vedette.adapters.api_client import ApiClient
from vedette.cli.output import (
    data_option,
    find_camera,
    json_option,
    open_client,
    print_json,
    print_table,
    range_options,
)

_LOOK_EVERY_S = 1.0


@click.command("erase")
@click.option("--camera", "name", help="Name or id of the camera.")
@click.option("--all-cameras", is_flag=True, help="Of every camera; the archive key of each whole UTC day goes too.")
@range_options
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="A whole day, UTC, in place of --from and --to.")
@click.option("--reason", default="", help="Why; in the audit trail. Needed unless --dry-run.")
@click.option("--dry-run", is_flag=True, help="Only show what would be erased.")
@click.option("--yes", is_flag=True, help="Do not ask before it is erased.")
@data_option
@json_option
def command(
    name: str | None,
    all_cameras: bool,
    from_: str | None,
    to: str | None,
    day: datetime | None,
    reason: str,
    dry_run: bool,
    yes: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Erase footage before its term, for good: a subject's lawful request.

    Whole segments go, so the range is rounded outward, by about a minute at most. What is on hold is refused. The
    evidence log still verifies: it shows that footage was there, and that it was erased by order.
    """
    if (name is None) != all_cameras:
        raise click.UsageError("give --camera or --all-cameras")
    if not dry_run and not reason.strip():
        raise click.UsageError("--reason is needed")
    span = _find_span(from_, to, day)
    with open_client(data) as client:
        camera_id = _find_id(client, name) if name is not None else None
        wanted = {"camera_id": camera_id, **span}
        plan = client.post("/erasures/plan", wanted)
        if not as_json:
            _show_plan(plan, span)
        if dry_run:
            if as_json:
                print_json(plan)
            sys.exit(1 if plan["holds"] else 0)
        if not yes:
            click.confirm("Erase this for good?", abort=True, err=True)
        order = client.post("/erasures", {**wanted, "reason": reason})
        waits_for = _wait_until_erased(client, order["id"])
    if as_json:
        print_json({**order, "state": "waits" if waits_for else "erased", "waits_for": waits_for})
    elif waits_for:
        sys.stderr.write(f"Ordered ({order['id']}). It goes on by itself when these can be reached: {waits_for}\n")
    else:
        sys.stderr.write(f"Erased ({order['id']}).\n")


def _find_span(from_: str | None, to: str | None, day: datetime | None) -> dict[str, str]:
    if day is not None and from_ is None and to is None:
        begin = day.replace(tzinfo=UTC)
        return {"from": begin.isoformat(), "to": (begin + timedelta(days=1)).isoformat()}
    if day is not None or from_ is None or to is None:
        raise click.UsageError("give --from and --to, or --day")
    return {"from": from_, "to": to}


def _find_id(client: ApiClient, name: str) -> str:
    """The camera's id; a camera that was removed is named by its id, its footage may still be there."""
    if len(name) == 26 and name.isupper():
        return name
    return str(find_camera(client, name)["id"])


def _show_plan(plan: dict[str, Any], span: dict[str, str]) -> None:
    rows = [
        (
            stream["camera_name"],
            stream["stream"],
            stream["from"],
            stream["to"],
            stream["segments"],
            f"{stream['bytes'] / 1e6:.1f}",
        )
        for stream in plan["streams"]
    ]
    print_table(("CAMERA", "STREAM", "FROM", "TO", "SEGMENTS", "MB"), rows)
    told = [f"Asked: {span['from']} to {span['to']}; only whole segments can go: {plan['from']} to {plan['to']}."]
    growing = sum(stream["growing"] for stream in plan["streams"])
    if growing:
        told.append(f"{growing} segments still grow; they go when they are closed, after 5 minutes at most.")
    told.append(f"Event pictures: {plan['pictures']}.")
    if plan["key_days"]:
        told.append(f"Archive keys: {', '.join(plan['key_days'])}: what is left of these days anywhere is unreadable.")
    if plan["out_of_reach"]:
        told.append(f"Cannot be looked into now, an order waits for them: {', '.join(plan['out_of_reach'])}.")
    if plan["holds"]:
        told.append(f"ON HOLD, nothing can be erased: {plan['hold_detail']}.")
    sys.stderr.write("\n".join(told) + "\n")


def _wait_until_erased(client: ApiClient, erasure_id: str) -> str:
    """Waits while it goes on; returns what it waits for itself, empty: it is done."""
    pause = threading.Event()
    while True:
        order = next((each for each in client.get("/erasures")["items"] if each["id"] == erasure_id), None)
        if order is None or order["waits_for"]:
            return ", ".join(order["waits_for"]) if order else ""
        pause.wait(_LOOK_EVERY_S)
