"""Opens one volume for recording: taken for this process, recovered, proven writable, with its writer running.

Everything here may block for as long as a disk likes: `RecorderVolumes` calls it from threads of their own.
"""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from vedette.adapters.sqlite_recording_index import SqliteRecordingIndex
from vedette.core.assignment import VolumeAssignment
from vedette.core.recording_plan import Hold
from vedette.core.time import NS_PER_S
from vedette.node.known_volumes import KnownVolumes
from vedette.node.volume_watch import SILENCE_NS, VolumeWatch, check_writable
from vedette.recording.disk import PosixDisk
from vedette.recording.errors import VolumeUnusableError
from vedette.recording.holds_file import KeptHold, merge_holds, read_holds
from vedette.recording.records import StreamKey
from vedette.recording.recovery import recover
from vedette.recording.retention import KeepRules, SpaceLimit
from vedette.recording.segment_body import BodyMaker
from vedette.recording.store import SegmentStore
from vedette.recording.store_terms import StoreTerms, VolumeState
from vedette.recording.volume import Volume, create_volume
from vedette.recording.writer import VolumeWriter
from vedette.runtime.clock import Clock

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(slots=True)
class OpenVolume:
    """A volume in use, with what is open for it."""

    assignment: VolumeAssignment
    volume: Volume
    writer: VolumeWriter
    resources: ExitStack
    watch: VolumeWatch
    last_ends: dict[StreamKey, int]
    kept_holds: tuple[KeptHold, ...] = ()
    state: str = VolumeState.WRITABLE.value
    """As last told by the writer, together with its reason; the writer's own state runs ahead of its news."""
    reason: str = ""
    since_ns: int = 0
    inflow_bps: float = 0.0
    cameras: set[str] = field(default_factory=set)
    spilled_cameras: set[str] = field(default_factory=set)
    warnings: set[str] = field(default_factory=set)

    def find_last_end(self, key: StreamKey) -> int | None:
        """Where the newest footage of a stream ended when the volume was opened."""
        return self.last_ends.get(key)

    def is_silent(self) -> bool:
        """Whether a call to the disk does not return. One that hangs on writes may well answer who only looks."""
        return self.watch.is_silent() or self.writer.silent_ns > SILENCE_NS

    def find_problem(self) -> str:
        """In words why the volume cannot be used; empty when it can."""
        if self.is_silent():
            return f"its disk has not answered for {SILENCE_NS // NS_PER_S} s"
        return self.watch.find_problem()

    def close(self) -> None:
        """Stores what is queued and closes everything. Blocks for as long as the disk needs."""
        self.watch.stop()
        self.resources.close()


@dataclass(frozen=True, slots=True)
class RecordingRules:
    """What the assignment says of keeping, and who says it. `holds_known` False: there is no assignment yet."""

    rules: KeepRules = field(default_factory=KeepRules)
    recorder_id: str = ""
    holds_known: bool = True

    def make_terms(self, assignment: VolumeAssignment, kept: Sequence[KeptHold]) -> StoreTerms:
        """Joins the holds of the assignment with those that the volume brought along."""
        limit = SpaceLimit(assignment.max_bytes, assignment.reserve_bytes)
        holds = merge_holds(kept, self.recorder_id, self.rules.holds) if self.holds_known else tuple(kept)
        in_force: dict[str, Hold] = {f"{one.origin}/{one.hold.hold_id}": one.hold for one in holds}
        return StoreTerms(limit, KeepRules(self.rules.terms, tuple(in_force.values()), self.rules.erasures), holds)


def open_for_writing(
    assignment: VolumeAssignment,
    rules: RecordingRules,
    known: KnownVolumes,
    clock: Clock,
    log: Callable[..., object],
    disk: PosixDisk,
    make_body: BodyMaker,
) -> OpenVolume:
    """Opens a volume, brings it into order after a crash, and starts its writer.

    Raises:
        StorageError: it cannot be used now.
    """
    root = Path(assignment.path)
    known.check_mounted(root)
    volume = create_volume(root)
    with ExitStack() as stack:
        stack.enter_context(hold_volume(volume))
        _check_disk(volume)
        kept = read_holds(volume)
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
        terms = rules.make_terms(assignment, kept)
        store = SegmentStore(volume, index, terms.limit, disk, terms, clock.utc_ns(), make_body)
        last_ends = index.find_last_ends()
        watch = VolumeWatch(volume, clock)
        writer = stack.enter_context(VolumeWriter(store, clock))
        known.remember(root, volume.volume_id)
        watch.start()
        return OpenVolume(assignment, volume, writer, stack.pop_all(), watch, last_ends, kept, since_ns=clock.utc_ns())


def _check_disk(volume: Volume) -> None:
    try:
        check_writable(volume)
    except OSError as exc:
        if exc.errno not in _FULL:
            raise VolumeUnusableError(
                f"the volume {volume.root} cannot be written: {exc.strerror}", "Is its disk healthy?"
            ) from exc


@contextmanager
def hold_volume(volume: Volume) -> Iterator[None]:
    """Takes the volume for this process. Two writers would delete and count against each other.

    Raises:
        VolumeUnusableError: another process has it, or it cannot be written.
    """
    try:
        descriptor = os.open(volume.root / "writer.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
    except OSError as exc:
        raise VolumeUnusableError(
            f"the volume {volume.root} cannot be written: {exc.strerror}", "Is its disk mounted read-only?"
        ) from exc
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
