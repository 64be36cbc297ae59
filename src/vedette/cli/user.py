"""`vedette user`: the users of a running system."""

import sys
from pathlib import Path

import click

from vedette.adapters.api_client import ApiClient
from vedette.cli.output import (
    data_option,
    json_option,
    open_client,
    password_file_option,
    print_json,
    print_table,
    read_password,
)
from vedette.core.errors import NotFoundError

ROLES = ("administrator", "guard", "monitor", "auditor")


@click.group("user", short_help="Administer users.")
def command() -> None:
    """Administer the users of a running system."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="First line is the password; else one is made, shown once, and must be changed at the first login.",
)
@data_option
@json_option
def add(name: str, role: str, password_file: Path | None, data: Path | None, as_json: bool) -> None:
    """Add a user."""
    body = {"name": name, "role": role}
    if password_file is not None:
        body["password"] = read_password(password_file)
    with open_client(data) as client:
        user = client.post("/users", body)
    if as_json:
        print_json(user)
    elif user["password"]:
        sys.stderr.write(f"Added {name}. The password is shown only now and must be changed at the first login:\n")
        sys.stdout.write(f"{user['password']}\n")
    else:
        sys.stderr.write(f"Added {name}.\n")


@command.command("password")
@click.argument("name")
@password_file_option
@data_option
@json_option
def password(name: str, password_file: Path | None, data: Path | None, as_json: bool) -> None:
    """Set a user's password. All sessions of that user end."""
    with open_client(data) as client:
        user_id = _find_user(client, name)
        body = {"password": read_password(password_file, "New password")}
        user = client.send("PATCH", f"/users/{user_id}", body=body).json()
    if as_json:
        print_json(user)
    else:
        sys.stderr.write(f"The password of {name} is changed.\n")


@command.command("list")
@data_option
@json_option
def list_users(data: Path | None, as_json: bool) -> None:
    """List all users."""
    with open_client(data) as client:
        users = client.get("/users")["items"]
    if as_json:
        print_json({"users": users})
        return
    rows = [
        (user["name"], user["role"], "disabled" if user["disabled"] else "", user["last_login_at"] or "never")
        for user in users
    ]
    print_table(("NAME", "ROLE", "STATE", "LAST LOGIN"), rows)


def _find_user(client: ApiClient, name: str) -> str:
    for user in client.get("/users")["items"]:
        if user["name"].casefold() == name.casefold():
            return str(user["id"])
    raise NotFoundError(f"there is no user {name!r}", "`vedette user list` shows all.")
