"""Lists and their entries, in the database."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, Insert, Row, Update, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from vedette.adapters.database import Database
from vedette.adapters.database_schema import face_portraits, face_templates, watchlist_entries, watchlists
from vedette.core.time import NS_PER_S
from vedette.core.watchlists import ListOrder, Watchlist, WatchlistEntry
from vedette.runtime.collection import paused_collection
from vedette.watchlists.errors import EntryExistsError, WatchlistNameTakenError
from vedette.watchlists.records import EntryCounts, EntryFilter, EntryRecord, WatchlistRecord

_ENTRY = msgspec.json.Decoder(WatchlistEntry)
_ENTRIES = msgspec.json.Decoder(tuple[WatchlistEntry, ...])
_DAY_NS = 86_400 * NS_PER_S
_IN_ONE_QUESTION = 500


class SqlWatchlistStore:
    """See `vedette.watchlists.ports.WatchlistStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_all(self) -> list[WatchlistRecord]:
        return await self._database.read(_find_lists)

    async def find(self, list_id: str) -> WatchlistRecord | None:
        found = await self._database.read(lambda c: _find_lists(c, watchlists.c.id == list_id))
        return found[0] if found else None

    async def add(self, record: WatchlistRecord) -> None:
        row = _list_row(record.watchlist)
        put = insert(watchlists).values(row | {"created_by": record.created_by, "created_at_ns": record.created_at_ns})
        await self._database.write(lambda connection: _put_list(connection, put, record.watchlist.name))

    async def change(self, watchlist: Watchlist) -> None:
        put = update(watchlists).where(watchlists.c.id == watchlist.list_id).values(_list_row(watchlist))
        await self._database.write(lambda connection: _put_list(connection, put, watchlist.name))

    async def remove(self, list_id: str) -> None:
        query = delete(watchlists).where(watchlists.c.id == list_id)

        def remove(connection: Connection) -> None:
            connection.execute(query)
            _remove_orphans(connection)

        await self._database.write(remove)

    async def find_entries(self, wanted: EntryFilter) -> tuple[list[EntryRecord], int]:
        conditions = [watchlist_entries.c.list_id == wanted.list_id]
        if wanted.search:
            conditions.append(watchlist_entries.c.key.contains(wanted.search, autoescape=True))
        page = select(watchlist_entries).where(*conditions).order_by(watchlist_entries.c.key)
        page = page.limit(wanted.limit).offset(wanted.offset)
        count = select(func.count()).select_from(watchlist_entries).where(*conditions)

        def find(connection: Connection) -> tuple[list[EntryRecord], int]:
            return [_read_entry(row) for row in connection.execute(page)], connection.execute(count).scalar_one()

        return await self._database.read(find)

    async def list_entries(self, list_id: str) -> list[EntryRecord]:
        query = select(watchlist_entries).where(watchlist_entries.c.list_id == list_id)
        return await self._database.read(lambda c: [_read_entry(row) for row in c.execute(query)])

    async def find_entry(self, list_id: str, entry_id: str) -> EntryRecord | None:
        is_it = (watchlist_entries.c.list_id == list_id) & (watchlist_entries.c.id == entry_id)
        row = await self._database.read(lambda c: c.execute(select(watchlist_entries).where(is_it)).first())
        return None if row is None else _read_entry(row)

    async def put_entries(self, put: Sequence[EntryRecord], remove: Sequence[str] = ()) -> None:
        await self._database.write(lambda connection: put_entries(connection, put, remove))

    async def count(self) -> EntryCounts:
        def count(connection: Connection) -> EntryCounts:
            lists = connection.execute(select(func.count()).select_from(watchlists)).scalar_one()
            entries = connection.execute(select(func.count()).select_from(watchlist_entries)).scalar_one()
            patterns = select(func.count()).select_from(watchlist_entries).where(watchlist_entries.c.is_pattern)
            return EntryCounts(lists, entries, connection.execute(patterns).scalar_one())

        return await self._database.read(count)

    async def remove_ended(self, at_ns: int) -> list[EntryRecord]:
        def remove(connection: Connection) -> list[EntryRecord]:
            gone: list[EntryRecord] = []
            for record in _find_lists(connection):
                kept_ns = record.watchlist.retention_days * _DAY_NS
                ended = (watchlist_entries.c.list_id == record.watchlist.list_id) & (
                    watchlist_entries.c.to_ns <= at_ns - kept_ns
                )
                gone += [_read_entry(row) for row in connection.execute(select(watchlist_entries).where(ended))]
                connection.execute(delete(watchlist_entries).where(ended))
            _remove_orphans(connection)
            return gone

        return await self._database.write(remove)

    async def load_orders(self) -> tuple[ListOrder, ...]:
        def load(connection: Connection) -> tuple[ListOrder, ...]:
            lists = [record.watchlist for record in _find_lists(connection) if record.watchlist.enabled]
            with paused_collection():
                return tuple(ListOrder(watchlist, _load_entries(connection, watchlist.list_id)) for watchlist in lists)

        return await self._database.read(load)


def _find_lists(connection: Connection, *conditions: ColumnElement[bool]) -> list[WatchlistRecord]:
    counts = select(watchlist_entries.c.list_id, func.count().label("entries")).group_by(watchlist_entries.c.list_id)
    counted = counts.subquery()
    query = (
        select(watchlists, func.coalesce(counted.c.entries, 0).label("entries"))
        .select_from(watchlists.outerjoin(counted, counted.c.list_id == watchlists.c.id))
        .where(*conditions)
        .order_by(watchlists.c.name_key)
    )
    return [_read_list(row) for row in connection.execute(query)]


def _load_entries(connection: Connection, list_id: str) -> tuple[WatchlistEntry, ...]:
    """In an order that is the same from call to call: the version of the lists is made of it."""
    query = select(watchlist_entries.c.entry).where(watchlist_entries.c.list_id == list_id)
    texts = connection.execute(query.order_by(watchlist_entries.c.key)).scalars()
    return _ENTRIES.decode(f"[{','.join(texts)}]")  # one call: half the time of one for each entry


def _remove_orphans(connection: Connection) -> None:
    """Templates and portraits go in the transaction in which their entry goes, whatever the way."""
    for table in (face_templates, face_portraits):
        connection.execute(delete(table).where(table.c.entry_id.not_in(select(watchlist_entries.c.id))))


def put_entries(connection: Connection, put: Sequence[EntryRecord], remove: Sequence[str] = ()) -> None:
    """Removes entries by id, then adds or replaces others."""
    going = [*remove, *(record.entry.entry_id for record in put)]
    for first in range(0, len(going), _IN_ONE_QUESTION):
        some = going[first : first + _IN_ONE_QUESTION]
        connection.execute(delete(watchlist_entries).where(watchlist_entries.c.id.in_(some)))
    try:
        if put:
            connection.execute(insert(watchlist_entries), [_entry_row(record) for record in put])
    except IntegrityError as exc:
        raise EntryExistsError(
            "the list has an entry for the same plate, type and colour already", "Change that one."
        ) from exc
    _remove_orphans(connection)


def _put_list(connection: Connection, put: Insert | Update, name: str) -> None:
    try:
        connection.execute(put)
    except IntegrityError as exc:
        raise WatchlistNameTakenError(
            f"there is a list {name!r} already", "Choose another name; capital letters do not count."
        ) from exc


def _list_row(watchlist: Watchlist) -> dict[str, object]:
    return {
        "id": watchlist.list_id,
        "name_key": watchlist.name.casefold(),
        "watchlist": msgspec.json.encode(watchlist).decode(),
    }


def _entry_row(record: EntryRecord) -> dict[str, object]:
    return {
        "id": record.entry.entry_id,
        "list_id": record.list_id,
        "key": record.key,
        "is_pattern": record.is_pattern,
        "entry": msgspec.json.encode(record.entry).decode(),
        "to_ns": record.entry.to_ns,
        "created_by": record.created_by,
        "created_at_ns": record.created_at_ns,
    }


def _read_list(row: Row[tuple[object, ...]]) -> WatchlistRecord:
    found = row._mapping  # noqa: SLF001 -- SQLAlchemy's documented way to read by column
    return WatchlistRecord(
        msgspec.json.decode(found[watchlists.c.watchlist], type=Watchlist),
        found[watchlists.c.created_by],
        found[watchlists.c.created_at_ns],
        found["entries"],
    )


def _read_entry(row: Row[tuple[object, ...]]) -> EntryRecord:
    found = row._mapping  # noqa: SLF001 -- SQLAlchemy's documented way to read by column
    return EntryRecord(
        found[watchlist_entries.c.list_id],
        _ENTRY.decode(found[watchlist_entries.c.entry]),
        found[watchlist_entries.c.created_by],
        found[watchlist_entries.c.created_at_ns],
    )
