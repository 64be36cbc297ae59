"""Turns what rules find into facts on the bus, with a snapshot each; and motion into spans for the timeline."""

import asyncio
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vedette.behavior.scene import Box, Finding, Phase
from vedette.core.detections import CLASS_NAMES, Tracks
from vedette.core.errors import VedetteError
from vedette.core.messages import EventObserved, MotionObserved
from vedette.core.objects import ObjectFacts
from vedette.core.time import NS_PER_S
from vedette.runtime.bus import Publisher
from vedette.runtime.clock import Clock, new_id
from vedette.runtime.log import get_logger
from vedette.vision.wire import Overlay

TakeSnapshot = Callable[[list[Overlay]], Awaitable[bytes]]
"""Renders the picture that was just analysed, with overlays, as JPEG."""


FindFacts = Callable[[int], ObjectFacts]
"""What is known of a track so far."""
Fill = Callable[[EventObserved], EventObserved]
"""The same event with more in it."""
MatchKey = tuple[int, str] | tuple[int, str, str]
"""The number of a track, and what it was matched with."""
_RECENT_EVENTS = 64
"""Events that are told again when more becomes known of their tracks."""


@dataclass(frozen=True, slots=True)
class EventOrigin:
    """What is the same for all events of one camera."""

    camera_id: str
    release: str
    configuration: str


class PictureStore:
    """Keeps snapshots as `<2 last characters>/<event id>.jpg` under a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, event_id: str, jpeg: bytes) -> str:
        """Writes a picture whole or not at all; gives its path under the folder. Blocks: call in a thread."""
        relative = f"{event_id[-2:]}/{event_id}.jpg"
        path = self._folder / relative
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(jpeg)
        os.replace(part, path)  # noqa: PTH105 -- atomic rename, spelled as what it is
        return relative


class EventReporter:
    """Publishes the findings of one camera. `end_all` closes what is open when the camera is lost."""

    def __init__(self, origin: EventOrigin, publisher: Publisher, pictures: PictureStore, clock: Clock) -> None:
        self._origin = origin
        self._publisher = publisher
        self._pictures = pictures
        self._clock = clock
        self._open: dict[str, EventObserved] = {}
        self._recent: OrderedDict[str, EventObserved] = OrderedDict()
        self._log = get_logger("analyzer")
        self.published = 0
        self.pictures_failed = 0

    def set_configuration(self, configuration: str) -> None:
        """What is told from now on comes of these settings."""
        self._origin = replace(self._origin, configuration=configuration)

    async def report(self, findings: list[Finding], tracks: Tracks, take: TakeSnapshot, facts: FindFacts) -> None:
        """Publishes the findings of the picture that was just analysed."""
        for finding in findings:
            if finding.phase is Phase.END:
                self._end(finding, facts)
                continue
            event = _with_facts(self._make_event(finding), facts)
            picture = await self._store_picture(event.event_id, _overlays(finding, tracks), take)
            event = replace(event, picture=picture)
            if finding.phase is Phase.BEGIN:
                self._open[finding.key] = event
            self._publish(event)

    async def report_one(
        self, finding: Finding, tracks: Tracks, take: TakeSnapshot, facts: FindFacts, fill: Fill
    ) -> str:
        """Publishes one finding of an instant with what `fill` adds to it; gives the event's id."""
        event = fill(_with_facts(self._make_event(finding), facts))
        picture = await self._store_picture(event.event_id, _overlays(finding, tracks), take)
        self._publish(replace(event, picture=picture))
        return event.event_id

    def retell(self, event_id: str, fill: Fill) -> None:
        """Tells an event again, changed by `fill`; one of long ago stays as it is."""
        if (event := self._recent.get(event_id)) is not None:
            self._publish(fill(event))

    def end_all(self, at_ns: int) -> None:
        """Ends every open event: the camera is gone, and nobody knows what happens there now."""
        for event in self._open.values():
            self._publish(replace(event, to_ns=max(at_ns, event.from_ns)))
        self._open.clear()
        self._recent.clear()

    def note_first_facts(self, facts: ObjectFacts) -> None:
        """Something is known of a track: events about it that say nothing yet are told again, at once."""
        for event in list(self._recent.values()):
            if facts.track_id in event.track_ids and facts.track_id not in {known.track_id for known in event.objects}:
                self._retell(event, facts)

    def note_last_facts(self, facts: ObjectFacts) -> None:
        """A track is over: events about it that were published with less are told again, for the last time."""
        for event_id, event in list(self._recent.items()):
            if facts.track_id in event.track_ids:
                self._retell(event, facts)
                if event.to_ns is not None:
                    self._recent.pop(event_id, None)

    def _retell(self, event: EventObserved, facts: ObjectFacts) -> None:
        known = replace(event, objects=_join(event.objects, facts))
        if known != event:
            self._open = {key: known if held is event else held for key, held in self._open.items()}
            self._publish(known)

    def _end(self, finding: Finding, facts: FindFacts) -> None:
        begun = self._open.pop(finding.key, None)
        if begun is None:
            return
        ended = replace(
            begun,
            to_ns=finding.to_ns,
            confidence=max(begun.confidence, finding.confidence),
            track_ids=finding.track_ids or begun.track_ids,
            explanation=finding.explanation or begun.explanation,
        )
        self._publish(_with_facts(ended, facts))

    def _make_event(self, finding: Finding) -> EventObserved:
        return EventObserved(
            event_id=new_id(self._clock),
            camera_id=self._origin.camera_id,
            kind=finding.kind,
            from_ns=finding.from_ns,
            to_ns=finding.to_ns,
            object_class=finding.object_class,
            confidence=round(finding.confidence, 4),
            track_ids=finding.track_ids,
            zone=finding.zone,
            rule_id=finding.rule_id,
            direction=finding.direction,
            box_norm_xyxy=finding.box,
            explanation=finding.explanation,
            release=self._origin.release,
            configuration=self._origin.configuration,
        )

    async def _store_picture(self, event_id: str, overlays: list[Overlay], take: TakeSnapshot) -> str:
        """An event without a picture is still an event; the lack is counted and logged."""
        try:
            jpeg = await take(overlays)
            return await asyncio.to_thread(self._pictures.write, event_id, jpeg)
        except (VedetteError, OSError) as error:
            self.pictures_failed += 1
            self._log.warning("event has no picture", event_id=event_id, reason=str(error))
            return ""

    def _publish(self, event: EventObserved) -> None:
        self.published += 1
        self._recent[event.event_id] = event
        while len(self._recent) > _RECENT_EVENTS:
            self._recent.popitem(last=False)
        self._publisher.publish_nowait(event)


class ToldMatches:
    """Which event told which match of a track, so that what becomes surer is the same event told again."""

    def __init__(self, events: EventReporter) -> None:
        self._events = events
        self._event_ids: dict[MatchKey, str] = {}

    async def tell(
        self,
        key: MatchKey,
        finding: Finding,
        tracks: Tracks,
        take: TakeSnapshot,
        facts: FindFacts,
        fill: Fill,
    ) -> None:
        """Publishes a match, or tells its event again."""
        if event_id := self._event_ids.get(key):
            self._events.retell(event_id, fill)
        else:
            self._event_ids[key] = await self._events.report_one(finding, tracks, take, facts, fill)

    def forget(self, track_ids: Sequence[int]) -> None:
        """Tracks are over."""
        if track_ids:
            self._event_ids = {key: told for key, told in self._event_ids.items() if key[0] not in track_ids}

    def forget_all(self) -> None:
        self._event_ids.clear()


def _with_facts(event: EventObserved, facts: FindFacts) -> EventObserved:
    objects = event.objects
    for track_id in event.track_ids[:8]:
        objects = _join(objects, facts(track_id))
    return replace(event, objects=objects)


def _join(objects: tuple[ObjectFacts, ...], facts: ObjectFacts) -> tuple[ObjectFacts, ...]:
    """The newer facts of a track replace the older ones; a track of which nothing is known is left out."""
    if not facts.attributes and facts.plate is None and facts.face is None:
        return objects
    return (*(known for known in objects if known.track_id != facts.track_id), facts)


def _overlays(finding: Finding, tracks: Tracks) -> list[Overlay]:
    """All objects in the picture; the one that the event is about comes last, so that it lies on top."""
    others = [row for row in range(len(tracks)) if int(tracks.track_id[row]) not in finding.track_ids]
    overlays = [_overlay(tracks, row) for row in others]
    if finding.box is not None:
        percent = f" {finding.confidence:.0%}" if finding.object_class != CLASS_NAMES[-1] else ""
        text = f"{finding.object_class.replace('_', '-')}{percent}"
        overlays.append(Overlay(finding.box, text, CLASS_NAMES.index(finding.object_class)))
    return overlays


def _overlay(tracks: Tracks, row: int) -> Overlay:
    left, top, right, bottom = (float(value) for value in tracks.boxes_norm_xyxy[row])
    class_id = int(tracks.class_id[row])
    box: Box = (left, top, right, bottom)
    return Overlay(box, CLASS_NAMES[class_id].replace("_", "-"), class_id)


class MotionReporter:
    """Joins the motion of single pictures into spans of at most `span_s` and publishes those that moved.

    Attributes:
        level: Share of the picture that must move.
    """

    def __init__(self, camera_id: str, publisher: Publisher, level: float, *, span_s: float = 2.0) -> None:
        self.level = level
        self._camera_id = camera_id
        self._publisher = publisher
        self._span_ns = round(span_s * NS_PER_S)
        self._from_ns: int | None = None
        self._to_ns = 0
        self._peak = 0.0

    def push(self, at_ns: int, level: float) -> None:
        """Takes one picture."""
        if self._from_ns is not None and at_ns - self._from_ns >= self._span_ns:
            self.flush()
        if level < self.level:
            return
        self._from_ns = at_ns if self._from_ns is None else self._from_ns
        self._to_ns = max(at_ns, self._from_ns)
        self._peak = max(self._peak, level)

    def flush(self) -> None:
        """Publishes what has moved so far."""
        if self._from_ns is not None:
            self._publisher.publish_nowait(
                MotionObserved(self._camera_id, self._from_ns, self._to_ns, round(min(self._peak, 1.0), 5))
            )
        self._from_ns, self._peak = None, 0.0
