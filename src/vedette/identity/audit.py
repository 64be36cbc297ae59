"""What is written down about who did what. Rows are only ever added."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from vedette.identity.permissions import Caller
from vedette.runtime.clock import Clock

MAX_DETAIL_CHARS = 500


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the audit trail.

    Attributes:
        user: Name as it was then; empty when nobody was logged in.
        action: `login`, `camera.change`, `live.watch`, ...: noun or feature, then verb.
        resource: What it was done to: an id, a route, a name.
        detail: What changed or why it was refused. Never a secret.
    """

    at_ns: int
    user: str
    action: str
    resource: str
    address: str
    outcome: Outcome
    detail: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which rows are asked for, newest first. Empty fields ask nothing."""

    user: str = ""
    action: str = ""
    from_ns: int | None = None
    to_ns: int | None = None
    before_id: int | None = None
    limit: int = 100


class AuditStore(Protocol):
    """Where rows lie. Append-only for everybody above it."""

    async def append(self, entry: AuditEntry) -> None: ...

    async def find(self, wanted: AuditFilter) -> tuple[list[AuditEntry], int]:
        """Returns one page, newest first, and how many rows match in all."""
        ...


class AuditTrail:
    """Writes rows with the time of writing, cut to size."""

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def record(
        self,
        caller: Caller,
        action: str,
        resource: str = "",
        *,
        outcome: Outcome = Outcome.DONE,
        detail: str = "",
    ) -> None:
        """Writes what a known caller did."""
        await self.record_anonymous(caller.name, caller.address, action, resource, outcome=outcome, detail=detail)

    async def record_anonymous(
        self,
        user: str,
        address: str,
        action: str,
        resource: str = "",
        *,
        outcome: Outcome,
        detail: str = "",
    ) -> None:
        """Writes what somebody did who is not (yet) known: a login, a refusal."""
        entry = AuditEntry(
            at_ns=self._clock.utc_ns(),
            user=user[:64],
            action=action[:64],
            resource=resource[:256],
            address=address[:64],
            outcome=outcome,
            detail=detail[:MAX_DETAIL_CHARS],
        )
        await self._store.append(entry)

    async def find(self, wanted: AuditFilter) -> tuple[list[AuditEntry], int]:
        return await self._store.find(wanted)
