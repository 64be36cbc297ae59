"""How a route says who may use it. A route that says nothing stops the application from being made.

The declaration is a decorator on the endpoint, next to the path:

    @router.get("/cameras")
    @allows(Permission.CAMERA_VIEW)
    async def list_cameras(...): ...

`audit` names the action that the guard writes into the audit trail when the request is let in (media access);
changes are written by the feature's service, refusals and logins always. Design: docs/design/api.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from starlette.routing import BaseRoute

from vedette.core.errors import VedetteError
from vedette.identity.permissions import Permission

_ATTRIBUTE = "__vedette_access__"
MAX_BODY_BYTES = 256 * 1024
_Endpoint = TypeVar("_Endpoint", bound=Callable[..., object])


class Standing(StrEnum):
    """What a route asks of a caller where no permission is meant."""

    PUBLIC = "public"
    ANY_USER = "any user"


@dataclass(frozen=True, slots=True)
class Access:
    """The declaration of one route."""

    needs: Permission | Standing
    audit: str = ""
    max_body_bytes: int = MAX_BODY_BYTES


class UndeclaredRouteError(VedetteError):
    """A route has no permission: a mistake of ours, found before anything is served."""

    code = "undeclared_route"


def allows(
    needs: Permission | Standing, *, audit: str = "", max_body_bytes: int = MAX_BODY_BYTES
) -> Callable[[_Endpoint], _Endpoint]:
    """Declares who may use the decorated endpoint (HTTP or WebSocket), and how much it takes."""

    def declare(endpoint: _Endpoint) -> _Endpoint:
        setattr(endpoint, _ATTRIBUTE, Access(needs, audit, max_body_bytes))
        return endpoint

    return declare


def find_access(route: BaseRoute) -> Access:
    """Returns the declaration of a route.

    Raises:
        UndeclaredRouteError: the endpoint behind this route was not decorated with `allows`.
    """
    access = getattr(getattr(route, "endpoint", None), _ATTRIBUTE, None)
    if not isinstance(access, Access):
        raise UndeclaredRouteError(
            f"the route {getattr(route, 'path', route)!r} declares no permission",
            "Decorate its endpoint with @allows(...).",
        )
    return access
