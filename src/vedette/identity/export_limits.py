"""How much footage a user may take out on one day, over all ways by which footage leaves (AR10).

Counted before the first byte leaves and kept in the database, so neither a restart nor many downloads at once get
around it. Days are UTC. Limits are per user, not per session or token.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from vedette.core.errors import InvalidInputError, TooManyRequestsError
from vedette.core.time import NS_PER_S
from vedette.identity.permissions import Caller, Credential
from vedette.runtime.clock import Clock

DAY_NS = 86_400 * NS_PER_S
LOCAL_KEY = "local"
MAX_PURPOSE_CHARS = 500


class ExportLimitError(TooManyRequestsError):
    """The user's share of this day is used up."""

    code = "export_limit"


class PurposeRequiredError(InvalidInputError):
    """Footage leaves only for a reason that is written down."""

    code = "purpose_required"


@dataclass(frozen=True, slots=True)
class ExportUse:
    """How much was exported, or is to be."""

    jobs: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ExportAllowance:
    """What one user may export on one day."""

    jobs: int = 20
    size_bytes: int = 500_000_000_000


class ExportUsageStore(Protocol):
    """Sums by user and day. Implemented by `vedette.adapters.database_storage`."""

    async def read(self, user_key: str, day: int) -> ExportUse: ...
    async def add(self, user_key: str, day: int, use: ExportUse) -> None: ...


def check_purpose(caller: Caller, purpose: str) -> str:
    """Returns the purpose without blanks around it.

    Programs (tokens) may leave it out: their name and owner are in the audit trail. People may not.

    Raises:
        PurposeRequiredError: a person gave none.
    """
    clean = purpose.strip()[:MAX_PURPOSE_CHARS]
    if not clean and caller.credential is not Credential.TOKEN:
        raise PurposeRequiredError("footage leaves only for a stated purpose", "Say why in 'purpose'.")
    return clean


class ExportLimits:
    """Counts and refuses. Checks come one after another, so that two exports cannot both take the last share."""

    def __init__(self, store: ExportUsageStore, clock: Clock, allowance: ExportAllowance | None = None) -> None:
        self._store = store
        self._clock = clock
        self._allowance = allowance or ExportAllowance()
        self._turn = asyncio.Lock()

    async def check_and_count(self, caller: Caller, *, jobs: int = 1, size_bytes: int = 0) -> None:
        """Counts an export before it begins.

        Raises:
            ExportLimitError: it would be more than this user may export today; nothing was counted.
        """
        day, rest_ns = divmod(self._clock.utc_ns(), DAY_NS)
        key = caller.user_id or LOCAL_KEY
        async with self._turn:
            used = await self._store.read(key, day)
            self._check(ExportUse(used.jobs + jobs, used.size_bytes + size_bytes), (DAY_NS - rest_ns) / NS_PER_S)
            await self._store.add(key, day, ExportUse(jobs, size_bytes))

    def _check(self, total: ExportUse, wait_s: float) -> None:
        hint = "Export the rest tomorrow (UTC), or let another user with the permission do it."
        if total.jobs > self._allowance.jobs:
            raise ExportLimitError(
                f"{self._allowance.jobs} exports a day are allowed, and this would be one more", hint, wait_s
            )
        if total.size_bytes > self._allowance.size_bytes:
            allowed = self._allowance.size_bytes / 1e9
            raise ExportLimitError(
                f"{allowed:g} GB a day may be exported, and this would make {total.size_bytes / 1e9:.1f} GB",
                hint,
                wait_s,
            )
