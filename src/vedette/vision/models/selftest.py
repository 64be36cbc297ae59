"""The test that a model passes each time it is loaded: one made input, and what its outputs must look like. Pure.

Files may be the right ones and still not run as they were measured: another runtime, a driver, a processor. So each
manifest carries a vector that was taken where the figures were. Outputs are compared by quantiles, which do not change
when equal detections change places, and by projections where each number has its place. Both within a tolerance,
because processors round differently. Design: docs/design/vision.md.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError

QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
PROJECTIONS = 4
_COARSE = 9
"""Points of the coarse picture from which the input is made; noise alone shows a network nothing."""
_NOISE = 0.1
_LEVELS = 255
_LEAST_SIZE = 1e-3
_DIGITS = 5


class ModelRefusedError(InvalidInputError):
    """A model is not the one that its manifest describes. It is never used."""

    code = "model_refused"


class SelfTestFailedError(ModelRefusedError):
    """A model does not answer as it did where it was measured."""

    code = "model_selftest_failed"


class OutputVector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one output must look like.

    Attributes:
        projections: Left out where numbers may change places.
        column: The one of the last axis that is looked at: of detections the confidence. None: all.
    """

    quantiles: list[float]
    projections: list[float] = []
    column: int | None = None


class SelfTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The vector of a manifest.

    Attributes:
        seed: Of the input.
        shape: Of the input; only a network compiled for this shape is tested.
        tolerance: Of each figure, as a share of the output's largest value or span.
    """

    seed: int
    shape: list[int]
    tolerance: float
    outputs: dict[str, OutputVector]


class Preprocessing(Protocol):
    """The part of a manifest's `input` that shapes the test's input. Shapes have one picture and four dimensions."""

    @property
    def layout(self) -> str: ...
    @property
    def range(self) -> tuple[float, float]: ...


def make_input(shape: Sequence[int], seed: int, given: Preprocessing) -> NDArray[np.float32]:
    """A smooth picture with noise, float32 of this shape and prepared so, the same on every machine."""
    is_last = given.layout == "NHWC"
    height, width = shape[1:3] if is_last else shape[2:4]
    planes = shape[3] if is_last else shape[1]
    bits = np.random.PCG64(seed)  # its stream is fixed for ever, that of a Generator is not
    coarse = _draw(bits, planes * _COARSE * _COARSE).reshape(planes, _COARSE, _COARSE)
    noise = _draw(bits, planes * height * width).reshape(planes, height, width)
    rows, columns = _weights(height), _weights(width)
    picture = (1 - _NOISE) * (rows @ coarse @ columns.T) + _NOISE * noise
    low, high = given.range
    values = low + (high - low) * (np.moveaxis(picture, 0, -1) if is_last else picture)
    if high - low == _LEVELS:
        values = np.rint(values)  # so that a network that takes bytes is asked the same
    return np.ascontiguousarray(values[None], np.float32)


def _draw(bits: np.random.PCG64, count: int) -> NDArray[np.float64]:
    """Numbers of 0..1."""
    return np.asarray((bits.random_raw(count) >> np.uint64(11)) * 2.0**-53, np.float64)


def _weights(side: int) -> NDArray[np.float64]:
    """(side, coarse) by which a line of coarse points becomes one of `side`."""
    places = np.linspace(0, _COARSE - 1, side)
    return np.asarray(np.clip(1 - np.abs(places[:, None] - np.arange(_COARSE)[None, :]), 0, None), np.float64)


def take_vector(output: NDArray[np.float32], *, has_places: bool, column: int | None = None) -> OutputVector:
    """What an output looks like. `has_places`: each number has its place."""
    values = (output if column is None else output[..., column]).astype(np.float64).ravel()
    quantiles = np.quantile(values, QUANTILES) if len(values) else np.zeros(len(QUANTILES))
    projections = _project(values) if has_places else np.zeros(0)
    return OutputVector(_round(quantiles), _round(projections), column)


def _project(values: NDArray[np.float64]) -> NDArray[np.float64]:
    signs = np.where(_draw(np.random.PCG64(len(values)), PROJECTIONS * len(values)) < 0.5, -1.0, 1.0)
    return np.asarray(signs.reshape(PROJECTIONS, -1) @ values / max(len(values), 1) ** 0.5, np.float64)


def _round(values: NDArray[np.float64]) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values.tolist()]


def check_outputs(name: str, test: SelfTest, outputs: Mapping[str, NDArray[np.float32]]) -> None:
    """Compares what a model says of its made input with its vector. A single output may be called otherwise: converted
    files have names of their own.

    Raises:
        SelfTestFailedError: an output is missing, is not finite, or differs by more than the tolerance.
    """
    outputs = _rename_only(test, outputs)
    for output, expected in test.outputs.items():
        if output not in outputs or not np.isfinite(outputs[output]).all():
            raise SelfTestFailedError(f"{name}: its output {output} is missing or no number")
        found = outputs[output]
        if expected.column is not None and expected.column >= found.shape[-1]:
            raise SelfTestFailedError(f"{name}: its output {output} has no column {expected.column}")
        seen = take_vector(found, has_places=bool(expected.projections), column=expected.column)
        difference = find_difference(expected, seen)
        if difference > test.tolerance:
            raise SelfTestFailedError(
                f"{name}: its output {output} differs from the measured one by {difference:.1%} of its size, "
                f"at most {test.tolerance:.1%} may be",
                "The runtime or processor computes this model differently: it is not used. Tell us which.",
            )


def _rename_only(test: SelfTest, outputs: Mapping[str, NDArray[np.float32]]) -> Mapping[str, NDArray[np.float32]]:
    found = list({id(values): values for values in outputs.values()}.values())
    return dict.fromkeys(test.outputs, found[0]) if len(test.outputs) == len(found) == 1 else outputs


def find_difference(expected: OutputVector, seen: OutputVector) -> float:
    """The largest difference of two vectors, as a share of the output's size; infinite when they cannot be compared."""
    low, high = expected.quantiles[0], expected.quantiles[-1]
    size = max(high - low, abs(low), abs(high), _LEAST_SIZE)
    wanted, got = expected.quantiles + expected.projections, seen.quantiles + seen.projections
    if len(wanted) != len(got):
        return float("inf")
    return float(np.abs(np.subtract(wanted, got)).max() / size)
