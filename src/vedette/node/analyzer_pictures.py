"""The analyzer's answers that are pictures: previews, and stored pictures with parts hidden. Decoded in the jail.

Masked pictures have paths of their own: an analyzer that does not know masks (an older one, while a system is
updated) must answer 404 and not a whole picture.
"""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vedette.core.errors import InvalidInputError, VedetteError
from vedette.node.still_pictures import StillPictures
from vedette.vision.wire import Masks

MAX_BODY_BYTES = 24 << 20
MAX_MASK_POINTS = 64
_STATUS = {"invalid": 422, "not_found": 404, "conflict": 409, "limited": 429}


def picture_routes(stills: StillPictures) -> list[Route]:
    """Routes that answer `image/jpeg`."""

    async def thumbnail(request: Request) -> bytes:
        width = _parse_width(request.query_params.get("width", "320"))
        return await stills.render_thumbnail(await read_body(request), width, [])

    async def masked_thumbnail(request: Request) -> bytes:
        width = _parse_width(request.query_params.get("width", "320"))
        masks = _parse_masks(request.query_params.get("masks", ""))
        return await stills.render_thumbnail(await read_body(request), width, masks)

    async def masked_picture(request: Request) -> bytes:
        masks = _parse_masks(request.query_params.get("masks", ""))
        return await stills.mask_picture(await read_body(request), masks)

    return [
        _post("/thumbnail", thumbnail),
        _post("/masked/thumbnail", masked_thumbnail),
        _post("/masked/picture", masked_picture),
    ]


def _post(path: str, draw: Callable[[Request], Awaitable[bytes]]) -> Route:
    async def answer(request: Request) -> Response:
        try:
            return Response(await draw(request), media_type="image/jpeg")
        except VedetteError as error:
            return problem(error)
        except TimeoutError:
            return JSONResponse({"code": "unavailable", "message": "no vision worker is ready"}, 503)

    return Route(path, answer, methods=["POST"])


def answer_route(method: str, path: str, answer: Callable[[Request], Awaitable[bytes]]) -> Route:
    """A route that answers with JSON, or says what is wrong."""

    async def respond(request: Request) -> Response:
        try:
            return Response(await answer(request), media_type="application/json")
        except VedetteError as error:
            return problem(error)

    return Route(path, respond, methods=[method])


async def read_body(request: Request, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > max_bytes:
            raise InvalidInputError(f"the body is larger than {max_bytes} bytes")
    return bytes(body)


def problem(error: VedetteError) -> Response:
    status = _STATUS.get(error.kind, 503)
    return JSONResponse({"code": error.code, "message": error.message, "hint": error.hint}, status)


def _parse_width(text: str) -> int:
    if not text.isdecimal() or not 16 <= int(text) <= 3840:
        raise InvalidInputError(f"width must be 16 to 3840, not {text!r}")
    return int(text)


def _parse_masks(text: str) -> Masks:
    """Reads outlines; none at all is refused: who asks for a masked picture has something to hide."""
    try:
        masks = msgspec.json.decode(text, type=Masks)
    except (msgspec.MsgspecError, ValueError) as exc:
        raise InvalidInputError(f"masks are no outlines: {exc}") from exc
    if not masks or not all(3 <= len(mask) <= MAX_MASK_POINTS for mask in masks):
        raise InvalidInputError(f"masks need outlines of 3 to {MAX_MASK_POINTS} points")
    return masks
