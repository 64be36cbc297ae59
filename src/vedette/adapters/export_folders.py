"""Keeps exports in folders: `<root>/<export id>/job.json` and the files in `files/`. The gateway is the only writer."""

import shutil
from pathlib import Path

import msgspec

from vedette.core.errors import StorageError
from vedette.core.ids import is_id
from vedette.runtime.log import get_logger
from vedette.streaming.export_job import ExportJob, NoSuchExportError

JOB_FILE = "job.json"
FILES = "files"


class ExportFolders:
    """See `vedette.streaming.export_ports.ExportShelf`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def load(self) -> list[ExportJob]:
        if not self._root.is_dir():
            return []
        found = [self._read(folder) for folder in sorted(self._root.iterdir()) if is_id(folder.name)]
        return [job for job in found if job is not None]

    def save(self, job: ExportJob) -> None:
        folder = self._root / job.order.export_id
        try:
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            draft = folder / f".{JOB_FILE}"
            draft.write_bytes(msgspec.json.encode(job))
            draft.replace(folder / JOB_FILE)
        except OSError as exc:
            raise StorageError(f"the export cannot be kept: {exc.strerror}", "Is the disk full?") from exc

    def clear(self, export_id: str) -> Path:
        files = self._root / export_id / FILES
        try:
            if files.exists():
                shutil.rmtree(files)
            files.mkdir(mode=0o750, parents=True)
        except OSError as exc:
            raise StorageError(f"the export's folder cannot be made: {exc.strerror}", "Is the disk full?") from exc
        return files

    def has_files(self, job: ExportJob) -> bool:
        folder = self._root / job.order.export_id / FILES
        return all(
            (folder / file.name).is_file() and (folder / file.name).stat().st_size == file.size_bytes
            for file in job.outcome.files
        )

    def find_file(self, export_id: str, name: str) -> Path:
        path = self._root / export_id / FILES / name
        if not path.is_file():
            raise NoSuchExportError("this file of the export is not there any more")
        return path

    def remove(self, export_id: str) -> None:
        try:
            shutil.rmtree(self._root / export_id)
        except FileNotFoundError:
            return
        except OSError as exc:
            raise StorageError(f"the export cannot be removed: {exc.strerror}") from exc

    def _read(self, folder: Path) -> ExportJob | None:
        try:
            return msgspec.json.decode((folder / JOB_FILE).read_bytes(), type=ExportJob)
        except (OSError, msgspec.MsgspecError) as exc:
            get_logger("exports").warning("an export cannot be read and is removed", export=folder.name, error=str(exc))
            shutil.rmtree(folder, ignore_errors=True)
            return None
