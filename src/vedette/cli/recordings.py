"""`vedette recordings`: what is recorded of a camera, and what is missing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from vedette.cli.output import (
    data_option,
    find_playable_camera,
    json_option,
    open_client,
    print_json,
    print_table,
    range_options,
)


def tell_signing(signing: Mapping[str, Any]) -> str:
    words = [signing["result"]]
    if signing["subject"]:
        words.append(f"by {signing['subject']}" + ("" if signing["vouched"] else " (nobody vouches for its key)"))
    if signing["first_fault"]:
        words.append(f"from {signing['first_fault']} on: {', '.join(signing['reasons'])}")
    return ", ".join(words)


@click.command("recordings", short_help="List the recordings and gaps of a camera.")
@click.option("--camera", "camera_name", required=True, help="Name of the camera.")
@range_options
@data_option
@json_option
def command(camera_name: str, from_: str | None, to: str | None, data: Path | None, as_json: bool) -> None:
    """List the unbroken runs of footage of a camera, the gaps between them, and what the camera has signed."""
    with open_client(data) as client:
        camera_id, _ = find_playable_camera(client, camera_name)
        found = client.get(f"/cameras/{camera_id}/recordings", {"from": from_, "to": to})
    if as_json:
        print_json(found)
        return
    rows = [(run["from"], run["to"], run["stream"], f"{run['frames']} frames", run["bytes"]) for run in found["runs"]]
    rows += [
        (gap["from"], gap["to"], gap["stream"], f"gap: {gap['reason']}", gap["frames_missing"]) for gap in found["gaps"]
    ]
    rows += [(one["from"], one["to"], one["stream"], f"signature: {tell_signing(one)}", "") for one in found["signing"]]
    print_table(("FROM", "TO", "STREAM", "WHAT", "BYTES"), sorted(rows))
