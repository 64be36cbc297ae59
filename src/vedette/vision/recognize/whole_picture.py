"""Faces found in whole pictures: those that belong to no object. Pure."""

from collections.abc import Sequence

import numpy as np

from vedette.vision.boxes import iou_matrix
from vedette.vision.recognize.faces_list import FaceFacts, decide_face
from vedette.vision.recognize.records import Sighting

_SAME_FACE_IOU = 0.3


def find_lone_faces(sightings: Sequence[Sighting], known: Sequence[FaceFacts]) -> list[FaceFacts]:
    """One face per sighting, best first, without those that overlap a known one."""
    found = [decide_face(0, [sighting]) for sighting in sightings]
    faces = sorted((face for face in found if face is not None), key=lambda face: -face.quality)
    kept = list(known)
    for face in faces:
        if not _overlaps(face, kept):
            kept.append(face)
    return kept[len(known) :]


def _overlaps(face: FaceFacts, others: Sequence[FaceFacts]) -> bool:
    boxes = np.array([other.box_norm_xyxy for other in others], np.float32).reshape(-1, 4)
    own = np.array([face.box_norm_xyxy], np.float32)
    return bool((iou_matrix(own, boxes) > _SAME_FACE_IOU).any())
