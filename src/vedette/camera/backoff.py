"""How long to wait before a camera is tried again. Pure, given its source of randomness."""

import random
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential with jitter: after a power cut 500 cameras must not be called in the same second.

    Attributes:
        first_s: Delay after the first failure.
        most_s: Upper end.
        jitter: The delay is moved by up to this share, up or down.
        rng: Where the jitter comes from; not for secrets.
    """

    first_s: float = 1.0
    factor: float = 2.0
    most_s: float = 30.0
    jitter: float = 0.2
    rng: random.Random = field(default_factory=random.Random)

    def delay_s(self, failures: int, least_s: float = 0.0) -> float:
        """Returns the delay after `failures` failures in a row (1 or more), never below `least_s`."""
        exponent = min(max(failures, 1) - 1, 32)
        plain_s = min(self.most_s, self.first_s * self.factor**exponent)
        moved_s = plain_s * (1.0 + self.jitter * (2.0 * self.rng.random() - 1.0))
        return max(moved_s, least_s)
