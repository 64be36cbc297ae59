"""Hazards of the training of appearance: people cut beside their box, half a person learnt, a view of another person
than the teacher was asked about, likeness that the loss does not see, a release that answers otherwise.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest

keras = pytest.importorskip("keras")
ov = pytest.importorskip("openvino")

from vedette.core.errors import InvalidInputError  # noqa: E402 -- needs the extra
from vedette.lab.appearance.network import OUTPUT, as_unit_vectors, build_embedder  # noqa: E402 -- likewise
from vedette.lab.appearance.samples import (  # noqa: E402 -- likewise
    INPUT_WH,
    TAUGHT_WH,
    PeopleStock,
    collect_people,
    draw_person,
    draw_view,
)
from vedette.lab.appearance.training import AppearanceLoss, make_draw_shard  # noqa: E402 -- likewise
from vedette.lab.detector.pictures import TaughtPicture  # noqa: E402 -- likewise
from vedette.lab.detector.teachers import Found  # noqa: E402 -- likewise
from vedette.lab.export import export_openvino  # noqa: E402 -- likewise

Box = tuple[int, int, int, int]
WHITE, GREY = (250, 250, 250), 60
WHOLE: Box = (100, 60, 150, 180)


def picture(*boxes: Box, score: float = 0.9, class_id: int = 0) -> TaughtPicture:
    """White people on grey ground."""
    image = np.full((240, 320, 3), GREY, np.uint8)
    for left, top, right, bottom in boxes:
        cv2.rectangle(image, (left, top), (right - 1, bottom - 1), WHITE, -1)
    count = len(boxes)
    found = Found(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(count, score, np.float32),
        np.full(count, class_id, np.int16),
    )
    return TaughtPicture(image, found)


@pytest.mark.parametrize("box", [WHOLE, (0, 0, 50, 120), (270, 120, 320, 240)], ids=["inside", "corner", "far corner"])
def test_a_person_fills_the_picture_that_the_teacher_sees(box: Box) -> None:
    stock = collect_people([[picture(box)]])
    for seed in range(20):
        person = draw_person(stock, np.random.default_rng(seed))
        assert person.shape == (*TAUGHT_WH[::-1], 3)
        middle = person[40:-40, 20:-20].astype(int)
        assert np.ptp(middle.reshape(-1, 3)[:, 0]) < 260, "one or two colours"
        assert (np.abs(middle - GREY).max(axis=2) > 20).mean() > 0.9, "no ground in the middle"


@pytest.mark.parametrize(
    "one",
    [picture((100, 60, 112, 120)), picture((100, 60, 120, 90)), picture((60, 60, 160, 180)),
     picture(WHOLE, score=0.3), picture(WHOLE, class_id=1), picture()],
    ids=["narrow", "low", "as wide as high", "unsure", "vehicle", "empty"],
)  # fmt: skip
def test_who_cannot_be_told_apart_is_not_learnt(one: TaughtPicture) -> None:
    with pytest.raises(InvalidInputError, match="nobody"):
        collect_people([[one]])
    assert collect_people([[one, picture(WHOLE)]]).count == 1


def test_a_view_shows_who_was_asked_about_small_or_covered_in_part() -> None:
    taught, other = np.full((256, 128, 3), 255, np.uint8), np.zeros((256, 128, 3), np.uint8)
    shares = []
    for seed in range(60):
        view = draw_view(taught, other, np.random.default_rng(seed))
        assert view.shape == (*INPUT_WH[::-1], 3)
        assert view.dtype == np.uint8
        shares.append(float((view.mean(axis=2) > view.max() / 2).mean()))
    assert min(shares) > 0.6, "no more is covered than the product lets be"
    assert min(shares) < 0.9 < max(shares), "some are covered, some are not"


def test_views_of_one_person_have_the_vector_of_that_person_and_a_seed_draws_the_same_again() -> None:
    stock: PeopleStock = collect_people([[picture(WHOLE)], [picture((20, 20, 60, 120), (150, 20, 200, 130))]])
    asked = []

    def embed(person: np.ndarray) -> np.ndarray:
        asked.append(person)
        return np.full(256, len(asked) / 10, np.float32)

    pictures, targets = make_draw_shard(stock, embed)(3, 5)
    assert (pictures.shape, targets.shape) == ((5, 128, 64, 3), (5, 256))
    assert targets[:, 0] == pytest.approx([0.1, 0.1, 0.2, 0.2, 0.3], abs=1e-3)
    assert len(asked) == 3
    np.testing.assert_array_equal(make_draw_shard(stock, embed)(3, 5)[0], pictures)


def test_loss_counts_direction_and_likeness_within_the_batch_and_no_length() -> None:
    axes = np.eye(3, 256, dtype=np.float32)
    loss = AppearanceLoss()
    right = float(loss(axes, 7 * axes))
    swapped = float(loss(axes, axes[[1, 2, 0]]))
    all_alike = float(loss(axes, axes[[0, 0, 0]]))
    assert right == pytest.approx(0, abs=1e-5)
    assert swapped == pytest.approx(1, abs=1e-4), "as unlike each other as they must be, and all in a wrong direction"
    assert all_alike > swapped, "one of three is right, but they cannot be told apart"


def test_release_answers_as_the_trained_network_and_of_unit_length(tmp_path: Path) -> None:
    keras.utils.set_random_seed(3)
    model = build_embedder()
    assert model.count_params() <= 600_000
    export_openvino(as_unit_vectors(model), (OUTPUT,), (1, 3, 128, 64), tmp_path, "person")
    network = ov.Core().compile_model(tmp_path / "person.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    shown = np.random.default_rng(1).integers(0, 256, (1, 3, 128, 64)).astype(np.float32)
    answer = network(shown)[OUTPUT]
    told = np.asarray(model(shown.transpose(0, 2, 3, 1) / 255))
    assert np.linalg.norm(answer) == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(answer, told / np.linalg.norm(told), atol=5e-3)
