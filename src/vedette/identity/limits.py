"""Rate limits: token buckets, and what they mean for logins. Pure: time is an argument.

A bucket holds up to `burst` tokens and gets `per_s` new ones a second. What cannot take one waits.
"""

from collections import OrderedDict
from dataclasses import dataclass

from vedette.core.errors import TooManyRequestsError
from vedette.core.time import NS_PER_S


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much of something one key may have."""

    burst: float
    per_s: float

    def __post_init__(self) -> None:
        if not (self.burst >= 1 and self.per_s > 0):
            raise ValueError(f"need burst >= 1 and per_s > 0, got {self}")


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_ns: int


class Buckets:
    """One bucket per key (address, account), for a bounded number of keys.

    When `max_keys` is reached the key that was used longest ago is forgotten: an attacker with a million
    addresses gains fresh buckets, but never our memory.
    """

    def __init__(self, allowance: Allowance, max_keys: int = 10_000) -> None:
        self._allowance = allowance
        self._max_keys = max_keys
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str, mono_ns: int) -> float:
        """Takes one token. Returns 0 when there was one, else the seconds until there is one."""
        bucket = self._fill(key, mono_ns)
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0.0
        return (1 - bucket.tokens) / self._allowance.per_s

    def give_back(self, key: str, mono_ns: int) -> None:
        """Returns a token that was taken for something that turned out harmless."""
        bucket = self._fill(key, mono_ns)
        bucket.tokens = min(self._allowance.burst, bucket.tokens + 1)

    def __len__(self) -> int:
        return len(self._buckets)

    def _fill(self, key: str, mono_ns: int) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self._allowance.burst, mono_ns)
            if len(self._buckets) > self._max_keys:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
            gained = max(0, mono_ns - bucket.at_ns) / NS_PER_S * self._allowance.per_s
            bucket.tokens = min(self._allowance.burst, bucket.tokens + gained)
            bucket.at_ns = mono_ns
        return bucket


class TooManyLoginsError(TooManyRequestsError):
    """Too many failed logins for this account or from this address."""

    code = "too_many_logins"


class LoginLimits:
    """Slows down guessing of passwords.

    Tight per account and address together (5, then one a minute), so that somebody who guesses from his own
    machine locks only himself out; looser per account (30, then one in 20 s), which caps a guess from many
    addresses at some 4,300 a day; and per address (20, then one in 10 s) against trying many accounts.
    """

    def __init__(self) -> None:
        self._pair = Buckets(Allowance(burst=5, per_s=1 / 60))
        self._account = Buckets(Allowance(burst=30, per_s=1 / 20))
        self._address = Buckets(Allowance(burst=20, per_s=1 / 10))

    def enter(self, account: str, address: str, mono_ns: int) -> None:
        """Counts an attempt before the password is looked at, so that parallel attempts count too.

        Raises:
            TooManyLoginsError: with the time to wait.
        """
        waits = [buckets.take(key, mono_ns) for buckets, key in self._keys(account, address)]
        wait_s = max(waits)
        if wait_s > 0:
            for (buckets, key), wait in zip(self._keys(account, address), waits, strict=True):
                if wait == 0:
                    buckets.give_back(key, mono_ns)
            raise TooManyLoginsError(
                "too many failed logins",
                f"Wait {max(1, round(wait_s))} seconds and try again.",
                retry_after_s=wait_s,
            )

    def succeed(self, account: str, address: str, mono_ns: int) -> None:
        """Gives the attempt back: only failures use up the allowance."""
        for buckets, key in self._keys(account, address):
            buckets.give_back(key, mono_ns)

    def _keys(self, account: str, address: str) -> tuple[tuple[Buckets, str], ...]:
        folded = account.casefold()
        return (
            (self._pair, f"{folded}\n{address}"),
            (self._account, folded),
            (self._address, address),
        )
