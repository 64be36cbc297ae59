"""Looks at each search by face or appearance beside those that the same user asked before, and tells what is odd (M12).

Nothing is refused because of it: whoever is told decides. Each rule is told once a day for a user. Its memory is the
audit trail, so a restart forgets nothing. Rules: `search_watch`. Design: docs/design/trace.md.
"""

from collections.abc import Awaitable, Callable

from vedette.core.time import NS_PER_S
from vedette.identity.audit import AuditEntry, AuditFilter, AuditTrail
from vedette.identity.permissions import Caller
from vedette.identity.search_trail import WATCHED, read_searches
from vedette.identity.search_watch import find_odd_use
from vedette.runtime.clock import Clock

ODD = "search.odd"
_DAY_NS = 86_400 * NS_PER_S
_LOOK_BACK_DAYS = 30
_MOST_ROWS = 1000
"""Of one kind: a user whose share is used up day and night asks more, and is told of by other rules long before."""
FindCases = Callable[[], Awaitable[list[str]]]
TellOdd = Callable[[str, str], Awaitable[None]]


class SearchWatcher:
    """See the module's head.

    Args:
        find_cases: Reasons of the holds in force.
        tell: Hears the user's name, and what is odd in words.
    """

    def __init__(self, audit: AuditTrail, find_cases: FindCases, tell: TellOdd, clock: Clock) -> None:
        self._audit = audit
        self._find_cases = find_cases
        self._tell = tell
        self._clock = clock

    async def look(self, caller: Caller) -> None:
        """Looks at the newest search of a user, which is in the audit trail already."""
        now_ns = self._clock.utc_ns()
        rows = [
            row for action in WATCHED for row in await self._find(caller, action, now_ns - _LOOK_BACK_DAYS * _DAY_NS)
        ]
        history = read_searches(sorted(rows, key=lambda row: row.id))
        odd = find_odd_use(history, await self._find_cases())
        if not odd:
            return
        told = {row.resource for row in await self._find(caller, ODD, now_ns - _DAY_NS)}
        for one in odd:
            if one.rule not in told:
                await self._audit.record(caller, ODD, one.rule, detail=one.detail)
                await self._tell(caller.name, f"{one.rule}: {one.detail}")

    async def _find(self, caller: Caller, action: str, from_ns: int) -> list[AuditEntry]:
        wanted = AuditFilter(user=caller.name, action=action, from_ns=from_ns, limit=_MOST_ROWS)
        return (await self._audit.find(wanted))[0]
