"""`vedette ledger`: how complete the footage of a camera is, and why frames are missing."""

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


@click.command("ledger", short_help="Count expected and stored frames, with the reason of each missing one.")
@click.option("--camera", "names", multiple=True, required=True, help="Name of a camera; repeat for several.")
@range_options
@click.option(
    "--step", "step_s", type=click.IntRange(60, 86_400), default=60, show_default=True, help="Seconds a slot."
)
@data_option
@json_option
def command(
    names: tuple[str, ...], from_: str | None, to: str | None, step_s: int, data: Path | None, as_json: bool
) -> None:
    """Show the completeness of cameras between two times; slots with missing frames are listed."""
    if from_ is None or to is None:
        raise click.UsageError("--from and --to are needed")
    with open_client(data) as client:
        cameras = dict(find_playable_camera(client, name) for name in names)
        wanted = {"cameras": ",".join(cameras), "from": from_, "to": to, "step_s": step_s}
        ledger = client.get("/ledger", wanted)
    if as_json:
        print_json(ledger)
        return
    rows = [row for stream in ledger["cameras"] for row in _rows(cameras[stream["camera_id"]], stream)]
    print_table(("CAMERA", "STREAM", "AT", "EXPECTED", "STORED", "COMPLETE", "MISSING BY REASON"), rows)


def _rows(name: str, stream: dict[str, Any]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [
        (name, stream["stream"], "all", *_figures(stream["expected"], stream["stored"]), "")
    ]
    rows += [
        (name, stream["stream"], slot["at"], *_figures(slot["expected"], slot["stored"]), _reasons(slot["reasons"]))
        for slot in stream["slots"]
        if slot["stored"] < slot["expected"]
    ]
    return rows


def _figures(expected: int, stored: int) -> tuple[object, ...]:
    return expected, stored, f"{stored / expected:.4%}" if expected else "-"


def _reasons(reasons: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
