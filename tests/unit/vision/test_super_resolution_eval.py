"""Hazards of the evaluation: another protocol than the published one, a bank that makes pictures worse."""

import numpy as np
import pytest

from evals.super_resolution import Tally, degrade, find_pictures, load_bank, measure, psnr, read_luma, ssim
from tests.support.shared import shared_file
from vedette.vision.enhance.bank import SET_NAMES
from vedette.vision.enhance.bicubic import resize_bicubic


def test_equal_pictures_are_perfect_and_borders_do_not_count() -> None:
    one = np.random.default_rng(1).integers(0, 255, (40, 50), np.uint8)
    other = one.copy()
    other[:2], other[:, -2:] = 0, 255
    assert psnr(one, other) == float("inf")
    assert ssim(one, other) == pytest.approx(1.0)


def test_one_level_everywhere_is_48_db() -> None:
    flat = np.full((30, 30), 100, np.uint8)
    assert psnr(flat, flat + np.uint8(1)) == pytest.approx(48.13, abs=0.01)


def test_embedded_bank_holds_every_set_and_they_differ() -> None:
    bank = load_bank()
    assert set(bank.sets) == set(SET_NAMES)
    assert len({weights.arrays[0].tobytes() for weights in bank.sets.values()}) == len(SET_NAMES)


def test_bicubic_column_of_the_published_table_comes_out() -> None:
    lumas = [read_luma(path, is_luma=False) for path in find_pictures(shared_file("data/sr/set5"))]
    enlarged = [resize_bicubic(resize_bicubic(luma, 0.5), 2.0) for luma in lumas]
    pairs = list(zip(enlarged, lumas, strict=True))
    assert np.mean([psnr(*pair) for pair in pairs]) == pytest.approx(33.65, abs=0.02)
    assert np.mean([ssim(*pair) for pair in pairs]) == pytest.approx(0.9296, abs=0.0005)


@pytest.mark.parametrize("quality", [None, 90, 70, 50, 30])
def test_no_picture_is_worse_than_bicubic_and_integers_lose_nothing(quality: int | None) -> None:
    bank, tally = load_bank(), Tally()
    for path in list(find_pictures(shared_file("data/sr/set5")))[1:3]:
        large = read_luma(path, is_luma=False)[100:260, 60:220]
        measure(bank, large, quality, None, tally)
    for found, bicubic in zip(tally.rows["psnr_y"], tally.rows["psnr_y_bicubic"], strict=True):
        assert found > bicubic
    figures = tally.figures()
    assert abs(figures["psnr_y"] - figures["psnr_y_w10a14"]) < 0.02
    if quality is not None:
        assert degrade(large, quality)[1] == pytest.approx(quality, abs=1.5)
