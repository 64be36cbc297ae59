"""The table of all routes. A feature plugs in by adding its router to `ROUTERS`.

Routers are kept flat (no router inside a router), so that every route is one entry that the guard can wrap
and a test can walk.
"""

import copy
from collections.abc import Sequence

from fastapi import APIRouter
from starlette.routing import BaseRoute

from vedette.api.access import Access, find_access
from vedette.api.routers import (
    cameras,
    categories,
    classify,
    erasures,
    events,
    evidence,
    exports,
    face_lists,
    file_jobs,
    footage,
    kept_categories,
    live,
    motion,
    playback,
    privacy,
    recordings,
    search,
    session,
    stills,
    storage,
    system,
    tracks,
    users,
    watchlists,
)

ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    users.router,
    cameras.router,
    privacy.router,
    motion.router,
    recordings.router,
    storage.router,
    erasures.router,
    events.router,
    live.router,
    playback.router,
    footage.router,
    stills.router,
    exports.router,
    file_jobs.router,
    kept_categories.router,
    classify.router,
    categories.router,
    tracks.router,
    watchlists.router,
    face_lists.router,
    search.router,
    evidence.router,
    system.router,
)


def declared_routes(routers: Sequence[APIRouter] = ROUTERS) -> list[tuple[BaseRoute, Access]]:
    """Returns a copy of every route with its declaration.

    Raises:
        UndeclaredRouteError: a route without one.
    """
    return [(copy.copy(route), find_access(route)) for router in routers for route in router.routes]
