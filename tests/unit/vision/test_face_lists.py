"""Hazards of lists of faces: templates nobody asked for, one bad picture decides, a vector that matches everybody."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.vision.test_faces import FRONTAL, FixedNetwork, OneFaceNetwork, frame_of, textured
from vedette.core.errors import InvalidInputError
from vedette.core.watchlists import (
    FaceMark,
    Ground,
    ListKind,
    ListOrder,
    ListSubject,
    MatchState,
    Watchlist,
    WatchlistEntry,
    WatchlistOrder,
)
from vedette.vision.recognize.crop import Crop, make_crop
from vedette.vision.recognize.describer import choose_forms
from vedette.vision.recognize.face_detector import FaceDetector
from vedette.vision.recognize.face_enrolment import choose_enrolled
from vedette.vision.recognize.face_gallery import FaceLists, FaceMatch
from vedette.vision.recognize.face_templates import FACE_TEMPLATES, FACE_TEMPLATES_FORM, FaceTemplateRecognizer
from vedette.vision.recognize.face_terms import MatchTerms, read_terms
from vedette.vision.recognize.face_track import join_sightings, mean_direction
from vedette.vision.recognize.face_traits import EMBEDDING_SIZE, FaceEmbedder
from vedette.vision.recognize.face_watch import FaceWatch
from vedette.vision.recognize.forms import FORMS, GROUPS
from vedette.vision.recognize.records import WHOLE_PICTURE, Described, Record, Sighting, check_described

TERMS = MatchTerms("release-1", unsure=0.4, sure=0.5)
NOON_NS = 1_000


def unit(*head: float) -> NDArray[np.float32]:
    """A (256,) unit vector that begins like this, the rest of its length in a last number."""
    vector = np.zeros(EMBEDDING_SIZE, np.float32)
    vector[: len(head)] = head
    vector[-1] = np.sqrt(max(0.0, 1 - float((vector**2).sum())))
    return vector


def at_angle(cosine: float, axis: int) -> NDArray[np.float32]:
    """A unit vector that has this cosine with the first axis, and leans towards another."""
    vector = np.zeros(EMBEDDING_SIZE, np.float32)
    vector[0], vector[axis] = cosine, np.sqrt(1 - cosine**2)
    return vector


def template_recognizer(points: NDArray[np.float32] = FRONTAL) -> FaceTemplateRecognizer:
    detector = FaceDetector(OneFaceNetwork(160, points=points), 160, 0.6)
    embedder = FaceEmbedder(FixedNetwork(embedding=[3.0] * EMBEDDING_SIZE))
    return FaceTemplateRecognizer({"person": detector, WHOLE_PICTURE: detector}, embedder)


def crop_of(picture: NDArray[np.uint8], class_name: str) -> Crop:
    return make_crop(frame_of(picture), (0.0, 0.0, 1.0, 1.0), class_name)


def test_template_is_made_only_of_a_face_good_enough_and_of_unit_length() -> None:
    [[record]] = template_recognizer().describe([crop_of(textured(320), WHOLE_PICTURE)])
    check_described([Described(0.5, [record])], 1, FORMS)
    assert np.linalg.norm(np.frombuffer(record.vector, np.float32)) == pytest.approx(1.0)
    assert record.jpeg[:3] == b"\xff\xd8\xff"
    dark = (textured(320) // 8).astype(np.uint8)
    [[refused]] = template_recognizer().describe([crop_of(dark, WHOLE_PICTURE)])
    assert (refused.vector, refused.jpeg) == (b"", b"")
    assert template_recognizer().describe([crop_of(dark, "person")]) == [[]]


def test_picture_of_a_camera_is_never_part_of_a_template_record() -> None:
    [[record]] = template_recognizer().describe([crop_of(textured(320), "person")])
    assert (len(record.vector), record.jpeg) == (4 * EMBEDDING_SIZE, b"")


def test_templates_are_no_setting_and_are_not_asked_for_with_the_list_of_faces() -> None:
    assert FACE_TEMPLATES not in GROUPS
    assert set(choose_forms(FORMS, ("faces", FACE_TEMPLATES), ("faces",))) == {"faces"}


@pytest.mark.parametrize(
    "vector",
    [
        np.full(EMBEDDING_SIZE, np.nan, np.float32),
        np.full(EMBEDDING_SIZE, np.inf, np.float32),
        np.full(EMBEDDING_SIZE, 3e38, np.float32),
        unit(1.0) * 1.1,
        np.zeros(EMBEDDING_SIZE, np.float32),
        unit(1.0)[:-1],
        np.append(unit(1.0), np.float32(0)),
    ],
    ids=["nan", "infinite", "overflowing", "long", "zero", "short", "one_too_many"],
)
def test_vector_of_a_taken_over_worker_is_refused(vector: NDArray[np.float32]) -> None:
    record = Record(FACE_TEMPLATES, numbers={"quality": 0.9}, box=(0.1, 0.1, 0.2, 0.2), vector=vector.tobytes())
    with pytest.raises(InvalidInputError):
        check_described([Described(0.5, [record])], 1, FORMS)
    with pytest.raises(InvalidInputError):
        FaceLists([order("wanted", {"a": vector})], TERMS)


def sighting(vector: NDArray[np.float32], quality: float, at_s: float = 0.0) -> Sighting:
    record = Record(FACE_TEMPLATES, numbers={"quality": quality}, box=(0.1, 0.1, 0.2, 0.2), vector=vector.tobytes())
    return Sighting(at_s, 0.5, record)


def test_one_good_moment_or_bad_ones_decide_nothing() -> None:
    assert join_sightings([]) is None
    assert join_sightings([sighting(unit(1.0), 0.9)]) is None
    assert join_sightings([sighting(unit(1.0), 0.9), sighting(unit(0.0), 0.29)]) is None
    template = join_sightings([sighting(unit(1.0), 0.9, 1.0), sighting(unit(0.9), 0.3, 2.5)])
    assert template is not None
    assert (template.quality, template.sightings, template.from_s, template.to_s) == (0.9, 2, 1.0, 2.5)
    assert np.linalg.norm(template.vector) == pytest.approx(1.0)
    assert template.vector @ unit(1.0) > template.vector @ unit(0.9), "the better moment counts more"


def test_opposite_vectors_have_a_mean_that_is_still_a_vector() -> None:
    mean = mean_direction(np.stack([unit(1.0), -unit(1.0)]))
    assert np.isfinite(mean).all()


def person(name: str, release: str = "release-1", to_ns: int | None = None) -> WatchlistEntry:
    mark = FaceMark(name, Ground.CONSENT, "file 7", "2026-01-02", release, 1)
    return WatchlistEntry(name, "asked for", "security", to_ns=to_ns, face=mark)


def watchlist(name: str, cameras: tuple[str, ...] = (), subject: ListSubject = ListSubject.FACES) -> Watchlist:
    return Watchlist(name, name, ListKind.WANTED, subject, "security", "test", cameras=cameras)


def order(
    name: str, people: dict[str, NDArray[np.float32]], cameras: tuple[str, ...] = (), **terms: object
) -> ListOrder:
    templates = b"".join(vector.astype("<f4").tobytes() for vector in people.values())
    return ListOrder(watchlist(name, cameras), tuple(person(who, **terms) for who in people), templates)


def found(lists: FaceLists, vector: NDArray[np.float32], camera: str = "door", at_ns: int = NOON_NS) -> list[object]:
    return [
        (match.watchlist.list_id, match.entry.entry_id, match.similarity, match.threshold, match.state)
        for match in lists.find(camera, vector, at_ns)
    ]


def test_nobody_on_the_list_is_nobody() -> None:
    assert found(FaceLists((), TERMS), unit(1.0)) == []
    assert found(FaceLists([order("wanted", {})], TERMS), unit(1.0)) == []
    strangers = {name: at_angle(cosine, axis) for axis, (name, cosine) in enumerate((("a", 0.39), ("b", -0.9)), 1)}
    assert found(FaceLists([order("wanted", strangers)], TERMS), unit(1.0)) == []


def test_match_is_sure_from_the_upper_threshold_and_unsure_from_the_lower_one() -> None:
    sure = FaceLists([order("wanted", {"a": at_angle(0.6, 1)})], TERMS)
    assert found(sure, unit(1.0)) == [("wanted", "a", 0.6, 0.5, MatchState.SURE)]
    unsure = FaceLists([order("wanted", {"a": at_angle(0.45, 1)})], TERMS)
    assert found(unsure, unit(1.0)) == [("wanted", "a", 0.45, 0.4, MatchState.UNSURE)]


def test_of_a_list_only_the_most_similar_person_and_of_several_lists_one_each() -> None:
    first = order("wanted", {"a": at_angle(0.55, 1), "b": at_angle(0.7, 2), "c": at_angle(0.6, 3)})
    second = order("staff", {"d": at_angle(0.8, 4)})
    names = [row[1] for row in found(FaceLists([first, second], TERMS), unit(1.0))]
    assert names == ["d", "b"]


def test_list_of_other_cameras_says_nothing_and_makes_no_template_there() -> None:
    lists = FaceLists([order("wanted", {"a": at_angle(0.9, 1)}, cameras=("gate",))], TERMS)
    assert (lists.looks_at("gate"), lists.looks_at("door")) == (True, False)
    assert len(found(lists, unit(1.0), "gate")) == 1
    assert found(lists, unit(1.0), "door") == []


def test_expired_person_is_not_matched_and_hides_nobody_who_is_valid() -> None:
    ended = order("wanted", {"a": at_angle(0.9, 1)}, to_ns=NOON_NS)
    assert found(FaceLists([ended], TERMS), unit(1.0)) == []
    assert len(found(FaceLists([ended], TERMS), unit(1.0), at_ns=NOON_NS - 1)) == 1
    both = ListOrder(
        ended.watchlist, (*ended.entries, person("b")), ended.templates + at_angle(0.6, 2).astype("<f4").tobytes()
    )
    assert [row[1] for row in found(FaceLists([both], TERMS), unit(1.0))] == ["b"]


def test_templates_of_another_release_are_left_out_and_counted() -> None:
    lists = FaceLists([order("wanted", {"a": unit(1.0)}, release="release-0")], TERMS)
    assert (len(lists), lists.outdated, lists.looks_at("door")) == (0, 1, False)
    assert found(lists, unit(1.0)) == []


def test_list_that_is_off_or_of_vehicles_is_no_list_of_faces() -> None:
    faces = order("wanted", {"a": unit(1.0)})
    off = replace(faces, watchlist=replace(faces.watchlist, enabled=False))
    vehicles = replace(faces, watchlist=watchlist("cars", subject=ListSubject.VEHICLES))
    assert len(FaceLists([off, vehicles], TERMS)) == 0


def test_templates_that_do_not_fit_the_entries_are_refused() -> None:
    good = order("wanted", {"a": unit(1.0)})
    for templates in (b"", good.templates[:-4], good.templates * 2):
        with pytest.raises(InvalidInputError):
            FaceLists([replace(good, templates=templates)], TERMS)
    with pytest.raises(InvalidInputError):
        FaceLists([good], TERMS).find("door", unit(1.0)[:128], NOON_NS)


def test_templates_do_not_reach_a_log_by_way_of_a_value() -> None:
    secret = order("wanted", {"a": unit(1.0)})
    assert "templates" not in repr(secret)
    assert str(secret.templates)[:20] not in repr(WatchlistOrder("1", (secret,)))


def test_thresholds_that_make_no_sense_or_are_missing_are_refused() -> None:
    for unsure, sure in ((0.6, 0.5), (0.0, 0.5), (0.4, 1.0), (float("nan"), 0.5)):
        with pytest.raises(InvalidInputError):
            MatchTerms("release-1", unsure, sure)
    assert read_terms("release-1", {"match_fmr_1e3": 0.4, "match_fmr_1e4": 0.5}) == TERMS
    with pytest.raises(InvalidInputError, match="match_fmr_1e4"):
        read_terms("release-1", {"match_fmr_1e3": 0.42})


def match(similarity: float, state: MatchState) -> FaceMatch:
    return FaceMatch(watchlist("wanted"), person("p"), similarity, 0.4, state)


def test_person_is_told_once_per_track_and_again_only_when_doubt_became_sure() -> None:
    watch = FaceWatch()
    doubt, sure = match(0.45, MatchState.UNSURE), match(0.6, MatchState.SURE)
    assert [news.is_first for news in watch.push(7, [doubt])] == [True]
    assert watch.push(7, [doubt]) == []
    assert [news.is_first for news in watch.push(7, [sure])] == [False]
    assert watch.push(7, [sure]) == watch.push(7, [doubt]) == []
    assert len(watch.push(8, [sure])) == 1, "another track is another time that somebody came by"
    watch.forget([7])
    assert len(watch.push(7, [sure])) == 1


def face(vector: bytes = b"", **measures: float) -> Record:
    numbers = dict.fromkeys(("size", "sharpness", "pose", "light", "certainty"), 0.9) | measures
    numbers |= {"quality": min(numbers.values())}
    return Record(FACE_TEMPLATES, numbers=numbers, box=(0.1, 0.1, 0.2, 0.2), vector=vector)


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ([], "no_face"),
        ([face(), face()], "several_faces"),
        ([face(size=0.05)], "face_too_small"),
        ([face(sharpness=0.2)], "face_blurred"),
        ([face(pose=0.05)], "face_turned"),
        ([face(light=0.0)], "face_badly_lit"),
        ([face(certainty=0.1)], "face_doubtful"),
    ],
)
def test_picture_that_would_poison_a_list_is_refused_with_its_reason(records: list[Record], code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        choose_enrolled(records)
    assert refused.value.code == code
    assert refused.value.hint


def test_picture_without_a_face_says_what_it_may_be_that_hides_it() -> None:
    blurred = np.asarray(cv2.GaussianBlur(textured(320), (0, 0), 8), np.uint8)
    for picture, words in ((blurred, "blurred"), (textured(320) // 10, "dark"), (textured(24), "small")):
        detector = FaceDetector(OneFaceNetwork(160, 0.1), 160, 0.6)
        embedder = FaceEmbedder(FixedNetwork(embedding=[1.0] * EMBEDDING_SIZE))
        recognizer = FaceTemplateRecognizer({WHOLE_PICTURE: detector}, embedder)
        [records] = recognizer.describe([crop_of(np.asarray(picture, np.uint8), WHOLE_PICTURE)])
        check_described([Described(0.5, records)], 1, FORMS)
        with pytest.raises(InvalidInputError) as refused:
            choose_enrolled(records)
        assert refused.value.code == "no_face"
        assert words in refused.value.hint


def test_grain_of_the_background_is_no_second_face() -> None:
    good = face(unit(1.0).tobytes())
    assert choose_enrolled([good, face(size=0.02), face(sharpness=0.0)]) is good


def test_form_of_templates_is_closed() -> None:
    assert (FACE_TEMPLATES_FORM.vector_size, FACE_TEMPLATES_FORM.labels, FACE_TEMPLATES_FORM.max_text) == (256, {}, 0)
