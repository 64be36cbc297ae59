"""The yardstick of tracking: cases small enough to do by hand, and a published reference."""

from pathlib import Path

import numpy as np
import pytest

from evals.mot_rows import match_frames, parse_rows, read_rows
from evals.track import detect_frames, find_sequences, follow, judge
from evals.track_metrics import TrackingCounts, count_tracking, no_counts
from tests.support.encoded import write_square_file
from tests.support.shared import shared_file
from vedette.vision.track.tracker import Tracker

Row = tuple[int, int, float]
"""Picture, number, left edge; all boxes are 10 wide and 20 high."""


def table(rows: list[Row], *tail: float) -> np.ndarray:
    return np.array([(frame, number, left, 0, 10, 20, *tail) for frame, number, left in rows], np.float64)


def count(truth: list[Row], found: list[Row]) -> TrackingCounts:
    return count_tracking(match_frames(parse_rows(table(truth, 1)), parse_rows(table(found))))


def walk(number: int, frames: range, left: float = 0.0) -> list[Row]:
    return [(frame, number, left + frame) for frame in frames]


TWO = walk(1, range(1, 11)) + walk(2, range(1, 11), 100)


def test_perfect_tracking_is_one_whatever_the_numbers_are() -> None:
    counts = count(TWO, walk(70, range(1, 11)) + walk(-3, range(1, 11), 100))
    assert (counts.mota, counts.idf1, counts.hota, counts.id_switches) == pytest.approx((1, 1, 1, 0))


def test_nothing_found_is_nought_and_nothing_there_punishes_what_was_found() -> None:
    counts = count(TWO, [])
    assert (counts.mota, counts.idf1, counts.hota) == (0, 0, 0)
    counts = count([], TWO)
    assert (counts.false_positives, counts.mota, counts.idf1, counts.hota) == (20, -19.0, 0, 0)
    assert (no_counts().idf1, no_counts().hota, count([], []).id_switches) == (0, 0, 0)


def test_number_that_changes_half_way_is_one_switch_and_halves_the_identity() -> None:
    counts = count(walk(1, range(1, 11)), walk(1, range(1, 6)) + walk(2, range(6, 11)))
    assert counts.id_switches == 1
    assert counts.mota == pytest.approx(0.9)
    assert counts.idf1 == pytest.approx(0.5)
    # Every box is found, and each of the 10 has 5 of the 10 pictures in common with its track.
    assert (counts.deta, counts.assa, counts.hota) == pytest.approx((1, 0.5, np.sqrt(0.5)))


def test_two_who_swap_numbers_are_two_switches() -> None:
    swapped = walk(1, range(1, 6)) + walk(2, range(1, 6), 100) + walk(2, range(6, 11)) + walk(1, range(6, 11), 100)
    counts = count(TWO, swapped)
    assert (counts.id_switches, counts.false_positives, counts.misses) == (2, 0, 0)
    assert counts.idf1 == pytest.approx(0.5)
    assert counts.assa == pytest.approx(5 / 15)


def test_number_that_comes_back_after_a_gap_is_no_switch() -> None:
    counts = count(walk(1, range(1, 11)), walk(9, range(1, 4)) + walk(9, range(8, 11)))
    assert (counts.id_switches, counts.misses) == (0, 4)
    assert counts.mota == pytest.approx(0.6)
    assert counts.idf1 == pytest.approx(6 / (6 + 4 / 2))


def test_overlap_decides_at_how_many_thresholds_a_box_counts() -> None:
    shifted = [(frame, number, left + 2.5) for frame, number, left in TWO]  # overlap 7.5 of 12.5: 0.6
    counts = count(TWO, shifted)
    assert counts.mota == pytest.approx(1)
    assert counts.hota == pytest.approx(12 / 19)  # 0.05 to 0.60 of 0.05 to 0.95
    far = [(frame, number, left + 6) for frame, number, left in TWO]  # overlap 0.25
    assert count(TWO, far).mota == pytest.approx(-1)


def test_partner_of_the_picture_before_is_kept_although_another_lies_nearer() -> None:
    found = [(1, 1, 0.0), (2, 1, 2.0), (2, 2, 0.5)]
    counts = count([(1, 1, 0.0), (2, 1, 0.0)], found)
    assert (counts.id_switches, counts.false_positives) == (0, 1)


def test_ignored_box_is_neither_reward_nor_punishment() -> None:
    truth = parse_rows(np.concatenate([table(walk(1, range(1, 11)), 1), table(walk(2, range(1, 11), 100), 0)]))
    both, one = parse_rows(table(TWO)), parse_rows(table(walk(1, range(1, 11))))
    for found in (both, one):
        counts = count_tracking(match_frames(truth, found))
        assert (counts.mota, counts.idf1, counts.true_positives) == (1, 1, 10)


def test_what_looks_like_people_is_neutral_and_cars_do_not_exist() -> None:
    rows = [table(walk(1, range(1, 4)), 1, 1, 1), table(walk(2, range(1, 4), 100), 0, 7, 1)]
    rows.append(table(walk(3, range(1, 4), 200), 0, 3, 1))
    found = parse_rows(table(walk(1, range(1, 4)) + walk(2, range(1, 4), 100) + walk(3, range(1, 4), 200)))
    counts = count_tracking(match_frames(parse_rows(np.concatenate(rows)), found))
    assert (counts.true_positives, counts.false_positives, counts.misses) == (3, 3, 0)


def test_sequences_are_joined_by_their_counts() -> None:
    good, bad = count(TWO, TWO), count(walk(1, range(1, 11)), [])
    joined = good + bad
    assert joined.mota == pytest.approx(20 / 30)
    assert joined.idf1 == pytest.approx(20 / (20 + 10 / 2))
    assert joined.hota == pytest.approx(np.sqrt(20 / 30))


def test_video_and_its_labels_are_followed_picture_by_picture(tmp_path: Path) -> None:
    """The made square moves 6.4 pixels a picture; labels with flag 0 before it is whole."""
    (tmp_path / "walk.mp4").write_bytes(write_square_file(frames=60))
    rows = [(step + 1, 1, step * 6.4 - 45, 68, 45, 45, int(10 <= step < 55)) for step in range(60)]
    (tmp_path / "gt.txt").write_text("".join(",".join(map(str, row)) + ",-1,-1,-1\n" for row in rows))
    [sequence] = find_sequences(tmp_path)
    found, frames = follow(detect_frames(sequence, None), Tracker())
    counts = judge(sequence, found, frames)
    assert frames == 60
    assert counts.id_switches == 0
    assert counts.mota > 0.8, counts


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "mota", "idf1", "hota", "switches"),
    [
        ("TUD-Campus", 0.5264624, 0.5576592, 0.3913974, 7),
        ("TUD-Stadtmitte", 0.5640138, 0.6446194, 0.3978490, 7),
    ],
)
def test_published_tracks_give_the_published_figures(
    name: str, mota: float, idf1: float, hota: float, switches: int
) -> None:
    """MOTA, IDF1 and switches as py-motmetrics documents them for these files; all four as TrackEval 1.3.0 gives."""
    folder = shared_file(f"data/mot15_labels/py_motmetrics/{name}")
    counts = count_tracking(match_frames(read_rows(folder / "gt.txt"), read_rows(folder / "test.txt")))
    assert (counts.mota, counts.idf1, counts.hota) == pytest.approx((mota, idf1, hota), abs=1e-6)
    assert counts.id_switches == switches
