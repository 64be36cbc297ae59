"""Hazards of the classic filters: a turned kernel, a lost place at the edge, and the printed formulas' own faults."""

import cv2
import numpy as np
import pytest
import scipy.ndimage
import scipy.signal

from vedette.core.errors import InvalidInputError
from vedette.vision.filters import (
    convolve,
    convolve_1d,
    correlate,
    correlate_1d,
    difference_of_gaussians,
    gabor,
    gaussian,
    gradient_magnitude,
    laplacian,
    laplacian_of_gaussian,
    laplacian_of_gaussian_1d,
    output_size,
    prewitt,
    sobel,
)

RNG = np.random.default_rng(3)
PICTURE = RNG.integers(0, 256, (23, 31)).astype(np.uint8)
ODD_KERNEL = RNG.normal(size=(3, 5))


@pytest.mark.parametrize(
    ("size", "kernel", "padding", "stride"), [(224, 7, 3, 2), (7, 3, 1, 1), (5, 5, 0, 1), (6, 3, 0, 2), (227, 11, 0, 4)]
)
def test_output_size_has_the_one_that_the_slides_miss(size: int, kernel: int, padding: int, stride: int) -> None:
    places = len(range(0, size + 2 * padding - kernel + 1, stride))
    assert output_size(size, kernel, padding, stride) == places
    assert output_size(size, kernel, padding, stride) != (size - kernel + 2 * padding) // stride


@pytest.mark.parametrize("given", [(0, 1, 0, 1), (5, 0, 0, 1), (5, 3, -1, 1), (5, 3, 0, 0), (4, 7, 1, 1)])
def test_impossible_sizes_are_refused(given: tuple[int, int, int, int]) -> None:
    with pytest.raises(InvalidInputError, match="has no place"):
        output_size(*given)


def test_mobilenets_last_depthwise_layer_keeps_seven_only_with_stride_one() -> None:
    assert output_size(7, 3, 1, 1) == 7
    assert output_size(7, 3, 1, 2) == 4  # as the printed table has it, and then 7 x 7 could not be pooled


def test_one_dimension_is_as_worked_by_hand() -> None:
    signal, kernel = np.array([1, 2, 3]), np.array([10.0, 20.0, 40.0])
    assert correlate_1d(signal, kernel).tolist() == [20 + 80, 10 + 40 + 120, 20 + 60]
    assert convolve_1d(signal, kernel).tolist() == [20 + 20, 40 + 40 + 30, 80 + 60]


def test_one_dimension_sums_from_minus_k_to_k_and_no_further() -> None:
    impulse = np.zeros(9)
    impulse[4] = 1
    kernel = np.arange(1.0, 6.0)  # 2k + 1 taps with k = 2: limits of +-(2k + 1) would reach places 0 and 8
    assert convolve_1d(impulse, kernel).tolist() == [0, 0, 1, 2, 3, 4, 5, 0, 0]
    assert correlate_1d(impulse, kernel).tolist() == [0, 0, 5, 4, 3, 2, 1, 0, 0]


def test_one_dimension_agrees_with_scipy_also_where_the_signal_is_shorter_than_the_kernel() -> None:
    for count in (1, 3, 40):
        signal, kernel = RNG.normal(size=count), RNG.normal(size=7)
        middle = slice(3, 3 + count)
        np.testing.assert_allclose(convolve_1d(signal, kernel), scipy.signal.convolve(signal, kernel)[middle])
        np.testing.assert_allclose(correlate_1d(signal, kernel), scipy.signal.correlate(signal, kernel)[middle])


def test_convolution_turns_the_kernel_and_correlation_does_not() -> None:
    zero = {"mode": "constant", "cval": 0.0}
    source = PICTURE.astype(np.float64)
    np.testing.assert_allclose(
        convolve(PICTURE, ODD_KERNEL, "zero"), scipy.ndimage.convolve(source, ODD_KERNEL, **zero), atol=1e-3
    )
    np.testing.assert_allclose(
        correlate(PICTURE, ODD_KERNEL, "zero"), scipy.ndimage.correlate(source, ODD_KERNEL, **zero), atol=1e-3
    )
    np.testing.assert_allclose(
        correlate(PICTURE, ODD_KERNEL), scipy.ndimage.correlate(source, ODD_KERNEL, mode="mirror"), atol=1e-3
    )


@pytest.mark.parametrize("kernel", [np.ones(3), np.ones((2, 3)), np.ones((0, 1))])
def test_kernel_without_a_middle_is_refused(kernel: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match="odd sides"):
        correlate(PICTURE, kernel)
    with pytest.raises(InvalidInputError, match="2k"):
        correlate_1d(np.ones(4), np.ones(2))


def test_sobel_and_prewitt_are_the_printed_kernels_and_opencvs_turned() -> None:
    across, down = sobel()
    assert across.tolist() == [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
    assert down.tolist() == [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]
    assert [kernel.tolist() for kernel in prewitt()] == [[[1, 0, -1]] * 3, [[1, 1, 1], [0, 0, 0], [-1, -1, -1]]]
    np.testing.assert_allclose(convolve(PICTURE, across), cv2.Sobel(PICTURE, cv2.CV_32F, 1, 0), atol=1e-3)
    np.testing.assert_allclose(convolve(PICTURE, down), cv2.Sobel(PICTURE, cv2.CV_32F, 0, 1), atol=1e-3)
    source = PICTURE.astype(np.float64)
    np.testing.assert_allclose(
        convolve(PICTURE, prewitt()[1]), scipy.ndimage.prewitt(source, axis=0, mode="mirror"), atol=1e-3
    )


def test_laplacian_is_opencvs_negated() -> None:
    np.testing.assert_allclose(correlate(PICTURE, laplacian()), -cv2.Laplacian(PICTURE, cv2.CV_32F), atol=1e-3)


def test_gaussian_sums_to_one_and_blurs_as_opencv_does() -> None:
    kernel = gaussian(1.3)
    assert kernel.sum() == pytest.approx(1)
    assert kernel.shape == (9, 9)
    np.testing.assert_allclose(
        correlate(PICTURE, kernel), cv2.GaussianBlur(PICTURE.astype(np.float32), (9, 9), 1.3), atol=1e-3
    )
    assert gaussian(0.8, 1)[1, 0] / gaussian(0.8, 1)[1, 1] == pytest.approx(np.exp(-1 / (2 * 0.8**2)))


def test_laplacian_of_gaussian_is_the_second_derivative_of_the_gaussian() -> None:
    sigma, step = 2.0, 1e-3
    x = np.arange(-6, 7)

    def density(at: np.ndarray) -> np.ndarray:
        return np.exp(-(at**2) / (2 * sigma**2)) / (np.sqrt(2 * np.pi) * sigma)

    second = (density(x + step) - 2 * density(x) + density(x - step)) / step**2
    np.testing.assert_allclose(laplacian_of_gaussian_1d(sigma), second, atol=1e-6)
    source = scipy.ndimage.gaussian_filter(RNG.normal(size=(64, 64)), 2)
    ours = correlate(source, laplacian_of_gaussian(sigma))[14:-14, 14:-14]
    np.testing.assert_allclose(ours, scipy.ndimage.gaussian_laplace(source, sigma)[14:-14, 14:-14], atol=2e-3)


def test_bands_say_nothing_of_an_even_surface() -> None:
    flat = np.full((40, 40), 200, np.uint8)
    for kernel in (difference_of_gaussians(1, 2), laplacian_of_gaussian(1.5), laplacian(), *sobel(), *prewitt()):
        assert np.abs(correlate(flat, kernel)).max() < 1e-3
    np.testing.assert_allclose(
        difference_of_gaussians(1.0, 2.0), gaussian(1.0, 6) - gaussian(2.0, 6), rtol=0, atol=1e-15
    )
    with pytest.raises(InvalidInputError, match="narrow < wide"):
        difference_of_gaussians(2, 2)


def test_gabor_answers_to_stripes_of_its_own_direction() -> None:
    place = np.arange(64)
    upright = np.broadcast_to(np.sin(2 * np.pi * place / 8), (64, 64))
    ours, other = (np.abs(correlate(upright, gabor(3.0, 8.0, turn))).max() for turn in (0.0, np.pi / 2))
    assert ours > 100 * other
    kernel = gabor(2.0, 5.0, 0.7, 0.3)
    m, n = 2, -3
    wave = np.sin(2 * np.pi * (np.cos(0.7) * m + np.sin(0.7) * n) / 5.0 + 0.3)
    assert kernel[6 + n, 6 + m] == pytest.approx(np.exp(-(m**2 + n**2) / 8) * wave)
    with pytest.raises(InvalidInputError, match="wavelength"):
        gabor(2.0, 0.0, 0.0)


def test_even_slope_of_one_level_a_pixel_has_magnitude_one() -> None:
    slope = np.add.outer(np.zeros(20), np.arange(20.0))
    assert gradient_magnitude(slope)[5:-5, 5:-5] == pytest.approx(1.0)
