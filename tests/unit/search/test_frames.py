"""Hazards of several frames: one bad frame decides, an entry is compared with itself, the end comes too early."""

import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.search.frames import choose_delta, choose_weight, follow_frames, pool_frames, score_map


def test_a_long_frame_weighs_no_more_than_a_short_one() -> None:
    pooled = pool_frames(np.array([[100, 0], [0, 1], [0, 0]], np.float32))
    np.testing.assert_allclose(pooled, np.sqrt([0.5, 0.5]), rtol=1e-6)
    with pytest.raises(InvalidInputError):
        pool_frames(np.zeros((0, 2), np.float32))


def test_map_without_weight_is_the_sum_and_copies_divide_by_nothing() -> None:
    frames = np.array([[0.0, 1.0, 2.0], [0.5, 1.0, 1.5]], np.float32)
    between = np.array([[0, 0, 4], [0, 0, 4], [4, 4, 0]], np.float32)
    np.testing.assert_allclose(score_map(frames, between, 0.0), [0.5, 2.0, 3.5])
    weighted = score_map(frames, between, 1.0)
    expected = 0.5 + (2 - 4) ** 2 / 4 + (1.5 - 4) ** 2 / 4
    assert np.isfinite(weighted).all()
    assert weighted[0] == pytest.approx(expected)


def test_map_prefers_who_is_as_far_from_the_others_as_the_frames_are() -> None:
    between = np.array([[0, 1, 9], [1, 0, 2], [9, 2, 0]], np.float32)
    frame = np.array([[1.0, 0.98, 9.0]], np.float32)
    assert score_map(frame, between, 0.0).argmin() == 1
    assert score_map(frame, between, 0.1).argmin() == 0
    assert choose_weight([frame], between, np.array([0])) > 0
    assert choose_weight([frame], between, np.array([1])) == 0, "not more than it needs"


def test_clear_frames_end_at_once_and_doubtful_ones_go_on() -> None:
    clear = np.array([[0.1, 1.0], [5.0, 0.1]], np.float32)
    assert follow_frames(clear, 1.5).frames == 1
    doubtful = np.array([[0.10, 0.11], [0.1, 1.0], [0.1, 1.0]], np.float32)
    answer = follow_frames(doubtful, 1.5)
    assert (answer.place, answer.frames, answer.is_committed) == (0, 2, True)
    never = follow_frames(np.ones((4, 2), np.float32), 1.5)
    assert (never.frames, never.is_committed) == (4, False)
    alone = follow_frames(np.ones((4, 1), np.float32), 1.5)
    assert (alone.frames, alone.is_committed) == (1, True)


def test_delta_is_only_as_small_as_held_out_tracks_allow() -> None:
    misleading = np.array([[0.1, 0.18], [1.0, 0.1], [1.0, 0.1]], np.float32)
    steady = np.array([[0.1, 0.9]] * 3, np.float32)
    assert choose_delta([steady] * 10, 0.0) == 1.01
    careful = choose_delta([steady] * 9 + [misleading], 0.05)
    assert careful > 1.8
    assert follow_frames(misleading, careful).place == 1
    assert choose_delta([steady] * 9 + [misleading], 0.1) == 1.01
