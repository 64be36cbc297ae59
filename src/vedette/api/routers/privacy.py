"""Privacy zones of a camera: what is hidden from callers without `privacy.unmask`."""

from typing import Annotated

from fastapi import Path

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.ports import CallerPort, PrivacyPort
from vedette.api.schemas.common import Id
from vedette.api.schemas.privacy import PrivacyIn, PrivacyOut, privacy_out
from vedette.identity.permissions import Permission

router = feature_router("privacy")
CameraId = Annotated[Id, Path()]


@router.get("/cameras/{camera_id}/privacy")
@allows(Permission.CAMERA_VIEW)
async def show_privacy(camera_id: CameraId, privacy: PrivacyPort) -> PrivacyOut:
    """Shows the privacy zones of a camera."""
    return privacy_out(await privacy.show_zones(camera_id))


@router.put("/cameras/{camera_id}/privacy")
@allows(Permission.PRIVACY_CONFIGURE)
async def replace_privacy(camera_id: CameraId, body: PrivacyIn, caller: CallerPort, privacy: PrivacyPort) -> PrivacyOut:
    """Replaces the privacy zones of a camera, all or none. Every change is in the audit trail, old and new.

    It holds at once, for open live and playback sockets too. Recordings stay as they are: what is hidden is hidden
    when it is shown, also in footage from before the zone.
    """
    return privacy_out(await privacy.replace_zones(caller, camera_id, body.forms()))
