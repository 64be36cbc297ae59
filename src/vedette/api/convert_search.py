"""Seen objects between the house and the wire. Pure."""

from collections.abc import Sequence
from dataclasses import asdict

from vedette.api.features import PREFIX
from vedette.api.schemas.events import AttributeOut, PlateOut
from vedette.api.schemas.search import ClassWord, SeenInFileOut, SeenObjectOut, StepOut, TravelOut, VisitOut, WayWord
from vedette.core.messages import ObjectSeen
from vedette.core.objects import FileOrigin, PlateReading
from vedette.core.time import NS_PER_S, format_utc
from vedette.identity.permissions import Caller, Permission
from vedette.search.objects import APPEARANCE, FACE, ObjectRecord, has_looks
from vedette.search.ranking import Ranked
from vedette.search.trace import Step, Visit

_CLASSES: dict[str, ClassWord] = {"person": "person", "vehicle": "vehicle", "two_wheeler": "two_wheeler"}


def find_ways(caller: Caller, record: ObjectRecord) -> list[WayWord]:
    """By what of an object this caller may find others like it, the surest first."""
    ways: list[WayWord] = ["plate"] if record.seen.plate is not None else []
    if caller.may(Permission.BIOMETRIC_SEARCH):
        ways += ["face"] if FACE in record.kinds else []
        ways += ["appearance"] if APPEARANCE in record.kinds else []
    return [*ways, "attributes"] if has_looks(record.seen) else ways


def seen_object_out(caller: Caller, row: Ranked, *, is_recorded: bool) -> SeenObjectOut:
    """Shows a found object. Its picture is an address of ours, never a path."""
    record, seen = row.record, row.record.seen
    return SeenObjectOut(
        id=seen.object_id,
        camera_id=seen.camera_id,
        camera_name=record.place_name,
        object_class=_CLASSES.get(seen.object_class, "object"),
        from_=format_utc(seen.from_ns),
        to=format_utc(seen.to_ns),
        best=format_utc(seen.best_ns),
        confidence=round(seen.confidence, 2),
        box=[round(side, 4) for side in seen.box_norm_xyxy],
        attributes={
            name: AttributeOut(value=one.value, confidence=round(one.confidence, 2))
            for name, one in seen.attributes.items()
        },
        plate=None if seen.plate is None else _plate_out(seen.plate),
        picture_url=f"{PREFIX}/search/objects/{seen.object_id}/picture.jpg" if seen.picture else None,
        recorded=is_recorded,
        review=_review_address(seen),
        file=None if seen.file is None else _file_out(seen, seen.file),
        ways=find_ways(caller, record),
        score=row.score,
        verdict=None if row.verdict is None else row.verdict.value,
        doubts=[doubt for doubt in ("plate_unsure", "signs_alike", "attributes_unknown") if doubt in row.doubts],
    )


def step_out(step: Step, shown: SeenObjectOut) -> StepOut:
    travel = step.travel
    if travel is None:
        return StepOut(object=shown, travel=None)
    return StepOut(object=shown, travel=TravelOut.model_validate(asdict(travel)))


def visits_out(visits: Sequence[Visit]) -> list[VisitOut]:
    return [
        VisitOut(
            camera_id=visit.camera_id,
            camera_name=visit.camera_name,
            position=None,
            from_=format_utc(visit.from_ns),
            to=format_utc(visit.to_ns),
            object_ids=list(visit.object_ids),
            plausible=visit.is_plausible,
        )
        for visit in visits
    ]


def _plate_out(plate: PlateReading) -> PlateOut:
    confidence = round(plate.confidence, 2)
    return PlateOut(text=plate.text, confidence=confidence, state="read" if plate.state == "read" else "unsure")


def _file_out(seen: ObjectSeen, file: FileOrigin) -> SeenInFileOut:
    first_s, last_s, best_s = (
        round((at_ns - file.start_ns) / NS_PER_S, 3) for at_ns in (seen.from_ns, seen.to_ns, seen.best_ns)
    )
    return SeenInFileOut(
        job_id=file.job_id, name=file.name, first_s=first_s, last_s=last_s, best_s=best_s, dated=file.is_dated
    )


def _review_address(seen: ObjectSeen) -> str:
    if seen.file is not None:
        return f"/files?job={seen.file.job_id}&at={(seen.best_ns - seen.file.start_ns) / NS_PER_S:.3f}"
    return f"/review?cameras={seen.camera_id}&at={format_utc(seen.best_ns)}"
