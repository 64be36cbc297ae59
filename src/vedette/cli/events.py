"""`vedette events`: lists or follows events."""

import json
import sys
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


@click.command("events", short_help="List or follow events.")
@click.option("--camera", "camera_name", help="Name of a camera.")
@click.option("--kind", help="Kind of event, like line_crossed.")
@click.option("--state", type=click.Choice(["new", "acknowledged"]), help="Only in this state.")
@range_options
@click.option("--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="At most so many.")
@click.option("--follow", is_flag=True, help="One JSON object a line as events happen, until you stop it.")
@data_option
@json_option
def command(
    camera_name: str | None,
    kind: str | None,
    state: str | None,
    from_: str | None,
    to: str | None,
    limit: int,
    follow: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """List events, newest first, or follow them."""
    with open_client(data) as client:
        camera_id = find_camera(client, camera_name)["id"] if camera_name else None
        if follow:
            if kind:
                client.get("/events", {"kind": kind, "limit": 1})  # a kind that does not exist is said, not waited for
            for event in client.follow("/events", {}):
                if _is_wanted(event, camera_id, kind):
                    sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
                    sys.stdout.flush()
            return
        wanted = {"camera": camera_id, "kind": kind, "state": state, "from": from_, "to": to}
        events = list(client.pages("/events", wanted, limit))
    if as_json:
        print_json({"events": events})
        return
    rows = [
        (event["from"], event["camera_name"], event["kind"], event["object_class"], event["state"], event["id"])
        for event in events
    ]
    print_table(("FROM", "CAMERA", "KIND", "OBJECT", "STATE", "ID"), rows)


def _is_wanted(event: dict[str, Any], camera_id: str | None, kind: str | None) -> bool:
    if event.get("type") == "dropped":
        return True  # whoever follows must know that something is missing
    return (camera_id is None or event["camera_id"] == camera_id) and (kind is None or event["kind"] == kind)
