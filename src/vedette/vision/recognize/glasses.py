"""Whether a face wears glasses, by the strip of its picture around the eyes. Inside the jail."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.vision.picture import Image
from vedette.vision.ports import Network
from vedette.vision.recognize.face_align import align_face

STRIP_WH = (64, 32)
_PLACE = (slice(38, 86), slice(16, 112))
"""Rows and columns of the aligned face: from the brows to the middle of the nose, with the temples."""
_LEAST_SPREAD = 4.0
_SUREST = 30.0


def cut_eyes(aligned_bgr: Image) -> NDArray[np.float32]:
    """The strip around the eyes (32, 64, 1) of an aligned face, grey, its mean 0 and its spread 1."""
    strip = cv2.resize(aligned_bgr[_PLACE], STRIP_WH, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return np.asarray((grey - grey.mean()) / max(float(grey.std()), _LEAST_SPREAD), np.float32)[..., None]


class GlassesJudge:
    """Tells how likely it is that a face wears glasses, sunglasses among them."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def release(self) -> str:
        return self._network.release

    def judge(self, image_bgr: Image, points: NDArray[np.float32]) -> float:
        """0..1, of the face whose five landmarks are given in pixels of the image."""
        strip = cut_eyes(align_face(image_bgr, points))
        [logit, *_] = self._network.infer(strip[None]).values()
        return as_probability(float(logit.reshape(-1)[0]))


def as_probability(logit: float) -> float:
    """Of what the network answers; a probability itself would tell its self-test nothing, so sure is it."""
    return 1 / (1 + math.exp(-min(max(logit, -_SUREST), _SUREST)))
