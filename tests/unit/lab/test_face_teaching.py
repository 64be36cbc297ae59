"""Hazards of the face detector's lessons: what the teacher saw in a larger picture laid to the wrong place or size."""

import numpy as np
import pytest
from numpy.typing import NDArray

keras = pytest.importorskip("keras")

from vedette.lab.faces.network import STRIDES, VALUES  # noqa: E402 -- needs the extra
from vedette.lab.faces.samples import SIDE_PX  # noqa: E402 -- likewise
from vedette.lab.faces.training import halve  # noqa: E402 -- likewise

Rows = list[NDArray[np.float32]]


def answer_with_face(stride: int, column: int, row: int, score: float = 0.9) -> Rows:
    """An answer about a large picture with one face, told of by one cell."""
    rows = [np.zeros(((2 * SIDE_PX // each) ** 2, VALUES), np.float32) for each in STRIDES]
    points = np.linspace(-0.4, 0.9, 10)
    rows[STRIDES.index(stride)][row * (2 * SIDE_PX // stride) + column] = [score, 0.3, 0.6, 0.7, 1.1, *points]
    return rows


def surest(rows: Rows, side_px: int) -> NDArray[np.float64]:
    """Score, middle, sides and points in pixels of the surest cell, as `FaceDetector` decodes them."""
    index = int(np.argmax([part[:, 0].max() for part in rows]))
    stride, part = STRIDES[index], rows[index]
    cell = int(part[:, 0].argmax())
    grid = np.array([cell % (side_px // stride), cell // (side_px // stride)])
    value = part[cell].astype(np.float64)
    points = (value[5:].reshape(5, 2) + grid) * stride
    return np.concatenate([value[:1], (grid + value[1:3]) * stride, np.exp(value[3:5]) * stride, points.ravel()])


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("place", [(0, 0), (5, 2), (14, 15), (7, 12)])
def test_a_face_seen_in_the_large_picture_is_half_as_large_at_half_the_place(
    stride: int, place: tuple[int, int]
) -> None:
    rows = answer_with_face(stride, *place)
    large, small = surest(rows, 2 * SIDE_PX), surest(halve(rows), SIDE_PX)
    assert small[0] == large[0]
    np.testing.assert_allclose(small[1:], large[1:] / 2, rtol=1e-5)


def test_the_surer_of_two_answers_about_one_cell_counts() -> None:
    sure, unsure = answer_with_face(8, 10, 10, 0.8), answer_with_face(16, 5, 5, 0.6)
    both = [one + other for one, other in zip(sure, unsure, strict=True)]
    np.testing.assert_array_equal(halve(both)[0][5 * 32 + 5], halve(sure)[0][5 * 32 + 5])


def test_a_halved_answer_has_the_cells_of_the_usual_one() -> None:
    cells = [len(part) for part in halve(answer_with_face(16, 1, 1))]
    assert cells == [(SIDE_PX // stride) ** 2 for stride in STRIDES]
