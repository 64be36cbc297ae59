"""Hazards of one number for two tracks in a file's results: a row, event, face or picture that keeps the other."""

import json
from pathlib import Path

import numpy as np

from vedette.core.detections import Tracks
from vedette.core.objects import AttributeValue, FaceSeen, ObjectFacts
from vedette.node.file_rejoin import join_tracks
from vedette.node.file_results import FileResults
from vedette.vision.recognize.faces_list import FaceFacts
from vedette.vision.recognize.track_appearance import TrackAppearance
from vedette.vision.track.rejoin import RejoinPolicy

PERSON, VEHICLE = 0, 1
POLICY = RejoinPolicy(least_alike=0.8, margin=0.02)
LOOK = np.array([1.0, 0.0], np.float32)


def see(results: FileResults, number: int, at_s: float, side: float, class_id: int = PERSON) -> None:
    boxes = np.array([[0.4, 0.4 - side, 0.5, 0.4]], np.float32)
    tracks = Tracks(np.array([number]), boxes, np.array([0.9], np.float32), np.array([class_id], np.int16))
    for row in results.note_tracks(round(at_s * 10) + 1, at_s, tracks, (1000, 1000)):
        results.objects[int(tracks.track_id[row])].jpeg = f"jpeg of {number}".encode()


def end(results: FileResults, number: int, facts: ObjectFacts) -> None:
    record = results.objects[number]
    record.facts, record.look = facts, TrackAppearance(LOOK, "r1", 5)


def shirt(value: str, confidence: float) -> dict[str, AttributeValue]:
    return {"upper_colour": AttributeValue(value, confidence)}


def two_visits(class_id: int = PERSON) -> FileResults:
    results = FileResults()
    for at_s in (0.0, 2.0):
        see(results, 1, at_s, 0.20, class_id)
    for at_s in (6.0, 8.0):
        see(results, 2, at_s, 0.25, class_id)
    face = FaceSeen(0.6, 30.0, "male", None)
    end(results, 1, ObjectFacts(1, shirt("unknown", 0.9)))
    end(results, 2, ObjectFacts(2, shirt("red", 0.7), face=face))
    for number, quality in ((1, 0.2), (2, 0.6)):
        results.faces.append(FaceFacts(number, 1.0, (0.1, 0.1, 0.2, 0.2), quality, None, "unknown", None, 2, b""))
    results.events.append({"kind": "line_crossed", "start_s": 0.0, "track_ids": [2, 1]})
    return results


def test_one_number_everywhere_with_the_best_of_both(tmp_path: Path) -> None:
    results = two_visits()
    assert join_tracks(results, POLICY) == {2: 1}
    results.write(tmp_path)
    [told] = json.loads((tmp_path / "objects.json").read_text())
    assert (told["track_id"], told["first_s"], told["last_s"]) == (1, 0.0, 8.0)
    assert told["attributes"]["upper_colour"] == {"value": "red", "confidence": 0.7}
    assert (tmp_path / told["picture"]).read_bytes() == b"jpeg of 2"
    rows = [line.split(",") for line in (tmp_path / "tracks.csv").read_text().splitlines()]
    assert [(row[0], row[1]) for row in rows] == [("1", "1"), ("21", "1"), ("61", "1"), ("81", "1")]
    [face] = json.loads((tmp_path / "faces.json").read_text())
    assert (face["track_id"], face["quality"]) == (1, 0.6)
    assert json.loads((tmp_path / "events.json").read_text())[0]["track_ids"] == [1]
    assert results.objects[1].facts is not None
    assert results.objects[1].facts.face == FaceSeen(0.6, 30.0, "male", None)


def test_vehicles_and_people_without_looks_are_left_alone() -> None:
    assert join_tracks(two_visits(VEHICLE), POLICY) == {}
    plain = two_visits()
    plain.objects[2].look = None
    assert join_tracks(plain, POLICY) == {}
    assert set(plain.objects) == {1, 2}
