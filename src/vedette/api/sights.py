"""How an endpoint that shows footage gets what its caller may see: declared in its signature.

Apart from `ports.py` because a dependency here reads the camera's id out of the path.
"""

from typing import Annotated

from fastapi import Depends, Path
from starlette.requests import HTTPConnection

from vedette.api.ports import SOCKET_KEY, find_caller, find_ports
from vedette.api.privacy_desk import CallerSight
from vedette.api.schemas.common import Id
from vedette.api.sockets import OpenSocket
from vedette.core.privacy import Sight


def _sight(connection: HTTPConnection) -> CallerSight:
    socket = connection.scope.get(SOCKET_KEY)
    return CallerSight(
        find_ports(connection).privacy, find_caller(connection), socket if isinstance(socket, OpenSocket) else None
    )


SightPort = Annotated[CallerSight, Depends(_sight)]


async def _camera_sight(camera_id: Annotated[Id, Path()], sight: SightPort) -> Sight:
    return await sight.find(camera_id)


CameraSightPort = Annotated[Sight, Depends(_camera_sight)]
"""What the caller may see of the camera in the path. `Sight.whole()` is the key to services that cannot mask."""


def masked_header(sight: Sight) -> dict[str, str]:
    """Says that parts of the answered picture are filled; such an answer is not kept by the browser."""
    return {"X-Vedette-Masked": "1", "Cache-Control": "no-store"} if sight.masked else {}
