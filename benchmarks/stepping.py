"""The recorder on a wall clock that a drill steps: SIGUSR1 one hour forward, SIGUSR2 one hour back.

`python -m benchmarks.stepping serve --role recorder --data DIR`, as `vedette` takes it.
"""

import argparse
import signal
import sys
from pathlib import Path

from vedette.core.time import NS_PER_S
from vedette.node import recorder
from vedette.runtime.clock import SystemClock
from vedette.runtime.settings import NodeSettings

HOUR_NS = 3600 * NS_PER_S


class SteppingClock(SystemClock):
    """The system's clock, and an error."""

    def __init__(self) -> None:
        self.error_ns = 0

    def utc_ns(self) -> int:
        return super().utc_ns() + self.error_ns

    def step(self, step_ns: int) -> None:
        self.error_ns += step_ns


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--role", choices=["recorder"])
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    clock = SteppingClock()
    signal.signal(signal.SIGUSR1, lambda *_: clock.step(HOUR_NS))
    signal.signal(signal.SIGUSR2, lambda *_: clock.step(-HOUR_NS))
    return recorder.run(NodeSettings(data=options.data.resolve()), clock)


if __name__ == "__main__":
    sys.exit(main())
