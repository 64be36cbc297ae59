"""Hazards of recognition: a worker that lies, moments that say nothing, one picture that decides for a track."""

import numpy as np
import pytest

from vedette.core.detections import Tracks
from vedette.core.errors import InvalidInputError
from vedette.core.objects import AttributeValue
from vedette.media.planes import PlanarFrame
from vedette.vision import wire
from vedette.vision.recognize.crop import make_crop, measure_sharpness
from vedette.vision.recognize.describer import TrackDescriber, check_groups
from vedette.vision.recognize.profile import TrackProfiles
from vedette.vision.recognize.records import Described, Form, Label, Record, check_described
from vedette.vision.recognize.shots import ShotPicker, ShotPolicy, score_moments
from vedette.vision.wire import FrameResult

SHIRTS = Form(
    "shirts",
    "attributes",
    frozenset({"person"}),
    labels={"colour": ("red", "blue")},
    numbers={"size": (0.0, 9.0)},
)
PLATES = Form(
    "plates", "plates", frozenset({"vehicle"}), numbers={"confidence": (0.0, 1.0)}, alphabet="AB12", max_text=4
)
FORMS = {"shirts": SHIRTS, "plates": PLATES}


def tracks(*boxes: tuple[float, float, float, float], ids: tuple[int, ...] = (), class_id: int = 0) -> Tracks:
    count = len(boxes)
    return Tracks(
        np.array(ids or range(1, count + 1), np.int64),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(count, 0.9, np.float32),
        np.full(count, class_id, np.int16),
    )


def shirt(colour: str, confidence: float) -> Record:
    return Record("shirts", labels={"colour": Label(colour, confidence)})


@pytest.mark.parametrize(
    "record",
    [
        Record("unheard_of"),
        Record("shirts", labels={"colour": Label("green", 0.5)}),
        Record("shirts", labels={"taste": Label("red", 0.5)}),
        Record("shirts", labels={"colour": Label("red", 1.5)}),
        Record("shirts", labels={"colour": Label("red", float("nan"))}),
        Record("shirts", numbers={"size": 10.0}),
        Record("shirts", numbers={"size": float("nan")}),
        Record("shirts", numbers={"weight": 1.0}),
        Record("shirts", text="A"),
        Record("shirts", vector=b"1234"),
        Record("shirts", jpeg=b"GIF89a"),
        Record("shirts", jpeg=b"\xff\xd8\xff" + bytes(300 << 10) + b"\xff\xd9"),
        Record("shirts", box=(0.5, 0.1, 0.4, 0.2)),
        Record("shirts", box=(0.0, 0.0, float("nan"), 0.2)),
        Record("plates", text="AB12A"),
        Record("plates", text="<b>"),
    ],
)
def test_record_that_does_not_fit_its_form_is_refused(record: Record) -> None:
    reply = wire.encode(wire.DescribeReply([Described(0.5, [record])]))
    with pytest.raises(InvalidInputError):
        wire.decode_described(reply, 1, FORMS)


def test_answers_for_others_or_too_many_are_refused() -> None:
    fits = Described(0.5, [shirt("red", 0.5)])
    check_described([fits], 1, FORMS)
    for wrong in ([fits, fits], [], [Described(0.5, [shirt("red", 0.5)] * 2)], [Described(1.1, [])]):
        with pytest.raises(InvalidInputError):
            check_described(wrong, 1, FORMS)


def test_unknown_group_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="fases"):
        check_groups(("fases",), ("faces",))


def test_nobody_in_the_picture_asks_nothing() -> None:
    assert ShotPicker().pick(0.0, tracks(), (640, 360), room=3) == []


def test_cut_covered_tiny_and_fast_moments_score_less() -> None:
    whole, cut = score_moments(tracks((0.2, 0.2, 0.4, 0.8), (0.0, 0.2, 0.2, 0.8)), (640, 360), 24)
    assert cut < 0.5 * whole
    behind, front = score_moments(tracks((0.2, 0.2, 0.4, 0.7), (0.3, 0.2, 0.5, 0.8)), (640, 360), 24)
    assert behind < 0.6 * front
    assert score_moments(tracks((0.2, 0.2, 0.22, 0.8)), (640, 360), 24) == [0.0]
    picker = ShotPicker(ShotPolicy(per_picture=1))
    picker.pick(0.0, tracks((0.1, 0.2, 0.2, 0.8), (0.5, 0.2, 0.6, 0.8)), (640, 360), room=0)
    assert picker.pick(0.1, tracks((0.3, 0.2, 0.4, 0.8), (0.5, 0.2, 0.6, 0.8)), (640, 360), room=3) == [1]


def test_looks_are_spread_bounded_and_a_better_moment_is_taken_early() -> None:
    picker = ShotPicker(ShotPolicy(max_asks=5))
    small, large = (0.4, 0.4, 0.5, 0.6), (0.3, 0.3, 0.5, 0.7)
    asked = [step / 10 for step in range(300) if picker.pick(step / 10, tracks(small), (640, 360), room=3)]
    assert asked == [0.0, 0.4, 1.2, 2.8, 6.0]
    picker = ShotPicker()
    assert picker.pick(0.0, tracks(small), (640, 360), room=3) == [0]
    assert picker.pick(0.1, tracks(small), (640, 360), room=3) == []
    assert picker.pick(0.2, tracks(large), (640, 360), room=3) == [0]


def test_busy_worker_is_not_asked_and_the_omission_is_counted() -> None:
    picker = ShotPicker()
    assert picker.pick(0.0, tracks((0.3, 0.3, 0.5, 0.7)), (640, 360), room=0) == []
    assert picker.left_out == 1
    assert picker.pick(0.1, tracks((0.3, 0.3, 0.5, 0.7)), (640, 360), room=1) == [0]


def test_crowd_does_not_get_more_looks_than_the_stream_has() -> None:
    crowd = tracks(*[(0.05 * n, 0.2, 0.05 * n + 0.1, 0.8) for n in range(1, 18)])
    picker = ShotPicker(ShotPolicy(per_s=6.0, per_picture=3))
    asked = sum(len(picker.pick(step / 10, crowd, (1920, 1080), room=8)) for step in range(11))
    assert asked <= 12
    assert picker.left_out > 0


def test_track_decides_not_one_picture_and_disagreement_is_unknown() -> None:
    profiles = TrackProfiles(FORMS)
    profiles.add(1, 0.0, Described(0.1, [shirt("red", 0.95)]), {})
    for at_s in (1.0, 2.0, 3.0):
        profiles.add(1, at_s, Described(0.8, [shirt("blue", 0.8)]), {})
    assert profiles.facts(1).attributes["colour"].value == "blue"
    for at_s in (4.0, 5.0):
        profiles.add(1, at_s, Described(0.8, [shirt("red", 0.8)]), {})
    assert profiles.facts(1).attributes["colour"].value == "unknown"
    assert profiles.facts(2).attributes == {}


def test_plate_is_read_when_readings_agree_and_unsure_when_they_do_not() -> None:
    profiles = TrackProfiles(FORMS)
    for text in ("AB12", "AB12", "AB11"):
        profiles.add(1, 0.0, Described(0.8, [Record("plates", text=text, numbers={"confidence": 0.9})]), {})
    plate = profiles.facts(1).plate
    assert plate is not None
    assert (plate.text, plate.state) == ("AB12", "read")
    profiles.add(1, 0.0, Described(0.8, [Record("plates", text="AB11", numbers={"confidence": 0.9})]), {})
    plate = profiles.facts(1).plate
    assert plate is not None
    assert plate.state == "unsure"


def test_only_switched_on_groups_and_fitting_classes_are_asked() -> None:
    describer = TrackDescriber({"shirts": SHIRTS})
    result = FrameResult(900, 640, 360, 0.1, b"")
    assert describer.plan(7, result, 0.0, tracks((0.3, 0.3, 0.5, 0.7), class_id=1), room=3) is None
    ask = describer.plan(7, result, 0.0, tracks((0.3, 0.3, 0.5, 0.7), ids=(4,)), room=3)
    assert ask is not None
    assert (ask.track_ids, ask.request.groups, ask.request.stream) == ((4,), ["attributes"], 7)
    describer.take(ask, wire.encode(wire.DescribeReply([Described(0.5, [shirt("red", 0.9)])])), {})
    assert describer.facts(4).attributes == {"colour": AttributeValue("red", 0.9)}
    with pytest.raises(InvalidInputError):
        describer.take(ask, wire.encode(wire.DescribeReply([Described(0.5, [Record("plates", text="AB12")])])), {})
    describer.forget((4,))
    assert describer.facts(4).attributes == {}
    assert TrackDescriber({}).plan(7, result, 0.0, tracks((0.3, 0.3, 0.5, 0.7)), room=3) is None


def make_frame(width: int, height: int) -> PlanarFrame:
    luma = (np.mgrid[:height, :width].sum(axis=0) * 16 % 256).astype(np.uint8)
    half = ((height + 1) // 2, (width + 1) // 2)
    return PlanarFrame(0, luma, np.full(half, 128, np.uint8), np.full(half, 128, np.uint8))


@pytest.mark.parametrize(
    ("box", "size"),
    [((0.0, 0.0, 1.0, 1.0), (65, 33)), ((0.5, 0.5, 0.5, 0.5), (2, 2)), ((0.99, 0.99, 1.0, 1.0), (2, 2))],
)
def test_crop_of_odd_or_empty_places_has_its_exact_size(
    box: tuple[float, float, float, float], size: tuple[int, int]
) -> None:
    crop = make_crop(make_frame(65, 33), box, "person")
    assert crop.image_bgr.shape == (size[1], size[0], 3)
    assert 0.0 <= measure_sharpness(crop) <= 1.0


def test_crop_shows_the_pixels_of_its_place() -> None:
    frame = make_frame(64, 64)
    frame.y[20:30, 11:21] = 235
    crop = make_crop(frame, (11 / 64, 20 / 64, 21 / 64, 30 / 64), "person")
    assert crop.image_bgr.min() > 250
    assert crop.cut((-5, -5, 3, 3)).shape == (3, 3, 3)
