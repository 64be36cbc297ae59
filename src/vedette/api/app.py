"""Makes the application: every route guarded, or no application.

`create_app` takes ports and constructs nothing of the house. A feature plugs in through
`vedette.api.routes.ROUTERS` and a field of `GatewayPorts`. Design: docs/design/api.md.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from vedette.api.access import Access, Standing, UndeclaredRouteError, allows, find_access
from vedette.api.console import BUILT_CONSOLE, console_route
from vedette.api.guard import Guard, Watch
from vedette.api.headers import SecurityHeaders
from vedette.api.openapi import document_text
from vedette.api.ports import GatewayPorts
from vedette.api.problems import on_http_exception, on_unexpected, on_validation_error, on_vedette_error
from vedette.api.routes import ROUTERS, declared_routes
from vedette.core.errors import VedetteError


def create_app(
    ports: GatewayPorts,
    watch: Watch,
    *,
    routers: Sequence[APIRouter] = ROUTERS,
    console: Path = BUILT_CONSOLE,
) -> FastAPI:
    """Makes the application from its ports.

    Raises:
        UndeclaredRouteError: a route declares no permission, or is of a kind that cannot be guarded.
    """
    routes = [
        *declared_routes(routers),
        *((route, find_access(route)) for route in (_openapi_route(), console_route(console))),
    ]
    app = FastAPI(
        title="Vedette",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        routes=[_guard(route, access, watch) for route, access in routes],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={
            VedetteError: on_vedette_error,
            RequestValidationError: on_validation_error,
            HTTPException: on_http_exception,
            Exception: on_unexpected,
        },
    )
    app.state.ports = ports
    # From here on the table is closed: a route added later would not have passed the guard.
    app.router.routes = cast("list[BaseRoute]", tuple(app.router.routes))
    return app


def _guard(route: BaseRoute, access: Access, watch: Watch) -> BaseRoute:
    if not isinstance(route, Route | WebSocketRoute):
        raise UndeclaredRouteError(f"the route {route!r} is of a kind that cannot be guarded")
    route.app = Guard(route.app, access, watch)
    return route


def _openapi_route() -> Route:
    @allows(Standing.PUBLIC)
    async def show_openapi(_: Request) -> Response:
        return Response(document_text(), media_type="application/json")

    return Route("/api/openapi.json", show_openapi, include_in_schema=False)
