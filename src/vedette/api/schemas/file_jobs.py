"""The analysis of uploaded files on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from vedette.api.schemas.common import Answer, Request, Utc
from vedette.core.time import format_utc
from vedette.vision.file_jobs import FileJob, JobInterruption


class FileJobChangeIn(Request):
    """What changes; what is left out stays. `queued` lets a paused job go on."""

    state: Literal["paused", "queued", "cancelled"] | None = None
    classes: Annotated[list[str], Field(max_length=16)] | None = None
    fps: Annotated[float, Field(ge=0, le=1000)] | None = None


class JobListOut(Answer):
    """A list that a file is matched with, as it was named then."""

    id: str
    name: str
    subject: Literal["vehicles", "faces"]


class JobInterruptionOut(Answer):
    """What became of a job whose process or worker ended while it ran.

    `times`: how often it was interrupted. `kept_s`: seconds of the file that were taken over the last time.
    `begun_again`: why nothing was: nothing was kept yet or could be (`nothing_kept`), what was kept cannot be read
    (`journal`), the file is another one (`file`), other models (`models`), lists (`lists`) or settings (`settings`), or
    a release of Vedette that follows objects in another way (`release`); null: it went on where it was.
    """

    times: int
    kept_s: float
    begun_again: Literal["nothing_kept", "journal", "file", "models", "lists", "settings", "release"] | None


class FileJobOut(Answer):
    """The analysis of one file.

    `progress`: 0 to 1. `speed`: seconds of the file per second. `left_s`: seconds until it is done, null when nobody
    can tell. `fps` 0: every picture. `files`: what can be fetched, once it is done. `kept`: by what people in
    it are found again. `camera_id`, `started_at`: which camera took it and when, where somebody said so.
    `interruption`: null when it never was.
    """

    id: str
    name: str
    state: Literal["queued", "running", "paused", "done", "failed", "cancelled"]
    progress: float
    done_s: float
    duration_s: float
    speed: float
    left_s: float | None
    classes: list[str]
    fps: float
    tiles: int
    categories: list[str]
    annotate: bool
    code: str
    error: str
    size_bytes: int
    sha256: str
    release: str
    objects: int
    events: int
    faces: int
    matches: int
    lists: list[JobListOut]
    purpose: str
    kept: list[Literal["face", "appearance"]]
    camera_id: str
    started_at: Utc | None
    frames_read: int
    frames_analyzed: int
    files: list[str]
    interruption: JobInterruptionOut | None
    created_by: str
    created_at: Utc


class FileJobList(Answer):
    items: list[FileJobOut]


def _interruption_out(interruption: JobInterruption) -> JobInterruptionOut:
    reason = interruption.begun_again
    return JobInterruptionOut(
        times=interruption.times,
        kept_s=round(interruption.kept_s, 3),
        begun_again=None if reason is None else reason.value,
    )


def _kept(job: FileJob) -> list[str]:
    return [*job.searching.kept, *(["face"] if job.keeps_faces else [])]


_FILES = ["objects.json", "events.json", "faces.json", "tracks.csv", "classes.json"]


def file_job_out(job: FileJob) -> FileJobOut:
    """Makes the answer of one job."""
    progress, findings = job.progress, job.findings
    is_done = job.state == "done"
    share = progress.done_s / progress.duration_s if progress.duration_s > 0 else 0.0
    return FileJobOut(
        id=job.job_id,
        name=job.name,
        state=job.state.value,
        progress=1.0 if is_done else round(min(share, 0.999), 4),
        done_s=round(progress.done_s, 3),
        duration_s=round(progress.duration_s, 3),
        speed=round(progress.speed, 2),
        left_s=None if job.is_over or progress.left_s is None else round(progress.left_s, 1),
        classes=list(job.terms.classes),
        fps=job.terms.fps,
        tiles=job.terms.tiles,
        categories=list(job.terms.categories),
        annotate=job.annotate,
        code=job.code,
        error=job.error,
        size_bytes=job.size_bytes,
        sha256=job.sha256,
        release=job.release,
        objects=findings.objects,
        events=findings.events,
        faces=findings.faces,
        matches=findings.matches,
        lists=[
            JobListOut(id=named.list_id, name=named.name, subject=named.about.value) for named in job.matching.lists
        ],
        purpose=job.matching.purpose,
        kept=[word for word in ("face", "appearance") if word in _kept(job)],
        camera_id=job.searching.camera_id,
        started_at=None if job.searching.start_ns is None else format_utc(job.searching.start_ns),
        frames_read=findings.frames_read,
        frames_analyzed=findings.frames_analyzed,
        files=[*_FILES, *(["annotated.mp4"] if job.annotate else [])] if is_done else [],
        interruption=_interruption_out(job.interruption) if job.interruption.times else None,
        created_by=job.owner_name,
        created_at=format_utc(job.created_ns),
    )
