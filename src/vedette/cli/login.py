"""`vedette login`: keeps a token for the commands that talk to a running system."""

import socket
import sys
from pathlib import Path

import click

from vedette.adapters.api_client import make_login_token, save_login
from vedette.cli.output import password_file_option, read_password


@click.command("login", short_help="Keep a token for the commands that talk to a running system.")
@click.option("--url", required=True, help="Address of the system, like http://127.0.0.1:8600.")
@click.option("--user", required=True, help="User name.")
@password_file_option
def command(url: str, user: str, password_file: Path | None) -> None:
    """Log in and keep a token (not the password) in your configuration folder, readable by you alone."""
    endpoint = make_login_token(
        url, user, read_password(password_file), f"vedette login on {socket.gethostname()}"[:64]
    )
    path = save_login(endpoint, user)
    sys.stderr.write(f"Logged in to {endpoint.url} as {user}. The token is in {path}.\n")
