"""The notary's HTTP interface on its UNIX socket (docs/design/contracts.md)."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from vedette.core.errors import InvalidInputError, VedetteError
from vedette.evidence.proofs import CameraProof, LogHead, ProofRequest, SignRequest

MOST_BODY_BYTES = 1 << 16
_STATUS = {"invalid": 400, "conflict": 409}
_STATES = {"holds": 1, "weakened": 0.5, "absent": 0}
_Asked = TypeVar("_Asked")


class NotaryDesk(Protocol):
    """What the socket asks."""

    async def take_head(self) -> LogHead: ...
    async def prove(self, request: ProofRequest) -> CameraProof: ...
    async def sign_manifest(self, request: SignRequest) -> str: ...
    async def rotate_key(self, reason: str, overlap_h: int) -> str: ...
    def status(self) -> dict[str, object]: ...


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    reason: str
    overlap_h: int


def make_notary_app(desk: NotaryDesk) -> Starlette:
    """The routes of one notary."""

    async def checkpoint(_: Request) -> object:
        return await desk.take_head()

    async def proofs(request: Request) -> object:
        return await desk.prove(await _read(request, ProofRequest))

    async def sign(request: Request) -> object:
        return {"note": await desk.sign_manifest(await _read(request, SignRequest))}

    async def rotate(request: Request) -> object:
        asked = await _read(request, _Change)
        return {"fingerprint": await desk.rotate_key(asked.reason, asked.overlap_h)}

    async def status(_: Request) -> object:
        return desk.status()

    async def metrics(_: Request) -> Response:
        return PlainTextResponse(_format_metrics(desk.status()), media_type="text/plain; version=0.0.4")

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            Route("/checkpoint", _answer(checkpoint), methods=["POST"]),
            Route("/proofs", _answer(proofs), methods=["POST"]),
            Route("/sign-manifest", _answer(sign), methods=["POST"]),
            Route("/rotate-key", _answer(rotate), methods=["POST"]),
            Route("/status", _answer(status)),
            Route("/metrics", metrics),
            Route("/healthz", healthz),
        ]
    )


def _answer(ask: Callable[[Request], Awaitable[object]]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            found = await ask(request)
        except VedetteError as error:
            problem = {"code": error.code, "kind": error.kind, "message": error.message, "hint": error.hint}
            return JSONResponse(problem, status_code=_STATUS.get(error.kind, 503))
        return Response(msgspec.json.encode(found), media_type="application/json")

    return endpoint


async def _read(request: Request, form: type[_Asked]) -> _Asked:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            raise InvalidInputError("the question is too long")
    try:
        return msgspec.json.decode(bytes(body), type=form)
    except msgspec.MsgspecError as exc:
        raise InvalidInputError(f"the question cannot be read: {exc}") from exc


def _format_metrics(status: dict[str, object]) -> str:
    checkpoint = status["checkpoint"]
    size = checkpoint["size"] if isinstance(checkpoint, dict) else 0
    holds = _STATES.get(str(status["state"]), 0)
    return (
        "# HELP vedette_evidence_log_holds 1 holds, 0.5 weakened, 0 absent\n"
        f"# TYPE vedette_evidence_log_holds gauge\nvedette_evidence_log_holds {holds}\n"
        "# HELP vedette_evidence_site_leaves Leaves of the signed site log\n"
        f"# TYPE vedette_evidence_site_leaves counter\nvedette_evidence_site_leaves {size}\n"
    )
