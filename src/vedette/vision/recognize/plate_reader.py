"""Reads one number plate: several cut-outs, one network, the grammar, and how sure that is. Inside the jail.

A sign that two slightly different cut-outs read differently is a sign that was guessed. So the plate is cut out
three times, and the confidence of a reading is what all of them give it.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.vision.picture import Image
from vedette.vision.ports import Network
from vedette.vision.recognize.plate_corners import cut_plate, standardise
from vedette.vision.recognize.plate_grammar import FittedText, fit_formats
from vedette.vision.recognize.plate_signs import SIGNS, SignRow, find_signs

MIN_SIGNS, MAX_SIGNS = 4, 10
_GROWTHS = (0.0, 0.07, -0.04)
"""How much larger than the found corners the cut-outs are."""


@dataclass(frozen=True, slots=True)
class ReadPlate:
    """What stands on one plate in one picture. `sign_confidence`: (len(text),), each 0..1."""

    text: str
    confidence: float
    sign_confidence: NDArray[np.float32]
    format: str
    lines: int


class PlateReader:
    """Reads plates.

    Args:
        network: Input (1, 64, 160, 1) of mean 0 and deviation 1, output `signs` (1, 8, 40, 37).
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def release(self) -> str:
        """Which model."""
        return self._network.release

    def read(self, image_bgr: Image, corners_xy: NDArray[np.float32]) -> ReadPlate | None:
        """Reads the plate with these corners, None when there are too few or too many signs for one."""
        cuts = [cut_plate(image_bgr, corners_xy, growth) for growth in _GROWTHS]
        rows = [find_signs(self._network.infer(standardise(cut))["signs"][0]) for cut in cuts]
        return combine([row for row in rows if MIN_SIGNS <= len(row) <= MAX_SIGNS], len(cuts))


def combine(rows: list[SignRow], looks: int) -> ReadPlate | None:
    """Makes one reading of several looks: the number of signs that most agree on, their distributions multiplied.

    Args:
        rows: Of the looks that showed a plate at all.
        looks: How many there were: a look that showed none speaks against.
    """
    if not rows:
        return None
    support: dict[int, float] = defaultdict(float)
    for row in rows:
        support[len(row)] += float(row.presence.mean()) * row.clear
    length = max(support, key=lambda count: (support[count], count))
    agreeing = [row for row in rows if len(row) == length]
    mean_log = np.mean([np.log(np.maximum(row.probabilities, 1e-5)) for row in agreeing], axis=0)
    joint = np.exp(mean_log - mean_log.max(axis=1, keepdims=True))
    fitted = fit_formats((joint / joint.sum(axis=1, keepdims=True)).astype(np.float32))
    presence = np.mean([row.presence for row in agreeing], axis=0)
    clear = float(np.mean([row.clear for row in agreeing]))
    sign_confidence = (fitted.confidence * presence).astype(np.float32)
    confidence = float(np.prod(sign_confidence)) * _agreement(fitted, agreeing, looks) * clear
    return ReadPlate(fitted.text, min(confidence, 1.0), sign_confidence, fitted.format, agreeing[0].lines)


def _agreement(fitted: FittedText, rows: list[SignRow], looks: int) -> float:
    """Share of the looks whose own best signs are the reading, or what the grammar made of it; the rest counts half
    where only the grammar's signs differ.
    """
    share = 0.0
    for row in rows:
        own = "".join(SIGNS[int(i)] for i in row.probabilities.argmax(axis=1))
        wrong = sum(a != b for a, b in zip(own, fitted.text, strict=True))
        share += 1.0 if wrong == 0 else 0.5 if wrong == 1 else 0.0
    return share / looks
