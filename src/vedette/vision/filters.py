"""The classic filters, as building blocks: kernels, convolution and correlation, and the size of what comes out.

Formulas as in A. V. Savchenko, "Efficient image recognition with convolutional neural networks" (HSE, 2018), with two
faults of it set right: the size has its "+ 1", and the sums over a kernel of 2k + 1 taps run from -k to +k. Kernels are
float64 with odd sides; `convolve` turns a kernel around, `correlate` does not. Pure.
"""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError

Kernel = NDArray[np.float64]
Plane = NDArray[np.float32]
Border = Literal["zero", "mirror"]
"""What lies outside of a picture: nothing, or the picture mirrored at the middle of its outermost pixels."""
_BORDERS: dict[Border, int] = {"zero": cv2.BORDER_CONSTANT, "mirror": cv2.BORDER_REFLECT_101}
_REACH_SIGMAS = 3.0


def output_size(size: int, kernel: int, padding: int = 0, stride: int = 1) -> int:
    """How many places a kernel has along one axis: floor((W - K + 2 P) / S) + 1.

    Raises:
        InvalidInputError: the kernel does not fit into the padded input, or a number is impossible.
    """
    if min(size, kernel, stride) < 1 or padding < 0 or kernel > size + 2 * padding:
        raise InvalidInputError(
            f"a kernel of {kernel} has no place in {size} with padding {padding} and stride {stride}"
        )
    return (size - kernel + 2 * padding) // stride + 1


def correlate_1d(signal: NDArray[np.generic], kernel: Kernel) -> Kernel:
    """s(t) = sum over a from -k to k of I(t + a) K(a); zero outside. (N,) and (2k + 1,) -> (N,)."""
    taps = _check_taps(kernel)
    reach = len(taps) // 2
    padded = np.pad(np.asarray(signal, np.float64), reach)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, len(taps)) @ taps, np.float64)


def convolve_1d(signal: NDArray[np.generic], kernel: Kernel) -> Kernel:
    """s(t) = sum over a from -k to k of I(t - a) K(a); zero outside. (N,) and (2k + 1,) -> (N,)."""
    return correlate_1d(signal, np.asarray(kernel)[::-1])


def correlate(plane: NDArray[np.generic], kernel: Kernel, border: Border = "mirror") -> Plane:
    """x_ij = sum of p_(i+m, j+n) f_mn. (H, W) and (2k + 1, 2l + 1) -> (H, W) float32."""
    _check_sides(kernel)
    source = np.ascontiguousarray(plane)
    if source.dtype not in {np.dtype(np.uint8), np.dtype(np.float32)}:
        source = source.astype(np.float32)
    return np.asarray(cv2.filter2D(source, cv2.CV_32F, kernel, borderType=_BORDERS[border]), np.float32)


def convolve(plane: NDArray[np.generic], kernel: Kernel, border: Border = "mirror") -> Plane:
    """x_ij = sum of p_(i-m, j-n) f_mn. (H, W) and (2k + 1, 2l + 1) -> (H, W) float32."""
    return correlate(plane, np.ascontiguousarray(np.asarray(kernel)[::-1, ::-1]), border)


def prewitt() -> tuple[Kernel, Kernel]:
    """Differences to the left and upwards, each over three lines."""
    across = np.array([[1, 0, -1]] * 3, np.float64)
    return across, np.ascontiguousarray(across.T)


def sobel() -> tuple[Kernel, Kernel]:
    """As Prewitt's, the middle line counted twice."""
    across = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], np.float64)
    return across, np.ascontiguousarray(across.T)


def laplacian() -> Kernel:
    """How far a pixel lies above its four neighbours: the negative second derivative."""
    return np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float64)


def gaussian(sigma: float, reach: int | None = None) -> Kernel:
    """exp(-(m^2 + n^2) / 2 sigma^2), of sum 1; `reach` k of 2k + 1 taps [three sigmas]."""
    m, n = _grid(sigma, reach)
    weights = np.exp(-(m**2 + n**2) / (2 * sigma**2))
    return np.asarray(weights / weights.sum(), np.float64)


def difference_of_gaussians(narrow: float, wide: float) -> Kernel:
    """G(narrow) - G(wide): a band of frequencies; sum 0, so an even surface gives nothing."""
    if not 0 < narrow < wide:
        raise InvalidInputError(f"need 0 < narrow < wide, got {narrow} and {wide}")
    reach = _reach(wide)
    return gaussian(narrow, reach) - gaussian(wide, reach)


def laplacian_of_gaussian_1d(sigma: float) -> Kernel:
    """(x^2 / sigma^4 - 1 / sigma^2) G(x), the Gaussian as a density."""
    reach = _reach(sigma)
    x = np.arange(-reach, reach + 1, dtype=np.float64)
    density = np.exp(-(x**2) / (2 * sigma**2)) / (np.sqrt(2 * np.pi) * sigma)
    return np.asarray((x**2 / sigma**4 - 1 / sigma**2) * density, np.float64)


def laplacian_of_gaussian(sigma: float) -> Kernel:
    """((m^2 + n^2) / sigma^4 - 2 / sigma^2) G(m, n), the sum of both second derivatives, made free of its mean."""
    m, n = _grid(sigma, _reach(sigma) + 1)
    square = m**2 + n**2
    density = np.exp(-square / (2 * sigma**2)) / (2 * np.pi * sigma**2)
    kernel = (square / sigma**4 - 2 / sigma**2) * density
    return np.asarray(kernel - kernel.mean(), np.float64)


def gabor(sigma: float, wavelength_px: float, direction_rad: float, phase_rad: float = 0.0) -> Kernel:
    """Gaussian times sin(2 pi (m cos w + n sin w) / lambda + phi): stripes of one width and direction.

    `m` counts columns, so direction 0 answers to stripes that stand upright.
    """
    if wavelength_px <= 0:
        raise InvalidInputError(f"a wavelength is more than nothing, got {wavelength_px}")
    m, n = _grid(sigma, None)
    along = m * np.cos(direction_rad) + n * np.sin(direction_rad)
    wave = np.sin(2 * np.pi * along / wavelength_px + phase_rad)
    return np.asarray(np.exp(-(m**2 + n**2) / (2 * sigma**2)) * wave, np.float64)


def gradient_magnitude(plane: NDArray[np.generic]) -> Plane:
    """Length of Sobel's gradient in levels a pixel (an even slope of 1 gives 1). (H, W) -> (H, W) float32."""
    across, down = (correlate(plane, kernel / 8) for kernel in sobel())
    return np.asarray(np.hypot(across, down), np.float32)


def _reach(sigma: float) -> int:
    if sigma <= 0:
        raise InvalidInputError(f"a sigma is more than nothing, got {sigma}")
    return max(1, int(np.ceil(_REACH_SIGMAS * sigma)))


def _grid(sigma: float, reach: int | None) -> tuple[Kernel, Kernel]:
    """Columns m and rows n around the middle, each (2k + 1, 2k + 1)."""
    least = _reach(sigma)
    side = np.arange(-(reach or least), (reach or least) + 1, dtype=np.float64)
    m, n = np.meshgrid(side, side)
    return m, n


def _check_taps(kernel: Kernel) -> Kernel:
    taps = np.asarray(kernel, np.float64)
    if taps.ndim != 1 or len(taps) % 2 == 0:
        raise InvalidInputError(f"need a kernel (2k + 1,), got {taps.shape}")
    return taps


def _check_sides(kernel: Kernel) -> None:
    if kernel.ndim != 2 or not all(side % 2 for side in kernel.shape):
        raise InvalidInputError(f"need a kernel with two odd sides, got {kernel.shape}")
