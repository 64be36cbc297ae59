"""Exports: footage of many cameras as files, made while the caller does something else.

A download can go on where it broke off: byte ranges, and an ETag that is the file's hash.
"""

from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Request, Response
from fastapi.responses import StreamingResponse

from vedette.api.access import allows
from vedette.api.byte_range import UnsatisfiableRangeError, read_byte_range
from vedette.api.features import feature_router
from vedette.api.ports import CallerPort, ExportsPort
from vedette.api.schemas.common import Id
from vedette.api.schemas.exports import ExportIn, ExportList, ExportOut, export_out
from vedette.api.times import check_range, to_ns
from vedette.identity.permissions import Permission
from vedette.streaming.export_job import BUNDLE_FILE, ExportFile, clean_name

router = feature_router("exports")
ExportId = Annotated[Id, Path()]
FileName = Annotated[str, Path(min_length=1, max_length=255)]
BLOCK_BYTES = 1 << 20
_TYPES = {"mp4": "video/mp4", "mkv": "video/x-matroska", "zip": "application/zip"}


@router.post("/exports", status_code=201)
@allows(Permission.RECORDING_EXPORT)
async def order_export(body: ExportIn, caller: CallerPort, exports: ExportsPort) -> ExportOut:
    """Orders an export. People say why; it is written down and counted before footage is read."""
    from_ns, to_ns_ = to_ns(body.from_), to_ns(body.to)
    check_range(from_ns, to_ns_)
    job = await exports.order(
        caller,
        body.cameras,
        from_ns,
        to_ns_,
        kind=body.format,
        stream=body.stream,
        bundle=body.bundle,
        enhance=body.enhance,
        purpose=body.purpose,
    )
    return export_out(job)


@router.get("/exports")
@allows(Permission.RECORDING_EXPORT)
async def list_exports(caller: CallerPort, exports: ExportsPort) -> ExportList:
    """Lists the caller's exports of the last 24 hours, newest first; an administrator sees those of all."""
    return ExportList(items=[export_out(job) for job in exports.list_jobs(caller)])


@router.get("/exports/{export_id}")
@allows(Permission.RECORDING_EXPORT)
async def show_export(export_id: ExportId, caller: CallerPort, exports: ExportsPort) -> ExportOut:
    """Shows how far an export is."""
    return export_out(exports.find(caller, export_id))


@router.delete("/exports/{export_id}", status_code=204)
@allows(Permission.RECORDING_EXPORT)
async def remove_export(export_id: ExportId, caller: CallerPort, exports: ExportsPort) -> None:
    """Cancels an export that is not done yet; removes one that is over, with its files."""
    await exports.remove(caller, export_id)


@router.get("/exports/{export_id}/files/{name}", response_class=Response)
@allows(Permission.RECORDING_EXPORT)
async def download_export_file(
    export_id: ExportId, name: FileName, caller: CallerPort, exports: ExportsPort, request: Request
) -> Response:
    """A file of a finished export, or a byte range of it."""
    return _send(request, *await exports.open_file(caller, export_id, name))


@router.get("/exports/{export_id}/bundle.zip", response_class=Response)
@allows(Permission.RECORDING_EXPORT)
async def download_bundle(export_id: ExportId, caller: CallerPort, exports: ExportsPort, request: Request) -> Response:
    """The bundle of a finished export, or a byte range of it."""
    return _send(request, *await exports.open_file(caller, export_id, BUNDLE_FILE))


def _send(request: Request, file: ExportFile, path: FilePath) -> Response:
    """Answers with the file or the asked range of it (RFC 9110 sections 13 and 14)."""
    etag = f'"{file.sha256}"'
    plain = "".join(
        char if (char.isascii() and char.isalnum()) or char in "._-" else "-" for char in clean_name(file.name)
    )
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
    }
    media_type = _TYPES[file.name.rpartition(".")[2]]
    is_same = request.headers.get("if-range", etag) == etag
    try:
        wanted = read_byte_range(request.headers.get("range"), file.size_bytes) if is_same else None
    except UnsatisfiableRangeError:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{file.size_bytes}"})
    start, end = wanted or (0, file.size_bytes)
    headers["Content-Length"] = str(end - start)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size_bytes}"
    blocks = _read(path, start, end)
    return StreamingResponse(blocks, 200 if wanted is None else 206, media_type=media_type, headers=headers)


def _read(path: FilePath, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while start < end and (block := file.read(min(BLOCK_BYTES, end - start))):
            yield block
            start += len(block)
