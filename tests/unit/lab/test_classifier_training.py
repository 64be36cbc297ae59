"""Hazards of reproducing a network: a layer that is not the report's, a schedule that never ran, pictures that are
shifted out of their labels. Needs the extra `lab`; skipped without it.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from vedette.core.errors import InvalidInputError  # noqa: E402 -- after the skip
from vedette.lab import recipes  # noqa: E402
from vedette.lab.classifier.networks import (  # noqa: E402
    CLASSES,
    LARGE,
    SMALL,
    LeanShape,
    as_probabilities,
    build_lean,
    build_report,
    may_pool_last,
    whiten,
    with_views,
)
from vedette.lab.classifier.pictures import LabelledPictures  # noqa: E402
from vedette.lab.classifier.samples import draw_epoch, hide_squares, shift_pictures  # noqa: E402
from vedette.lab.classifier.training import (  # noqa: E402
    LEAN,
    REPORT_PLAN,
    SoftenedCrossentropy,
    answer,
    soften,
    train_lean,
    train_report,
)
from vedette.lab.export import export_openvino  # noqa: E402
from vedette.lab.training import HISTORY, Plan  # noqa: E402
from vedette.runtime.clock import SystemClock  # noqa: E402

KNOWN = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
REPORTED = [896, 9248, 18496, 36928, 73856, 147584, 2098176, 524800, 5130]


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (count, 32, 32, 3), np.uint8)


def two_classes(count: int) -> LabelledPictures:
    """Bright and dark pictures."""
    labels = np.arange(count) % 2
    pictures = (noise(count) // 4 + (labels * 180)[:, None, None, None]).astype(np.uint8)
    return LabelledPictures(tuple(f"class{number}" for number in range(CLASSES)), pictures, labels.astype(np.int64))


def test_report_has_every_weight_that_it_lists() -> None:
    model = build_report()
    assert [layer.count_params() for layer in model.layers if layer.count_params()] == REPORTED
    assert model.count_params() == 2_915_114
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.kernel_constraint.max_value for layer in dense[:2]] == [3, 3]
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.2] * 6
    assert model.output_shape == (None, 10), "the report's list of classes lacks the dog, its network does not"


def test_decay_that_keras_ignores_is_why_the_report_ran_at_a_constant_rate() -> None:
    with pytest.warns(UserWarning, match="decay"):
        optimizer = keras.optimizers.SGD(0.01, decay=4e-4)
    assert "decay" not in optimizer.get_config()


@pytest.mark.parametrize(("shape", "most"), [(SMALL, 300_000), (LARGE, 2_000_000)])
def test_ours_are_as_small_as_was_promised(shape: LeanShape, most: int) -> None:
    assert build_lean(shape, noise(8)).count_params() <= most


def test_stem_makes_patches_uncorrelated() -> None:
    smooth = noise(64).astype(np.float32)
    smooth[:, :, 1:] = (smooth[:, :, 1:] + smooth[:, :, :-1]) / 2
    pictures = smooth.astype(np.uint8)
    kernel, bias = whiten(pictures, 24)
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (2, 2), axis=(1, 2))[:, ::3, ::3]
    patches = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 12) / 255
    answers = patches @ kernel.reshape(12, -1) + bias
    np.testing.assert_allclose(np.cov(answers[:, :12], rowvar=False), np.eye(12), atol=0.05)
    np.testing.assert_allclose(answers[:, :12], -answers[:, 12:], atol=1e-4)


def test_lean_stem_keeps_the_directions_in_which_patches_differ_most() -> None:
    pictures = noise(64)
    pictures[..., 1] = pictures[..., 0]  # nothing new in the second channel: four of twelve directions are empty
    kernel, bias = whiten(pictures, 16)
    whole, whole_bias = whiten(pictures, 24)
    np.testing.assert_allclose(kernel[..., :8], whole[..., 4:12], rtol=1e-4)
    np.testing.assert_allclose(bias[8:], whole_bias[16:], rtol=1e-4)
    assert np.abs(whole[..., :4]).max() > 10 * np.abs(kernel).max(), "an empty direction would be blown up"


def test_small_network_has_maps_that_pooling_leaves_nothing_of() -> None:
    maps = [layer.output.shape for layer in build_lean(SMALL, noise(8)).layers]
    assert sorted({shape[1] for shape in maps if len(shape) == 4}, reverse=True) == [32, 31, 29, 14, 12, 6, 3]


def test_second_epoch_mirrors_what_the_first_left() -> None:
    taught = two_classes(40)
    offsets = np.full((40, 2), 2)
    np.testing.assert_array_equal(shift_pictures(taught.pictures, offsets), taught.pictures)
    first = draw_epoch(taught.pictures, 0)
    assert first.shape == taught.pictures.shape
    np.testing.assert_array_equal(draw_epoch(taught.pictures, 0), first)

    def mirrored(epoch: int) -> list[bool]:
        shown = draw_epoch(taught.pictures, epoch).astype(int)
        middle = slice(4, 28)
        flips = []
        for picture, plain in zip(shown, taught.pictures.astype(int), strict=True):
            ways = [plain, plain[:, ::-1]]
            best = [
                min(
                    np.abs(picture[middle, middle] - way[4 + down : 28 + down, 4 + right : 28 + right]).sum()
                    for down in range(-2, 3)
                    for right in range(-2, 3)
                )
                for way in ways
            ]
            assert min(best) == 0
            flips.append(best[1] == 0)
        return flips

    assert mirrored(0) == [not flip for flip in mirrored(1)]
    assert 0 < sum(mirrored(0)) < 40


def test_shift_moves_by_as_much_as_it_says() -> None:
    picture = np.zeros((1, 32, 32, 3), np.uint8)
    picture[0, 10, 12] = 255
    moved = shift_pictures(picture, np.array([[4, 1]]))
    assert np.argwhere(moved[0, ..., 0]).tolist() == [[8, 13]]


def test_square_hides_what_lies_about_its_centre_and_nothing_else() -> None:
    pictures = np.zeros((3, 32, 32, 3), np.uint8)
    pictures[1] = 255
    hide_squares(pictures, np.array([[16, 10], [0, 31], [31, 0]]), 10)
    mean = 85
    assert np.argwhere(pictures[0, ..., 0] == mean).min(0).tolist() == [11, 5]
    assert np.argwhere(pictures[0, ..., 0] == mean).max(0).tolist() == [20, 14]
    assert [(picture == mean).sum() for picture in pictures] == [300, 5 * 6 * 3, 6 * 5 * 3]
    assert (pictures[1] != mean).sum() == 3 * (32 * 32 - 30)


def test_epoch_hides_a_square_of_each_picture_where_it_is_asked_to() -> None:
    taught = two_classes(30).pictures
    plain, hidden = draw_epoch(taught, 3).astype(int), draw_epoch(taught, 3, 10).astype(int)
    changed = (plain != hidden).any(-1).sum((1, 2))
    assert changed.min() >= 1
    assert changed.max() <= 100


def test_softened_loss_is_least_at_the_teachers_own_logits_and_its_gradient_as_large_as_at_temperature_one() -> None:
    logits = np.array([[3.0, 1.0, -2.0], [0.5, 0.0, 4.0]], np.float32)
    sure = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    targets, loss = soften(sure, 2.0), SoftenedCrossentropy(2.0)
    np.testing.assert_allclose(targets.sum(1), 1, atol=1e-6)
    best = float(loss(targets, logits))
    for other in (logits * 1.2, logits * 0.8, logits[:, ::-1]):
        assert float(loss(targets, other)) > best
    step = np.tile(1e-2 * np.eye(3, dtype=np.float32)[0], (2, 1))
    slope = (float(loss(targets, step)) - float(loss(targets, -step))) / 2e-2
    assert slope == pytest.approx(2.0 * float((1 / 3 - targets[:, 0]).mean()), abs=1e-3)
    assert SoftenedCrossentropy.from_config(loss.get_config()).get_config() == loss.get_config()


def test_answers_of_a_teacher_are_learned_against_the_labels(tmp_path: Path) -> None:
    """Who is taught by wrong answers repeats them."""
    taught, held_out = two_classes(80), two_classes(20)
    recipe = replace(LEAN["small"], plan=Plan(shards=3, shard_samples=0, pool_shards=1, batch=20, peak_rate=0.05))
    answers = np.full((80, CLASSES), 0.001, np.float32)
    answers[np.arange(80), 1 - taught.labels] = 0.991
    told: list[str] = []
    model = train_lean(recipe, taught, held_out, tmp_path, SystemClock(), told.append, answers)
    said = answer(model, held_out.pictures).argmax(1)
    assert (said == 1 - held_out.labels).mean() > 0.8


def test_teacher_is_asked_once_and_other_pictures_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def classify(_network: object, pictures: np.ndarray) -> np.ndarray:
        asked.append(len(pictures))
        return np.full((len(pictures), CLASSES), 0.1, np.float32)

    def known(count: int) -> LabelledPictures:
        return replace(two_classes(count), names=KNOWN)

    monkeypatch.setattr(recipes, "classify_all", classify)
    taught, told = known(6), list[str]()
    first = recipes.ask_teacher("classifier-large", taught, tmp_path / "new", told.append)
    again = recipes.ask_teacher("classifier-large", taught, tmp_path / "new", told.append)
    assert first is not None
    assert again is not None
    np.testing.assert_array_equal(first, again)
    assert asked == [6]
    with pytest.raises(InvalidInputError, match="other pictures"):
        recipes.ask_teacher("classifier-large", known(8), tmp_path / "new", told.append)
    assert recipes.ask_teacher("classifier-large", two_classes(6), tmp_path / "new", told.append) is None
    assert "other classes" in told[-1]


def test_lean_network_learns_and_tells_how_it_went(tmp_path: Path) -> None:
    plan = Plan(shards=3, shard_samples=0, pool_shards=1, batch=20, peak_rate=0.05)
    told: list[str] = []
    recipe = replace(LEAN["small"], plan=plan)
    model = train_lean(recipe, two_classes(80), two_classes(20), tmp_path, SystemClock(), told.append)
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}, "whatever the processor trained with"
    assert len((tmp_path / HISTORY).read_text().splitlines()) == 3
    assert all("held_out" in line for line in told)
    probabilities = as_probabilities(model, 2.0)(noise(1).transpose(0, 3, 1, 2).astype(np.float32))
    assert float(np.asarray(probabilities).sum()) == pytest.approx(1, abs=1e-5)


def test_last_epochs_go_on_at_a_constant_rate_and_the_mean_of_them_is_what_was_learned(tmp_path: Path) -> None:
    plan = Plan(shards=4, shard_samples=0, pool_shards=1, batch=20, peak_rate=0.05)
    recipe = replace(LEAN["small"], plan=plan, averaged=2)
    assert recipe.rate(0.2) > recipe.rate(0.49)
    assert recipe.rate(0.5) == recipe.rate(1.0) == 0.03
    told: list[str] = []

    def train() -> keras.Model:
        return train_lean(recipe, two_classes(80), two_classes(20), tmp_path, SystemClock(), told.append)

    model = train()
    kernels = [np.load(tmp_path / f"epoch-{epoch}.npz")["arr_2"] for epoch in (3, 4)]
    np.testing.assert_allclose(model.get_weights()[2], (kernels[0] + kernels[1]) / 2, atol=1e-6)
    assert not np.array_equal(*kernels)
    assert "mean of 2 epochs" in told[-1]
    again = train()  # nothing is left to train: what was written down is enough
    for was, now in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(was, now, atol=1e-5)


def test_pooling_last_gives_the_same_unless_a_normalisation_turns_numbers_round() -> None:
    first, last = build_lean(SMALL, noise(20)), build_lean(SMALL, noise(20), pools_last=True)
    rng = np.random.default_rng(5)
    weights = [array + rng.normal(0, 0.1, array.shape).astype(np.float32) for array in first.get_weights()]
    weights = [np.abs(array) if array.ndim == 1 and index != 1 else array for index, array in enumerate(weights)]
    first.set_weights(weights)
    last.set_weights(weights)
    pictures = noise(4).astype(np.float32) / 255
    assert may_pool_last(first)
    np.testing.assert_allclose(np.asarray(first(pictures)), np.asarray(last(pictures)), atol=1e-4)
    normalised = next(layer for layer in first.layers if isinstance(layer, keras.layers.BatchNormalization))
    normalised.gamma.assign(-normalised.gamma)
    assert not may_pool_last(first)


def test_with_views_is_the_mean_of_four_and_a_mirrored_picture_gets_the_same_answer(tmp_path: Path) -> None:
    model = build_lean(SMALL, noise(20))
    pictures = noise(3).astype(np.float32) / 255
    viewed = with_views(model)
    answers = np.asarray(viewed(pictures))
    rims = [np.pad(seen, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect") for seen in (pictures, pictures[:, :, ::-1])]
    views = [view for rim in rims for view in (rim[:, :32, :32], rim[:, 2:, 2:])]
    expected = sum(np.asarray(model(np.ascontiguousarray(view))) for view in views) / 4
    np.testing.assert_allclose(answers, expected, atol=1e-5)
    np.testing.assert_allclose(answers, np.asarray(viewed(pictures[:, :, ::-1])), atol=1e-5)
    assert viewed.count_params() == model.count_params()
    export_openvino(as_probabilities(viewed, 2.0), ("classes",), (1, 3, 32, 32), tmp_path, "views")
    assert (tmp_path / "views.bin").stat().st_size < 2.2 * model.count_params()  # the weights are there once


def test_decaying_rate_falls_as_the_report_wrote_it(tmp_path: Path) -> None:
    rates: list[float] = []
    plan = Plan(shards=2, shard_samples=0, pool_shards=1, batch=4, peak_rate=0.01)
    for decays in (False, True):
        model = train_report(
            decays=decays,
            plan=plan,
            taught=two_classes(8),
            held_out=two_classes(4),
            folder=tmp_path / str(decays),
            clock=SystemClock(),
            tell=lambda _: None,
        )
        rates.append(float(model.optimizer.learning_rate))
    assert rates[0] == pytest.approx(0.01)
    assert rates[1] == pytest.approx(0.01 / (1 + 4e-4 * 3)), "the last of four steps"


def test_plans_are_the_ones_that_are_told_of() -> None:
    assert (REPORT_PLAN.shards, REPORT_PLAN.batch, REPORT_PLAN.peak_rate) == (25, 32, 0.01)
    assert {name: recipe.plan.shards for name, recipe in LEAN.items()} == {"small": 80, "large": 36}
    assert {recipe.plan.pool_shards for recipe in LEAN.values()} == {1}
