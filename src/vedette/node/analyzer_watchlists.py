"""Matches the tracks of one camera with the lists, and tells what fits: an event each, at once, with a picture.

The lists are those of the whole analyzer, taken over between two pictures; they are nowhere but in memory.
Decisions: `vedette.watchlists`. Design: docs/design/watchlists.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vedette.core.detections import CLASS_NAMES, MOVING_CLASS, Tracks
from vedette.core.errors import InvalidInputError, VedetteError
from vedette.core.watchlists import ListOrder, WatchlistOrder
from vedette.node.analyzer_events import EventReporter, FindFacts, TakeSnapshot, ToldMatches
from vedette.node.analyzer_pictures import problem, read_body
from vedette.node.watchlist_events import fill_event, find_finding
from vedette.runtime.collection import paused_collection
from vedette.vision.file_jobs import ListGoneError
from vedette.vision.recognize.face_gallery import FaceLists
from vedette.vision.recognize.face_terms import MatchTerms
from vedette.watchlists.track_watch import Sighting, TrackWatch
from vedette.watchlists.vehicles import VehicleLists

MAX_ORDER_BYTES = 128 << 20
TakeOrder = Callable[[WatchlistOrder], Awaitable[None]]


class ListsInForce:
    """The lists that all cameras of this analyzer are matched with."""

    def __init__(self, face_terms: MatchTerms) -> None:
        self._face_terms = face_terms
        self.version = ""
        self.vehicles = VehicleLists()
        self.faces = FaceLists((), face_terms)
        self._orders: dict[str, ListOrder] = {}

    def choose(self, list_ids: Sequence[str]) -> tuple[ListOrder, ...]:
        """Lists by name, for a file that is to be matched with them.

        Raises:
            ListGoneError: one of them is not in force: without it, nothing would be told of whoever is on it.
        """
        missing = [list_id for list_id in list_ids if list_id not in self._orders]
        if missing:
            raise ListGoneError(
                f"{len(missing)} of the lists that the file was to be matched with were removed or switched off since",
                "Upload the file again with the lists that are there.",
            )
        return tuple(self._orders[list_id] for list_id in list_ids)

    async def take(self, order: WatchlistOrder) -> None:
        """Takes over other lists. Made ready beside the streams, then exchanged at once."""
        vehicles, faces = await asyncio.to_thread(_make_ready, order, self._face_terms)
        self.vehicles, self.faces, self.version = vehicles, faces, order.version
        self._orders = {listed.watchlist.list_id: listed for listed in order.lists if listed.watchlist.enabled}


def _make_ready(order: WatchlistOrder, face_terms: MatchTerms) -> tuple[VehicleLists, FaceLists]:
    with paused_collection():
        return VehicleLists(order.lists), FaceLists(order.lists, face_terms)


class CameraWatch:
    """The tracks of one camera and the lists."""

    def __init__(self, camera_id: str, lists: ListsInForce, events: EventReporter) -> None:
        self._camera_id = camera_id
        self._lists = lists
        self._told = ToldMatches(events)
        self._watch = TrackWatch(camera_id)
        self._classes: dict[int, str] = {}
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
            self._watch.forget(track_id)
            self._classes.pop(track_id, None)
        self._told.forget(ended)

    def forget_all(self) -> None:
        """Tracks begin anew, with numbers from one."""
        self._watch = TrackWatch(self._camera_id)
        self._classes.clear()
        self._told.forget_all()

    def _find(self, track_id: int, at_ns: int, facts: FindFacts, *, is_over: bool) -> list[Sighting]:
        object_class = self._classes.get(track_id, MOVING_CLASS)
        return self._watch.look(self._lists.vehicles, track_id, object_class, facts(track_id), at_ns, is_over=is_over)

    async def _tell(self, sighting: Sighting, tracks: Tracks, take: TakeSnapshot, facts: FindFacts) -> None:
        finding = find_finding(sighting, tracks)
        await self._told.tell(sighting.key, finding, tracks, take, facts, fill_event(sighting))


def watchlist_routes(lists: ListsInForce, take: TakeOrder) -> list[Route]:
    """`/watchlists` of the analyzer's socket."""

    async def show(_: Request) -> Response:
        return JSONResponse({"version": lists.version})

    async def put(request: Request) -> Response:
        try:
            body = await read_body(request, MAX_ORDER_BYTES)
            await take(await asyncio.to_thread(parse_order, body))
        except VedetteError as error:
            return problem(error)
        return JSONResponse({"version": lists.version})

    return [Route("/watchlists", show), Route("/watchlists", put, methods=["PUT"])]


def parse_order(body: bytes) -> WatchlistOrder:
    """Raises InvalidInputError: these are none."""
    try:
        with paused_collection():
            return msgspec.json.decode(body, type=WatchlistOrder)
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidInputError(f"these are no lists: {error}") from error
