"""Chooses what runs the super-resolution network on this machine: integers, compiled at set-up, or OpenVINO.

Design: docs/design/enhance.md.
"""

import time

import numpy as np

from vedette.adapters.native_enlarger import NativeStripNetwork
from vedette.core.errors import InvalidInputError
from vedette.runtime.cpu import multiplies_bfloat16, read_cpu_flags
from vedette.runtime.native import ENHANCE_KERNEL, find_kernel
from vedette.vision.enhance.network import SCALE, WeightSet
from vedette.vision.enhance.strips import StripNetwork

_ROUNDS = 3


def open_strip_network(weights: WeightSet, width: int, height: int, threads: int = 2) -> StripNetwork:
    """The network for windows of this size, by what is fastest here. Raises as `open_strip_networks`."""
    networks = open_strip_networks(weights, width, height, threads)
    return networks[0] if len(networks) == 1 else min(networks, key=_measure_s)


def open_strip_networks(weights: WeightSet, width: int, height: int, threads: int = 2) -> list[StripNetwork]:
    """The network by all that may be fastest here.

    Raises:
        InvalidInputError: it cannot be compiled for this size.
    """
    native = _open_native(weights, width, height, threads)
    if native is not None and not multiplies_bfloat16(read_cpu_flags()):
        return [native]
    from vedette.adapters.openvino_enlarger import (  # noqa: PLC0415 -- takes a second, spent only where it is used
        OpenVinoStripNetwork,
    )

    other = OpenVinoStripNetwork(weights, width, height, threads)
    return [other] if native is None else [native, other]


def _open_native(weights: WeightSet, width: int, height: int, threads: int) -> NativeStripNetwork | None:
    """None: not compiled, or it cannot be used for these weights."""
    library = find_kernel(ENHANCE_KERNEL, read_cpu_flags())
    if library is None:
        return None
    try:
        return NativeStripNetwork(library, weights, width, height, threads)
    except InvalidInputError:
        return None


def _measure_s(network: StripNetwork) -> float:
    """What as many windows as may be under way take, at its best."""
    width, height = network.window_px
    window = np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)
    outs = [np.empty((SCALE * height, SCALE * width), np.uint8) for _ in range(network.ahead)]
    took_s = []
    for _ in range(_ROUNDS):
        began_s = time.perf_counter()
        for out in outs:
            network.start(window, out, 0)
        for _ in outs:
            network.finish()
        took_s.append(time.perf_counter() - began_s)
    return min(took_s)
