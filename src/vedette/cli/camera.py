"""`vedette camera`: the inventory of a running system."""

import sys
from pathlib import Path
from typing import Any

import click

from vedette.adapters.api_client import ApiClient
from vedette.cli.camera_motion import motion
from vedette.cli.camera_plan import plan
from vedette.cli.camera_privacy import privacy
from vedette.cli.output import (
    data_option,
    find_camera,
    json_option,
    open_client,
    password_file_option,
    print_json,
    print_table,
    read_password,
)

READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@click.group("camera", short_help="Add, test, list, remove, import, export cameras; plans, motion, privacy zones.")
def command() -> None:
    """Administer the cameras of a running system."""


command.add_command(motion)
command.add_command(plan)
command.add_command(privacy)


@command.command("add")
@click.argument("name")
@click.option("--main", "main_url", required=True, help="Address of the main stream.")
@click.option("--sub", "sub_url", help="Address of the sub stream.")
@click.option("--user", default="", help="User of the camera.")
@password_file_option
@click.option("--group", default="", help="Group in the tree.")
@click.option("--record", type=click.Choice(["main", "sub", "both", "none"]), default="main", show_default=True)
@click.option("--transport", type=click.Choice(["auto", "tcp", "udp"]), default="auto", show_default=True)
@click.option("--no-verify-tls", is_flag=True, help="Accept any certificate of this camera. Shown everywhere.")
@click.option("--ca-file", type=READABLE, help="PEM of the authority that signed the camera's certificate.")
@click.option("--no-test", is_flag=True, help="Add it even when it does not answer now.")
@data_option
@json_option
def add(
    name: str,
    main_url: str,
    sub_url: str | None,
    user: str,
    password_file: Path | None,
    group: str,
    record: str,
    transport: str,
    no_verify_tls: bool,
    ca_file: Path | None,
    no_test: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Add one camera; it is tested first."""
    ca_pem = ca_file.read_text(encoding="ascii", errors="replace") if ca_file else ""
    link = {"transport": transport, "verify_tls": not no_verify_tls, "ca_pem": ca_pem}
    body = {
        "name": name,
        "group": group,
        "main": {"url": main_url, **link},
        "sub": {"url": sub_url, **link} if sub_url else None,
        "user": user,
        "password": read_password(password_file) if user or password_file else "",
        "record": record,
    }
    with open_client(data) as client:
        camera = client.post("/cameras", body, {"test": "0" if no_test else "1"})
    if as_json:
        print_json(camera)
    else:
        sys.stderr.write(f"Added {camera['name']} ({camera['id']}).\n")


@command.command("list")
@data_option
@json_option
def list_cameras(data: Path | None, as_json: bool) -> None:
    """List all cameras with what their streams do now."""
    with open_client(data) as client:
        cameras = _all_cameras(client)
    if as_json:
        print_json({"cameras": cameras})
        return
    rows = [
        (
            camera["name"],
            camera["group"],
            camera["live"]["main"]["state"],
            camera["live"]["sub"]["state"] if camera["live"]["sub"] else "-",
            camera["record"],
            camera["main"]["url"],
        )
        for camera in cameras
    ]
    print_table(("NAME", "GROUP", "MAIN", "SUB", "RECORD", "ADDRESS"), rows)


@command.command("test")
@click.argument("name")
@click.option("--stream", type=click.Choice(["main", "sub"]), default="main", show_default=True)
@data_option
@json_option
def test(name: str, stream: str, data: Path | None, as_json: bool) -> None:
    """Connect to a camera of the inventory and say what it carries. Exit code 1 when it fails."""
    with open_client(data) as client:
        camera = find_camera(client, name)
        report = client.post(f"/cameras/{camera['id']}/test", None, {"stream": stream})
    if as_json:
        print_json(report)
    else:
        _print_report(report)
    sys.exit(0 if report["ok"] else 1)


@command.command("remove")
@click.argument("name")
@data_option
@json_option
def remove(name: str, data: Path | None, as_json: bool) -> None:
    """Remove a camera from the inventory. Its recordings and events stay."""
    with open_client(data) as client:
        camera = find_camera(client, name)
        client.send("DELETE", f"/cameras/{camera['id']}")
    if as_json:
        print_json({"removed": camera["id"], "name": camera["name"]})
    else:
        sys.stderr.write(f"Removed {camera['name']}. Its recordings and events stay.\n")


@command.command("import")
@click.argument("sheet", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
@json_option
def import_sheet(sheet: Path, data: Path | None, as_json: bool) -> None:
    """Take over an inventory sheet (.xlsx), all of it or nothing. Exit code 1 when a row is refused."""
    with open_client(data) as client:
        headers = {"Content-Type": XLSX}
        report = client.send("POST", "/cameras/import", content=sheet.read_bytes(), headers=headers).json()
    if as_json:
        print_json(report)
    else:
        for row in report["rows"]:
            sys.stderr.write(f"row {row['row']}: {row['name']}: {row['outcome']}\n")
            for error in row["errors"]:
                sys.stderr.write(f"  {error}\n")
        verdict = "Imported." if report["imported"] else "Nothing was imported: correct the refused rows."
        sys.stderr.write(f"{report['added']} added, {report['changed']} changed. {verdict}\n")
    sys.exit(0 if report["imported"] else 1)


@command.command("export")
@click.argument("sheet", type=click.Path(dir_okay=False, path_type=Path))
@data_option
@json_option
def export_sheet(sheet: Path, data: Path | None, as_json: bool) -> None:
    """Write the inventory to a sheet (.xlsx), without passwords."""
    with open_client(data) as client:
        content = client.send("GET", "/cameras/export.xlsx").content
    try:
        sheet.write_bytes(content)
    except OSError as exc:
        raise click.ClickException(f"{sheet} cannot be written: {exc.strerror}") from exc
    if as_json:
        print_json({"path": str(sheet), "bytes": len(content)})
    else:
        sys.stderr.write(f"Wrote {sheet}.\n")


def _all_cameras(client: ApiClient) -> list[dict[str, Any]]:
    cameras: list[dict[str, Any]] = []
    while True:
        page = client.get("/cameras", {"limit": 1000, "offset": len(cameras)})
        cameras += page["items"]
        if page["next"] is None or not page["items"]:
            return cameras


def _print_report(report: dict[str, Any]) -> None:
    print_table(
        ("STEP", "MS", "RESULT"),
        [(step["name"], step["ms"], step["detail"] if step["ok"] else "failed") for step in report["steps"]],
    )
    for stream in report["streams"]:
        size = f" {stream['width']}x{stream['height']}" if stream["width"] else ""
        sys.stdout.write(f"{stream['kind']}: {stream['codec']}{size}\n")
    if report["error"] is not None:
        sys.stderr.write(f"{report['error']['message']}\n  {report['error']['hint']}\n")
