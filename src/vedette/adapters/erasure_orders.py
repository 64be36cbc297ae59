"""Keeps orders to erase footage as files, `DATA/erasures/<id>.json`, until they are carried out.

An order is a file before anything is deleted: a gateway or recorder that ends in the middle goes on with it.
"""

from pathlib import Path

import msgspec

from vedette.camera.erasures import ErasureOrder
from vedette.core.errors import StorageError
from vedette.core.ids import is_id
from vedette.recording.disk import PosixDisk
from vedette.runtime.files import replace_file


class ErasureOrderFiles:
    """See `vedette.camera.erasures.OrderStore`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> list[ErasureOrder]:
        """Reads the orders that are not carried out yet.

        Raises:
            StorageError: one cannot be read. Passing over it would leave footage that was ordered to go.
        """
        if not self._folder.is_dir():
            return []
        paths = sorted(path for path in self._folder.iterdir() if path.suffix == ".json" and is_id(path.stem))
        return [self._read(path) for path in paths]

    def save(self, order: ErasureOrder) -> None:
        path = self._path(order.erasure_id)
        try:
            self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            replace_file(path, msgspec.json.encode(order))
        except OSError as exc:
            raise StorageError(
                f"the order cannot be kept: {exc.strerror}", "Nothing was erased. Is the disk full?"
            ) from exc

    def remove(self, erasure_id: str) -> None:
        try:
            self._path(erasure_id).unlink(missing_ok=True)
            PosixDisk().sync_folder(self._folder)
        except OSError as exc:
            raise StorageError(f"the order {erasure_id} cannot be removed: {exc.strerror}") from exc

    def _path(self, erasure_id: str) -> Path:
        return self._folder / f"{erasure_id}.json"

    @staticmethod
    def _read(path: Path) -> ErasureOrder:
        try:
            return msgspec.json.decode(path.read_bytes(), type=ErasureOrder)
        except (OSError, msgspec.MsgspecError) as exc:
            raise StorageError(
                f"{path} cannot be read: {exc}",
                "It is an order to erase footage. Restore it, or remove it and order again.",
            ) from exc
