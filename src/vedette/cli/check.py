"""`vedette check`: compares the volumes with their indexes; never deletes footage."""

import sys
from dataclasses import asdict
from pathlib import Path

import click
import msgspec

from vedette.cli.settings_file import find_data
from vedette.core.errors import StorageError
from vedette.node import volume_check
from vedette.node.volume_check import RebuiltIndex
from vedette.node.volume_hashes import Logged
from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.check import CheckLevel, VolumeAccess, VolumeCheck
from vedette.runtime.paths import NodePaths

_MOST_SHOWN = 50
_ACCESS = {
    VolumeAccess.MOUNTED_READ_ONLY: "mounted read-only: checked as it lies, nothing was written",
    VolumeAccess.NOT_PERMITTED: "this user may not write there: checked as it lies, nothing was written",
}


@click.command("check")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data directory [./var].")
@click.option("--level", type=click.Choice([level.value for level in CheckLevel]), default="size", show_default=True)
@click.option("--repair-index", is_flag=True, help="Make the indexes anew from the files. Stop Vedette first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def command(data: Path | None, level: str, repair_index: bool, as_json: bool) -> None:
    """Check volumes against their indexes; never deletes footage.

    presence: every row has its file and every file its row. size: no file is too short. hash: the boxes and
    samples of every file are whole and are what the index says, and its SHA-256 is that of the index and that of
    the signed evidence log.

    It also works on a volume that is mounted read-only or where you may not write, and says so.

    Exit code 0: all is right, 1: something was found, 3: a volume cannot be opened.
    """
    paths = NodePaths(find_data(data).resolve())
    checks: list[VolumeCheck] = []
    repairs: list[RebuiltIndex] = []
    errors: dict[str, str] = {}
    logged: Logged = {}
    keys = ArchiveKeyRing(paths.archive_keys)
    if level == CheckLevel.HASH:
        try:
            logged = volume_check.read_logged(paths)
        except StorageError as error:
            errors["evidence log"] = str(error)
    for root in volume_check.find_volume_roots(paths):
        try:
            if repair_index:
                repairs.append(volume_check.repair_index(root))
            checks.append(volume_check.check(root, CheckLevel(level), logged, _Progress(root), keys))
        except StorageError as error:
            errors[str(root)] = str(error)
    if as_json:
        _print_json(checks, repairs, errors)
    else:
        _print_text(checks, repairs, errors)
    if errors or not checks:
        sys.exit(3)
    sys.exit(0 if all(check.is_right for check in checks) else 1)


class _Progress:
    """A line on stderr now and then, and only where somebody looks."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._shown = 0

    def __call__(self, done: int, total: int) -> None:
        percent = done * 100 // total
        if sys.stderr.isatty() and percent >= self._shown + 5:
            self._shown = percent
            print(f"{self._root}: {percent} %", file=sys.stderr)


def _print_json(checks: list[VolumeCheck], repairs: list[RebuiltIndex], errors: dict[str, str]) -> None:
    result = {
        "volumes": [asdict(check) | {"right": check.is_right} for check in checks],
        "repaired": [asdict(repair) for repair in repairs],
        "errors": errors,
    }
    print(msgspec.json.encode(result).decode())


def _print_text(checks: list[VolumeCheck], repairs: list[RebuiltIndex], errors: dict[str, str]) -> None:
    for repair in repairs:
        print(f"{repair.path}: index made anew from {repair.segments} segments")
        for problem in repair.problems[:_MOST_SHOWN]:
            print(f"  {problem}")
    for check in checks:
        verdict = "right" if check.is_right else f"{len(check.findings)} findings"
        print(f"{check.path}: {verdict}; {check.segments} segments, {check.size_bytes / 1e9:.2f} GB")
        if check.access is not VolumeAccess.WRITABLE:
            print(f"  {_ACCESS[check.access]}")
        for day, segments in check.locked:
            print(f"  whole, not readable: {segments} segments of {day}, whose archive key is not here")
        for finding in check.findings[:_MOST_SHOWN]:
            print(f"  {finding.code} {finding.path}: {finding.detail}")
    for path, error in errors.items():
        print(f"{path}: cannot tell: {error}", file=sys.stderr)
    if not checks and not errors:
        print("no volume found", file=sys.stderr)
