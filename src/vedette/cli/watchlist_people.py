"""`vedette watchlist enroll|people|expel`: people on lists of faces."""

import base64
import sys
from pathlib import Path
from typing import Any

import click

from vedette.adapters.api_client import ApiClient
from vedette.cli.output import data_option, json_option, open_client, print_json, print_table, range_options
from vedette.cli.watchlist_find import NoSuchListError, find_list
from vedette.core.faces import MAX_ENROLLED_PICTURES, MAX_PICTURE_BYTES
from vedette.core.watchlists import Ground

_PAGE = 500
_PICTURE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("enroll")
@click.argument("list_name", metavar="LIST")
@click.argument("pictures", nargs=-1, required=True, type=_PICTURE)
@click.option("--name", required=True, help="Of the person, or a code.")
@click.option("--ground", type=click.Choice([ground.value for ground in Ground]), required=True)
@click.option("--document", required=True, help="Where the consent, or the order, is filed.")
@click.option("--granted-on", required=True, help="Its date: 2026-11-28.")
@click.option("--reason", required=True, help="Why the person is on the list.")
@click.option("--owner", default="", help="Who answers for it [you].")
@click.option("--note", default="")
@click.option("--keep-pictures", is_flag=True, help="Keep a small portrait of each, sealed, to be shown with a match.")
@range_options
@data_option
@json_option
def enroll(
    list_name: str, pictures: tuple[Path, ...], data: Path | None, as_json: bool, **written: str | bool | None
) -> None:
    """Enrol a person on the list LIST with one to five PICTURES: one face each, upright, sharp, from the front.

    The pictures become a template; they are not kept.
    """
    if len(pictures) > MAX_ENROLLED_PICTURES:
        raise click.UsageError(f"at most {MAX_ENROLLED_PICTURES} pictures")
    body: dict[str, Any] = {key.rstrip("_"): value for key, value in written.items() if value is not None}
    body["pictures"] = [base64.b64encode(_read_picture(path)).decode() for path in pictures]
    with open_client(data) as client:
        person = client.post(f"/watchlists/{find_list(client, list_name)['id']}/people", body)
    if as_json:
        print_json(person)
    else:
        sys.stderr.write(f"Enrolled with {person['pictures']} pictures ({person['id']}). It is in force.\n")


@click.command("people")
@click.argument("list_name", metavar="LIST")
@data_option
@json_option
def people(list_name: str, data: Path | None, as_json: bool) -> None:
    """List the people of the list LIST."""
    with open_client(data) as client:
        listed = find_list(client, list_name)
        found = _all_people(client, listed["id"])
    if as_json:
        print_json({"people": found, "cameras_without_faces": listed["cameras_without_faces"]})
        return
    columns = ("name", "ground", "granted_on", "document", "to", "owner", "reason", "pictures", "id")
    print_table([column.upper() for column in columns], [[row[column] or "-" for column in columns] for row in found])
    if blind := len(listed["cameras_without_faces"]):
        sys.stderr.write(f"{blind} cameras of this list do not recognise faces: switch them on for each camera.\n")


@click.command("expel")
@click.argument("list_name", metavar="LIST")
@click.argument("person")
@data_option
@json_option
def expel(list_name: str, person: str, data: Path | None, as_json: bool) -> None:
    """Remove PERSON (name, or id where a name is there twice) with template and portraits from the list LIST."""
    with open_client(data) as client:
        path = f"/watchlists/{find_list(client, list_name)['id']}/people"
        found = _all_people(client, path.split("/")[2])
        fitting = [row for row in found if person in {row["id"], row["name"]}]
        if len(fitting) != 1:
            message = f"{len(fitting)} people of this list are named {person!r}"
            raise NoSuchListError(message, "`vedette watchlist people` shows names and ids.")
        client.send("DELETE", f"{path}/{fitting[0]['id']}")
    if as_json:
        print_json({"removed": fitting[0]["id"]})
    else:
        sys.stderr.write("Removed, with template and portraits.\n")


def _read_picture(path: Path) -> bytes:
    if path.stat().st_size > MAX_PICTURE_BYTES:
        raise click.BadParameter(f"{path} is larger than {MAX_PICTURE_BYTES >> 20} MB")
    return path.read_bytes()


def _all_people(client: ApiClient, list_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = client.get(f"/watchlists/{list_id}/people", {"limit": _PAGE, "offset": len(found)})
        found += page["items"]
        if not page["items"] or len(found) >= page["total"]:
            return found
