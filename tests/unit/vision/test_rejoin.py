"""Hazards of joining tracks by their looks: people in dark coats, people seen together, places that nobody reaches."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vedette.vision.track.rejoin import RejoinPolicy, TrackLife, find_rejoined

POLICY = RejoinPolicy(least_alike=0.8, margin=0.02)


def look(degrees: float) -> NDArray[np.float32]:
    """Unit vectors in a plane: the cosine of two is that of the angle between them."""
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees)), 0.0], np.float32)


def box(x: float, height: float = 100.0) -> tuple[float, float, float, float]:
    return (x, 200.0 - height, x + height / 2.5, 200.0)


def life(number: int, from_s: float, to_s: float, degrees: float | None, x: float = 300.0, seen: int = 5) -> TrackLife:
    vector = None if degrees is None else look(degrees)
    return TrackLife(number, from_s, to_s, box(x), box(x), vector, seen)


def test_person_behind_a_pillar_keeps_the_number() -> None:
    assert find_rejoined([life(1, 0, 10, 0), life(2, 15, 20, 20)], POLICY) == {2: 1}


def test_chain_leads_to_the_first_number() -> None:
    lives = [life(3, 30, 40, 6), life(1, 0, 10, 0), life(2, 15, 25, 3)]
    assert find_rejoined(lives, POLICY) == {2: 1, 3: 1}


def test_nothing_is_joined_without_tracks_or_looks() -> None:
    assert find_rejoined([], POLICY) == {}
    assert find_rejoined([life(1, 0, 10, 0)], POLICY) == {}
    assert find_rejoined([life(1, 0, 10, 0), life(2, 15, 20, None, seen=0)], POLICY) == {}
    assert find_rejoined([life(1, 0, 10, 0), life(2, 15, 20, 0, seen=2)], POLICY) == {}


def test_never_joins_two_that_were_visible_at_the_same_time() -> None:
    assert find_rejoined([life(1, 0, 10, 0), life(2, 10, 20, 0)], POLICY) == {}
    assert find_rejoined([life(1, 0, 30, 0), life(2, 10, 20, 0)], POLICY) == {}


@pytest.mark.parametrize(
    "second",
    [
        life(2, 21, 30, 0),
        life(2, 12, 20, 0, x=900.0),
        life(2, 12, 20, 40),
        TrackLife(2, 12, 20, box(300, 30), box(300)),
    ],
    ids=["too_late", "too_far", "unlike", "too_small"],
)
def test_each_condition_alone_prevents_a_join(second: TrackLife) -> None:
    if second.vector is None:
        second = TrackLife(2, second.from_s, second.to_s, second.first_box, second.last_box, look(0), 5)
    assert find_rejoined([life(1, 0, 10, 0), second], POLICY) == {}


def test_reach_grows_with_the_time_out_of_sight() -> None:
    assert find_rejoined([life(1, 0, 10, 0), life(2, 11, 20, 0, x=500.0)], POLICY) == {}
    assert find_rejoined([life(1, 0, 10, 0), life(2, 14, 20, 0, x=500.0)], POLICY) == {2: 1}


def test_somebody_else_who_looks_the_same_makes_looks_worthless() -> None:
    stays = life(3, 0, 60, 11, x=50.0)
    assert find_rejoined([life(1, 0, 10, 0), life(2, 15, 20, 10), stays], POLICY) == {}
    other = life(3, 0, 60, 50, x=50.0)
    assert find_rejoined([life(1, 0, 10, 0), life(2, 15, 20, 10), other], POLICY) == {2: 1}


def test_two_who_could_both_be_it_are_left_alone_unless_one_is_clearly_more_like() -> None:
    assert find_rejoined([life(1, 0, 10, 0), life(4, 2, 11, 2), life(2, 15, 20, 1)], POLICY) == {}
    assert find_rejoined([life(1, 0, 10, 0), life(4, 2, 11, 40), life(2, 15, 20, 1)], POLICY) == {2: 1}


def test_who_comes_back_twice_is_no_rival_of_himself() -> None:
    lives = [life(1, 0, 10, 0), life(2, 15, 20, 0), life(3, 70, 80, 0)]
    assert find_rejoined(lives, POLICY) == {2: 1}
