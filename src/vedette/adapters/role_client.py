"""Talks to the other roles of this box over their UNIX sockets. Every call has a timeout."""

import asyncio
from pathlib import Path

import httpx
import msgspec

from vedette.adapters.http_clients import open_unix_client
from vedette.core.assignment import AnalyzerAssignment, RecorderAssignment
from vedette.core.errors import UnavailableError, VedetteError
from vedette.runtime.clock import Clock

STATUS_TIMEOUT_S = 1.5
PUT_TIMEOUT_S = 10.0
STATUS_AGE_S = 0.9
MAX_ANSWER_BYTES = 16 << 20


class RoleDownError(UnavailableError):
    """A role does not answer on its socket."""

    code = "role_unavailable"


class RoleRefusedError(UnavailableError):
    """A role answers and says no."""

    code = "role_refused"


class RoleClient:
    """One role. Connections are kept open between calls; close it with `async with`."""

    def __init__(self, role: str, socket_path: Path) -> None:
        self.role = role
        self._client = open_unix_client(socket_path, role, PUT_TIMEOUT_S, most_connections=8)

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, timeout_s: float = STATUS_TIMEOUT_S) -> bytes:
        """Gets a path. Raises RoleDownError, RoleRefusedError."""
        return await self._send("GET", path, None, timeout_s)

    async def put(self, path: str, body: bytes, timeout_s: float = PUT_TIMEOUT_S) -> bytes:
        """Puts JSON to a path. Raises RoleDownError, RoleRefusedError."""
        return await self._send("PUT", path, body, timeout_s)

    async def put_assignment(self, assignment: RecorderAssignment | AnalyzerAssignment) -> None:
        """See `vedette.camera.dispatch.AssignmentTaker`."""
        await self.put("/assignment", msgspec.json.encode(assignment))

    async def _send(self, method: str, path: str, body: bytes | None, timeout_s: float) -> bytes:
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            answer = await self._client.request(method, path, content=body, headers=headers, timeout=timeout_s)
        except (httpx.HTTPError, OSError) as exc:
            raise RoleDownError(
                f"the {self.role} does not answer ({type(exc).__name__})",
                "It is restarted by itself; if this lasts, look at `vedette status` and its log.",
            ) from exc
        if answer.is_error:
            raise _refusal(self.role, answer.content)
        if len(answer.content) > MAX_ANSWER_BYTES:
            raise RoleRefusedError(f"the {self.role} sent an answer of {len(answer.content)} bytes")
        return answer.content


def _refusal(role: str, content: bytes) -> VedetteError:
    """Passes on what the role says (`{"message", "hint"}` or problem details), cut to a line."""
    message, hint = content[:300].decode(errors="replace").strip(), ""
    try:
        problem = msgspec.json.decode(content, type=dict[str, object])
        message = str(problem.get("message") or problem.get("detail") or message)[:300]
        hint = str(problem.get("hint", ""))[:300]
    except msgspec.DecodeError:
        pass  # plain text then
    return RoleRefusedError(f"the {role} refuses: {message}", hint)


class CachedStatus:
    """`GET /status` of a role, asked at most about once a second however many pages are open.

    A failure is remembered as long as an answer: with the role down, every page says so at once instead of
    each waiting for its own timeout.
    """

    def __init__(self, client: RoleClient, clock: Clock, max_age_s: float = STATUS_AGE_S) -> None:
        self._client = client
        self._clock = clock
        self._max_age_ns = int(max_age_s * 1e9)
        self._asked_ns: int | None = None
        self._answer: bytes = b""
        self._failure: UnavailableError | None = None
        self._asking = asyncio.Lock()

    async def read(self) -> bytes:
        """Returns the status as JSON. Raises UnavailableError when the role does not answer."""
        async with self._asking:
            now_ns = self._clock.mono_ns()
            if self._asked_ns is None or now_ns - self._asked_ns > self._max_age_ns:
                try:
                    self._answer, self._failure = await self._client.get("/status"), None
                except UnavailableError as exc:
                    self._failure = exc
                self._asked_ns = self._clock.mono_ns()
        if self._failure is not None:
            raise self._failure
        return self._answer
