"""Hazards of the face detector's pictures: heads that are cut beside the face, one person who fills the training, two
runs of a seed that see different pictures.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.lab.faces.samples import SIDE_PX, FaceStock, Head, collect_faces, draw_large_picture, draw_picture
from vedette.vision.picture import Image
from vedette.vision.recognize.face_detector import Faces

RED, GREY = (0, 0, 255), 90


def find_red(image: Image) -> Faces:
    """The red square as a face."""
    y, x = np.nonzero(is_red(image))
    boxes = np.array([[x.min(), y.min(), x.max() + 1, y.max() + 1]] if len(x) else [], np.float32).reshape(-1, 4)
    return Faces(boxes, np.zeros((len(boxes), 5, 2), np.float32), np.ones(len(boxes), np.float32))


def is_red(image: Image) -> np.ndarray:
    return image[..., 2].astype(int) - image[..., :2].max(axis=2) > 60


def write_picture(path: Path, x: int, y: int, side: int = 48) -> None:
    image = np.full((240, 320, 3), GREY, np.uint8)
    cv2.rectangle(image, (x, y), (x + side - 1, y + side - 1), RED, -1)
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), image)


@pytest.mark.parametrize("place", [(0, 0), (120, 80), (272, 192)])
def test_a_face_is_the_middle_third_of_its_head_even_at_the_pictures_edge(
    tmp_path: Path, place: tuple[int, int]
) -> None:
    write_picture(tmp_path / "one.png", *place)
    stock = collect_faces([tmp_path], find_red, lambda _: None)
    [[head]] = stock.heads
    side = head.image_bgr.shape[0]
    middle = is_red(head.image_bgr)[side // 3 + 1 : side * 2 // 3 - 1, side // 3 + 1 : side * 2 // 3 - 1]
    assert head.image_bgr.shape == (144, 144, 3)
    assert middle.all()


def test_photographs_of_one_folder_are_one_group(tmp_path: Path) -> None:
    for number in range(3):
        write_picture(tmp_path / "anna" / f"{number}.png", 50, 50)
    write_picture(tmp_path / "ben" / "0.png", 50, 50)
    stock = collect_faces([tmp_path], find_red, lambda _: None)
    assert sorted(map(len, stock.heads)) == [1, 3]
    assert len(stock.grounds) == 4


def test_pictures_without_a_face_are_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((240, 320, 3), GREY, np.uint8))
    with pytest.raises(InvalidInputError, match="no face"):
        collect_faces([tmp_path], find_red, lambda _: None)


def test_heads_are_set_in_at_many_sizes_and_a_seed_draws_the_same_again() -> None:
    face = np.full((90, 90, 3), GREY, np.uint8)
    face[30:60, 30:60] = RED
    stock = FaceStock([[Head(face)]], [np.full((300, 300, 3), GREY, np.uint8)])
    pictures = [draw_picture(stock, np.random.default_rng(seed)) for seed in range(40)]
    again = [draw_picture(stock, np.random.default_rng(seed)) for seed in range(40)]
    sides = [np.sqrt(is_red(picture).sum()) for picture in pictures]
    assert all(picture.shape == (SIDE_PX, SIDE_PX, 3) for picture in pictures)
    assert sum(map(np.array_equal, pictures, again)) == 40
    assert min(side for side in sides if side) < 20
    assert max(sides) > 90


def test_large_pictures_have_twice_the_size() -> None:
    stock = FaceStock([[Head(np.full((90, 90, 3), GREY, np.uint8))]], [np.full((300, 300, 3), GREY, np.uint8)])
    assert draw_large_picture(stock, np.random.default_rng(1)).shape == (2 * SIDE_PX, 2 * SIDE_PX, 3)
