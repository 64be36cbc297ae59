"""Nothing of a hidden part is left in a picture, at any size and any shape of the outline."""

import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.media.planes import PlanarFrame
from vedette.vision.drawing import encode_jpeg
from vedette.vision.masking import decode_jpeg, fill_masks
from vedette.vision.picture import to_bgr

ZONE = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]


def picture_with_secret() -> PlanarFrame:
    """1280x720, dark grey; inside the zone bright and saturated."""
    y, u, v = (
        np.full(shape, value, np.uint8) for shape, value in (((720, 1280), 40), ((360, 640), 128), ((360, 640), 128))
    )
    y[180:540, 320:960] = 235
    u[90:270, 160:480], v[90:270, 160:480] = 30, 240
    return PlanarFrame(0, y, u, v)


@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (320, 180), (98, 56), (32, 18)])
def test_no_pixel_of_a_hidden_part_is_left_at_any_scale(size: tuple[int, int]) -> None:
    image = to_bgr(picture_with_secret(), *size)
    assert image.max() > 150
    fill_masks(image, [ZONE])
    assert image.max() <= 60, np.argwhere(image.max(axis=2) > 60)[:4]
    assert decode_jpeg(encode_jpeg(image)).max() <= 70


def test_concave_and_overlapping_outlines_are_filled_and_the_rest_stays() -> None:
    image = np.full((100, 100, 3), 200, np.uint8)
    notched = [(0.1, 0.1), (0.5, 0.45), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)]
    fill_masks(image, [notched, [(0.2, 0.6), (0.6, 0.6), (0.6, 0.95)]])
    assert image[70, 50].max() < 60
    assert image[65, 50].max() < 60  # where both lie, one does not open the other
    assert image[20, 50].min() == 200  # the notch


def test_outline_at_the_very_edge_reaches_the_last_pixel() -> None:
    image = np.full((54, 96, 3), 200, np.uint8)
    fill_masks(image, [[(0, 0), (1, 0), (1, 1), (0, 1)]])
    assert image.max() < 60


@pytest.mark.parametrize("mask", [[], [(0.1, 0.1), (0.2, 0.2)], [(0.1, 0.1), (float("nan"), 0.2), (0.3, 0.3)]])
def test_outline_that_is_none_gives_no_picture(mask: list[tuple[float, float]]) -> None:
    with pytest.raises(InvalidInputError):
        fill_masks(np.zeros((10, 10, 3), np.uint8), [mask])


@pytest.mark.parametrize("jpeg", [b"", b"garbage", b"\xff\xd8\xff"])
def test_stored_picture_that_is_damaged_is_refused(jpeg: bytes) -> None:
    with pytest.raises(InvalidInputError):
        decode_jpeg(jpeg)
