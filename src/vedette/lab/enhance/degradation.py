"""Makes of a sharp picture the small one that a camera would have sent: what the network learns to undo.

Two kinds. `PAPER` is the published one, y = C((x * k) down 2) + n: a Gaussian blur of 0.2 to 0.8 pixels, halving, JPEG
of quality 70 to 99, then noise of up to 0.02 of the range, all drawn per picture. `mixed` has no blur and no noise, and
a share of pictures without compression: one weight set of the bank learns one range of qualities with it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.vision.enhance.bicubic import resize_bicubic

Plane = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Degradation:
    """Ranges that are drawn from evenly, per picture.

    Attributes:
        blur_px: Sigma of the blur, in pixels of the large picture; (0, 0): none.
        quality: Of the JPEG, 1 to 100.
        noise: Sigma of the noise after the JPEG, in fractions of 255.
        clean_share: This share of the pictures is only halved.
    """

    blur_px: tuple[float, float] = (0.0, 0.0)
    quality: tuple[int, int] = (100, 100)
    noise: tuple[float, float] = (0.0, 0.0)
    clean_share: float = 0.0

    def __post_init__(self) -> None:
        low, high = self.quality
        if not (1 <= low <= high <= 100 and 0 <= self.clean_share <= 1 and min(self.blur_px + self.noise) >= 0):
            raise InvalidInputError(f"{self} is no degradation")

    def apply(self, large: Plane, rng: np.random.Generator) -> Plane:
        """The small picture, (H/2, W/2) uint8, of one of even sides."""
        if rng.random() < self.clean_share:
            return resize_bicubic(large, 0.5)
        small = resize_bicubic(blur(large, rng.uniform(*self.blur_px)), 0.5)
        small = compress(small, int(rng.integers(self.quality[0], self.quality[1] + 1)))
        return add_noise(small, rng.uniform(*self.noise), rng)


PAPER = Degradation(blur_px=(0.2, 0.8), quality=(70, 99), noise=(0.0, 0.02))
CLEAN = Degradation(clean_share=1.0)


def mixed(low: int, high: int, clean_share: float = 0.0) -> Degradation:
    """JPEG of these qualities, and a share of pictures without."""
    return Degradation(quality=(low, high), clean_share=clean_share)


def blur(plane: Plane, sigma_px: float) -> Plane:
    """Gaussian blur; one of less than a tenth of a pixel changes nothing."""
    if sigma_px < 0.1:
        return plane
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT), np.uint8)


def compress(plane: Plane, quality: int) -> Plane:
    """Luma as JPEG gives it back."""
    done, data = cv2.imencode(".jpg", plane, [cv2.IMWRITE_JPEG_QUALITY, quality])
    image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if done else None
    if image is None:
        raise InvalidInputError(f"a plane of {plane.shape} cannot be compressed")
    return np.asarray(image, np.uint8)


def add_noise(plane: Plane, sigma: float, rng: np.random.Generator) -> Plane:
    """Gaussian noise; sigma in fractions of 255."""
    if sigma == 0.0:
        return plane
    noisy = plane + rng.normal(0.0, 255 * sigma, plane.shape)
    return np.asarray(np.clip(np.rint(noisy), 0, 255), np.uint8)
