"""Hazards of seeing tampering: a defocused lens that passes as fine, night that passes as a covered lens."""

import cv2
import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.testing.scenes.catalog import CATALOG
from vedette.testing.scenes.renderer import SceneRenderer
from vedette.vision.filters import correlate, laplacian
from vedette.vision.picture import to_planes
from vedette.vision.recognize.crop import make_crop, measure_sharpness
from vedette.vision.view_measure import measure_view

IN_FOCUS, DEFOCUSED = 0.5, 0.35


def make_lumas() -> list[np.ndarray]:
    """A frame (720, 1280) of each of the four simulated places."""
    images = [SceneRenderer(entry.make(entry.seed)).render(30)[0] for entry in CATALOG[:4]]
    return [np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8) for image in images]


LUMAS = make_lumas()


def blur(luma: np.ndarray, sigma_px: float) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), sigma_px), np.uint8)


def darken(luma: np.ndarray) -> np.ndarray:
    """Night: a quarter of the light, and noise of six levels."""
    noise = np.random.default_rng(0).normal(0, 6, luma.shape)
    return np.clip(luma * 0.25 + noise, 0, 255).astype(np.uint8)


def test_defocus_is_told_from_focus_in_every_place_and_light() -> None:
    for luma in LUMAS:
        assert measure_view(luma).focus > IN_FOCUS
        assert measure_view((luma * 0.25).astype(np.uint8)).focus > IN_FOCUS
        assert measure_view(blur(luma, 3)).focus < DEFOCUSED
        assert measure_view(blur(luma, 12)).focus < DEFOCUSED


def test_more_blur_never_looks_sharper_until_it_is_gone() -> None:
    for luma in LUMAS:
        row = [measure_view(blur(luma, sigma)).focus for sigma in (0.5, 1, 2, 4, 8)]
        assert row == sorted(row, reverse=True)


def test_covered_lens_is_empty_and_a_picture_at_night_is_not() -> None:
    for luma in LUMAS:
        assert measure_view(luma).empty_share < 0.25
        assert measure_view(darken(luma)).empty_share < 0.5
        assert measure_view(darken(blur(luma, 80))).empty_share > 0.95


def test_half_covered_lens_is_about_half_empty() -> None:
    for luma in LUMAS:
        covered = luma.copy()
        covered[:, :640] = 40
        before, after = measure_view(luma).empty_share, measure_view(covered).empty_share
        assert 0.4 < after < 0.55 + before


def test_even_picture_has_no_focus_and_is_empty() -> None:
    view = measure_view(np.full((90, 160), 7, np.uint8))
    assert (view.focus, view.empty_share, view.mean) == (0.0, 1.0, 7.0)


@pytest.mark.parametrize("shape", [(0, 0), (17, 32), (18, 31), (18, 32, 3)])
def test_picture_without_room_for_the_cells_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInputError, match="32 x 18"):
        measure_view(np.zeros(shape, np.uint8))


def test_sharpness_of_crops_is_what_it_was_with_opencvs_laplacian() -> None:
    crop = make_crop(to_planes(np.repeat(LUMAS[0][:128, :100, None], 3, axis=2)), (0.0, 0.0, 1.0, 1.0), "person")
    luma = np.ascontiguousarray(crop.frame.y)
    variance = float(cv2.Laplacian(luma, cv2.CV_32F).var())
    assert measure_sharpness(crop) == pytest.approx(variance / (variance + 150), rel=1e-6)
    assert correlate(luma, laplacian()).var() > 10
