"""Erasing footage before its term: what an order says, what it would take, and which hold stands against it.

An administrator orders it (a subject's lawful request); the recorder deletes, told by its assignment; holds are
stronger. Whole segments go, so the range is rounded outward. An order is kept until nothing of its footage is left.
Design: docs/design/recording-plan.md, "Erasing".
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from vedette.core.errors import ConflictError
from vedette.core.faults import Fault, FaultyInputError
from vedette.core.footage import SegmentRef
from vedette.core.media import StreamRole
from vedette.core.recording_plan import Erasure, Hold
from vedette.core.time import NS_PER_S, format_utc

MAX_REASON_CHARS = 500
_MOST_NAMED = 3
DAY_NS = 86_400 * NS_PER_S


class InvalidErasureError(FaultyInputError):
    """An order breaks rules."""

    code = "invalid_erasure"


class FootageHeldError(ConflictError):
    """A hold covers footage that is to be erased."""

    code = "footage_held"


@dataclass(frozen=True, slots=True)
class ErasureOrder:
    """Who wants what erased, and why.

    Attributes:
        cameras: Their ids.
        from_ns, to_ns: As it was asked for, half open.
        begin_ns, end_ns: Rounded outward to the whole segments there were.
        days: UTC days (`20261128`) whose archive keys go too: those on which all footage of the system is erased.
    """

    erasure_id: str
    cameras: tuple[str, ...]
    from_ns: int
    to_ns: int
    begin_ns: int
    end_ns: int
    days: tuple[str, ...]
    reason: str
    ordered_by: str
    ordered_at_ns: int

    def to_erasures(self) -> list[Erasure]:
        return [Erasure(self.erasure_id, camera_id, self.from_ns, self.to_ns) for camera_id in self.cameras]


@dataclass(frozen=True, slots=True)
class ErasedStream:
    """What an order takes of one stream. `growing`: segments that go when they are closed."""

    camera_id: str
    role: StreamRole
    from_ns: int
    to_ns: int
    segments: int
    growing: int
    size_bytes: int


class OrderStore(Protocol):
    """Where orders are kept until they are carried out. Implemented by `vedette.adapters.erasure_orders`."""

    def load(self) -> list[ErasureOrder]: ...

    def save(self, order: ErasureOrder) -> None:
        """Durable when it returns. Raises StorageError."""
        ...

    def remove(self, erasure_id: str) -> None: ...


def check_order(from_ns: int, to_ns: int, reason: str, now_ns: int) -> None:
    """Refuses an order without a reason, with an impossible range, or for footage that is still to come.

    Raises:
        InvalidErasureError: with every fault.
    """
    faults: list[Fault] = []
    if not 0 <= from_ns < to_ns:
        faults.append(Fault("to", "must be later than 'from'"))
    if to_ns > now_ns:
        faults.append(Fault("to", "must not lie in the future"))
    if not reason.strip() or len(reason) > MAX_REASON_CHARS:
        faults.append(Fault("reason", f"must say why, in 1 to {MAX_REASON_CHARS} characters"))
    if faults:
        raise InvalidErasureError(tuple(faults))


def find_whole_days(from_ns: int, to_ns: int) -> range:
    """Numbers of the UTC days, since 1970, that lie wholly in a range."""
    return range(-(-from_ns // DAY_NS), to_ns // DAY_NS)


def sum_stream(camera_id: str, role: StreamRole, segments: Sequence[SegmentRef]) -> ErasedStream:
    """What goes of one stream; `segments` is not empty."""
    return ErasedStream(
        camera_id,
        role,
        min(segment.start_ns for segment in segments),
        max(segment.end_ns for segment in segments),
        len(segments),
        sum(segment.is_open for segment in segments),
        sum(segment.size_bytes for segment in segments),
    )


def find_holds(segments: Iterable[SegmentRef], holds: Sequence[Hold]) -> list[Hold]:
    """The holds that cover any part of these segments."""
    found: dict[str, Hold] = {}
    by_camera: dict[str, list[Hold]] = {}
    for hold in holds:
        by_camera.setdefault(hold.camera_id, []).append(hold)
    for segment in segments:
        found |= {hold.hold_id: hold for hold in by_camera.get(segment.camera_id, ()) if is_held(segment, [hold])}
    return list(found.values())


def is_held(segment: SegmentRef, holds: Iterable[Hold]) -> bool:
    return any(
        hold.camera_id == segment.camera_id and hold.from_ns < segment.end_ns and segment.start_ns < hold.to_ns
        for hold in holds
    )


def find_holds_of_days(days: Iterable[int], holds: Sequence[Hold]) -> list[Hold]:
    """The holds that touch a day whose key is to go, also where their footage is out of reach now."""
    spans = [(day * DAY_NS, (day + 1) * DAY_NS) for day in days]
    return [hold for hold in holds if any(hold.from_ns < to_ns and from_ns < hold.to_ns for from_ns, to_ns in spans)]


def check_holds(holds: Sequence[Hold]) -> None:
    """Refuses when there are any.

    Raises:
        FootageHeldError: names the holds.
    """
    if holds:
        raise FootageHeldError(
            f"footage in this range is on hold: {describe_holds(holds)}",
            "Nothing was erased. Release the hold, or ask for less.",
        )


def describe_holds(holds: Sequence[Hold]) -> str:
    """Names them, in words; empty for none."""
    named = [
        f"hold {hold.hold_id} from {format_utc(hold.from_ns)} to {format_utc(hold.to_ns)} ({hold.reason})"
        for hold in holds[:_MOST_NAMED]
    ]
    more = [f"and {len(holds) - _MOST_NAMED} more"] if len(holds) > _MOST_NAMED else []
    return "; ".join([*named, *more])


class Erasures:
    """The orders that are being carried out."""

    def __init__(self, store: OrderStore, on_change: Callable[[], None]) -> None:
        self._store = store
        self._on_change = on_change
        self._open = {order.erasure_id: order for order in store.load()}

    def list_open(self) -> list[ErasureOrder]:
        return list(self._open.values())

    def list_active(self) -> list[Erasure]:
        """Returns what the recorder is told: see `vedette.camera.dispatch`."""
        return [erasure for order in self._open.values() for erasure in order.to_erasures()]

    def add(self, order: ErasureOrder) -> None:
        """Keeps an order and has the recorder told at once. Raises StorageError."""
        self._store.save(order)
        self._open[order.erasure_id] = order
        self._on_change()

    def finish(self, erasure_id: str) -> None:
        """Nothing of its footage is left."""
        self._store.remove(erasure_id)
        del self._open[erasure_id]
        self._on_change()
