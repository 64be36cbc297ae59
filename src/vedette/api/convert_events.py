"""Events between the house and the wire. Pure."""

from dataclasses import asdict

from vedette.api.features import PREFIX
from vedette.api.schemas.common import utc_text
from vedette.api.schemas.events import AttributeOut, EventOut, FaceOut, MatchOut, MeasureOut, ObjectOut, PlateOut
from vedette.core.objects import ObjectFacts
from vedette.core.time import format_utc
from vedette.core.watchlists import Severity
from vedette.events.records import EventRecord


def event_out(record: EventRecord) -> EventOut:
    """Shows an event. The picture is an address of ours, never a path of the analyzer's."""
    fact = record.fact
    return EventOut(
        id=fact.event_id,
        camera_id=fact.camera_id,
        camera_name=record.camera_name,
        kind=fact.kind,
        from_=format_utc(fact.from_ns),
        to=utc_text(fact.to_ns),
        object_class=fact.object_class,
        confidence=fact.confidence,
        state=record.state.value,
        zone=fact.zone,
        rule_id=fact.rule_id,
        direction=fact.direction,
        box=None if fact.box_norm_xyxy is None else list(fact.box_norm_xyxy),
        picture_url=f"{PREFIX}/events/{fact.event_id}/picture.jpg" if fact.picture else None,
        explanation=[
            MeasureOut(
                measure=measure.measure,
                value=measure.value,
                threshold=measure.threshold,
                from_=format_utc(measure.from_ns),
                to=format_utc(measure.to_ns),
            )
            for measure in fact.explanation
        ],
        release=fact.release,
        acknowledged_by=record.acknowledged_by,
        acknowledged_at=utc_text(record.acknowledged_at_ns),
        note=record.note,
        detail=fact.detail,
        objects=[_object_out(facts) for facts in fact.objects],
        severity="" if not fact.severity else Severity(fact.severity).value,
        match=None if fact.match is None else MatchOut.model_validate(asdict(fact.match)),
    )


def _object_out(facts: ObjectFacts) -> ObjectOut:
    plate, face = facts.plate, facts.face
    return ObjectOut(
        track_id=facts.track_id,
        attributes={
            name: AttributeOut(value=found.value, confidence=found.confidence)
            for name, found in facts.attributes.items()
        },
        plate=None
        if plate is None
        else PlateOut(
            text=plate.text, confidence=plate.confidence, state="read" if plate.state == "read" else "unsure"
        ),
        face=None if face is None else FaceOut.model_validate(asdict(face)),
    )
