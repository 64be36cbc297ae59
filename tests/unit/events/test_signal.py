"""When a lost signal becomes an event."""

from vedette.core.ids import is_id
from vedette.core.messages import EventObserved, StreamStateChanged
from vedette.core.time import NS_PER_S
from vedette.events.signal import SignalWatch

CAMERA = "01JD5Q8Z3M6V1T9W4X7Y2B0C8D"
ALL = frozenset({CAMERA})
T0 = 1_767_225_600 * NS_PER_S


def fact(state: str, at_s: float, stream: str = "main", camera: str = CAMERA) -> StreamStateChanged:
    return StreamStateChanged(camera, stream, state, "", "", "", T0 + int(at_s * NS_PER_S))


def decide(watch: SignalWatch, at_s: float, cameras: frozenset[str] = ALL) -> list[EventObserved]:
    return watch.decide(T0 + int(at_s * NS_PER_S), cameras)


def test_short_loss_is_no_event() -> None:
    watch = SignalWatch()
    watch.observe(fact("online", 0))
    watch.observe(fact("offline", 1))
    assert decide(watch, 10.9) == []
    watch.observe(fact("online", 10.95))
    assert decide(watch, 60) == []


def test_loss_becomes_one_event_that_ends_when_the_stream_is_back() -> None:
    watch = SignalWatch()
    watch.observe(fact("offline", 1))
    (begun,) = decide(watch, 11)
    assert (begun.kind, begun.from_ns, begun.to_ns) == ("signal_lost", T0 + NS_PER_S, None)
    assert is_id(begun.event_id)
    assert decide(watch, 12) == []
    watch.observe(fact("online", 20))
    (ended,) = decide(watch, 21)
    assert ended.event_id == begun.event_id
    assert ended.to_ns == T0 + 21 * NS_PER_S
    assert decide(watch, 22) == []


def test_reconnecting_does_not_restart_the_patience() -> None:
    watch = SignalWatch()
    watch.observe(fact("offline", 0))
    watch.observe(fact("connecting", 4))
    watch.observe(fact("offline", 8))
    assert len(decide(watch, 10)) == 1


def test_first_connecting_of_a_new_camera_is_no_loss() -> None:
    watch = SignalWatch()
    watch.observe(fact("connecting", 0))
    assert decide(watch, 600) == []


def test_two_streams_of_one_camera_are_one_event_until_both_are_back() -> None:
    watch = SignalWatch()
    watch.observe(fact("offline", 0, "main"))
    watch.observe(fact("stalled", 1, "sub"))
    assert len(decide(watch, 12)) == 1
    watch.observe(fact("online", 13, "main"))
    assert decide(watch, 14) == []
    watch.observe(fact("online", 15, "sub"))
    assert len(decide(watch, 16)) == 1


def test_removed_or_disabled_camera_ends_its_event_and_is_forgotten() -> None:
    watch = SignalWatch()
    watch.observe(fact("offline", 0))
    assert len(decide(watch, 10)) == 1
    (ended,) = decide(watch, 20, frozenset())
    assert ended.to_ns is not None
    assert decide(watch, 30) == []


def test_loss_seen_again_after_a_crash_is_the_same_event() -> None:
    first, second = SignalWatch(), SignalWatch()
    first.observe(fact("offline", 0))
    second.observe(fact("offline", 0))
    assert decide(first, 10)[0].event_id == decide(second, 500)[0].event_id


def test_open_event_is_taken_up_after_a_restart_and_ended() -> None:
    watch = SignalWatch()
    watch.observe(fact("offline", 0))
    (begun,) = decide(watch, 10)
    after = SignalWatch()
    after.restore([fact("offline", 0)], [begun])
    assert decide(after, 30) == []
    after.observe(fact("online", 40))
    (ended,) = decide(after, 41)
    assert ended.event_id == begun.event_id
