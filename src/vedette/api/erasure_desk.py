"""Plans, takes and carries out orders to erase footage.

The order is kept before anything goes, and carried out until nothing of its footage is left: by the recorder, told
with its assignment; the gateway takes event pictures and archive keys, looks whether the footage is gone, and writes
the end into the audit trail. A hold that comes later keeps what it covers. Design: docs/design/recording-plan.md.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from vedette.api.erasure_plan import ErasableFootage, ErasurePlan, look_up, show_order, show_streams
from vedette.api.schemas.erasures import ErasureList, ErasureOut, ErasurePlanOut
from vedette.api.storage_desk import StorageDesk
from vedette.camera.administration import CameraAdministration
from vedette.camera.erasures import (
    DAY_NS,
    ErasureOrder,
    Erasures,
    check_holds,
    check_order,
    describe_holds,
    find_whole_days,
)
from vedette.camera.holds import HoldAdministration
from vedette.core.errors import NotFoundError, VedetteError
from vedette.core.time import format_utc
from vedette.events.own_events import OwnEvents
from vedette.identity.audit import AuditTrail, Outcome
from vedette.identity.permissions import Caller
from vedette.runtime.clock import Clock, new_id
from vedette.runtime.log import get_logger

LOOK_EVERY_S = 2.0


class Pictures(Protocol):
    """Event pictures: `vedette.events.erasing.EventPictures`."""

    async def count(self, cameras: Sequence[str], from_ns: int, to_ns: int) -> int: ...
    async def erase(self, cameras: Sequence[str], from_ns: int, to_ns: int) -> int: ...


class ErasureDesk:
    """See the module's head. `run` carries orders out.

    Args:
        name_day: The name of the archive key of a moment.
    """

    def __init__(
        self,
        *,
        erasures: Erasures,
        footage: ErasableFootage,
        pictures: Pictures,
        holds: HoldAdministration,
        storage: StorageDesk,
        cameras: CameraAdministration,
        audit: AuditTrail,
        alarms: OwnEvents,
        name_day: Callable[[int], str],
        clock: Clock,
    ) -> None:
        self._erasures = erasures
        self._footage = footage
        self._pictures = pictures
        self._holds = holds
        self._storage = storage
        self._cameras = cameras
        self._audit = audit
        self._alarms = alarms
        self._name_day = name_day
        self._clock = clock
        self._ordered = asyncio.Event()
        self._log = get_logger("erasures")

    async def plan(self, camera_id: str | None, from_ns: int, to_ns: int) -> ErasurePlanOut:
        """Shows what an order would take. Nothing is erased."""
        plan = await self._plan(camera_id, from_ns, to_ns)
        return ErasurePlanOut(
            from_=format_utc(plan.begin_ns),
            to=format_utc(plan.end_ns),
            streams=show_streams(plan, await self._find_names()),
            segments=plan.segments,
            bytes=plan.size_bytes,
            pictures=await self._pictures.count(plan.cameras, plan.begin_ns, plan.end_ns),
            key_days=self._name_days(plan),
            out_of_reach=list(plan.out_of_reach),
            holds=[hold.hold_id for hold in plan.holds],
            hold_detail=describe_holds(plan.holds),
        )

    async def order(self, caller: Caller, camera_id: str | None, from_ns: int, to_ns: int, reason: str) -> ErasureOut:
        """Takes an order; it is carried out from now on, also after a restart.

        Raises:
            InvalidErasureError: with every fault.
            FootageHeldError: names the holds; nothing is erased.
            NotFoundError: there is nothing to erase.
            StorageError: the order cannot be kept; nothing is erased.
        """
        now_ns = self._clock.utc_ns()
        check_order(from_ns, to_ns, reason, now_ns)
        plan = await self._plan(camera_id, from_ns, to_ns)
        check_holds(plan.holds)
        if not (plan.segments or plan.days or plan.out_of_reach):
            raise NotFoundError("there is no footage in this range", "Nothing was erased.")
        days = tuple(self._name_days(plan))
        why = reason.strip()
        rounded = (plan.begin_ns, plan.end_ns)
        order = ErasureOrder(
            new_id(self._clock), plan.cameras, from_ns, to_ns, *rounded, days, why, caller.name, now_ns
        )
        whose = "all cameras" if camera_id is None else (await self._find_names()).get(camera_id, camera_id)
        what = f"{whose} {format_utc(plan.begin_ns)} to {format_utc(plan.end_ns)}, {plan.segments} segments: {why}"
        await self._audit.record(caller, "footage.erase", order.erasure_id, detail=what)
        self._erasures.add(order)
        self._ordered.set()
        await self._pictures.erase(order.cameras, order.begin_ns, order.end_ns)
        await self._alarms.tell_weakenings(caller.name, camera_id or "", [f"footage is erased, {what}"])
        return show_order(order, plan)

    async def list_open(self) -> ErasureList:
        """Shows the orders that are not carried out yet."""
        return ErasureList(
            items=[show_order(order, await self._find_left(order)) for order in self._erasures.list_open()]
        )

    async def run(self) -> None:
        """Carries orders out until cancelled."""
        while True:
            if not self._erasures.list_open():
                self._ordered.clear()
                await self._ordered.wait()
            for order in self._erasures.list_open():
                try:
                    await self._carry_on(order)
                except VedetteError as exc:  # the order is kept, and looked at again
                    self._log.warning("an erasure cannot go on", erasure=order.erasure_id, reason=str(exc))
            await self._clock.sleep(LOOK_EVERY_S)

    async def _carry_on(self, order: ErasureOrder) -> None:
        """Ends an order of whose footage nothing is left but what a later hold covers."""
        left = await self._find_left(order)
        if left.segments > left.held_segments or left.out_of_reach:
            return
        await self._pictures.erase(order.cameras, order.begin_ns, order.end_ns)
        await asyncio.to_thread(self._footage.drop_files)
        if left.segments:
            told = [f"{left.segments} segments stay: on hold since the order"]
        else:
            told = [await asyncio.to_thread(self._destroy_key, order, day) for day in order.days]
        detail = "; ".join([f"{format_utc(order.begin_ns)} to {format_utc(order.end_ns)}", *told])
        await self._audit.record_anonymous(
            order.ordered_by, "", "footage.erased", order.erasure_id, outcome=Outcome.DONE, detail=detail
        )
        self._erasures.finish(order.erasure_id)

    def _destroy_key(self, order: ErasureOrder, day: str) -> str:
        """Of a day of which nothing is left; where a key was missing, footage of another day may need this one."""
        users = self._footage.count_users(day, order.from_ns - DAY_NS, order.to_ns + DAY_NS)
        if users:
            return f"archive key {day} stays: {users} segments of other days need it"
        return f"archive key {day} {'destroyed' if self._footage.destroy_key(day) else 'was not there'}"

    async def _plan(self, camera_id: str | None, from_ns: int, to_ns: int) -> ErasurePlan:
        if camera_id is not None:
            return await self._look_up(ErasurePlan((camera_id,), from_ns, to_ns))
        cameras = await asyncio.to_thread(self._footage.find_cameras)
        days = [day for day in find_whole_days(from_ns, to_ns) if self._footage.has_key(self._name_day(day * DAY_NS))]
        return await self._look_up(ErasurePlan(tuple(cameras), from_ns, to_ns, tuple(days)))

    async def _find_left(self, order: ErasureOrder) -> ErasurePlan:
        return await self._look_up(ErasurePlan(order.cameras, order.from_ns, order.to_ns))

    async def _look_up(self, plan: ErasurePlan) -> ErasurePlan:
        volumes = (await self._storage.list_volumes()).items
        return await asyncio.to_thread(look_up, self._footage, plan, volumes, await self._holds.list_active())

    def _name_days(self, plan: ErasurePlan) -> list[str]:
        return [self._name_day(day * DAY_NS) for day in plan.days]

    async def _find_names(self) -> dict[str, str]:
        return {camera.id: camera.settings.name for camera in await self._cameras.list_all()}
