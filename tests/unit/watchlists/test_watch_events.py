"""What is told of a match: the same event again when it becomes sure, also without a picture, and in which words."""

from pathlib import Path

import numpy as np

from vedette.core.detections import Tracks, no_tracks
from vedette.core.errors import UnavailableError
from vedette.core.messages import BusMessage, EventObserved
from vedette.core.objects import AttributeValue, ObjectFacts, PlateReading
from vedette.core.time import NS_PER_S
from vedette.core.watchlists import (
    Doubt,
    DoubtKind,
    ListKind,
    ListOrder,
    ListSubject,
    MatchState,
    Severity,
    VehicleMark,
    Watchlist,
    WatchlistEntry,
    WatchlistOrder,
)
from vedette.node.analyzer_events import EventOrigin, EventReporter, PictureStore
from vedette.node.analyzer_watchlists import CameraWatch, ListsInForce
from vedette.testing.clock import SimulatedClock
from vedette.vision.recognize.face_terms import MatchTerms
from vedette.vision.wire import Overlay

NOW = 1_750_000_000 * NS_PER_S
ONE_CAR = Tracks(
    np.array([1]), np.array([[0.1, 0.2, 0.5, 0.8]], np.float32), np.array([0.9], np.float32), np.array([1], np.int16)
)


class Told:
    def __init__(self) -> None:
        self.events: list[EventObserved] = []

    def publish_nowait(self, message: BusMessage) -> None:
        assert isinstance(message, EventObserved)
        self.events.append(message)

    async def flush(self) -> None: ...


class Camera:
    """One camera whose tracks are known as the test says."""

    def __init__(self, folder: Path) -> None:
        self.told = Told()
        self.lists = ListsInForce(MatchTerms("none", 0.4, 0.5))
        self.has_picture = True
        origin = EventOrigin("cam", "release", "configuration")
        self.watch = CameraWatch(
            "cam", self.lists, EventReporter(origin, self.told, PictureStore(folder), SimulatedClock())
        )
        self.at_ns = NOW

    async def take(self, _: list[Overlay]) -> bytes:
        if not self.has_picture:
            raise UnavailableError("the worker is gone")
        return b"\xff\xd8\xff\xff\xd9"

    async def look(self, facts: ObjectFacts) -> None:
        self.at_ns += NS_PER_S // 10
        await self.watch.look((1,), self.at_ns, ONE_CAR, self.take, lambda _: facts)

    async def end(self, facts: ObjectFacts) -> None:
        await self.watch.end((1,), self.at_ns, no_tracks(), self.take, lambda _: facts)


async def put(camera: Camera, mark: VehicleMark, version: str = "v1") -> None:
    watchlist = Watchlist("L", "Stolen", ListKind.WANTED, ListSubject.VEHICLES, "Lan", "test")
    entry = WatchlistEntry("E", "order 12", "Lan", vehicle=mark)
    await camera.lists.take(WatchlistOrder(version, (ListOrder(watchlist, (entry,)),)))


def read(state: str, confidence: float = 0.8, **attributes: str) -> ObjectFacts:
    values = {name: AttributeValue(value, 0.9) for name, value in attributes.items()}
    return ObjectFacts(1, values, PlateReading("51F12345", confidence, state))


async def test_warning_becomes_an_alarm_of_the_same_event_with_its_picture(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    await put(camera, VehicleMark("51F12345"))
    for facts in (read("unsure"), read("unsure"), read("read", 0.95), read("read", 0.97)):
        await camera.look(facts)
    first, second = camera.told.events
    assert first.event_id == second.event_id
    assert (first.severity, second.severity) == (Severity.WARNING, Severity.ALARM)
    assert first.match is not None
    assert second.match is not None
    assert first.match.doubts == (Doubt(DoubtKind.PLATE_UNSURE, "51F12345", "51F12345"),)
    assert (second.match.state, second.match.doubts) == (MatchState.SURE, ())
    assert second.picture == first.picture != ""
    assert second.from_ns == first.from_ns, "it happened when it was seen first"
    assert [measure.value for measure in second.explanation] == [0.95, 1.0]
    assert second.detail == "51F12345 fits 51F12345 of Stolen: order 12"


async def test_match_without_a_picture_is_still_told(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    camera.has_picture = False
    await put(camera, VehicleMark("51F12345"))
    await camera.look(read("read"))
    [event] = camera.told.events
    assert (event.severity, event.picture) == (Severity.ALARM, "")


async def test_vehicle_by_looks_alone_is_told_of_what_it_looks_like(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    await put(camera, VehicleMark("", "car", "red"))
    for _ in range(3):
        await camera.look(ObjectFacts(1, read("read", colour="red", type="car").attributes))
    [event] = camera.told.events
    assert (event.kind, event.severity, event.detail) == (
        "vehicle_present",
        Severity.ALARM,
        "red car fits red, car of Stolen: order 12",
    )
    assert [measure.measure for measure in event.explanation] == ["type_confidence", "colour_confidence"]
    assert event.box_norm_xyxy is not None


async def test_what_waited_is_told_when_the_track_ends_and_its_number_may_come_again(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    await put(camera, VehicleMark("51F12345"))
    await camera.look(read("unsure"))
    assert camera.told.events == []
    await camera.end(read("unsure"))
    [event] = camera.told.events
    assert event.severity == Severity.WARNING
    await camera.look(read("read"))
    assert len({event.event_id for event in camera.told.events}) == 2


async def test_lists_exchanged_between_two_pictures_are_looked_at_without_a_new_look_at_the_car(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    await put(camera, VehicleMark("30A11111"))
    await camera.look(read("read"))
    await put(camera, VehicleMark("51F12345"), "v2")
    await camera.watch.look((), camera.at_ns + 1, ONE_CAR, camera.take, lambda _: read("read"))
    [event] = camera.told.events
    assert event.severity == Severity.ALARM
    await put(camera, VehicleMark("30A11111"), "v3")
    await camera.look(read("read"))
    assert len(camera.told.events) == 1
