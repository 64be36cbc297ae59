"""A model that a worker does not take: said in words, once, and left out; never a loop of dying workers."""

from pathlib import Path

import pytest

from tests.support.bus import SilentPublisher
from vedette.node.analyzer_pool import WorkerPool, choose_model
from vedette.node.recognizers import find_recognizers
from vedette.runtime.clock import SystemClock
from vedette.runtime.worker import WorkerCommand, WorkerNotReadyError, start_worker
from vedette.vision.models.registry import ModelRegistry

FAILED = "model_selftest_failed: plate-reader: its output signs differs from the measured one by 50.0% of its size"


async def test_worker_that_cannot_prepare_says_why_in_its_last_words(tmp_path: Path) -> None:
    command = WorkerCommand("vedette.node.vision_worker", ("--models", str(tmp_path), "--model", "nothing"))
    with pytest.raises(WorkerNotReadyError, match=r"^not_found: there is no model nothing"):
        await start_worker(command)


def test_only_a_worker_that_never_was_ready_can_have_a_model_given_up(tmp_path: Path) -> None:
    pool = WorkerPool(None, (), ModelRegistry(tmp_path), 1, SystemClock(), SilentPublisher())
    pool._note_lost(f"worker 12 ended: {FAILED}")
    assert pool.failed_test == ""
    pool._note_not_ready("not_found: there is no model x")
    assert pool.failed_test == ""
    pool._note_not_ready(f"some warning {FAILED}")
    assert pool.failed_test.partition(": ")[0] == "plate-reader"


def test_refused_model_is_left_out_with_its_reason_wherever_it_is_used(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path)
    assert find_recognizers(registry, ("plates",)).names == ("plates",)
    registry.refuse("plate-reader", "plate-reader: its output differs")
    found = find_recognizers(registry, ("plates",))
    assert (found.names, found.refused) == ((), {"plates": "plate-reader: its output differs"})
    states = {state.manifest.name: state for state in registry.states()}
    assert (states["plate-reader"].state, states["plate-detector"].state) == ("refused", "installed")
    chosen, _ = choose_model(registry)
    assert chosen in {"detector", "detector-int8"}
    registry.refuse(chosen, "the detector: its output differs")
    assert choose_model(registry) == ("", "the detector: its output differs")
