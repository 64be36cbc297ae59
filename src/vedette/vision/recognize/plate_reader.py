"""Reads one number plate: several cut-outs, one network, the grammar, and how sure that is. Inside the jail.

A sign that two slightly different cut-outs read differently is a sign that was guessed. So the plate is cut out
a few times, and the confidence of a reading is what all of them give it.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.vision.picture import Image
from vedette.vision.ports import Network
from vedette.vision.recognize.plate_corners import cut_plate, grown, standardise
from vedette.vision.recognize.plate_grammar import FittedText, fit_formats
from vedette.vision.recognize.plate_signs import SIGNS, SignRow, find_signs

MIN_SIGNS, MAX_SIGNS = 4, 10
_STICKER = 0.75
"""Signs less sure than this may be none."""
_FRAMES = (
    (0.0, 0.0, 0.0),
    (0.22, 0.02, 0.0),
    (0.12, 0.12, 0.0),
    (0.25, 0.15, 0.0),
    (0.38, 0.05, 0.0),
    (0.02, 0.22, 0.0),
    (0.1, 0.1, 0.25),
    (0.15, 0.15, -0.2),
)
"""How far out of the found corners the first cut-outs reach (left, right, tall): corners are best guesses."""
_CALIBRATION = 0.375
"""Power that makes the confidence the share of readings that are right: fitted on 100 readings of pictures that are not
measured on (US, and the EU half that the detector was trained with, so its corners are better there than elsewhere).
"""
_CLEAR = 0.35
"""Worth of each sign from which the search for a better frame ends."""
_SHAKES = ((0.03, 0.03, 0.06), (-0.025, -0.025, 0.0))
"""How the further cut-outs differ from the best of the first."""


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
        frame, row = self._best_frame(image_bgr, corners_xy)
        rows = [row, *(self._look(image_bgr, grown(frame, *shake)) for shake in _SHAKES)]
        return combine([row for row in rows if MIN_SIGNS <= len(row) <= MAX_SIGNS], len(rows))

    def _best_frame(self, image_bgr: Image, corners_xy: NDArray[np.float32]) -> tuple[NDArray[np.float32], SignRow]:
        """The frame that shows most, or the first that shows a whole format clearly."""
        best, most = None, -np.inf
        for reach in _FRAMES:
            frame = grown(corners_xy, *reach)
            row = self._look(image_bgr, frame)
            worth = measure_worth(row)
            if worth > most:
                best, most = (frame, row), worth
            if worth >= 1.0 + _CLEAR * len(row):
                break
        assert best is not None  # there are frames
        return best

    def _look(self, image_bgr: Image, corners_xy: NDArray[np.float32]) -> SignRow:
        return find_signs(self._network.infer(standardise(cut_plate(image_bgr, corners_xy)))["signs"][0])


def measure_worth(row: SignRow) -> float:
    """How much a look shows: half a point less than the strength of each sign, and one more when a format fits."""
    if not MIN_SIGNS <= len(row) <= MAX_SIGNS:
        return -1.0
    fitted, kept = _without_stickers(row.probabilities, row.presence)
    strength = fitted.confidence * row.presence[kept]
    return float((strength - 0.5).sum()) + (1.0 if fitted.format else 0.0)


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
    probabilities = (joint / joint.sum(axis=1, keepdims=True)).astype(np.float32)
    presence = np.mean([row.presence for row in agreeing], axis=0).astype(np.float32)
    fitted, kept = _without_stickers(probabilities, presence)
    clear = float(np.mean([row.clear for row in agreeing]))
    sign_confidence = (fitted.confidence * presence[kept]).astype(np.float32)
    dropped = float(np.prod(1.0 - 0.5 * np.delete(presence, kept)))
    agreement = _agreement(fitted, [row.probabilities[kept] for row in agreeing], looks)
    confidence = float(np.prod(sign_confidence)) * agreement * clear * dropped
    calibrated = min(confidence, 1.0) ** _CALIBRATION
    return ReadPlate(fitted.text, calibrated, sign_confidence, fitted.format, agreeing[0].lines)


def _without_stickers(
    probabilities: NDArray[np.float32], presence: NDArray[np.float32]
) -> tuple[FittedText, NDArray[np.int64]]:
    """Fits all signs to a format or, when none fits, what is left without the one or two weakest: arms, stickers and
    bolts look like signs, but like none in particular. Gives the text and the places kept.
    """
    everything = np.arange(len(presence))
    whole = fit_formats(probabilities)
    strength = presence * probabilities.max(axis=1)
    weakest = np.argsort(strength, kind="stable")
    for count in (1, 2):
        if whole.format or len(presence) - count < MIN_SIGNS or strength[weakest[count - 1]] >= _STICKER:
            break
        kept = np.sort(weakest[count:])
        fitted = fit_formats(probabilities[kept])
        if fitted.format:
            return fitted, kept
    return whole, everything


def _agreement(fitted: FittedText, looks_at_signs: list[NDArray[np.float32]], looks: int) -> float:
    """Share of the looks whose own best signs are the reading, or what the grammar made of it; the rest counts half
    where only the grammar's signs differ.
    """
    share = 0.0
    for probabilities in looks_at_signs:
        own = "".join(SIGNS[int(i)] for i in probabilities.argmax(axis=1))
        wrong = sum(a != b for a, b in zip(own, fitted.text, strict=True))
        share += 1.0 if wrong == 0 else 0.5 if wrong == 1 else 0.0
    return share / looks
