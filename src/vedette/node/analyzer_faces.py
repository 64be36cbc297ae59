"""Compares the faces of one camera's tracks with the lists, and tells whom they are like: an event each, at once.

Templates of tracks and of lists are in memory only; an event carries the similarity and never a template.
Decisions: `vedette.vision.recognize.face_gallery`, `face_watch`. Design: docs/design/recognition.md.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette.behavior.scene import Finding
from vedette.core.detections import CLASS_NAMES, MOVING_CLASS, Tracks
from vedette.core.errors import VedetteError
from vedette.core.faces import MAX_PICTURE_BYTES
from vedette.core.messages import EventObserved
from vedette.node.analyzer_events import EventReporter, FindFacts, TakeSnapshot, ToldMatches
from vedette.node.analyzer_pictures import problem, read_body
from vedette.node.face_enrolment import PortraitReader
from vedette.node.face_match_events import describe, explain, make_finding, tell_match
from vedette.vision.recognize.face_track import TrackTemplate
from vedette.vision.recognize.face_watch import FaceNews, FaceWatch
from vedette.watchlists.vehicles import grade

if TYPE_CHECKING:
    from vedette.node.analyzer_watchlists import ListsInForce

FindTemplate = Callable[[int], TrackTemplate | None]
"""The template of a track, None while too few good moments of its face are known."""


class CameraFaces:
    """The faces of one camera and the lists."""

    def __init__(self, camera_id: str, lists: "ListsInForce", events: EventReporter) -> None:
        self._camera_id = camera_id
        self._lists = lists
        self._told = ToldMatches(events)
        self._watch = FaceWatch()
        self._looked_with = lists.faces

    async def look(
        self,
        asked: Sequence[int],
        at_ns: int,
        tracks: Tracks,
        take: TakeSnapshot,
        facts: FindFacts,
        find_template: FindTemplate,
    ) -> None:
        """Compares the tracks of one picture of which something new is known (`asked`), or all of it with new lists."""
        rows = {int(number): row for row, number in enumerate(tracks.track_id)}
        due = set(asked)
        if self._looked_with is not self._lists.faces:
            self._looked_with = self._lists.faces
            due |= rows.keys()
        for track_id in sorted(due if len(self._lists.faces) else ()):
            template = find_template(track_id)
            if template is None:
                continue
            matches = await asyncio.to_thread(self._lists.faces.find, self._camera_id, template.vector, at_ns)
            row = rows.get(track_id)
            object_class = MOVING_CLASS if row is None else CLASS_NAMES[int(tracks.class_id[row])]
            for news in self._watch.push(track_id, matches):
                await self._tell(news, template, make_finding(news, template, object_class, at_ns), tracks, take, facts)

    def end(self, ended: Sequence[int]) -> None:
        """Tracks are over."""
        self._watch.forget(ended)
        self._told.forget(ended)

    def forget_all(self) -> None:
        """Tracks begin anew, with numbers from one."""
        self._watch = FaceWatch()
        self._told.forget_all()

    async def _tell(
        self,
        news: FaceNews,
        template: TrackTemplate,
        finding: Finding,
        tracks: Tracks,
        take: TakeSnapshot,
        facts: FindFacts,
    ) -> None:
        release = self._lists.faces.terms.release

        def fill(event: EventObserved) -> EventObserved:
            told = tell_match(news.match, self._lists.faces.terms.sure)
            severity = grade(news.match.watchlist, news.match.state).value
            known = replace(event, severity=severity, match=told, detail=describe(news.match), release=release)
            return replace(known, confidence=news.match.similarity, explanation=explain(news.match, template))

        await self._told.tell(news.key, finding, tracks, take, facts, fill)


def face_routes(reader: PortraitReader) -> list[Route]:
    """`POST /faces/portrait` of the analyzer's socket: a picture in, its face's template out."""

    async def portrait(request: Request) -> Response:
        try:
            face = await reader.read(await read_body(request, MAX_PICTURE_BYTES))
        except VedetteError as error:
            return problem(error)
        return Response(msgspec.msgpack.encode(face), media_type="application/msgpack")

    return [Route("/faces/portrait", portrait, methods=["POST"])]
