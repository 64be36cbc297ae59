"""The analyzer's routes for jobs of uploaded files: `/jobs` on its socket. The gateway decides who may ask."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from vedette.core.errors import InvalidInputError, VedetteError
from vedette.node.analyzer_pictures import problem, read_body
from vedette.node.file_jobs import FileJobs
from vedette.vision.file_jobs import JobChange, JobMatching, JobSearching, JobTerms

_Asked = TypeVar("_Asked", bound=msgspec.Struct)


class JobOrder(msgspec.Struct, frozen=True):
    """The query of an upload: the file's name, who sends it, and what is looked for."""

    name: str
    owner: str
    owner_name: str
    terms: JobTerms = JobTerms()
    annotate: bool = False
    matching: JobMatching = JobMatching()
    searching: JobSearching = JobSearching()


def job_routes(jobs: FileJobs) -> list[Route]:
    """`/jobs` and below."""

    async def add(request: Request) -> Response:
        order = _parse(request.query_params.get("order", "").encode(), JobOrder)
        owner = (order.owner, order.owner_name)
        job = await jobs.add(
            order.name,
            order.terms,
            owner,
            request.stream(),
            annotate=order.annotate,
            matching=order.matching,
            searching=order.searching,
        )
        return _json(job, 201)

    async def list_all(_: Request) -> Response:
        return _json(jobs.list_jobs())

    async def show(request: Request) -> Response:
        return _json(jobs.find(request.path_params["job_id"]))

    async def change(request: Request) -> Response:
        wanted = _parse(await read_body(request), JobChange)
        return _json(await jobs.change(request.path_params["job_id"], wanted))

    async def remove(request: Request) -> Response:
        await jobs.remove(request.path_params["job_id"])
        return Response(status_code=204)

    async def send_file(request: Request) -> Response:
        return FileResponse(jobs.find_file(request.path_params["job_id"], request.path_params["name"]))

    return [
        Route("/jobs", _told(add), methods=["POST"]),
        Route("/jobs", _told(list_all)),
        Route("/jobs/{job_id}", _told(show)),
        Route("/jobs/{job_id}", _told(change), methods=["PATCH"]),
        Route("/jobs/{job_id}", _told(remove), methods=["DELETE"]),
        Route("/jobs/{job_id}/files/{name:path}", _told(send_file)),
    ]


def _told(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def tell(request: Request) -> Response:
        try:
            return await answer(request)
        except VedetteError as error:
            return problem(error)

    return tell


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _parse(data: bytes, kind: type[_Asked]) -> _Asked:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidInputError(f"this is no {kind.__name__}: {error}") from error
