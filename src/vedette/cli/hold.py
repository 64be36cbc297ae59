"""`vedette hold`: footage that no deletion may touch."""

import sys
from pathlib import Path

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


@click.group("hold", short_help="Put footage on hold, list and release holds.")
def command() -> None:
    """Keep footage from being deleted (legal hold, evidence lock)."""


@command.command("add")
@click.option("--camera", "name", required=True, help="Name of the camera.")
@range_options
@click.option("--reason", required=True, help="Why; shown with the hold and in the audit trail.")
@data_option
@json_option
def add(name: str, from_: str | None, to: str | None, reason: str, data: Path | None, as_json: bool) -> None:
    """Put the footage of a camera between two times on hold; --to may lie in the future."""
    if from_ is None or to is None:
        raise click.UsageError("--from and --to are needed")
    with open_client(data) as client:
        camera = find_camera(client, name)
        hold = client.post("/holds", {"camera_id": camera["id"], "from": from_, "to": to, "reason": reason})
    if as_json:
        print_json(hold)
    else:
        sys.stderr.write(f"{hold['bytes'] / 1e6:.1f} MB of {hold['camera_name']} are on hold ({hold['id']}).\n")


@command.command("list")
@click.option("--camera", "name", help="Only of this camera.")
@click.option("--released", is_flag=True, help="Those that were released, too.")
@data_option
@json_option
def list_holds(name: str | None, released: bool, data: Path | None, as_json: bool) -> None:
    """List holds, newest first."""
    with open_client(data) as client:
        camera_id = find_camera(client, name)["id"] if name else None
        holds = client.get("/holds", {"camera": camera_id, "released": "1" if released else None})["items"]
    if as_json:
        print_json({"holds": holds})
        return
    rows = [
        (
            hold["id"],
            hold["camera_name"],
            hold["from"],
            hold["to"],
            f"{hold['bytes'] / 1e6:.1f}",
            hold["created_by"],
            hold["reason"],
            f"released by {hold['released_by']}: {hold['release_reason']}" if hold["released_at"] else "in force",
        )
        for hold in holds
    ]
    print_table(("ID", "CAMERA", "FROM", "TO", "MB", "BY", "REASON", "STATE"), rows)


@command.command("release")
@click.argument("hold_id")
@click.option("--reason", required=True, help="Why; shown with the hold and in the audit trail.")
@data_option
@json_option
def release(hold_id: str, reason: str, data: Path | None, as_json: bool) -> None:
    """Release a hold: its footage may be deleted from now on when nothing else holds it."""
    with open_client(data) as client:
        client.send("DELETE", f"/holds/{hold_id}", parameters={"reason": reason})
    if as_json:
        print_json({"released": hold_id})
    else:
        sys.stderr.write("Released.\n")
