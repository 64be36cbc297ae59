"""Hazards of taught categories: too little, the wrong model, a damaged file, names that meet, doubtful tracks."""

from dataclasses import replace as replace_lesson
from functools import cache

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from vedette.core.errors import InvalidInputError
from vedette.vision.categories.category_set import (
    BadCategorySetError,
    CategorySet,
    EmbeddingRef,
    OtherEmbeddingError,
    check_embedding,
    check_names,
    decode_set,
    encode_set,
    pack,
)
from vedette.vision.categories.embedding import PictureEmbedder, fit_whole
from vedette.vision.categories.fitting import Fold, find_folds, fit_head, fit_temperature
from vedette.vision.categories.lessons import TooFewPicturesError
from vedette.vision.categories.training import MAX_CHANGED, Lesson, Made, hold_out, judges_changed, teach
from vedette.vision.categories.verdict import OpenSet, open_set
from vedette.vision.classify.changes import CHANGES

SIZE = 32
HERE = EmbeddingRef("net-r1", "ab" * 32, SIZE)
NAMES = ["courier", "milk", "post"]


def draw(counts: list[int], spread: float = 0.5, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around one direction a category."""
    noise = np.random.default_rng(seed)
    means = noise.standard_normal((len(counts), SIZE)) + 1.0
    labels = np.repeat(np.arange(len(counts)), counts)
    vectors = means[labels] + spread * noise.standard_normal((len(labels), SIZE))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels.astype(np.int64)


def make_lesson(counts: list[int], spread: float = 0.5) -> Lesson:
    vectors, labels = draw(counts, spread)
    digests = [f"{row:064x}" for row in range(len(labels))]
    return Lesson("a1", "livery", "vehicle", NAMES[: len(counts)], vectors, labels, digests, 2, HERE, {})


@cache
def make_set() -> CategorySet:
    *_, last = teach(make_lesson([20, 20, 20]), Made("2026-01-01T00:00:00Z", "vedette 0"))
    assert isinstance(last, CategorySet)
    return last


def open_made() -> OpenSet:
    return open_set(make_set())


def test_categories_are_learnt_and_judged_on_what_was_not_taught() -> None:
    steps = list(teach(make_lesson([20, 10, 5]), Made("2026-01-01T00:00:00Z", "vedette 0")))
    one = steps[-1]
    assert isinstance(one, CategorySet)
    folds = [step for step in steps[:-1] if isinstance(step, Fold)]
    assert [step.number for step in folds] == list(range(1, folds[0].of + 1))
    assert [(row.taught, row.held_out) for row in one.figures.categories] == [(16, 4), (8, 2), (4, 1)]
    assert sum(map(sum, one.figures.confusion)) == 7
    assert one.figures.accuracy == 1.0
    assert (one.pictures, one.skipped) == (35, 2)


def test_changed_pictures_judge_apart_from_those_as_they_are() -> None:
    lesson = make_lesson([20, 20, 20])
    rows = [row for row in range(60) if judges_changed(row % 20, 3)]
    assert rows == np.flatnonzero(hold_out(lesson.labels)).tolist()
    swapped = np.stack([lesson.vectors[(row + 20) % 60] for row in rows])
    vectors = np.repeat(lesson.vectors[rows][:, None], len(CHANGES), axis=1)
    vectors[:, -1] = swapped  # under the last change, every picture looks as one of the next category
    *_, one = teach(replace_lesson(lesson, changed=dict(zip(rows, vectors, strict=True))), Made("", ""))
    assert isinstance(one, CategorySet)
    assert one.figures.changes is not None
    assert (one.figures.changes.pictures, one.figures.changes.as_is) == (12, 1.0)
    assert [step.accuracy for step in one.figures.changes.steps] == [1.0] * (len(CHANGES) - 1) + [0.0]
    assert decode_set(encode_set(one)) == one


def test_changed_pictures_are_bounded() -> None:
    judging = [number for number in range(4000) if judges_changed(number, 2)]
    assert (len(judging), judging[:2], judging[-1]) == (MAX_CHANGED // 2, [4, 9], 499)


def test_set_from_before_changes_were_measured_is_read() -> None:
    data = msgspec.json.decode(encode_set(make_set()))
    del data["figures"]["changes"]
    assert decode_set(msgspec.json.encode(data)).figures.changes is None


def test_head_reaches_the_minimum_that_the_plain_form_has() -> None:
    """The short basis must change nothing: the gradient of the full problem is nought at what it finds."""
    vectors, labels = draw([6, 6], spread=2.0)
    head = fit_head(vectors, labels, 2, 0.01)
    wrong = head.shares(vectors) - np.eye(2)[labels]
    gradient = (vectors - head.centre).T @ wrong / len(labels) + 0.01 * head.weights
    assert np.abs(gradient).max() < 1e-4


@pytest.mark.parametrize("counts", [[4, 20, 20], [20, 0, 20]])
def test_too_few_pictures_are_refused_by_name(counts: list[int]) -> None:
    with pytest.raises(TooFewPicturesError, match=r"courier|milk"):
        list(teach(make_lesson(counts), Made("", "")))


@pytest.mark.parametrize(
    ("name", "categories"),
    [
        ("livery", ["a"]),
        ("livery", [f"c{n}" for n in range(51)]),
        ("livery", ["Post", "post"]),
        ("livery", ["post", "unknown"]),
        ("livery", ["post", " "]),
        ("livery", ["post", "a\nb"]),
        ("livery", ["post", "x" * 33]),
        ("Colour", ["post", "milk"]),
        ("plate", ["post", "milk"]),
        ("", ["post", "milk"]),
    ],
)
def test_names_that_would_mislead_are_refused(name: str, categories: list[str]) -> None:
    with pytest.raises(InvalidInputError):
        check_names(name, categories)


def test_set_is_the_same_after_a_file() -> None:
    one = make_set()
    assert decode_set(encode_set(one)) == one
    vectors, _ = draw([3, 3, 3])
    assert np.array_equal(decode_set(encode_set(one)).head().shares(vectors), one.head().shares(vectors))


def test_same_pictures_give_the_same_set() -> None:
    *_, again = teach(make_lesson([20, 20, 20]), Made("2026-01-01T00:00:00Z", "vedette 0"))
    assert again == make_set()


def test_few_pictures_never_make_it_quite_sure() -> None:
    """Sixteen taught pictures of each category, all right in every fold: 17 of 18 is all that they can show."""
    one = open_made()
    vectors, _ = draw([5, 5, 5])
    assert 0.8 < one.head.shares(vectors).max(axis=1).mean() < 0.97
    assert one.terms.none_below < 0.95


def test_changed_weight_is_noticed_by_the_self_check() -> None:
    one = make_set()
    weights = one.head().weights.copy()
    weights[0, 0] += 1.0
    with pytest.raises(BadCategorySetError, match="does not answer"):
        decode_set(encode_set(replace(one, weights=pack(weights))))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"weights": "AAAA"},
        {"weights": "?"},
        {"centre": pack(np.full(SIZE, np.nan, np.float32))},
        {"bias": [0.0]},
        {"temperature": 0.0},
        {"none_below": 1.0},
        {"categories": ["a", "b"]},
        {"name": "sex"},
        {"embedding": EmbeddingRef("net-r1", "ab" * 32, 1 << 30)},
    ],
)
def test_numbers_that_cannot_be_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadCategorySetError):
        decode_set(encode_set(replace(make_set(), **change)))


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe", b"[" * 10_000, b" " * (5 << 20)])
def test_what_is_no_set_is_refused(data: bytes) -> None:
    with pytest.raises(BadCategorySetError):
        decode_set(data)


def test_unknown_field_is_refused() -> None:
    fields = msgspec.json.decode(encode_set(make_set())) | {"load": "os.system"}
    with pytest.raises(BadCategorySetError):
        decode_set(msgspec.json.encode(fields))


@pytest.mark.parametrize("other", [replace(HERE, release="net-r2"), replace(HERE, sha256="cd" * 32)])
def test_set_is_refused_with_another_embedding(other: EmbeddingRef) -> None:
    check_embedding(make_set(), HERE)
    with pytest.raises(OtherEmbeddingError, match="net-r1"):
        check_embedding(make_set(), other)


def test_every_fifth_is_held_out_and_folds_have_every_category() -> None:
    labels = np.array([0] * 11 + [1] * 5, np.int64)
    assert np.flatnonzero(hold_out(labels)).tolist() == [4, 9, 15]
    taught = labels[~hold_out(labels)]
    folds = find_folds(taught)
    assert {int(fold) for fold in folds} == {0, 1, 2, 3}
    assert all(set(taught[folds == fold]) == {0, 1} for fold in range(4))


def test_too_sure_scores_are_cooled() -> None:
    scores = np.array([[9.0, 0.0], [9.0, 0.0], [9.0, 0.0], [0.0, 9.0]], np.float32)
    labels = np.array([0, 0, 1, 1], np.int64)
    assert fit_temperature(scores, labels) > 4.0


def test_one_picture_like_none_of_them_is_said_to_be_none() -> None:
    one = open_made()
    vectors, labels = draw([5, 5, 5], seed=3)
    assert all(one.judge_picture(vector).best(1)[0][0] == label for vector, label in zip(vectors, labels, strict=True))
    between = vectors[0] + vectors[5] + vectors[10]
    assert not one.judge_picture(between / np.linalg.norm(between)).is_known


def test_track_is_voted_over_its_moments_and_doubt_stays_unknown() -> None:
    one = open_made()
    vectors, labels = draw([4, 4, 4])
    milk = vectors[labels == 1]
    told = one.judge_track(milk, [1.0] * 4)
    assert told.value == "milk"
    assert told.confidence > 0.8
    torn = np.stack([vectors[0], milk[0]])
    assert one.judge_track(torn, [1.0, 1.0]).value == "unknown"
    assert one.judge_track(torn, [0.05, 1.0]).confidence > one.judge_track(torn, [1.0, 1.0]).confidence + 0.2


def test_set_for_vehicles_says_nothing_of_people() -> None:
    assert open_made().fits("vehicle")
    assert not open_made().fits("person")


def test_whole_picture_is_seen_in_its_proportions() -> None:
    seen = fit_whole(np.full((50, 100, 3), 200, np.uint8))
    assert seen.shape == (224, 224, 3)
    rows = np.flatnonzero((seen == 200).all(axis=(1, 2)))
    assert (rows[0], rows[-1]) == (56, 167)
    assert fit_whole(np.zeros((1, 3000, 3), np.uint8)).shape == (224, 224, 3)


def test_embedding_is_of_unit_length_and_colours_come_as_red_green_blue() -> None:
    class Told:
        release = "told-r1"
        seen = np.zeros(0, np.float32)

        def infer(self, tensor: np.ndarray) -> dict[str, np.ndarray]:
            self.seen = tensor
            return {"embedding": np.full((1, 1, 1, 4), 3.0, np.float32), "Identity": np.zeros((1, 2), np.float32)}

    network = Told()
    vector = PictureEmbedder(network).embed(np.full((224, 224, 3), (1, 2, 3), np.uint8))
    assert float(np.linalg.norm(vector)) == pytest.approx(1.0)
    assert network.seen.shape == (1, 224, 224, 3)
    assert network.seen[0, 0, 0].tolist() == [3.0, 2.0, 1.0]
