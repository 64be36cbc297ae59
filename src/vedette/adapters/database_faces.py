"""Sealed templates and portraits of people on lists, in the database."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, func, insert, select

from vedette.adapters.database import Database
from vedette.adapters.database_schema import face_portraits, face_templates, watchlist_entries
from vedette.adapters.database_watchlists import put_entries
from vedette.watchlists.records import EntryRecord

_TABLES = (face_templates, face_portraits)


class SqlFaceStore:
    """See `vedette.watchlists.face_ports.FaceStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_person(self, record: EntryRecord, sealed_template: str, sealed_portraits: Sequence[str]) -> None:
        entry_id = record.entry.entry_id

        def put(connection: Connection) -> None:
            put_entries(connection, [record])
            connection.execute(insert(face_templates).values(entry_id=entry_id, sealed=sealed_template))
            for place, sealed in enumerate(sealed_portraits):
                connection.execute(insert(face_portraits).values(entry_id=entry_id, place=place, sealed=sealed))

        await self._database.write(put)

    async def load_templates(self) -> Mapping[str, str]:
        query = select(face_templates.c.entry_id, face_templates.c.sealed)
        return await self._database.read(lambda c: {row.entry_id: row.sealed for row in c.execute(query)})

    async def find_portrait(self, entry_id: str, place: int) -> str | None:
        is_it = (face_portraits.c.entry_id == entry_id) & (face_portraits.c.place == place)
        query = select(face_portraits.c.sealed).where(is_it)
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def count(self) -> int:
        query = select(func.count()).select_from(face_templates)
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def remove_expired(self, at_ns: int) -> list[str]:
        ended = select(watchlist_entries.c.id).where(watchlist_entries.c.to_ns <= at_ns)
        find = select(face_templates.c.entry_id).where(face_templates.c.entry_id.in_(ended))

        def remove(connection: Connection) -> list[str]:
            gone = list(connection.execute(find).scalars())
            for table in _TABLES:
                connection.execute(delete(table).where(table.c.entry_id.in_(ended)))
            return gone

        return await self._database.write(remove)
