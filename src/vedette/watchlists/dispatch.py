"""Keeps the analyzer's lists equal to ours.

The analyzer has lists in memory only, so it is asked each second which it has: a new analyzer gets them within a
second, and what was changed goes at once. Design: docs/design/watchlists.md.
"""

import asyncio
import hashlib

import msgspec

from vedette.core.errors import StorageError, UnavailableError
from vedette.core.watchlists import WatchlistOrder
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger
from vedette.watchlists.ports import OrderLoader, OrderTaker

CHECK_S = 1.0


class WatchlistDispatcher:
    """Owned by a TaskGroup; stop it by cancelling."""

    def __init__(self, taker: OrderTaker, clock: Clock) -> None:
        self._taker = taker
        self._clock = clock
        self._wake = asyncio.Event()
        self._version = ""
        self._failing = False
        self._log = get_logger("watchlists")

    def announce(self) -> None:
        """Says that lists have changed. Returns at once."""
        self._version = ""
        self._wake.set()

    async def run(self, lists: OrderLoader) -> None:
        """Runs until cancelled."""
        while True:
            self._wake.clear()
            await self._tell(lists)
            await self._wait()

    async def _tell(self, lists: OrderLoader) -> None:
        try:
            held = await self._taker.find_version()
            if not self._version or held != self._version:
                await self._send(lists, held)
        except (UnavailableError, StorageError) as exc:
            if not self._failing:
                self._log.warning("the analyzer has not taken the lists", code=exc.code, reason=str(exc))
            self._failing = True
            return
        if self._failing:
            self._log.info("the analyzer has the lists")
        self._failing = False

    async def _send(self, lists: OrderLoader, held: str) -> None:
        """Lists are loaded to be sent and not kept here: they may be a hundred thousand entries."""
        orders = await lists.load_orders()
        digest = await asyncio.to_thread(lambda: hashlib.sha256(msgspec.json.encode(orders)).hexdigest())
        order = WatchlistOrder(digest[:32], orders)
        if held != order.version:
            await self._taker.put_order(order)
        if not self._wake.is_set():  # else they have changed since
            self._version = order.version

    async def _wait(self) -> None:
        waits = {asyncio.ensure_future(self._wake.wait()), asyncio.ensure_future(self._clock.sleep(CHECK_S))}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
