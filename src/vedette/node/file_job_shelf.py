"""Where the jobs of uploaded files lie: `analysis/<job id>/` with `job.json`, `result/`, and until
it is analysed `input` and `journal`.

Blocking; callers use a thread. Half an upload, a folder without a readable `job.json`, and the input of a job that is
over are removed at the start.
"""

import hashlib
import re
import shutil
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from vedette.core.errors import InvalidInputError, StorageError
from vedette.core.ids import is_id
from vedette.node.file_journal import Box, FileJournal
from vedette.runtime.clock import Clock
from vedette.runtime.files import replace_file
from vedette.vision.file_jobs import MAX_INPUT_BYTES, FileJob, NoSuchJobError, NoSuchResultError

RESERVE_BYTES = 4 << 30
"""Never taken from the disk by an upload: recordings and the database may be on it."""
_CHECK_EVERY_BYTES = 64 << 20
_RESULT_FILE = re.compile(r"(pictures/)?[A-Za-z0-9][A-Za-z0-9._-]{0,80}")


class UploadTooLargeError(InvalidInputError):
    """The file is larger than is taken, or than there is room for."""

    code = "upload_too_large"


class FileJobShelf:
    """All job folders of one node."""

    def __init__(self, folder: Path, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._folder = folder
        self._reserve_bytes = reserve_bytes

    def load(self) -> list[FileJob]:
        """Every job, oldest first. The process may have ended between a job's end and the removal of its input."""
        jobs = []
        for folder in sorted(self._folder.glob("*")):
            try:
                jobs.append(msgspec.json.decode((folder / "job.json").read_bytes(), type=FileJob))
            except (OSError, msgspec.MsgspecError):
                shutil.rmtree(folder, ignore_errors=True)
        jobs = [job for job in jobs if is_id(job.job_id) and (self._folder / job.job_id).is_dir()]
        for job in jobs:
            if job.is_over:
                self.drop_input(job.job_id)
        return jobs

    def save(self, job: FileJob) -> None:
        """Writes `job.json` whole or not at all."""
        path = self.folder_of(job.job_id) / "job.json"
        try:
            replace_file(path, msgspec.json.encode(job))
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}") from error

    def remove(self, job_id: str) -> None:
        shutil.rmtree(self.folder_of(job_id), ignore_errors=True)

    def open_upload(self, job_id: str) -> "Upload":
        """Begins the folder of a job with its input."""
        folder = self.folder_of(job_id)
        try:
            folder.mkdir(mode=0o750, parents=True)
            return Upload(folder / "input", self._reserve_bytes)
        except OSError as error:
            raise StorageError(f"{folder} cannot be made: {error.strerror}") from error

    def input_of(self, job_id: str) -> Path:
        return self.folder_of(job_id) / "input"

    def journal_of(self, job_id: str, box: Box, clock: Clock) -> FileJournal:
        """The journal of a job's analysis, which takes no room from recordings either."""
        path = self.folder_of(job_id) / "journal"
        return FileJournal(path, job_id, box, clock, self._reserve_bytes)

    def drop_journal(self, job_id: str) -> None:
        """Raises OSError."""
        (self.folder_of(job_id) / "journal").unlink(missing_ok=True)

    def drop_input(self, job_id: str) -> None:
        """The job is over: nobody looks at the file any more. Raises OSError."""
        self.drop_journal(job_id)
        self.input_of(job_id).unlink(missing_ok=True)

    def result_of(self, job_id: str) -> Path:
        return self.folder_of(job_id) / "result"

    def find_file(self, job_id: str, name: str) -> Path:
        """A result file by the name that `result/` has it under.

        Raises:
            NoSuchResultError: there is none of this name.
        """
        path = self.result_of(job_id) / name
        if not _RESULT_FILE.fullmatch(name) or not path.is_file():
            raise NoSuchResultError("the job has no such file (yet)", "Wait until it is done.")
        return path

    def folder_of(self, job_id: str) -> Path:
        if not is_id(job_id):
            raise NoSuchJobError
        return self._folder / job_id


class Upload:
    """An input while it arrives; hashed on the way. Use as a context manager."""

    def __init__(self, path: Path, reserve_bytes: int) -> None:
        self._path = path
        self._reserve_bytes = reserve_bytes
        self._file: BinaryIO = path.open("xb")
        self._hash = hashlib.sha256()
        self._check_at = 0
        self.size_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, block: bytes) -> None:
        """Appends to the input. Blocks.

        Raises:
            UploadTooLargeError: it is larger than is taken, or the disk has no room for it.
            StorageError: it cannot be written.
        """
        if self.size_bytes + len(block) > MAX_INPUT_BYTES:
            raise UploadTooLargeError(f"more than {MAX_INPUT_BYTES >> 30} GiB are not taken", "Cut the file.")
        if self.size_bytes + len(block) > self._check_at:
            self._check_room(len(block))
        try:
            self._file.write(block)
        except OSError as error:
            raise StorageError(f"the upload cannot be written: {error.strerror}") from error
        self._hash.update(block)
        self.size_bytes += len(block)

    def _check_room(self, coming_bytes: int) -> None:
        free_bytes = shutil.disk_usage(self._path.parent).free
        if free_bytes - coming_bytes < self._reserve_bytes:
            raise UploadTooLargeError(
                "the disk of the data directory has no room for this file",
                f"{self._reserve_bytes >> 20} MiB are kept free for recording; remove finished jobs or free space.",
            )
        self._check_at = self.size_bytes + min(_CHECK_EVERY_BYTES, free_bytes - self._reserve_bytes)
