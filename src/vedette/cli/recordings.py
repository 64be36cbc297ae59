"""`vedette recordings`: what is recorded of a camera, and what is missing."""

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


@click.command("recordings", short_help="List the recordings and gaps of a camera.")
@click.option("--camera", "camera_name", required=True, help="Name of the camera.")
@range_options
@data_option
@json_option
def command(camera_name: str, from_: str | None, to: str | None, data: Path | None, as_json: bool) -> None:
    """List the unbroken runs of footage of a camera and the gaps between them."""
    with open_client(data) as client:
        camera = find_camera(client, camera_name)
        found = client.get(f"/cameras/{camera['id']}/recordings", {"from": from_, "to": to})
    if as_json:
        print_json(found)
        return
    rows = [(run["from"], run["to"], run["stream"], f"{run['frames']} frames", run["bytes"]) for run in found["runs"]]
    rows += [
        (gap["from"], gap["to"], gap["stream"], f"gap: {gap['reason']}", gap["frames_missing"]) for gap in found["gaps"]
    ]
    print_table(("FROM", "TO", "STREAM", "WHAT", "BYTES"), sorted(rows))
