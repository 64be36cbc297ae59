"""Heads on a network that was taught something else, and several heads on one network."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from vedette.core.errors import InvalidInputError  # noqa: E402
from vedette.lab.classifier.pictures import LabelledPictures  # noqa: E402
from vedette.lab.classifier.transfer import (  # noqa: E402
    Effort,
    Questions,
    compare_heads,
    compare_transfer,
    judge,
    read_features,
    train_heads,
    tune,
    turn_quarters,
)

WIDTHS = (8, 8, 16)
EFFORT = Effort(epochs=6, batch=16, peak_rate=1e-2)


def stripes(count: int, seed: int = 0) -> LabelledPictures:
    """Two classes: bright above and bright below, with noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    pictures = rng.integers(0, 60, (count, 32, 32, 3), dtype=np.uint8)
    pictures[labels == 0, :16] += 150
    pictures[labels == 1, 16:] += 150
    return LabelledPictures(("above", "below"), pictures, labels.astype(np.int64))


def as_questions(labelled: LabelledPictures) -> Questions:
    return Questions(labelled.pictures, {"class": labelled.labels})


def test_frozen_tuned_and_new_networks_learn_what_is_easy() -> None:
    backbone = train_heads(WIDTHS, as_questions(stripes(96)), EFFORT, seed=1)
    assert judge(backbone, as_questions(stripes(40, 1)))["class"] > 0.9
    turned = stripes(32, 2)
    turned = LabelledPictures(turned.names, turned.pictures.transpose(0, 2, 1, 3), turned.labels)  # left and right
    asked = stripes(40, 3)
    asked = LabelledPictures(asked.names, asked.pictures.transpose(0, 2, 1, 3), asked.labels)
    before = [weight.copy() for weight in backbone.get_weights()]
    found = compare_transfer(backbone, WIDTHS, turned, asked, Effort(20, 16, 1e-2), seed=1)
    assert set(found) == {"frozen", "tuned", "anew"}
    assert found["tuned"] > 0.8
    for was, now in zip(before, backbone.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)  # a copy is trained on, never the network itself


def read_kernels(model: keras.Model) -> list[np.ndarray]:
    return [layer.get_weights()[0] for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]


def test_tuned_network_answers_new_questions_from_the_old_network() -> None:
    backbone = train_heads(WIDTHS, as_questions(stripes(32)), Effort(1, 16), seed=1)
    tuned = tune(backbone, as_questions(stripes(16)), Effort(1, 16, peak_rate=0.0), seed=2)
    assert set(tuned.output) == {"class"}
    kernels = [
        [layer.get_weights()[0] for layer in model.layers if "conv" in layer.name] for model in (backbone, tuned)
    ]
    for was, now in zip(*kernels, strict=True):
        np.testing.assert_array_equal(was, now)
    features = read_features(tuned, stripes(4, 5).pictures)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), np.ones(4), atol=1e-5)
    assert features.shape == (4, 16)


def test_turned_pictures_say_how_they_were_turned() -> None:
    labelled = stripes(40)
    asked = turn_quarters(labelled, 3, [1, 0])
    assert set(asked.answers["turn"].tolist()) == {0, 1, 2, 3}
    for picture, turn, plain in zip(asked.pictures, asked.answers["turn"], labelled.pictures, strict=True):
        np.testing.assert_array_equal(np.rot90(picture, -turn), plain)
    np.testing.assert_array_equal(asked.answers["group"], 1 - labelled.labels)
    with pytest.raises(InvalidInputError):
        turn_quarters(labelled, 3, [1])


def test_one_network_for_all_questions_and_one_for_each_are_told_apart() -> None:
    told: list[str] = []
    taught, asked = (turn_quarters(stripes(48, seed), seed, [0, 1]) for seed in (1, 2))
    sides = compare_heads(WIDTHS, (4, 4, 8), taught, asked, Effort(1, 16), told.append)
    assert {side: len(models) for side, (_, models) in sides.items()} == {"shared": 1, "separate": 3, "thirds": 3}
    assert all(set(right) == {"class", "group", "turn"} for right, _ in sides.values())
    weights = {side: sum(model.count_params() for model in models) for side, (_, models) in sides.items()}
    assert weights["thirds"] < weights["separate"]
    assert weights["shared"] < weights["separate"]
    assert len(told) == 3
