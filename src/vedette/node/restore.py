"""Makes a data directory from backups, and tries one without keeping it.

Whoever has the public key can write a backup, so nothing inside is trusted with a place: only plain files, only below
the folders that a backup has, only into a directory that was empty. Design: docs/design/backup.md.
"""

import asyncio
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

import msgspec

from vedette.adapters.backup_box import BackupReader, BackupUnreadableError, read_head
from vedette.adapters.database import Database
from vedette.core.errors import ConflictError, StorageError, VedetteError
from vedette.evidence.keys import read_key_ring
from vedette.node.backup import ABOUT, FOOTAGE, FORMAT, SETTINGS, STATE, STATE_NAMES, About
from vedette.node.volume_check import check, find_volume_roots, read_logged, repair_index
from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.check import CheckLevel
from vedette.runtime.paths import NodePaths


@dataclass(slots=True)
class RestoreReport:
    """What came of it.

    Attributes:
        created_at: Of the backup that the state is from.
        log_key: Fingerprint of the evidence log's present key, to be compared with the one that was written down.
        faults: What is not as it should be, in words; empty where all is well.
    """

    created_at: str
    files: int = 0
    segments: int = 0
    log_key: str = ""
    faults: list[str] = field(default_factory=list)


def restore(archives: Sequence[Path], data: Path, private: str) -> RestoreReport:
    """Makes `data` from backups: the state of the newest, the footage of all.

    Args:
        archives: One at least.
        data: An empty or missing directory. Where it fails, what was made is removed again.
        private: The recovery key.

    Raises:
        ConflictError: the directory is not empty.
        BackupUnreadableError: a backup is none, is for another key, or was changed or cut off.
        StorageError: the disk does not take it.
    """
    if data.exists() and any(data.iterdir()):
        raise ConflictError(f"{data} is not empty", "Give a new directory: a backup never replaces what is there.")
    dated = sorted(((_read_created(path), path) for path in archives), reverse=True)
    report = RestoreReport(dated[0][0])
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        for position, (_, path) in enumerate(dated):
            _unpack(path, data, private, report, is_newest=position == 0)
        for root in find_volume_roots(NodePaths(data)):
            _complete_volume(root, report)
        report.log_key = read_log_key(NodePaths(data))
    except OSError as error:
        _empty(data)
        raise StorageError(f"the backup cannot be unpacked into {data}: {error}") from error
    except BaseException:
        _empty(data)
        raise
    return report


def try_restore(archives: Sequence[Path], private: str, scratch: Path | None = None) -> RestoreReport:
    """Restores into a scratch directory, looks at all of it as a start and `vedette check --level hash` would, and
    removes it. Arguments and errors as of `restore`; what is wrong inside is in `faults`.
    """
    with tempfile.TemporaryDirectory(dir=scratch, prefix="vedette-restore-") as folder:
        data = Path(folder) / "data"
        report = restore(archives, data, private)
        _judge(NodePaths(data), report)
    return report


def _read_created(path: Path) -> str:
    with _open(path) as file:
        return read_head(file)[0].created_at


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise BackupUnreadableError(f"{path} cannot be read: {error.strerror}") from error
    with file:
        yield file


def _unpack(path: Path, data: Path, private: str, report: RestoreReport, *, is_newest: bool) -> None:
    with _open(path) as file:
        reader = BackupReader(file, private)
        try:
            with tarfile.open(fileobj=cast(BinaryIO, reader), mode="r|") as archive:
                for number, entry in enumerate(archive):
                    _take(archive, entry, data, report, is_first=number == 0, is_newest=is_newest)
        except tarfile.TarError as error:
            raise BackupUnreadableError(f"{path} is no backup: {error}") from error
        reader.drain()


def _take(
    archive: tarfile.TarFile,
    entry: tarfile.TarInfo,
    data: Path,
    report: RestoreReport,
    *,
    is_first: bool,
    is_newest: bool,
) -> None:
    content = archive.extractfile(entry) if entry.isreg() else None
    if content is None:
        raise BackupUnreadableError(f"the backup has something that is no file: {entry.name!r}")
    if is_first:
        _check_about(entry, content.read(4096))
        return
    where = _place(entry.name)
    is_footage = where.parts[0] == "volumes"
    target = data / where
    if target.exists() or not (is_newest or is_footage):
        return  # an older backup adds footage alone, and the same segment is the same
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with target.open("xb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
    target.chmod(0o600)
    report.files += 1
    report.segments += is_footage and where.suffix == ".mp4"


def _check_about(entry: tarfile.TarInfo, content: bytes) -> None:
    try:
        about = msgspec.json.decode(content, type=About)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupUnreadableError(f"the backup does not say what it is: {error}") from error
    if entry.name != ABOUT or about.format != FORMAT:
        raise BackupUnreadableError(f"the backup was made by a newer release ({about.version})", "Restore with that.")


def _place(name: str) -> Path:
    """Where a file of a backup belongs, below the data directory. Raises BackupUnreadableError."""
    path = PurePosixPath(name)
    is_plain = not path.is_absolute() and ".." not in path.parts and "\0" not in name and str(path) == name
    if is_plain and name == SETTINGS:
        return Path(name)
    if is_plain and len(path.parts) > 1 and path.parts[0] == STATE and path.parts[1] in STATE_NAMES:
        return Path(*path.parts[1:])
    if is_plain and len(path.parts) > 2 and path.parts[0] == FOOTAGE and _is_of_volume(path.parts[2:]):
        return Path("volumes", *path.parts[1:])
    raise BackupUnreadableError(f"the backup has a file that does not belong there: {name!r}")


def _is_of_volume(parts: tuple[str, ...]) -> bool:
    return parts in {("volume.json",), ("holds.json",)} or parts[0] == "segments"


def _complete_volume(root: Path, report: RestoreReport) -> None:
    """Makes a volume's folders and its index, which a backup does not have."""
    for name in ("segments", "growing"):
        (root / name).mkdir(mode=0o700, exist_ok=True)
    report.faults += [f"volume {root.name}: {problem}" for problem in repair_index(root).problems]


def _judge(paths: NodePaths, report: RestoreReport) -> None:
    missing = [path.name for path in (paths.database, paths.node_key) if not path.exists()]
    if missing:
        report.faults.append(f"the backup has no {' and no '.join(missing)}")
        return
    try:
        asyncio.run(_open_database(paths))
        logged = read_logged(paths)
        for root in find_volume_roots(paths):
            found = check(root, CheckLevel.HASH, logged, keys=ArchiveKeyRing(paths.archive_keys))
            report.faults += [f"volume {root.name}: {finding}" for finding in found.findings]
    except VedetteError as error:
        report.faults.append(error.message)


async def _open_database(paths: NodePaths) -> None:
    async with Database(paths.database) as database:
        answer = await database.read(lambda tables: tables.exec_driver_sql("PRAGMA integrity_check").scalar())
    if answer != "ok":
        raise StorageError(f"the database is damaged: {answer}")


def read_log_key(paths: NodePaths) -> str:
    """The fingerprint of the evidence log's present key; empty where there is no log yet."""
    if not (paths.log_keys / "log.json").exists():
        return ""
    _, keys, _ = read_key_ring(paths.log_keys)
    return keys[-1].fingerprint


def _empty(data: Path) -> None:
    for path in data.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
