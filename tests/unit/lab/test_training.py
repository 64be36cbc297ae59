"""Hazards of long trainings: an interruption that costs the work, a torn checkpoint, other data after a resume.

Needs the extra `lab`; skipped without it.
"""

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from vedette.core.errors import InvalidInputError  # noqa: E402 -- after the skip
from vedette.lab.training import Arrays, Plan, Trainer  # noqa: E402
from vedette.runtime.clock import SystemClock  # noqa: E402

PLAN = Plan(shards=4, shard_samples=16, pool_shards=2, batch=8)


class InterruptedTestError(Exception):
    pass


def make_trainer(folder: Path, drawn: list[int], stop_at: int | None = None) -> Trainer:
    def build() -> object:
        keras.utils.set_random_seed(1)
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])

    def draw(seed: int, count: int) -> Arrays:
        if seed == stop_at:
            raise InterruptedTestError
        drawn.append(seed)
        x = np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)
        return x, x.sum(axis=1, keepdims=True)

    def prepare(arrays: Arrays) -> Arrays:
        return arrays[0], arrays[1], np.ones(len(arrays[0]), np.float32)

    return Trainer(
        folder=folder,
        plan=PLAN,
        build=build,
        draw_shard=draw,
        prepare=prepare,
        loss=keras.losses.MeanSquaredError(),
        clock=SystemClock(),
        tell=lambda _: None,
    )


def weights(model: object) -> np.ndarray:
    return np.concatenate([value.reshape(-1) for value in model.get_weights()])


def test_interrupted_training_ends_where_an_undisturbed_one_does(tmp_path: Path) -> None:
    whole: list[int] = []
    undisturbed = make_trainer(tmp_path / "a", whole).run()
    parts: list[int] = []
    with pytest.raises(InterruptedTestError):
        make_trainer(tmp_path / "b", parts, stop_at=2).run()
    resumed = make_trainer(tmp_path / "b", parts).run()
    assert (whole, parts) == ([0, 1, 2, 3], [0, 1, 3, 1, 2, 3]), "each is drawn ahead; 1 again, to refill the pool"
    np.testing.assert_allclose(weights(resumed), weights(undisturbed), rtol=1e-5)


def test_finished_training_is_not_trained_again(tmp_path: Path) -> None:
    first = make_trainer(tmp_path, []).run()
    again = make_trainer(tmp_path, []).run()
    np.testing.assert_array_equal(weights(first), weights(again))


def test_torn_checkpoint_is_told_not_overwritten(tmp_path: Path) -> None:
    make_trainer(tmp_path, []).run()
    (tmp_path / "checkpoint.keras").write_bytes(b"half")
    with pytest.raises(InvalidInputError, match="checkpoint"):
        make_trainer(tmp_path, []).run()
    assert (tmp_path / "checkpoint.keras").read_bytes() == b"half"
