"""A match with a list as an event: its kind, what explains it, and its words. Pure; for cameras and files alike."""

from collections.abc import Callable
from dataclasses import replace

from vedette.behavior.scene import Box, Finding, Phase
from vedette.core.detections import Tracks
from vedette.core.messages import EventObserved, Measure
from vedette.core.watchlists import MatchState
from vedette.vision.recognize.attribute_forms import VEHICLES_FORM
from vedette.vision.recognize.plate_vote import LEAST_READ
from vedette.watchlists.track_watch import Sighting

_RULE = "watchlist"


def find_finding(sighting: Sighting, tracks: Tracks) -> Finding:
    """A match as rules tell what they find."""
    box, explanation = _find_box(sighting.track_id, tracks), explain(sighting)
    return Finding(
        Phase.INSTANT,
        ":".join(map(str, sighting.key)),
        find_kind(sighting),
        _RULE,
        sighting.at_ns,
        sighting.at_ns,
        sighting.object_class,
        min((measure.value for measure in explanation if measure.measure.endswith("confidence")), default=1.0),
        (sighting.track_id,),
        box=box,
        explanation=explanation,
    )


def find_kind(sighting: Sighting) -> str:
    """A plate's event where a plate decided."""
    is_unlisted = sighting.match.state is MatchState.UNLISTED
    return "plate_read" if is_unlisted or sighting.match.is_by_plate else "vehicle_present"


def explain(sighting: Sighting) -> tuple[Measure, ...]:
    """What was measured against what: of the plate, and of the type and the colour that the entry asks for."""
    at_ns, plate = sighting.at_ns, sighting.facts.plate
    measures = []
    if find_kind(sighting) == "plate_read" and plate is not None:
        is_read = float(plate.state == "read")
        measures += [("plate_confidence", plate.confidence, LEAST_READ), ("plate_read", is_read, 1.0)]
    mark = None if sighting.match.entry is None else sighting.match.entry.vehicle
    for name, wanted in (("type", mark.type if mark else ""), ("colour", mark.colour if mark else "")):
        found = sighting.facts.attributes.get(name)
        if wanted and found is not None:
            measures.append((f"{name}_confidence", found.confidence, VEHICLES_FORM.floors[name]))
    return tuple(Measure(name, value, threshold, at_ns, at_ns) for name, value, threshold in measures)


def describe(sighting: Sighting) -> str:
    """The match in one sentence."""
    match, text = sighting.match.tell(), sighting.seen.plate.text
    if match.state is MatchState.UNLISTED:
        return f"{text} is on no entry of {match.list_name}"
    what = text if find_kind(sighting) == "plate_read" else f"{sighting.seen.colour} {sighting.seen.type}".strip()
    doubts = f" (unsure: {'; '.join(doubt.describe() for doubt in match.doubts)})" if match.doubts else ""
    return f"{what} fits {match.entry} of {match.list_name}: {match.reason}{doubts}"


def fill_event(sighting: Sighting) -> Callable[[EventObserved], EventObserved]:
    match = sighting.match

    def fill(event: EventObserved) -> EventObserved:
        return replace(
            event,
            explanation=explain(sighting),
            severity=match.severity.value,
            match=match.tell(),
            detail=describe(sighting),
        )

    return fill


def _find_box(track_id: int, tracks: Tracks) -> Box | None:
    for row, number in enumerate(tracks.track_id):
        if int(number) == track_id:
            left, top, right, bottom = (float(value) for value in tracks.boxes_norm_xyxy[row])
            return left, top, right, bottom
    return None
