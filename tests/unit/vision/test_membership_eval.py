"""Hazards of judging an attack: one that finds nothing because it cannot, one that is judged on what it was told."""

import numpy as np

from evals.membership import attack


def likenesses(count: int, middle: float, seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(middle, 0.05, (count, 8))
    return np.sort(np.round(drawn, 2)).astype(np.float32)


def test_attack_finds_what_a_network_learnt_by_heart_in_either_direction() -> None:
    taught, others = likenesses(120, 0.92, 1), likenesses(300, 0.84, 2)
    assert min(attack(taught, others, seed=3)) > 0.95
    assert min(attack(others, taught, seed=3)) > 0.95


def test_attack_on_people_who_do_not_differ_stays_near_chance() -> None:
    taught, others = likenesses(400, 0.88, 4), likenesses(400, 0.88, 5)
    accuracies = np.median([attack(taught, others, seed) for seed in range(15)], axis=0)
    assert np.abs(accuracies - 0.5).max() < 0.06
