"""Errors on the wire: one table from error kind to HTTP status, one shape (RFC 9457).

The shape never repeats what was sent: a password in a wrong field must not come back or reach a log.
"""

import math

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from vedette.api.features import PROBLEM_MEDIA_TYPE
from vedette.api.schemas.common import FieldError, Problem
from vedette.core.errors import TooManyRequestsError, VedetteError
from vedette.core.faults import FaultyInputError
from vedette.runtime.log import get_logger

STATUS_OF_KIND: dict[str, tuple[int, str]] = {
    "invalid": (422, "The request breaks a rule"),
    "not_found": (404, "Not found"),
    "conflict": (409, "Conflict with the present state"),
    "unauthenticated": (401, "Not logged in"),
    "forbidden": (403, "Not allowed"),
    "limited": (429, "Too many requests"),
    "unavailable": (503, "Not available now"),
    "storage": (503, "Storage failed"),
    "internal": (500, "Internal error"),
}

_TITLES = {404: "Not found", 405: "Method not allowed", 413: "Request too large"}
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
_log = get_logger("api")


def _respond(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    return Response(
        problem.model_dump_json(),
        status_code=problem.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=headers,
    )


def describe(error: VedetteError) -> Problem:
    """Turns an error of the house into a problem document."""
    status, title = STATUS_OF_KIND.get(error.kind, STATUS_OF_KIND["internal"])
    errors = []
    if isinstance(error, FaultyInputError):
        errors = [FieldError(field=fault.field, message=fault.message) for fault in error.faults]
    return Problem(
        type=f"urn:vedette:problem:{error.code}",
        title=title,
        status=status,
        detail=error.message,
        code=error.code,
        hint=error.hint,
        errors=errors,
    )


async def on_vedette_error(_: Request, exc: Exception) -> Response:
    """Answers an error that the house raised on purpose."""
    if not isinstance(exc, VedetteError):
        raise exc
    problem = describe(exc)
    headers: dict[str, str] = {}
    if isinstance(exc, TooManyRequestsError):
        headers["Retry-After"] = str(max(1, math.ceil(exc.retry_after_s)))
    if problem.status >= 500:
        _log.warning("request failed", code=problem.code, detail=problem.detail)
    return _respond(problem, headers)


async def on_validation_error(_: Request, exc: Exception) -> Response:
    """Answers a request whose form is wrong, with every fault and without what was sent."""
    if not isinstance(exc, RequestValidationError):
        raise exc
    errors = [
        FieldError(field=".".join(str(part) for part in fault["loc"][1:]), message=str(fault["msg"]))
        for fault in exc.errors()
    ]
    detail = "; ".join(f"{error.field}: {error.message}" for error in errors[:5])
    return _respond(
        Problem(
            type="urn:vedette:problem:invalid_request",
            title=STATUS_OF_KIND["invalid"][1],
            status=422,
            detail=detail or "the request has a wrong form",
            code="invalid_request",
            hint="The fields and their rules are in /api/openapi.json.",
            errors=errors,
        )
    )


async def on_http_exception(_: Request, exc: Exception) -> Response:
    """Answers what the framework refuses by itself: unknown paths, methods, bodies that are no JSON."""
    if not isinstance(exc, HTTPException):
        raise exc
    status = exc.status_code
    problem = Problem(
        type=f"urn:vedette:problem:{_CODES.get(status, 'http_error')}",
        title=_TITLES.get(status, "The request was refused"),
        status=status,
        detail=str(exc.detail),
        code=_CODES.get(status, "http_error"),
        hint="",
    )
    return _respond(problem, dict(exc.headers or {}))


async def on_unexpected(request: Request, exc: Exception) -> Response:
    """Answers a mistake of ours: the log has the trace, the client does not."""
    _log.error("unexpected error", path=request.url.path, exc_info=exc)
    return _respond(
        Problem(
            type="urn:vedette:problem:internal",
            title=STATUS_OF_KIND["internal"][1],
            status=500,
            detail="Vedette made a mistake; the log of the gateway has the details.",
            code="internal",
            hint="Try again; report it with the time if it happens again.",
        )
    )
