"""The thread that writes one volume: a bounded queue in front of a `SegmentStore`.

The event loop hands over buffers and never waits for a disk. Queued bytes are bounded; what does not fit is
refused to the caller, who records the gap. Fragments reach the kernel within a twentieth of a second, so a
killed process loses little more than what it was still collecting, and the kernel is asked to write them out; once a
second everything is made durable and indexed (group commit), and the kernel lets go of its pages.
Design: docs/design/recording-store.md.
"""

import threading
from collections import deque
from contextlib import suppress
from typing import Self

from vedette.core.time import NS_PER_S
from vedette.recording.records import GapRecord, VolumeTotals
from vedette.recording.store import SegmentStore
from vedette.recording.store_terms import LostFootage, News, StoreJob, StoreTerms, VolumeState
from vedette.runtime.clock import Clock

MAX_QUEUED_BYTES = 256 << 20
WRITE_EVERY_S = 0.05
COMMIT_EVERY_NS = NS_PER_S
_STOP_TIMEOUT_S = 30.0


class WriterStoppedError(RuntimeError):
    """The writer's thread has ended on a bug. The recorder must restart: nothing is stored any more."""


class VolumeWriter:
    """Use as a context manager: on exit everything queued is stored and the store is closed."""

    def __init__(self, store: SegmentStore, clock: Clock, max_queued_bytes: int = MAX_QUEUED_BYTES) -> None:
        self._store = store
        self._clock = clock
        self._max_queued_bytes = max_queued_bytes
        self._queue: deque[StoreJob | GapRecord | StoreTerms | str] = deque()
        self._queued_bytes = 0
        self._written_bytes = 0
        self._news: deque[News] = deque()
        self._crash: BaseException | None = None
        self._stop = threading.Event()
        self._turn = threading.Event()
        self._totals = store.totals()
        self._answered_ns = clock.mono_ns()
        store.on_answer = self._note_answer
        self.longest_commit_ns = 0
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="volume-writer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._turn.set()
        self._thread.join(_STOP_TIMEOUT_S)

    @property
    def waiting_bytes(self) -> int:
        """Bytes handed over and not written yet."""
        return self._queued_bytes - self._written_bytes

    @property
    def state(self) -> VolumeState:
        return self._store.state

    @property
    def used_bytes(self) -> int:
        return self._store.used_bytes

    @property
    def free_bytes(self) -> int:
        return self._store.free_bytes

    @property
    def held_bytes(self) -> int:
        return self._store.held_bytes

    @property
    def written_bytes(self) -> int:
        """Handed to the store since the start."""
        return self._written_bytes

    @property
    def max_queued_bytes(self) -> int:
        return self._max_queued_bytes

    @property
    def is_ended(self) -> bool:
        return not self._thread.is_alive()

    @property
    def silent_ns(self) -> int:
        """For how long the disk has not answered the call that the thread is in; a healthy one stays far below 1 s."""
        return self._clock.mono_ns() - self._answered_ns

    @property
    def totals(self) -> VolumeTotals:
        """As of the last commit."""
        return self._totals

    def submit(self, job: StoreJob) -> bool:
        """Queues a fragment. False: it was not taken; the disk is too slow and the queue full, or it is closing."""
        size_bytes = job.entry.size_bytes
        if self._stop.is_set() or self.waiting_bytes + size_bytes > self._max_queued_bytes:
            return False
        self._queued_bytes += size_bytes
        self._queue.append(job)
        return True

    def write_now(self) -> None:
        """Writes what is queued without waiting for the next twentieth of a second."""
        if self._queue:
            self._turn.set()

    def close_segment(self, segment_id: str) -> None:
        self._queue.append(segment_id)

    def submit_gap(self, gap: GapRecord) -> None:
        self._queue.append(gap)

    def set_terms(self, terms: StoreTerms) -> None:
        self._queue.append(terms)

    def abandon(self) -> list[LostFootage | GapRecord]:
        """Gives up what is queued, as a disk does not answer; returns footage as lost, and gaps to keep elsewhere.

        The thread ends when it can.
        """
        self._stop.set()
        self._turn.set()
        lost: list[LostFootage | GapRecord] = []
        with suppress(IndexError):  # the thread takes from the same queue
            while True:
                job = self._queue.popleft()
                if isinstance(job, StoreJob):
                    entry, segment_id = job.entry, job.head.segment_id
                    why = "its volume does not answer"
                    lost.append(LostFootage(job.head.key, segment_id, entry.start_ns, entry.end_ns, entry.frames, why))
                elif isinstance(job, GapRecord) and not job.is_open:
                    lost.append(job)
        return lost

    def drain_news(self) -> list[News]:
        """Returns losses and changes of state since the last call.

        Raises:
            WriterStoppedError: the thread is not running any more.
        """
        if self._crash is not None:
            raise WriterStoppedError("the writer of a volume has stopped") from self._crash
        news = []
        while self._news:
            news.append(self._news.popleft())
        return news

    def _run(self) -> None:
        try:
            self._write_until_stopped()
        except BaseException as exc:  # noqa: BLE001 -- handed to the event loop, which ends the process
            self._crash = exc

    def _write_until_stopped(self) -> None:
        commit_due_ns = self._clock.mono_ns() + COMMIT_EVERY_NS
        while not self._stop.is_set():
            self._turn.wait(WRITE_EVERY_S)
            self._turn.clear()
            self._note_answer()
            self._write_queued()
            self._store.start_writing()
            now_ns = self._clock.mono_ns()
            if now_ns >= commit_due_ns:
                self._commit()
                commit_due_ns = max(commit_due_ns + COMMIT_EVERY_NS, now_ns)
        self._write_queued()
        try:
            self._store.close()
        finally:
            self._news.extend(self._store.drain_news())

    def _note_answer(self) -> None:
        self._answered_ns = self._clock.mono_ns()

    def _commit(self) -> None:
        started_ns = self._clock.mono_ns()
        self._store.commit()
        self._store.tick(self._clock.utc_ns(), self._clock.mono_ns())
        self.commits += 1
        self._totals = self._store.totals()
        self._news.extend(self._store.drain_news())
        self.longest_commit_ns = max(self.longest_commit_ns, self._clock.mono_ns() - started_ns)

    def _write_queued(self) -> None:
        for _ in range(len(self._queue)):
            try:
                item = self._queue.popleft()
            except IndexError:  # abandoned meanwhile
                return
            if isinstance(item, StoreJob):
                self._store.append(item)
                self._written_bytes += item.entry.size_bytes
            elif isinstance(item, GapRecord):
                self._store.add_gap(item)
            elif isinstance(item, StoreTerms):
                self._store.set_terms(item)
            else:
                self._store.close_segment(item)
