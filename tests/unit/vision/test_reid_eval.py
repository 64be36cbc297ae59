"""Hazards of the figures for finding people again: neighbours compared, an entry that finds itself, a wrong track."""

from pathlib import Path

import numpy as np
import pytest

from evals.reid_protocol import (
    Moment,
    Visit,
    choose_best,
    find_visits,
    join_mean,
    rank_split,
    rank_visits,
    read_visits,
    split_tracks,
)
from vedette.core.detections import Tracks

EYE = np.eye(4, dtype=np.float32)


def moment(track_id: int, at_s: float, axis: int = 0, goodness: float = 1.0, weight: float = 1.0) -> Moment:
    return Moment(track_id, at_s, goodness, weight, EYE[axis], EYE[axis])


def test_halves_of_a_track_are_two_seconds_apart_and_short_tracks_are_left_out() -> None:
    long = [moment(1, at_s) for at_s in (0.0, 1.0, 2.0, 4.5, 5.0, 5.5, 8.0, 9.0, 10.0)]
    short = [moment(2, at_s) for at_s in (0.0, 8.0, 9.0, 10.0)]
    gallery, probes = split_tracks([*reversed(long), *short])
    assert [sorted(one.at_s for one in part) for part in gallery] == [[0.0, 1.0, 2.0]]
    assert [sorted(one.at_s for one in part) for part in probes] == [[8.0, 9.0, 10.0]]
    assert split_tracks([]) == ([], [])


def test_mean_is_weighted_and_best_shot_is_the_best() -> None:
    seen = [moment(1, 0.0, 0, goodness=1.0, weight=3.0), moment(1, 1.0, 1, goodness=2.0, weight=1.0)]
    assert join_mean(seen, "vector")[:2] == pytest.approx(np.array([3.0, 1.0]) / np.sqrt(10))
    assert choose_best(seen).tolist() == EYE[1].tolist()


def test_split_counts_a_probe_that_finds_another_track() -> None:
    gallery = np.array([[1.0, 0.0], [0.8, 0.6]])
    ranks = rank_split(gallery, np.array([[1.0, 0.0], [0.99, 0.1]]))
    assert ranks.first.tolist() == [1.0, 0.0]
    assert ranks.precision.tolist() == [1.0, 0.5]


def test_visit_is_not_found_by_itself_and_strangers_are_not_asked_about() -> None:
    vectors = np.array([[1.0, 0.0], [0.6, 0.8], [0.9, 0.44], [0.0, 1.0]])
    ranks = rank_visits(vectors, ["A", "A", "B", "C"])
    assert ranks.first.tolist() == [0.0, 0.0]
    assert ranks.precision.tolist() == pytest.approx([1 / 2, 1 / 3])
    assert len(rank_visits(vectors[:2], ["A", "B"]).first) == 0


def test_visit_takes_the_track_around_its_point_for_its_time_only() -> None:
    boxes = np.array([[0.1, 0.1, 0.3, 0.9], [0.2, 0.1, 0.4, 0.9]], np.float32)
    tracks = Tracks(np.array([7, 8]), boxes, np.ones(2, np.float32), np.zeros(2, np.int16))
    moments = [moment(7, 1.0), moment(8, 1.0, 1), moment(8, 9.0, 2)]
    visits = [Visit("v", "A", 0.5, 5.0, 0.29, 0.5), Visit("v", "B", 0.5, 5.0, 0.9, 0.5)]
    found, people = find_visits(moments, [(0.4, tracks)], visits)
    assert people == ["A"]
    assert [(one.track_id, one.at_s) for one in found[0]] == [(8, 1.0)]


def test_labels_of_pets_are_read_and_a_broken_file_is_refused(tmp_path: Path) -> None:
    visits = read_visits(Path(__file__).parents[3] / "evals/labels/pets_s2l1_visits.csv")
    assert len({visit.person for visit in visits}) == 11
    assert all(visit.from_s < visit.to_s and 0 <= visit.x <= 1 and 0 <= visit.y <= 1 for visit in visits)
    broken = tmp_path / "visits.csv"
    broken.write_text("video,person,from_s\nv,A,1\n")
    with pytest.raises(SystemExit, match="columns"):
        read_visits(broken)
