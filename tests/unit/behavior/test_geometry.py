"""Hazards of geometry: points on the border, concave zones, walking around the end of a line."""

import numpy as np
import pytest

from vedette.behavior.geometry import depth_in_zone, feet_of, find_crossings, side_of_line
from vedette.core.errors import InvalidInputError
from vedette.core.geometry import Line, Polygon

SQUARE = Polygon(((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)))
LETTER_U = Polygon(((0, 0), (0.2, 0), (0.2, 0.8), (0.8, 0.8), (0.8, 0), (1, 0), (1, 1), (0, 1)))
MIDDLE = Line((0.0, 0.5), (1.0, 0.5))


def points(*xy: tuple[float, float]) -> np.ndarray:
    return np.array(xy, float).reshape(-1, 2)


def test_nobody() -> None:
    none = points()
    assert depth_in_zone(none, SQUARE).shape == (0,)
    assert find_crossings(none, none, MIDDLE).shape == (0,)
    assert feet_of(np.zeros((0, 4), np.float32)).shape == (0, 2)


def test_feet_are_the_middle_of_the_lower_edge() -> None:
    np.testing.assert_allclose(feet_of(np.array([[0.1, 0.2, 0.3, 0.9]], np.float32)), [[0.2, 0.9]], atol=1e-6)


def test_depth_has_a_sign_and_a_size() -> None:
    depth = depth_in_zone(points((0.5, 0.5), (0.25, 0.5), (0.1, 0.5), (0.2, 0.5), (0.0, 0.0)), SQUARE)
    np.testing.assert_allclose(depth, [0.3, 0.05, -0.1, 0.0, -np.hypot(0.2, 0.2)], atol=1e-9)


def test_hollow_of_a_concave_zone_is_outside() -> None:
    depth = depth_in_zone(points((0.5, 0.4), (0.1, 0.4), (0.9, 0.4), (0.5, 0.9)), LETTER_U)
    assert (depth > 0).tolist() == [False, True, True, True]


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ((0.5, 0.4), (0.5, 0.6), 1),
        ((0.5, 0.6), (0.5, 0.4), -1),
        ((0.5, 0.4), (0.5, 0.5), 1),  # on the line counts as right of it
        ((0.5, 0.5), (0.5, 0.6), 0),  # so going on is no second crossing
        ((0.5, 0.5), (0.5, 0.4), -1),
        ((0.5, 0.4), (0.5, 0.45), 0),
        ((0.1, 0.49), (0.9, 0.49), 0),
    ],
)
def test_crossing_has_a_direction(before: tuple[float, float], after: tuple[float, float], direction: int) -> None:
    assert find_crossings(points(before), points(after), MIDDLE).tolist() == [direction]


def test_walking_around_the_end_is_no_crossing() -> None:
    short = Line((0.4, 0.5), (0.6, 0.5))
    assert find_crossings(points((0.2, 0.4)), points((0.2, 0.6)), short).tolist() == [0]
    assert find_crossings(points((0.5, 0.4)), points((0.5, 0.6)), short).tolist() == [1]


def test_turning_the_line_turns_the_direction() -> None:
    turned = Line(MIDDLE.end, MIDDLE.start)
    assert find_crossings(points((0.5, 0.4)), points((0.5, 0.6)), turned).tolist() == [-1]
    assert (side_of_line(points((0.5, 0.6)), MIDDLE) > 0).all()
    assert (side_of_line(points((0.5, 0.6)), turned) < 0).all()


def test_shapes_that_do_not_match_are_refused() -> None:
    with pytest.raises(InvalidInputError):
        find_crossings(points((0, 0)), points((0, 0), (1, 1)), MIDDLE)
