"""What lists of faces need from others."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from vedette.core.faces import EnrolledFace
from vedette.watchlists.records import EntryRecord


class FaceStore(Protocol):
    """Where sealed templates and portraits are kept. Implemented by `vedette.adapters.database_faces`.

    What has no entry any more is gone with it: templates never outlive their entry. Each method may raise StorageError.
    """

    async def put_person(self, record: EntryRecord, sealed_template: str, sealed_portraits: Sequence[str]) -> None:
        """Adds an entry with its template and portraits, all or nothing."""
        ...

    async def load_templates(self) -> Mapping[str, str]:
        """Returns all sealed templates by entry id."""
        ...

    async def find_portrait(self, entry_id: str, place: int) -> str | None: ...

    async def count(self) -> int:
        """Returns how many people have a template."""
        ...

    async def remove_expired(self, at_ns: int) -> list[str]:
        """Removes templates and portraits of entries whose validity has ended; returns the ids of the entries."""
        ...


class PortraitReader(Protocol):
    """Makes the template of a picture, outside this process."""

    async def read(self, picture: bytes) -> EnrolledFace:
        """Raises PictureRefusedError, TooManyRequestsError, UnavailableError."""
        ...


class TemplateSealer(Protocol):
    """Seals bytes for one place; what is sealed for another does not open."""

    def seal(self, place: str, clear: bytes) -> str: ...

    def open(self, place: str, sealed: str) -> bytes:
        """Raises StorageError."""
        ...
