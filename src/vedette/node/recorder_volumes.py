"""The volumes of a recorder: opened, recovered, watched, and given to cameras.

A volume that cannot be used (its disk is not mounted, failed, does not answer) is closed and tried again every
10 s; its cameras record to the others meanwhile. Whatever may block on a disk runs in a thread of that volume
alone: one volume's fault touches neither the event loop nor the cameras of other volumes.
"""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from vedette.core.assignment import CameraAssignment, VolumeAssignment
from vedette.core.errors import StorageError, VedetteError
from vedette.core.messages import StorageWarned, VolumeStateChanged
from vedette.core.time import NS_PER_S
from vedette.node.known_volumes import KnownVolumes
from vedette.node.open_volume import OpenVolume, RecordingRules, hold_volume, open_for_writing
from vedette.node.volume_warnings import VolumeWarnings
from vedette.node.volume_watch import run_aside
from vedette.recording.disk import PosixDisk
from vedette.recording.placement import Placement, VolumeView, place_camera
from vedette.recording.records import GapRecord
from vedette.recording.retention import KeepRules
from vedette.recording.segment_body import BodyMaker
from vedette.recording.store_terms import LostFootage, VolumeNews, VolumeState
from vedette.recording.writer import WriterStoppedError
from vedette.runtime.bus import Publisher
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger

__all__ = ["OpenVolume", "RecorderVolumes", "hold_volume"]

_RETRY_NS = 10 * NS_PER_S
_OPEN_WAIT_S = 5.0
"""At start: a healthy volume is open long before; a hanging one may delay the others no longer."""
_CLOSE_WAIT_S = 20.0


class _Opening:
    """A volume that is being opened in a thread."""

    def __init__(self, assignment: VolumeAssignment) -> None:
        self.assignment = assignment
        self.opened: OpenVolume | None = None
        self.error: VedetteError | OSError | None = None
        self.is_done = threading.Event()


@dataclass(slots=True)
class _Missing:
    assignment: VolumeAssignment
    reason: str
    retry_ns: int
    volume_id: str = ""
    since_ns: int = 0


@dataclass(slots=True)
class _Closing:
    volume: OpenVolume
    thread: threading.Thread


class RecorderVolumes:
    """All volumes of this recorder. Used from one event loop."""

    def __init__(
        self, publisher: Publisher, clock: Clock, known: KnownVolumes, disk: PosixDisk, make_body: BodyMaker
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._known = known
        self._make_body = make_body
        self._disk = disk
        self._rules = RecordingRules(recorder_id=known.recorder_id)
        self._open: dict[str, OpenVolume] = {}
        self._missing: dict[str, _Missing] = {}
        self._opening: dict[str, _Opening] = {}
        self._closing: list[_Closing] = []
        self._wanted: dict[str, VolumeAssignment] = {}
        self._leaving: list[OpenVolume] = []
        self._abandoned: list[LostFootage | GapRecord] = []
        self._placed_by: list[tuple[str, str]] = []
        self._warnings = VolumeWarnings(self._warn)
        self._log = get_logger("recording")

    @property
    def volumes(self) -> list[OpenVolume]:
        return list(self._open.values())

    @property
    def missing(self) -> list[tuple[VolumeAssignment, str, int]]:
        """Volumes that cannot be used, why, and since when."""
        return [(missing.assignment, missing.reason, missing.since_ns) for missing in self._missing.values()]

    async def apply(self, wanted: Sequence[VolumeAssignment], rules: KeepRules, *, holds_known: bool) -> None:
        """Opens new volumes, gives up those that are wanted no longer, sets limits and rules."""
        self._rules = RecordingRules(rules, self._known.recorder_id, holds_known)
        by_path = self._wanted = {assignment.path: assignment for assignment in wanted}
        self._leaving += [self._open.pop(path) for path in list(self._open) if path not in by_path]
        self._missing = {path: entry for path, entry in self._missing.items() if path in by_path}
        for path, assignment in by_path.items():
            volume = self._open.get(path)
            if volume is None:
                self._start_opening(assignment)
            else:
                volume.assignment = assignment
                volume.writer.set_terms(self._rules.make_terms(assignment, volume.kept_holds))
        await self._wait_opened()

    def write_now(self) -> None:
        """What was handed over goes to disk without waiting."""
        for volume in self.volumes:
            volume.writer.write_now()

    def tick(self) -> bool:
        """Once a second: takes in what threads have found. True: cameras may have to move."""
        self._take_opened()
        for path, volume in list(self._open.items()):
            problem = volume.find_problem()
            if not problem and volume.state == VolumeState.FAILED.value:
                problem = volume.reason
            if problem:
                self._lose_volume(path, volume, problem)
            else:
                self._warnings.look(volume, self._rules.rules, self._clock.utc_ns(), self._clock.mono_ns())
        now_ns = self._clock.mono_ns()
        for missing in list(self._missing.values()):
            if missing.retry_ns <= now_ns and not self._is_closing(missing.assignment.path):
                self._start_opening(missing.assignment)
        self._missing = {path: entry for path, entry in self._missing.items() if path in self._wanted}
        # Compared with what the cameras were placed by: a writer's news may have come since, with `drain_losses`.
        return bool(self._leaving) or self._placed_by != self._describe_usable()

    def place(self, camera: CameraAssignment) -> tuple[OpenVolume | None, Placement]:
        """The volume of a camera now, and whether that is one of its own."""
        placement = place_camera(camera.camera_id, camera.volumes, self._views())
        by_id = {volume.volume.volume_id: volume for volume in self._open.values()}
        return (None if placement.volume_id is None else by_id[placement.volume_id]), placement

    def finish_placing(self) -> None:
        """After all cameras have their place: closes the volumes they left, and tells who records elsewhere."""
        for volume in self._leaving:
            self._close_aside(volume)
        self._leaving.clear()
        self._placed_by = self._describe_usable()
        for volume in self._open.values():
            self._warnings.look_spilled(volume)

    def drain_losses(self) -> list[LostFootage | GapRecord]:
        """Returns what could not be stored, and gaps that no index took; publishes changes of state."""
        losses, self._abandoned = self._abandoned, []
        for volume in self._open.values():
            losses += self._drain(volume)
        for closing in list(self._closing):
            has_ended = not closing.thread.is_alive()  # asked first: its last words come before its end
            try:
                losses += self._drain(closing.volume)
            except WriterStoppedError:  # it is being closed because of that
                self._log.exception("writer of a closing volume failed", volume=closing.volume.assignment.path)
                self._closing.remove(closing)
                continue
            if has_ended:
                self._closing.remove(closing)
        return losses

    def close(self) -> None:
        """Stores what is queued, on all volumes at once; a disk that does not answer is waited for no longer."""
        for volume in (*self._leaving, *self._open.values()):
            self._close_aside(volume)
        self._open.clear()
        deadline_ns = self._clock.mono_ns() + round(_CLOSE_WAIT_S * NS_PER_S)
        for closing in self._closing:
            closing.thread.join(max(0.0, (deadline_ns - self._clock.mono_ns()) / NS_PER_S))

    def _drain(self, volume: OpenVolume) -> list[LostFootage | GapRecord]:
        losses: list[LostFootage | GapRecord] = []
        for news in volume.writer.drain_news():
            if isinstance(news, LostFootage | GapRecord):
                losses.append(news)
            elif isinstance(news, VolumeNews):
                self._enter(volume, news.state.value, news.reason)
            else:
                self._warn(volume, news.kind, news.detail)
        return losses

    def _enter(self, volume: OpenVolume, state: str, reason: str) -> None:
        if volume.state != state:
            volume.state, volume.reason, volume.since_ns = state, reason, self._clock.utc_ns()
            self._tell(volume.volume.volume_id, volume.assignment, state, reason)

    def _lose_volume(self, path: str, volume: OpenVolume, problem: str) -> None:
        """The volume cannot be used any more: told, closed aside, and tried again later."""
        self._enter(volume, "failed", problem)
        del self._open[path]
        retry_ns = self._clock.mono_ns() + _RETRY_NS
        volume_id = volume.volume.volume_id
        self._missing[path] = _Missing(volume.assignment, problem, retry_ns, volume_id, self._clock.utc_ns())
        if volume.is_silent():
            self._abandoned += volume.writer.abandon()
        self._leaving.append(volume)

    def _close_aside(self, volume: OpenVolume) -> None:
        path = volume.assignment.path
        self._closing.append(_Closing(volume, run_aside(volume.close, f"close {path}")))

    def _is_closing(self, path: str) -> bool:
        return any(closing.volume.assignment.path == path for closing in self._closing)

    def _start_opening(self, assignment: VolumeAssignment) -> None:
        if assignment.path in self._opening or self._is_closing(assignment.path):
            self._missing.setdefault(assignment.path, _Missing(assignment, "it is being closed", 0))
            return
        opening = _Opening(assignment)
        self._opening[assignment.path] = opening
        run_aside(lambda: self._open_aside(opening), f"open {assignment.path}")

    def _open_aside(self, opening: _Opening) -> None:
        """In a thread."""
        try:
            opening.opened = open_for_writing(
                opening.assignment,
                self._rules,
                self._known,
                self._clock,
                self._log.info,
                self._disk,
                self._make_body,
            )
        except (StorageError, OSError) as error:
            opening.error = error
        finally:
            opening.is_done.set()

    async def _wait_opened(self) -> None:
        deadline_ns = self._clock.mono_ns() + round(_OPEN_WAIT_S * NS_PER_S)
        while self._opening and self._clock.mono_ns() < deadline_ns:
            self._take_opened()
            if self._opening:
                await asyncio.sleep(0.01)

    def _take_opened(self) -> None:
        for path, opening in list(self._opening.items()):
            if not opening.is_done.is_set():
                if path not in self._missing:
                    since_ns = self._clock.utc_ns()
                    self._missing[path] = _Missing(opening.assignment, "it is being opened", 0, "", since_ns)
                continue
            del self._opening[path]
            if opening.opened is None:
                self._miss(opening)
            else:
                self._adopt(path, opening.opened)

    def _adopt(self, path: str, volume: OpenVolume) -> None:
        missing = self._missing.pop(path, None)
        assignment = self._wanted.get(path)
        if assignment is None:
            self._leaving.append(volume)
            return
        self._open[path] = volume
        volume.assignment = assignment
        volume.writer.set_terms(self._rules.make_terms(volume.assignment, volume.kept_holds))
        if missing is not None and missing.reason != "it is being opened":
            self._tell(volume.volume.volume_id, volume.assignment, "writable", "")

    def _miss(self, opening: _Opening) -> None:
        error, assignment = opening.error, opening.assignment
        reason = error.message if isinstance(error, VedetteError) else f"it cannot be opened: {error}"
        hint = error.hint if isinstance(error, VedetteError) else ""
        known = self._missing.get(assignment.path)
        if known is None or known.reason == "it is being opened":
            self._tell(assignment.path, assignment, "failed", f"{reason} {hint}".strip())
        since_ns = self._clock.utc_ns() if known is None or not known.since_ns else known.since_ns
        volume_id = known.volume_id if known is not None else ""
        retry_ns = self._clock.mono_ns() + _RETRY_NS
        self._missing[assignment.path] = _Missing(assignment, reason, retry_ns, volume_id, since_ns)

    def _views(self) -> list[VolumeView]:
        views = [
            VolumeView(volume.assignment.name, volume.volume.volume_id, True, volume.state == "writable")
            for volume in self._open.values()
        ]
        views += [
            VolumeView(missing.assignment.name, missing.volume_id, False, False)
            for missing in self._missing.values()
            if missing.volume_id
        ]
        return views

    def _describe_usable(self) -> list[tuple[str, str]]:
        return [(path, volume.state) for path, volume in self._open.items()]

    def _tell(self, volume_id: str, assignment: VolumeAssignment, state: str, reason: str) -> None:
        log = self._log.info if state == "writable" else self._log.error
        log("volume changed", volume=assignment.path, state=state, reason=reason)
        told = VolumeStateChanged(volume_id, state, reason, self._clock.utc_ns(), assignment.name)
        self._publisher.publish_nowait(told)

    def _warn(self, volume: OpenVolume, kind: str, detail: str) -> None:
        self._log.warning("storage warned", volume=volume.assignment.path, kind=kind, detail=detail)
        now_ns, volume_id = self._clock.utc_ns(), volume.volume.volume_id
        self._publisher.publish_nowait(StorageWarned(volume_id, kind, detail, now_ns, volume.assignment.name))
