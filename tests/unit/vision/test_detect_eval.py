"""The yardstick itself: average precision on cases small enough to do by hand."""

import numpy as np
import pytest

from evals.detect import Tally, judge

BOX = (10.0, 10.0, 50.0, 90.0)
FAR = (200.0, 10.0, 240.0, 90.0)


def tally(found: list[tuple[tuple[float, ...], float]], labels: list, ignored: list | None = None) -> Tally:
    result = Tally()
    judge(
        result,
        np.array([box for box, _ in found], np.float32).reshape(-1, 4),
        np.array([score for _, score in found], np.float32),
        np.array(labels, np.float32).reshape(-1, 4),
        np.array(ignored or [], np.float32).reshape(-1, 4),
    )
    return result


def test_all_found_is_one_and_nothing_found_is_nought() -> None:
    assert tally([(BOX, 0.9)], [BOX]).ap() == pytest.approx(1.0)
    assert tally([], [BOX]).ap() == 0.0


def test_false_box_above_a_right_one_halves_the_precision() -> None:
    result = tally([(FAR, 0.9), (BOX, 0.8)], [BOX])
    assert result.ap() == pytest.approx(0.5)
    assert result.recall_at(0.9) == 0.0


def test_false_box_below_costs_nothing() -> None:
    assert tally([(BOX, 0.9), (FAR, 0.1)], [BOX]).ap() == pytest.approx(1.0)


def test_second_box_on_one_object_is_false() -> None:
    assert tally([(BOX, 0.9), (BOX, 0.8)], [BOX, FAR]).ap() == pytest.approx(0.5)


def test_ignored_and_small_boxes_are_neutral() -> None:
    small = (300.0, 10.0, 305.0, 20.0)
    result = tally([(FAR, 0.9), (small, 0.9), (BOX, 0.8)], [BOX, small], ignored=[FAR])
    assert (result.labels, result.ap()) == (1, pytest.approx(1.0))
