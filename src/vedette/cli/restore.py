"""`vedette restore`: an installation from its backups, or only the proof that it could be made."""

import os
import sys
from dataclasses import asdict
from pathlib import Path

import click

from vedette.adapters.backup_box import read_key_file
from vedette.cli.output import json_option, print_json
from vedette.node.restore import RestoreReport, restore, try_restore

_MOST_SHOWN = 50
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("restore")
@click.argument("backups", nargs=-1, required=True, type=_FILE)
@click.option("--key", type=_FILE, required=True, help="File with the recovery key.")
@click.option("--data", type=click.Path(path_type=Path), help="New data directory; it must be empty.")
@click.option("--test", "is_test", is_flag=True, help="Restore into a scratch directory, check everything, remove it.")
@click.option(
    "--scratch", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Where --test may write."
)
@json_option
def command(
    backups: tuple[Path, ...], key: Path, data: Path | None, is_test: bool, scratch: Path | None, as_json: bool
) -> None:
    """Make a data directory from backups: the state of the newest, the footage of all.

    Exit code 0: all is well, 1: it cannot be done, or something in it is not as it should be.
    """
    os.umask(0o077)
    if is_test == (data is not None):
        raise click.UsageError("give either --data or --test")
    private = read_key_file(key)
    report = restore(backups, data.resolve(), private) if data else try_restore(backups, private, scratch)
    if as_json:
        print_json(asdict(report))
    else:
        _tell(report, "could be restored" if is_test else f"restored into {data}")
    sys.exit(1 if report.faults else 0)


def _tell(report: RestoreReport, what: str) -> None:
    sys.stdout.write(f"{what}: {report.files} files, {report.segments} of footage; made at {report.created_at}\n")
    if report.log_key:
        sys.stdout.write(f"evidence log: {report.log_key} (compare it with the fingerprint that you wrote down)\n")
    for fault in report.faults[:_MOST_SHOWN]:
        sys.stdout.write(f"  {fault}\n")
    if len(report.faults) > _MOST_SHOWN:
        sys.stdout.write(f"  and {len(report.faults) - _MOST_SHOWN} more\n")
