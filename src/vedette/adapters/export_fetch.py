"""Brings the files of a finished export here: by a hard link on the system's own disk, else over HTTP with resuming.

A link costs nothing, whatever the size. It is taken only over the management socket, whose user owns the data
directory anyway, and only when the system can be asked for the file: the download is in the audit trail either way.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from vedette.adapters.api_client import ApiClient, NoSystemError
from vedette.core.errors import ConflictError, StorageError

ATTEMPTS = 6


class FileExistsAlreadyError(ConflictError):
    """The target is there; an export never overwrites."""

    code = "file_exists"


class DamagedDownloadError(StorageError):
    """What arrived is not what the system has."""

    code = "damaged_download"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of an export, as `GET /exports/{id}` names it."""

    export_id: str
    name: str
    size_bytes: int
    sha256: str

    @property
    def path(self) -> str:
        return f"/exports/{self.export_id}/files/{quote(self.name, safe='')}"


def fetch_file(
    client: ApiClient, file: RemoteFile, target: Path, on_bytes: Callable[[int], None], wait: Callable[[float], object]
) -> bool:
    """Brings a file to `target`, which must not exist. Returns whether it is the very file of the system (a link).

    `on_bytes` is told how many bytes arrived; `wait` waits so many seconds before the next attempt.

    Raises:
        FileExistsAlreadyError, DamagedDownloadError, NoSystemError, ApiError
        OSError: the target cannot be written.
    """
    if target.exists():
        raise FileExistsAlreadyError(f"{target} exists already", "Choose another --out.")
    target.parent.mkdir(parents=True, exist_ok=True)
    if _link(client, file, target):
        on_bytes(file.size_bytes)
        return True
    draft = target.with_name(f".{target.name}.part")
    try:
        with draft.open("xb") as out:
            _download(client, file, _Arrival(out.write, on_bytes), wait)
        draft.rename(target)
    except FileExistsError as exc:
        raise FileExistsAlreadyError(f"{draft} exists already", "Another export is running, or remove it.") from exc
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return False


def _link(client: ApiClient, file: RemoteFile, target: Path) -> bool:
    if client.data_folder is None:
        return False
    source = client.data_folder / "exports" / file.export_id / "files" / file.name
    if not source.is_file():
        return False
    client.download(file.path, {}, lambda _: None, {"Range": "bytes=0-0"})  # into the audit trail
    with suppress(OSError):  # another disk, or a file system without links
        os.link(source, target)
        return True
    return False


class _Arrival:
    """Counts and hashes what is written."""

    def __init__(self, write: Callable[[bytes], object], on_bytes: Callable[[int], None]) -> None:
        self._write = write
        self._on_bytes = on_bytes
        self.size_bytes = 0
        self.sha256 = hashlib.sha256()

    def write(self, block: bytes) -> None:
        self._write(block)
        self.sha256.update(block)
        self.size_bytes += len(block)
        self._on_bytes(len(block))


def _download(client: ApiClient, file: RemoteFile, arrival: _Arrival, wait: Callable[[float], object]) -> None:
    """Goes on where it broke off. The hash tells whether it is whole."""
    for attempt in range(1, ATTEMPTS + 1):
        headers = {"Range": f"bytes={arrival.size_bytes}-"}
        try:
            if arrival.size_bytes < file.size_bytes:
                client.download(file.path, {}, arrival.write, headers)
        except NoSystemError:
            if attempt == ATTEMPTS:
                raise
            wait(float(attempt))
            continue
        if arrival.size_bytes >= file.size_bytes:
            break
    if arrival.sha256.hexdigest() != file.sha256:
        raise DamagedDownloadError(f"{file.name} did not arrive as it was sent", "Export it again.")
