"""The inventory of cameras, and small settings of the gateway, in the database."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from vedette.adapters.database import Database
from vedette.adapters.database_schema import cameras, settings
from vedette.camera.inventory import Camera, CameraSettings
from vedette.core.assignment import Rule
from vedette.core.errors import ConflictError


class CameraNameTakenError(ConflictError):
    """Two cameras would have one name."""

    code = "camera_name_taken"


def _camera_row(camera: Camera) -> dict[str, object]:
    return {
        "id": camera.id,
        "name": camera.settings.name,
        "name_key": camera.settings.name.casefold(),
        "group_name": camera.settings.group,
        "settings": msgspec.json.encode(camera.settings).decode(),
        "user": camera.user,
        "sealed_login": camera.sealed_login,
        "rules": msgspec.json.encode(camera.rules).decode(),
        "created_at_ns": camera.created_at_ns,
    }


def _read_camera(row: Row[tuple[object, ...]]) -> Camera:
    found = row._mapping  # noqa: SLF001 -- SQLAlchemy's documented way to read by column
    return Camera(
        id=found[cameras.c.id],
        settings=msgspec.json.decode(found[cameras.c.settings], type=CameraSettings),
        created_at_ns=found[cameras.c.created_at_ns],
        user=found[cameras.c.user],
        sealed_login=found[cameras.c.sealed_login],
        rules=msgspec.json.decode(found[cameras.c.rules], type=tuple[Rule, ...]),
    )


class SqlCameraStore:
    """See `vedette.camera.administration.CameraStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_page(self, search: str, group: str, limit: int, offset: int) -> tuple[list[Camera], int]:
        conditions = []
        if search:
            folded = search.casefold()
            conditions.append(
                or_(
                    cameras.c.name_key.contains(folded, autoescape=True),
                    func.lower(cameras.c.group_name).contains(folded, autoescape=True),
                )
            )
        if group:
            conditions.append(cameras.c.group_name == group)
        page = select(cameras).where(*conditions).order_by(cameras.c.name_key).limit(limit).offset(offset)
        count = select(func.count()).select_from(cameras).where(*conditions)

        def find(connection: Connection) -> tuple[list[Camera], int]:
            found = [_read_camera(row) for row in connection.execute(page)]
            return found, connection.execute(count).scalar_one()

        return await self._database.read(find)

    async def list_all(self) -> list[Camera]:
        query = select(cameras).order_by(cameras.c.id)
        return await self._database.read(lambda c: [_read_camera(row) for row in c.execute(query)])

    async def list_ids(self) -> frozenset[str]:
        """See `vedette.watchlists.ports.CameraLister`."""
        query = select(cameras.c.id)
        return await self._database.read(lambda c: frozenset(c.execute(query).scalars()))

    async def find(self, camera_id: str) -> Camera | None:
        query = select(cameras).where(cameras.c.id == camera_id)
        row = await self._database.read(lambda c: c.execute(query).first())
        return None if row is None else _read_camera(row)

    async def write(self, put: Sequence[Camera], remove: Sequence[str] = ()) -> None:
        def write(connection: Connection) -> None:
            if remove:
                connection.execute(delete(cameras).where(cameras.c.id.in_(remove)))
            for camera in put:
                _put(connection, camera)

        await self._database.write(write)


def _put(connection: Connection, camera: Camera) -> None:
    row = _camera_row(camera)
    try:
        changed = connection.execute(update(cameras).where(cameras.c.id == camera.id).values(row))
        if changed.rowcount == 0:
            connection.execute(insert(cameras).values(row))
    except IntegrityError as exc:
        raise CameraNameTakenError(
            f"there is a camera {camera.settings.name!r} already",
            "Choose another name; capital letters do not count.",
        ) from exc


class SqlSettings:
    """Small values by name, such as the number of the last assignment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_up(self, name: str) -> int:
        """Adds one to a number and returns it; the first is 1."""

        def count(connection: Connection) -> int:
            found = connection.execute(select(settings.c.value).where(settings.c.name == name)).scalar()
            number = int(found or 0) + 1
            connection.execute(delete(settings).where(settings.c.name == name))
            connection.execute(insert(settings).values(name=name, value=str(number)))
            return number

        return await self._database.write(count)

    async def read_number(self, name: str) -> int:
        query = select(settings.c.value).where(settings.c.name == name)
        return int(await self._database.read(lambda c: c.execute(query).scalar()) or 0)

    async def read_text(self, name: str) -> str:
        query = select(settings.c.value).where(settings.c.name == name)
        return await self._database.read(lambda c: c.execute(query).scalar()) or ""

    async def write_text(self, name: str, value: str) -> None:
        def write(connection: Connection) -> None:
            connection.execute(delete(settings).where(settings.c.name == name))
            connection.execute(insert(settings).values(name=name, value=value))

        await self._database.write(write)
