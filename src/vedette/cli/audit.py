"""`vedette audit`: who did what."""

import csv
import sys
from pathlib import Path

import click

from vedette.cli.output import data_option, json_option, open_client, print_json, range_options

FIELDS = ("id", "at", "user", "action", "resource", "address", "outcome", "detail")
MOST = 1_000_000


@click.group("audit", short_help="Export the audit log.")
def command() -> None:
    """Read the audit trail of a running system."""


@command.command("export")
@range_options
@click.option("--user", default="", help="Only what this user did.")
@click.option("--action", default="", help="Only actions that begin so, like camera. or login.")
@data_option
@json_option
def export(from_: str | None, to: str | None, user: str, action: str, data: Path | None, as_json: bool) -> None:
    """Write the audit trail to stdout, newest first: as CSV, or as one JSON object."""
    wanted = {"from": from_, "to": to, "user": user, "action": action}
    with open_client(data) as client:
        rows = client.pages("/audit", wanted, MOST)
        if as_json:
            print_json({"items": list(rows)})
            return
        writer = csv.DictWriter(sys.stdout, FIELDS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            # A cell that begins like a formula would run in the spreadsheet of whoever audits.
            writer.writerow(
                {name: f"'{text}" if (text := str(row[name]))[:1] in "=+-@" and text else text for name in FIELDS}
            )
