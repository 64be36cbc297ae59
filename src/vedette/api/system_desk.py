"""The state of the system in one answer: what runs, what holds, what is full, and who does not answer.

Rule: no silent state. A role that cannot be asked is named `unavailable`, and controls that only it can vouch
for become `unknown`, whatever was last heard of them.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import msgspec

from vedette.api.schemas.system import (
    CameraAnalysisOut,
    CamerasOut,
    ControlOut,
    DetectorOut,
    MachineOut,
    ManifestFaultOut,
    ModelOut,
    ModelsOut,
    ProcessOut,
    SystemOut,
)
from vedette.api.storage_desk import StorageDesk
from vedette.camera.inventory import Camera
from vedette.camera.live import LiveFacts, LiveStates
from vedette.core.errors import UnavailableError
from vedette.core.messages import ControlStateChanged
from vedette.core.time import format_utc
from vedette.events.ports import HistoryStore
from vedette.runtime.clock import Clock
from vedette.vision.models.manifest import ModelManifest
from vedette.vision.models.own import ManifestFault
from vedette.vision.models.registry import ModelState

ROLES = ("gateway", "recorder", "analyzer", "notary", "validator")
_OWNERS = {
    "vision_jail": "analyzer",
    "model": "analyzer",
    "tls_verification": "recorder",
    "evidence_log": "notary",
    "media_signing": "validator",
    "sealing": "recorder",
    "encryption": "recorder",
}
_STATES = frozenset({"holds", "weakened", "absent"})


class RoleStatus(Protocol):
    """`GET /status` of a role."""

    async def read(self) -> bytes:
        """Raises UnavailableError when the role does not answer."""
        ...


class Machine(Protocol):
    """Reads the machine's figures; quick."""

    def describe(self) -> dict[str, object]: ...


class Models(Protocol):
    """Hashes every installed file: runs in a thread."""

    def states(self) -> list[ModelState]: ...

    def find_faults(self) -> list[ManifestFault]: ...


class CameraLister(Protocol):
    async def list_all(self) -> list[Camera]: ...


class _Role(msgspec.Struct):
    role: str
    state: str = "unknown"
    pid: int = 0
    restarts: int = 0
    since_ns: int = 0
    reason: str = ""


class _SupervisorStatus(msgspec.Struct):
    roles: list[_Role] = []


class _Model(msgspec.Struct):
    choice: dict[str, object]
    missing: str = ""


class _AnalyzerStatus(msgspec.Struct):
    cameras: list[dict[str, object]] = []
    model: _Model | None = None


@dataclass(frozen=True, slots=True)
class SystemSources:
    """Whom the desk asks."""

    supervisor: RoleStatus
    recorder: RoleStatus
    analyzer: RoleStatus
    notary: RoleStatus
    validator: RoleStatus


class SystemDesk:
    """See the module's head."""

    def __init__(
        self,
        *,
        version: str,
        sources: SystemSources,
        cameras: CameraLister,
        live: LiveStates,
        history: HistoryStore,
        machine: Machine,
        models: Models,
        storage: StorageDesk,
        clock: Clock,
    ) -> None:
        self._version = version
        self._sources = sources
        self._cameras = cameras
        self._live = live
        self._history = history
        self._machine = machine
        self._models = models
        self._storage = storage
        self._clock = clock
        self._started_ns = clock.utc_ns()

    async def report(self) -> SystemOut:
        """Asks everybody at once; the slowest answer is a timeout of 1.5 s."""
        supervisor, recorder, analyzer, notary, validator = await asyncio.gather(
            _ask(self._sources.supervisor),
            _ask(self._sources.recorder),
            _ask(self._sources.analyzer),
            _ask(self._sources.notary),
            _ask(self._sources.validator),
        )
        answers = {"recorder": recorder, "analyzer": analyzer, "notary": notary, "validator": validator}
        down = {role: answer for role, answer in answers.items() if isinstance(answer, str)}
        controls = await self._history.list_control_states()
        cameras = await self._cameras.list_all()
        return SystemOut(
            version=self._version,
            started_at=format_utc(self._started_ns),
            now=format_utc(self._clock.utc_ns()),
            processes=describe_processes(supervisor, down),
            cameras=count_cameras(cameras, await self._live.read_live_facts()),
            volumes=(await self._storage.list_volumes()).items,
            controls=[describe_control(control, down) for control in controls],
            analysis=describe_analysis(analyzer),
            detector=describe_detector(analyzer),
            machine=MachineOut.model_validate(self._machine.describe()),
        )

    async def list_models(self) -> ModelsOut:
        """Lists every model that this release may load, with its state."""
        states = await asyncio.to_thread(self._models.states)
        faults = await asyncio.to_thread(self._models.find_faults)
        return ModelsOut(
            items=[_model_out(state.manifest, state.state, state.reason) for state in states],
            faults=[ManifestFaultOut(file=fault.file, reason=fault.reason) for fault in faults],
        )


async def _ask(role: RoleStatus) -> bytes | str:
    """Returns the answer, or the reason why there is none."""
    try:
        return await role.read()
    except UnavailableError as exc:
        return exc.message


def describe_processes(supervisor: bytes | str, down: dict[str, str]) -> list[ProcessOut]:
    """Lists the processes. Without a supervisor the roles were started by hand: then their answers count."""
    known: dict[str, _Role] = {}
    if not isinstance(supervisor, str):
        status = msgspec.json.decode(supervisor, type=_SupervisorStatus)
        known = {role.role: role for role in status.roles}
    names = [*known, *(role for role in ROLES if role not in known)]
    return [_process(name, known.get(name), down.get(name)) for name in names]


def _process(name: str, known: _Role | None, failure: str | None) -> ProcessOut:
    role = known or _Role(name, state="running")
    state, reason = role.state, role.reason
    if failure is not None and state == "running":
        state, reason = "unavailable", failure
    return ProcessOut(
        role=name,
        state=state,
        pid=role.pid or None,
        since=format_utc(role.since_ns) if role.since_ns else None,
        restarts=role.restarts,
        reason=reason,
    )


def describe_analysis(analyzer: bytes | str) -> list[CameraAnalysisOut]:
    """How the analysis of each camera goes; nothing when the analyzer does not answer."""
    if isinstance(analyzer, str):
        return []
    status = msgspec.json.decode(analyzer, type=_AnalyzerStatus)
    return [CameraAnalysisOut.model_validate(camera) for camera in status.cameras]


def describe_detector(analyzer: bytes | str) -> DetectorOut | None:
    """Which detector is in use and why; None when the analyzer does not answer."""
    if isinstance(analyzer, str):
        return None
    model = msgspec.json.decode(analyzer, type=_AnalyzerStatus).model
    return None if model is None else DetectorOut.model_validate({**model.choice, "problem": model.missing})


def count_cameras(cameras: list[Camera], facts: LiveFacts) -> CamerasOut:
    """Counts cameras by the state of their worst stream."""
    order = ("offline", "stalled", "unknown", "connecting", "online")
    counts = dict.fromkeys(order, 0)
    enabled = [camera for camera in cameras if camera.settings.enabled]
    for camera in enabled:
        states = {facts.find(camera.id, role).state for role in camera.streams}
        counts[next((state for state in order if state in states), "unknown")] += 1
    return CamerasOut(total=len(cameras), enabled=len(enabled), **counts)


def describe_control(control: ControlStateChanged, down: dict[str, str]) -> ControlOut:
    """Shows a control as it was last heard of, or as unknown when its role cannot be asked now."""
    owner = _OWNERS.get(control.control, "")
    state = control.state if control.state in _STATES else "unknown"
    return ControlOut.model_validate(
        {
            "name": control.control,
            "state": "unknown" if owner in down else state,
            "detail": down.get(owner, control.detail),
            "layers": {} if owner in down else control.layers,
            "since": format_utc(control.at_ns),
        }
    )


def _model_out(manifest: ModelManifest, state: str, reason: str) -> ModelOut:
    return ModelOut.model_validate(
        {
            "name": manifest.name,
            "task": manifest.task,
            "release": manifest.release,
            "packs": manifest.packs,
            "licence": manifest.licence,
            "origin": manifest.origin,
            "state": state,
            "reason": reason,
            "size_bytes": sum(file.bytes for file in manifest.files),
            "labels": manifest.labels,
            "figures": [
                {"name": one.figure, "value": one.value, "data": one.data, "command": one.command}
                for one in manifest.accuracy
            ],
        }
    )
