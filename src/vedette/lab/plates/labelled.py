"""Loads labelled photographs for the training of the plate detector."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.lab.plates.detector_samples import LabelledPhoto
from vedette.lab.plates.labels import is_held_out, read_labels

_PLATE_PX = 150
"""Plates are trained at most 115 pixels wide: larger photographs only cost memory."""


def load_labelled_photos(folders: list[Path]) -> list[LabelledPhoto]:
    """Loads labelled pictures with boxes for training, large ones shrunk. Those held out for measuring are left out."""
    photos = []
    for picture in (found for folder in folders for found in read_labels(folder) if not is_held_out(found)):
        boxes = np.array([plate.box_xyxy for plate in picture.plates if plate.box_xyxy], np.float32).reshape(-1, 4)
        image = cv2.imread(str(picture.path), cv2.IMREAD_COLOR)
        if image is None or not len(boxes):
            continue
        photos.append(_shrunk(np.asarray(image, np.uint8), boxes))
    return photos


def _shrunk(image: NDArray[np.uint8], boxes: NDArray[np.float32]) -> LabelledPhoto:
    scale = min(1.0, _PLATE_PX / float((boxes[:, 2] - boxes[:, 0]).max()))
    if scale == 1.0:
        return LabelledPhoto(image, boxes)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return LabelledPhoto(np.asarray(small, np.uint8), boxes * np.float32(scale))
