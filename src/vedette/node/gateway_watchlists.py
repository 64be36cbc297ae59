"""Builds what the gateway needs for lists, and keeps them: told to the analyzer, and rid of what has ended."""

import asyncio
from dataclasses import dataclass

from vedette.adapters.database import Database
from vedette.adapters.database_cameras import SqlCameraStore
from vedette.adapters.database_watchlists import SqlWatchlistStore
from vedette.adapters.role_client import RoleClient
from vedette.adapters.watchlists_client import AnalyzerWatchlists
from vedette.core.errors import StorageError
from vedette.identity.audit import AuditTrail, Outcome
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger
from vedette.watchlists.administration import WatchlistAdministration
from vedette.watchlists.dispatch import WatchlistDispatcher

EXPIRE_EVERY_S = 600.0


@dataclass(frozen=True, slots=True)
class WatchlistParts:
    """The lists, and who tells them to the analyzer."""

    lists: WatchlistAdministration
    dispatcher: WatchlistDispatcher
    audit: AuditTrail
    clock: Clock

    async def run(self) -> None:
        """Runs until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.dispatcher.run(self.lists))
            group.create_task(self._expire())

    async def _expire(self) -> None:
        while True:
            try:
                await self.expire_once()
            except StorageError as exc:
                get_logger("watchlists").error("ended entries are not removed", code=exc.code, reason=exc.message)
            await self.clock.sleep(EXPIRE_EVERY_S)

    async def expire_once(self) -> None:
        """Removes entries whose time is over, and writes down how many of which list."""
        gone = [record.list_id for record in await self.lists.remove_ended()]
        for list_id in sorted(set(gone)):
            detail = f"{gone.count(list_id)} entries removed: they ended longer ago than the list keeps them"
            await self.audit.record_anonymous(
                "system", "", "watchlist.expire", list_id, outcome=Outcome.DONE, detail=detail
            )


def build_watchlists(database: Database, analyzer: RoleClient, audit: AuditTrail, clock: Clock) -> WatchlistParts:
    """Builds the parts; nothing runs yet."""
    dispatcher = WatchlistDispatcher(AnalyzerWatchlists(analyzer), clock)
    lists = WatchlistAdministration(
        store=SqlWatchlistStore(database),
        cameras=SqlCameraStore(database),
        clock=clock,
        on_change=dispatcher.announce,
    )
    return WatchlistParts(lists, dispatcher, audit, clock)
