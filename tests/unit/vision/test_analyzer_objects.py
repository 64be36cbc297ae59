"""Hazards: what stays all day is never found, a vector leaves in clear or opens for another object, what nobody named
is kept, a lost camera's objects are lost with it.
"""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from vedette.adapters.template_box import SealedTemplateError, TemplateBox
from vedette.core.detections import CLASS_NAMES, Tracks
from vedette.core.messages import BusMessage, ObjectSeen
from vedette.core.objects import AttributeValue, ObjectFacts, PlateReading, name_place
from vedette.core.time import NS_PER_S
from vedette.node.analyzer_events import EventOrigin, PictureStore
from vedette.node.analyzer_objects import FACE, CameraObjects
from vedette.testing.clock import SimulatedClock
from vedette.vision.recognize.face_track import TrackTemplate
from vedette.vision.recognize.track_appearance import TrackAppearance

JPEG = b"\xff\xd8\xff-a-picture-\xff\xd9"
BOX = TemplateBox(b"k" * 32)
VECTOR = np.full(256, 1 / 16, np.float32)
SIZE = (640, 360)


class Recorder:
    def __init__(self) -> None:
        self.told: list[ObjectSeen] = []

    def publish_nowait(self, message: BusMessage) -> None:
        assert isinstance(message, ObjectSeen)
        self.told.append(message)

    async def flush(self) -> None:
        pass


class KnownTracks:
    """Says of every track the same."""

    def __init__(
        self, facts: ObjectFacts, template: TrackTemplate | None = None, looks: TrackAppearance | None = None
    ) -> None:
        self._facts, self._template, self._looks = facts, template, looks

    def facts(self, track_id: int) -> ObjectFacts:
        return self._facts

    def template(self, track_id: int) -> TrackTemplate | None:
        return self._template

    def appearance(self, track_id: int) -> TrackAppearance | None:
        return self._looks


PLAIN = KnownTracks(ObjectFacts(1))
FACED = KnownTracks(ObjectFacts(1), TrackTemplate(VECTOR, 0.9, 2, 0.0, 1.0, (0.1, 0.1, 0.2, 0.2)))


def one(class_name: str = "person", side: float = 0.3) -> Tracks:
    return Tracks(
        np.array([1], np.int64),
        np.array([[0.2, 0.2, 0.2 + side, 0.2 + side]], np.float32),
        np.array([0.9], np.float32),
        np.array([CLASS_NAMES.index(class_name)], np.int16),
    )


async def take(crop: tuple[float, float, float, float]) -> bytes:
    return JPEG


def make(folder: Path) -> tuple[CameraObjects, Recorder]:
    out = Recorder()
    origin = EventOrigin("A", "detector-1", "abc")
    return CameraObjects(origin, out, PictureStore(folder), BOX, "faces-1", SimulatedClock()), out


async def test_what_stays_is_told_each_minute_under_one_id(tmp_path: Path) -> None:
    objects, out = make(tmp_path)
    for second in range(0, 150, 5):
        await objects.look(second * NS_PER_S, one(), SIZE, take, PLAIN)
    await objects.end((1,), PLAIN)
    assert [seen.to_ns // NS_PER_S for seen in out.told] == [60, 120, 145]
    assert len({seen.object_id for seen in out.told}) == 1
    assert (tmp_path / out.told[0].picture).read_bytes() == JPEG


async def test_ended_track_is_told_once(tmp_path: Path) -> None:
    objects, out = make(tmp_path)
    await objects.look(0, one(), SIZE, take, PLAIN)
    await objects.end((1,), PLAIN)
    await objects.end((1, 7), PLAIN)
    objects.end_all(PLAIN)
    assert len(out.told) == 1


async def test_lost_camera_tells_what_was_there(tmp_path: Path) -> None:
    objects, out = make(tmp_path)
    await objects.look(0, one(), SIZE, take, PLAIN)
    objects.end_all(PLAIN)
    [seen] = out.told
    assert (tmp_path / seen.picture).read_bytes() == JPEG


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (PLAIN, 0),
        (KnownTracks(ObjectFacts(1, plate=PlateReading("", 0.1, "unsure"))), 0),
        (KnownTracks(ObjectFacts(1, plate=PlateReading("51F12345", 0.9, "read"))), 1),
        (FACED, 1),
    ],
)
async def test_moving_thing_is_told_only_when_something_says_which(
    tmp_path: Path, known: KnownTracks, told: int
) -> None:
    objects, out = make(tmp_path)
    await objects.look(0, one("object"), SIZE, take, known)
    await objects.end((1,), known)
    assert len(out.told) == told


async def test_no_picture_is_asked_for_of_what_nobody_named(tmp_path: Path) -> None:
    asked = []

    async def count(crop: tuple[float, float, float, float]) -> bytes:
        asked.append(crop)
        return JPEG

    objects, _ = make(tmp_path)
    await objects.look(0, one("object"), SIZE, count, PLAIN)
    assert asked == []
    await objects.look(NS_PER_S, one("object"), SIZE, count, FACED)
    assert len(asked) == 1


async def test_vector_leaves_sealed_for_its_object_alone(tmp_path: Path) -> None:
    objects, out = make(tmp_path)
    await objects.look(0, one(), SIZE, take, FACED)
    await objects.end((1,), FACED)
    [seen] = out.told
    [vector] = seen.vectors
    assert (vector.kind, vector.release) == (FACE, "faces-1")
    assert VECTOR.tobytes()[:32] not in msgspec.json.encode(seen)
    assert vector.sealed not in repr(seen)
    assert BOX.open(name_place(FACE, seen.object_id), vector.sealed) == VECTOR.tobytes()
    with pytest.raises(SealedTemplateError):
        BOX.open(name_place(FACE, "another"), vector.sealed)


async def test_face_and_appearance_are_each_sealed_for_themselves(tmp_path: Path) -> None:
    known = KnownTracks(ObjectFacts(1), FACED.template(1), TrackAppearance(VECTOR[::-1].copy(), "people-2", 3))
    objects, out = make(tmp_path)
    await objects.look(0, one(), SIZE, take, known)
    await objects.end((1,), known)
    [seen] = out.told
    assert [(vector.kind, vector.release) for vector in seen.vectors] == [
        ("face", "faces-1"),
        ("appearance", "people-2"),
    ]
    with pytest.raises(SealedTemplateError):
        BOX.open(name_place(FACE, seen.object_id), seen.vectors[1].sealed)


async def test_unknown_attributes_are_left_out_and_the_best_moment_kept(tmp_path: Path) -> None:
    attributes = {"hat": AttributeValue("unknown", 0.6), "upper_colour": AttributeValue("red", 0.8)}
    known = KnownTracks(ObjectFacts(1, attributes))
    objects, out = make(tmp_path)
    for second, side in enumerate((0.2, 0.5, 0.1)):
        await objects.look(second * NS_PER_S, one(side=side), SIZE, take, known)
    await objects.end((1,), known)
    [seen] = out.told
    assert set(seen.attributes) == {"upper_colour"}
    assert (seen.from_ns, seen.best_ns, seen.to_ns) == (0, NS_PER_S, 2 * NS_PER_S)
