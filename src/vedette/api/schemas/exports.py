"""Exports on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from vedette.api.schemas.common import Answer, Id, Request, Utc, When, utc_text
from vedette.core.time import format_utc
from vedette.streaming.export_job import ExportFormat, ExportJob, ExportState
from vedette.streaming.stream_choice import StreamChoice


class ExportIn(Request):
    """Footage to take out. Of a camera with several streams `auto` is the better picture."""

    cameras: Annotated[list[Id], Field(min_length=1, max_length=64)]
    from_: When = Field(alias="from")
    to: When
    format: ExportFormat = ExportFormat.MP4
    stream: StreamChoice = StreamChoice.AUTO
    bundle: bool = Field(default=False, description="One .zip with proofs and the offline verifier")
    enhance: bool = Field(
        default=False,
        description="Twice the size by super-resolution, labelled, without sound: sub streams, ten minutes at most, "
        "no bundle",
    )
    purpose: Annotated[
        str, Field(max_length=500, description="Why; in the audit trail, the files and the bundle. Needed from people.")
    ] = ""


class ExportFileOut(Answer):
    """A file. `sha256` is also its ETag. `camera_id` is empty for a bundle; `from`: its first picture.
    `masked`: encoded anew with parts of the picture hidden, no original. `enhanced`: enlarged, details are estimated.
    """

    name: str
    size_bytes: int
    sha256: str
    camera_id: str
    from_: Utc = Field(serialization_alias="from")
    masked: bool
    enhanced: bool


class ExportGapOut(Answer):
    """A stretch of the asked range without footage; files close up over it."""

    camera_id: str
    from_: Utc = Field(serialization_alias="from")
    to: Utc


class ExportFaultOut(Answer):
    code: str
    message: str
    hint: str


class ExportOut(Answer):
    """An export. `fingerprint`: of the key that signed the bundle, to be compared by another way; else empty.
    `masked_cameras`: those of which parts are hidden in the files. `estimated_s`: of one processor, to enhance.
    """

    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float
    size_bytes: int
    files: list[ExportFileOut]
    gaps: list[ExportGapOut]
    cameras: list[str]
    masked_cameras: list[str]
    from_: Utc = Field(serialization_alias="from")
    to: Utc
    format: Literal["mp4", "mkv"]
    stream: Literal["auto", "main", "sub"]
    bundle: bool
    enhanced: bool
    estimated_s: float
    purpose: str
    created_by: str
    created_at: Utc
    expires_at: Utc | None
    error: ExportFaultOut | None
    fingerprint: str


class ExportList(Answer):
    items: list[ExportOut]


def export_out(job: ExportJob) -> ExportOut:
    """Makes the answer of one export."""
    order, outcome = job.order, job.outcome
    return ExportOut(
        id=order.export_id,
        state=job.state.value,
        progress=1.0 if job.state is ExportState.DONE else round(job.progress, 4),
        size_bytes=job.size_bytes,
        files=[
            ExportFileOut(
                name=file.name,
                size_bytes=file.size_bytes,
                sha256=file.sha256,
                camera_id=file.camera_id,
                from_=format_utc(file.first_ns),
                masked=file.is_masked,
                enhanced=file.is_enhanced,
            )
            for file in outcome.files
        ],
        gaps=[
            ExportGapOut(camera_id=gap.camera_id, from_=format_utc(gap.from_ns), to=format_utc(gap.to_ns))
            for gap in outcome.gaps
        ],
        cameras=[camera.camera_id for camera in order.cameras],
        masked_cameras=[camera.camera_id for camera in order.cameras if camera.masked],
        from_=format_utc(order.from_ns),
        to=format_utc(order.to_ns),
        format=order.format.value,
        stream=order.stream.value,
        bundle=order.is_bundle,
        enhanced=order.is_enhanced,
        estimated_s=round(order.estimated_s, 1),
        purpose=order.purpose,
        created_by=order.user_name,
        created_at=format_utc(order.created_ns),
        expires_at=utc_text(job.expires_ns) if job.is_over else None,
        error=None if job.fault is None else ExportFaultOut(**_fault_fields(job)),
        fingerprint=outcome.fingerprint,
    )


def _fault_fields(job: ExportJob) -> dict[str, str]:
    assert job.fault is not None
    return {"code": job.fault.code, "message": job.fault.message, "hint": job.fault.hint}
