"""Hazards of looking at a part of the picture: a still object forgotten, a moving one cut, a ghost kept alive, and
pictures under way answered in another order.
"""

import numpy as np
import pytest

from vedette.core.detections import Detections
from vedette.media.planes import PlanarFrame
from vedette.testing.bright_detector import BrightDetector
from vedette.vision.engine import PictureAnalysis
from vedette.vision.focus import WHOLE, Focus, FocusPolicy, Window
from vedette.vision.wire import decode_boxes

HALF = (0.5, 0.5)
NOTHING = np.zeros((0, 4), np.float32)
LEFT, RIGHT = (0.1, 0.2, 0.2, 0.5), (0.7, 0.3, 0.8, 0.6)


def boxes(*corners: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(corners, np.float32).reshape(-1, 4)


def found(*corners: tuple[float, float, float, float], confidence: float = 0.8) -> Detections:
    return Detections(boxes(*corners), np.full(len(corners), confidence, np.float32), np.zeros(len(corners), np.int16))


def know(focus: Focus, *corners: tuple[float, float, float, float], confidence: float = 0.8, looks: int = 3) -> None:
    """Shows the whole picture a few times, 0.01 s apart, ending at 0."""
    for step in range(looks, 0, -1):
        assert focus.plan(-0.01 * (step - 1), None) == WHOLE
        focus.take(-0.01 * (step - 1), WHOLE, found(*corners, confidence=confidence))


def test_what_stands_elsewhere_is_said_again_while_a_window_is_looked_at() -> None:
    focus = Focus([HALF])
    know(focus, LEFT, RIGHT)
    window = focus.plan(0.1, boxes((0.1, 0.2, 0.22, 0.5)))
    assert window is not None
    assert (window.width, window.height) == HALF
    said = focus.take(0.1, window, found((0.12, 0.2, 0.22, 0.5)))
    assert np.allclose(said.boxes_norm_xyxy, boxes((0.12, 0.2, 0.22, 0.5), RIGHT))


def test_what_left_the_window_is_not_said_again() -> None:
    focus = Focus([HALF])
    know(focus, LEFT, RIGHT)
    window = focus.plan(0.1, boxes((0.1, 0.2, 0.22, 0.5)))
    assert window is not None
    assert np.allclose(focus.take(0.1, window, found()).boxes_norm_xyxy, boxes(RIGHT))


def test_nothing_moves_and_all_is_known_needs_no_look_until_the_next_whole_one() -> None:
    focus = Focus([HALF])
    know(focus, LEFT)
    assert focus.plan(0.1, NOTHING) is None
    assert np.allclose(focus.take(0.1, None, found()).boxes_norm_xyxy, boxes(LEFT))
    assert focus.plan(0.8, NOTHING) == WHOLE
    assert len(focus.take(0.8, WHOLE, found())) == 0


def test_new_object_is_looked_at_until_it_was_found_three_times() -> None:
    focus = Focus([HALF])
    know(focus, LEFT, looks=1)
    asked = []
    for step in range(1, 5):
        window = focus.plan(0.1 * step, NOTHING)
        asked.append(window is not None)
        focus.take(0.1 * step, window, found(LEFT) if window else found())
    assert asked == [True, True, False, False]


@pytest.mark.parametrize(("looks", "stays"), [(1, False), (2, True)])
def test_weak_box_is_said_again_only_when_it_was_found_twice(looks: int, *, stays: bool) -> None:
    focus = Focus([HALF])
    know(focus, LEFT, confidence=0.2, looks=looks)
    assert len(focus.take(0.1, focus.plan(0.1, NOTHING), found())) == stays


@pytest.mark.parametrize(
    ("at_s", "moving", "why"),
    [
        (0.1, boxes((0.1, 0.1, 0.9, 0.2)), "it moves over more than a window"),
        (0.1, None, "motion is not known"),
        (-0.5, NOTHING, "time went back"),
        (0.8, NOTHING, "it is time"),
    ],
)
def test_whole_picture_is_looked_at_when(at_s: float, moving: np.ndarray | None, why: str) -> None:
    focus = Focus([HALF])
    know(focus, LEFT)
    assert focus.plan(at_s, moving) == WHOLE, why


def test_without_windows_every_picture_is_looked_at_whole() -> None:
    focus = Focus([])
    know(focus, LEFT)
    assert focus.plan(0.1, NOTHING) == WHOLE


def test_only_a_moving_object_at_the_windows_edge_is_cut() -> None:
    focus, window = Focus([HALF]), Window(0.0, 0.2, 0.5, 0.5)
    know(focus)
    moving = boxes((0.42, 0.3, 0.5, 0.5))
    assert focus.is_cut(window, moving, found((0.4, 0.3, 0.5, 0.5)))
    assert focus.is_cut(window, moving, found((0.4, 0.3, 0.45, 0.7)))
    assert not focus.is_cut(window, moving, found((0.0, 0.3, 0.45, 0.5))), "the picture's own edge cuts nothing"
    assert not focus.is_cut(window, NOTHING, found((0.4, 0.3, 0.5, 0.5))), "it stands: seen whole before"
    assert not focus.is_cut(window, moving, found((0.4, 0.3, 0.5, 0.5), confidence=0.2)), "noise"
    know(focus, (0.38, 0.3, 0.62, 0.5))
    assert not focus.is_cut(window, moving, found((0.4, 0.3, 0.5, 0.5))), "a part of what is said again"


def test_cut_still_object_is_said_again_whole_and_once() -> None:
    focus, window = Focus([HALF]), Window(0.0, 0.2, 0.5, 0.5)
    know(focus, (0.4, 0.3, 0.6, 0.5))
    said = focus.take(0.1, window, found((0.4, 0.3, 0.5, 0.5)))
    assert np.allclose(said.boxes_norm_xyxy, boxes((0.4, 0.3, 0.6, 0.5)))


def picture(step: int, *, mover_px: int = 20) -> PlanarFrame:
    """320x180: one bright thing stands right, one walks from the left, two pixels a picture."""
    y = np.full((180, 320), 40, np.uint8)
    y[60:100, 250:270] = 220
    left = 20 + 2 * step
    y[50 : 50 + 2 * mover_px, left : left + mover_px] = 220
    return PlanarFrame(step * 9000, y, *(np.full((90, 160), 128, np.uint8),) * 2)


def analyse(detector: BrightDetector, focus: FocusPolicy | None = None) -> list[np.ndarray]:
    analysis = PictureAnalysis(detector, (), gated=False, focus=focus)
    said = []
    for step in range(30):
        analysis.begin(picture(step))
        if analysis.under_way >= analysis.ahead:
            said.append(analysis.finish())
    while analysis.under_way:
        said.append(analysis.finish())
    assert [result.pts_90k for result in said] == [step * 9000 for step in range(30)]
    return [np.sort(decode_boxes(result.boxes or b"").boxes_norm_xyxy, axis=0) for result in said]


@pytest.mark.parametrize("ahead", [1, 2, 4])
def test_windows_say_what_the_whole_picture_says(ahead: int) -> None:
    sparing, thorough = BrightDetector([HALF], ahead), BrightDetector()
    for part, whole in zip(analyse(sparing), analyse(thorough), strict=True):
        assert np.allclose(part, whole)
    assert sparing.most_under_way == ahead
    assert sum(window == WHOLE for window in sparing.asked) < 15 < len(sparing.asked)


def test_object_larger_than_its_movement_is_looked_at_whole_in_the_same_picture() -> None:
    """A long thing of which only one end moves reaches out of the window."""
    detector = BrightDetector([HALF])
    analysis = PictureAnalysis(detector, (), gated=False)
    for step in range(20):
        y = np.full((180, 320), 40, np.uint8)
        y[60:100, 100 : 130 + (0 if step < 12 else 150)] = 220
        y[70:90, 60 + step : 100] = 220
        frame = PlanarFrame(step * 9000, y, *(np.full((90, 160), 128, np.uint8),) * 2)
        [box] = decode_boxes(analysis.analyse(frame).boxes or b"").boxes_norm_xyxy
        assert box[2] == pytest.approx((130 + (0 if step < 12 else 150)) / 320)
