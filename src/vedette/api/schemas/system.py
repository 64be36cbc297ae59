"""The state of the system on the wire."""

from typing import Literal

from pydantic import Field

from vedette.api.schemas.common import Answer, Utc
from vedette.api.schemas.storage import StorageVolumeOut


class ProcessOut(Answer):
    """A role's process. `state` is the supervisor's word for it, or `unavailable` when it does not answer."""

    role: str
    state: str
    pid: int | None
    since: Utc | None
    restarts: int
    reason: str


class CamerasOut(Answer):
    total: int
    enabled: int
    online: int
    connecting: int
    stalled: int
    offline: int
    unknown: int


class ControlOut(Answer):
    """A protective control: holds, weakened, absent, or unknown when nobody can be asked."""

    name: str
    state: Literal["holds", "weakened", "absent", "unknown"]
    detail: str
    layers: dict[str, bool]
    since: Utc | None


class LeftOutSetOut(Answer):
    """A set of categories that a camera names and that is not told: a stable code, and why in words."""

    name: str
    code: str
    reason: str


class CameraAnalysisOut(Answer):
    """How the analysis of one camera goes.

    `fps`: analysed pictures a second, of the last ten seconds. `asked_fps`: what the camera is set to; `allowed_fps`:
    what the processor has time for. `thinned` and `dropped` count pictures left out since the analysis began.
    """

    camera_id: str
    state: Literal["waiting", "analysing", "paused", "refused", "failed"]
    code: str
    reason: str
    detector: str
    fps: float
    asked_fps: float
    allowed_fps: float
    key_frames_only: bool
    thinned: int
    dropped: int
    categories_left_out: list[LeftOutSetOut] = Field(default_factory=list)


class DetectorOut(Answer):
    """The detector that looks at the cameras, and why this one.

    `detector`: its name, with `@WIDTHxHEIGHT` where it is run at another input size than its own; empty: motion alone.
    `why`: `fits` (the best with which all streams reach their rates), `kept` (in use, and no other is worth a restart),
    `cheapest` (none fits), `pinned` (the settings name it), `unmeasured` (not measured on this machine yet), `none`.
    `problem`: why there is none, or not the one that the settings name. `cost_ms`: of one core, a look at a picture.
    `asked_ms`: what all `streams` ask for in a second while something moves in all of them, of `room_ms`.
    `possible_streams`: how many like these there is time for. Figures are null where nothing is measured.
    """

    detector: str
    why: Literal["fits", "kept", "cheapest", "pinned", "unmeasured", "none"]
    problem: str
    cost_ms: float | None
    asked_ms: float | None
    room_ms: float | None
    streams: int | None
    possible_streams: int | None


class MachineOut(Answer):
    host: str
    cpu_count: int
    load_1m: float
    memory_total_bytes: int
    memory_available_bytes: int
    uptime_s: float
    data_free_bytes: int
    python: str
    system: str


class SystemOut(Answer):
    version: str
    started_at: Utc
    now: Utc
    processes: list[ProcessOut]
    cameras: CamerasOut
    volumes: list[StorageVolumeOut]
    controls: list[ControlOut]
    analysis: list[CameraAnalysisOut]
    detector: DetectorOut | None
    machine: MachineOut


class ModelFigure(Answer):
    """One measured figure: what, on which data, by which command."""

    name: str
    value: float
    data: str
    command: str


class ModelOut(Answer):
    name: str
    task: str
    release: str
    packs: list[str]
    licence: str
    origin: str
    state: Literal["installed", "absent", "refused"]
    reason: str
    size_bytes: int
    labels: list[str]
    figures: list[ModelFigure]


class ManifestFaultOut(Answer):
    """A manifest that the operator added and that is not used: its file, and why."""

    file: str
    reason: str


class ModelsOut(Answer):
    """All models, and what of the operator's own manifests is wrong."""

    items: list[ModelOut]
    faults: list[ManifestFaultOut]
