"""The volumes of a recorder: opened, recovered, watched, and given to cameras.

A volume that cannot be opened (its disk is not mounted) is tried again every half minute; its cameras record
to the others meanwhile. One index, one writer thread and one process per volume.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.adapters.sqlite_recording_index import SqliteRecordingIndex
from vedette.core.assignment import VolumeAssignment
from vedette.core.errors import StorageError
from vedette.core.messages import VolumeStateChanged
from vedette.core.time import NS_PER_S
from vedette.recording.disk import PosixDisk
from vedette.recording.errors import VolumeUnusableError
from vedette.recording.records import StreamKey
from vedette.recording.recovery import recover
from vedette.recording.retention import SpaceLimit
from vedette.recording.store import LostFootage, SegmentStore, VolumeState
from vedette.recording.volume import Volume, create_volume
from vedette.recording.writer import VolumeWriter
from vedette.runtime.bus import Publisher
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger

_RETRY_NS = 30 * NS_PER_S
_END_OF_TIME_NS = (1 << 63) - 1


@dataclass(slots=True)
class OpenVolume:
    """A volume in use, with what is open for it."""

    assignment: VolumeAssignment
    volume: Volume
    writer: VolumeWriter
    resources: ExitStack
    state: str = VolumeState.WRITABLE.value
    """As last told by the writer, together with its reason; the writer's own state runs ahead of its news."""
    reason: str = ""

    def find_last_end(self, key: StreamKey) -> int | None:
        """Where the newest footage of a stream ends, as the index says; read-only, beside the writer."""
        with closing(SqliteRecordingCatalog(self.volume.index)) as catalog:
            last = catalog.find_segments_before(key, _END_OF_TIME_NS, 1)
        return last[0].end_ns if last else None

    def close(self) -> None:
        """Stores what is queued and closes everything. Blocks for as long as the disk needs."""
        self.resources.close()


@dataclass(slots=True)
class _Missing:
    assignment: VolumeAssignment
    reason: str
    retry_ns: int


class RecorderVolumes:
    """All volumes of this recorder. Used from one event loop; opening and closing block it for a moment."""

    def __init__(self, publisher: Publisher, clock: Clock) -> None:
        self._publisher = publisher
        self._clock = clock
        self._open: dict[str, OpenVolume] = {}
        self._missing: dict[str, _Missing] = {}
        self._log = get_logger("recording")

    @property
    def volumes(self) -> list[OpenVolume]:
        return list(self._open.values())

    @property
    def missing(self) -> list[tuple[VolumeAssignment, str]]:
        return [(missing.assignment, missing.reason) for missing in self._missing.values()]

    def apply(self, wanted: Sequence[VolumeAssignment]) -> list[OpenVolume]:
        """Opens new volumes and sets limits; returns those that are wanted no longer, to be closed."""
        by_path = {assignment.path: assignment for assignment in wanted}
        gone = [volume for path, volume in self._open.items() if path not in by_path]
        self._open = {path: volume for path, volume in self._open.items() if path in by_path}
        self._missing = {path: entry for path, entry in self._missing.items() if path in by_path}
        for path, assignment in by_path.items():
            volume = self._open.get(path)
            if volume is None:
                self._try_open(assignment)
            elif volume.assignment != assignment:
                volume.assignment = assignment
                volume.writer.set_limit(SpaceLimit(assignment.max_bytes, assignment.reserve_bytes))
        return gone

    def retry_missing(self) -> bool:
        """Tries volumes that were not there. True: one came back."""
        now_ns = self._clock.mono_ns()
        due = [missing for missing in self._missing.values() if missing.retry_ns <= now_ns]
        before = len(self._open)
        for missing in due:
            self._try_open(missing.assignment)
        return len(self._open) > before

    def find_home(self, camera_id: str) -> OpenVolume | None:
        """The volume of a camera: the same one as long as the set of usable volumes is the same."""
        usable = list(self._open.values())
        if not usable:
            return None
        return max(usable, key=lambda volume: _weight(volume.volume.volume_id, camera_id))

    def drain_losses(self) -> list[LostFootage]:
        """Returns what could not be stored; publishes changes of state."""
        losses: list[LostFootage] = []
        for volume in self._open.values():
            for news in volume.writer.drain_news():
                if isinstance(news, LostFootage):
                    losses.append(news)
                else:
                    self._tell(volume.volume.volume_id, volume.assignment, news.state, news.reason)
                    volume.state, volume.reason = news.state.value, news.reason
        return losses

    def close(self) -> None:
        for volume in self._open.values():
            volume.close()
        self._open.clear()

    def _try_open(self, assignment: VolumeAssignment) -> None:
        path = assignment.path
        try:
            self._open[path] = open_for_writing(assignment, self._clock, self._log.info)
        except StorageError as error:
            known = self._missing.get(path)
            if known is None or known.reason != error.message:
                self._tell(path, assignment, "failed", f"{error.message} {error.hint}".strip())
            self._missing[path] = _Missing(assignment, error.message, self._clock.mono_ns() + _RETRY_NS)
        else:
            if self._missing.pop(path, None) is not None:
                self._tell(self._open[path].volume.volume_id, assignment, "writable", "")

    def _tell(self, volume_id: str, assignment: VolumeAssignment, state: str, reason: str) -> None:
        log = self._log.info if state == "writable" else self._log.error
        log("volume changed", volume=assignment.path, state=state, reason=reason)
        told = VolumeStateChanged(volume_id, state, reason, self._clock.utc_ns(), assignment.name)
        self._publisher.publish_nowait(told)


def open_for_writing(assignment: VolumeAssignment, clock: Clock, log: Callable[..., object]) -> OpenVolume:
    """Opens a volume, brings it into order after a crash, and starts its writer.

    Raises:
        StorageError: it cannot be used now.
    """
    volume = create_volume(Path(assignment.path))
    disk = PosixDisk()
    with ExitStack() as stack:
        stack.enter_context(hold_volume(volume))
        index = SqliteRecordingIndex(volume.index)
        stack.callback(index.close)
        report = recover(volume, index, disk)
        if report != type(report)((), (), ()):
            log(
                "volume recovered",
                volume=assignment.path,
                segments=len(report.recovered),
                empty=len(report.empty),
                vanished=len(report.vanished),
            )
        limit = SpaceLimit(assignment.max_bytes, assignment.reserve_bytes)
        store = SegmentStore(volume, index, limit, disk)
        writer = stack.enter_context(VolumeWriter(store, clock))
        return OpenVolume(assignment, volume, writer, stack.pop_all())


@contextmanager
def hold_volume(volume: Volume) -> Iterator[None]:
    """Takes the volume for this process. Two writers would delete and count against each other.

    Raises:
        VolumeUnusableError: another process has it.
    """
    descriptor = os.open(volume.root / "writer.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        os.close(descriptor)
        raise VolumeUnusableError(
            f"another recorder writes to {volume.root}", "Stop it, or give this one another volume."
        ) from exc
    try:
        yield
    finally:
        os.close(descriptor)


def _weight(volume_id: str, camera_id: str) -> bytes:
    """Rendezvous hashing: when a volume comes or goes only its own cameras move."""
    return hashlib.blake2b(f"{volume_id}/{camera_id}".encode(), digest_size=8).digest()
