"""Takes files for analysis: who asks, whose job it is, and what is written down.

Everybody sees his own jobs; administrators see all. Somebody else's is answered like one that never was.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from vedette.identity.audit import AuditTrail
from vedette.identity.permissions import Caller, Role
from vedette.vision.file_jobs import FileJob, JobChange, JobTerms, NoSuchJobError


class SentFile(Protocol):
    """A file or a range of it, on its way."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def blocks(self) -> AsyncIterator[bytes]: ...


class FileJobs(Protocol):
    """The analyzer's jobs. Raises UnavailableError when it does not answer."""

    async def add(
        self, name: str, terms: JobTerms, owner: tuple[str, str], body: AsyncIterator[bytes], *, annotate: bool
    ) -> FileJob: ...
    async def list_jobs(self) -> list[FileJob]: ...
    async def find(self, job_id: str) -> FileJob: ...
    async def change(self, job_id: str, change: JobChange) -> FileJob: ...
    async def remove(self, job_id: str) -> None: ...
    def open_file(self, job_id: str, name: str, byte_range: str | None) -> AbstractAsyncContextManager[SentFile]: ...


class FileJobDesk:
    """See the module's head."""

    def __init__(self, jobs: FileJobs, audit: AuditTrail) -> None:
        self._jobs = jobs
        self._audit = audit

    async def add(
        self, caller: Caller, name: str, terms: JobTerms, body: AsyncIterator[bytes], *, annotate: bool
    ) -> FileJob:
        """Passes an upload on; written down with its hash once it is there."""
        job = await self._jobs.add(name, terms, (caller.user_id, caller.name), body, annotate=annotate)
        await self._audit.record(caller, "file.analyze", job.job_id, detail=f"{job.name} sha256 {job.sha256}")
        return job

    async def list_jobs(self, caller: Caller) -> list[FileJob]:
        return [job for job in await self._jobs.list_jobs() if _may_see(caller, job)]

    async def find(self, caller: Caller, job_id: str) -> FileJob:
        """Raises NoSuchJobError."""
        job = await self._jobs.find(job_id)
        if not _may_see(caller, job):
            raise NoSuchJobError
        return job

    async def change(self, caller: Caller, job_id: str, change: JobChange) -> FileJob:
        await self.find(caller, job_id)
        return await self._jobs.change(job_id, change)

    async def remove(self, caller: Caller, job_id: str) -> None:
        job = await self.find(caller, job_id)
        await self._audit.record(caller, "file.analyze_remove", job_id, detail=job.name)
        await self._jobs.remove(job_id)

    async def open_file(
        self, caller: Caller, job_id: str, name: str, byte_range: str | None
    ) -> AbstractAsyncContextManager[SentFile]:
        """A result file, to be entered."""
        await self.find(caller, job_id)
        return self._jobs.open_file(job_id, name, byte_range)


def _may_see(caller: Caller, job: FileJob) -> bool:
    return caller.role is Role.ADMINISTRATOR or job.owner == caller.user_id
