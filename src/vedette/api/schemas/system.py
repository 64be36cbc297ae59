"""The state of the system on the wire."""

from typing import Literal

from vedette.api.schemas.common import Answer, Utc


class ProcessOut(Answer):
    role: str
    state: Literal["running", "starting", "stopped", "unavailable"]
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


class VolumeOut(Answer):
    id: str
    path: str
    state: str
    reason: str
    size_bytes: int
    free_bytes: int
    used_bytes: int
    max_bytes: int
    oldest_at: Utc | None


class ControlOut(Answer):
    """A protective control: holds, weakened, absent, or unknown when nobody can be asked."""

    name: str
    state: Literal["holds", "weakened", "absent", "unknown"]
    detail: str
    layers: dict[str, bool]
    since: Utc | None


class MachineOut(Answer):
    host: str
    cpu_count: int
    load_1m: float
    memory_total_bytes: int
    memory_available_bytes: int
    uptime_s: float
    python: str
    system: str


class SystemOut(Answer):
    version: str
    started_at: Utc
    now: Utc
    processes: list[ProcessOut]
    cameras: CamerasOut
    volumes: list[VolumeOut]
    controls: list[ControlOut]
    machine: MachineOut


class ModelFigure(Answer):
    name: str
    value: float


class ModelOut(Answer):
    id: str
    task: str
    release: str
    licence: str
    installed: bool
    verified: bool
    size_bytes: int
    source: str
    figures: list[ModelFigure]


class ModelsOut(Answer):
    items: list[ModelOut]
