"""Builds what the gateway needs for lists, and keeps them: told to the analyzer, and rid of what has ended."""

import asyncio
from dataclasses import dataclass

from vedette.adapters.database import Database
from vedette.adapters.database_cameras import SqlCameraStore
from vedette.adapters.database_faces import SqlFaceStore
from vedette.adapters.database_watchlists import SqlWatchlistStore
from vedette.adapters.role_client import RoleClient
from vedette.adapters.watchlists_client import AnalyzerWatchlists
from vedette.core.errors import StorageError
from vedette.core.watchlists import ListOrder
from vedette.events.hub import EventHub
from vedette.identity.audit import AuditTrail, Outcome
from vedette.node.face_match_audit import FaceMatchAudit, FileMatchAudit
from vedette.runtime.bus import Consumer
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger
from vedette.watchlists.administration import WatchlistAdministration
from vedette.watchlists.dispatch import WatchlistDispatcher
from vedette.watchlists.face_administration import FaceAdministration
from vedette.watchlists.face_ports import PortraitReader, TemplateSealer

EXPIRE_EVERY_S = 600.0


@dataclass(frozen=True, slots=True)
class WatchlistParts:
    """The lists, and who tells them to the analyzer."""

    lists: WatchlistAdministration
    faces: FaceAdministration
    dispatcher: WatchlistDispatcher
    matches: FaceMatchAudit
    file_matches: FileMatchAudit
    audit: AuditTrail
    clock: Clock

    async def run(self) -> None:
        """Runs until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.dispatcher.run(self))
            group.create_task(self._expire())
            group.create_task(self.matches.run())
            group.create_task(self.file_matches.run())

    async def _expire(self) -> None:
        while True:
            try:
                await self.expire_once()
            except StorageError as exc:
                get_logger("watchlists").error("ended entries are not removed", code=exc.code, reason=exc.message)
            await self.clock.sleep(EXPIRE_EVERY_S)

    async def load_orders(self) -> tuple[ListOrder, ...]:
        """The lists with the templates of people: see `vedette.watchlists.ports.OrderLoader`."""
        return await self.faces.attach_templates(await self.lists.load_orders())

    async def expire_once(self) -> None:
        """Removes entries whose time is over, and writes down how many of which list; templates go before them."""
        for entry_id in await self.faces.remove_expired():
            detail = f"person {entry_id}: template and portraits removed, the time is over"
            await self.audit.record_anonymous(
                "system", "", "watchlist.face_expire", outcome=Outcome.DONE, detail=detail
            )
        gone = [record.list_id for record in await self.lists.remove_ended()]
        for list_id in sorted(set(gone)):
            detail = f"{gone.count(list_id)} entries removed: they ended longer ago than the list keeps them"
            await self.audit.record_anonymous(
                "system", "", "watchlist.expire", list_id, outcome=Outcome.DONE, detail=detail
            )


@dataclass(frozen=True, slots=True)
class FaceTools:
    """What makes templates, what seals them, and where matches of cameras and of files are told."""

    reader: PortraitReader
    sealer: TemplateSealer
    hub: EventHub
    facts: Consumer


def build_watchlists(
    database: Database, analyzer: RoleClient, tools: FaceTools, audit: AuditTrail, clock: Clock
) -> WatchlistParts:
    """Builds the parts; nothing runs yet."""
    dispatcher = WatchlistDispatcher(AnalyzerWatchlists(analyzer), clock)
    lists = WatchlistAdministration(
        store=SqlWatchlistStore(database),
        cameras=SqlCameraStore(database),
        clock=clock,
        on_change=dispatcher.announce,
    )
    faces = FaceAdministration(
        lists=lists,
        store=SqlFaceStore(database),
        reader=tools.reader,
        sealer=tools.sealer,
        clock=clock,
        on_change=dispatcher.announce,
    )
    matches, file_matches = FaceMatchAudit(tools.hub, audit), FileMatchAudit(tools.facts, audit, clock)
    return WatchlistParts(lists, faces, dispatcher, matches, file_matches, audit, clock)
