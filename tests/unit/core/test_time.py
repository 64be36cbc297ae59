"""Time conversions lose nothing that a court would ask about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.core.ids import is_id, make_id
from vedette.core.time import NS_PER_S, format_utc, ns_to_ticks, parse_utc, ticks_to_ns


@given(st.integers(-(2**53), 2**53))
def test_ticks_survive_the_way_to_nanoseconds_and_back(ticks_90k: int) -> None:
    assert ns_to_ticks(ticks_to_ns(ticks_90k)) == ticks_90k


def test_one_second_is_one_second() -> None:
    assert ticks_to_ns(90_000) == NS_PER_S
    assert ns_to_ticks(NS_PER_S) == 90_000


@given(st.integers(0, 4 * 10**18).map(lambda ns: ns // 1000 * 1000))
def test_formatted_time_parses_to_itself(at_ns: int) -> None:
    assert parse_utc(format_utc(at_ns)) == at_ns


def test_offset_is_honoured() -> None:
    assert parse_utc("2026-11-21T17:15:39+07:00") == parse_utc("2026-11-21T10:15:39Z")


def test_time_without_offset_is_refused_because_it_would_be_a_guess() -> None:
    with pytest.raises(ValueError, match="no offset"):
        parse_utc("2026-11-21T10:15:39")


@given(st.integers(0, 2**62), st.integers(0, 2**62), st.binary(min_size=10, max_size=10))
def test_ids_sort_by_age_and_have_the_form(a_ns: int, b_ns: int, random: bytes) -> None:
    a, b = make_id(a_ns, random), make_id(b_ns, random)
    assert is_id(a)
    assert (a <= b) or (a_ns // 1_000_000 > b_ns // 1_000_000)


@pytest.mark.parametrize("text", ["", "../../../etc/passwd", "8" + "0" * 25, "I" * 26, "0" * 27])
def test_what_is_no_id_is_refused(text: str) -> None:
    assert not is_id(text)
