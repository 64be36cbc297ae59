"""The super-resolution network in integers, compiled (`vision/enhance/integer_kernel.c`): bit by bit `enlarge_integer`.

On a processor with AVX2 it takes less than half of the time that OpenVINO takes in float32 (docs/design/enhance.md).
"""

import ctypes
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from vedette.adapters.native_library import address, load_library, make_aligned
from vedette.core.errors import InvalidInputError
from vedette.vision.enhance.integer import IntegerLayer, enlarge_integer, find_shifts, to_integers
from vedette.vision.enhance.network import SCALE, WeightSet
from vedette.vision.enhance.strips import Plane, StripNetwork

_SHIFTS, _SKIP_SHIFTS = range(2, 31), range(15)
"""By how many bits the kernel can shift."""
_TRIAL_SHAPE = (12, 21)


class NativeStripNetwork(StripNetwork):
    """See `vedette.vision.enhance.strips.StripNetwork`.

    Args:
        library: The compiled kernel, for this processor.

    Raises (from the constructor):
        InvalidInputError: the library cannot be used, does not compute what `enlarge_integer` does, or has no steps
            between layers as large as this weight set needs.
    """

    def __init__(self, library: Path, weights: WeightSet, width: int, height: int, threads: int = 2) -> None:
        self._window_px = (width, height)
        self._ahead = 2 * threads
        self._kernel = _Kernel(library, to_integers(weights))
        self._scratch = deque(self._kernel.make_scratch(width) for _ in range(threads))
        self._pool = ThreadPoolExecutor(threads)
        self._busy: deque[Future[None]] = deque()
        barrier = Barrier(threads)
        for done in [self._pool.submit(barrier.wait) for _ in range(threads)]:
            done.result()  # so that every thread there will be exists

    @property
    @override
    def window_px(self) -> tuple[int, int]:
        return self._window_px

    @property
    @override
    def ahead(self) -> int:
        return self._ahead

    @override
    def start(self, window: Plane, out: Plane, first: int) -> None:
        self._busy.append(self._pool.submit(self._run, window, out, first))

    @override
    def finish(self) -> None:
        self._busy.popleft().result()

    def _run(self, window: Plane, out: Plane, first: int) -> None:
        scratch = self._scratch.pop()  # there is one for each thread
        self._kernel.enlarge(window, out, first, scratch)
        self._scratch.append(scratch)


class _Kernel:
    """The library with one weight set. Raises InvalidInputError as `NativeStripNetwork` says."""

    def __init__(self, library: Path, layers: tuple[IntegerLayer, ...]) -> None:
        shifts, skip_shift = find_compiled_shifts(layers)
        self._library = load_library(library, ["network_bytes", "scratch_values"], ["prepare", "enlarge"])
        self._network = make_aligned(self._library.network_bytes(), np.uint8)
        flat = np.concatenate([layer.weights.reshape(-1) for layer in layers]).astype(np.int16)
        steps = np.array(shifts, np.int32)
        last_bits = layers[-1].value_bits
        self._library.prepare(address(self._network), address(flat), address(steps), skip_shift, last_bits)
        self._verify(library, layers)

    def _verify(self, library: Path, layers: tuple[IntegerLayer, ...]) -> None:
        height, width = _TRIAL_SHAPE
        luma = np.random.default_rng(0).integers(0, 256, _TRIAL_SHAPE, np.uint8)
        found = np.empty((SCALE * height, SCALE * width), np.uint8)
        self.enlarge(luma, found, 0, self.make_scratch(width))
        if not np.array_equal(found, enlarge_integer(luma, layers)):
            raise InvalidInputError(f"{library} does not compute what its source does", "Run `make setup`.")

    def make_scratch(self, width: int) -> NDArray[np.int16]:
        """What `enlarge` needs for itself, for windows of this width."""
        return make_aligned(self._library.scratch_values(width), np.int16)

    def enlarge(self, window: Plane, out: Plane, first: int, scratch: NDArray[np.int16]) -> None:
        """Fills `out` from what becomes of the window's row `first` on."""
        window = np.ascontiguousarray(window)
        height, width = window.shape
        self._library.enlarge(
            address(self._network),
            address(scratch),
            address(window),
            ctypes.c_ssize_t(width),
            width,
            height,
            first,
            first + len(out) // SCALE,
            address(out),
            ctypes.c_ssize_t(out.strides[0]),
        )


def find_compiled_shifts(layers: Sequence[IntegerLayer]) -> tuple[list[int], int]:
    """As `find_shifts`. Raises InvalidInputError: the kernel has no steps of this size."""
    shifts, skip_shift = find_shifts(layers)
    if skip_shift not in _SKIP_SHIFTS or any(shift not in _SHIFTS for shift in shifts):
        raise InvalidInputError(f"steps of {shifts} and {skip_shift} bits between layers are not compiled")
    return shifts, skip_shift
