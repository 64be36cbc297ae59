"""Privacy zones in the database."""

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from vedette.adapters.database import Database
from vedette.adapters.database_schema import privacy_zones
from vedette.core.privacy import PrivacyZone


class SqlZoneStore:
    """See `vedette.camera.privacy.ZoneStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_zones(self, camera_id: str) -> tuple[PrivacyZone, ...]:
        query = select(privacy_zones.c.zones).where(privacy_zones.c.camera_id == camera_id)
        text = await self._database.read(lambda connection: connection.execute(query).scalar())
        return () if text is None else msgspec.json.decode(text, type=tuple[PrivacyZone, ...])

    async def put_zones(self, camera_id: str, zones: tuple[PrivacyZone, ...]) -> None:
        text = msgspec.json.encode(zones).decode()
        put = insert(privacy_zones).values(camera_id=camera_id, zones=text)
        put = put.on_conflict_do_update(index_elements=["camera_id"], set_={"zones": text})
        await self._database.write(lambda connection: connection.execute(put))
