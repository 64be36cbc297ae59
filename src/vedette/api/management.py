"""The gateway's own socket: health, metrics, and the API for the local administrator.

Whoever may open the socket (mode 0600 in a directory of mode 0700) owns the data directory, and acts as the
administrator `local`. The mark in the scope can only be set here: clients cannot send scope keys.
"""

from collections.abc import Awaitable, Callable

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from vedette.api.gate import LOCAL_KEY

METRICS_TYPE = "text/plain; version=0.0.4"


class ManagementApp:
    """Answers /healthz, /readyz, /status and /metrics itself and passes everything else to the API."""

    def __init__(
        self,
        api: ASGIApp,
        *,
        find_unready: Callable[[], Awaitable[str]],
        describe: Callable[[], dict[str, object]],
        format_metrics: Callable[[], str],
    ) -> None:
        self._api = api
        self._find_unready = find_unready
        self._describe = describe
        self._format_metrics = format_metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            answer = await self._answer(scope["path"])
            if answer is not None:
                await answer(scope, receive, send)
                return
        scope[LOCAL_KEY] = True
        await self._api(scope, receive, send)

    async def _answer(self, path: str) -> Response | None:
        match path:
            case "/healthz":
                return PlainTextResponse("ok\n")
            case "/readyz":
                reason = await self._find_unready()
                return PlainTextResponse(f"{reason}\n" if reason else "ready\n", status_code=503 if reason else 200)
            case "/status":
                return JSONResponse(self._describe())
            case "/metrics":
                return PlainTextResponse(self._format_metrics(), media_type=METRICS_TYPE)
            case _:
                return None
