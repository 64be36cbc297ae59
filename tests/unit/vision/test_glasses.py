"""Hazards of glasses: told of faces too small to show them, by one picture alone, by its light, of the wrong place."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.vision.test_faces import FRONTAL, FixedNetwork, OneFaceNetwork, frame_of, textured
from vedette.core.objects import UNKNOWN, AttributeValue
from vedette.vision.recognize.crop import make_crop
from vedette.vision.recognize.face_align import ALIGNED_PX, align_face
from vedette.vision.recognize.face_detector import FaceDetector
from vedette.vision.recognize.faces import FACES_FORM, FaceRecognizer
from vedette.vision.recognize.faces_list import decide_face
from vedette.vision.recognize.forms import FORMS
from vedette.vision.recognize.glasses import STRIP_WH, GlassesJudge, cut_eyes
from vedette.vision.recognize.profile import TrackProfiles
from vedette.vision.recognize.records import WHOLE_PICTURE, Described, Label, Record, Sighting, check_described
from vedette.vision.recognize.words import say_facts


def test_the_strip_holds_the_eyes_and_forgets_the_light() -> None:
    face = np.full((200, 200, 3), 120, np.uint8)
    points = np.array([[70, 90], [130, 90], [100, 120], [76, 150], [124, 150]], np.float32)
    for x, y in points[:2]:
        cv2.circle(face, (int(x), int(y)), 8, (10, 10, 10), -1)
    cv2.circle(face, (100, 150), 20, (250, 250, 250), -1)  # the mouth is outside
    strip = cut_eyes(align_face(face, points))
    assert strip.shape == (*STRIP_WH[::-1], 1)
    dark = strip[..., 0] < -1
    columns, rows = np.flatnonzero(dark.any(axis=0)), np.flatnonzero(dark.any(axis=1))
    assert (columns.min() < 20, columns.max() > 44, 8 < rows.mean() < 20) == (True, True, True)
    assert strip.max() < 1.5, "no mouth"
    dim = cut_eyes(align_face((face // 3).astype(np.uint8), points))
    np.testing.assert_allclose(dim, strip, atol=0.1)
    flat = cut_eyes(np.full((ALIGNED_PX, ALIGNED_PX, 3), 90, np.uint8))
    assert not flat.any()


class _Asked(FixedNetwork):
    def __init__(self, worn: float) -> None:
        super().__init__(worn=[float(np.log(worn / (1 - worn)))])
        self.strips: list[NDArray[np.float32]] = []

    def infer(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        self.strips.append(tensor)
        return super().infer(tensor)


def describe(network: _Asked, side: int) -> Record:
    """Of a picture in which a face takes a fifth, or 21 px where the picture is small."""
    detector = FaceDetector(OneFaceNetwork(160, points=FRONTAL), 160, 0.6, 1.5)
    recognizer = FaceRecognizer({WHOLE_PICTURE: detector}, None, None, GlassesJudge(network))
    crop = make_crop(frame_of(textured(side)), (0.0, 0.0, 1.0, 1.0), WHOLE_PICTURE)
    [[record]] = recognizer.describe([crop])
    check_described([Described(0.5, [record])], 1, {"faces": FACES_FORM})
    return record


@pytest.mark.parametrize(("worn", "label"), [(0.97, Label("yes", 0.97)), (0.2, Label("no", 0.8))])
def test_a_face_of_some_size_says_whether_it_wears_glasses(worn: float, label: Label) -> None:
    network = _Asked(worn)
    assert describe(network, 320).labels == {"glasses": label}
    assert network.strips[0].shape == (1, *STRIP_WH[::-1], 1)
    small = _Asked(worn)
    assert describe(small, 100).labels == {}
    assert small.strips == []


def sighting(value: str, confidence: float, quality: float = 0.5) -> Sighting:
    labels = {"glasses": Label(value, confidence)} if value else {}
    return Sighting(1.0, 0.5, Record("faces", labels, {"quality": quality}, (0.1, 0.1, 0.2, 0.2)))


def test_the_track_decides_and_contradiction_is_unknown() -> None:
    def decide(*sightings: Sighting) -> AttributeValue | None:
        face = decide_face(7, sightings)
        assert face is not None
        return face.glasses

    assert decide(sighting("yes", 0.9), sighting("yes", 0.8)) == AttributeValue("yes", 0.85)
    mixed = decide(sighting("yes", 0.9), sighting("no", 0.9), sighting("yes", 0.9))
    assert mixed is not None
    assert mixed.value == UNKNOWN
    assert decide(sighting("", 0.0)) is None


def test_glasses_are_an_attribute_of_the_person_and_said_in_words() -> None:
    profiles = TrackProfiles(FORMS)
    records = [Record("faces", {"glasses": Label("yes", 0.95)}, {"quality": 0.6}, (0.1, 0.1, 0.2, 0.2))]
    profiles.add(3, 1.0, Described(0.5, records), {})
    profiles.add(4, 1.0, Described(0.5, [Record("faces", {}, {"quality": 0.6}, (0.1, 0.1, 0.2, 0.2))]), {})
    facts = profiles.facts(3)
    assert facts.attributes == {"glasses": AttributeValue("yes", 0.95)}
    assert say_facts(facts) == ["glasses"]
    assert profiles.facts(4).attributes == {}, "never looked for, so nothing is said"
