"""Takes wishes for still pictures: each costs a processor for a second or two, so everybody may have only so many."""

from vedette.core.errors import TooManyRequestsError
from vedette.core.privacy import Sight
from vedette.identity.limits import Allowance, Buckets
from vedette.identity.permissions import Caller
from vedette.runtime.clock import Clock
from vedette.streaming.still_service import MadeStill, Still, StillOrder, StillService
from vedette.streaming.stream_choice import StreamChoice

STILLS = Allowance(burst=12, per_s=0.5)
"""An operator compares a few moments; a program that wants more takes an export."""


class StillDesk:
    """See the module's head."""

    def __init__(self, service: StillService, clock: Clock, allowance: Allowance = STILLS) -> None:
        self._service = service
        self._clock = clock
        self._buckets = Buckets(allowance)

    async def make_still(
        self, caller: Caller, sight: Sight, at_ns: int, choice: StreamChoice, order: StillOrder
    ) -> Still:
        """Raises TooManyRequestsError, and as `StillService.make_still`."""
        self._take(caller)
        return await self._service.make_still(sight, at_ns, choice, order)

    async def enhance_picture(self, caller: Caller, jpeg: bytes, order: StillOrder) -> MadeStill:
        """Raises TooManyRequestsError, and as `StillService.enhance_picture`."""
        self._take(caller)
        return await self._service.enhance_picture(jpeg, order)

    def _take(self, caller: Caller) -> None:
        wait_s = self._buckets.take(caller.key, self._clock.mono_ns())
        if wait_s > 0:
            raise TooManyRequestsError("too many still pictures at once", "Try again in a few seconds.", wait_s)
