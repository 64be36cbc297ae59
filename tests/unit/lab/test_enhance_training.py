"""Hazards of training super-resolution: a network that does not collapse to what was trained, degradations that are not
what they say, patches that do not fit together, a resumed training that ends elsewhere.

The tests of the network need the extra `lab`; they are skipped without it.
"""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.lab.enhance import degradation
from vedette.lab.enhance.degradation import CLEAN, PAPER, Degradation, mixed
from vedette.vision.enhance.bicubic import resize_bicubic
from vedette.vision.enhance.network import LAYERS, WEIGHT_COUNT, count_weights, decode_weights
from vedette.vision.enhance.plain import enlarge


def make_luma(height: int = 120, width: int = 130, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(20, 230, (height // 8, width // 8), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def error_of(small: np.ndarray, large: np.ndarray) -> float:
    return float(np.abs(small.astype(float) - resize_bicubic(large, 0.5)).mean())


def test_clean_pictures_are_only_halved() -> None:
    large = make_luma()
    np.testing.assert_array_equal(CLEAN.apply(large, np.random.default_rng(1)), resize_bicubic(large, 0.5))


def test_coarser_jpeg_degrades_more() -> None:
    large, rng = make_luma(), np.random.default_rng(1)
    errors = [error_of(mixed(q, q).apply(large, rng), large) for q in (95, 70, 50, 20)]
    assert errors == sorted(errors)
    assert errors[0] < errors[-1]


def test_clean_share_is_kept() -> None:
    large, rng = make_luma(), np.random.default_rng(1)
    kinds = [error_of(mixed(20, 20, clean_share=0.5).apply(large, rng), large) == 0 for _ in range(60)]
    assert 15 < sum(kinds) < 45


def test_paper_mode_blurs_compresses_and_adds_noise_in_this_order(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    for name in ("blur", "compress", "add_noise"):
        original = getattr(degradation, name)
        monkeypatch.setattr(degradation, name, lambda *a, f=original, n=name: (steps.append((n, a[1])), f(*a))[1])
    large, rng = make_luma(), np.random.default_rng(1)
    for _ in range(40):
        assert PAPER.apply(large, rng).shape == (60, 65)
    assert [name for name, _ in steps[:3]] == ["blur", "compress", "add_noise"]
    ranges = {name: [value for step, value in steps if step == name] for name, _ in steps}
    assert 0.2 <= min(ranges["blur"]) < 0.3 < 0.7 < max(ranges["blur"]) <= 0.8
    assert 70 <= min(ranges["compress"]) < 75 < 94 < max(ranges["compress"]) <= 99
    assert 0 <= min(ranges["add_noise"]) < 0.004 < 0.016 < max(ranges["add_noise"]) <= 0.02


def test_noise_has_the_deviation_it_says() -> None:
    flat = np.full((200, 200), 128, np.uint8)
    noisy = degradation.add_noise(flat, 0.02, np.random.default_rng(1))
    assert float(noisy.std()) == pytest.approx(0.02 * 255, rel=0.05)
    np.testing.assert_array_equal(degradation.add_noise(flat, 0.0, np.random.default_rng(1)), flat)


def test_same_seed_degrades_alike() -> None:
    large = make_luma()
    one, other = (PAPER.apply(large, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_senseless_ranges_are_refused() -> None:
    for given in ({"quality": (0, 50)}, {"quality": (90, 70)}, {"clean_share": 1.1}, {"noise": (-0.1, 0.1)}):
        with pytest.raises(InvalidInputError):
            Degradation(**given)


def write_pictures(folder: Path) -> Path:
    folder.mkdir()
    for index in range(3):
        cv2.imwrite(str(folder / f"{index}.png"), make_luma(seed=index))
    cv2.imwrite(str(folder / "colour.bmp"), np.full((101, 113, 3), (10, 90, 200), np.uint8))
    (folder / "notes.txt").write_text("not a picture")
    return folder


def test_patches_of_a_pair_show_the_same_place(tmp_path: Path) -> None:
    samples = pytest.importorskip("vedette.lab.enhance.samples", exc_type=ImportError)
    stock = samples.PatchStock(samples.load_lumas([write_pictures(tmp_path / "in")]))
    small, large, weights = stock.draw(CLEAN, seed=3, count=40)
    assert (small.shape, large.shape, weights.shape) == ((40, 48, 48, 1), (40, 96, 96, 1), (40, 1, 1))
    for one, other in zip(small, large, strict=True):
        assert error_of(one[4:-4, 4:-4, 0], other[8:-8, 8:-8, 0]) < 1.5
    again = stock.draw(CLEAN, seed=3, count=40)
    np.testing.assert_array_equal(again[0], small)
    assert not np.array_equal(stock.draw(CLEAN, seed=4, count=40)[0], small)


def test_folder_without_pictures_is_told(tmp_path: Path) -> None:
    samples = pytest.importorskip("vedette.lab.enhance.samples", exc_type=ImportError)
    with pytest.raises(InvalidInputError, match="no pictures"):
        samples.load_lumas([tmp_path])


def train(folder: Path, told: list[str], sets: int) -> dict[str, bytes]:
    from vedette.lab.enhance import training
    from vedette.lab.training import Plan
    from vedette.runtime.clock import SystemClock

    lumas = [make_luma(seed=index) for index in range(2)]
    short = Plan(shards=2, shard_samples=4, pool_shards=1, batch=4)
    lessons = [replace(lesson, plan=short) for lesson in training.LESSONS[:sets]]
    first = replace(training.FIRST, plan=short)
    training.train_bank(lumas, folder, None, SystemClock(), told.append, first, lessons)
    return {path.name: path.read_bytes() for path in (folder / "release").iterdir()}


def test_training_is_reproducible_and_a_finished_one_is_not_trained_again(tmp_path: Path) -> None:
    pytest.importorskip("keras")
    told: list[str] = []
    files = train(tmp_path / "a", told, sets=2)
    assert sorted(files) == ["clean.bin", "jpeg-90.bin"]
    assert all(count_weights(decode_weights(data).arrays) == WEIGHT_COUNT for data in files.values())
    assert files["clean.bin"] != files["jpeg-90.bin"]
    assert train(tmp_path / "a", told, sets=2) == files
    assert sum(text.startswith("shard") for text in told) == 6
    assert train(tmp_path / "b", told, sets=1)["clean.bin"] == files["clean.bin"]


def test_shorter_training_shortens_all_sets_alike() -> None:
    training = pytest.importorskip("vedette.lab.enhance.training", exc_type=ImportError)
    first, other = training.FIRST.plan, training.LESSONS[1].plan
    assert [training.shorten(plan, first.shards).shards for plan in (first, other)] == [first.shards, other.shards]
    assert [training.shorten(plan, 62).shards for plan in (first, other)] == [62, 7]
    assert training.shorten(other, 1).shards == 1


def test_collapsed_weights_compute_what_all_branches_do() -> None:
    keras = pytest.importorskip("keras")
    from vedette.lab.enhance.network import build_network, collapse

    keras.utils.set_random_seed(3)
    model = build_network(20)
    for value in model.trainable_weights:
        value.assign(keras.random.normal(value.shape, stddev=0.3, seed=len(value.shape)))
    arrays = collapse(model)
    assert count_weights(arrays) == WEIGHT_COUNT < model.count_params()
    luma = make_luma(24, 24)[:20, :20]
    trained = np.asarray(model(luma[None, ..., None].astype(np.float32)))[0, ..., 0]
    np.testing.assert_allclose(enlarge(luma, arrays), trained, rtol=1e-4, atol=1e-3 * np.abs(trained).max())
    np.testing.assert_allclose(expanded(model, luma), trained, rtol=1e-3, atol=1e-3 * np.abs(trained).max())


def expanded(model: object, luma: np.ndarray) -> np.ndarray:
    """The network as it would run with every branch on its own, in NumPy of 64 bits."""
    from vedette.vision.enhance.network import SKIP_FROM, SKIP_TO
    from vedette.vision.enhance.plain import shifted, unfold

    maps, outputs = luma[..., None].astype(np.float64), []
    for index, form in enumerate(LAYERS):
        layer = model.get_layer(f"layer_{index}")
        if form.kind == "depth":
            total = 0
            for branch in map(np.asarray, layer.branches):
                views = shifted(maps, branch.shape[:2])
                total = total + sum(
                    view * tap for view, tap in zip(views, branch.reshape(-1, branch.shape[-1]), strict=True)
                )
            maps = total
        else:
            seen = np.concatenate(shifted(maps, (3, 3)), axis=-1) if form.kind == "first" else maps
            wide, narrow, direct = (np.asarray(w, np.float64) for w in (layer.wide, layer.narrow, layer.direct))
            maps = (seen @ wide) @ narrow + seen @ direct
        maps = maps + outputs[SKIP_FROM] if index == SKIP_TO else maps
        maps = np.maximum(maps, 0) if form.rectified else maps
        outputs.append(maps)
    return unfold(maps + luma[..., None])
