"""Seen objects in the database: what is known of them, their attributes and their sealed vectors.

The rows of one object are written and removed in one transaction. Which objects were removed is remembered while the
bus may deliver them again.
"""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from vedette.adapters.database import Database
from vedette.adapters.database_schema import cameras, erased_objects, seen_attributes, seen_objects, seen_vectors
from vedette.core.detections import MOVING_CLASS
from vedette.core.messages import ObjectSeen
from vedette.core.objects import UNKNOWN
from vedette.core.plates import fold_alike
from vedette.search.objects import ObjectFilter, ObjectRecord, Passage, Source, StoredVector
from vedette.search.strangers import Span

_FACT = msgspec.json.Decoder(ObjectSeen)
_IN_ONE_QUESTION = 500
_OF_FILES = seen_objects.c.job_id > literal_column("''")
"""In these words it is the condition of their index."""
_LIKE = str.maketrans({"?": "_", "*": "%"})


class SqlObjectStore:
    """See `vedette.search.ports.ObjectStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, seen: ObjectSeen) -> ObjectRecord | None:
        return await self._database.write(lambda connection: _put(connection, seen))

    async def find(self, object_id: str) -> ObjectRecord | None:
        found = await self._database.read(lambda c: _find(c, [seen_objects.c.id == object_id]))
        return found[0] if found else None

    async def find_candidates(self, wanted: ObjectFilter, limit: int) -> tuple[list[ObjectRecord], int]:
        conditions = _conditions(wanted)
        count = select(func.count()).select_from(seen_objects).where(*conditions)

        def find(connection: Connection) -> tuple[list[ObjectRecord], int]:
            return _find(connection, conditions, limit), connection.execute(count).scalar_one()

        return await self._database.read(find)

    async def find_numbers(self, wanted: ObjectFilter, kind: str, release: str) -> list[int]:
        has_it = (seen_vectors.c.kind == kind) & (seen_vectors.c.release == release)
        joined = seen_objects.join(seen_vectors, seen_vectors.c.number == seen_objects.c.number)
        query = select(seen_objects.c.number).select_from(joined).where(has_it, *_conditions(wanted))
        return await self._database.read(lambda c: list(c.execute(query).scalars()))

    async def find_values(self, name: str, limit: int) -> list[str]:
        value = seen_attributes.c.value
        query = select(value).where(seen_attributes.c.name == name).distinct().limit(limit)
        return await self._database.read(lambda c: list(c.execute(query).scalars()))

    async def has_files(self) -> bool:
        query = select(seen_objects.c.number).where(_OF_FILES).limit(1)
        return await self._database.read(lambda c: c.execute(query).first() is not None)

    async def find_spans(self, kind: str, release: str, limit: int) -> list[Span]:
        has_it = (seen_vectors.c.kind == kind) & (seen_vectors.c.release == release)
        shown = seen_objects.c
        query = select(shown.number, shown.camera_id + shown.job_id, shown.from_ns, shown.to_ns)
        query = query.select_from(seen_objects.join(seen_vectors, seen_vectors.c.number == shown.number))
        query = query.where(has_it).order_by(shown.from_ns.desc()).limit(limit)
        return await self._database.read(lambda c: [Span(*row) for row in c.execute(query)])

    async def find_records(self, numbers: Sequence[int]) -> list[ObjectRecord]:
        def find(connection: Connection) -> list[ObjectRecord]:
            parts = [numbers[at : at + _IN_ONE_QUESTION] for at in range(0, len(numbers), _IN_ONE_QUESTION)]
            return [one for part in parts for one in _find(connection, [seen_objects.c.number.in_(part)])]

        return await self._database.read(find)

    async def find_vectors(self, number: int) -> list[StoredVector]:
        query = _vectors().where(seen_vectors.c.number == number)
        return await self._database.read(lambda c: [_read_vector(row) for row in c.execute(query)])

    async def load_vectors(self, after: int, limit: int) -> list[StoredVector]:
        some = select(seen_vectors.c.number).where(seen_vectors.c.number > after).distinct()
        some = some.order_by(seen_vectors.c.number).limit(limit)
        query = _vectors().where(seen_vectors.c.number.in_(some)).order_by(seen_vectors.c.number)
        return await self._database.read(lambda c: [_read_vector(row) for row in c.execute(query)])

    async def find_passages(self, from_ns: int) -> list[Passage]:
        shown = seen_objects.c
        query = select(shown.plate, shown.camera_id, shown.from_ns, shown.to_ns)
        query = query.where(shown.plate_read, shown.job_id == "", shown.from_ns >= from_ns).order_by(
            shown.plate, shown.from_ns
        )
        return await self._database.read(lambda c: [Passage(*row) for row in c.execute(query)])

    async def remove(self, object_ids: Sequence[str], at_ns: int) -> list[ObjectRecord]:
        def remove(connection: Connection) -> list[ObjectRecord]:
            gone: list[ObjectRecord] = []
            for at in range(0, len(object_ids), _IN_ONE_QUESTION):
                part = object_ids[at : at + _IN_ONE_QUESTION]
                found = _find(connection, [seen_objects.c.id.in_(part)])
                _remove(connection, found, at_ns)
                gone += found
            return gone

        return await self._database.write(remove)

    async def forget_removed(self, before_ns: int) -> None:
        query = delete(erased_objects).where(erased_objects.c.at_ns < before_ns)
        await self._database.write(lambda connection: connection.execute(query))


def _put(connection: Connection, seen: ObjectSeen) -> ObjectRecord | None:
    if connection.execute(select(erased_objects.c.id).where(erased_objects.c.id == seen.object_id)).first():
        return None
    number = connection.execute(select(seen_objects.c.number).where(seen_objects.c.id == seen.object_id)).scalar()
    row = _row(seen)
    if number is None:
        name = connection.execute(select(cameras.c.name).where(cameras.c.id == seen.camera_id)).scalar()
        fresh = row | {"id": seen.object_id, "camera_name": name or ""}
        connection.execute(insert(seen_objects).values(fresh))
        number = connection.execute(
            select(seen_objects.c.number).where(seen_objects.c.id == seen.object_id)
        ).scalar_one()
    else:
        connection.execute(update(seen_objects).where(seen_objects.c.number == number).values(row))
    _put_parts(connection, number, seen)
    return _find(connection, [seen_objects.c.number == number])[0]


def _put_parts(connection: Connection, number: int, seen: ObjectSeen) -> None:
    for table in (seen_attributes, seen_vectors):
        connection.execute(delete(table).where(table.c.number == number))
    named = [{"number": number, "name": name, "value": one.value} for name, one in seen.attributes.items()]
    if named:
        connection.execute(insert(seen_attributes), named)
    sealed = [
        {"number": number, "kind": one.kind, "release": one.release, "sealed": one.sealed} for one in seen.vectors
    ]
    if sealed:
        connection.execute(insert(seen_vectors), sealed)


def _row(seen: ObjectSeen) -> dict[str, object]:
    plate = seen.plate.text if seen.plate is not None else ""
    return {
        "job_id": seen.file.job_id if seen.file is not None else "",
        "camera_id": seen.camera_id,
        "object_class": seen.object_class,
        "from_ns": seen.from_ns,
        "to_ns": seen.to_ns,
        "plate": plate,
        "plate_folded": fold_alike(plate),
        "plate_read": seen.plate is not None and seen.plate.state == "read",
        "fact": msgspec.json.encode(replace(seen, vectors=())).decode(),
    }


def _remove(connection: Connection, records: Sequence[ObjectRecord], at_ns: int) -> None:
    """Attributes and vectors go by their foreign keys; the database overwrites what it deletes."""
    if not records:
        return
    connection.execute(delete(seen_objects).where(seen_objects.c.number.in_([one.number for one in records])))
    connection.execute(insert(erased_objects), [{"id": one.seen.object_id, "at_ns": at_ns} for one in records])


def _conditions(wanted: ObjectFilter) -> list[ColumnElement[bool]]:
    """Translates a filter."""
    shown = seen_objects.c
    found = [_source_condition(wanted)]
    if wanted.cameras:
        found.append(shown.camera_id.in_(wanted.cameras))
    if wanted.classes:
        found.append(shown.object_class.in_(wanted.classes))
    if wanted.from_ns is not None:
        found.append(shown.to_ns >= wanted.from_ns)
    if wanted.to_ns is not None:
        found.append(shown.from_ns < wanted.to_ns)
    if wanted.before_ns is not None:
        found.append(shown.from_ns < wanted.before_ns)
    if wanted.over_before_ns is not None:
        found.append(shown.to_ns < wanted.over_before_ns)
    if wanted.is_named:
        found.append((shown.object_class != MOVING_CLASS) | (shown.plate != ""))
    if wanted.plate:
        found.append(shown.plate_folded.like(fold_alike(wanted.plate).translate(_LIKE)))
        found.append(shown.plate != "")
    return found + _attribute_conditions(wanted)


def _source_condition(wanted: ObjectFilter) -> ColumnElement[bool]:
    job = seen_objects.c.job_id
    if wanted.source is Source.CAMERAS:
        return job == ""
    of_files = and_(_OF_FILES, job.in_(wanted.jobs))
    return of_files if wanted.source is Source.FILES else or_(job == "", of_files)


def _attribute_conditions(wanted: ObjectFilter) -> list[ColumnElement[bool]]:
    """At least one of the wanted attributes is known to be as wanted, and none another (`unknown` is none)."""
    if not wanted.attributes:
        return []
    shown = seen_attributes.c
    agrees = [(shown.name == name) & shown.value.in_(values) for name, values in wanted.attributes.items()]
    differs = [
        (shown.name == name) & shown.value.not_in((*values, UNKNOWN)) for name, values in wanted.attributes.items()
    ]
    return [
        seen_objects.c.number.in_(select(shown.number).where(or_(*agrees))),
        seen_objects.c.number.not_in(select(shown.number).where(or_(*differs))),
    ]


def _find(
    connection: Connection, conditions: list[ColumnElement[bool]], limit: int | None = None
) -> list[ObjectRecord]:
    """Newest first."""
    name = func.coalesce(cameras.c.name, seen_objects.c.camera_name).label("shown_name")
    kinds = select(func.coalesce(func.group_concat(seen_vectors.c.kind), "")).where(
        seen_vectors.c.number == seen_objects.c.number
    )
    query = (
        select(seen_objects.c.number, seen_objects.c.fact, name, kinds.scalar_subquery().label("kinds"))
        .select_from(seen_objects.outerjoin(cameras, cameras.c.id == seen_objects.c.camera_id))
        .where(*conditions)
        .order_by(seen_objects.c.from_ns.desc(), seen_objects.c.number.desc())
    )
    rows = connection.execute(query if limit is None else query.limit(limit))
    return [
        ObjectRecord(
            row.number, _FACT.decode(row.fact), row.shown_name, tuple(sorted(filter(None, row.kinds.split(","))))
        )
        for row in rows
    ]


def _vectors() -> Select[tuple[int, str, str, str, str]]:
    vector = seen_vectors.c
    joined = seen_vectors.join(seen_objects, seen_objects.c.number == vector.number)
    return select(vector.number, seen_objects.c.id, vector.kind, vector.release, vector.sealed).select_from(joined)


def _read_vector(row: Row[tuple[int, str, str, str, str]]) -> StoredVector:
    return StoredVector(row.number, row.id, row.kind, row.release, row.sealed)
