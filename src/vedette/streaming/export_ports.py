"""What exports need from others: stored files, somebody who makes bundles, a place for jobs."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from vedette.core.errors import VedetteError
from vedette.core.footage import FootageRun, SegmentRef
from vedette.core.media import StreamRole
from vedette.streaming.export_job import ExportJob, ExportOrder, ExportOutcome
from vedette.streaming.ports import FootageReader


class ExportCancelledError(VedetteError):
    """Raised inside the work by `Report` when nobody wants it any more."""

    code = "export_cancelled"


ENHANCE_WEIGHT = 30
"""How much longer a byte of a clip takes to enlarge than to copy, for the progress that is shown."""
Report = Callable[[int], None]
"""Told how many bytes of footage were copied since the last call. Raises ExportCancelledError. Called from threads."""


class OpenSegment(Protocol):
    """A stored file, open for reading for as long as somebody holds this. Plaintext, by the index's offsets."""

    def read(self, size_bytes: int, offset: int) -> bytes: ...

    def read_into(self, block: memoryview, offset: int) -> int:
        """Reads into a block; returns how much, 0 at the end of the file."""
        ...


class FootageFiles(FootageReader, Protocol):
    """A footage reader that also lends files. Implementation: `vedette.recording.reader`."""

    def find_runs(self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> list[FootageRun]:
        """Finds the unbroken stretches of footage, clipped to the range."""
        ...

    def open_segment(self, segment: SegmentRef) -> OpenSegment:
        """Opens the file of a segment. Raises as `read_init`."""
        ...


class ExportMaker(Protocol):
    """Makes the plain files of an export. Synchronous: runs in a thread."""

    def estimate_bytes(self, order: ExportOrder) -> int:
        """How much footage it will copy, from the index alone."""
        ...

    def estimate_enhancing_s(self, order: ExportOrder) -> float:
        """How long it takes to enlarge that footage, from the index and the streams' formats."""
        ...

    def make(self, order: ExportOrder, folder: Path, report: Report) -> ExportOutcome: ...


class ClipEnhancer(Protocol):
    """Enlarges finished clips and removes the small ones. Implementation: `vedette.node.export_enhance`."""

    async def make(self, order: ExportOrder, folder: Path, clips: ExportOutcome, report: Report) -> ExportOutcome:
        """Reports `ENHANCE_WEIGHT` times the bytes of the clips."""
        ...


class BundleMaker(Protocol):
    """Makes a bundle of finished clips, stored footage and proofs. Implementation: `vedette.node.exports`."""

    async def make(self, order: ExportOrder, folder: Path, clips: ExportOutcome, report: Report) -> ExportOutcome: ...


class ExportShelf(Protocol):
    """Keeps jobs and their files, one folder each. Implementation: `vedette.adapters.export_folders`.

    Raises StorageError where it cannot.
    """

    def load(self) -> list[ExportJob]:
        """Reads all jobs; one that cannot be read is removed."""
        ...

    def save(self, job: ExportJob) -> None: ...
    def clear(self, export_id: str) -> Path:
        """Empties the folder of a job's files and returns it."""
        ...

    def has_files(self, job: ExportJob) -> bool:
        """Tells whether every file of a job is there in its length."""
        ...

    def find_file(self, export_id: str, name: str) -> Path: ...
    def remove(self, export_id: str) -> None: ...
