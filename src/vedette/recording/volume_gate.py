"""Asks the disk of one volume in threads of its own, and waits for an answer only so long.

A call to a dead disk or server may never return. So none is made in the caller's thread: the caller gets an error
after a few seconds, and while a call hangs further ones are refused at once, so that what lies on other disks is read
as if this one were not there. A disk that answers again is used again. Threads are few and daemons: a hanging one does
not keep the process from ending. Plain locks and not futures: an export asks thousands of times.
"""

import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

from vedette.recording.errors import VolumeSilentError

PATIENCE_S = 5.0
_MOST_THREADS = 8
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class _Call(Generic[T_co]):
    """One question and its answer. `arrived` is free once there is one."""

    __slots__ = ("_answer", "_ask", "_error", "arrived", "is_late", "is_over")

    def __init__(self, ask: Callable[[], T_co]) -> None:
        self._ask = ask
        self._answer: list[T_co] = []
        self._error: BaseException | None = None
        self.arrived = threading.Lock()
        self.arrived.acquire()
        self.is_over = self.is_late = False

    def run(self) -> None:
        try:
            self._answer.append(self._ask())
        except BaseException as exc:  # noqa: BLE001 -- handed to whoever asked
            self._error = exc

    def take(self) -> T_co:
        if self._error is not None:
            raise self._error
        return self._answer[0]


class _Counts:
    """What gate and threads share. The threads do not know the gate: one that nobody uses any more can go."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.busy = 0
        self.overdue = 0

    def end(self, call: _Call[object]) -> None:
        with self.lock:
            self.busy -= 1
            self.overdue -= call.is_late
            call.is_over = True


class VolumeGate:
    """Safe to use from several threads.

    Args:
        name: Of the volume, for the error.
        patience_s: How long a call may take.
    """

    def __init__(self, name: str, patience_s: float = PATIENCE_S) -> None:
        self._name = name
        self._patience_s = patience_s
        self._counts = _Counts()
        self._calls: SimpleQueue[_Call[object] | None] = SimpleQueue()
        self._threads = 0
        self.close = weakref.finalize(self, _end_threads, self._calls)
        """Ends the threads that do not hang; so does letting go of the gate."""

    def call(self, ask: Callable[[], T]) -> T:
        """Returns what `ask` returns, or raises what it raises.

        Raises:
            VolumeSilentError: it takes too long, or an earlier call still hangs. It may go on in its thread: what it
                was given is not the caller's any more.
        """
        call = _Call(ask)
        counts = self._counts
        with counts.lock:
            if counts.overdue:
                raise self._silent()
            counts.busy += 1
            if counts.busy > self._threads and self._threads < _MOST_THREADS:
                self._start_thread()
        self._calls.put(call)
        if not call.arrived.acquire(timeout=self._patience_s):
            with counts.lock:
                if not call.is_over:
                    call.is_late = True
                    counts.overdue += 1
                    raise self._silent()
        return call.take()

    def _start_thread(self) -> None:
        self._threads += 1
        name = f"volume {self._name}"
        threading.Thread(target=_work, args=(self._calls, self._counts), name=name, daemon=True).start()

    def _silent(self) -> VolumeSilentError:
        return VolumeSilentError(
            f"the disk of the volume {self._name} does not answer",
            "What lies on other disks can be read. Is this one healthy, and its server up?",
        )


def _work(calls: "SimpleQueue[_Call[object] | None]", counts: _Counts) -> None:
    while (call := calls.get()) is not None:
        call.run()
        counts.end(call)
        call.arrived.release()
        del call  # it holds what was asked for


def _end_threads(calls: "SimpleQueue[_Call[object] | None]") -> None:
    for _ in range(_MOST_THREADS):
        calls.put(None)
