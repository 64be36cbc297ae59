"""Talks to the analyzer about jobs of uploaded files, on its UNIX socket. Files pass through; nothing is kept here."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import msgspec

from vedette.adapters.analyzer_link import STATUS_KINDS, AnalyzerLink, decode_answer, read_refusal
from vedette.adapters.role_client import RoleDownError
from vedette.core.errors import VedetteError
from vedette.core.ids import is_id
from vedette.vision.file_jobs import FileJob, JobChange, JobMatching, JobSearching, JobTerms, NoSuchJobError

_TIMEOUT = httpx.Timeout(30.0)
_DOWN_HINT = "It is restarted by itself; jobs go on where they can. If this lasts, look at `vedette status`."


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file, or the asked range of it, as the analyzer sends it."""

    status: int
    headers: Mapping[str, str]
    blocks: AsyncIterator[bytes]


class FileJobsClient:
    """See `vedette.api.ports.FileJobs`. Close it."""

    def __init__(self, socket_path: Path) -> None:
        self._link = AnalyzerLink(socket_path, _TIMEOUT, _refuse, _DOWN_HINT)

    async def close(self) -> None:
        await self._link.close()

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
        return decode_answer(await self._link.send("POST", "/jobs", body, parameters), FileJob)

    async def list_jobs(self) -> list[FileJob]:
        """All jobs, newest first."""
        return decode_answer(await self._link.send("GET", "/jobs"), list[FileJob])

    async def find(self, job_id: str) -> FileJob:
        return decode_answer(await self._link.send("GET", _path(job_id)), FileJob)

    async def change(self, job_id: str, change: JobChange) -> FileJob:
        return decode_answer(await self._link.send("PATCH", _path(job_id), msgspec.json.encode(change)), FileJob)

    async def remove(self, job_id: str) -> None:
        await self._link.send("DELETE", _path(job_id))

    @asynccontextmanager
    async def open_file(self, job_id: str, name: str, byte_range: str | None) -> AsyncIterator[SentFile]:
        """A result file while the context is open. `byte_range`: the Range header of the asker."""
        headers = {"Range": byte_range} if byte_range else {}
        path = f"{_path(job_id)}/files/{quote(name)}"
        try:
            async with self._link.client.stream("GET", path, headers=headers) as answer:
                if answer.is_error and answer.status_code != httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                    raise _refuse(answer.status_code, await answer.aread())
                yield SentFile(answer.status_code, answer.headers, answer.aiter_raw(1 << 20))
        except (httpx.HTTPError, OSError) as exc:
            raise self._link.down(exc) from exc


def _path(job_id: str) -> str:
    if not is_id(job_id):
        raise NoSuchJobError
    return f"/jobs/{job_id}"


def _refuse(status: int, content: bytes) -> VedetteError:
    refusal = read_refusal(content, 500, 300)
    if refusal.code == NoSuchJobError.code:
        return NoSuchJobError()
    return STATUS_KINDS.get(status, RoleDownError)(refusal.message, refusal.hint)
