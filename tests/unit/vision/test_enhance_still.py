"""Hazards of stills: not the part asked for, a worker that lies, points that move when they are enlarged."""

import io

import cv2
import numpy as np
import pytest

from evals.enhance_reading import Small, cut_and_enlarge
from vedette.core.errors import InvalidInputError
from vedette.vision import wire
from vedette.vision.enhance.messages import CutTerms, StillCut, decode_cut
from vedette.vision.enhance.still import crop_picture, cut_still


def encode(image: np.ndarray, suffix: str) -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


def test_part_holds_every_pixel_that_it_touches() -> None:
    image = np.arange(100 * 80 * 3, dtype=np.uint32).astype(np.uint8).reshape(80, 100, 3)
    np.testing.assert_array_equal(crop_picture(image, (0.255, 0.5, 0.3, 0.255)), image[40:61, 25:56])
    np.testing.assert_array_equal(crop_picture(image, (0.5, 0.5, 0.5, 0.5)), image[40:, 50:])
    assert crop_picture(image, None) is image


def test_part_too_small_to_show_anything_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="10 x 40 pixels is too small"):
        crop_picture(np.zeros((80, 100, 3), np.uint8), (0.0, 0.0, 0.1, 0.5))


def test_hidden_part_is_filled_before_it_is_cut() -> None:
    white = np.full((80, 100, 3), 255, np.uint8)
    left = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
    terms = CutTerms(0, [left], (0.1, 0.1, 0.3, 0.5), "png")
    cut = cut_still(io.BytesIO(encode(white, ".png")), terms)
    shown = cv2.imdecode(np.frombuffer(cut.picture, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (cut.height, cut.width, 3) == (40, 30, 3)
    assert shown.max() < 60


@pytest.mark.parametrize(
    "lie",
    [
        {"width": 41},
        {"weight_set": "../../etc/passwd"},
        {"at_90k": -1},
        {"picture": encode(np.zeros((40, 40, 3), np.uint8), ".jpg")},
        {"picture": b"\x89PNG"},
    ],
)
def test_worker_that_lies_about_its_picture_is_not_believed(lie: dict[str, object]) -> None:
    honest = {"picture": encode(np.zeros((40, 40, 3), np.uint8), ".png"), "width": 40, "height": 40}
    cut = StillCut(**{**honest, "weight_set": "clean", "at_90k": 0})
    assert decode_cut(wire.encode(cut), "png") == cut
    with pytest.raises(InvalidInputError):
        decode_cut(wire.encode(StillCut(**{**honest, "weight_set": "clean", "at_90k": 0, **lie})), "png")


def test_points_lie_on_the_same_thing_in_the_enlarged_cut_out() -> None:
    image = np.zeros((60, 90, 3), np.uint8)
    image[30, 40] = 255
    points = np.array([[40, 30], [50, 34]], np.float32)
    larger, moved = cut_and_enlarge(Small(image, 1.0, 100.0), points, "bicubic", None)  # type: ignore[arg-type]
    mass = larger[..., 0].astype(np.float64)
    rows, columns = np.indices(mass.shape)
    centre = ((columns * mass).sum() / mass.sum(), (rows * mass).sum() / mass.sum())
    np.testing.assert_allclose(moved[0], centre, atol=0.1)
