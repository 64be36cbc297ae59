"""Footage for foreign players and pages: HLS, downloads, thumbnails. Every address asks for its permission."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from vedette.api.access import allows
from vedette.api.byte_range import read_byte_range
from vedette.api.features import feature_router
from vedette.api.ports import AuditPort, CallerPort, CamerasPort, ExportLimitsPort
from vedette.api.schemas.common import When
from vedette.api.sights import CameraSightPort, masked_header
from vedette.api.streaming_ports import FootageMedia, FootageMediaPort
from vedette.api.times import check_range, to_ns
from vedette.core.media import StreamRole
from vedette.core.privacy import Sight
from vedette.core.time import format_utc
from vedette.identity.audit import AuditTrail
from vedette.identity.export_limits import ExportLimits, check_purpose
from vedette.identity.permissions import Caller, Permission
from vedette.streaming.download import Selection
from vedette.streaming.export_job import ExportFormat
from vedette.streaming.export_marks import make_notes
from vedette.streaming.masked_stream import begin
from vedette.streaming.stream_choice import StreamChoice

router = feature_router("footage")

From = Annotated[When, Query(alias="from")]
To = Annotated[When, Query()]
Stream = Annotated[StreamChoice, Query()]
Ns = Annotated[int, Path(ge=0, lt=1 << 62)]
Purpose = Annotated[
    str, Query(max_length=500, description="Why; written into the audit trail. Needed from people, not from tokens.")
]
_MEDIA_TYPES = {ExportFormat.MP4: "video/mp4", ExportFormat.MKV: "video/x-matroska"}
_PRIVATE = {
    "Cache-Control": "private, max-age=3600",
    "Vary": "Cookie, Authorization",  # another user of the same browser may see less
    "X-Content-Type-Options": "nosniff",
}


@router.get("/cameras/{camera_id}/recording.m3u8", response_class=Response)
@allows(Permission.RECORDING_PLAY, audit="recording.play")
async def show_playlist(
    sight: CameraSightPort, footage: FootageMediaPort, from_: From, to: To, stream: Stream = StreamChoice.AUTO
) -> Response:
    """HLS playlist (fragmented MP4) of a range; gaps are discontinuities with their wall time."""
    from_ns, to_ns_ = to_ns(from_), to_ns(to)
    check_range(from_ns, to_ns_)
    text = await footage.make_playlist(sight, stream, from_ns, to_ns_)
    headers = {"Cache-Control": "no-store"} | masked_header(sight)
    return Response(text, media_type="application/vnd.apple.mpegurl", headers=headers)


@router.get("/cameras/{camera_id}/footage/{role}/{at_ns}/init.mp4", response_class=Response)
@allows(Permission.RECORDING_PLAY)
async def show_init(sight: CameraSightPort, role: StreamRole, at_ns: Ns, footage: FootageMediaPort) -> Response:
    """Init segment of the playlist."""
    init = await footage.make_init(sight, role, at_ns)
    return Response(init, media_type="video/mp4", headers=_PRIVATE | masked_header(sight))


@router.get("/cameras/{camera_id}/footage/{role}/{start_ns}-{end_ns}.m4s", response_class=Response)
@allows(Permission.RECORDING_PLAY)
async def show_part(
    sight: CameraSightPort, role: StreamRole, start_ns: Ns, end_ns: Ns, footage: FootageMediaPort
) -> Response:
    """Media segment of the playlist, masked for whom it has to be."""
    check_range(start_ns, end_ns)
    part = await footage.make_part(sight, role, start_ns, end_ns)
    return Response(part, media_type="video/iso.segment", headers=_PRIVATE | masked_header(sight))


@router.get("/cameras/{camera_id}/recording.mp4", response_class=Response)
@allows(Permission.RECORDING_EXPORT)
async def download_mp4(
    sight: CameraSightPort,
    footage: FootageMediaPort,
    cameras: CamerasPort,
    caller: CallerPort,
    audit: AuditPort,
    limits: ExportLimitsPort,
    request: Request,
    from_: From,
    to: To,
    stream: Stream = StreamChoice.AUTO,
    purpose: Purpose = "",
) -> Response:
    """MP4 of a range. It shows exactly from `from` on and closes up over gaps; `X-Vedette-Gaps` names them.

    People say why (`purpose`); every download counts towards the day's limit. With parts hidden from the caller it
    is made while it is sent: in fragments, without length and byte ranges; an export has both.
    """
    from_ns, to_ns_ = to_ns(from_), to_ns(to)
    check_range(from_ns, to_ns_)
    purpose = check_purpose(caller, purpose)
    camera = await cameras.find_camera(sight.camera_id)
    if sight.masked:
        order = _MaskedOrder(sight, camera.settings.name, stream, from_ns, to_ns_, ExportFormat.MP4, purpose)
        return await _send_masked(order, footage, caller, audit, limits)
    file = await footage.plan_mp4(sight.whole(), stream, from_ns, to_ns_, _notes(camera.settings.name, caller, purpose))
    size_bytes = file.download.size_bytes
    wanted = read_byte_range(request.headers.get("range"), size_bytes)
    start, end = wanted or (0, size_bytes)
    # The rest of a broken download is no new job; its bytes count all the same.
    await limits.check_and_count(caller, jobs=int(start == 0), size_bytes=end - start)
    detail = _describe_export("mp4", from_ns, to_ns_, purpose)
    await audit.record(caller, "recording.export", sight.camera_id, detail=detail)
    headers = _download_headers(camera.settings.name, file.selection, "mp4") | {"Accept-Ranges": "bytes"}
    if wanted is None:
        headers["Content-Length"] = str(size_bytes)
        return StreamingResponse(file.download.stream(), media_type="video/mp4", headers=headers)
    headers |= {"Content-Length": str(end - start), "Content-Range": f"bytes {start}-{end - 1}/{size_bytes}"}
    return StreamingResponse(file.download.stream(start, end), 206, media_type="video/mp4", headers=headers)


@router.get("/cameras/{camera_id}/recording.mkv", response_class=Response)
@allows(Permission.RECORDING_EXPORT)
async def download_mkv(
    sight: CameraSightPort,
    footage: FootageMediaPort,
    cameras: CamerasPort,
    caller: CallerPort,
    audit: AuditPort,
    limits: ExportLimitsPort,
    from_: From,
    to: To,
    stream: Stream = StreamChoice.AUTO,
    purpose: Purpose = "",
) -> Response:
    """Matroska of a range; starts at the key frame before `from`. Purpose, limit and masking as for MP4."""
    from_ns, to_ns_ = to_ns(from_), to_ns(to)
    check_range(from_ns, to_ns_)
    purpose = check_purpose(caller, purpose)
    camera = await cameras.find_camera(sight.camera_id)
    if sight.masked:
        order = _MaskedOrder(sight, camera.settings.name, stream, from_ns, to_ns_, ExportFormat.MKV, purpose)
        return await _send_masked(order, footage, caller, audit, limits)
    file = await footage.plan_mkv(sight.whole(), stream, from_ns, to_ns_, _notes(camera.settings.name, caller, purpose))
    await limits.check_and_count(caller, size_bytes=sum(one.size_bytes for one in file.selection.fragments))
    detail = _describe_export("mkv", from_ns, to_ns_, purpose)
    await audit.record(caller, "recording.export", sight.camera_id, detail=detail)
    blocks: Iterator[bytes] = file.blocks
    headers = _download_headers(camera.settings.name, file.selection, "mkv")
    return StreamingResponse(blocks, media_type="video/x-matroska", headers=headers)


@router.get("/cameras/{camera_id}/thumbnail.jpg", response_class=Response)
@allows(Permission.RECORDING_PLAY)
async def show_thumbnail(
    sight: CameraSightPort,
    footage: FootageMediaPort,
    at: Annotated[When, Query()],
    width: Annotated[int, Query(ge=32, le=1920)] = 320,
) -> Response:
    """The nearest key frame at or before a time, masked for whom it has to be. 404: nothing recorded; 503: no
    decoder answers now.
    """
    picture = await footage.make_thumbnail(sight, to_ns(at), width)
    return Response(picture, media_type="image/jpeg", headers=_PRIVATE | masked_header(sight))


@dataclass(frozen=True, slots=True)
class _MaskedOrder:
    sight: Sight
    camera_name: str
    stream: StreamChoice
    from_ns: int
    to_ns: int
    kind: ExportFormat
    purpose: str


async def _send_masked(
    order: _MaskedOrder, footage: FootageMedia, caller: Caller, audit: AuditTrail, limits: ExportLimits
) -> Response:
    zones = len(order.sight.masked)
    notes = _notes(order.camera_name, caller, order.purpose, zones)
    file = await footage.plan_masked(order.sight, order.stream, order.from_ns, order.to_ns, order.kind, notes)
    await limits.check_and_count(caller, size_bytes=sum(one.size_bytes for one in file.selection.fragments))
    detail = f"{_describe_export(order.kind, order.from_ns, order.to_ns, order.purpose)}; parts hidden"
    await audit.record(caller, "recording.export", order.sight.camera_id, detail=detail)
    headers = _download_headers(f"{order.camera_name} masked", file.selection, order.kind)
    headers |= masked_header(order.sight) | {"Accept-Ranges": "none"}
    blocks = await begin(file.blocks)
    return StreamingResponse(blocks, media_type=_MEDIA_TYPES[order.kind], headers=headers)


def _notes(camera_name: str, caller: Caller, purpose: str, zones_filled: int = 0) -> dict[str, str]:
    return make_notes(
        title=camera_name,
        user_name=caller.name,
        user_id=caller.user_id,
        purpose=purpose,
        export_id="",
        zones_filled=zones_filled,
    )


def _describe_export(kind: str, from_ns: int, to_ns_: int, purpose: str) -> str:
    return f"{kind} {format_utc(from_ns)} to {format_utc(to_ns_)}; purpose: {purpose or 'not given'}"


def _download_headers(camera_name: str, selection: Selection, suffix: str) -> dict[str, str]:
    """File name by camera and first picture (RFC 6266), and the gaps as RFC 3339 pairs."""
    stamp = re.sub(r"[-:]", "", format_utc(selection.first_ns).split(".", maxsplit=1)[0]) + "Z"
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", camera_name).strip("-") or "camera"
    encoded = quote(f"{camera_name} {stamp}.{suffix}", safe="")
    gaps = ", ".join(f"{format_utc(start)}/{format_utc(end)}" for start, end in selection.gaps[:50])
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}_{stamp}.{suffix}\"; filename*=UTF-8''{encoded}",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Vedette-From": format_utc(selection.first_ns),
        "X-Vedette-Gap-Count": str(len(selection.gaps)),
        "X-Vedette-Gaps": gaps,
    }
