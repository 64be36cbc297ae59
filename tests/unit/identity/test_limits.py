"""Token buckets and what they mean for logins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.core.time import NS_PER_S
from vedette.identity.limits import Allowance, Buckets, LoginLimits, TooManyLoginsError


@given(st.lists(st.integers(0, 5 * NS_PER_S), max_size=200))
def test_never_more_than_burst_and_rate_allow(gaps_ns: list[int]) -> None:
    buckets = Buckets(Allowance(burst=3, per_s=2))
    now_ns = taken = 0
    for gap_ns in gaps_ns:
        now_ns += gap_ns
        taken += buckets.take("a", now_ns) == 0
    assert taken <= 3 + 2 * now_ns / NS_PER_S + 1e-6


def test_wait_is_how_long_it_really_takes() -> None:
    buckets = Buckets(Allowance(burst=1, per_s=0.5))
    assert buckets.take("a", 0) == 0
    assert buckets.take("a", 0) == pytest.approx(2.0)
    assert buckets.take("a", NS_PER_S) == pytest.approx(1.0)
    assert buckets.take("a", 2 * NS_PER_S) == 0
    assert buckets.take("b", 0) == 0


def test_memory_is_bounded_whatever_number_of_addresses_comes() -> None:
    buckets = Buckets(Allowance(burst=1, per_s=1), max_keys=100)
    for number in range(10_000):
        buckets.take(f"address {number}", 0)
    assert len(buckets) == 100


def test_clock_that_goes_back_gives_nothing_away() -> None:
    buckets = Buckets(Allowance(burst=1, per_s=1))
    assert buckets.take("a", 10 * NS_PER_S) == 0
    assert buckets.take("a", 0) > 0


def _refused(attempts: list[tuple[str, str]]) -> int:
    limits = LoginLimits()
    refused = 0
    for account, address in attempts:
        try:
            limits.enter(account, address, 0)
        except TooManyLoginsError:
            refused += 1
    return refused


def test_many_accounts_from_one_address_and_one_account_from_many_addresses_are_slowed_down() -> None:
    assert _refused([(f"user {number}", "192.0.2.1") for number in range(30)]) == 10
    assert _refused([("admin", f"192.0.2.{number}") for number in range(40)]) == 10


def test_success_uses_nothing_up_and_refusal_counts_only_where_it_was_full() -> None:
    limits = LoginLimits()
    for _ in range(100):
        limits.enter("anna", "192.0.2.1", 0)
        limits.succeed("anna", "192.0.2.1", 0)
    for _ in range(5):
        limits.enter("anna", "192.0.2.1", 0)
    for _ in range(100):  # a locked-out guesser does not lock the account for others
        with pytest.raises(TooManyLoginsError):
            limits.enter("anna", "192.0.2.1", 0)
    limits.enter("anna", "192.0.2.2", 0)


def test_capital_letters_make_no_other_account() -> None:
    assert _refused([(name, "192.0.2.1") for name in ("anna", "Anna", "ANNA", "aNNA", "anNA", "annA")]) == 1
