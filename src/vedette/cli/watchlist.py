"""`vedette watchlist`: lists of plates, vehicles and faces that are wanted, permitted or known."""

import sys
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
from vedette.cli.watchlist_find import NoSuchListError, find_list
from vedette.cli.watchlist_people import enroll, expel, people
from vedette.core.plates import read_plate
from vedette.core.watchlists import ListKind, ListSubject

_PAGE = 500


@click.group("watchlist", short_help="Lists of wanted, permitted and known plates, vehicles and faces.")
def command() -> None:
    """Show and change lists of plates, vehicles and faces. A change is in force at once."""


for _people_command in (enroll, people, expel):
    command.add_command(_people_command)


@command.command("list")
@click.argument("name", required=False)
@data_option
@json_option
def list_lists(name: str | None, data: Path | None, as_json: bool) -> None:
    """List all lists, or the entries of the list NAME."""
    with open_client(data) as client:
        if name is not None:
            _print_entries(_all_entries(client, find_list(client, name)["id"]), as_json=as_json)
            return
        lists = client.get("/watchlists")["items"]
    if as_json:
        print_json({"watchlists": lists})
        return
    rows = [
        (
            item["name"],
            item["kind"],
            item["subject"],
            "on" if item["enabled"] else "off",
            item["entries"],
            len(item["cameras"]) or "all",
            item["owner"],
            item["purpose"],
        )
        for item in lists
    ]
    print_table(("NAME", "KIND", "SUBJECT", "STATE", "ENTRIES", "CAMERAS", "OWNER", "PURPOSE"), rows)


@command.command("add")
@click.argument("name")
@click.option("--kind", type=click.Choice([kind.value for kind in ListKind]), help="Makes a new list of this kind.")
@click.option(
    "--subject",
    type=click.Choice([subject.value for subject in ListSubject]),
    default="vehicles",
    show_default=True,
    help="What the new list is about; people are added by `vedette watchlist enroll`.",
)
@click.option("--purpose", help="What the new list is for.")
@click.option("--camera", "cameras", multiple=True, help="Name of a camera that the new list is matched on [all].")
@click.option("--retention", type=click.IntRange(0), default=30, show_default=True, help="Days after an entry's end.")
@click.option("--alarm-unlisted", is_flag=True, help="Alarm for plates that are on no entry (permitted lists).")
@click.option("--plate", default="", help="Of a new entry; ? is one sign, * any number.")
@click.option("--type", "type_", default="", help="Of a new entry: car, bus, truck, van, two_wheeler.")
@click.option("--colour", default="", help="Of a new entry.")
@click.option("--reason", default="", help="Why the new entry is on the list.")
@click.option("--owner", default="", help="Who answers for it [you].")
@click.option("--note", default="")
@range_options
@data_option
@json_option
def add(
    name: str,
    kind: str | None,
    subject: str,
    purpose: str | None,
    cameras: tuple[str, ...],
    retention: int,
    alarm_unlisted: bool,
    data: Path | None,
    as_json: bool,
    **entry: str | None,
) -> None:
    """Make the list NAME (with --kind and --purpose), or add an entry to it (with --plate, --type or --colour)."""
    is_entry = bool(entry["plate"] or entry["type_"] or entry["colour"])
    if is_entry == bool(kind):
        raise click.UsageError("give --kind and --purpose for a new list, or --plate, --type or --colour for an entry")
    with open_client(data) as client:
        if is_entry:
            body = {name.rstrip("_"): value for name, value in entry.items() if value is not None}
            made = client.post(f"/watchlists/{find_list(client, name)['id']}/entries", body)
        else:
            settings = {
                "name": name,
                "kind": kind,
                "subject": subject,
                "purpose": purpose or "",
                "owner": entry["owner"],
                "retention_days": retention,
                "cameras": [find_camera(client, camera)["id"] for camera in cameras],
                "alarm_unlisted": alarm_unlisted,
            }
            made = client.post("/watchlists", settings)
    if as_json:
        print_json(made)
    else:
        sys.stderr.write(f"Added ({made['id']}). It is in force.\n")


@command.command("remove")
@click.argument("name")
@click.option("--plate", help="Remove the entries with this plate, written as on the list, and keep the list.")
@click.option("--entry", "entry_id", help="Remove the entry with this id, and keep the list.")
@data_option
@json_option
def remove(name: str, plate: str | None, entry_id: str | None, data: Path | None, as_json: bool) -> None:
    """Remove the list NAME with all of its entries, or entries of it."""
    with open_client(data) as client:
        path = f"/watchlists/{find_list(client, name)['id']}"
        if plate is None and entry_id is None:
            going = [path]
        else:
            going = [f"{path}/entries/{found}" for found in _find_entries(client, path, plate, entry_id)]
        for gone in going:
            client.send("DELETE", gone)
    if as_json:
        print_json({"removed": [gone.rpartition("/")[2] for gone in going]})
    else:
        sys.stderr.write(f"Removed {len(going)}.\n")


@command.command("import")
@click.argument("name")
@click.argument("sheet", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Remove entries that the sheet does not have.")
@click.option("--timezone", default="UTC", show_default=True, help="In which a date without a time is a day.")
@data_option
@json_option
def import_sheet(name: str, sheet: Path, replace: bool, timezone: str, data: Path | None, as_json: bool) -> None:
    """Take over a sheet of entries (.csv) into the list NAME, all of it or nothing.

    Columns: plate, type, colour, from, to, reason, owner, note.
    """
    with open_client(data) as client:
        parameters = {"replace": "1" if replace else None, "timezone": timezone}
        path = f"/watchlists/{find_list(client, name)['id']}/entries.csv"
        headers = {"Content-Type": "text/csv"}
        done = client.send("POST", path, content=sheet.read_bytes(), headers=headers, parameters=parameters).json()
    if as_json:
        print_json(done)
    else:
        sys.stderr.write("{added} added, {changed} changed, {removed} removed, {unchanged} as before.\n".format(**done))


@command.command("export")
@click.argument("name")
@click.argument("sheet", type=click.Path(dir_okay=False, path_type=Path))
@data_option
@json_option
def export_sheet(name: str, sheet: Path, data: Path | None, as_json: bool) -> None:
    """Write the entries of the list NAME to a sheet (.csv)."""
    with open_client(data) as client:
        content = client.send("GET", f"/watchlists/{find_list(client, name)['id']}/entries.csv").content
    try:
        sheet.write_bytes(content)
    except OSError as exc:
        raise click.ClickException(f"{sheet} cannot be written: {exc.strerror}") from exc
    if as_json:
        print_json({"path": str(sheet), "bytes": len(content)})
    else:
        sys.stderr.write(f"Wrote {sheet}.\n")


def _find_entries(client: ApiClient, path: str, plate: str | None, entry_id: str | None) -> list[str]:
    if entry_id is not None:
        return [entry_id]
    try:
        wanted = read_plate(plate or "")
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from exc
    found = [entry["id"] for entry in _all_entries(client, path.rpartition("/")[2]) if entry["plate"] == wanted]
    if not found:
        raise NoSuchListError(f"no entry has the plate {wanted!r}")
    return found


def _all_entries(client: ApiClient, list_id: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    while True:
        page = client.get(f"/watchlists/{list_id}/entries", {"limit": _PAGE, "offset": len(entries)})
        entries += page["items"]
        if not page["items"] or len(entries) >= page["total"]:
            return entries


def _print_entries(entries: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({"entries": entries})
        return
    columns = ("plate", "type", "colour", "from", "to", "owner", "reason", "id")
    rows = [[entry[column] or "-" for column in columns] for entry in entries]
    print_table([column.upper() for column in columns], rows)
