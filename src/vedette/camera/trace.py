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
    """Keeps the steps with their durations."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since_ns: dict[str, int] = {}
        self.steps: list[Step] = []

    def begin(self, name: str) -> None:
        self._since_ns[name] = self._clock.mono_ns()

    def end(self, name: str, error: StreamLostError | None, detail: str) -> None:
        ms = round((self._clock.mono_ns() - self._since_ns.pop(name)) / NS_PER_MS, 1)
        text = detail if error is None else error.message
        self.steps.append(Step(name, ms, error is None, text))


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
