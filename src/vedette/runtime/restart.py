"""Decides when a lost process is started again. Pure: no IO, no clock."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Waits longer after each quick death, and forgets deaths after a stretch of health.

    The first restart is at once: a recorder that was killed by hand must lose no second to politeness.
    """

    first_delay_s: float = 0.05
    factor: float = 3.0
    max_delay_s: float = 15.0
    healthy_after_s: float = 20.0

    def plan_delay_s(self, quick_deaths: int) -> float:
        """The wait before the next start, after this many deaths in a row (0: it had been healthy)."""
        return float(min(self.max_delay_s, self.first_delay_s * self.factor ** min(quick_deaths, 20)))

    def count_quick_deaths(self, before: int, lived_s: float) -> int:
        """How many quick deaths in a row it is now, after a life of `lived_s`."""
        return 0 if lived_s >= self.healthy_after_s else before + 1


@dataclass(frozen=True, slots=True)
class HangPolicy:
    """When a process that lives but does not answer is replaced.

    Patient, because a loaded disk makes a healthy recorder slow, and a restart loses footage for sure.
    """

    silent_s: float = 30.0

    def is_hung(self, silent_s: float, *, has_answered: bool) -> bool:
        """True when a process that once answered has been silent too long. A start may take any time."""
        return has_answered and silent_s >= self.silent_s
