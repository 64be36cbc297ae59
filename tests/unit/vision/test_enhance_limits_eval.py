"""Hazards of measuring where weight sets take over: a limit on the wrong side, equals parted, a gain over nothing."""

import numpy as np
import pytest

from evals.enhance_limits import Samples, choose, find_limits, judge
from vedette.vision.enhance.bank import SET_NAMES

COARSE = np.repeat(np.arange(10.0), 2)


def falling(*crossings: float) -> Samples:
    """Neighbours that are equally good at these values, each worse beyond its own."""
    steps = np.cumsum([np.zeros_like(COARSE), *(COARSE - at for at in crossings)], axis=0)
    return Samples(COARSE, 30 + steps.T)


def test_limits_lie_where_neighbours_cross() -> None:
    limits = find_limits(falling(1.5, 3.5, 6.5, 8.5))
    assert limits == [1.5, 3.5, 6.5, 8.5]
    assert choose(np.array([0.0, 2.0, 4.0, 7.0, 9.0]), limits).tolist() == [0, 1, 2, 3, 4]


def test_samples_of_one_coarseness_are_never_parted() -> None:
    psnr = np.tile([30.0, 31.0], (len(COARSE), 1))
    psnr[:7] = (31.0, 30.0)  # the seventh sample is the first of coarseness 3
    (limit,) = find_limits(Samples(COARSE, psnr))
    assert limit in {2.5, 3.5}


def test_limits_in_use_gain_nothing_over_themselves_and_better_ones_do() -> None:
    samples = falling(1.5, 3.5, 6.5, 8.5)
    limits = [1.5, 3.5, 6.5, 8.5]
    best = judge("x", samples, limits, lambda coarse: SET_NAMES[int(choose(np.array([coarse]), limits)[0])])
    assert best["gain_x"] == best["share_x_other"] == best["below_best_x"] == 0
    late = judge("x", samples, limits, lambda _: SET_NAMES[0])
    assert late["share_x_other"] == pytest.approx(0.8)
    assert late["gain_x"] == pytest.approx(late["below_best_x"])
    assert late["gain_x_where_other"] > late["gain_x"] > 0
