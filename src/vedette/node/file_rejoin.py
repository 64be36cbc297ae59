"""Gives the tracks of one person one number in a file's results, once the file is over and all looks are known.

A file has no hurry: both tracks are compared by all that was seen of them. Decision: `vedette.vision.track.rejoin`.
Rules have seen the tracks as they were followed: an event's times stay, its numbers follow.
"""

from collections.abc import Mapping
from dataclasses import replace

from vedette.core.detections import CLASS_NAMES
from vedette.core.objects import UNKNOWN, ObjectFacts
from vedette.node.file_results import FileResults, ObjectRecord
from vedette.vision.track.rejoin import RejoinPolicy, TrackLife, find_rejoined

_PERSON = CLASS_NAMES.index("person")


def join_tracks(results: FileResults, policy: RejoinPolicy) -> Mapping[int, int]:
    """Joins what is one person; gives each number that is gone, and the one that it became.

    `policy`: as measured with the release that all looks of the file are of.
    """
    people = [record for record in results.objects.values() if record.class_id == _PERSON]
    joined = find_rejoined([_tell_life(record) for record in people], policy)
    for gone in sorted(joined, key=lambda number: results.objects[number].first_s):
        first = results.objects[joined[gone]]
        results.objects[first.track_id] = _join(first, results.objects.pop(gone))
    if joined:
        results.renumber(joined)
    return joined


def _tell_life(record: ObjectRecord) -> TrackLife:
    look = record.look
    boxes = (record.first_box_px, record.last_box_px)
    times = (record.first_s, record.last_s)
    if look is None:
        return TrackLife(record.track_id, *times, *boxes)
    return TrackLife(record.track_id, *times, *boxes, look.vector, look.sightings)


def _join(first: ObjectRecord, then: ObjectRecord) -> ObjectRecord:
    best = max(first, then, key=lambda record: record.best_score)
    return replace(
        best,
        track_id=first.track_id,
        confidence=max(first.confidence, then.confidence),
        first_s=first.first_s,
        last_s=then.last_s,
        facts=_join_facts(first.facts, then.facts),
        template=best.template or first.template or then.template,
    )


def _join_facts(first: ObjectFacts | None, then: ObjectFacts | None) -> ObjectFacts | None:
    """Of each attribute the value that is known, and of two the surer one."""
    if first is None or then is None:
        return first or then
    attributes = dict(first.attributes)
    for name, value in then.attributes.items():
        known = attributes.get(name)
        if known is None or (value.value != UNKNOWN, value.confidence) > (known.value != UNKNOWN, known.confidence):
            attributes[name] = value
    faces = [face for face in (first.face, then.face) if face is not None]
    return replace(first, attributes=attributes, face=max(faces, key=lambda face: face.quality, default=None))
