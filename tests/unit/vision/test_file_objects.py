"""Hazards of telling what a file showed: an interrupted job tells twice, a vector leaves that nobody asked for, what
nobody named is kept, a second of the file becomes a time of day that nobody said.
"""

from dataclasses import replace

import numpy as np
import pytest
from msgspec.structs import replace as change

from vedette.adapters.template_box import SealedTemplateError, TemplateBox
from vedette.core.detections import CLASS_NAMES, MOVING_CLASS
from vedette.core.messages import FileObjectsGone, ObjectSeen
from vedette.core.objects import AttributeValue, ObjectFacts, PlateReading, name_place
from vedette.core.time import NS_PER_S
from vedette.core.watchlists import ListSubject
from vedette.node.file_objects import MAX_OBJECTS, FileObjects
from vedette.node.file_results import FileResults, ObjectRecord
from vedette.testing.clock import SimulatedClock
from vedette.vision.file_jobs import FileJob, JobList, JobMatching, JobSearching, JobTerms
from vedette.vision.recognize.face_track import TrackTemplate
from vedette.vision.recognize.track_appearance import TrackAppearance

BOX = TemplateBox(b"k" * 32)
VECTOR = np.full(256, 1 / 16, np.float32)
JOB = FileJob("01HZZZZZZZZZZZZZZZZZZZZZZZ", "door.mp4", "u", "anna", 100 * NS_PER_S, JobTerms(), release="det-1")
FACED = TrackTemplate(VECTOR, 0.9, 2, 0.0, 1.0, (0.1, 0.1, 0.2, 0.2))
LOOKS = TrackAppearance(VECTOR, "looks-1", 3)


def record(number: int, name: str = "person", plate: str = "", **known: object) -> ObjectRecord:
    reading = PlateReading(plate, 0.9, "read") if plate else None
    attributes = {"upper_colour": AttributeValue("red", 0.8), "hat": AttributeValue("unknown", 0.3)}
    facts = ObjectFacts(number, attributes, reading)
    fresh = ObjectRecord(
        number, CLASS_NAMES.index(name), 0.9, 2.0, 5.0, 1.0, 3.5, (64, 36, 128, 72), b"\xff\xd8\xff", facts
    )
    return replace(fresh, **known)


def tell(job: FileJob, *records: ObjectRecord) -> list[ObjectSeen]:
    told: list[ObjectSeen | FileObjectsGone] = []
    results = FileResults(objects={one.track_id: one for one in records}, size_px=(640, 360))
    FileObjects(told.append, BOX, "faces-1", SimulatedClock()).tell(job, results)
    assert isinstance(told[0], FileObjectsGone), "what was told before is taken back first"
    assert told[0].job_id == job.job_id
    return [one for one in told if isinstance(one, ObjectSeen)]


def test_file_without_objects_only_takes_back_what_was_told() -> None:
    assert tell(JOB) == []


def test_seconds_of_a_file_count_from_when_it_was_brought_unless_somebody_says_when_it_begins() -> None:
    [seen] = tell(JOB, record(7))
    assert (seen.from_ns, seen.to_ns, seen.best_ns) == (102 * NS_PER_S, 105 * NS_PER_S, round(103.5 * NS_PER_S))
    assert seen.file is not None
    assert (seen.file.name, seen.file.is_dated, seen.camera_id) == ("door.mp4", False, "")
    assert (seen.picture, seen.box_norm_xyxy) == ("pictures/track-7.jpg", (0.1, 0.1, 0.2, 0.2))
    assert set(seen.attributes) == {"upper_colour"}
    [dated] = tell(change(JOB, searching=JobSearching([], "A", 7 * NS_PER_S)), record(7))
    assert dated.file is not None
    assert (dated.from_ns, dated.file.is_dated, dated.camera_id) == (9 * NS_PER_S, True, "A")


def test_vectors_leave_only_where_the_job_asked_for_them_and_sealed() -> None:
    whole = record(1, template=FACED, look=LOOKS)
    assert tell(JOB, whole)[0].vectors == ()
    listed = change(JOB, matching=JobMatching([JobList("l", "Wanted", ListSubject.FACES)], "case 12"))
    assert [one.kind for one in tell(listed, whole)[0].vectors] == ["face"]
    [seen] = tell(change(JOB, searching=JobSearching(["appearance", "face"])), whole)
    assert [(one.kind, one.release) for one in seen.vectors] == [("face", "faces-1"), ("appearance", "looks-1")]
    face, looks = seen.vectors
    assert BOX.open(name_place("face", seen.object_id), face.sealed) == VECTOR.tobytes()
    with pytest.raises(SealedTemplateError):
        BOX.open(name_place("face", seen.object_id), looks.sealed)


def test_what_nobody_named_is_told_with_a_plate_or_an_asked_face_alone() -> None:
    assert tell(JOB, record(1, MOVING_CLASS), record(2, MOVING_CLASS, template=FACED)) == []
    assert [one.track_id for one in tell(JOB, record(3, MOVING_CLASS, "51F12345"))] == [3]
    asked = change(JOB, searching=JobSearching(["face"]))
    assert [one.track_id for one in tell(asked, record(1, MOVING_CLASS), record(2, MOVING_CLASS, template=FACED))] == [
        2
    ]


def test_of_very_many_objects_the_surest_are_told() -> None:
    many = [record(number, confidence=0.5 + number / 1e5) for number in range(1, MAX_OBJECTS + 3)]
    told = tell(JOB, *many)
    assert len(told) == MAX_OBJECTS
    assert min(one.track_id for one in told) == 3
