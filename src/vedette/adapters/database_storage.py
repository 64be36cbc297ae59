"""Volumes, holds and what users have exported, in the database."""

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects.sqlite import insert

from vedette.adapters.database import Database
from vedette.adapters.database_schema import export_usage, holds, volumes
from vedette.camera.holds import HoldRecord
from vedette.camera.volumes import Volume
from vedette.core.recording_plan import Hold
from vedette.identity.export_limits import ExportUse


def _read_volume(row: Row[tuple[object, ...]]) -> Volume:
    found = row._mapping  # noqa: SLF001 -- SQLAlchemy's documented way to read by column
    return Volume(
        name=found[volumes.c.name],
        path=found[volumes.c.path],
        max_bytes=found[volumes.c.max_bytes],
        reserve_bytes=found[volumes.c.reserve_bytes],
        removed_at_ns=found[volumes.c.removed_at_ns],
    )


class SqlVolumeStore:
    """See `vedette.camera.volumes.VolumeStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_all(self) -> list[Volume]:
        query = select(volumes).order_by(func.lower(volumes.c.name))
        return await self._database.read(lambda c: [_read_volume(row) for row in c.execute(query)])

    async def put(self, volume: Volume) -> None:
        row = {
            "name": volume.name,
            "max_bytes": volume.max_bytes,
            "reserve_bytes": volume.reserve_bytes,
            "removed_at_ns": volume.removed_at_ns,
        }
        put = insert(volumes).values(path=volume.path, **row)
        put = put.on_conflict_do_update(index_elements=["path"], set_=row)
        await self._database.write(lambda connection: connection.execute(put))


def _read_hold(row: Row[tuple[object, ...]]) -> HoldRecord:
    found = row._mapping  # noqa: SLF001 -- SQLAlchemy's documented way to read by column
    return HoldRecord(
        hold=Hold(
            found[holds.c.id],
            found[holds.c.camera_id],
            found[holds.c.from_ns],
            found[holds.c.to_ns],
            found[holds.c.reason],
        ),
        camera_name=found[holds.c.camera_name],
        created_by=found[holds.c.created_by],
        created_at_ns=found[holds.c.created_at_ns],
        released_by=found[holds.c.released_by],
        released_at_ns=found[holds.c.released_at_ns],
        release_reason=found[holds.c.release_reason],
    )


class SqlHoldStore:
    """See `vedette.camera.holds.HoldStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_holds(self, camera_id: str, *, with_released: bool) -> list[HoldRecord]:
        query = select(holds).order_by(holds.c.created_at_ns.desc(), holds.c.id.desc())
        if camera_id:
            query = query.where(holds.c.camera_id == camera_id)
        if not with_released:
            query = query.where(holds.c.released_at_ns.is_(None))
        return await self._database.read(lambda c: [_read_hold(row) for row in c.execute(query)])

    async def add(self, record: HoldRecord) -> None:
        hold = record.hold
        put = insert(holds).values(
            id=hold.hold_id,
            camera_id=hold.camera_id,
            camera_name=record.camera_name,
            from_ns=hold.from_ns,
            to_ns=hold.to_ns,
            reason=hold.reason,
            created_by=record.created_by,
            created_at_ns=record.created_at_ns,
            release_reason="",
        )
        await self._database.write(lambda connection: connection.execute(put))

    async def release(self, hold_id: str, by: str, at_ns: int, reason: str) -> HoldRecord | None:
        change = (
            update(holds)
            .where(holds.c.id == hold_id, holds.c.released_at_ns.is_(None))
            .values(released_by=by, released_at_ns=at_ns, release_reason=reason)
        )

        def release(connection: Connection) -> HoldRecord | None:
            if connection.execute(change).rowcount == 0:
                return None
            return _read_hold(connection.execute(select(holds).where(holds.c.id == hold_id)).one())

        return await self._database.write(release)


class SqlExportUsage:
    """See `vedette.identity.export_limits.ExportUsageStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, user_key: str, day: int) -> ExportUse:
        query = select(export_usage.c.jobs, export_usage.c.bytes).where(
            export_usage.c.user_key == user_key, export_usage.c.day == day
        )
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return ExportUse() if row is None else ExportUse(jobs=row[0], size_bytes=row[1])

    async def add(self, user_key: str, day: int, use: ExportUse) -> None:
        put = insert(export_usage).values(user_key=user_key, day=day, jobs=use.jobs, bytes=use.size_bytes)
        put = put.on_conflict_do_update(
            index_elements=["user_key", "day"],
            set_={
                "jobs": export_usage.c.jobs + put.excluded.jobs,
                "bytes": export_usage.c.bytes + put.excluded.bytes,
            },
        )
        await self._database.write(lambda connection: connection.execute(put))
