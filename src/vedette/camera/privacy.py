"""The privacy zones of cameras: kept beside the inventory, so that they outlive a camera that is removed.

Event pictures and exports of a removed camera stay; what was hidden in them stays hidden, too. And no form, sheet
or simulation that replaces a camera's settings can lose its zones. Design: docs/design/privacy.md.
"""

import asyncio
from typing import Protocol

from vedette.core.privacy import PrivacyZone


class ZoneStore(Protocol):
    """Where zones lie. Implemented by `vedette.adapters.database_privacy`."""

    async def find_zones(self, camera_id: str) -> tuple[PrivacyZone, ...]:
        """Returns the zones of a camera in their order, none of one that has none or never was."""
        ...

    async def put_zones(self, camera_id: str, zones: tuple[PrivacyZone, ...]) -> None: ...


class PrivacyAdministration:
    """Reads and replaces zones. Changes come one after another."""

    def __init__(self, store: ZoneStore) -> None:
        self._store = store
        self._turn = asyncio.Lock()

    async def find_zones(self, camera_id: str) -> tuple[PrivacyZone, ...]:
        return await self._store.find_zones(camera_id)

    async def replace_zones(
        self, camera_id: str, zones: tuple[PrivacyZone, ...]
    ) -> tuple[tuple[PrivacyZone, ...], tuple[PrivacyZone, ...]]:
        """Replaces all zones of a camera by checked ones. Returns them before and after."""
        async with self._turn:
            before = await self._store.find_zones(camera_id)
            await self._store.put_zones(camera_id, zones)
        return before, zones
