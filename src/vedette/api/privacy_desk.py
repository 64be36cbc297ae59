"""Decides what a caller may see of a camera, and changes what is hidden. The one choke point of all footage.

Every way to footage takes a `Sight` (`vedette.core.privacy`) and this is where they are made for callers. A token
has the permissions of its scopes: one that does not name `privacy.unmask` sees as masked as anybody without it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vedette.api.sockets import OpenSocket, OpenSockets
from vedette.api.streaming_ports import MaskedFeeds
from vedette.camera.administration import CameraAdministration
from vedette.camera.privacy import PrivacyAdministration
from vedette.camera.privacy_zones import ZoneForm, describe_zone_changes, find_uncovered, read_zones
from vedette.core.privacy import PrivacyZone, Sight
from vedette.events.own_events import OwnEvents
from vedette.identity.audit import AuditTrail
from vedette.identity.permissions import Caller, Permission
from vedette.runtime.clock import Clock, new_id


class PrivacyDesk:
    """See the module's head."""

    def __init__(
        self,
        *,
        zones: PrivacyAdministration,
        cameras: CameraAdministration,
        sockets: OpenSockets,
        feeds: Sequence[MaskedFeeds],
        audit: AuditTrail,
        alarms: OwnEvents,
        clock: Clock,
    ) -> None:
        self._zones = zones
        self._cameras = cameras
        self._sockets = sockets
        self._feeds = feeds
        self._audit = audit
        self._alarms = alarms
        self._clock = clock

    async def look(self, caller: Caller, camera_id: str) -> Sight:
        """Finds what a caller may see of a camera now. Whether there is such a camera is not asked here."""
        if caller.may(Permission.PRIVACY_UNMASK):
            return Sight(camera_id)
        return Sight(camera_id, await self._zones.find_zones(camera_id))

    async def show_zones(self, camera_id: str) -> tuple[PrivacyZone, ...]:
        """Raises NotFoundError."""
        await self._cameras.find_camera(camera_id)
        return await self._zones.find_zones(camera_id)

    async def replace_zones(self, caller: Caller, camera_id: str, forms: Sequence[ZoneForm]) -> tuple[PrivacyZone, ...]:
        """Replaces the zones of a camera, all or none; who sees it masked starts anew at once.

        Raises:
            NotFoundError, InvalidPrivacyZonesError
        """
        await self._cameras.find_camera(camera_id)
        wanted = read_zones(forms, [new_id(self._clock) for _ in forms])
        before, after = await self._zones.replace_zones(camera_id, wanted)
        if before != after:
            for feed in self._feeds:
                feed.drop(camera_id)
            self._sockets.close_masked(camera_id)
        for line in describe_zone_changes(before, after):
            await self._audit.record(caller, "privacy.change", camera_id, detail=line)
        await self._alarms.tell_weakenings(caller.name, camera_id, find_uncovered(before, after))
        return after


@dataclass(frozen=True, slots=True)
class CallerSight:
    """The desk as one request asks it: `find` is its `vedette.core.privacy.LookAt`."""

    desk: PrivacyDesk
    caller: Caller
    socket: OpenSocket | None

    async def find(self, camera_id: str) -> Sight:
        """The socket is marked before the zones are read: a change in between closes it."""
        if self.socket is not None:
            self.socket.cameras.add(camera_id)
        return await self.desk.look(self.caller, camera_id)
