"""Lets a probe watch how long each step of opening a stream takes, and which one fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from vedette.core.errors import StreamLostError
from vedette.core.time import NS_PER_MS
from vedette.runtime.clock import Clock


class StepTrace(Protocol):
    """Is told of each step as it happens."""

    def begin(self, name: str) -> None: ...

    def end(self, name: str, error: StreamLostError | None, detail: str) -> None: ...


class SilentTrace:
    """Watches nothing: what the recorder uses."""

    def begin(self, name: str) -> None: ...

    def end(self, name: str, error: StreamLostError | None, detail: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One step with its duration in milliseconds."""

    name: str
    ms: float
    ok: bool
    detail: str


class TimedSteps:
    """Keeps the steps with their durations, in the order in which they began."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since_ns: dict[str, int] = {}
        self._done: dict[str, Step] = {}

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(self._done[name] for name in self._since_ns if name in self._done)

    def begin(self, name: str) -> None:
        self._since_ns.setdefault(name, self._clock.mono_ns())

    def end(self, name: str, error: StreamLostError | None, detail: str) -> None:
        ms = round((self._clock.mono_ns() - self._since_ns[name]) / NS_PER_MS, 1)
        self._done[name] = Step(name, ms, error is None, detail if error is None else error.message)


class StepNote:
    """Lets the step say something about itself."""

    def __init__(self) -> None:
        self.detail = ""


@contextmanager
def step(trace: StepTrace, name: str) -> Iterator[StepNote]:
    """Reports one step to the trace; a StreamLostError marks it as failed and goes on its way."""
    note = StepNote()
    trace.begin(name)
    try:
        yield note
    except StreamLostError as error:
        trace.end(name, error, note.detail)
        raise
    except BaseException:
        trace.end(name, StreamLostError("interrupted"), note.detail)
        raise
    trace.end(name, None, note.detail)
