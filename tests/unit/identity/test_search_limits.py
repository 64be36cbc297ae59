"""Hazards: somebody searches more than a person can, uses up another's share, or is told of again and again."""

from vedette.core.time import NS_PER_S
from vedette.identity.limits import Allowance
from vedette.identity.search_limits import SearchAllowance, SearchLimitError, SearchLimits


def test_share_of_searches_is_ones_own_and_fills_up_again() -> None:
    limits = SearchLimits(SearchAllowance(Allowance(5, 1), Allowance(2, 0.1)))

    def refused(user: str, at_s: float, *, is_biometric: bool = True) -> bool | None:
        try:
            limits.enter(user, round(at_s * NS_PER_S), is_biometric=is_biometric)
        except SearchLimitError as error:
            return error.is_flood
        return None

    assert [refused("anna", 0) for _ in range(3)] == [None, None, False]
    assert refused("binh", 0) is None
    assert refused("anna", 0, is_biometric=False) is None
    assert [refused("anna", 0) for _ in range(18)] == [False] * 17 + [True]
    assert refused("anna", 0) is False, "told once"
    assert refused("anna", 10) is None
