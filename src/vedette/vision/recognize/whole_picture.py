"""Faces found in whole pictures: those that belong to no object. Pure."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from vedette.vision.boxes import iou_matrix
from vedette.vision.recognize.face_track import TrackTemplate, join_sightings
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


def find_lone_templates(sightings: Sequence[Sighting], known: Sequence[TrackTemplate]) -> list[TrackTemplate]:
    """One template per good sighting, best first, without those of faces that overlap a known one."""
    found = [join_sightings([sighting], least=1) for sighting in sightings]
    templates = sorted((template for template in found if template is not None), key=lambda found: -found.quality)
    kept = list(known)
    for template in templates:
        if not _overlaps(template, kept):
            kept.append(template)
    return kept[len(known) :]


class _Placed(Protocol):
    """Something with a box."""

    @property
    def box_norm_xyxy(self) -> tuple[float, float, float, float]: ...


def _overlaps(face: _Placed, others: Sequence[_Placed]) -> bool:
    boxes = np.array([other.box_norm_xyxy for other in others], np.float32).reshape(-1, 4)
    own = np.array([face.box_norm_xyxy], np.float32)
    return bool((iou_matrix(own, boxes) > _SAME_FACE_IOU).any())
