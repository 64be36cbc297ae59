"""What events need from others."""

from collections.abc import Sequence
from typing import Protocol

from vedette.core.geometry import Polygon
from vedette.core.messages import (
    ControlStateChanged,
    EventObserved,
    MotionObserved,
    ProcessStateChanged,
    RecordingGapObserved,
    StreamStateChanged,
)
from vedette.events.records import EventFilter, EventRecord


class EventStore(Protocol):
    """Events. Implemented by `vedette.adapters.database_events`. Every method may raise StorageError."""

    async def put(self, fact: EventObserved) -> EventRecord:
        """Adds an event, or replaces its fact; what people did about it stays."""
        ...

    async def find(self, event_id: str) -> EventRecord | None: ...

    async def find_page(self, wanted: EventFilter) -> tuple[list[EventRecord], int]:
        """Returns one page, newest first, and how many match in all."""
        ...

    async def acknowledge(self, event_id: str, by: str, at_ns: int, note: str) -> bool:
        """Acknowledges an event that is new. False when it was not new any more."""
        ...

    async def find_open(self, kind: str) -> list[EventRecord]:
        """Finds events of a kind that have not ended."""
        ...


class HistoryStore(Protocol):
    """Everything else that history keeps. Writing the same fact twice changes nothing."""

    async def put_motion(self, fact: MotionObserved) -> None: ...
    async def put_gap(self, fact: RecordingGapObserved) -> None: ...
    async def put_stream_state(self, fact: StreamStateChanged) -> None: ...
    async def put_process_state(self, fact: ProcessStateChanged) -> None: ...
    async def put_control_state(self, fact: ControlStateChanged) -> None: ...
    async def list_stream_states(self) -> list[StreamStateChanged]: ...
    async def list_process_states(self) -> list[ProcessStateChanged]: ...
    async def list_control_states(self) -> list[ControlStateChanged]: ...
    async def find_motion(
        self, camera_ids: Sequence[str], from_ns: int, to_ns: int, buckets: int
    ) -> dict[str, list[float]]:
        """Returns the largest level in each of `buckets` equal parts of the range, by camera."""
        ...

    async def list_camera_ids(self) -> frozenset[str]:
        """Returns the cameras whose streams should be online: the enabled ones."""
        ...


class PictureReader(Protocol):
    """Reads event snapshots that the analyzer has written."""

    async def read_picture(self, relative_path: str) -> bytes:
        """Raises NotFoundError when there is none (any more), StorageError when it cannot be read."""
        ...


class PictureRemover(Protocol):
    """Removes event snapshots whose footage was erased."""

    async def remove_picture(self, relative_path: str) -> None:
        """None there is as good. Raises StorageError when it cannot be removed."""
        ...


class PictureMasker(Protocol):
    """Hides parts of a stored picture, outside this process (a decoder touches stored bytes)."""

    async def mask_jpeg(self, jpeg: bytes, masked: Sequence[Polygon]) -> bytes:
        """Returns the picture with nothing left of the `masked` parts.

        Raises:
            UnavailableError: nobody does that now.
            StorageError: the picture cannot be decoded.
        """
        ...
