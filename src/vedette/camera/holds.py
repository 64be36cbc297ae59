"""Holds (legal hold, evidence lock): footage that no deletion may touch until somebody releases it.

Holds may overlap; footage is free only when the last one that covers it is released. A released hold stays in the
database with who, when and why. Design: docs/design/recording-plan.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vedette.core.errors import NotFoundError
from vedette.core.faults import Fault, FaultyInputError
from vedette.core.recording_plan import Hold
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import Clock, new_id

MAX_REASON_CHARS = 500
MAX_LENGTH_NS = 10 * 366 * 86_400 * NS_PER_S


class InvalidHoldError(FaultyInputError):
    """A hold breaks rules."""

    code = "invalid_hold"


@dataclass(frozen=True, slots=True)
class HoldRecord:
    """One hold with its history. `camera_name` is the name at the time; the camera may be gone."""

    hold: Hold
    camera_name: str
    created_by: str
    created_at_ns: int
    released_by: str | None = None
    released_at_ns: int | None = None
    release_reason: str = ""


class HoldStore(Protocol):
    """Where holds are kept. Implemented by `vedette.adapters.database_storage`."""

    async def list_holds(self, camera_id: str, *, with_released: bool) -> list[HoldRecord]:
        """Lists holds, newest first; an empty `camera_id` means all cameras."""
        ...

    async def add(self, record: HoldRecord) -> None: ...

    async def release(self, hold_id: str, by: str, at_ns: int, reason: str) -> HoldRecord | None:
        """Releases a hold that is in force and returns it. None: there is none with this id."""
        ...


def check_hold(from_ns: int, to_ns: int, reason: str) -> None:
    """Refuses a hold without a reason or with an impossible range.

    Raises:
        InvalidHoldError: with every fault.
    """
    faults: list[Fault] = []
    if not 0 <= from_ns < to_ns:
        faults.append(Fault("to", "must be later than 'from'"))
    elif to_ns - from_ns > MAX_LENGTH_NS:
        faults.append(Fault("to", "must be at most ten years after 'from'"))
    faults += _find_reason_faults(reason)
    if faults:
        raise InvalidHoldError(tuple(faults))


def _find_reason_faults(reason: str) -> list[Fault]:
    if reason.strip() and len(reason) <= MAX_REASON_CHARS:
        return []
    return [Fault("reason", f"must say why, in 1 to {MAX_REASON_CHARS} characters")]


class HoldAdministration:
    """Makes and releases holds. Each change goes to the recorder at once."""

    def __init__(self, *, store: HoldStore, clock: Clock, on_change: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._on_change = on_change

    async def list_holds(self, camera_id: str = "", *, with_released: bool = False) -> list[HoldRecord]:
        return await self._store.list_holds(camera_id, with_released=with_released)

    async def list_active(self) -> list[Hold]:
        """Returns what the recorder is told: see `vedette.camera.dispatch`."""
        return [record.hold for record in await self.list_holds()]

    async def add_hold(
        self, camera_id: str, camera_name: str, from_ns: int, to_ns: int, reason: str, by: str
    ) -> HoldRecord:
        """Puts footage of a camera on hold, also footage that is still to come.

        Raises:
            InvalidHoldError: with every fault.
        """
        check_hold(from_ns, to_ns, reason)
        hold = Hold(new_id(self._clock), camera_id, from_ns, to_ns, reason.strip())
        record = HoldRecord(hold, camera_name, by, self._clock.utc_ns())
        await self._store.add(record)
        self._on_change()
        return record

    async def release_hold(self, hold_id: str, by: str, reason: str) -> HoldRecord:
        """Releases a hold; the footage may be deleted from now on when nothing else holds it.

        Raises:
            InvalidHoldError: no reason.
            NotFoundError: there is none with this id, or it is released already.
        """
        faults = _find_reason_faults(reason)
        if faults:
            raise InvalidHoldError(tuple(faults))
        record = await self._store.release(hold_id, by, self._clock.utc_ns(), reason.strip())
        if record is None:
            raise NotFoundError(f"there is no hold {hold_id} in force")
        self._on_change()
        return record
