"""Age, sex, liveness and embedding of a detected face, each by its own network. Inside the jail."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.vision.picture import Image
from vedette.vision.ports import Network
from vedette.vision.recognize.crop import BoxPx, Crop
from vedette.vision.recognize.face_align import align_face

EMBEDDING_SIZE = 256
MAX_AGE_YEARS = 100.0
_AGE_SIDE_PX = 62
_LIVE_SIDE_PX = 80
_LIVE_SCALES = (2.7, 4.0)
"""How much of the surroundings each of the two networks sees: the edge of a sheet or a screen gives it away."""
_LIVE_CLASS = 1


class FaceEmbedder:
    """Turns faces into 256 numbers of unit length: the cosine of two tells whether they are one person."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def release(self) -> str:
        return self._network.release

    def embed(self, image_bgr: Image, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """(256,) float32 of the face whose landmarks are given in pixels of the image."""
        tensor = align_face(image_bgr, points).transpose(2, 0, 1)[None].astype(np.float32)
        [vector, *_] = self._network.infer(tensor).values()
        flat = vector.reshape(-1)
        return np.asarray(flat / max(float(np.linalg.norm(flat)), 1e-6), np.float32)


class AgeSexEstimator:
    """Estimates the age in years and the sex. Trained on adults."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def release(self) -> str:
        return self._network.release

    def estimate(self, face_bgr: Image) -> tuple[float, str, float]:
        """Age, `female` or `male`, and the confidence of the sex."""
        picture = cv2.resize(face_bgr, (_AGE_SIDE_PX, _AGE_SIDE_PX), interpolation=cv2.INTER_AREA)
        outputs = self._network.infer(picture.transpose(2, 0, 1)[None].astype(np.float32))
        female, male = (float(value) for value in outputs["prob"].reshape(-1)[:2])
        age = float(np.clip(outputs["age_conv3"].reshape(-1)[0] * 100, 0.0, MAX_AGE_YEARS))
        sex, confidence = ("female", female) if female >= male else ("male", male)
        return age, sex, float(np.clip(confidence, 0.0, 1.0))


class LivenessJudge:
    """Judges whether a face is there in person, by the mean of two networks that see it at two distances."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks

    @property
    def release(self) -> str:
        return "+".join(network.release for network in self._networks)

    def judge(self, crop: Crop, face_px: BoxPx) -> float:
        """0..1 that it is real."""
        scores = []
        for network, scale in zip(self._networks, _LIVE_SCALES, strict=True):
            picture = crop.cut(plan_surroundings(face_px, crop.frame.size_px, scale))
            picture = np.asarray(cv2.resize(picture, (_LIVE_SIDE_PX, _LIVE_SIDE_PX)), np.uint8)
            [classes, *_] = network.infer(picture.transpose(2, 0, 1)[None].astype(np.float32)).values()
            scores.append(float(classes.reshape(-1)[_LIVE_CLASS]))
        return float(np.clip(np.mean(scores), 0.0, 1.0))


def plan_surroundings(face_px: BoxPx, size_px: tuple[int, int], scale: float) -> BoxPx:
    """The face's box grown around its middle, no larger than the picture, moved into it rather than cut off."""
    left, top, right, bottom = face_px
    width, height = max(right - left, 1), max(bottom - top, 1)
    scale = min(scale, (size_px[0] - 1) / width, (size_px[1] - 1) / height)
    grown = (width * scale, height * scale)
    corner = []
    for low, high, side, limit in zip((left, top), (right, bottom), grown, size_px, strict=True):
        corner.append(min(max((low + high - side) / 2, 0.0), limit - 1 - side))
    return (
        round(corner[0]),
        round(corner[1]),
        round(corner[0] + grown[0]) + 1,
        round(corner[1] + grown[1]) + 1,
    )
