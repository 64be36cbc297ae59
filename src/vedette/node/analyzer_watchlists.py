"""Matches the tracks of one camera with the lists, and tells what fits: an event each, at once, with a picture.

The lists are those of the whole analyzer, taken over between two pictures; they are nowhere but in memory.
Decisions: `vedette.watchlists`. Design: docs/design/watchlists.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vedette.behavior.scene import Box, Finding, Phase
from vedette.core.detections import CLASS_NAMES, MOVING_CLASS, Tracks
from vedette.core.errors import InvalidInputError, VedetteError
from vedette.core.messages import EventObserved, Measure
from vedette.core.watchlists import MatchState, WatchlistOrder
from vedette.node.analyzer_events import EventReporter, FindFacts, TakeSnapshot
from vedette.node.analyzer_pictures import problem, read_body
from vedette.vision.recognize.face_gallery import FaceLists, MatchTerms
from vedette.vision.recognize.plate_vote import LEAST_READ
from vedette.vision.recognize.vehicles import VEHICLES_FORM
from vedette.watchlists.track_watch import Key, Sighting, TrackWatch
from vedette.watchlists.vehicles import VehicleLists

MAX_ORDER_BYTES = 128 << 20
_RULE = "watchlist"
TakeOrder = Callable[[WatchlistOrder], Awaitable[None]]


class ListsInForce:
    """The lists that all cameras of this analyzer are matched with."""

    def __init__(self, face_terms: MatchTerms) -> None:
        self._face_terms = face_terms
        self.version = ""
        self.vehicles = VehicleLists()
        self.faces = FaceLists((), face_terms)

    async def take(self, order: WatchlistOrder) -> None:
        """Takes over other lists. Made ready beside the streams, then exchanged at once."""
        vehicles = await asyncio.to_thread(VehicleLists, order.lists)
        faces = await asyncio.to_thread(FaceLists, order.lists, self._face_terms)
        self.vehicles, self.faces, self.version = vehicles, faces, order.version


class CameraWatch:
    """The tracks of one camera and the lists."""

    def __init__(self, camera_id: str, lists: ListsInForce, events: EventReporter) -> None:
        self._camera_id = camera_id
        self._lists = lists
        self._events = events
        self._watch = TrackWatch(camera_id)
        self._classes: dict[int, str] = {}
        self._event_ids: dict[Key, str] = {}
        self._looked_with = lists.vehicles

    async def look(
        self, asked: Sequence[int], at_ns: int, tracks: Tracks, take: TakeSnapshot, facts: FindFacts
    ) -> None:
        """Looks at the tracks of one picture of which something new is known (`asked`), which wait, or which other
        lists may know.
        """
        rows = {int(number): row for row, number in enumerate(tracks.track_id)}
        self._classes |= {number: CLASS_NAMES[int(tracks.class_id[row])] for number, row in rows.items()}
        due = {*asked, *self._watch.find_overdue(at_ns)}
        if self._looked_with is not self._lists.vehicles:
            self._looked_with = self._lists.vehicles
            due |= rows.keys()
        for track_id in sorted(due & self._classes.keys()):
            for sighting in self._find(track_id, at_ns, facts, is_over=False):
                await self._tell(sighting, tracks, take, facts)

    async def end(self, ended: Sequence[int], at_ns: int, tracks: Tracks, take: TakeSnapshot, facts: FindFacts) -> None:
        """Looks at tracks that are over for the last time."""
        for track_id in ended:
            for sighting in self._find(track_id, at_ns, facts, is_over=True):
                await self._tell(sighting, tracks, take, facts)
            self._forget(track_id)

    def forget_all(self) -> None:
        """Tracks begin anew, with numbers from one."""
        self._watch = TrackWatch(self._camera_id)
        self._classes.clear()
        self._event_ids.clear()

    def _find(self, track_id: int, at_ns: int, facts: FindFacts, *, is_over: bool) -> list[Sighting]:
        object_class = self._classes.get(track_id, MOVING_CLASS)
        return self._watch.look(self._lists.vehicles, track_id, object_class, facts(track_id), at_ns, is_over=is_over)

    def _forget(self, track_id: int) -> None:
        self._watch.forget(track_id)
        self._classes.pop(track_id, None)
        self._event_ids = {key: event_id for key, event_id in self._event_ids.items() if key[0] != track_id}

    async def _tell(self, sighting: Sighting, tracks: Tracks, take: TakeSnapshot, facts: FindFacts) -> None:
        fill = _filler(sighting)
        if event_id := self._event_ids.get(sighting.key):
            self._events.retell(event_id, fill)
        else:
            self._event_ids[sighting.key] = await self._events.report_one(
                find_finding(sighting, tracks), tracks, take, facts, fill
            )


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
    doubts = f" (unsure: {'; '.join(match.doubts)})" if match.doubts else ""
    return f"{what} fits {match.entry} of {match.list_name}: {match.reason}{doubts}"


def _filler(sighting: Sighting) -> Callable[[EventObserved], EventObserved]:
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


def watchlist_routes(lists: ListsInForce, take: TakeOrder) -> list[Route]:
    """`/watchlists` of the analyzer's socket."""

    async def show(_: Request) -> Response:
        return JSONResponse({"version": lists.version})

    async def put(request: Request) -> Response:
        try:
            body = await read_body(request, MAX_ORDER_BYTES)
            await take(await asyncio.to_thread(_parse, body))
        except VedetteError as error:
            return problem(error)
        return JSONResponse({"version": lists.version})

    return [Route("/watchlists", show), Route("/watchlists", put, methods=["PUT"])]


def _parse(body: bytes) -> WatchlistOrder:
    try:
        return msgspec.json.decode(body, type=WatchlistOrder)
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidInputError(f"these are no lists: {error}") from error
