"""Hazards of faces: poisoned libraries (blurred, tiny, dark, turned crops), mirrored faces, figures that flatter."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vedette.core.objects import UNKNOWN
from vedette.media.planes import PlanarFrame
from vedette.vision.recognize.crop import Crop, make_crop
from vedette.vision.recognize.face_align import ALIGNED_PX, align_face, fit_similarity
from vedette.vision.recognize.face_detector import FaceDetector, TwoScaleFaceDetector
from vedette.vision.recognize.face_protocol import find_rank1, verify_all_pairs
from vedette.vision.recognize.face_quality import QualityPolicy, judge_face, measure_detail, measure_turn
from vedette.vision.recognize.face_traits import AgeSexEstimator, LivenessJudge, plan_surroundings
from vedette.vision.recognize.faces import FACES_FORM, FaceRecognizer, place_face, plan_search
from vedette.vision.recognize.faces_list import decide_face
from vedette.vision.recognize.records import WHOLE_PICTURE, Described, Label, Record, Sighting, check_described
from vedette.vision.recognize.whole_picture import find_lone_faces

FRONTAL = np.array([[30, 40], [70, 40], [50, 62], [34, 82], [66, 82]], np.float32)
POLICY = QualityPolicy()


def textured(side: int = 100) -> NDArray[np.uint8]:
    """(side, side, 3) detail at every scale, as skin, hair and eyes have it."""
    noise = np.random.default_rng(3)
    picture = np.zeros((side, side), np.float32)
    for cells, share in ((4, 40), (12, 30), (side, 18)):
        layer = noise.standard_normal((cells, cells)).astype(np.float32)
        picture += share * cv2.resize(layer, (side, side), interpolation=cv2.INTER_CUBIC)
    gray = np.clip(picture + 128, 0, 255).astype(np.uint8)
    return np.repeat(gray[:, :, None], 3, axis=2)


def test_good_face_passes_and_blurred_tiny_dark_and_turned_ones_do_not() -> None:
    face = textured()
    good = judge_face(face, FRONTAL, 0.9, POLICY)
    assert good.may_match(POLICY), good
    blurred = judge_face(np.asarray(cv2.GaussianBlur(face, (0, 0), 5), np.uint8), FRONTAL, 0.9, POLICY)
    assert (blurred.may_match(POLICY), blurred.weakest) == (False, "blurred")
    tiny = judge_face(
        np.asarray(cv2.resize(face, (18, 18), interpolation=cv2.INTER_AREA), np.uint8), FRONTAL, 0.9, POLICY
    )
    assert (tiny.may_match(POLICY), tiny.weakest) == (False, "tiny")
    dark = judge_face((face // 8).astype(np.uint8), FRONTAL, 0.9, POLICY)
    assert (dark.may_match(POLICY), dark.weakest) == (False, "badly lit")
    profile = FRONTAL.copy()
    profile[[0, 1, 3, 4], 0] = 50 + (profile[[0, 1, 3, 4], 0] - 50) * 0.4
    profile[2, 0] = 64
    turned = judge_face(face, profile, 0.9, POLICY)
    assert (turned.may_match(POLICY), turned.weakest) == (False, "turned")


def test_detail_of_a_flat_picture_is_none() -> None:
    assert measure_detail(np.full((40, 40), 90, np.uint8)) == 0.0


def test_tilted_head_is_not_taken_for_a_turned_one() -> None:
    angle = np.deg2rad(30)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    assert abs(measure_turn(FRONTAL @ turn.T) - measure_turn(FRONTAL)) < 1e-3


def test_alignment_undoes_turn_and_scale_and_never_mirrors() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    angle, centre = np.deg2rad(25), np.array([100, 100], np.float32)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    points = (FRONTAL - 60) @ turn.T * 1.5 + centre
    cv2.circle(image, (int(points[0, 0]), int(points[0, 1])), 6, (255, 255, 255), cv2.FILLED)
    aligned = align_face(image, points.astype(np.float32))
    y, x = np.argwhere(aligned[:, :, 0] > 128).mean(axis=0)
    assert aligned.shape == (ALIGNED_PX, ALIGNED_PX, 3)
    assert abs(x - 0.3156 * ALIGNED_PX) < 4
    assert abs(y - 0.4616 * ALIGNED_PX) < 4
    swapped = fit_similarity(points[[1, 0, 2, 4, 3]].astype(np.float64), FRONTAL.astype(np.float64))
    assert np.linalg.det(swapped[:, :2]) > 0


class OneFaceNetwork:
    """Answers with one face in the cell of stride 16 at (4, 3), two strides wide, score 0.9."""

    release = "one-face"

    def __init__(self, side_px: int, score: float = 0.9, points: NDArray[np.float32] = FRONTAL) -> None:
        self._side_px, self._score, self._points = side_px, score, points

    def infer(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        assert tensor.shape == (1, 3, self._side_px, self._side_px)
        outputs = {}
        for stride in (8, 16, 32):
            cells = self._side_px // stride
            for name, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
                outputs[f"{name}_{stride}"] = np.zeros((1, cells * cells, width), np.float32)
        cell = 3 * (self._side_px // 16) + 4
        outputs["cls_16"][0, cell] = outputs["obj_16"][0, cell] = self._score
        outputs["bbox_16"][0, cell] = [0.5, 0.5, np.log(2), np.log(2)]
        outputs["kps_16"][0, cell] = ((self._points - 50) / 50).reshape(-1) + 0.5
        return outputs


class FixedNetwork:
    """Answers the same always."""

    release = "fixed"

    def __init__(self, **outputs: list[float]) -> None:
        self._outputs = {name: np.array([values], np.float32) for name, values in outputs.items()}

    def infer(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        return self._outputs


def test_detector_gives_pixels_of_the_image_it_was_given() -> None:
    found = FaceDetector(OneFaceNetwork(160), 160, 0.6).detect(np.zeros((80, 160, 3), np.uint8))
    np.testing.assert_allclose(found.boxes, [[56, 0, 88, 32]], atol=0.01)
    assert found.scores == pytest.approx([0.9])
    halved = FaceDetector(OneFaceNetwork(160), 160, 0.6).detect(np.zeros((320, 320, 3), np.uint8))
    np.testing.assert_allclose(halved.boxes, [[112, 80, 176, 144]], atol=0.01)
    assert len(FaceDetector(OneFaceNetwork(160, 0.5), 160, 0.6).detect(np.zeros((9, 9, 3), np.uint8))) == 0


def test_small_pictures_are_enlarged_as_far_as_the_model_wants() -> None:
    """Its one face is always 32 px in the middle of its input: in a picture shown larger it is smaller."""
    picture = np.zeros((40, 80, 3), np.uint8)
    for most, side in ((1.0, 32.0), (1.5, 32 / 1.5), (9.0, 16.0)):
        found = FaceDetector(OneFaceNetwork(160), 160, 0.6, most).detect(picture)
        np.testing.assert_allclose(found.boxes[:, 2:] - found.boxes[:, :2], [[side, side]], atol=0.01)


def test_small_faces_are_taken_from_the_enlarged_picture_and_large_ones_from_the_plain() -> None:
    """A tenth of the plain input is small, so the 32 px of the plain one and what 1.5 times make of them are large."""
    picture = np.zeros((160, 160, 3), np.uint8)
    plain = FaceDetector(OneFaceNetwork(160), 160, 0.6)
    found = TwoScaleFaceDetector(plain, FaceDetector(OneFaceNetwork(240), 240, 0.6, 1.5)).detect(picture)
    assert (found.boxes[:, 2] - found.boxes[:, 0]).tolist() == pytest.approx([32.0])
    small = TwoScaleFaceDetector(plain, FaceDetector(OneFaceNetwork(480), 480, 0.6, 3.0)).detect(picture)
    assert sorted((small.boxes[:, 2] - small.boxes[:, 0]).tolist()) == pytest.approx([32 / 3, 32.0])
    assert small.points.shape == (2, 5, 2)


def make_recognizer(
    prob: list[float], age: float, live: LivenessJudge | None = None, points: NDArray[np.float32] = FRONTAL
) -> FaceRecognizer:
    detector = FaceDetector(OneFaceNetwork(160, points=points), 160, 0.6)
    estimator = AgeSexEstimator(FixedNetwork(prob=prob, age_conv3=[age / 100]))
    return FaceRecognizer({"person": detector, WHOLE_PICTURE: detector}, estimator, live)


def frame_of(picture: NDArray[np.uint8]) -> PlanarFrame:
    half = ((picture.shape[0] + 1) // 2, (picture.shape[1] + 1) // 2)
    grey = np.full(half, 128, np.uint8)
    return PlanarFrame(0, np.ascontiguousarray(picture[:, :, 0]), grey, grey)


def whole_crop(side: int) -> Crop:
    return make_crop(frame_of(textured(side)), (0.0, 0.0, 1.0, 1.0), WHOLE_PICTURE)


def test_small_face_says_nothing_of_age_and_sex_and_children_nothing_of_sex() -> None:
    [[small]] = make_recognizer([0.05, 0.95], 40).describe([whole_crop(140)])
    assert ("age" in small.numbers, small.labels) == (True, {"sex": Label("male", 0.95)})
    assert small.numbers["quality"] >= POLICY.list_floor
    [[child]] = make_recognizer([0.05, 0.95], 7).describe([whole_crop(320)])
    assert (child.numbers["age"], child.labels) == (7.0, {})
    [[unsure]] = make_recognizer([0.45, 0.55], 40).describe([whole_crop(320)])
    assert unsure.labels == {}
    check_described([Described(0.5, [small, child, unsure])], 1, {"faces": FACES_FORM})
    assert small.jpeg[:3] == b"\xff\xd8\xff"


def test_blurred_face_is_not_listed() -> None:
    blurred = np.asarray(cv2.GaussianBlur(textured(320), (0, 0), 8), np.uint8)
    crop = make_crop(frame_of(blurred), (0.0, 0.0, 1.0, 1.0), WHOLE_PICTURE)
    assert make_recognizer([0.1, 0.9], 40).describe([crop]) == [[]]


def test_face_in_profile_is_listed_but_neither_matched_nor_guessed_at() -> None:
    profile = FRONTAL.copy()
    profile[:, 0] = [60, 66, 75, 60, 64]
    quality = judge_face(textured(), profile, 0.9, POLICY)
    assert quality.may_be_listed(POLICY)
    assert not quality.may_match(POLICY)
    recognizer = make_recognizer([0.05, 0.95], 40, points=profile)
    [[face]] = recognizer.describe([whole_crop(320)])
    assert (face.numbers["quality"], "age" in face.numbers, face.labels) == (POLICY.least, False, {})


def test_back_of_a_head_is_never_matched() -> None:
    doubtful = judge_face(textured(), FRONTAL, 0.79, POLICY)
    assert (doubtful.may_match(POLICY), doubtful.weakest) == (False, "doubtful")


def test_liveness_is_the_mean_of_both_networks() -> None:
    judge = LivenessJudge([FixedNetwork(prob=[0.1, 0.8, 0.1]), FixedNetwork(prob=[0.5, 0.2, 0.3])])
    [[face]] = make_recognizer([0.1, 0.9], 40, judge).describe([whole_crop(320)])
    assert face.numbers["live"] == 0.5


def test_surroundings_stay_in_the_picture_and_keep_the_face() -> None:
    for face in ((0, 0, 40, 40), (600, 320, 640, 360), (300, 100, 500, 330)):
        left, top, right, bottom = plan_surroundings(face, (640, 360), 4.0)
        assert left >= 0
        assert top >= 0
        assert right <= 641
        assert bottom <= 361
        assert left <= face[0] + 1
        assert right >= face[2] - 1


def test_head_region_of_a_person_is_searched_and_a_face_outside_the_picture_is_dropped() -> None:
    crop = make_crop(frame_of(textured(400)), (0.25, 0.0, 0.5, 1.0), "person")
    assert plan_search(crop) == (90, -20, 210, 200)
    assert place_face(np.array([-50, -50, -20, -20], np.float32), (0, 0, 100, 100), (640, 360)) is None


def sighting(
    at_s: float, quality: float, age: float | None = 30.0, sex: str = "female", confidence: float = 0.9
) -> Sighting:
    numbers = {"quality": quality} | ({} if age is None else {"age": age})
    labels = {"sex": Label(sex, confidence)} if sex else {}
    return Sighting(at_s, 0.5, Record("faces", labels, numbers, (0.1, 0.1, 0.2, 0.2), jpeg=b"\xff\xd8\xff\xff\xd9"))


def test_face_is_decided_over_its_track_and_contradiction_is_unknown() -> None:
    face = decide_face(7, [sighting(1.0, 0.3), sighting(2.0, 0.9, 40.0), sighting(3.0, 0.2, None, "")])
    assert face is not None
    assert (face.track_id, face.at_s, face.quality, face.sex, face.sightings) == (7, 2.0, 0.9, "female", 3)
    assert face.age is not None
    assert 35 < face.age < 40
    mixed = decide_face(7, [sighting(1.0, 0.5, 10.0), sighting(2.0, 0.5, 70.0, "male")])
    assert mixed is not None
    assert (mixed.sex, mixed.age, mixed.live) == (UNKNOWN, None, None)
    assert decide_face(7, []) is None


def test_face_of_a_tracked_person_is_not_listed_twice() -> None:
    known = decide_face(7, [sighting(0.0, 0.5)])
    assert known is not None
    elsewhere = Sighting(0.0, 0.5, Record("faces", {}, {"quality": 0.4}, (0.6, 0.6, 0.7, 0.7)))
    assert [face.box_norm_xyxy[0] for face in find_lone_faces([sighting(0.0, 0.6), elsewhere], [known])] == [0.6]
    assert find_lone_faces([], [known]) == []


def test_undetected_faces_count_as_rejections_and_never_as_matches() -> None:
    people = np.array([0, 0, 1, 1], np.int64)
    sound = np.array([[1, 0], [0.99, 0.14], [0, 1], [0.14, 0.99]], np.float32)
    assert verify_all_pairs(sound, people).equal_error_rate()[0] == 0.0
    blind = sound.copy()
    blind[1] = np.nan
    pairs = verify_all_pairs(blind, people)
    assert pairs.genuine[0] == -np.inf
    assert pairs.equal_error_rate()[0] > 0.2
    assert find_rank1(sound[[0, 2]], people[[0, 2]], blind[[1, 3]], people[[1, 3]]) == 0.5
    assert find_rank1(blind[[1]], people[[1]], sound[[0]], people[[0]]) == 0.0


def test_rate_that_the_data_cannot_show_is_not_claimed() -> None:
    people = np.array([0, 0, 1, 1], np.int64)
    rows = np.eye(4, dtype=np.float32)
    assert verify_all_pairs(rows, people).tar_at_far(1e-3) is None
    assert verify_all_pairs(rows, people).tar_at_far(0.5) == 0.0
