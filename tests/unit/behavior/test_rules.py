"""Hazards of rules: trembling at borders, lost and renumbered tracks, pauses, several objects, wrong rules."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from vedette.behavior.rules import RuleSet, default_rules
from vedette.behavior.scene import Finding, Phase, Scene
from vedette.core.assignment import Rule
from vedette.core.detections import CLASS_NAMES, Tracks
from vedette.core.errors import InvalidInputError
from vedette.core.geometry import Line, Polygon
from vedette.core.time import NS_PER_S

FPS = 10
ZONE = Polygon(((0.4, 0.0), (1.0, 0.0), (1.0, 1.0), (0.4, 1.0)))
LINE = Line((0.5, 0.0), (0.5, 1.0))
"""From top to bottom: walking to the left is from left to right of the line as its own eye sees it."""
START_NS = 1_700_000_000 * NS_PER_S

Positions = dict[int, tuple[float, float]]


def scene(
    index: int, at: Positions, *, ended: tuple[int, ...] = (), kind: str = "person", motion: float = 0.0
) -> Scene:
    boxes = [(x - 0.04, y - 0.2, x + 0.04, y) for x, y in at.values()]
    count = len(at)
    tracks = Tracks(
        np.array(list(at), np.int64),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(count, 0.8, np.float32),
        np.full(count, CLASS_NAMES.index(kind), np.int16),
    )
    return Scene(START_NS + index * NS_PER_S // FPS, tracks, ended, motion)


def walk(rule: Rule, scenes: Iterable[Scene]) -> list[Finding]:
    rules = RuleSet([rule])
    return [finding for item in scenes for finding in rules.push(item)]


def path(x_of: Callable[[int], float], count: int, number: int = 1) -> list[Scene]:
    return [scene(i, {number: (x_of(i), 0.6)}) for i in range(count)]


def phases(findings: list[Finding]) -> list[str]:
    return [finding.phase.value for finding in findings]


entered = Rule("z", "zone_entered", zone=ZONE)
left = Rule("l", "zone_left", zone=ZONE)
crossed = Rule("c", "line_crossed", line=LINE)


def test_empty_scenes_say_nothing() -> None:
    for rule in (entered, left, crossed, *default_rules(has_model=True), *default_rules(has_model=False)):
        assert walk(rule, [scene(i, {}) for i in range(100)]) == []


def test_walking_in_and_out_is_one_visit_with_its_times() -> None:
    steps = path(lambda i: 0.1 + 0.02 * i if i < 30 else 0.7 - 0.02 * (i - 30), 60)
    begin, end = walk(entered, steps)
    assert (begin.phase, end.phase) == (Phase.BEGIN, Phase.END)
    assert begin.key == end.key
    assert (begin.from_ns - START_NS) / NS_PER_S == pytest.approx(1.6, abs=0.2)
    assert end.to_ns is not None
    assert (end.to_ns - START_NS) / NS_PER_S == pytest.approx(4.5, abs=0.3)
    assert end.explanation[0].value == pytest.approx(2.9, abs=0.4)
    assert begin.zone == "z"


def test_trembling_at_the_border_is_counted_at_most_once() -> None:
    noise = np.random.default_rng(3).normal(0, 0.004, 400)
    findings = walk(entered, path(lambda i: 0.4 + float(noise[i]), 400))
    assert phases(findings).count("begin") <= 1
    steady = walk(entered, path(lambda i: min(0.2 + 0.01 * i, 0.42) + float(noise[i]), 400))
    assert phases(steady) == ["begin"]


def test_object_that_appears_inside_has_entered() -> None:
    assert phases(walk(entered, path(lambda _: 0.7, 10))) == ["begin"]


def test_renumbered_person_is_no_second_entry() -> None:
    before = [scene(i, {1: (0.7, 0.6)}) for i in range(20)]
    lost = [scene(i, {}, ended=(1,) if i == 35 else ()) for i in range(20, 40)]
    after = [scene(i, {2: (0.72, 0.6)}) for i in range(40, 60)]
    findings = walk(entered, [*before, *lost, *after])
    assert phases(findings) == ["begin"]


def test_other_person_far_away_is_a_second_entry() -> None:
    before = [scene(i, {1: (0.5, 0.6)}) for i in range(20)]
    after = [scene(i, {2: (0.9, 0.6)}, ended=(1,) if i == 20 else ()) for i in range(20, 40)]
    assert phases(walk(entered, [*before, *after])).count("begin") == 2


def test_object_lost_inside_for_good_ends_the_visit_but_has_not_left() -> None:
    steps = [scene(i, {1: (0.7, 0.6)}) for i in range(20)] + [
        scene(i, {}, ended=(1,) if i == 30 else ()) for i in range(20, 200)
    ]
    assert phases(walk(entered, steps)) == ["begin", "end"]
    assert walk(left, steps) == []


def test_min_s_waits() -> None:
    rule = Rule("z", "zone_entered", zone=ZONE, parameters={"min_s": 3.0})
    assert phases(walk(rule, path(lambda _: 0.7, 25))) == []
    assert phases(walk(rule, path(lambda _: 0.7, 35))) == ["begin"]


def test_leaving_is_said_once() -> None:
    findings = walk(left, path(lambda i: 0.7 - 0.01 * i, 60))
    assert phases(findings) == ["instant"]


def test_two_people_are_two_visits() -> None:
    steps = [scene(i, {1: (0.1 + 0.02 * i, 0.6), 2: (0.9, 0.3)}) for i in range(40)]
    findings = walk(entered, steps)
    assert sorted(f.track_ids for f in findings) == [(1,), (2,)]


def test_classes_are_kept_apart() -> None:
    rule = Rule("z", "zone_entered", zone=ZONE, classes=("vehicle",))
    assert walk(rule, [scene(i, {1: (0.7, 0.6)}) for i in range(20)]) == []
    assert phases(walk(rule, [scene(i, {1: (0.7, 0.6)}, kind="vehicle") for i in range(20)])) == ["begin"]


def test_crossing_there_and_back_is_two_with_directions() -> None:
    findings = walk(crossed, path(lambda i: 0.2 + 0.02 * i if i < 30 else 0.8 - 0.02 * (i - 30), 60))
    assert [finding.direction for finding in findings] == [-1, 1]
    assert all(finding.track_ids == (1,) and finding.box is not None for finding in findings)


def test_wanted_direction_only() -> None:
    rule = Rule("c", "line_crossed", line=LINE, parameters={"direction": 1})
    findings = walk(rule, path(lambda i: 0.2 + 0.02 * i if i < 30 else 0.8 - 0.02 * (i - 30), 60))
    assert [finding.direction for finding in findings] == [1]


def test_trembling_on_the_line_is_no_crossing_and_stopping_on_it_one() -> None:
    noise = np.random.default_rng(5).normal(0, 0.003, 500)
    assert walk(crossed, path(lambda i: 0.5 + float(noise[i]), 500)) == []
    findings = walk(crossed, path(lambda i: min(0.2 + 0.01 * i, 0.52) + float(noise[i]), 500))
    assert len(findings) == 1


def test_crossing_while_out_of_sight_is_still_one() -> None:
    steps = [scene(i, {1: (0.3 + 0.01 * i, 0.6)} if not 15 <= i < 25 else {}) for i in range(40)]
    assert len(walk(crossed, steps)) == 1


def test_walking_around_the_end_of_the_line_is_none() -> None:
    rule = Rule("c", "line_crossed", line=Line((0.5, 0.0), (0.5, 0.3)))
    assert walk(rule, path(lambda i: 0.2 + 0.02 * i, 30)) == []


def test_moving_in_the_zone_begins_and_ends_with_the_movement() -> None:
    rule = Rule("m", "zone_moving", zone=ZONE)
    steps = path(lambda i: 0.5 + 0.01 * min(max(i - 20, 0), 20), 80)
    findings = walk(rule, steps)
    assert phases(findings) == ["begin", "end"]
    assert walk(rule, path(lambda _: 0.6, 80)) == []


def test_presence_is_one_event_over_short_gaps_and_two_over_long_ones() -> None:
    person = default_rules(has_model=True)[0]

    def seen(i: int) -> Positions:
        return {1: (0.5, 0.5)} if i < 20 or 40 <= i < 60 or 120 <= i < 140 else {}

    findings = walk(person, [scene(i, seen(i)) for i in range(220)])
    assert phases(findings) == ["begin", "end", "begin", "end"]
    assert findings[1].to_ns is not None
    assert (findings[1].to_ns - findings[1].from_ns) / NS_PER_S == pytest.approx(5.9, abs=0.2)


def test_motion_event_needs_more_than_a_flash_and_ends_after_quiet() -> None:
    [rule] = default_rules(has_model=False)
    flash = [scene(i, {}, motion=0.2 if i == 5 else 0.0) for i in range(100)]
    assert walk(rule, flash) == []
    moving = [scene(i, {}, motion=0.02 if 10 <= i < 40 else 0.0) for i in range(120)]
    assert phases(walk(rule, moving)) == ["begin", "end"]


def test_motion_without_end_is_told_in_pieces() -> None:
    [rule] = default_rules(has_model=False)
    findings = walk(rule, [scene(i, {}, motion=0.02) for i in range(FPS * 150)])
    assert phases(findings) == ["begin", "end", "begin", "end", "begin"]
    keys = [finding.key for finding in findings]
    assert keys[0] == keys[1] != keys[2]
    assert findings[1].to_ns is not None
    assert findings[2].from_ns >= findings[1].to_ns


@pytest.mark.parametrize(
    "rule",
    [
        Rule("x", "dragon_seen"),
        Rule("x", "zone_entered"),
        Rule("x", "line_crossed", zone=ZONE),
        Rule("x", "person_present", line=LINE),
        Rule("x", "zone_entered", zone=ZONE, classes=("dragon",)),
        Rule("x", "zone_entered", zone=ZONE, parameters={"min_sec": 1.0}),
        Rule("x", "line_crossed", line=LINE, parameters={"direction": 2.0}),
        Rule("x", "zone_entered", zone=ZONE, parameters={"min_s": float("nan")}),
    ],
)
def test_wrong_rule_is_refused(rule: Rule) -> None:
    with pytest.raises(InvalidInputError):
        RuleSet([rule])


def test_modest_model_names_people_and_vehicles_and_motion_is_told_all_the_same() -> None:
    assert [rule.kind for rule in default_rules(has_model=True)] == ["person_present", "vehicle_present"]
    modest = default_rules(has_model=True, needs_motion=True)
    assert [rule.kind for rule in modest] == ["person_present", "vehicle_present", "motion"]
    assert modest[2:] == default_rules(has_model=False)
