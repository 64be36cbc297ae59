"""Events in the database."""

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, insert, or_, select, update

from vedette.adapters.database import Database
from vedette.adapters.database_schema import cameras, events
from vedette.core.messages import EventObserved
from vedette.events.records import EventFilter, EventRecord, EventState


def _selected() -> Select[tuple[object, ...]]:
    name = func.coalesce(cameras.c.name, events.c.camera_name).label("shown_name")
    return select(events, name).select_from(events.outerjoin(cameras, cameras.c.id == events.c.camera_id))


def _read_event(row: Row[tuple[object, ...]]) -> EventRecord:
    found = row._mapping  # noqa: SLF001 -- SQLAlchemy's documented way to read by column
    return EventRecord(
        fact=msgspec.json.decode(found[events.c.fact], type=EventObserved),
        camera_name=found["shown_name"],
        state=EventState(found[events.c.state]),
        acknowledged_by=found[events.c.acknowledged_by],
        acknowledged_at_ns=found[events.c.acknowledged_at_ns],
        note=found[events.c.note],
    )


def _conditions(wanted: EventFilter) -> list[ColumnElement[bool]]:
    """Translates a filter. An event is in a range when it overlaps it."""
    found: list[ColumnElement[bool]] = []
    if wanted.cameras:
        found.append(events.c.camera_id.in_(wanted.cameras))
    if wanted.kinds:
        found.append(events.c.kind.in_(wanted.kinds))
    if wanted.hidden_kinds:
        found.append(events.c.kind.not_in(wanted.hidden_kinds))
    if wanted.state is not None:
        found.append(events.c.state == wanted.state.value)
    if wanted.from_ns is not None:
        # An event that still lasts overlaps every later range.
        found.append(
            or_(events.c.from_ns >= wanted.from_ns, events.c.to_ns >= wanted.from_ns, events.c.to_ns.is_(None))
        )
    if wanted.to_ns is not None:
        found.append(events.c.from_ns < wanted.to_ns)
    return found


class SqlEventStore:
    """See `vedette.events.ports.EventStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, fact: EventObserved) -> EventRecord:
        return await self._database.write(lambda connection: _put(connection, fact))

    async def find(self, event_id: str) -> EventRecord | None:
        query = _selected().where(events.c.id == event_id)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else _read_event(row)

    async def find_page(self, wanted: EventFilter) -> tuple[list[EventRecord], int]:
        conditions = _conditions(wanted)
        count = select(func.count()).select_from(events).where(*conditions)
        if wanted.before is not None:
            from_ns, event_id = wanted.before
            is_older = events.c.from_ns < from_ns
            is_beside = and_(events.c.from_ns == from_ns, events.c.id < event_id)
            conditions.append(or_(is_older, is_beside))
        page = _selected().where(*conditions).order_by(events.c.from_ns.desc(), events.c.id.desc())
        page = page.limit(wanted.limit)

        def find(connection: Connection) -> tuple[list[EventRecord], int]:
            found = [_read_event(row) for row in connection.execute(page)]
            return found, connection.execute(count).scalar_one()

        return await self._database.read(find)

    async def acknowledge(self, event_id: str, by: str, at_ns: int, note: str) -> bool:
        change = (
            update(events)
            .where(events.c.id == event_id, events.c.state == EventState.NEW.value)
            .values(state=EventState.ACKNOWLEDGED.value, acknowledged_by=by, acknowledged_at_ns=at_ns, note=note)
        )
        return await self._database.write(lambda connection: connection.execute(change).rowcount == 1)

    async def find_open(self, kind: str) -> list[EventRecord]:
        query = _selected().where(events.c.kind == kind, events.c.to_ns.is_(None))
        return await self._database.read(lambda c: [_read_event(row) for row in c.execute(query)])


def _put(connection: Connection, fact: EventObserved) -> EventRecord:
    row = {
        "camera_id": fact.camera_id,
        "kind": fact.kind,
        "from_ns": fact.from_ns,
        "to_ns": fact.to_ns,
        "fact": msgspec.json.encode(fact).decode(),
    }
    changed = connection.execute(update(events).where(events.c.id == fact.event_id).values(row))
    if changed.rowcount == 0:
        name = connection.execute(select(cameras.c.name).where(cameras.c.id == fact.camera_id)).scalar()
        fresh = {**row, "id": fact.event_id, "state": EventState.NEW.value, "note": "", "camera_name": name or ""}
        connection.execute(insert(events).values(fresh))
    found = connection.execute(_selected().where(events.c.id == fact.event_id)).one()
    return _read_event(found)
