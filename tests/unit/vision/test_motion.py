"""Hazards of motion without a model: noise, light, exposure, things that stay, pictures of another size."""

import numpy as np
import pytest

from vedette.vision.motion import OBJECT_CLASS, Motion, MotionDetector

H, W = 90, 160


def ground(seed: int, level: float = 80.0, noise: float = 2.0) -> np.ndarray:
    return np.clip(np.random.default_rng(seed).normal(level, noise, (H, W)), 0, 255).astype(np.uint8)


def with_object(picture: np.ndarray, left: int, top: int = 30, width: int = 16, height: int = 30) -> np.ndarray:
    changed = picture.copy()
    changed[top : top + height, left : left + width] = 200
    return changed


def run(pictures: list[np.ndarray], fps: float = 10.0) -> list[Motion]:
    detector = MotionDetector()
    return [detector.push(picture, index / fps) for index, picture in enumerate(pictures)]


def test_noise_alone_is_no_motion() -> None:
    results = run([ground(seed, noise=4.0) for seed in range(80)])
    assert max(result.level for result in results) < 0.0005
    assert sum(len(result.objects) for result in results) == 0


def test_object_is_boxed_where_it_is() -> None:
    results = run([ground(s) for s in range(20)] + [with_object(ground(20 + s), 20 + 4 * s) for s in range(10)])
    last = results[-1]
    assert len(last.objects) == 1
    assert last.objects.class_id.tolist() == [OBJECT_CLASS]
    expected = np.array([56 / W, 30 / H, 72 / W, 60 / H])
    np.testing.assert_allclose(last.objects.boxes_norm_xyxy[0], expected, atol=0.03)
    assert last.level > 0.01


def test_exposure_of_the_whole_picture_is_no_motion() -> None:
    results = run([ground(s, level=80 + (40 if s > 30 else 0)) for s in range(60)])
    assert max(result.level for result in results) < 0.001


def test_scene_cut_is_no_motion_and_the_new_scene_is_learnt() -> None:
    half = np.zeros((H, W), np.uint8)
    half[:, ::2] = 255
    results = run([ground(s) for s in range(30)] + [half] * 30 + [with_object(half, 60)] * 3)
    assert max(result.level for result in results[:60]) < 0.001
    assert len(results[-1].objects) == 1


def test_thing_that_stays_becomes_background_and_leaves_no_hole_before() -> None:
    stays = [ground(s) for s in range(20)] + [with_object(ground(20 + s), 60) for s in range(250)]
    gone = [ground(300 + s) for s in range(20)]
    results = run(stays + gone)
    assert len(results[260].objects) == 1, "25 s is not long enough to be swallowed"
    assert len(results[-1].objects) == 0, "the place it left must not look like an object"
    assert results[260].level == 0.0, "it stands still"


def test_thing_that_stays_long_is_swallowed() -> None:
    results = run([ground(s) for s in range(10)] + [with_object(ground(s), 60) for s in range(10, 120)], fps=1.5)
    assert len(results[40].objects) == 1
    assert len(results[-1].objects) == 0


@pytest.mark.parametrize("height", [90, 120])
def test_size_change_starts_again(height: int) -> None:
    detector = MotionDetector()
    for index in range(20):
        detector.push(ground(index), index / 10)
    result = detector.push(np.full((height + 10, W), 255, np.uint8), 2.1)
    assert (result.level, len(result.objects)) == (0.0, 0)


def test_speck_is_no_object() -> None:
    results = run([ground(s) for s in range(20)] + [with_object(ground(50 + s), 80, 40, 2, 2) for s in range(10)])
    assert sum(len(result.objects) for result in results) == 0
