"""Puts fragments onto one volume: write, then fdatasync, then the index row.

Synchronous and single-threaded: `VolumeWriter` runs it in a thread of its own, tests call it directly. A row
therefore always points at durable bytes; bytes without a row are found again by `recovery`. What cannot be
stored is reported as a loss, never only logged. Design: docs/design/recording-store.md.
"""

import contextlib
import errno
from collections.abc import Callable
from dataclasses import replace

from vedette.core.errors import StorageError
from vedette.recording.deletion import SegmentDeleter
from vedette.recording.disk import PosixDisk
from vedette.recording.growing_segment import GrowingSegment
from vedette.recording.holds_file import write_holds
from vedette.recording.ports import SegmentIndex
from vedette.recording.records import (
    GapRecord,
    SegmentRecord,
    VolumeTotals,
)
from vedette.recording.retention import KeepRules, SpaceLimit, describe_full, find_shortage
from vedette.recording.segment_body import BodyMaker, Piece, make_plain_body
from vedette.recording.store_terms import (
    LostFootage,
    News,
    StoreJob,
    StoreTerms,
    VolumeNews,
    VolumeState,
    VolumeWarning,
)
from vedette.recording.volume import Volume

LEAST_AHEAD_BYTES = 32 << 20
"""Room kept ready beyond what the last second wrote. Deleting ahead: a writer never waits for an unlink."""
_MOST_UNINDEXED = 2000
"""Closed segments that may wait for an index that cannot be written; later ones are found by recovery."""
_MOST_GAPS = 10_000
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class SegmentStore:
    """The writer of one volume. Not thread-safe: one thread owns it.

    Args:
        now_ns: The wall clock at this moment; `tick` tells it from then on.
        make_body: Makes what a new segment is on disk: in the clear, encrypted, or without hashes (for benchmarks).
    """

    def __init__(
        self,
        volume: Volume,
        index: SegmentIndex,
        limit: SpaceLimit,
        disk: PosixDisk,
        terms: StoreTerms | None = None,
        now_ns: int = 0,
        make_body: BodyMaker = make_plain_body,
    ) -> None:
        self._volume = volume
        self._index = index
        self._limit = limit
        self._disk = disk
        self._growing: dict[str, GrowingSegment] = {}
        self._unindexed: list[SegmentRecord] = []
        self._gaps: list[GapRecord] = []
        self._news: list[News] = []
        self._make_body = make_body
        self.on_answer: Callable[[], None] = lambda: None
        """Called whenever the disk has done something: much to delete or to sync is no disk that hangs."""
        self._held_bytes = 0
        self._is_exhausted = False
        self._is_below_minimum = False
        self._deleter = SegmentDeleter(volume, index, disk, KeepRules(), now_ns)
        self._state = VolumeState.WRITABLE
        totals = index.find_totals()
        self._stored_bytes = totals.size_bytes
        self._written_bytes = 0
        self._budget_bytes = 0
        self._written: list[GrowingSegment] = []
        self._free_bytes = 0
        if terms is None:
            self.make_room()
        else:
            self.set_terms(terms)

    @property
    def state(self) -> VolumeState:
        return self._state

    @property
    def used_bytes(self) -> int:
        return self._stored_bytes

    @property
    def free_bytes(self) -> int:
        return self._free_bytes

    def totals(self) -> VolumeTotals:
        return self._index.find_totals()

    @property
    def held_bytes(self) -> int:
        """As of the last minute."""
        return self._held_bytes

    def set_limit(self, limit: SpaceLimit) -> None:
        self._limit = limit
        self._is_exhausted = False

    def set_terms(self, terms: StoreTerms) -> None:
        """Takes limit, rules and holds over. Holds first, on this disk too: nothing is deleted in between."""
        self._limit = terms.limit
        self._deleter.rules = terms.rules
        self._is_exhausted = False
        try:
            self._index.set_holds(terms.rules.holds)
            write_holds(self._volume, terms.holds)
            self._held_bytes = self._index.find_held_bytes()
        except (OSError, StorageError) as exc:
            self._enter(VolumeState.FAILED, f"holds cannot be written to this volume: {exc}")
        self.make_room()

    def tick(self, utc_ns: int, mono_ns: int) -> None:
        """Once a second, after the commit: deletes what is too old or was ordered to go, and joins coverage."""
        try:
            went_bytes = self._deleter.erase() + self._deleter.tick(utc_ns, mono_ns)
            self._stored_bytes -= went_bytes
            if self._deleter.rules.holds:
                self._held_bytes = self._index.find_held_bytes()
            self._index.join_some()
        except (OSError, StorageError) as exc:
            self._enter(VolumeState.FAILED, f"old footage cannot be deleted: {exc}")

    def drain_news(self) -> list[News]:
        """Returns losses and changes of state since the last call."""
        news, self._news = self._news, []
        return news

    def append(self, job: StoreJob) -> None:
        """Writes one fragment to the end of its segment, opening the file when there is none yet."""
        needed_bytes = job.entry.size_bytes + len(job.init)
        growing = self._growing.get(job.head.segment_id)
        is_key = job.entry.key_size_bytes > 0
        if growing is not None and (growing.is_closing or (growing.waits_for_key and not is_key)):
            self._lose(job, "it needs a fragment that could not be stored")
            return
        if needed_bytes > self._budget_bytes:
            if not self._is_exhausted:
                self.make_room()
            if needed_bytes > self._budget_bytes:
                why = describe_full(self._limit, self._stored_bytes, self._free_bytes)
                self._fail(job, growing, VolumeState.FULL, why)
                return
        try:
            if growing is None:
                growing = self._create(job)
            else:
                self._write(growing, growing.body.plan_fragment(job.buffers, job.entry.pack()))
        except OSError as exc:
            state = VolumeState.FULL if exc.errno in _FULL else VolumeState.FAILED
            self._fail(job, growing, state, exc.strerror or "the disk failed")
            return
        self._count(growing, job)

    def close_segment(self, segment_id: str) -> None:
        """No more fragments will come for this segment."""
        growing = self._growing.get(segment_id)
        if growing is None or growing.is_closing:
            return
        end = growing.body.plan_end()
        if end is not None:
            try:
                self._write(growing, end)
            except OSError:  # it ends as after a crash: all of its footage is there
                with contextlib.suppress(OSError):
                    self._disk.truncate(growing.descriptor, growing.body.stored_bytes)
        growing.is_closing = growing.is_dirty = True

    def add_gap(self, gap: GapRecord) -> None:
        if len(self._gaps) < _MOST_GAPS:
            self._gaps.append(gap)

    def start_writing(self) -> None:
        """Has the kernel write out what came since the last call, so that little is left for the commit."""
        for growing in self._written:
            self._disk.start_writing(growing.descriptor)
        self._written = []

    def commit(self) -> None:
        """Makes everything written durable and then visible in the index, in one transaction."""
        dirty = [growing for growing in self._growing.values() if growing.is_dirty]
        self._written = []  # what the sync below writes out
        records = self._unindexed + [growing.record() for growing in dirty if self._make_durable(growing)]
        gaps = self._gaps
        if records or gaps:
            try:
                self._index.commit(records, gaps)
            except StorageError as exc:
                self._unindexed = [record for record in records if not record.is_open][-_MOST_UNINDEXED:]
                self._enter(VolumeState.FAILED, f"the index cannot be written: {exc.message}")
                self._drop_closed()
                return
        self._unindexed, self._gaps = [], []
        for growing in dirty:
            growing.is_dirty = False
            growing.committed_ns, growing.committed_frames = growing.end_ns, growing.frames
        self._remove_markers([record.head.segment_id for record in records if not record.is_open])
        self._drop_closed()
        self._is_exhausted = False
        self.make_room()

    def close(self) -> None:
        """Closes every segment, makes all of it durable and closes the index."""
        for segment_id in list(self._growing):
            self.close_segment(segment_id)
        self.commit()
        # A disk that failed takes the account of what it lost with it, unless that goes to another volume.
        self._news += [gap for gap in self._gaps if not gap.is_open]
        self._index.close()

    def make_room(self) -> None:
        """Deletes oldest footage until the next seconds fit, and works out what may be written."""
        ahead_bytes = LEAST_AHEAD_BYTES + 3 * self._written_bytes
        if self._limit.max_bytes:
            ahead_bytes = min(ahead_bytes, self._limit.max_bytes // 8)
        self._written_bytes = 0
        try:
            while True:
                self._free_bytes = self._disk.free_bytes(self._volume.root)
                shortage = find_shortage(self._limit, self._stored_bytes, self._free_bytes, ahead_bytes)
                self.on_answer()
                went_bytes = self._deleter.make_room(shortage) if shortage else 0
                if not went_bytes:
                    self._is_exhausted = shortage > 0
                    break
                self._stored_bytes -= went_bytes
        except (OSError, StorageError) as exc:
            self._enter(VolumeState.FAILED, f"old footage cannot be deleted: {exc}")
        budget = self._free_bytes - self._limit.reserve_bytes
        if self._limit.max_bytes:
            budget = min(budget, self._limit.max_bytes - self._stored_bytes)
        self._budget_bytes = budget
        if self._state is VolumeState.FULL and budget >= ahead_bytes:
            self._enter(VolumeState.WRITABLE, "")  # also while its cameras record elsewhere
        self._warn_below_minimum()

    def _warn_below_minimum(self) -> None:
        if self._deleter.is_below_minimum is not self._is_below_minimum:
            self._is_below_minimum = self._deleter.is_below_minimum
            kind = "below_minimum" if self._is_below_minimum else "-below_minimum"
            detail = "footage younger than its minimum had to be deleted: give this volume more room, or record less"
            self._news.append(VolumeWarning(kind, detail if self._is_below_minimum else ""))

    def _create(self, job: StoreJob) -> GrowingSegment:
        segment_id = job.head.segment_id
        path = self._volume.segment(segment_id)
        self._disk.touch(self._volume.growing / segment_id)
        head = replace(job.head, start_ns=job.entry.start_ns, init_size_bytes=len(job.init))
        body = self._make_body(self._volume.volume_id, head, job.init)
        descriptor = self._disk.create(path)
        try:
            start = body.plan_start(job.init)
            body.take(start)
            first = body.plan_fragment(job.buffers, job.entry.pack())
            self._disk.append(descriptor, (*start.buffers, *first.buffers))
        except OSError:
            self._disk.close(descriptor)
            self._disk.unlink(path)  # nothing of it was ever readable
            raise
        body.take(first)
        growing = GrowingSegment(head, descriptor, body, len(job.init), job.entry.end_ns, committed_ns=head.start_ns)
        self._growing[segment_id] = growing
        self._stored_bytes += len(job.init)
        return growing

    def _write(self, growing: GrowingSegment, piece: Piece) -> None:
        self._disk.append(growing.descriptor, piece.buffers)
        growing.body.take(piece)

    def _count(self, growing: GrowingSegment, job: StoreJob) -> None:
        self.on_answer()
        growing.packed += job.entry.pack()
        growing.ingest = job.ingest
        growing.size_bytes += job.entry.size_bytes
        growing.frames += job.entry.frames
        growing.end_ns = max(growing.end_ns, job.entry.end_ns)
        growing.is_dirty = True
        self._written.append(growing)
        growing.waits_for_key = False
        self._stored_bytes += job.entry.size_bytes
        self._written_bytes += job.entry.size_bytes
        self._budget_bytes -= job.entry.size_bytes
        self._enter(VolumeState.WRITABLE, "")

    def _fail(self, job: StoreJob, growing: GrowingSegment | None, state: VolumeState, why: str) -> None:
        if growing is not None:
            growing.waits_for_key = True
            try:
                self._disk.truncate(growing.descriptor, growing.body.stored_bytes)
            except OSError:  # the torn tail stays; no more is written behind it
                growing.is_closing = growing.is_dirty = True
        self._lose(job, why)
        self._enter(state, why)

    def _lose(self, job: StoreJob, why: str) -> None:
        entry = job.entry
        lost = LostFootage(job.head.key, job.head.segment_id, entry.start_ns, entry.end_ns, entry.frames, why)
        self._news.append(lost)

    def _enter(self, state: VolumeState, reason: str) -> None:
        if state is not self._state:
            self._state = state
            self._news.append(VolumeNews(state, reason))

    def _make_durable(self, growing: GrowingSegment) -> bool:
        """Syncs one file. False: the disk refused, and what was written since the last commit is unsure."""
        try:
            self._disk.sync(growing.descriptor)
            self._disk.let_go(growing.descriptor, growing.body.stored_bytes)
            self.on_answer()
            if growing.is_new:
                self._disk.sync_folder(self._volume.segment(growing.head.segment_id).parent)
                growing.is_new = False
        except OSError as exc:
            # After a failed sync the kernel may have dropped the pages and says "fine" next time. The file
            # is given up: recovery reads at the next start what really reached the disk.
            growing.is_closing = True
            why = f"written footage cannot be made durable: {exc.strerror}"
            head, frames = growing.head, growing.frames - growing.committed_frames
            self._news.append(LostFootage(head.key, head.segment_id, growing.committed_ns, growing.end_ns, frames, why))
            self._enter(VolumeState.FAILED, why)
            return False
        return True

    def _remove_markers(self, segment_ids: list[str]) -> None:
        for segment_id in segment_ids:
            with contextlib.suppress(OSError):  # a marker that stays costs one look at the next start
                self._disk.unlink(self._volume.growing / segment_id)

    def _drop_closed(self) -> None:
        for segment_id, growing in list(self._growing.items()):
            if growing.is_closing:
                with contextlib.suppress(OSError):
                    self._disk.close(growing.descriptor)
                del self._growing[segment_id]
