"""Says which of its classes a picture shows, how probably, and when it is none of them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.vision.picture import Image
from vedette.vision.ports import Network

NONE_BELOW = "none_below"
"""The manifest's threshold: a picture whose likeliest class is less probable shows none of the classes."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a picture shows.

    Attributes:
        probabilities: (classes,) float32, together 1, calibrated on held-out pictures of these classes.
        is_known: Whether it is one of the classes at all.
    """

    probabilities: NDArray[np.float32]
    is_known: bool

    def best(self, count: int) -> list[tuple[int, float]]:
        """Class and probability of the likeliest, best first; of equals the first class."""
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(int(index), float(self.probabilities[index])) for index in order]


class PictureClassifier:
    """One network with one input size.

    Args:
        network: (1, 3, side, side) BGR 0..255 -> one output (1, classes) of probabilities.
        none_below: Least probability of the likeliest class of a known picture.
    """

    def __init__(self, network: Network, side_px: int, none_below: float) -> None:
        if not 0.0 <= none_below < 1.0:
            raise InvalidInputError(f"the threshold `{NONE_BELOW}` must be 0 to 1, not {none_below}")
        self._network, self._side_px, self._none_below = network, side_px, none_below

    @property
    def release(self) -> str:
        return self._network.release

    def classify(self, image_bgr: Image) -> Verdict:
        """Judges a picture (H, W, 3) of any size by its middle square."""
        square = fit_square(image_bgr, self._side_px)
        [answer] = self._network.infer(square.transpose(2, 0, 1)[None].astype(np.float32)).values()
        probabilities = np.asarray(answer[0], np.float32)
        return Verdict(probabilities, bool(probabilities.max() >= self._none_below))


def fit_square(image_bgr: Image, side_px: int) -> Image:
    """The middle square of a picture (H, W, 3), scaled to (side, side, 3); what has this size already is not touched.

    Squares are what the networks were taught, and what is stretched looks like something else.
    """
    square = cut_square(image_bgr)
    side = square.shape[0]
    if side == side_px:
        return square
    how = cv2.INTER_AREA if side > side_px else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (side_px, side_px), interpolation=how), np.uint8)


def cut_square(image_bgr: Image) -> Image:
    """The middle square of a picture (H, W, 3)."""
    height, width = image_bgr.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image_bgr[top : top + side, left : left + side]
