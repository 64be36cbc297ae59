"""Tells what was seen on one camera, object by object, so that it can be searched: when, where, what it looked like.

One fact for each track, when it ends and every minute while it lasts (a parked car is there all day). Vectors leave
sealed, for this object alone. Moving things that no model has named are told only when a plate or a face says which
they are, so a camera watched by motion alone tells nothing. Design: docs/design/trace.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import CLASS_NAMES, MOVING_CLASS, Tracks
from vedette.core.errors import VedetteError
from vedette.core.messages import ObjectSeen
from vedette.core.objects import UNKNOWN, AttributeValue, ObjectFacts, PlateReading, SealedVector, name_place
from vedette.core.time import NS_PER_S
from vedette.node.analyzer_events import EventOrigin, PictureStore
from vedette.runtime.bus import Publisher
from vedette.runtime.clock import Clock, new_id
from vedette.runtime.log import get_logger
from vedette.vision.best_shot import BestShots, Box, add_air
from vedette.vision.recognize.attribute_forms import HOUSE_NAMES
from vedette.vision.recognize.face_track import TrackTemplate
from vedette.vision.recognize.track_appearance import TrackAppearance

TakeCrop = Callable[[Box], Awaitable[bytes]]
"""A part of the picture that was just analysed, as JPEG; empty when the picture is gone."""
FACE, APPEARANCE = "face", "appearance"
_MOST_CROPS = 2
"""Taken of one picture: each costs the worker some milliseconds."""
_TELL_EVERY_NS = 60 * NS_PER_S


class Describer(Protocol):
    """What is known of tracks: `vedette.vision.recognize.describer.TrackDescriber`."""

    def facts(self, track_id: int) -> ObjectFacts: ...
    def template(self, track_id: int) -> TrackTemplate | None: ...
    def appearance(self, track_id: int) -> TrackAppearance | None: ...


class Sealer(Protocol):
    """Seals vectors: `vedette.adapters.template_box.TemplateBox`."""

    def seal(self, place: str, clear: bytes) -> str: ...


@dataclass(slots=True)
class _Life:
    seen: ObjectSeen
    jpeg: bytes = b""
    told_ns: int = 0


class CameraObjects:
    """The objects of one camera.

    Args:
        sealer: None: nothing biometric leaves this process.
        face_release: Of the embedding that makes face templates.
    """

    def __init__(
        self,
        origin: EventOrigin,
        publisher: Publisher,
        pictures: PictureStore,
        sealer: Sealer | None,
        face_release: str,
        clock: Clock,
    ) -> None:
        self._origin = origin
        self._publisher = publisher
        self._pictures = pictures
        self._sealer = sealer
        self._face_release = face_release
        self._clock = clock
        self._shots = BestShots()
        self._lives: dict[int, _Life] = {}
        self._log = get_logger("analyzer")
        self.told = 0

    def set_configuration(self, configuration: str) -> None:
        """What is told from now on comes of these settings."""
        self._origin = replace(self._origin, configuration=configuration)

    async def look(
        self, at_ns: int, tracks: Tracks, size_px: tuple[int, int], take: TakeCrop, describer: Describer
    ) -> None:
        """Follows the tracks of the picture that was just analysed, and tells of those that have lasted long."""
        for row, number in enumerate(tracks.track_id):
            self._follow(int(number), at_ns, tracks, row)
        await self.look_closely(at_ns, tracks, size_px, take, describer)
        for number in (int(number) for number in tracks.track_id):
            if at_ns - self._lives[number].told_ns >= _TELL_EVERY_NS:
                await self._tell(number, describer)

    async def look_closely(
        self, at_ns: int, tracks: Tracks, size_px: tuple[int, int], take: TakeCrop, describer: Describer
    ) -> None:
        """Takes the pictures that are better than what there is, also of a larger stream of the same view."""
        known = self._keep_told(tracks, describer)
        for row in self._shots.pick(known, size_px, _MOST_CROPS):
            life, box = self._lives[int(known.track_id[row])], _box(known, row)
            crop = add_air(box)
            life.jpeg = await take(crop) or life.jpeg
            life.seen = replace(life.seen, best_ns=at_ns, box_norm_xyxy=box, crop_norm_xyxy=crop)

    async def end(self, ended: Sequence[int], describer: Describer) -> None:
        """Tracks are over: each is told for the last time."""
        for number in ended:
            if number in self._lives:
                await self._tell(number, describer)
                del self._lives[number]
        self._shots.forget(ended)

    def end_all(self, describer: Describer) -> None:
        """The camera is lost: all are told at once, and tracks begin anew, with numbers from one."""
        for number, life in self._lives.items():
            if (seen := self._finish(number, describer)) is not None:
                self._publish(replace(seen, picture=self._write(seen.object_id, life.jpeg)))
        self._lives.clear()
        self._shots = BestShots()

    def _keep_told(self, tracks: Tracks, describer: Describer) -> Tracks:
        """Those that will be told, as far as is known: a picture of whatever else moves is work for nothing. A larger
        stream may show what is over here already.
        """
        numbers = [int(number) for number in tracks.track_id]
        rows = [row for row, number in enumerate(numbers) if number in self._lives and self._is_told(number, describer)]
        return Tracks(
            tracks.track_id[rows], tracks.boxes_norm_xyxy[rows], tracks.confidence[rows], tracks.class_id[rows]
        )

    def _is_told(self, number: int, describer: Describer) -> bool:
        if self._lives[number].seen.object_class != MOVING_CLASS:
            return True
        return find_plate(describer.facts(number)) is not None or describer.template(number) is not None

    def _follow(self, number: int, at_ns: int, tracks: Tracks, row: int) -> None:
        name, confidence = CLASS_NAMES[int(tracks.class_id[row])], round(float(tracks.confidence[row]), 4)
        if number not in self._lives:
            origin, box = self._origin, _box(tracks, row)
            seen = ObjectSeen(
                new_id(self._clock), origin.camera_id, number, name, at_ns, at_ns, at_ns, confidence, box,
                crop_norm_xyxy=add_air(box), release=origin.release, configuration=origin.configuration,
            )  # fmt: skip
            self._lives[number] = _Life(seen, told_ns=at_ns)
        life = self._lives[number]
        best = max(life.seen.confidence, confidence)
        life.seen = replace(life.seen, to_ns=max(at_ns, life.seen.to_ns), object_class=name, confidence=best)

    async def _tell(self, number: int, describer: Describer) -> None:
        life = self._lives[number]
        life.told_ns = life.seen.to_ns
        seen = self._finish(number, describer)
        if seen is not None:
            picture = await asyncio.to_thread(self._write, seen.object_id, life.jpeg)
            self._publish(replace(seen, picture=picture))

    def _finish(self, number: int, describer: Describer) -> ObjectSeen | None:
        """What is told of a track; None: nothing that could be searched for."""
        seen, facts = self._lives[number].seen, describer.facts(number)
        vectors = self._seal_vectors(seen.object_id, number, describer)
        if not self._is_told(number, describer):
            return None
        return replace(seen, attributes=find_decided(facts), plate=find_plate(facts), vectors=vectors)

    def _seal_vectors(self, object_id: str, number: int, describer: Describer) -> tuple[SealedVector, ...]:
        template, looks = describer.template(number), describer.appearance(number)
        vectors = [] if template is None else [(FACE, self._face_release, template.vector)]
        vectors += [] if looks is None else [(APPEARANCE, looks.release, looks.vector)]
        return () if self._sealer is None else seal_vectors(self._sealer, object_id, vectors)

    def _write(self, object_id: str, jpeg: bytes) -> str:
        """An object without a picture is still found; blocks."""
        try:
            return self._pictures.write(object_id, jpeg) if jpeg else ""
        except (VedetteError, OSError) as error:
            self._log.warning("a seen object has no picture", object_id=object_id, reason=str(error))
            return ""

    def _publish(self, seen: ObjectSeen) -> None:
        self.told += 1
        self._publisher.publish_nowait(seen)


def find_plate(facts: ObjectFacts) -> PlateReading | None:
    """The plate that is told, sure or not; None: nothing was read."""
    return facts.plate if facts.plate is not None and facts.plate.text else None


def find_decided(facts: ObjectFacts) -> dict[str, AttributeValue]:
    """The attributes that are told. `unknown` of the operator's own categories says more than that nobody could see: it
    is none of these.
    """
    told = facts.attributes.items()
    return {name: found for name, found in told if found.value != UNKNOWN or name not in HOUSE_NAMES}


def seal_vectors(
    sealer: Sealer, object_id: str, vectors: Sequence[tuple[str, str, NDArray[np.float32]]]
) -> tuple[SealedVector, ...]:
    """Kind, release and numbers of each; sealed for this object alone."""
    return tuple(
        SealedVector(kind, release, sealer.seal(name_place(kind, object_id), vector.tobytes()))
        for kind, release, vector in vectors
    )


def _box(tracks: Tracks, row: int) -> Box:
    left, top, right, bottom = (float(value) for value in tracks.boxes_norm_xyxy[row])
    return left, top, right, bottom
