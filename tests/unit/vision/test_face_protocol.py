"""Hazards of figures about faces: rates the data cannot show, bounds of zero, people lost to a split, misread lists."""

from pathlib import Path

import numpy as np
import pytest

from evals.face_pairs import embed_sets, read_lfw_pairs, read_template_matches
from vedette.core.errors import InvalidInputError
from vedette.vision.recognize.face_protocol import bound_rate, search_open_set, verify_all_pairs, verify_pairs

TWO_PEOPLE = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [0, 0.8, 0.6]], np.float32)
WHO = np.array([0, 0, 1, 1], np.int64)


def test_no_errors_are_not_a_rate_of_nothing() -> None:
    assert 0.0025 < bound_rate(0, 1000) < 0.0035, "the rule of three"
    assert bound_rate(0, 0) == 1.0
    assert bound_rate(10, 1000) > 0.01
    assert bound_rate(1000, 1000) == 1.0


def test_pairs_given_and_all_pairs_say_the_same() -> None:
    everything = verify_all_pairs(TWO_PEOPLE, WHO)
    first, second = np.triu_indices(4, 1)
    given = verify_pairs(TWO_PEOPLE, np.stack([first, second], axis=1), WHO[first] == WHO[second])
    np.testing.assert_allclose(given.genuine, everything.genuine)
    np.testing.assert_allclose(given.impostor, everything.impostor)
    with pytest.raises(InvalidInputError):
        verify_pairs(TWO_PEOPLE, np.zeros((2, 3), np.int64), np.zeros(2, bool))


def test_threshold_lets_no_more_impostors_through_than_asked() -> None:
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((60, 8))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    pairs = verify_all_pairs(rows.astype(np.float32), np.arange(60, dtype=np.int64) // 2)
    for fmr in (1e-2, 1e-3):
        at = pairs.threshold_at_fmr(fmr)
        assert at is not None
        assert (pairs.impostor > at).mean() <= fmr
    assert pairs.threshold_at_fmr(1e-4) is None
    assert pairs.false_match_rate(-2.0) == 1.0
    assert pairs.false_non_match_rate(2.0) == 1.0


def test_stranger_most_like_somebody_costs_misses_and_a_wrong_rank_is_one() -> None:
    gallery = TWO_PEOPLE[[0, 2]]
    searches = search_open_set(gallery, WHO[[0, 2]], TWO_PEOPLE[[1, 3]], WHO[[1, 3]])
    np.testing.assert_allclose(searches.mated, [0.8, 0.8])
    np.testing.assert_allclose(searches.others, [0.0, 0.6], atol=1e-6)
    assert searches.fnir_at_fpir(0.5) == 0.0
    assert searches.fnir_at_fpir(0.1) is None
    wrong = search_open_set(gallery, WHO[[2, 0]], TWO_PEOPLE[[1]], WHO[[1]])
    assert wrong.mated[0] == -np.inf


def test_person_without_a_face_is_missed_and_nobody_enrolled_is_no_search() -> None:
    blind = np.full((1, 3), np.nan, np.float32)
    searches = search_open_set(TWO_PEOPLE[[0, 2]], WHO[[0, 2]], np.concatenate([blind, TWO_PEOPLE[[3]]]), WHO[[1, 3]])
    assert searches.fnir_at_fpir(0.5) == 0.5
    none = search_open_set(np.zeros((0, 3), np.float32), np.zeros(0, np.int64), TWO_PEOPLE, WHO)
    assert none.fnir_at_fpir(0.5) is None


def test_lfw_pairs_are_read_and_a_broken_line_is_named(tmp_path: Path) -> None:
    listed = tmp_path / "pairs.txt"
    listed.write_text("1\t2\nAnn_Lee\t1\t2\nAnn_Lee\t1\tBob_Ray\t12\n")
    pairs = read_lfw_pairs(listed, tmp_path)
    assert [path[0].name for path in pairs.sets] == ["Ann_Lee_0001.jpg", "Ann_Lee_0002.jpg", "Bob_Ray_0012.jpg"]
    assert (pairs.pairs.tolist(), pairs.is_same.tolist()) == ([[0, 1], [0, 2]], [True, False])
    listed.write_text("Ann_Lee\tone\t2\n")
    with pytest.raises(SystemExit, match="line 1"):
        read_lfw_pairs(listed, tmp_path)


def test_ijb_templates_join_pictures_and_leave_out_those_without_a_face(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("TEMPLATE_ID,SUBJECT_ID,FILENAME\n1,7,a.jpg\n1,7,b.jpg\n2,7,c.jpg\n3,8,d.jpg\n")
    (tmp_path / "m.csv").write_text("1,2\n1,3\n")
    pairs = read_template_matches(tmp_path / "t.csv", tmp_path / "m.csv", tmp_path)
    assert (pairs.pairs.tolist(), pairs.is_same.tolist()) == ([[0, 1], [0, 2]], [True, False])
    vectors = {"a.jpg": TWO_PEOPLE[0], "b.jpg": TWO_PEOPLE[2], "c.jpg": np.full(3, np.nan), "d.jpg": TWO_PEOPLE[1]}
    joined = embed_sets(pairs.sets, lambda path: vectors[path.name])
    np.testing.assert_allclose(joined[0], [np.sqrt(0.5), np.sqrt(0.5), 0], atol=1e-6)
    assert np.isnan(joined[1]).all()
    (tmp_path / "m.csv").write_text("1,9\n")
    with pytest.raises(SystemExit, match="no such template"):
        read_template_matches(tmp_path / "t.csv", tmp_path / "m.csv", tmp_path)
