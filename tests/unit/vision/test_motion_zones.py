"""Motion counts where the zones say: nothing beside them, nothing lost in them, whatever moves next door."""

import numpy as np
import pytest

from vedette.core.geometry import Polygon
from vedette.core.motion import THRESHOLDS, MotionSensitivity, MotionSettings, MotionZone, MotionZoneKind
from vedette.vision.motion import Motion, MotionDetector
from vedette.vision.motion_area import draw_counted

H, W = 90, 160
RECORDED = THRESHOLDS[MotionSensitivity.NORMAL].recorded_share


def rectangle(left: float, top: float, right: float, bottom: float) -> Polygon:
    return Polygon(((left, top), (right, top), (right, bottom), (left, bottom)))


def zones(*drawn: tuple[MotionZoneKind, Polygon]) -> MotionSettings:
    return MotionSettings(zones=tuple(MotionZone(str(at), kind, shape) for at, (kind, shape) in enumerate(drawn)))


INCLUDE, EXCLUDE = MotionZoneKind.INCLUDE, MotionZoneKind.EXCLUDE
LEFT_OUT = zones((EXCLUDE, rectangle(0, 0, 0.5, 1)))


def ground(seed: int, noise: float = 2.0) -> np.ndarray:
    return np.clip(np.random.default_rng(seed).normal(80, noise, (H, W)), 0, 255)


def put(picture: np.ndarray, left: int, top: int, width: int, height: int, level: float = 200.0) -> np.ndarray:
    picture[top : top + height, left : left + width] = level
    return picture


def run(detector: MotionDetector, pictures: list[np.ndarray], first: int = 0) -> list[Motion]:
    return [detector.push(one.astype(np.uint8), (first + at) / 10) for at, one in enumerate(pictures)]


def swaying(seed: int) -> np.ndarray:
    """Four fifths of the picture change wildly, as a tree before the lens; the right fifth is still."""
    picture = ground(seed)
    picture[:, : W * 4 // 5] += np.random.default_rng(seed).choice([-60.0, 70.0], (H // 10, 1)).repeat(10, 0)
    return np.clip(picture, 0, 255)


def test_what_moves_in_an_excluded_part_is_neither_motion_nor_object() -> None:
    detector = MotionDetector(LEFT_OUT)
    run(detector, [ground(seed) for seed in range(20)])
    seen = run(detector, [put(ground(20 + at), 4 + 4 * at, 30, 16, 30) for at in range(15)], 20)
    assert max(one.level for one in seen) == 0.0
    assert sum(len(one.objects) for one in seen) == 0
    assert max(one.anywhere for one in seen) > 0.01, "what wakes the model does not follow motion zones"


def test_thing_that_comes_out_of_an_excluded_part_counts_from_there() -> None:
    detector = MotionDetector(LEFT_OUT)
    run(detector, [ground(seed) for seed in range(20)])
    seen = run(detector, [put(ground(20 + at), 50 + 4 * at, 30, 16, 30) for at in range(20)], 20)
    assert next(at for at, one in enumerate(seen) if one.level >= RECORDED) in {4, 5, 6}
    assert seen[-1].objects.boxes_norm_xyxy[0, 0] == pytest.approx((50 + 76) / W, abs=0.03)


def test_thing_that_moves_along_an_excluded_edge_does_not_reach_over_it() -> None:
    detector = MotionDetector(zones((EXCLUDE, rectangle(0, 0, 81 / W, 1))))
    run(detector, [ground(seed) for seed in range(20)])
    seen = run(detector, [put(ground(20 + at), 61, 3 * at, 20, 30, 255.0) for at in range(20)], 20)
    assert max(one.level for one in seen) < RECORDED


def test_person_in_a_small_part_is_seen_while_a_tree_fills_the_rest() -> None:
    detector = MotionDetector(zones((EXCLUDE, rectangle(0, 0, 0.82, 1))))
    run(detector, [ground(seed) for seed in range(20)])
    quiet = run(detector, [swaying(20 + at) for at in range(30)], 20)
    assert max(one.level for one in quiet[3:]) < RECORDED, "the tree must not be taken for motion next door"
    seen = run(detector, [put(swaying(60 + at), 138, 20 + 2 * at, 10, 20) for at in range(10)], 50)
    assert min(one.level for one in seen[1:]) >= RECORDED


def test_lorry_that_fills_the_excluded_part_does_not_hide_who_comes_next_to_it() -> None:
    detector = MotionDetector(zones((EXCLUDE, rectangle(0, 0, 0.82, 1))))
    run(detector, [ground(seed) for seed in range(20)])
    lorry = [put(ground(20 + at), 0, 0, 128, 90) for at in range(5)]
    seen = run(detector, [put(one, 138, 20 + 2 * at, 10, 20) for at, one in enumerate(lorry)], 20)
    assert min(one.level for one in seen) >= RECORDED


def test_thing_that_fills_its_whole_include_zone_is_no_light() -> None:
    detector = MotionDetector(zones((INCLUDE, rectangle(0.4, 0.4, 0.6, 0.6))))
    run(detector, [ground(seed) for seed in range(20)])
    seen = run(detector, [put(ground(20 + at), 50, 25, 60, 40) for at in range(3)], 20)
    assert seen[0].level >= RECORDED
    assert len(seen[0].objects) == 1


def test_light_on_the_whole_picture_is_no_motion_with_zones_either() -> None:
    detector = MotionDetector(zones((INCLUDE, rectangle(0.4, 0.4, 0.7, 0.8)), (EXCLUDE, rectangle(0.5, 0.5, 0.6, 0.6))))
    seen = run(detector, [ground(seed) + (40 if seed > 30 else 0) for seed in range(60)])
    assert max(one.level for one in seen) < RECORDED


def test_zones_that_change_while_it_runs_hold_from_the_next_picture_and_need_no_learning() -> None:
    detector = MotionDetector(zones((EXCLUDE, rectangle(0, 0, 1, 0.99))))
    run(detector, [ground(seed) for seed in range(20)])
    walk = [put(ground(20 + at), 20 + 4 * at, 30, 16, 30) for at in range(8)]
    assert max(one.level for one in run(detector, walk[:4], 20)) == 0.0
    detector.tune(MotionSettings())
    assert min(one.level for one in run(detector, walk[4:], 24)) >= RECORDED


@pytest.mark.parametrize(
    ("contrast", "seen_by"),
    [(11.0, {"high"}), (18.0, {"high", "normal"}), (60.0, {"high", "normal", "low"})],
)
def test_each_step_of_sensitivity_asks_for_its_contrast(contrast: float, seen_by: set[str]) -> None:
    found = set()
    for step in MotionSensitivity:
        detector = MotionDetector(MotionSettings(step))
        run(detector, [ground(seed, noise=0.5) for seed in range(20)])
        moved = run(
            detector, [put(ground(20 + at, 0.5), 20 + 4 * at, 30, 16, 30, 80 + contrast) for at in range(8)], 20
        )
        if max(one.level for one in moved) >= THRESHOLDS[step].recorded_share:
            found.add(step.value)
    assert found == seen_by


def test_steps_of_sensitivity_are_ordered_in_every_threshold() -> None:
    low, normal, high = (THRESHOLDS[step] for step in MotionSensitivity)
    for name in ("contrast", "recorded_share", "object_share", "event_share"):
        assert getattr(low, name) > getattr(normal, name) > getattr(high, name)
    assert low.packet_sensitivity < normal.packet_sensitivity < high.packet_sensitivity


def test_overlapping_include_zones_have_no_hole_and_an_exclude_zone_wins() -> None:
    drawn = draw_counted(
        zones(
            (INCLUDE, rectangle(0.1, 0.1, 0.6, 0.6)),
            (INCLUDE, rectangle(0.4, 0.4, 0.9, 0.9)),
            (EXCLUDE, rectangle(0.4, 0.4, 0.5, 0.5)),
        ),
        H,
        W,
    )
    assert drawn is not None
    at = {place: bool(drawn[round(place[1] * H), round(place[0] * W)]) for place in ((0.55, 0.55), (0.45, 0.45))}
    assert at == {(0.55, 0.55): True, (0.45, 0.45): False}
    assert (bool(drawn[5, 5]), bool(drawn[50, 20])) == (False, True)
    assert draw_counted(MotionSettings(), H, W) is None


def test_value_and_mask_agree_on_where_motion_counts() -> None:
    settings = zones((INCLUDE, Polygon(((0.1, 0.9), (0.5, 0.1), (0.9, 0.9)))), (EXCLUDE, rectangle(0.45, 0.5, 0.55, 1)))
    drawn = draw_counted(settings, H, W)
    assert drawn is not None
    value = np.array([[settings.counts_at((x + 0.5) / W, (y + 0.5) / H) for x in range(W)] for y in range(H)])
    assert float((drawn != value).mean()) < 0.03, "they differ in the rims alone"
