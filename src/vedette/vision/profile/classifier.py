"""Names what a picture shows, and makes an embedding of it. Inside the jail."""

import numpy as np
from numpy.typing import NDArray

from vedette.media.planes import PlanarFrame
from vedette.vision.picture import to_bgr
from vedette.vision.ports import Network
from vedette.vision.profile.observed import MAX_CLASSES

CLASSES_OUTPUT, EMBEDDING_OUTPUT = "Identity", "embedding"
_SHORT_PX, _CROP_PX = 256, 224
_LEVELS = 256
_LEAST = 0.02


class GalleryClassifier:
    """One network that gives classes in 256ths, and its last mean as an embedding.

    The middle 224 pixels are shown of a picture whose shorter side is 256, as it was trained. Of 193 of the
    ImageNet sample the first class is right in 160 so, in 154 with the whole shorter side, in 151 with all squeezed
    into a square.
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def release(self) -> str:
        return self._network.release

    def classify(self, frame: PlanarFrame) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(classes,) float32 shares of 0..1 and (1280,) float32 of unit length."""
        width, height = frame.size_px
        scale = _SHORT_PX / min(width, height)
        size = [max(_SHORT_PX, round(side * scale / 2) * 2) for side in (width, height)]
        image = to_bgr(frame, size[0], size[1])
        left, top = (size[0] - _CROP_PX) // 2, (size[1] - _CROP_PX) // 2
        middle = image[top : top + _CROP_PX, left : left + _CROP_PX, ::-1]
        outputs = self._network.infer(np.ascontiguousarray(middle[None], np.float32))
        embedding = outputs[EMBEDDING_OUTPUT].reshape(-1)
        length = max(float(np.linalg.norm(embedding)), 1e-6)
        shares = np.asarray(outputs[CLASSES_OUTPUT].reshape(-1) / _LEVELS, np.float32)
        return shares, np.asarray(embedding / length, np.float32)


def choose_classes(shares: NDArray[np.float32]) -> list[tuple[int, float]]:
    """The surest classes with their shares."""
    order = np.argsort(-shares, kind="stable")[:MAX_CLASSES]
    return [(int(number), round(float(shares[number]), 4)) for number in order if shares[number] >= _LEAST]
