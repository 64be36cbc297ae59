"""Talks to the analyzer about jobs of uploaded files, on its UNIX socket. Files pass through; nothing is kept here."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from vedette.adapters.role_client import RoleDownError
from vedette.core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    TooManyRequestsError,
    VedetteError,
)
from vedette.core.ids import is_id
from vedette.vision.file_jobs import FileJob, JobChange, JobMatching, JobSearching, JobTerms, NoSuchJobError

_TIMEOUT = httpx.Timeout(30.0)
_KINDS: dict[int, type[VedetteError]] = {
    404: NotFoundError,
    409: ConflictError,
    422: InvalidInputError,
    429: TooManyRequestsError,
}
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file, or the asked range of it, as the analyzer sends it."""

    status: int
    headers: Mapping[str, str]
    blocks: AsyncIterator[bytes]


class FileJobsClient:
    """See `vedette.api.ports.FileJobs`. Close it."""

    def __init__(self, socket_path: Path) -> None:
        transport = httpx.AsyncHTTPTransport(uds=str(socket_path))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://analyzer", timeout=_TIMEOUT)

    async def close(self) -> None:
        await self._client.aclose()

    async def add(
        self,
        name: str,
        terms: JobTerms,
        owner: tuple[str, str],
        body: AsyncIterator[bytes],
        *,
        annotate: bool,
        matching: JobMatching,
        searching: JobSearching,
    ) -> FileJob:
        """Passes a file on. `owner`: id and name of a user. Raises what the analyzer says."""
        order = {"name": name, "owner": owner[0], "owner_name": owner[1], "terms": terms}
        order |= {"annotate": annotate, "matching": matching, "searching": searching}
        parameters = {"order": msgspec.json.encode(order).decode()}
        return _decode(await self._send("POST", "/jobs", body, parameters), FileJob)

    async def list_jobs(self) -> list[FileJob]:
        """All jobs, newest first."""
        return _decode(await self._send("GET", "/jobs"), list[FileJob])

    async def find(self, job_id: str) -> FileJob:
        return _decode(await self._send("GET", _path(job_id)), FileJob)

    async def change(self, job_id: str, change: JobChange) -> FileJob:
        return _decode(await self._send("PATCH", _path(job_id), msgspec.json.encode(change)), FileJob)

    async def remove(self, job_id: str) -> None:
        await self._send("DELETE", _path(job_id))

    @asynccontextmanager
    async def open_file(self, job_id: str, name: str, byte_range: str | None) -> AsyncIterator[SentFile]:
        """A result file while the context is open. `byte_range`: the Range header of the asker."""
        headers = {"Range": byte_range} if byte_range else {}
        path = f"{_path(job_id)}/files/{quote(name)}"
        try:
            async with self._client.stream("GET", path, headers=headers) as answer:
                if answer.is_error and answer.status_code != httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                    raise _refusal(answer.status_code, await answer.aread())
                yield SentFile(answer.status_code, answer.headers, answer.aiter_raw(1 << 20))
        except (httpx.HTTPError, OSError) as exc:
            raise _down(exc) from exc

    async def _send(
        self,
        method: str,
        path: str,
        body: bytes | AsyncIterator[bytes] | None = None,
        parameters: dict[str, str] | None = None,
    ) -> bytes:
        try:
            answer = await self._client.request(method, path, content=body, params=parameters)
        except (httpx.HTTPError, OSError) as exc:
            raise _down(exc) from exc
        if answer.is_error:
            raise _refusal(answer.status_code, answer.content)
        return answer.content


def _path(job_id: str) -> str:
    if not is_id(job_id):
        raise NoSuchJobError
    return f"/jobs/{job_id}"


def _decode(content: bytes, form: type[_Answer]) -> _Answer:
    try:
        return msgspec.json.decode(content, type=form)
    except msgspec.MsgspecError as exc:
        raise RoleDownError(f"the analyzer's answer cannot be read: {exc}") from exc


def _down(exc: Exception) -> RoleDownError:
    return RoleDownError(
        f"the analyzer does not answer ({type(exc).__name__})",
        "It is restarted by itself; jobs go on where they can. If this lasts, look at `vedette status`.",
    )


def _refusal(status: int, content: bytes) -> VedetteError:
    try:
        problem = msgspec.json.decode(content, type=dict[str, str])
    except msgspec.MsgspecError:
        problem = {}
    if problem.get("code") == NoSuchJobError.code:
        return NoSuchJobError()
    message, hint = problem.get("message", "the analyzer refuses")[:500], problem.get("hint", "")[:300]
    return _KINDS.get(status, RoleDownError)(message, hint)
