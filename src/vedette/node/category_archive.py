"""Reads the archive in which pictures to be taught are sent: a ZIP whose folders are the categories.

Nothing is unpacked to disk, so no name in it can lead anywhere. All is checked against bounds from the directory of the
archive before a byte is inflated; pictures are decoded in the jail alone. Blocks: call in a thread.
"""

import struct
import unicodedata
import zlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from vedette.core.classified import MAX_UPLOAD_BYTES
from vedette.core.errors import InvalidInputError, StorageError
from vedette.node.category_folders import Folders, PictureFile, is_picture_name
from vedette.vision.categories.lessons import ArchiveTooLargeError, BadArchiveError

MAX_UNPACKED_BYTES = 2 << 30
MAX_ENTRIES = 20_000
_MAX_DIRECTORY_BYTES = 8 << 20
_END = struct.Struct("<4s4H2LH")
"""The record that ends an archive (APPNOTE.TXT 4.3.16)."""
_END_MARK, _ZIP64_MARK, _ZIP64_LOCATOR_BYTES = b"PK\x05\x06", b"PK\x06\x07", 20
_SYSTEM_FOLDERS = frozenset({"__MACOSX"})
_ENCRYPTED = 1


class CategoryArchive:
    """An open archive. Use as a context manager.

    Attributes:
        found: Category to its pictures, both in the order of names.

    Raises:
        BadArchiveError: it is none, or nothing that is opened here; says which file is wrong.
        ArchiveTooLargeError: it would unpack to more than is taken.
        StorageError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            _check_end(path)
            self._zip = ZipFile(path)
        except (BadZipFile, struct.error, ValueError, NotImplementedError) as error:
            raise BadArchiveError(
                f"this is no ZIP archive that can be opened: {error}", "Pack the folders anew, as ZIP."
            ) from error
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}") from error
        try:
            self.found = self._sort(_check_entries(self._zip.infolist()))
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._zip.close()

    def _sort(self, entries: Sequence[tuple[tuple[str, ...], ZipInfo]]) -> Folders:
        folders: dict[str, list[PictureFile]] = {}
        for path, info in entries:
            if len(path) != 2:
                raise BadArchiveError(
                    f"{info.filename[:200]} lies in no category, or too deep",
                    "Each category is one folder with its pictures, and all of them lie side by side.",
                )
            folders.setdefault(path[0], []).append(self._picture("/".join(path), info))
        return {category: folders[category] for category in sorted(folders)}

    def _picture(self, name: str, info: ZipInfo) -> PictureFile:
        return PictureFile(name, lambda: self._read(info))

    def _read(self, info: ZipInfo) -> bytes:
        """Never more than the directory said, which was checked."""
        try:
            with self._zip.open(info) as file:
                return file.read(MAX_UPLOAD_BYTES + 1)
        except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise InvalidInputError("it is damaged in the archive") from error
        except OSError as error:
            raise StorageError(f"the archive cannot be read: {error.strerror}") from error


def _check_end(path: Path) -> None:
    """Checks how large the archive's directory is before it is read whole. Raises BadZipFile, OSError."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END.size - _ZIP64_LOCATOR_BYTES))
        tail = file.read()
    end = tail[-_END.size :]
    if len(end) < _END.size or not end.startswith(_END_MARK):
        raise BadZipFile("it does not end as one, or carries a comment")
    if tail[: -_END.size].startswith(_ZIP64_MARK):
        raise BadZipFile("its form is for archives of more than 4 GiB")
    _, _, _, _, entries, directory_bytes, _, _ = _END.unpack(end)
    if entries > MAX_ENTRIES or directory_bytes > _MAX_DIRECTORY_BYTES:
        raise BadZipFile(f"it has more than {MAX_ENTRIES} files")


def _check_entries(infos: Sequence[ZipInfo]) -> list[tuple[tuple[str, ...], ZipInfo]]:
    """The pictures with the parts of their paths, a folder around all of them taken off, in the order of names."""
    found, unpacked_bytes = [], 0
    for info in infos:
        path = _split(info.filename)
        if info.is_dir() or _is_hidden(path) or not is_picture_name(path[-1]):
            continue
        if info.flag_bits & _ENCRYPTED:
            raise BadArchiveError(f"{info.filename[:200]} has a password", "Pack the folders anew, without one.")
        if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise BadArchiveError(
                f"{info.filename[:200]} is packed in an unusual way", "Pack the folders anew, as a common ZIP."
            )
        unpacked_bytes += min(info.file_size, MAX_UPLOAD_BYTES + 1)
        found.append((path, info))
    if unpacked_bytes > MAX_UNPACKED_BYTES:
        raise ArchiveTooLargeError(
            f"the pictures are together more than {MAX_UNPACKED_BYTES >> 30} GiB", "Make them smaller, or take fewer."
        )
    around = {path[0] for path, _ in found}
    if len(around) == 1 and all(len(path) > 2 for path, _ in found):
        found = [(path[1:], info) for path, info in found]
    return sorted(found, key=lambda entry: entry[0])


def _split(name: str) -> tuple[str, ...]:
    """Raises BadArchiveError: a name that would lead out of its folder. Nothing is unpacked, so it could not; but who
    packs so means no good.
    """
    path = tuple(unicodedata.normalize("NFC", part) for part in name.rstrip("/").split("/"))
    if "\\" in name or any(part in {"", ".", ".."} for part in path):
        raise BadArchiveError(f"{name[:200]!r} is no path within the archive", "Pack the folders anew, as ZIP.")
    return path


def _is_hidden(path: Sequence[str]) -> bool:
    return any(part.startswith(".") or part in _SYSTEM_FOLDERS for part in path)
