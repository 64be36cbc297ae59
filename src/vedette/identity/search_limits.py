"""How often a user may search, and when that is no person any more (M12). Pure: time is an argument.

Every answer of a search says a little about the models and about who was seen; enough answers rebuild either. So each
user has a share, smaller for searches by face or appearance, and whoever keeps asking ten times as much is told of.
"""

from dataclasses import dataclass, field

from vedette.core.errors import TooManyRequestsError
from vedette.identity.limits import Allowance, Buckets


class SearchLimitError(TooManyRequestsError):
    """The user's share of searches is used up for now.

    `is_flood`: he has asked ten times as much; said once, until he has been quiet for a while.
    """

    code = "search_limit"

    def __init__(self, message: str, hint: str, retry_after_s: float, *, is_flood: bool) -> None:
        super().__init__(message, hint, retry_after_s)
        self.is_flood = is_flood


@dataclass(frozen=True, slots=True)
class SearchAllowance:
    """Searches of one user: at once, and a second after that."""

    plain: Allowance = field(default_factory=lambda: Allowance(burst=120, per_s=0.5))
    biometric: Allowance = field(default_factory=lambda: Allowance(burst=30, per_s=1 / 60))


_FLOOD_TIMES = 10


class SearchLimits:
    """Counts and refuses, per user and not per session or token."""

    def __init__(self, allowance: SearchAllowance | None = None) -> None:
        allowance = allowance or SearchAllowance()
        self._shares = {True: Buckets(allowance.biometric), False: Buckets(allowance.plain)}
        self._patience = {
            is_biometric: Buckets(Allowance((_FLOOD_TIMES - 1) * one.burst, (_FLOOD_TIMES - 1) * one.per_s))
            for is_biometric, one in ((True, allowance.biometric), (False, allowance.plain))
        }
        self._told = Buckets(Allowance(burst=1, per_s=1 / 3600))

    def enter(self, user_key: str, mono_ns: int, *, is_biometric: bool) -> None:
        """Counts a search before it is answered.

        Raises:
            SearchLimitError: with the time to wait.
        """
        wait_s = self._shares[is_biometric].take(user_key, mono_ns)
        if wait_s == 0:
            return
        is_over = self._patience[is_biometric].take(user_key, mono_ns) > 0
        is_flood = is_over and self._told.take(user_key, mono_ns) == 0
        what = "searches by face or appearance" if is_biometric else "searches"
        hint = f"Wait {max(1, round(wait_s))} seconds, or ask for more at once: narrow the time and the cameras."
        raise SearchLimitError(f"too many {what} in a short time", hint, wait_s, is_flood=is_flood)
