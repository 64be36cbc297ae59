"""Hazards of deciding early: a threshold that lets more mistakes through than it says, a stage that changes the answer.

Those that need the extra `lab` are skipped without it.
"""

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops
from sklearn.svm import LinearSVC

from vedette.core.errors import InvalidInputError
from vedette.lab.cascade.adaptive import plan_halting
from vedette.lab.cascade.early_exit import EarlyExit, find_threshold, fit_early_exit, pool_features
from vedette.lab.cascade.linear_svm import LinearHead, fit_linear_svm
from vedette.lab.cascade.stages import compile_stage, split_openvino

RNG = np.random.default_rng(8)


def make_blobs(count: int, spread: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three classes in 5 dimensions."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    middles = np.random.default_rng(0).normal(size=(3, 5))
    return (middles[labels] + rng.normal(0, spread, (count, 5))).astype(np.float32), labels + 10


def slow_threshold(scores: np.ndarray, is_right: np.ndarray, mistakes: float) -> float:
    """The rule as it is written, candidate by candidate."""
    allowed = [t for t in scores if sum((scores > t) & ~is_right) / len(scores) <= mistakes]
    return min(allowed, default=float("inf"))


@pytest.mark.parametrize("mistakes", [0.0, 0.01, 0.1])
def test_threshold_is_the_lowest_that_the_rule_allows(mistakes: float) -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        scores = rng.integers(0, 12, rng.integers(1, 120)).astype(np.float64)  # many equal ones
        is_right = rng.random(len(scores)) < 0.8
        assert find_threshold(scores, is_right, mistakes) == slow_threshold(scores, is_right, mistakes)


def test_threshold_as_worked_by_hand() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    is_right = np.array([True, True, False, True, False])
    assert find_threshold(scores, is_right, 0.01) == 0.7  # the mistake at 0.7 is not above 0.7
    assert find_threshold(scores, is_right, 0.2) == 0.5
    assert find_threshold(np.zeros(0), np.zeros(0, bool)) == float("inf")
    with pytest.raises(InvalidInputError, match="two"):
        find_threshold(scores, is_right[:2])


def test_svm_is_liblinears() -> None:
    features, labels = make_blobs(150, 1.0, 3)
    ours = fit_linear_svm(features, labels)
    theirs = LinearSVC(C=1.0, tol=1e-6, max_iter=20_000).fit(features, labels)
    np.testing.assert_allclose(ours.scores(features), theirs.decision_function(features), atol=5e-3)
    assert (ours.predict(features) == theirs.predict(features)).mean() > 0.99
    with pytest.raises(InvalidInputError, match="two classes"):
        fit_linear_svm(features, np.zeros(150, np.int64))


def test_pooled_features_are_of_length_one_whatever_the_layout() -> None:
    maps = RNG.uniform(size=(2, 4, 4, 7)).astype(np.float32)
    pooled = pool_features(maps, -1)
    np.testing.assert_allclose(pooled, pool_features(maps.transpose(0, 3, 1, 2), 1), rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(pooled, axis=1), 1, rtol=1e-6)
    assert (pool_features(np.zeros((1, 3), np.float32), 1) == 0).all()


def test_exits_answer_at_the_first_sure_layer_and_the_last_always() -> None:
    head = LinearHead(np.array([[1, 0], [0, 1], [0, 0]], np.float32), np.array([5, 6]))
    model = EarlyExit((head, head), (0.9, float("inf")))
    first = np.array([[1.0, 0.0], [0.9, 0.0], [0.2, 0.3]], np.float32)
    last = np.array([[0.0, 0.1], [0.0, 0.1], [-5.0, -6.0]], np.float32)
    decisions = model.decide([first, last])
    assert [(one.label, one.level) for one in decisions] == [(5, 0), (6, 1), (5, 1)]  # 0.9 is not above 0.9


def test_stage_after_an_exit_is_never_run_and_answers_are_those_of_decide() -> None:
    weak, labels = make_blobs(300, 0.9, 1)
    held, held_labels = make_blobs(300, 0.9, 2)
    rows = [[pool_features(data, 1), pool_features(data * 2 + 1, 1)] for data in (weak, held)]
    model = fit_early_exit(rows[0], labels, rows[1], held_labels, 0.05)
    ran = []

    def second(maps: np.ndarray) -> np.ndarray:
        ran.append(1)
        return maps * 2 + 1

    found = [model.classify(row[None], [lambda maps: maps, second], 1) for row in held]
    decided = model.decide(rows[1])
    assert [(one.label, one.level) for one in found] == [(one.label, one.level) for one in decided]
    stopped = sum(one.level == 0 for one in found)
    assert 0 < stopped < len(held)
    assert len(ran) == len(held) - stopped
    wrong = sum(one.label != label for one, label in zip(found, held_labels, strict=True) if one.level == 0)
    assert wrong <= 0.05 * len(held)


def make_openvino_chain() -> ov.Model:
    image = ops.parameter([1, 3, 8, 8], np.float32)
    x = ops.convolution(image, ops.constant(RNG.normal(size=(4, 3, 3, 3)).astype(np.float32)), [1] * 2, *[[1] * 2] * 3)
    bounds = [ops.constant(np.float32(value)) for value in (0.0, 4.0, 0.0, 4.0)]
    x = ops.fake_quantize(x, *bounds, 256)
    x.set_friendly_name("cut")
    y = ops.convolution(
        x, ops.constant(RNG.normal(size=(2, 4, 1, 1)).astype(np.float32)), *[[1] * 2, [0] * 2] * 1, [0] * 2, [1] * 2
    )
    y.set_friendly_name("after")
    return ov.Model([ops.result(ops.add(y, ops.constant(np.float32(1))))], [image])


def test_openvino_stages_one_after_the_other_are_the_network() -> None:
    model = make_openvino_chain()
    picture = RNG.normal(size=(1, 3, 8, 8)).astype(np.float32)
    whole = compile_stage(model)(picture)
    maps = picture
    stages = split_openvino(model, ["cut", "after"])
    for stage in stages:
        maps = stage(maps)
    np.testing.assert_array_equal(maps, whole)
    assert len(stages) == 3


def test_cut_past_a_side_way_and_unknown_cut_are_refused() -> None:
    image = ops.parameter([1, 4], np.float32)
    x = ops.relu(image)
    x.set_friendly_name("inner")
    model = ov.Model([ops.result(ops.add(x, image))], [image])
    with pytest.raises(InvalidInputError, match="more than its output"):
        split_openvino(model, ["inner"])
    with pytest.raises(InvalidInputError, match="no node"):
        split_openvino(model, ["elsewhere"])


def slow_halting(halts: np.ndarray, epsilon: float) -> tuple[int, float, list[float]]:
    """The formulas of the paper for one picture, unit by unit."""
    total, weights = 0.0, [0.0] * len(halts)
    for place, h in enumerate(halts):
        if total + h >= 1 - epsilon or place == len(halts) - 1:
            weights[place] = 1 - total
            return place + 1, 1 - total, weights
        weights[place], total = float(h), total + float(h)
    raise AssertionError


def test_halting_is_the_papers_unit_by_unit() -> None:
    halts = RNG.uniform(size=(200, 5)) ** 2
    found = plan_halting(halts)
    for row, units, remainder, weights in zip(halts, found.units, found.remainder, found.weights, strict=True):
        n, r, p = slow_halting(row, 0.01)
        assert (n, pytest.approx(r), pytest.approx(p)) == (units, remainder, weights.tolist())
    np.testing.assert_allclose(found.weights.sum(axis=1), 1)
    np.testing.assert_allclose(found.cost, found.units + found.remainder)


def test_halting_stops_at_once_never_and_is_refused_where_it_means_nothing() -> None:
    found = plan_halting(np.array([[1.0, 0.5, 0.5], [0.0, 0.0, 0.0], [0.5, 0.49, 0.3]]))
    assert found.units.tolist() == [1, 3, 2]
    np.testing.assert_allclose(found.weights, [[1, 0, 0], [0, 0, 1], [0.5, 0.5, 0]])
    assert plan_halting(np.zeros((0, 3))).units.shape == (0,)
    with pytest.raises(InvalidInputError, match="epsilon"):
        plan_halting(np.zeros((2, 0)))


def test_keras_weighs_units_as_the_rule_and_is_differentiable() -> None:
    pytest.importorskip("keras")
    tf = pytest.importorskip("tensorflow")
    from vedette.lab.cascade.adaptive_network import weigh_units

    halts = RNG.uniform(size=(60, 5)).astype(np.float32) ** 2
    with tf.GradientTape() as tape:
        given = tf.Variable(halts)
        weights, cost = weigh_units(given)
        total = tf.reduce_sum(cost)
    wanted = plan_halting(halts)
    np.testing.assert_allclose(weights, wanted.weights, atol=1e-5)
    np.testing.assert_allclose(cost, wanted.cost, atol=1e-5)
    places = np.arange(5)[None]
    np.testing.assert_allclose(tape.gradient(total, given), -(places < wanted.units[:, None] - 1).astype(np.float32))


def test_network_in_parts_answers_as_the_whole_one() -> None:
    keras = pytest.importorskip("keras")
    from vedette.lab.cascade.adaptive_network import build_adaptive, take_apart

    pictures = RNG.uniform(size=(6, 32, 32, 3)).astype(np.float32)
    for tau in (None, 0.1):
        keras.utils.set_random_seed(2)
        model = build_adaptive(3, 8, 4, tau)
        if tau is not None:
            model.get_layer("halt_1").bias.assign([9.0])
        wanted = np.asarray(model(pictures, training=False)).argmax(axis=1)
        answers = [take_apart(model, 3).classify(picture[None]) for picture in pictures[:2]]
        assert [label for label, _ in answers] == wanted[:2].tolist()
        assert [units for _, units in answers] == ([3, 3] if tau is None else [2, 2])


def test_keras_stages_one_after_the_other_are_the_network() -> None:
    keras = pytest.importorskip("keras")
    from vedette.lab.cascade.stages import split_keras

    layers = keras.layers
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="first")(image)
    x = layers.Conv2D(5, 3, name="second")(x)
    model = keras.Model(image, layers.GlobalAveragePooling2D()(x))
    picture = RNG.uniform(size=(1, 8, 8, 3)).astype(np.float32)
    maps = picture
    for stage in split_keras(model, ["first", "second"]):
        maps = stage(maps)
    np.testing.assert_allclose(maps, np.asarray(model(picture)), atol=1e-6)
