"""`vedette backup`: one encrypted file from which the installation stands again on another machine."""

import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import click

from vedette.adapters.backup_box import make_recovery_key
from vedette.cli.output import json_option, print_json
from vedette.cli.settings_file import find_data
from vedette.core.errors import ConflictError, StorageError
from vedette.core.time import NS_PER_S, format_utc
from vedette.node.backup import BackupReport, WantsSegment, find_public_key, no_footage, note_last, write_backup
from vedette.recording.archive_keys import is_day, name_day
from vedette.runtime.clock import SystemClock
from vedette.runtime.files import replace_file, sync_path
from vedette.runtime.paths import NodePaths

_DAY_NS = 86_400 * NS_PER_S
_PLAIN = {ord("-"): None, ord(":"): None}


def _read_footage(_: click.Context, __: click.Parameter, value: str) -> WantsSegment:
    if value == "none":
        return no_footage
    if value == "all":
        return lambda _: True
    day = name_day(SystemClock().utc_ns() - _DAY_NS) if value == "yesterday" else value.replace("-", "")
    if not is_day(day):
        raise click.BadParameter("none, yesterday, all, or a day like 2026-11-30 (UTC)")
    return lambda of: of == day


@click.command("backup")
@click.argument("to", required=False)
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data directory [./var].")
@click.option("--key", default="", help="Public key to encrypt to [that of the installation].")
@click.option(
    "--new-key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Make a recovery key, write it to this file, and encrypt backups of the installation to it from now on.",
)
@click.option(
    "--footage",
    "wants",
    default="none",
    show_default=True,
    callback=_read_footage,
    help="Footage besides, as it is stored: none, yesterday, all, or a UTC day.",
)
@click.option("--without-pictures", is_flag=True, help="Leave out the pictures of events and objects.")
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The settings file.")
@json_option
def command(
    to: str | None,
    data: Path | None,
    key: str,
    new_key: Path | None,
    wants: WantsSegment,
    without_pictures: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Write a backup into the folder TO, or to standard output where TO is `-`.

    It has the configuration, users, lists, keys, the evidence log, own categories and models, and the pictures of
    events; footage only with --footage. The system may run. Only the recovery key opens it: keep that elsewhere.
    """
    os.umask(0o077)
    paths = NodePaths(find_data(data).resolve())
    if new_key is not None:
        _make_key(new_key, paths)
    if to is None:
        if new_key is None:
            raise click.UsageError("give the folder to write to, or `-`")
        return
    public, now_ns = find_public_key(paths, key), SystemClock().utc_ns()

    def write(sink: BinaryIO) -> BackupReport:
        return write_backup(
            paths, sink, public, now_ns, wants=wants, has_pictures=not without_pictures, settings=config
        )

    if to == "-":
        if sys.stdout.isatty():
            raise click.UsageError("a backup is no text: redirect the output")
        report = write(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        note_last(paths, report)
        _tell(report, "standard output")
        return
    path = Path(to) / f"vedette-{format_utc(now_ns).partition('.')[0].translate(_PLAIN)}.backup"
    report = _write_file(path, write)
    note_last(paths, report)
    if as_json:
        print_json({"path": str(path), **asdict(report)})
    else:
        _tell(report, str(path))


def _write_file(path: Path, write: Callable[[BinaryIO], BackupReport]) -> BackupReport:
    """The file is there whole or not at all, and never replaces one."""
    if path.exists():
        raise ConflictError(f"{path} is there already", "Wait a second.")
    partial = path.with_suffix(".part")
    try:
        with partial.open("xb") as file:
            report = write(file)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
        sync_path(path.parent)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return report


def _make_key(file: Path, paths: NodePaths) -> None:
    private, public = make_recovery_key()
    if file.exists():
        raise ConflictError(f"{file} is there already", "A recovery key is never overwritten: give another name.")
    paths.backup_key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(file, f"{private}\n".encode(), 0o600)
    replace_file(paths.backup_key, f"{public}\n".encode(), 0o600)
    sys.stderr.write(
        f"The recovery key is in {file}: move it to another machine, and print it. Without it no backup can be read.\n"
        f"Backups are encrypted to {public}\n"
    )


def _tell(report: BackupReport, where: str) -> None:
    gone = f", {report.vanished} deleted meanwhile" if report.vanished else ""
    sys.stderr.write(
        f"{report.files} files ({report.segments} of footage), {report.bytes / 1e6:.1f} MB, to {where}{gone}\n"
    )
