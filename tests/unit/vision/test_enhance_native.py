"""Hazards of the compiled integer network: a pixel that is not the one of `enlarge_integer`, also at borders, odd
sizes, clipped values and strips; a library that computes something else and is believed.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from evals.super_resolution import load_bank
from tests.unit.vision.test_enhance_network import SIZES, make_luma, make_weights
from vedette.adapters import enlarger
from vedette.adapters.enlarger import open_strip_network
from vedette.adapters.native_enlarger import NativeStripNetwork, find_compiled_shifts
from vedette.adapters.openvino_enlarger import OpenVinoStripNetwork
from vedette.core.errors import InvalidInputError
from vedette.node.model_selftests import run_selftest
from vedette.runtime.cpu import multiplies_bfloat16, read_cpu_flags
from vedette.runtime.native import ENHANCE_KERNEL as KERNEL
from vedette.runtime.native import KERNEL_BUILDS, NATIVE, find_kernel, kernel_name
from vedette.vision.enhance.integer import enlarge_integer, to_integers
from vedette.vision.enhance.network import LAYERS, WeightSet
from vedette.vision.enhance.strips import StripNetwork, StripRunner
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.models.selftest import SelfTestFailedError

FLAGS = read_cpu_flags()
BUILDS = [NATIVE / kernel_name(KERNEL, name) for name, _, needed in KERNEL_BUILDS if needed <= FLAGS]
pytestmark = pytest.mark.skipif(
    find_kernel(KERNEL, FLAGS) is None, reason="not compiled at set-up, or not for this processor"
)


def run(library: Path, weights: WeightSet, luma: np.ndarray, threads: int = 2, rows: int = 36) -> np.ndarray:
    size_px = (luma.shape[1], luma.shape[0])
    runner = StripRunner(
        size_px, lambda width, height: NativeStripNetwork(library, weights, width, height, threads), strip_rows=rows
    )
    return runner.enlarge(luma)


@pytest.mark.parametrize("library", BUILDS, ids=lambda path: path.stem)
@pytest.mark.parametrize("size_px", [*SIZES, (1, 40), (16, 1), (33, 3), (250, 44)])
def test_every_size_is_enlarged_bit_by_bit_as_by_numpy(library: Path, size_px: tuple[int, int]) -> None:
    weights = make_weights()
    black_and_white = make_luma(size_px) // 76 % 2 * 255
    for luma in (make_luma(size_px), black_and_white.astype(np.uint8)):
        wanted = enlarge_integer(luma, to_integers(weights))
        for threads in (1, 2):
            np.testing.assert_array_equal(run(library, weights, luma, threads), wanted)


@pytest.mark.parametrize("library", BUILDS, ids=lambda path: path.stem)
def test_every_embedded_set_is_computed_bit_by_bit(library: Path) -> None:
    luma = make_luma((101, 90))
    for weights in load_bank().sets.values():
        np.testing.assert_array_equal(run(library, weights, luma), enlarge_integer(luma, to_integers(weights)))


@pytest.mark.parametrize("library", BUILDS, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", range(4))
def test_values_beyond_14_bits_are_clipped_as_by_numpy(library: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    weights = make_weights(seed)
    calibrated = weights.fraction_bits
    tight = tuple(min(13, bits + int(random.integers(0, 4))) for bits in calibrated)
    while not is_compiled_for(WeightSet(weights.arrays, tight)):
        tight = tuple(max(one - 1, bits) for one, bits in zip(tight, calibrated, strict=True))
    assert tight != calibrated
    weights = WeightSet(weights.arrays, tight)
    luma = random.integers(0, 256, (50, 37), np.uint8)
    np.testing.assert_array_equal(run(library, weights, luma), enlarge_integer(luma, to_integers(weights)))


def is_compiled_for(weights: WeightSet) -> bool:
    try:
        find_compiled_shifts(to_integers(weights))
    except InvalidInputError:
        return False
    return True


def test_next_picture_owes_nothing_to_the_one_before() -> None:
    weights, lumas = make_weights(), [make_luma((45, 70), seed) for seed in range(3)]
    runner = StripRunner((45, 70), lambda w, h: NativeStripNetwork(BUILDS[0], weights, w, h, 2), strip_rows=20)
    for luma in [*lumas, *lumas]:
        np.testing.assert_array_equal(runner.enlarge(luma), enlarge_integer(luma, to_integers(weights)))


def test_window_of_a_larger_picture_is_taken_as_it_lies() -> None:
    weights, luma = make_weights(), make_luma((90, 80))[::2, 5:66]
    np.testing.assert_array_equal(run(BUILDS[0], weights, luma), enlarge_integer(luma, to_integers(weights)))


def test_set_whose_steps_are_not_compiled_runs_on_openvino() -> None:
    coarse = WeightSet(make_weights().arrays, (13,) * len(LAYERS))
    with pytest.raises(InvalidInputError, match="not compiled"):
        NativeStripNetwork(BUILDS[0], coarse, 30, 20)
    assert isinstance(open_strip_network(coarse, 30, 20, 1), OpenVinoStripNetwork)


def test_sources_are_run_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = make_weights()
    if not multiplies_bfloat16(FLAGS):
        assert isinstance(open_strip_network(weights, 30, 20, 1), NativeStripNetwork)
    monkeypatch.setenv("VEDETTE_NATIVE", "0")
    assert isinstance(open_strip_network(weights, 30, 20, 1), OpenVinoStripNetwork)


@pytest.mark.parametrize("faster", [NativeStripNetwork, OpenVinoStripNetwork])
def test_where_there_is_bfloat16_the_faster_one_is_taken(
    monkeypatch: pytest.MonkeyPatch, faster: type[StripNetwork]
) -> None:
    timed: list[float] = []

    def measure(network: StripNetwork) -> float:
        timed.append(measure_s(network))
        return 0.0 if isinstance(network, faster) else 1.0

    measure_s = enlarger._measure_s
    monkeypatch.setattr(enlarger, "_measure_s", measure)
    monkeypatch.setattr(enlarger, "multiplies_bfloat16", bool)
    assert isinstance(open_strip_network(make_weights(), 30, 20, 1), faster)
    assert len(timed) == 2
    assert min(timed) > 0


@pytest.mark.parametrize("wrong", [NativeStripNetwork, OpenVinoStripNetwork])
def test_where_there_is_bfloat16_the_selftest_asks_both(
    monkeypatch: pytest.MonkeyPatch, wrong: type[StripNetwork]
) -> None:
    registry = ModelRegistry(Path())
    model = registry.load(registry.find_named("super-resolution"))
    monkeypatch.setattr(enlarger, "multiplies_bfloat16", bool)
    assert run_selftest(model)
    monkeypatch.setattr(wrong, "finish", lambda _: None)  # nothing is waited for
    monkeypatch.setattr(wrong, "start", lambda _, window, out, first: out.fill(window[first, 0]))
    with pytest.raises(SelfTestFailedError, match="super-resolution"):
        run_selftest(model)


def test_processor_without_the_instructions_gets_none() -> None:
    some = frozenset({"avx2", "fma"})
    for flags in ({"sse4_2", "avx"}, {"avx2"}):
        assert find_kernel(KERNEL, frozenset(flags)) is None
    assert find_kernel(KERNEL, some) == NATIVE / kernel_name(KERNEL, "avx2")
    assert find_kernel(KERNEL, some | {"avx512vl", "avx512_vnni"}) == NATIVE / kernel_name(KERNEL, "avx512vnni")


@pytest.mark.parametrize(("name", "old", "new"), [("clip", "(1 << 13) - 1", "(1 << 12) - 1"), ("tap", "0xaa", "0xab")])
def test_library_that_computes_something_else_is_not_believed(tmp_path: Path, name: str, old: str, new: str) -> None:
    source, library = tmp_path / f"{name}.c", tmp_path / f"{name}.so"
    text = KERNEL.read_text("utf-8")
    assert old in text
    source.write_text(text.replace(old, new), "utf-8")
    compiler = os.environ.get("CC", "cc")
    options = ["-O1", "-mavx2", "-mfma", "-shared", "-fPIC", f"-I{KERNEL.parent}"]
    subprocess.run([compiler, *options, "-o", library, source], check=True)
    weights = load_bank().get("clean")
    with pytest.raises(InvalidInputError, match="does not compute"):
        NativeStripNetwork(library, weights, 30, 20)


def test_library_of_something_else_is_refused(tmp_path: Path) -> None:
    torn = tmp_path / "torn.so"
    torn.write_bytes(BUILDS[0].read_bytes()[:100])
    for library in (torn, tmp_path / "none.so", next(NATIVE.glob("vedette_native*"))):
        with pytest.raises(InvalidInputError, match="cannot be used"):
            NativeStripNetwork(library, make_weights(), 30, 20)
