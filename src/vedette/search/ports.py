"""What the search of seen objects needs from others."""

from collections.abc import Sequence
from typing import Protocol

from vedette.core.messages import ObjectSeen
from vedette.search.objects import ObjectFilter, ObjectRecord, Passage, StoredVector
from vedette.search.strangers import Span


class ObjectStore(Protocol):
    """Seen objects. Implemented by `vedette.adapters.database_objects`. Every method may raise StorageError."""

    async def put(self, seen: ObjectSeen) -> ObjectRecord | None:
        """Adds an object, or replaces it; None: it was erased, and does not come back."""
        ...

    async def find(self, object_id: str) -> ObjectRecord | None: ...

    async def find_candidates(self, wanted: ObjectFilter, limit: int) -> tuple[list[ObjectRecord], int]:
        """The newest objects that fit, and how many fit in all."""
        ...

    async def find_numbers(self, wanted: ObjectFilter, kind: str, release: str) -> list[int]:
        """Numbers of all objects that fit and have such a vector."""
        ...

    async def find_values(self, name: str, limit: int) -> list[str]:
        """Different values of one attribute."""
        ...

    async def has_files(self) -> bool:
        """Whether anything is kept that a file showed."""
        ...

    async def find_spans(self, kind: str, release: str, limit: int) -> list[Span]:
        """When and where the newest objects were followed that have such a vector."""
        ...

    async def find_records(self, numbers: Sequence[int]) -> list[ObjectRecord]: ...

    async def find_vectors(self, number: int) -> list[StoredVector]: ...

    async def load_vectors(self, after: int, limit: int) -> list[StoredVector]:
        """Vectors of all objects by number, from the one after `after`: to make galleries of."""
        ...

    async def find_passages(self, from_ns: int) -> list[Passage]:
        """Vehicles with a surely read plate since then, by plate and time."""
        ...

    async def remove(self, object_ids: Sequence[str], at_ns: int) -> list[ObjectRecord]:
        """Removes objects with all that is kept of them; gives those that were there. They do not come back."""
        ...

    async def forget_removed(self, before_ns: int) -> None:
        """Forgets which objects were removed before this: nothing can bring them back any more."""
        ...


class VectorOpener(Protocol):
    """Opens sealed vectors: `vedette.adapters.template_box.TemplateBox`."""

    def open(self, place: str, sealed: str) -> bytes:
        """Raises StorageError: it does not open."""
        ...


class PictureRemover(Protocol):
    """Removes pictures: `vedette.adapters.picture_reader.FilePictureReader`."""

    async def remove_picture(self, relative_path: str) -> None:
        """None there is as good. Raises StorageError."""
        ...


class SettingStore(Protocol):
    """Values that people declare. Implemented by `vedette.adapters.database_cameras.SqlSettings`."""

    async def read_text(self, name: str) -> str:
        """Empty when there is none."""
        ...

    async def write_text(self, name: str, value: str) -> None: ...
