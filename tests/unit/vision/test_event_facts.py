"""What is recognised late must reach the event that was told early, and no other."""

from pathlib import Path

import numpy as np

from vedette.behavior.scene import Finding, Phase
from vedette.core.detections import Tracks
from vedette.core.messages import BusMessage, EventObserved
from vedette.core.objects import AttributeValue, ObjectFacts
from vedette.node.analyzer_events import EventOrigin, EventReporter, PictureStore
from vedette.testing.clock import SimulatedClock
from vedette.vision.wire import Overlay

NOBODY = Tracks(np.zeros(0, np.int64), np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int16))


class Told:
    def __init__(self) -> None:
        self.events: list[EventObserved] = []

    def publish_nowait(self, message: BusMessage) -> None:
        assert isinstance(message, EventObserved)
        self.events.append(message)

    async def flush(self) -> None: ...


def finding(phase: Phase, track_id: int) -> Finding:
    return Finding(
        key=f"zone:{track_id}",
        rule_id="zone",
        kind="zone_entered",
        phase=phase,
        from_ns=1,
        to_ns=None if phase is Phase.BEGIN else 9,
        object_class="person",
        confidence=0.9,
        track_ids=(track_id,),
    )


def facts(track_id: int, colour: str = "") -> ObjectFacts:
    return ObjectFacts(track_id, {"colour": AttributeValue(colour, 0.9)} if colour else {})


async def take(_: list[Overlay]) -> bytes:
    return b"\xff\xd8\xff\xff\xd9"


async def test_event_is_told_again_when_something_is_known_and_when_the_track_ends(tmp_path: Path) -> None:
    told = Told()
    reporter = EventReporter(EventOrigin("cam", "r", "c"), told, PictureStore(tmp_path), SimulatedClock())
    await reporter.report([finding(Phase.BEGIN, 1), finding(Phase.BEGIN, 2)], NOBODY, take, facts)
    assert [event.objects for event in told.events] == [(), ()]
    reporter.note_first_facts(facts(1, "red"))
    reporter.note_first_facts(facts(1, "blue"))
    assert [event.objects for event in told.events[2:]] == [(facts(1, "red"),)]
    assert told.events[2].event_id == told.events[0].event_id
    await reporter.report([finding(Phase.END, 1)], NOBODY, take, lambda number: facts(number, "blue"))
    assert (told.events[-1].to_ns, told.events[-1].objects) == (9, (facts(1, "blue"),))
    reporter.note_last_facts(facts(1, "green"))
    assert (told.events[-1].to_ns, told.events[-1].objects) == (9, (facts(1, "green"),))
    reporter.note_last_facts(facts(1, "white"))
    assert told.events[-1].objects == (facts(1, "green"),)
    reporter.note_last_facts(facts(2))
    assert len(told.events) == 5
