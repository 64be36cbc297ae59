"""How a router of a feature begins: prefix, tag and the problem document that every route may answer."""

from typing import Any

from fastapi import APIRouter

from vedette.api.schemas.common import Problem

PREFIX = "/api/v1"
PROBLEM_MEDIA_TYPE = "application/problem+json"

_PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "What failed, why, and what to do (RFC 9457)",
        "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def feature_router(tag: str) -> APIRouter:
    """Makes the router of one feature. Its routes are guarded when the application is made."""
    return APIRouter(prefix=PREFIX, tags=[tag], responses=_PROBLEM, generate_unique_id_function=_route_name)


def _route_name(route: Any) -> str:
    """The endpoint's name is the operation id: unique in the house (a test checks), and readable in clients."""
    return str(route.name)


__all__ = ["PREFIX", "PROBLEM_MEDIA_TYPE", "Problem", "feature_router"]
