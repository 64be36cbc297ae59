"""Makes the vector of a picture or of an object's crop by which categories are told. Inside the jail.

The network's classes are never read here: of what it was taught to name, nothing is said of anybody.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from typing_extensions import override

from vedette.vision.categories.head import Vectors
from vedette.vision.picture import Image
from vedette.vision.ports import Network, Recognizer
from vedette.vision.recognize.crop import Crop
from vedette.vision.recognize.records import Form, Record

EMBEDDING_MODEL = "mobilenet-v2-imagenet"
EMBEDDING_OUTPUT = "embedding"
EMBEDDING_SIZE = 1280
EMBEDDING, CATEGORIES = "embedding", "categories"
EMBEDDING_FORM = Form(EMBEDDING, CATEGORIES, frozenset({"person", "vehicle"}), vector_size=EMBEDDING_SIZE)
_SIDE_PX = 224
_MIN_SIDE_PX = 24
_GREY = 114


class PictureEmbedder:
    """One network: (1, 224, 224, 3) RGB 0..255 -> the mean before its classes."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def release(self) -> str:
        return self._network.release

    def embed(self, image_bgr: Image) -> Vectors:
        """(1280,) float32 of unit length, of a picture (H, W, 3) of any size."""
        picture = fit_whole(image_bgr)[:, :, ::-1]
        outputs = self._network.infer(np.ascontiguousarray(picture[None], np.float32))
        vector = outputs[EMBEDDING_OUTPUT].reshape(-1)
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-6), np.float32)


class EmbeddingRecognizer(Recognizer):
    """The vector of people and vehicles; which categories it means, the analyzer says."""

    def __init__(self, embedder: PictureEmbedder) -> None:
        self._embedder = embedder

    @property
    @override
    def form(self) -> Form:
        return EMBEDDING_FORM

    @property
    @override
    def release(self) -> str:
        return self._embedder.release

    @override
    def describe(self, crops: Sequence[Crop]) -> list[list[Record]]:
        return [[self._describe(crop)] if min(crop.size_px) >= _MIN_SIDE_PX else [] for crop in crops]

    @override
    def warm_up(self, crop: Crop) -> None:
        self._describe(crop)

    def _describe(self, crop: Crop) -> Record:
        return Record(EMBEDDING, vector=self._embedder.embed(crop.image_bgr).tobytes())


def fit_whole(image_bgr: Image) -> Image:
    """The whole picture (H, W, 3) in the middle of a grey square (224, 224, 3), its proportions kept."""
    height, width = image_bgr.shape[:2]
    scale = _SIDE_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.full((_SIDE_PX, _SIDE_PX, 3), _GREY, np.uint8)
    left, top = (_SIDE_PX - size[0]) // 2, (_SIDE_PX - size[1]) // 2
    square[top : top + size[1], left : left + size[0]] = cv2.resize(image_bgr, size, interpolation=how)
    return square
