"""Hazards of appearance: half a person, two persons, a few pixels; a worker that lies; a mean of one bad picture."""

from pathlib import Path

import numpy as np
import pytest

from vedette.core.detections import Tracks
from vedette.core.errors import InvalidInputError
from vedette.media.planes import PlanarFrame
from vedette.node.appearance_terms import find_rejoin_policy
from vedette.vision import wire
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.picture import to_planes
from vedette.vision.recognize.appearance import AppearanceRecognizer
from vedette.vision.recognize.attribute_forms import APPEARANCE, APPEARANCE_FORM, APPEARANCE_MODELS
from vedette.vision.recognize.crop import Crop
from vedette.vision.recognize.describer import TrackDescriber
from vedette.vision.recognize.records import Described, Record
from vedette.vision.wire import DescribeReply, FrameResult

OURS = {APPEARANCE: "looks-r1"}
INPUT_PX = (128, 256)
FRAME: PlanarFrame = to_planes(np.full((360, 480, 3), 128, np.uint8))


class ScriptedNetwork:
    """Answers one vector, not of unit length, and keeps what it was shown."""

    release = "scripted-r1"

    def __init__(self) -> None:
        self.shown: list[np.ndarray] = []

    def infer(self, tensor: np.ndarray) -> dict[str, np.ndarray]:
        self.shown.append(tensor)
        return {"any": np.arange(256, dtype=np.float32)[None]}


def unit(first: float, second: float) -> bytes:
    vector = np.zeros(256, np.float32)
    vector[:2] = first, second
    return (vector / np.linalg.norm(vector)).astype(np.float32).tobytes()


def describer() -> TrackDescriber:
    return TrackDescriber({APPEARANCE: APPEARANCE_FORM})


def people(*boxes: tuple[float, float, float, float]) -> Tracks:
    count = len(boxes)
    table = np.array(boxes, np.float32).reshape(-1, 4)
    return Tracks(np.arange(1, count + 1), table, np.full(count, 0.9, np.float32), np.zeros(count, np.int16))


RESULT = FrameResult(0, 480, 360, 0.1, b"")
ALONE = (0.4, 0.2, 0.5, 0.6)


def test_every_model_of_looks_has_measured_when_two_tracks_are_one_person() -> None:
    registry = ModelRegistry(Path("none"))
    for manifest in map(registry.find_named, APPEARANCE_MODELS):
        policy = find_rejoin_policy(registry, manifest.release)
        assert manifest.task == "person_embedding"
        assert policy is not None
        assert 0 < policy.margin < policy.least_alike < 1


@pytest.mark.parametrize("release", ["", "person-reid-0287-r0"])
def test_looks_of_a_release_that_nobody_measured_join_nothing(release: str) -> None:
    assert find_rejoin_policy(ModelRegistry(Path("none")), release) is None


def test_person_is_embedded_whole_and_of_unit_length() -> None:
    network = ScriptedNetwork()
    [[record]] = AppearanceRecognizer(network, INPUT_PX).describe([Crop(FRAME, (100, 100, 140, 220), "person")])
    assert network.shown[0].shape == (1, 3, 256, 128)
    assert np.linalg.norm(np.frombuffer(record.vector, np.float32)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("box", "covered"),
    [
        ((100, 100, 110, 220), 0.0),
        ((100, 100, 140, 130), 0.0),
        ((0, 100, 40, 220), 0.0),
        ((100, 0, 140, 120), 0.0),
        ((440, 100, 480, 220), 0.0),
        ((100, 240, 140, 360), 0.0),
        ((100, 100, 140, 220), 0.6),
    ],
    ids=["narrow", "low", "left", "top", "right", "bottom", "covered"],
)
def test_gate_lets_no_part_of_a_person_pass(box: tuple[int, int, int, int], covered: float) -> None:
    network = ScriptedNetwork()
    assert AppearanceRecognizer(network, INPUT_PX).describe([Crop(FRAME, box, "person", covered)]) == [[]]
    assert not network.shown


def test_covered_share_goes_with_the_question() -> None:
    ask = describer().plan(0, RESULT, 1.0, people(ALONE, (0.45, 0.2, 0.55, 0.6), (0.7, 0.2, 0.8, 0.6)), room=8)
    assert ask is not None
    covered = dict(zip(ask.track_ids, (one.covered for one in ask.request.asks), strict=True))
    assert covered == {1: pytest.approx(0.5, abs=1e-3), 2: pytest.approx(0.5, abs=1e-3), 3: 0.0}


def test_look_of_a_track_is_the_weighted_mean_of_its_moments() -> None:
    asked = describer()
    for at_s, sharpness, vector in ((1.0, 0.9, unit(1, 0)), (3.0, 0.3, unit(0, 1))):
        ask = asked.plan(0, RESULT, at_s, people(ALONE), room=2)
        assert ask is not None
        asked.take(ask, wire.encode(DescribeReply([Described(sharpness, [Record(APPEARANCE, vector=vector)])])), OURS)
    look = asked.appearance(1)
    assert look is not None
    assert (look.sightings, look.release, look.vector.dtype) == (2, "looks-r1", np.float32)
    assert np.linalg.norm(look.vector) == pytest.approx(1)
    assert look.vector[0] / look.vector[1] == pytest.approx(3, rel=1e-3)


def test_moments_of_two_releases_are_never_one_mean() -> None:
    asked = describer()
    for at_s, release, vector in (
        (1.0, "looks-r1", unit(1, 0)),
        (2.0, "other-r1", unit(0, 1)),
        (3.0, "other-r1", unit(0, 1)),
    ):
        ask = asked.plan(0, RESULT, at_s, people(ALONE), room=2)
        if ask is not None:
            reply = DescribeReply([Described(0.9, [Record(APPEARANCE, vector=vector)])])
            asked.take(ask, wire.encode(reply), {APPEARANCE: release})
    look = asked.appearance(1)
    assert look is not None
    assert look.release == "other-r1"
    assert look.vector[:2] == pytest.approx([0, 1])


def test_nothing_is_known_of_who_never_passed_the_gate() -> None:
    asked = describer()
    ask = asked.plan(0, RESULT, 1.0, people(ALONE), room=2)
    assert ask is not None
    asked.take(ask, wire.encode(DescribeReply([Described(0.5, [])])), OURS)
    assert asked.appearance(1) is None
    assert asked.appearance(99) is None


@pytest.mark.parametrize("vector", [b"\0" * 8, np.full(256, 1.0, np.float32).tobytes(), b"\xff" * 1024])
def test_vector_of_a_lying_worker_is_refused(vector: bytes) -> None:
    asked = describer()
    ask = asked.plan(0, RESULT, 1.0, people(ALONE), room=2)
    assert ask is not None
    with pytest.raises(InvalidInputError):
        asked.take(ask, wire.encode(DescribeReply([Described(0.5, [Record(APPEARANCE, vector=vector)])])), OURS)
