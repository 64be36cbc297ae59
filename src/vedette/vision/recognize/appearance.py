"""The recognizer of appearance: 256 numbers by which a person is found again in other pictures (re-identification).

They tell clothes, build and bearing, not a face: whoever changes the coat is somebody else. Only a whole person alone
in the box is embedded, because half a person, or two, are alike to nobody. Design: docs/design/reid.md.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from typing_extensions import override

from vedette.vision.picture import Image
from vedette.vision.ports import Network, Recognizer
from vedette.vision.recognize.attribute_forms import APPEARANCE, APPEARANCE_FORM
from vedette.vision.recognize.crop import Crop
from vedette.vision.recognize.records import Form, Record

MIN_WIDTH_PX, MIN_HEIGHT_PX = 14, 40
MAX_COVERED = 0.3
"""Share of the box that may lie in another's. Smaller and more covered people are found clearly less often."""
_EDGE_PX = 2


class AppearanceRecognizer(Recognizer):
    """Embeds people that pass the gate.

    Args:
        input_px: Width and height of the network's input.
    """

    def __init__(self, network: Network, input_px: tuple[int, int]) -> None:
        self._network, self._input_px = network, input_px

    @property
    @override
    def form(self) -> Form:
        return APPEARANCE_FORM

    @property
    @override
    def release(self) -> str:
        return self._network.release

    @override
    def describe(self, crops: Sequence[Crop]) -> list[list[Record]]:
        return [[self._describe(crop)] if may_embed(crop) else [] for crop in crops]

    @override
    def warm_up(self, crop: Crop) -> None:
        may_embed(crop)
        self._describe(crop)

    def _describe(self, crop: Crop) -> Record:
        return Record(APPEARANCE, vector=self.embed(crop.image_bgr).tobytes())

    def embed(self, person_bgr: Image) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        """(256,) float32 of unit length, of one person's box (H, W, 3)."""
        picture = cv2.resize(person_bgr, self._input_px, interpolation=cv2.INTER_LINEAR)
        [vector, *_] = self._network.infer(picture.transpose(2, 0, 1)[None].astype(np.float32)).values()
        flat = vector.reshape(-1)
        return np.asarray(flat / max(float(np.linalg.norm(flat)), 1e-6), np.float32)


def may_embed(crop: Crop) -> bool:
    """The gate: large enough, not cut by the picture's edge, not overlapped by somebody else."""
    (left, top, right, bottom), (width, height) = crop.box_px, crop.frame.size_px
    is_whole = min(left, top) >= _EDGE_PX and right <= width - _EDGE_PX and bottom <= height - _EDGE_PX
    is_large = right - left >= MIN_WIDTH_PX and bottom - top >= MIN_HEIGHT_PX
    return is_whole and is_large and crop.covered <= MAX_COVERED
