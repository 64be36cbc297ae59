"""How commands that talk to a running system take options and print. Tables go to people, JSON to scripts."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from vedette.adapters.api_client import ApiClient, find_endpoint
from vedette.core.errors import NotFoundError
from vedette.core.time import parse_utc

Command = TypeVar("Command", bound=Callable[..., Any])

data_option = click.option(
    "--data", type=click.Path(path_type=Path), default=None, help="Data directory of a system on this machine."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
password_file_option = click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="First line is the password; else you are asked.",
)


class NoSuchCameraError(NotFoundError):
    """No camera has this name."""

    code = "no_such_camera"


def open_client(data: Path | None) -> ApiClient:
    """Connects to the system that the options and the environment name."""
    return ApiClient(find_endpoint(data))


def read_password(file: Path | None, prompt: str = "Password") -> str:
    """Reads a password from the first line of a file, or asks on the terminal."""
    if file is not None:
        return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    return str(click.prompt(prompt, hide_input=True, err=True))


def check_time(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Refuses a time that is no RFC 3339 time with an offset: wrong usage, exit code 2."""
    if value is None:
        return None
    try:
        parse_utc(value)
    except ValueError as exc:
        raise click.BadParameter(f"{value!r} is no time; write it like 2026-11-21T10:15:39Z or with +07:00") from exc
    return value


def range_options(command: Command) -> Command:
    """Adds --from and --to."""
    command = click.option("--to", "to", callback=check_time, help="RFC 3339 time with offset.")(command)
    return click.option("--from", "from_", callback=check_time, help="RFC 3339 time with offset.")(command)


def find_camera(client: ApiClient, name: str) -> dict[str, Any]:
    """Finds a camera by name (capital letters do not count) or id.

    Raises:
        NoSuchCameraError: none has it.
    """
    page = client.get("/cameras", {"search": name, "limit": 1000})
    for camera in page["items"]:
        if camera["name"].casefold() == name.casefold():
            return dict(camera)
    for camera in client.get("/cameras", {"limit": 1000})["items"]:
        if camera["id"] == name:
            return dict(camera)
    raise NoSuchCameraError(f"there is no camera {name!r}", "`vedette camera list` shows all.")


def find_playable_camera(client: ApiClient, name: str) -> tuple[str, str]:
    """Finds id and name of a camera whose recordings may be played: an auditor may, and may not list cameras.

    Raises:
        NoSuchCameraError: none has it.
    """
    cameras = client.get("/recordings/cameras")["items"]
    for key, wanted in (("name", name.casefold()), ("id", name.casefold())):
        for camera in cameras:
            if camera[key].casefold() == wanted:
                return camera["id"], camera["name"]
    known = ", ".join(camera["name"] for camera in cameras[:20]) or "none"
    raise NoSuchCameraError(f"there is no camera {name!r}", f"There are: {known}{', …' * (len(cameras) > 20)}.")


def print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_table(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints columns as wide as their longest cell."""
    texts = [[str(cell) for cell in row] for row in (heading, *rows)]
    widths = [max(len(row[index]) for row in texts) for index in range(len(heading))]
    for row in texts:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
