"""Files that people bring: analysed as cameras are, one job each. The results are files of the documented forms."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated, Literal

from fastapi import Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.file_job_desk import SentFile, WantedLists
from vedette.api.ports import CallerPort, FileJobsPort
from vedette.api.schemas.common import Id, When
from vedette.api.schemas.file_jobs import FileJobChangeIn, FileJobList, FileJobOut, file_job_out
from vedette.api.times import to_ns
from vedette.identity.export_limits import MAX_PURPOSE_CHARS
from vedette.identity.permissions import Permission
from vedette.vision.file_jobs import (
    MAX_INPUT_BYTES,
    MAX_NAME_CHARS,
    MAX_SETS,
    JobChange,
    JobSearching,
    JobState,
    JobTerms,
)
from vedette.vision.tiles import MAX_TILES

router = feature_router("files")
JobId = Annotated[Id, Path()]
_PASSED_ON = ("content-length", "content-range", "accept-ranges", "etag", "last-modified")
_TYPES = {"json": "application/json", "csv": "text/csv", "mp4": "video/mp4", "jpg": "image/jpeg"}


@router.post(
    "/analysis/files",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
@allows(Permission.FILE_ANALYZE, max_body_bytes=MAX_INPUT_BYTES)
async def upload_file_to_analyze(
    request: Request,
    caller: CallerPort,
    jobs: FileJobsPort,
    name: Annotated[str, Query(min_length=1, max_length=4 * MAX_NAME_CHARS)],
    classes: Annotated[list[str] | None, Query(max_length=16)] = None,
    fps: Annotated[float, Query(ge=0, le=1000)] = 0.0,
    tiles: Annotated[int, Query(ge=0, le=MAX_TILES)] = 0,
    categories: Annotated[list[str] | None, Query(max_length=MAX_SETS)] = None,
    annotate: Annotated[bool, Query()] = False,  # noqa: FBT002 -- a query parameter, named by its caller
    lists: Annotated[list[Id] | None, Query(max_length=100)] = None,
    purpose: Annotated[str, Query(max_length=MAX_PURPOSE_CHARS)] = "",
    keep: Annotated[list[Literal["face", "appearance"]] | None, Query(max_length=2)] = None,
    camera_id: Annotated[Id | None, Query()] = None,
    started_at: Annotated[When | None, Query()] = None,
) -> FileJobOut:
    """Takes a video or picture as the body, and queues its analysis. `fps` 0: every picture.

    `tiles`: of each large picture, looked at beside the whole, for small people; each costs as much as the whole.
    `categories`: names of kept sets (`GET /analysis/categories`) that are told of people and vehicles.
    `lists`: ids of the watchlists that it is matched with (`watchlist.view`; lists of faces need `face.view` and a
    `purpose`).
    What it shows is found by `POST /search/objects` while the job is kept. `keep`: people also by face or appearance
    (`biometric.search` and a `purpose`). `camera_id`, `started_at`: which camera took it and when, so that traces judge
    whether a way to and from it can be.
    """
    terms, wanted = JobTerms(classes or [], fps, tiles, categories or []), WantedLists(lists or (), purpose)
    start_ns = None if started_at is None else to_ns(started_at)
    searching = JobSearching(sorted(set(keep or ())), camera_id or "", start_ns)
    body = request.stream()
    job = await jobs.add(caller, name, terms, body, annotate=annotate, wanted=wanted, searching=searching)
    return file_job_out(job)


@router.get("/analysis/files")
@allows(Permission.FILE_ANALYZE)
async def list_file_jobs(caller: CallerPort, jobs: FileJobsPort) -> FileJobList:
    """Lists the caller's files of the last 30 days, newest first; an administrator sees those of all."""
    return FileJobList(items=[file_job_out(job) for job in await jobs.list_jobs(caller)])


@router.get("/analysis/files/{job_id}")
@allows(Permission.FILE_ANALYZE)
async def show_file_job(job_id: JobId, caller: CallerPort, jobs: FileJobsPort) -> FileJobOut:
    """Shows how far the analysis of a file is, and what it found."""
    return file_job_out(await jobs.find(caller, job_id))


@router.patch("/analysis/files/{job_id}")
@allows(Permission.FILE_ANALYZE)
async def change_file_job(job_id: JobId, body: FileJobChangeIn, caller: CallerPort, jobs: FileJobsPort) -> FileJobOut:
    """Pauses, lets go on or cancels; classes and rate change from the next picture on."""
    state = None if body.state is None else JobState(body.state)
    return file_job_out(await jobs.change(caller, job_id, JobChange(state, body.classes, body.fps)))


@router.delete("/analysis/files/{job_id}", status_code=204)
@allows(Permission.FILE_ANALYZE)
async def remove_file_job(job_id: JobId, caller: CallerPort, jobs: FileJobsPort) -> None:
    """Ends the analysis of a file, and removes it with its results."""
    await jobs.remove(caller, job_id)


@router.get("/analysis/files/{job_id}/results/{name:path}", response_class=Response)
@allows(Permission.FILE_ANALYZE)
async def download_file_result(
    job_id: JobId,
    name: Annotated[str, Path(min_length=1, max_length=120)],
    caller: CallerPort,
    jobs: FileJobsPort,
    request: Request,
) -> Response:
    """A result file of a job that is done, or a byte range of it."""
    opening = await jobs.open_file(caller, job_id, name, request.headers.get("range"))
    stack = AsyncExitStack()
    sent = await stack.enter_async_context(opening)
    headers = {key: sent.headers[key] for key in _PASSED_ON if key in sent.headers}
    headers |= {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    media_type = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    return StreamingResponse(_pass_on(stack, sent), sent.status, media_type=media_type, headers=headers)


async def _pass_on(stack: AsyncExitStack, sent: SentFile) -> AsyncIterator[bytes]:
    async with stack:
        async for block in sent.blocks:
            yield block
