"""Hazards of colour naming: borders between names, coloured light, infrared, dark and tiny crops, tyres and glass."""

import cv2
import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.core.objects import COLOUR_NAMES
from vedette.vision.colors import (
    PAINT_BONUS,
    UNKNOWN,
    Light,
    estimate_light,
    judge_shares,
    measure_shares,
    name_colour,
    name_pixels,
    weigh_body,
)


def plain(blue: int, green: int, red: int, height: int = 40, width: int = 30) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, 4, (height, width, 3))
    return np.clip(np.array([blue, green, red]) + noise, 0, 255).astype(np.uint8)


def scene() -> np.ndarray:
    """A street in white light: gray road, sky, grass, brick."""
    image = np.full((90, 160, 3), 128, np.uint8)
    image[:30] = (226, 224, 221)
    image[70:, :50] = (60, 120, 70)
    image[40:60, 100:] = (60, 80, 130)
    image[60:70, 60:90] = (245, 245, 245)
    return image


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((20, 20, 22), "black"),
        ((35, 30, 45), "black"),
        ((128, 128, 128), "gray"),
        ((110, 118, 130), "gray"),
        ((235, 235, 232), "white"),
        ((200, 20, 30), "red"),
        ((110, 10, 25), "red"),
        ((250, 120, 20), "orange"),
        ((110, 65, 30), "brown"),
        ((190, 160, 120), "brown"),
        ((250, 215, 30), "yellow"),
        ((30, 130, 50), "green"),
        ((20, 60, 35), "green"),
        ((30, 70, 190), "blue"),
        ((25, 35, 80), "blue"),
        ((140, 190, 235), "blue"),
        ((110, 40, 150), "purple"),
        ((255, 130, 190), "pink"),
        ((240, 170, 180), "pink"),
    ],
)
def test_colours_have_the_names_that_people_give_them(rgb: tuple[int, int, int], name: str) -> None:
    named = name_colour(plain(*rgb[::-1]))
    assert named.name == name, dict(zip(COLOUR_NAMES, named.shares.round(2), strict=True))
    assert 0.52 <= named.confidence <= 1
    assert named.shares.sum() == pytest.approx(1, abs=1e-4)


def test_every_colour_of_the_cube_belongs_somewhere() -> None:
    steps = np.linspace(0, 1, 9, dtype=np.float32)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    shares = name_pixels(cv2.cvtColor(cube, cv2.COLOR_BGR2Lab)[0])
    assert shares.min() >= 0
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-4)
    assert name_pixels(np.zeros((0, 3), np.float32)).shape == (0, len(COLOUR_NAMES))


def test_two_halves_are_unknown_and_weights_decide() -> None:
    image = np.concatenate([plain(30, 20, 200), plain(190, 70, 30)])
    assert name_colour(image).name == UNKNOWN
    upper = np.zeros((80, 30), np.float32)
    upper[:40] = 1
    assert name_colour(image, upper).name == "red"
    assert name_colour(image, 1 - upper).name == "blue"


def test_coloured_light_is_taken_out_and_white_light_left_alone() -> None:
    light = estimate_light(scene())
    assert np.abs(np.array(light.gain_bgr) - 1).max() < 0.06
    assert not light.is_colourless
    tungsten = np.array([0.8, 1.0, 1.1])
    lit = np.clip(scene() * tungsten, 0, 255).astype(np.uint8)
    shirt = np.clip(plain(205, 205, 205) * tungsten, 0, 255).astype(np.uint8)
    assert name_colour(shirt).name not in {"white", "gray"}
    assert name_colour(shirt, None, estimate_light(lit)).name in {"white", "gray"}


def test_infrared_names_nothing() -> None:
    gray = np.repeat(scene()[..., :1], 3, axis=2)
    light = estimate_light(gray)
    assert light.is_colourless
    assert name_colour(plain(220, 220, 220), None, light).name == UNKNOWN
    assert estimate_light(np.zeros((40, 40, 3), np.uint8)).is_colourless


def test_tiny_crop_is_unknown_and_wrong_shapes_are_refused() -> None:
    assert name_colour(plain(30, 20, 200, 5, 5)).name == UNKNOWN
    assert judge_shares(np.zeros(len(COLOUR_NAMES), np.float32)).confidence == 0
    with pytest.raises(InvalidInputError):
        name_colour(plain(0, 0, 0), np.ones((3, 3), np.float32))
    with pytest.raises(InvalidInputError):
        measure_shares(np.zeros((9, 9), np.uint8))


def test_paint_outweighs_tyres_glass_and_road() -> None:
    car = np.full((100, 160, 3), 120, np.uint8)
    car[20:42, 35:125] = (40, 38, 36)
    car[42:72, 12:148] = (30, 25, 170)
    car[66:92, 22:48] = car[66:92, 112:138] = (25, 25, 25)
    assert name_colour(car, weigh_body(100, 160), Light(), PAINT_BONUS).name == "red"


def test_input_is_not_modified() -> None:
    image, weights = plain(30, 20, 200), np.ones((40, 30), np.float32)
    before = image.copy()
    name_colour(image, weights, Light((1.2, 1.0, 0.9)))
    np.testing.assert_array_equal(image, before)
    assert (weights == 1).all()
