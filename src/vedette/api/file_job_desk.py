"""Takes files for analysis: who asks, whose job it is, and what is written down.

Everybody sees his own jobs; administrators see all. Somebody else's is answered like one that never was.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from msgspec.structs import replace

from vedette.api.face_sight import check_may_see_list
from vedette.api.gate import MissingPermissionError
from vedette.api.search_words import KeptSets
from vedette.core.errors import ConflictError, InvalidInputError
from vedette.identity.audit import AuditTrail
from vedette.identity.export_limits import MAX_PURPOSE_CHARS, PurposeRequiredError
from vedette.identity.permissions import Caller, Permission, Role
from vedette.vision.file_jobs import FileJob, JobChange, JobList, JobMatching, JobSearching, JobTerms, NoSuchJobError
from vedette.watchlists.records import WatchlistRecord


class SentFile(Protocol):
    """A file or a range of it, on its way."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def blocks(self) -> AsyncIterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class WantedLists:
    """The lists that a caller names for a file, and why."""

    list_ids: Sequence[str] = ()
    purpose: str = ""


NO_LISTS = WantedLists()
PLAIN = JobSearching()


class ListOffError(ConflictError):
    """The list is not matched with anything at the moment."""

    code = "watchlist_off"


class NoSuchSetError(InvalidInputError):
    """A file is to be told categories that nobody taught, or that are deleted."""

    code = "categories_not_kept"


class Lists(Protocol):
    """The system's lists. Raises NoSuchWatchlistError."""

    async def find_list(self, list_id: str) -> WatchlistRecord: ...


class Cameras(Protocol):
    """The system's cameras. Raises NoSuchCameraError."""

    async def find_camera(self, camera_id: str) -> object: ...


class FileJobs(Protocol):
    """The analyzer's jobs. Raises UnavailableError when it does not answer."""

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
    ) -> FileJob: ...
    async def list_jobs(self) -> list[FileJob]: ...
    async def find(self, job_id: str) -> FileJob: ...
    async def change(self, job_id: str, change: JobChange) -> FileJob: ...
    async def remove(self, job_id: str) -> None: ...
    def open_file(self, job_id: str, name: str, byte_range: str | None) -> AbstractAsyncContextManager[SentFile]: ...


class FileJobDesk:
    """See the module's head."""

    def __init__(self, jobs: FileJobs, lists: Lists, cameras: Cameras, sets: KeptSets, audit: AuditTrail) -> None:
        self._jobs = jobs
        self._lists = lists
        self._cameras = cameras
        self._sets = sets
        self._audit = audit

    async def add(
        self,
        caller: Caller,
        name: str,
        terms: JobTerms,
        body: AsyncIterator[bytes],
        *,
        annotate: bool,
        wanted: WantedLists = NO_LISTS,
        searching: JobSearching = PLAIN,
    ) -> FileJob:
        """Passes an upload on; written down with its hash once it is there, and with its lists before.

        Raises:
            MissingPermissionError, NoSuchWatchlistError, ListOffError: of the lists.
            PurposeRequiredError: faces are looked for, or people kept to be found, without a stated purpose.
            NoSuchCameraError: it is said to be of a camera that there is not.
            NoSuchSetError: a set of categories is not kept.
        """
        await self._check_sets(terms)
        matching = await self._find_lists(caller, wanted)
        if searching.camera_id:
            await self._cameras.find_camera(searching.camera_id)
        if searching.kept:
            purpose = _check_kept(caller, wanted.purpose)
            matching = replace(matching, purpose=purpose)
            detail = f"{name}: people are kept to be found by {' and '.join(searching.kept)}: {purpose}"
            await self._audit.record(caller, "file.keep", detail=detail)
        for named in matching.lists:
            detail = f"{name} matched with the list {named.name}: {matching.purpose or 'no purpose given'}"
            await self._audit.record(caller, "file.match", named.list_id, detail=detail)
        owner = (caller.user_id, caller.name)
        job = await self._jobs.add(name, terms, owner, body, annotate=annotate, matching=matching, searching=searching)
        await self._audit.record(caller, "file.analyze", job.job_id, detail=f"{job.name} sha256 {job.sha256}")
        return job

    async def _check_sets(self, terms: JobTerms) -> None:
        kept = await self._sets.list_names() if terms.categories else ()
        strange = [name for name in terms.categories if name not in kept]
        if strange:
            raise NoSuchSetError(
                f"no set of categories {', '.join(strange)} is kept",
                f"Kept: {', '.join(kept)}." if kept else "Teach one first, or leave it out.",
            )

    async def _find_lists(self, caller: Caller, wanted: WantedLists) -> JobMatching:
        """Whoever may not see a list may not match with it either: what fits would tell who is on it."""
        if not wanted.list_ids:
            return JobMatching()
        if not caller.may(Permission.WATCHLIST_VIEW):
            raise MissingPermissionError(
                f"matching with lists needs the permission {Permission.WATCHLIST_VIEW.value}",
                "Ask an administrator for a role that has it.",
            )
        lists = [(await self._lists.find_list(list_id)).watchlist for list_id in dict.fromkeys(wanted.list_ids)]
        for watchlist in lists:
            check_may_see_list(caller, watchlist)
            if not watchlist.enabled:
                raise ListOffError(f"the list {watchlist.name} is switched off", "Switch it on, or leave it out.")
        named = [JobList(watchlist.list_id, watchlist.name, watchlist.subject) for watchlist in lists]
        matching = JobMatching(named, wanted.purpose.strip()[:MAX_PURPOSE_CHARS])
        if matching.has_faces and not matching.purpose:
            raise PurposeRequiredError("faces are looked for only for a stated purpose", "Say why in 'purpose'.")
        return matching

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


def _check_kept(caller: Caller, purpose: str) -> str:
    """The purpose for which people of a file are kept to be found by face or appearance."""
    if not caller.may(Permission.BIOMETRIC_SEARCH):
        raise MissingPermissionError(
            f"keeping people to be found again needs the permission {Permission.BIOMETRIC_SEARCH.value}",
            "Ask an administrator for a role that has it.",
        )
    if not purpose.strip():
        raise PurposeRequiredError(
            "people are kept to be found by face or appearance only for a stated purpose", "Say why in 'purpose'."
        )
    return purpose.strip()[:MAX_PURPOSE_CHARS]


def _may_see(caller: Caller, job: FileJob) -> bool:
    """A file that was matched with faces tells who is on a list: without `face.view` there is no such job."""
    if job.matching.has_faces and not caller.may(Permission.FACE_VIEW):
        return False
    return caller.role is Role.ADMINISTRATOR or job.owner == caller.user_id
