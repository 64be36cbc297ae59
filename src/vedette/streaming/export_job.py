"""What an export is: what was ordered, how far it is, what came out. Values; they lie as JSON beside the files.

Design: docs/design/streaming.md, "Exports".
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError, TooManyRequestsError
from vedette.core.media import StreamRole
from vedette.core.privacy import PrivacyZone
from vedette.core.time import NS_PER_S
from vedette.streaming.stream_choice import StreamChoice

MAX_RANGE_S = 24 * 3600
MAX_CAMERAS = 64
MAX_MASKED_S = 6 * 3600
"""Of footage that has to be encoded anew, all cameras together: hours of work, where copying takes seconds."""
KEEP_NS = 24 * 3600 * NS_PER_S
MAX_WAITING = 20
BUNDLE_FILE = "bundle.zip"


class ExportTooLargeError(InvalidInputError):
    """More than one export may hold."""

    code = "export_too_large"


class NoSuchExportError(NotFoundError):
    """No export has this id, or it is somebody else's, or its day is over."""

    code = "no_such_export"


class ExportQueueFullError(TooManyRequestsError):
    """Too many exports wait."""

    code = "export_queue_full"


class ZonesChangedError(ConflictError):
    """The privacy zones of a camera changed while its footage was masked."""

    code = "privacy_changed"


class ExportFormat(StrEnum):
    """The kind of file."""

    MP4 = "mp4"
    MKV = "mkv"


class ExportState(StrEnum):
    """How far an export is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ExportCamera:
    """One camera of an export, under the name that it had then. `role`: the stream that goes out, None when nothing
    of it is recorded in the range. `masked`: what is filled in its pictures; nothing: they are copied.
    """

    camera_id: str
    name: str
    role: StreamRole | None
    masked: tuple[PrivacyZone, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What was asked for, by whom and why. Half open range. `may_unmask`: who ordered it sees all of every picture.
    `estimated_s`: how long enlarging will take, 0 where nothing is enlarged.
    """

    export_id: str
    cameras: tuple[ExportCamera, ...]
    from_ns: int
    to_ns: int
    format: ExportFormat
    stream: StreamChoice
    is_bundle: bool
    purpose: str
    user_id: str
    user_name: str
    created_ns: int
    may_unmask: bool = True
    is_enhanced: bool = False
    estimated_s: float = 0.0

    @property
    def is_slow(self) -> bool:
        """Encoded anew, not copied."""
        return self.is_masked or self.is_enhanced

    @property
    def is_masked(self) -> bool:
        return any(camera.masked for camera in self.cameras)


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A finished file. `sha256` is hex. `camera_id` is empty for a bundle, which holds all cameras.

    Of a masked file: `spans_ns` is the wall time (from, to) of what it shows, `segment_ids` the segments that
    this is in.
    """

    name: str
    size_bytes: int
    sha256: str
    camera_id: str
    first_ns: int
    is_masked: bool = False
    spans_ns: tuple[tuple[int, int], ...] = ()
    segment_ids: tuple[str, ...] = ()
    is_enhanced: bool = False


@dataclass(frozen=True, slots=True)
class ExportGap:
    """A stretch of the asked range without footage; files close up over it."""

    camera_id: str
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class ExportFault:
    """Why an export failed, as a problem document says it."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class ExportOutcome:
    """What came out."""

    files: tuple[ExportFile, ...] = ()
    gaps: tuple[ExportGap, ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class ExportJob:
    """An export as it is now. `progress` is 0 to 1."""

    order: ExportOrder
    state: ExportState = ExportState.QUEUED
    progress: float = 0.0
    outcome: ExportOutcome = ExportOutcome()
    fault: ExportFault | None = None
    ended_ns: int | None = None
    attempts: int = 0
    version: Literal[1] = 1

    @property
    def is_over(self) -> bool:
        return self.state in {ExportState.DONE, ExportState.FAILED, ExportState.CANCELLED}

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.outcome.files)

    @property
    def expires_ns(self) -> int:
        """When it is deleted; while it waits or runs, a day after it was ordered at the earliest."""
        return (self.ended_ns or self.order.created_ns) + KEEP_NS


def check_size(camera_count: int, from_ns: int, to_ns: int) -> None:
    """Refuses what one export may not hold.

    Raises:
        ExportTooLargeError
    """
    if to_ns - from_ns > MAX_RANGE_S * NS_PER_S:
        raise ExportTooLargeError("an export spans at most 24 hours", "Make several exports.")
    if not 1 <= camera_count <= MAX_CAMERAS:
        raise ExportTooLargeError(f"an export takes 1 to {MAX_CAMERAS} cameras, not {camera_count}")


def check_masked_size(masked_count: int, from_ns: int, to_ns: int) -> None:
    """Refuses more masking than one export may take.

    Raises:
        ExportTooLargeError
    """
    if masked_count * (to_ns - from_ns) > MAX_MASKED_S * NS_PER_S:
        raise ExportTooLargeError(
            f"an export may hold {MAX_MASKED_S // 3600} hours of footage with hidden parts, all cameras together",
            "Make several exports, or let somebody export it who may see the whole picture.",
        )


def name_files(names: tuple[str, ...], suffix: str) -> tuple[str, ...]:
    """Makes a file name of each camera's name: safe on every file system, and all different.

    Compared without capitals: Windows and macOS keep only one of `Gate` and `gate`.
    """
    taken: set[str] = set()
    return tuple(_take_name(clean_name(name), suffix, taken) for name in names)


def _take_name(plain: str, suffix: str, taken: set[str]) -> str:
    number, name = 1, f"{plain}.{suffix}"
    while name.casefold() in taken:
        number += 1
        name = f"{plain}-{number}.{suffix}"
    taken.add(name.casefold())
    return name


_RESERVED = {"con", "prn", "aux", "nul", *(f"{kind}{digit}" for kind in ("com", "lpt") for digit in range(1, 10))}
_MOST_NAME_CHARS = 60
"""In UTF-8 at most 240 bytes: with number and suffix below the 255 of a file system."""


def clean_name(camera_name: str) -> str:
    """A camera's name as part of a path: whatever could mean something to a file system becomes a dash."""
    cleaned = "".join(char if char.isalnum() or char in "._ -" else "-" for char in camera_name)
    cleaned = cleaned[:_MOST_NAME_CHARS].strip(". ")
    if cleaned.partition(".")[0].strip().casefold() in _RESERVED:
        return f"camera-{cleaned}"
    return cleaned or "camera"
