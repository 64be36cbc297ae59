"""Writes a backup of a data directory: all that an installation needs to stand again, with or without a running one.

Nothing is stopped for it. Databases are copied by SQLite's own means, the evidence log by its checkpoints first (what
was appended since is cut back at the next start, as after a crash), the rest file by file; what is deleted meanwhile
is left out. Design: docs/design/backup.md.
"""

import io
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from vedette.adapters.backup_box import BackupWriter, read_key_file
from vedette.core.errors import ConflictError, InvalidInputError, StorageError
from vedette.core.ids import find_id_ns, is_id
from vedette.core.time import format_utc, parse_utc
from vedette.node.volume_check import find_volume_roots
from vedette.recording.archive_keys import name_day
from vedette.recording.volume import open_volume
from vedette.runtime.files import replace_file
from vedette.runtime.paths import NodePaths

ABOUT, SETTINGS = "backup.json", "settings.yaml"
STATE, FOOTAGE = "state", "footage"
PICTURES = "pictures"
_FOLDERS = ("categories", "erasures", "models")
STATE_NAMES = frozenset({"vedette.db", "signing", "keys", "evidence", *_FOLDERS, PICTURES})
"""What of a data directory is state; the rest is footage, or made anew."""
_LEFT_OUT = frozenset({"networks.key", "lookup.db", "lookup.db-wal", "lookup.db-shm", ".lesson"})
"""Made anew where they are missing, or half done."""
FORMAT = 1

WantsSegment = Callable[[str], bool]
"""Whether footage of a UTC day (`20261130`) goes into the backup."""


class About(msgspec.Struct, frozen=True):
    """The first file inside a backup."""

    format: int
    version: str
    created_at: str


@dataclass(slots=True)
class BackupReport:
    """What went into a backup. `vanished`: deleted while it was made."""

    created_at: str
    files: int = 0
    bytes: int = 0
    segments: int = 0
    vanished: int = 0


def no_footage(_: str) -> bool:
    """See `WantsSegment`."""
    return False


def find_public_key(paths: NodePaths, given: str) -> str:
    """The key to encrypt to: that which was given, else that of the installation.

    Raises:
        InvalidInputError: there is none.
    """
    if given or paths.backup_key.exists():
        return given or read_key_file(paths.backup_key)
    raise InvalidInputError(
        "there is no key to encrypt the backup to",
        "Make one with `vedette backup --new-key FILE`, and keep FILE on another machine.",
    )


def write_backup(
    paths: NodePaths,
    sink: BinaryIO,
    public: str,
    now_ns: int,
    *,
    wants: WantsSegment = no_footage,
    has_pictures: bool = True,
    settings: Path | None = None,
) -> BackupReport:
    """Writes everything to `sink`, encrypted to a public key.

    Args:
        paths: Of the data directory.
        sink: Takes the file, from its start.
        public: As `find_public_key` gives it.
        now_ns: The wall clock.
        wants: Which footage besides: closed segments, by the day on which they began.
        has_pictures: With the pictures of events and objects.
        settings: The settings file, which may lie anywhere.

    Raises:
        StorageError: something cannot be read.
        ConflictError: the key of the evidence log was changed meanwhile.
    """
    if not paths.database.exists():
        raise StorageError(f"{paths.data} is no data directory of Vedette", "Give the right one with --data.")
    report = BackupReport(format_utc(now_ns))
    envelope = BackupWriter(sink, public, report.created_at)
    try:
        with tarfile.open(fileobj=cast(BinaryIO, envelope), mode="w|", format=tarfile.PAX_FORMAT) as archive:
            _Filler(paths, archive, report).fill(wants, settings, has_pictures=has_pictures)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"the backup cannot be made: {error}") from error
    envelope.close()
    return report


class _Last(msgspec.Struct, frozen=True):
    created_at: str


def note_last(paths: NodePaths, report: BackupReport) -> None:
    """Writes down that a backup was made, for `vedette doctor`. Blocks."""
    replace_file(paths.last_backup, msgspec.json.encode(_Last(report.created_at)) + b"\n", 0o600)


def read_last(paths: NodePaths) -> int | None:
    """When the last backup was made, in UTC ns; None where none was, as far as is known."""
    try:
        return parse_utc(msgspec.json.decode(paths.last_backup.read_bytes(), type=_Last).created_at)
    except (OSError, ValueError):
        return None


class _Filler:
    def __init__(self, paths: NodePaths, archive: tarfile.TarFile, report: BackupReport) -> None:
        self._paths = paths
        self._archive = archive
        self._report = report

    def fill(self, wants: WantsSegment, settings: Path | None, *, has_pictures: bool) -> None:
        about = About(FORMAT, version("vedette"), self._report.created_at)
        self._add_bytes(ABOUT, msgspec.json.encode(about))
        if settings is not None:
            self._add_bytes(SETTINGS, settings.read_bytes())
        self._add_log()
        self._add_folder(self._paths.node_key.parent)
        for database in (self._paths.database, self._paths.signing_results):
            self._add_database(database)
        for name in (*_FOLDERS, *((PICTURES,) if has_pictures else ())):
            self._add_folder(self._paths.data / name)
        for root in find_volume_roots(self._paths):
            self._add_volume(root, wants)

    def _add_log(self) -> None:
        ring = self._paths.log_keys / "log.json"
        before = ring.read_bytes() if ring.exists() else b""
        heads = set(self._paths.evidence.rglob("checkpoint"))
        for path in sorted(heads):
            self._add(path)
        for path in _walk(self._paths.evidence):  # looked for after they were read: all that they speak of is there
            if path not in heads:
                self._add(path)
        if before != (ring.read_bytes() if ring.exists() else b""):
            raise ConflictError("the key of the evidence log was changed meanwhile", "Make the backup again.")

    def _add_database(self, path: Path) -> None:
        if not path.exists():
            return
        with tempfile.TemporaryDirectory(dir=self._paths.data) as folder:
            copy = Path(folder) / path.name
            source, target = sqlite3.connect(f"file:{path}?mode=ro", uri=True), sqlite3.connect(copy)
            with closing(source), closing(target):
                source.backup(target)
            self._add_stream(f"{STATE}/{path.relative_to(self._paths.data)}", copy)

    def _add_folder(self, folder: Path) -> None:
        for path in _walk(folder):
            self._add(path)

    def _add_volume(self, root: Path, wants: WantsSegment) -> None:
        if not (root / "volume.json").exists():
            return  # its disk is not there now: health tells that
        is_inside = root.parent == self._paths.volumes
        name = f"{FOOTAGE}/{root.name if is_inside else f'{root.name}-{open_volume(root).volume_id[:8]}'}"
        for path in (root / "volume.json", root / "holds.json"):
            if path.exists():
                self._add_bytes(f"{name}/{path.name}", path.read_bytes())
        growing = {path.name for path in (root / "growing").glob("*")}
        for path in _walk(root / "segments"):
            if is_id(path.stem) and path.stem not in growing and wants(name_day(find_id_ns(path.stem))):
                self._report.segments += self._add_stream(f"{name}/{path.relative_to(root)}", path)

    def _add(self, path: Path) -> None:
        """A file that may grow: as it is now, from memory."""
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            self._report.vanished += 1
            return
        self._add_bytes(f"{STATE}/{path.relative_to(self._paths.data)}", content)

    def _add_bytes(self, name: str, content: bytes) -> None:
        self._put(name, io.BytesIO(content), len(content))

    def _add_stream(self, name: str, path: Path) -> bool:
        """A file that does not change any more. False where it is gone."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            self._report.vanished += 1
            return False
        with file:
            self._put(name, file, file.seek(0, io.SEEK_END))
        return True

    def _put(self, name: str, content: BinaryIO, size: int) -> None:
        content.seek(0)
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        self._archive.addfile(entry, content)
        self._report.files += 1
        self._report.bytes += size


def _walk(folder: Path) -> Iterator[Path]:
    """Every regular file below, but those that are left out; links are not followed."""
    for path in sorted(folder.rglob("*")):
        if not _LEFT_OUT.intersection(path.relative_to(folder).parts) and path.is_file() and not path.is_symlink():
            yield path
