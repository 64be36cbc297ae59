"""The analysis of one uploaded file as a job: what was asked for, how far it is, what may be changed. Pure."""

from enum import StrEnum

import msgspec

from vedette.core.detections import CLASS_NAMES
from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.watchlists import ListSubject
from vedette.vision.tiles import MAX_TILES

MAX_NAME_CHARS = 200
MAX_FPS = 1000.0
MAX_SETS = 8
"""Of categories that are told of one file: each costs little, but nobody reads more."""
MAX_INPUT_BYTES = 64 << 30
"""Of one file that somebody brings."""


class JobState(StrEnum):
    """`queued` waits for a free place, `paused` for its owner; the last three are over."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class NoSuchJobError(NotFoundError):
    """No such job, or not one that the caller may know of: both are answered alike."""

    code = "no_such_job"

    def __init__(self, message: str = "there is no such job", hint: str = "Results are kept for 30 days.") -> None:
        super().__init__(message, hint)


class NoSuchResultError(NoSuchJobError):
    """The job has no file of this name, or not yet."""

    code = "no_such_result"


class ListGoneError(ConflictError):
    """A list that the file was to be matched with is not in force any more."""

    code = "watchlist_gone"


class JobConflictError(ConflictError):
    """The job is over: it cannot be paused, resumed, changed or cancelled."""

    code = "job_is_over"


class BegunAgain(StrEnum):
    """Why a job that was interrupted could not go on where it was."""

    NOTHING_KEPT = "nothing_kept"
    """There is no journal: it was not written yet, or this node cannot seal one."""
    JOURNAL = "journal"
    """It is of another format, or damaged from its start."""
    FILE = "file"
    """The file is another one, or the place where it stopped is not found in it."""
    MODELS = "models"
    LISTS = "lists"
    SETTINGS = "settings"
    RELEASE = "release"
    """This release of Vedette follows objects in another way."""


class CannotGoOnError(ConflictError):
    """An interrupted analysis does not go on where it was: it must begin again."""

    code = "cannot_go_on"

    def __init__(self, reason: BegunAgain) -> None:
        super().__init__(f"an interrupted analysis cannot go on where it was: {reason}")
        self.reason = reason


class JobTerms(msgspec.Struct, frozen=True):
    """What is looked for. `fps`: analysed pictures a second at most, 0 all. `classes`: empty all. `tiles`: of each
    large picture, looked at beside the whole. `categories`: names of the operator's own sets that are told of people
    and vehicles. The last two are not to be changed while it runs.
    """

    classes: list[str] = []
    fps: float = 0.0
    tiles: int = 0
    categories: list[str] = []

    def check(self) -> None:
        """Raises InvalidInputError."""
        unknown = sorted(set(self.classes) - set(CLASS_NAMES))
        if unknown:
            raise InvalidInputError(f"unknown classes: {', '.join(unknown)}", f"Known: {', '.join(CLASS_NAMES)}.")
        if not 0 <= self.fps <= MAX_FPS:
            raise InvalidInputError(f"fps must be 0 (every picture) to {MAX_FPS:g}, not {self.fps:g}")
        if not 0 <= self.tiles <= MAX_TILES:
            raise InvalidInputError(f"tiles must be 0 to {MAX_TILES}, not {self.tiles}")
        if len(self.categories) > MAX_SETS or len(set(self.categories)) < len(self.categories):
            raise InvalidInputError(f"at most {MAX_SETS} sets of categories are told, each once")


class JobList(msgspec.Struct, frozen=True):
    """A list of the system that a file is matched with, as it was when somebody named it. `about`: its subject."""

    list_id: str
    name: str
    about: ListSubject


class JobMatching(msgspec.Struct, frozen=True):
    """The lists that a file is matched with, and why somebody asked for it."""

    lists: list[JobList] = []
    purpose: str = ""

    def find_ids(self, about: ListSubject) -> tuple[str, ...]:
        """Of the lists about this."""
        return tuple(named.list_id for named in self.lists if named.about is about)

    @property
    def has_faces(self) -> bool:
        return bool(self.find_ids(ListSubject.FACES))


class JobSearching(msgspec.Struct, frozen=True):
    """How the objects of a file are found again, once it is done.

    Attributes:
        kept: By what people are found besides: `face`, `appearance`. Each is biometric, so nobody's default.
        camera_id: Of the camera that took it; empty: nobody said.
        start_ns: When its first picture was taken; None: nobody said.
    """

    kept: list[str] = []
    camera_id: str = ""
    start_ns: int | None = None


class JobProgress(msgspec.Struct, frozen=True):
    """How far it is, in seconds of the file. `active_s`: time spent, pauses left out."""

    done_s: float = 0.0
    duration_s: float = 0.0
    active_s: float = 0.0

    @property
    def speed(self) -> float:
        """Seconds of the file per second."""
        return self.done_s / self.active_s if self.active_s > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds until it is done at this speed, None when nobody can tell."""
        if self.duration_s <= 0 or self.speed <= 0:
            return None
        return max(0.0, self.duration_s - self.done_s) / self.speed


class JobInterruption(msgspec.Struct, frozen=True):
    """What became of what was done when the process ended in the middle.

    Attributes:
        times: How often it was interrupted.
        kept_s: Seconds of the file that were taken over the last time.
        begun_again: Why nothing was taken over the last time; None: something was.
    """

    times: int = 0
    kept_s: float = 0.0
    begun_again: BegunAgain | None = None


class JobFindings(msgspec.Struct, frozen=True):
    """What a finished job found, in numbers; the records are in its files."""

    objects: int = 0
    events: int = 0
    faces: int = 0
    frames_read: int = 0
    frames_analyzed: int = 0
    matches: int = 0


class FileJob(msgspec.Struct, frozen=True):
    """One job. `owner` is a user's id; times are nanoseconds UTC."""

    job_id: str
    name: str
    owner: str
    owner_name: str
    created_ns: int
    terms: JobTerms
    annotate: bool = False
    state: JobState = JobState.QUEUED
    code: str = ""
    error: str = ""
    size_bytes: int = 0
    sha256: str = ""
    release: str = ""
    progress: JobProgress = JobProgress()
    findings: JobFindings = JobFindings()
    matching: JobMatching = JobMatching()
    searching: JobSearching = JobSearching()
    interruption: JobInterruption = JobInterruption()

    @property
    def keeps_faces(self) -> bool:
        """As with cameras, where a list of faces looks; or where somebody asked for it. Both with a purpose."""
        return self.matching.has_faces or "face" in self.searching.kept

    @property
    def is_over(self) -> bool:
        return self.state in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}

    def taken_up(self, kept_s: float | None) -> "FileJob":
        """The job when it runs again. `kept_s`: seconds of the file that are taken over, None: it begins with the first
        picture.
        """
        if kept_s is not None:
            return self._interrupted(kept_s, None)
        return self.begun_again(BegunAgain.NOTHING_KEPT) if self.progress.done_s > 0 else self

    def begun_again(self, reason: BegunAgain) -> "FileJob":
        """The job when nothing of what was done is taken over."""
        return msgspec.structs.replace(self._interrupted(0.0, reason), progress=JobProgress())

    def _interrupted(self, kept_s: float, reason: BegunAgain | None) -> "FileJob":
        interruption = JobInterruption(self.interruption.times + 1, kept_s, reason)
        return msgspec.structs.replace(self, interruption=interruption)

    def with_state(self, state: JobState) -> "FileJob":
        """Raises JobConflictError when it is over already."""
        if self.is_over:
            raise JobConflictError(f"this job is {self.state} already", "Upload the file again for another run.")
        return msgspec.structs.replace(self, state=state)

    def with_terms(self, terms: JobTerms) -> "FileJob":
        """Raises JobConflictError, InvalidInputError."""
        terms.check()
        self.with_state(self.state)
        return msgspec.structs.replace(self, terms=terms)


class JobChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an owner asks for; what is None stays. `state`: `paused`, `queued` (go on) or `cancelled`."""

    state: JobState | None = None
    classes: list[str] | None = None
    fps: float | None = None

    def apply(self, job: FileJob) -> FileJob:
        """The job as it should be. Raises JobConflictError, InvalidInputError."""
        if self.state not in {None, JobState.PAUSED, JobState.QUEUED, JobState.CANCELLED}:
            raise InvalidInputError(f"a job cannot be set to {self.state}", "Known: paused, queued, cancelled.")
        if self.classes is not None or self.fps is not None:
            classes = job.terms.classes if self.classes is None else self.classes
            fps = job.terms.fps if self.fps is None else self.fps
            job = job.with_terms(msgspec.structs.replace(job.terms, classes=classes, fps=fps))
        if self.state is None or (self.state is JobState.QUEUED and job.state is JobState.RUNNING):
            return job
        return job.with_state(self.state)


def check_file_name(name: str) -> str:
    """The last part of a file's name as a person gave it; it is shown, never used as a path.

    Raises:
        InvalidInputError: there is nothing left of it.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(char for char in last if char.isprintable())[:MAX_NAME_CHARS].strip()
    if not clean:
        raise InvalidInputError("the file has no name", "Give it in `name`.")
    return clean
