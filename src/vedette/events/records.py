"""Events as history keeps them, and how they are asked for."""

from dataclasses import dataclass
from enum import StrEnum

from vedette.core.messages import EventObserved


class EventState(StrEnum):
    NEW = "new"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event with what people did about it.

    `camera_name` is the name now, or the last one known when the camera is gone.
    """

    fact: EventObserved
    camera_name: str = ""
    state: EventState = EventState.NEW
    acknowledged_by: str | None = None
    acknowledged_at_ns: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are asked for, newest first. Empty fields ask nothing.

    `before` continues a list: start time and id of the last event of the page before. `hidden_kinds`: what the asker
    is not told of, neither listed nor counted.
    """

    cameras: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    state: EventState | None = None
    from_ns: int | None = None
    to_ns: int | None = None
    before: tuple[int, str] | None = None
    limit: int = 50
    hidden_kinds: tuple[str, ...] = ()
