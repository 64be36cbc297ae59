"""Which cameras a list of faces looks at in vain, because faces are not switched on there. Pure."""

from collections.abc import Sequence

from vedette.camera.inventory import Camera
from vedette.core.watchlists import ListSubject, Watchlist

_FACES = "faces"


def find_cameras_without_faces(watchlist: Watchlist, inventory: Sequence[Camera]) -> list[str]:
    """Ids of enabled cameras of the list that do not recognise faces; none of a list of vehicles.

    A camera makes no template until an administrator switches its faces on: a list alone never does that.
    """
    if watchlist.subject is not ListSubject.FACES:
        return []
    return [camera.id for camera in inventory if watchlist.looks_at(camera.id) and not _recognises_faces(camera)]


def _recognises_faces(camera: Camera) -> bool:
    settings = camera.settings
    return not settings.enabled or _FACES in settings.analysis.recognize
