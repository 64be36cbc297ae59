"""Variants of one network, compiled for one thread: run, recorded and timed side by side."""

import hashlib
import statistics
from collections.abc import Sequence

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from typing_extensions import override

from vedette.runtime.clock import Clock
from vedette.vision.ports import Network

Tensor = NDArray[np.float32]


class CompiledVariant(Network):
    """One compiled variant. `precision`: what OpenVINO computes in where it has a choice."""

    def __init__(self, name: str, model: ov.Model, precision: str = "f32") -> None:
        self._name = name
        options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": 1}
        compiled = ov.Core().compile_model(model, "CPU", options)
        self.shape = tuple(compiled.input(0).shape)
        self.precision = str(compiled.get_property("INFERENCE_PRECISION_HINT").to_string())
        self._names = [sorted(output.get_names()) or [str(place)] for place, output in enumerate(compiled.outputs)]
        self._request = compiled.create_infer_request()

    @property
    @override
    def release(self) -> str:
        return self._name

    @override
    def infer(self, tensor: Tensor) -> dict[str, Tensor]:
        self._request.infer({0: tensor})
        outputs: dict[str, Tensor] = {}
        for place, names in enumerate(self._names):
            outputs |= dict.fromkeys(names, np.array(self._request.get_output_tensor(place).data, np.float32))
        return outputs


class RecordingNetwork(Network):
    """Passes on what it is asked and keeps the first inputs: what a network meets in its work."""

    def __init__(self, network: Network, most: int) -> None:
        self._network, self._most = network, most
        self.inputs: list[Tensor] = []

    @property
    @override
    def release(self) -> str:
        return self._network.release

    @override
    def infer(self, tensor: Tensor) -> dict[str, Tensor]:
        if len(self.inputs) < self._most:
            self.inputs.append(tensor.copy())
        return self._network.infer(tensor)


class RememberingNetwork(Network):
    """Answers what it was asked before without computing: one part of a chain while another one is varied."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._known: dict[bytes, dict[str, Tensor]] = {}

    @property
    @override
    def release(self) -> str:
        return self._network.release

    @override
    def infer(self, tensor: Tensor) -> dict[str, Tensor]:
        key = hashlib.sha256(np.ascontiguousarray(tensor).tobytes()).digest()
        if key not in self._known:
            self._known[key] = self._network.infer(tensor)
        return self._known[key]


def time_side_by_side(networks: Sequence[Network], tensor: Tensor, rounds: int, clock: Clock) -> list[float]:
    """Median milliseconds of each, all of them run once in every round, so that what else runs meets them alike."""
    for network in networks:
        network.infer(tensor)
    taken: list[list[float]] = [[] for _ in networks]
    for _ in range(rounds):
        for network, times in zip(networks, taken, strict=True):
            began = clock.mono_ns()
            network.infer(tensor)
            times.append((clock.mono_ns() - began) / 1e6)
    return [statistics.median(times) for times in taken]
