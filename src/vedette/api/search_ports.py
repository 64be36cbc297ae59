"""What a search is asked with, and what the search desk needs of others."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from vedette.api.file_job_desk import SentFile
from vedette.core.faces import EnrolledFace
from vedette.core.media import StreamRole
from vedette.core.people import PersonInPicture
from vedette.identity.permissions import Caller
from vedette.search.objects import ObjectFilter
from vedette.vision.file_jobs import FileJob


class FaceReader(Protocol):
    """Makes the template of a picture, outside this process: `vedette.adapters.portraits_client`."""

    async def read(self, picture: bytes) -> EnrolledFace:
        """Raises PictureRefusedError, TooManyRequestsError, UnavailableError."""
        ...


class PeopleReader(Protocol):
    """Finds people in a picture, outside this process: `vedette.adapters.people_client`."""

    async def read(self, picture: bytes) -> list[PersonInPicture]:
        """Raises NobodyFoundError, UnreadablePictureError, AppearanceModelsMissingError, UnavailableError."""
        ...


class Files(Protocol):
    """The analysed files that a caller may see: `vedette.api.file_job_desk.FileJobDesk`."""

    async def list_jobs(self, caller: Caller) -> list[FileJob]: ...

    async def find(self, caller: Caller, job_id: str) -> FileJob:
        """Raises NoSuchJobError."""
        ...

    async def open_file(
        self, caller: Caller, job_id: str, name: str, byte_range: str | None
    ) -> AbstractAsyncContextManager[SentFile]: ...


class Coverage(Protocol):
    """Read-only, synchronous: `vedette.recording.reader.FootageReader`."""

    def find_coverage(
        self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int, resolution_ns: int
    ) -> list[tuple[int, int]]: ...


@dataclass(frozen=True, slots=True)
class Question:
    """What one request asks.

    Attributes:
        like: The seen object that others are to be like, None: by facts.
        by: By what of it; empty: whatever is surest.
        words: The question for the audit trail.
    """

    wanted: ObjectFilter
    purpose: str
    words: str
    like: str | None = None
    by: str = ""
