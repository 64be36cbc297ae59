"""Motion, gaps and the last known states in the database.

Motion is kept as the largest level per slot of 10 s, and again per minute, ten minutes and two hours, so that a
year is drawn from some 4,000 rows per camera instead of three million.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, Integer, Table, cast, func, select
from sqlalchemy.dialects.sqlite import insert

from vedette.adapters.database import Database
from vedette.adapters.database_schema import (
    cameras,
    control_states,
    gaps,
    motion,
    process_states,
    stream_states,
)
from vedette.camera.inventory import CameraSettings
from vedette.core.messages import (
    ControlStateChanged,
    MotionObserved,
    ProcessStateChanged,
    RecordingGapObserved,
    StreamStateChanged,
)
from vedette.core.time import NS_PER_S

WIDTHS_S = (10, 60, 600, 7200)
"""Widths of the slots. A timeline reads the widest that is not wider than its buckets: at most 12 rows a bucket."""
MAX_SPAN_NS = 3600 * NS_PER_S
"""A single fact longer than an hour is cut: it would write thousands of rows."""


class SqlHistoryStore:
    """See `vedette.events.ports.HistoryStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_motion(self, fact: MotionObserved) -> None:
        end_ns = min(max(fact.to_ns, fact.from_ns + 1), fact.from_ns + MAX_SPAN_NS)
        rows = [
            {"width_s": width_s, "camera_id": fact.camera_id, "slot": slot, "level": fact.level}
            for width_s in WIDTHS_S
            for slot in range(fact.from_ns // (width_s * NS_PER_S), (end_ns - 1) // (width_s * NS_PER_S) + 1)
        ]
        fresh = insert(motion)
        put = fresh.on_conflict_do_update(
            index_elements=[motion.c.width_s, motion.c.camera_id, motion.c.slot],
            set_={"level": func.max(motion.c.level, fresh.excluded.level)},
        )
        await self._database.write(lambda connection: connection.execute(put, rows))

    async def find_motion(
        self, camera_ids: Sequence[str], from_ns: int, to_ns: int, buckets: int
    ) -> dict[str, list[float]]:
        bucket_ns = max(1, (to_ns - from_ns) // buckets)
        width_s = max((width for width in WIDTHS_S if width * NS_PER_S <= bucket_ns), default=WIDTHS_S[0])
        slot_ns = width_s * NS_PER_S
        # Milliseconds: nanoseconds times a slot would leave the 64 bits of SQLite's integers at fine zoom.
        middle_ms = motion.c.slot * (slot_ns // 1_000_000) + slot_ns // 2_000_000 - from_ns // 1_000_000
        bucket = cast(middle_ms * buckets / ((to_ns - from_ns) / 1_000_000), Integer)
        query = (
            select(motion.c.camera_id, bucket.label("bucket"), func.max(motion.c.level))
            .where(
                motion.c.width_s == width_s,
                motion.c.camera_id.in_(camera_ids),
                motion.c.slot >= from_ns // slot_ns,
                motion.c.slot <= (to_ns - 1) // slot_ns,
            )
            .group_by(motion.c.camera_id, bucket)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        levels = {camera_id: [0.0] * buckets for camera_id in camera_ids}
        for camera_id, index, level in rows:
            first = min(max(index, 0), buckets - 1)
            # A slot wider than a bucket fills all the buckets it covers, else a zoomed line would be dotted.
            reach = max(0, int(slot_ns / bucket_ns / 2)) if bucket_ns < slot_ns else 0
            for near in range(max(0, first - reach), min(buckets, first + reach + 1)):
                levels[camera_id][near] = max(levels[camera_id][near], level)
        return levels

    async def put_gap(self, fact: RecordingGapObserved) -> None:
        row = {
            "camera_id": fact.camera_id,
            "stream": fact.stream,
            "from_ns": fact.from_ns,
            "to_ns": fact.to_ns,
            "reason": fact.reason,
            "frames_missing": fact.frames_missing,
        }
        await self._put(gaps, row, ["camera_id", "stream", "from_ns"])

    async def put_stream_state(self, fact: StreamStateChanged) -> None:
        await self._put(stream_states, msgspec.to_builtins(fact), ["camera_id", "stream"])

    async def put_process_state(self, fact: ProcessStateChanged) -> None:
        await self._put(process_states, msgspec.to_builtins(fact), ["role"])

    async def put_control_state(self, fact: ControlStateChanged) -> None:
        row = msgspec.to_builtins(fact)
        row["layers"] = msgspec.json.encode(fact.layers).decode()
        await self._put(control_states, row, ["control"])

    async def list_stream_states(self) -> list[StreamStateChanged]:
        rows = await self._list(stream_states)
        return [msgspec.convert(row, StreamStateChanged) for row in rows]

    async def list_process_states(self) -> list[ProcessStateChanged]:
        rows = await self._list(process_states)
        return [msgspec.convert(row, ProcessStateChanged) for row in rows]

    async def list_control_states(self) -> list[ControlStateChanged]:
        rows = await self._list(control_states)
        return [
            msgspec.convert({**row, "layers": msgspec.json.decode(str(row["layers"]))}, ControlStateChanged)
            for row in rows
        ]

    async def list_camera_ids(self) -> frozenset[str]:
        query = select(cameras.c.id, cameras.c.settings)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return frozenset(
            camera_id for camera_id, settings in rows if msgspec.json.decode(settings, type=CameraSettings).enabled
        )

    async def _put(self, table: Table, row: dict[str, object], key: list[str]) -> None:
        put = insert(table).values(row)
        put = put.on_conflict_do_update(
            index_elements=key, set_={name: put.excluded[name] for name in row if name not in key}
        )
        await self._database.write(lambda connection: connection.execute(put))

    async def _list(self, table: Table) -> list[dict[str, object]]:
        def read(connection: Connection) -> list[dict[str, object]]:
            # SQLAlchemy's column names are a kind of str that msgspec does not take for one.
            return [
                {str(name): value for name, value in row.items()}
                for row in connection.execute(select(table)).mappings()
            ]

        return await self._database.read(read)
