"""Hazards of super-resolution's executors: another network than counted, seams between strips, integers that are none,
a damaged weight file, protocol arithmetic that is not the published one.
"""

import itertools

import numpy as np
import pytest

from vedette.adapters.openvino_enlarger import OpenVinoStripNetwork, Precision, find_precision
from vedette.core.errors import InvalidInputError
from vedette.vision.enhance.bicubic import resize_bicubic
from vedette.vision.enhance.integer import calibrate, enlarge_integer, fit_first_layer, to_integers
from vedette.vision.enhance.luma import studio_luma
from vedette.vision.enhance.network import (
    LAYERS,
    SKIP_FROM,
    SKIP_TO,
    WEIGHT_COUNT,
    WeightSet,
    count_weights,
    decode_weights,
    encode_weights,
)
from vedette.vision.enhance.plain import enlarge, run_layers, to_pixels
from vedette.vision.enhance.strips import StripRunner, edge_measure, plan_strips

SIZES = [(960, 100), (97, 131), (64, 45), (30, 44), (31, 20), (2, 2), (1, 1)]


def make_weights(seed: int = 0) -> WeightSet:
    rng = np.random.default_rng(seed)
    arrays = []
    for index, layer in enumerate(LAYERS):
        fan_in = layer.shape[0] if layer.kind == "point" else int(np.prod(layer.shape[:-1]))
        gain = 0.1 if index == len(LAYERS) - 1 else 1.0
        arrays.append((gain * rng.normal(size=layer.shape) / np.sqrt(fan_in)).astype(np.float32))
    return WeightSet(tuple(arrays), calibrate(arrays, [make_luma((40, 40), 9)]))


def make_luma(size_px: tuple[int, int], seed: int = 1) -> np.ndarray:
    """Steps and noise, (H, W) uint8."""
    width, height = size_px
    noise = np.random.default_rng(seed).integers(0, 60, (height, width))
    steps = 90 * ((np.arange(width) // 7 + np.arange(height)[:, None] // 5) % 2)
    return (noise + steps + 16).astype(np.uint8)


def run_strips(
    weights: WeightSet, luma: np.ndarray, threads: int = 2, rows: int = 36, precision: Precision | None = None
) -> np.ndarray:
    size_px = (luma.shape[1], luma.shape[0])
    runner = StripRunner(size_px, lambda w, h: OpenVinoStripNetwork(weights, w, h, threads, precision), strip_rows=rows)
    return runner.enlarge(luma)


def run_whole(weights: WeightSet, luma: np.ndarray) -> np.ndarray:
    network = OpenVinoStripNetwork(weights, luma.shape[1], luma.shape[0], 1)
    out = np.empty((2 * luma.shape[0], 2 * luma.shape[1]), np.uint8)
    network.start(luma, out, 0)
    network.finish()
    return out


def test_network_has_exactly_2560_weights() -> None:
    assert sum(int(np.prod(layer.shape)) for layer in LAYERS) == WEIGHT_COUNT == 2560
    assert count_weights(make_weights().arrays) == WEIGHT_COUNT


def test_weight_file_comes_back_bit_by_bit() -> None:
    weights = make_weights()
    again = decode_weights(encode_weights(weights))
    assert again.fraction_bits == weights.fraction_bits
    assert [a.tobytes() for a in again.arrays] == [a.tobytes() for a in weights.arrays]


def test_torn_or_senseless_weight_file_is_refused() -> None:
    data = encode_weights(make_weights())
    for bad in (b"", data[:-1], data + b"\0", b"\xff" * 4 + data[4:], data[:-4] + b"\x63\0\0\0"):
        with pytest.raises(InvalidInputError):
            decode_weights(bad)


@pytest.mark.parametrize("size_px", SIZES)
def test_strips_equal_the_whole_frame_bit_by_bit(size_px: tuple[int, int]) -> None:
    weights, luma = make_weights(), make_luma(size_px)
    np.testing.assert_array_equal(run_strips(weights, luma), run_whole(weights, luma))


def test_last_rows_of_the_frame_are_exact() -> None:
    weights, luma = make_weights(2), make_luma((70, 36 * 3 + 6 + 1))
    np.testing.assert_array_equal(run_strips(weights, luma)[-12:], run_whole(weights, luma)[-12:])


def test_runtime_computes_what_plain_numpy_does() -> None:
    weights, luma = make_weights(), make_luma((97, 131))
    wanted = to_pixels(enlarge(luma, weights.arrays))
    found = run_strips(weights, luma, threads=1, precision="f32")
    assert int(np.abs(found.astype(int) - wanted).max()) <= 1  # a sum that lies on a half may round either way
    assert float((found != wanted).mean()) < 0.001


def test_what_this_processor_chooses_is_at_most_a_level_from_float32() -> None:
    weights, luma = make_weights(), make_luma((97, 131))
    apart = np.abs(run_strips(weights, luma).astype(int) - run_strips(weights, luma, precision="f32"))
    assert int(apart.max()) <= 1
    assert float(apart.mean()) < 0.25 if find_precision() == "bf16" else not apart.any()


@pytest.mark.parametrize("rows", [1, 36, 90])
@pytest.mark.parametrize("height", [1, 42, 43, 80, 96, 97, 540, 720, 1079])
def test_strips_keep_every_row_once_and_see_their_neighbours(height: int, rows: int) -> None:
    strips = plan_strips(height, rows)
    assert [row for strip in strips for row in range(strip.first, strip.last)] == list(range(height))
    assert len({strip.bottom - strip.top for strip in strips}) == 1
    for strip in strips:
        assert strip.first - strip.top >= 3 or strip.top == 0
        assert strip.bottom - strip.last >= 3 or strip.bottom == height


def test_strips_that_keep_nothing_are_refused() -> None:
    with pytest.raises(InvalidInputError):
        plan_strips(100, 0)


def test_strips_of_every_height_give_the_same() -> None:
    weights, luma = make_weights(), make_luma((40, 150))
    wanted = run_whole(weights, luma)
    for rows in (7, 36, 90):
        np.testing.assert_array_equal(run_strips(weights, luma, rows=rows), wanted)


def test_picture_of_another_size_is_refused() -> None:
    runner = StripRunner((30, 20), lambda w, h: OpenVinoStripNetwork(make_weights(), w, h, 1))
    with pytest.raises(InvalidInputError, match="announced"):
        runner.enlarge(make_luma((31, 20)))


def test_flat_strips_are_spared_and_busy_ones_are_not() -> None:
    weights = make_weights()
    luma = np.full((200, 64), 120, np.uint8)
    luma[:40] = make_luma((64, 40))
    runner = StripRunner((64, 200), lambda w, h: OpenVinoStripNetwork(weights, w, h, 1), strip_rows=36, flat_below=3)
    out = runner.enlarge(luma)
    assert runner.bypassed == len([s for s in plan_strips(200, 36) if edge_measure(luma[s.top : s.bottom]) < 3]) > 0
    np.testing.assert_array_equal(out[:80], run_strips(weights, luma)[:80])
    np.testing.assert_array_equal(out[200:], 120)


def test_edge_measure_of_a_single_pixel_is_nothing() -> None:
    assert edge_measure(np.zeros((1, 1), np.uint8)) == 0
    assert edge_measure(np.array([[0, 9], [200, 9]], np.uint8)) == 200


def slow_integer(luma: np.ndarray, weights: WeightSet) -> list[list[int]]:
    """The integer network in Python's own numbers, one pixel, channel and tap at a time."""
    layers = to_integers(weights)
    height, width = luma.shape
    places = list(itertools.product(range(height), range(width)))
    maps = {(y, x, 0): int(luma[y, x]) for y, x in places}
    bits, kept, channels = 0, {}, 1
    for index, (form, layer) in enumerate(zip(LAYERS, layers, strict=True)):
        sums: dict[tuple[int, int, int], int] = {}
        outputs = layer.weights.shape[-1]
        for (y, x), out in itertools.product(places, range(outputs)):
            if form.kind == "point":
                total = sum(maps[y, x, c] * int(layer.weights[c, out]) for c in range(channels))
            else:
                rows, columns = layer.weights.shape[:2]
                total = 0
                for dy, dx in itertools.product(range(rows), range(columns)):
                    place = (y + dy - rows // 2, x + dx - columns // 2, out if form.kind == "depth" else 0)
                    total += maps.get(place, 0) * int(layer.weights[dy, dx, out])
            sums[y, x, out] = total
        bits += layer.weight_bits
        if index == SKIP_TO:
            sums = {
                place: total + slow_shift(kept[place], layers[SKIP_FROM].value_bits - bits)
                for place, total in sums.items()
            }
        drop = bits - layer.value_bits
        maps = {place: max(-8192, min(8191, slow_shift(total, drop))) for place, total in sums.items()}
        if form.rectified:
            maps = {place: max(0, value) for place, value in maps.items()}
        bits, channels = layer.value_bits, outputs
        kept = maps if index == SKIP_FROM else kept
    out_rows = [[0] * (2 * width) for _ in range(2 * height)]
    for (y, x), part in itertools.product(places, range(4)):
        value = slow_shift(maps[y, x, part] + (int(luma[y, x]) << bits), bits)
        out_rows[2 * y + part // 2][2 * x + part % 2] = max(0, min(255, value))
    return out_rows


def slow_shift(value: int, bits: int) -> int:
    return value << -bits if bits <= 0 else (value + (1 << (bits - 1))) // (1 << bits)


@pytest.mark.parametrize("seed", [0, 5])
def test_integer_executor_equals_the_slow_reference_bit_by_bit(seed: int) -> None:
    weights, luma = make_weights(seed), make_luma((7, 6), seed)
    np.testing.assert_array_equal(enlarge_integer(luma, to_integers(weights)), slow_integer(luma, weights))


def test_integer_values_beyond_14_bits_are_clipped_not_wrapped() -> None:
    weights = make_weights()
    tight = WeightSet(weights.arrays, (13,) * len(LAYERS))
    luma = make_luma((7, 6))
    np.testing.assert_array_equal(enlarge_integer(luma, to_integers(tight)), slow_integer(luma, tight))


def test_integer_weights_have_10_bits() -> None:
    for layer in to_integers(make_weights()):
        assert layer.weights.dtype == np.int32
        assert -512 <= layer.weights.min() <= layer.weights.max() <= 511
        assert max(abs(int(layer.weights.min())), int(layer.weights.max())) >= 256


def test_integer_result_stays_near_the_float_one() -> None:
    weights, luma = make_weights(), make_luma((60, 50))
    wanted = to_pixels(enlarge(luma, weights.arrays)).astype(int)
    assert float(np.abs(enlarge_integer(luma, to_integers(weights)).astype(int) - wanted).mean()) < 0.2


def test_bicubic_keeps_flat_pictures_and_has_the_published_kernel() -> None:
    flat = np.full((10, 12), 77, np.uint8)
    np.testing.assert_array_equal(resize_bicubic(flat, 0.5), np.full((5, 6), 77))
    impulse = np.zeros((1, 9), np.uint8)
    impulse[0, 4] = 128
    # Keys' kernel, a = -0.5, at quarter distances: 111/128 and 29/128 beside it, negative lobes clipped at 0
    np.testing.assert_array_equal(resize_bicubic(np.vstack([impulse] * 4), 2.0)[3, 6:12], [0, 29, 111, 111, 29, 0])
    assert resize_bicubic(np.zeros((5, 7), np.uint8), 0.5).shape == (3, 4)
    with pytest.raises(InvalidInputError):
        resize_bicubic(np.zeros((5, 7, 3), np.uint8), 0.5)


def test_luma_of_black_white_and_primaries_is_that_of_bt601() -> None:
    colours = np.array([[[0, 0, 0], [255, 255, 255], [0, 0, 255], [0, 255, 0], [255, 0, 0]]], np.uint8)
    np.testing.assert_array_equal(studio_luma(colours), [[16, 235, 81, 145, 41]])


def test_large_channels_of_the_first_layer_are_made_smaller_without_changing_the_network() -> None:
    arrays = [array.copy() for array in make_weights(seed=3).arrays]
    arrays[0][1, 1, 5], arrays[0][0, 0, 9] = 11.5, -33.0
    fitted = fit_first_layer(arrays)
    assert [float(np.abs(fitted[0][..., channel]).max()) for channel in (5, 9)] == [5.75, 4.125]
    luma = np.random.default_rng(1).integers(0, 256, (20, 30), np.uint8)
    for one, other in zip(
        run_layers(luma, fitted)[SKIP_TO + 1 :], run_layers(luma, arrays)[SKIP_TO + 1 :], strict=True
    ):
        np.testing.assert_array_equal(one, other)
