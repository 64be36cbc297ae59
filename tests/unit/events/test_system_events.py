"""What the system says of itself becomes few events, with a beginning and an end."""

import pytest

from vedette.core.ids import is_id
from vedette.core.messages import (
    EventObserved,
    ProcessStateChanged,
    RecordingGapObserved,
    StorageWarned,
    StreamAnomalyObserved,
    StreamStateChanged,
    VolumeStateChanged,
)
from vedette.core.time import NS_PER_S
from vedette.events.kinds import SYSTEM_KINDS, UnknownEventKindError, check_kinds
from vedette.events.signal import SignalWatch
from vedette.events.system_events import KINDS, SystemWatch

CAMERA = "01JD5Q8Z3M6V1T9W4X7Y2B0C8D"
HERE = frozenset({CAMERA})
T0 = 1_767_225_600 * NS_PER_S


def ns(at_s: float) -> int:
    return T0 + int(at_s * NS_PER_S)


def untold(_camera_id: str, _from_ns: int, _to_ns: int) -> bool:
    return False


def gap(from_s: float, to_s: float, reason: str = "disk", stream: str = "main") -> RecordingGapObserved:
    return RecordingGapObserved(CAMERA, stream, ns(from_s), ns(to_s), reason, 100)


def loss(at_s: float, value: float = 0.1, kind: str = "packet_loss") -> StreamAnomalyObserved:
    return StreamAnomalyObserved(CAMERA, "main", kind, f"{value:.0%} lost", value, ns(at_s))


def volume(state: str, at_s: float, name: str = "archive") -> VolumeStateChanged:
    return VolumeStateChanged("v1", state, "no space left", ns(at_s), name)


def recorder(state: str, at_s: float) -> ProcessStateChanged:
    return ProcessStateChanged("recorder", state, "killed by signal 9", 1, ns(at_s))


def test_gap_is_an_event_and_its_neighbours_belong_to_it() -> None:
    watch = SystemWatch()
    (begun,) = watch.observe(gap(0, 8), untold)
    assert (begun.kind, begun.camera_id, begun.from_ns, begun.to_ns) == ("recording_gap", CAMERA, T0, None)
    assert "8.0 s without footage, reason disk" in begun.detail
    assert is_id(begun.event_id)
    (grown,) = watch.observe(gap(20, 40), untold)
    assert grown.event_id == begun.event_id
    assert watch.decide(ns(99), HERE) == []
    (ended,) = watch.decide(ns(101), HERE)
    assert (ended.event_id, ended.to_ns) == (begun.event_id, ns(40))
    assert {measure.measure: measure.value for measure in ended.explanation} == {"gap_s": 20.0, "count": 2.0}


def test_both_streams_of_a_camera_make_one_event() -> None:
    watch = SystemWatch()
    (begun,) = watch.observe(gap(0, 10), untold)
    news = watch.observe(gap(0, 11, stream="sub"), untold)
    assert {event.event_id for event in news} <= {begun.event_id}


@pytest.mark.parametrize(("seconds", "reason"), [(3600, "policy"), (4.9, "disk")])
def test_wanted_and_tiny_gaps_are_no_events(seconds: float, reason: str) -> None:
    assert SystemWatch().observe(gap(0, seconds, reason), untold) == []


def test_loss_of_signal_is_not_told_a_second_time_as_a_gap() -> None:
    signal, watch = SignalWatch(), SystemWatch()
    signal.observe(StreamStateChanged(CAMERA, "main", "offline", "", "", "", ns(2)))
    assert len(signal.decide(ns(12), frozenset({CAMERA}))) == 1
    signal.observe(StreamStateChanged(CAMERA, "main", "online", "", "", "", ns(30)))
    assert watch.observe(gap(1, 31, "camera"), signal.covers) == []
    assert len(signal.decide(ns(31), frozenset({CAMERA}))) == 1
    assert watch.observe(gap(1, 31, "network"), signal.covers) == []
    assert len(watch.observe(gap(1, 31, "disk"), signal.covers)) == 1
    later = watch.observe(gap(200, 231, "camera"), signal.covers)
    assert later[-1].from_ns == ns(200)


def test_bad_network_is_one_event_with_its_worst_figure_and_few_writes() -> None:
    watch = SystemWatch()
    written: list[EventObserved] = []
    for second in range(600):
        kind = "packet_loss" if second % 2 == 0 else "-packet_loss"  # swings around the limit
        written += watch.observe(loss(second, 0.5 if second == 300 else 0.1, kind), untold)
        written += watch.decide(ns(second), HERE)
    (ended,) = watch.decide(ns(700), HERE)
    assert {event.event_id for event in [*written, ended]} == {written[0].event_id}
    assert len(written) <= 61
    figures = {measure.measure: measure.value for measure in ended.explanation}
    assert figures == {"packet_loss": 0.5, "count": 300.0}
    assert ended.to_ns == ns(599)


def test_last_facts_of_a_burst_are_written_when_they_stop() -> None:
    watch = SystemWatch()
    watch.observe(loss(0), untold)
    watch.observe(loss(1, kind="-packet_loss"), untold)
    assert watch.observe(loss(2), untold) == []
    (written,) = watch.decide(ns(12), HERE)
    assert written.explanation[-1].value == 2


def test_quiet_network_ends_the_event_and_a_new_fault_is_a_new_one() -> None:
    watch = SystemWatch()
    (first,) = watch.observe(loss(0), untold)
    watch.observe(loss(400, kind="-packet_loss"), untold)
    ended, second = watch.observe(loss(500), untold)
    assert (ended.event_id, ended.to_ns) == (first.event_id, ns(400))
    assert second.event_id != first.event_id


def test_loss_that_lasts_for_hours_stays_one_open_event_until_both_streams_are_well() -> None:
    watch = SystemWatch()
    (begun,) = watch.observe(loss(0), untold)
    watch.observe(StreamAnomalyObserved(CAMERA, "sub", "packet_loss", "", 0.2, ns(5)), untold)
    for at_s in range(0, 7200, 60):
        assert all(event.to_ns is None for event in watch.decide(ns(at_s), HERE))
    watch.observe(loss(7200, kind="-packet_loss"), untold)
    assert all(event.to_ns is None for event in watch.decide(ns(7400), HERE))
    watch.observe(StreamAnomalyObserved(CAMERA, "sub", "-packet_loss", "", 0.0, ns(7500)), untold)
    assert watch.decide(ns(7559), HERE) == []
    (ended,) = watch.decide(ns(7561), HERE)
    assert (ended.event_id, ended.to_ns) == (begun.event_id, ns(7500))


def test_loss_of_a_camera_that_is_switched_off_does_not_stay_open() -> None:
    watch = SystemWatch()
    (begun,) = watch.observe(loss(0), untold)
    assert watch.decide(ns(300), HERE) == []
    (ended,) = watch.decide(ns(301), frozenset())
    assert ended.event_id == begun.event_id


def test_recorder_that_starts_anew_says_again_what_lasts_and_the_rest_is_over() -> None:
    watch = SystemWatch()
    (full,) = watch.observe(volume("full", 0), untold)
    (lossy,) = watch.observe(loss(0), untold)
    watch.observe(volume("full", 102, "other"), untold)  # said before the news of the start arrives
    (ended,) = watch.observe(recorder("running", 100), untold)
    assert (ended.event_id, ended.to_ns) == (full.event_id, ns(100))
    (quiet,) = watch.decide(ns(103), HERE)
    assert quiet.event_id == lossy.event_id
    assert len(watch.observe(volume("writable", 200, "other"), untold)) == 1


@pytest.mark.parametrize(
    ("kind", "event_kind"),
    [
        ("clock_offset", "clock_changed"),
        ("clock_drift", "clock_changed"),
        ("clock_step", "clock_changed"),
        ("delay", "delay"),
        ("format_changed", "stream_changed"),
        ("signature_bad", "signature_failed"),
        ("signature_missing", "signature_failed"),
        ("replay", "tamper_replayed"),
    ],
)
def test_anomaly_becomes_an_event_of_its_kind(kind: str, event_kind: str) -> None:
    (event,) = SystemWatch().observe(loss(0, kind=kind), untold)
    assert event.kind == event_kind


def test_anomaly_of_a_later_release_is_passed_over() -> None:
    assert SystemWatch().observe(loss(0, kind="brand_new"), untold) == []


def test_full_volume_is_an_event_until_it_is_writable_again() -> None:
    watch = SystemWatch()
    (full,) = watch.observe(volume("full", 0), untold)
    assert (full.kind, full.camera_id, full.to_ns) == ("volume_full", "", None)
    assert full.detail == "volume archive: no space left"
    assert watch.decide(ns(86_400), HERE) == []
    ended, failed = watch.observe(volume("failed", 86_401), untold)
    assert (ended.event_id, ended.to_ns) == (full.event_id, ns(86_401))
    assert failed.kind == "volume_failed"
    (again,) = watch.observe(volume("writable", 90_000), untold)
    assert (again.event_id, again.to_ns) == (failed.event_id, ns(90_000))
    assert watch.observe(volume("writable", 90_001), untold) == []


def test_volume_without_an_id_yet_is_the_same_volume_when_it_comes() -> None:
    watch = SystemWatch()
    lost = VolumeStateChanged("/mnt/a", "failed", "not mounted", T0, "archive")
    (failed,) = watch.observe(lost, untold)
    (ended,) = watch.observe(volume("writable", 5), untold)
    assert ended.event_id == failed.event_id


def test_two_volumes_have_their_own_events() -> None:
    watch = SystemWatch()
    (one,) = watch.observe(volume("full", 0, "a"), untold)
    (other,) = watch.observe(volume("full", 0, "b"), untold)
    assert one.event_id != other.event_id
    assert watch.observe(volume("writable", 1, "a"), untold)[0].event_id == one.event_id


def test_volume_taken_out_of_use_leaves_nothing_open() -> None:
    watch = SystemWatch()
    (failed,) = watch.observe(volume("failed", 0), untold)
    (warned,) = watch.observe(StorageWarned("v1", "slow_disk", "4 s", T0, "archive"), untold)
    (other,) = watch.observe(volume("failed", 0, "archive2"), untold)
    ended = watch.forget_volume("archive", ns(5))
    assert {event.event_id: event.to_ns for event in ended} == {failed.event_id: ns(5), warned.event_id: ns(5)}
    assert watch.observe(volume("writable", 9, "archive2"), untold)[0].event_id == other.event_id


def test_warning_ends_with_its_minus() -> None:
    watch = SystemWatch()
    (warned,) = watch.observe(StorageWarned("v1", "hold_forecast", "2.1 days", T0, "main"), untold)
    assert warned.detail == "volume main: hold forecast: 2.1 days"
    assert watch.observe(StorageWarned("v1", "-spill_over", "", ns(1), "main"), untold) == []
    (over,) = watch.observe(StorageWarned("v1", "-hold_forecast", "", ns(9), "main"), untold)
    assert (over.event_id, over.to_ns) == (warned.event_id, ns(9))


def test_recorder_that_stays_down_is_told_within_seconds_although_it_cannot_speak() -> None:
    watch = SystemWatch()
    watch.observe(recorder("running", 0), untold)
    watch.observe(recorder("restarting", 100), untold)
    assert watch.decide(ns(109), HERE) == []
    (told,) = watch.decide(ns(111), HERE)
    assert (told.kind, told.camera_id, told.from_ns) == ("recording_gap", "", ns(100))
    watch.observe(recorder("running", 120), untold)
    watch.observe(recorder("restarting", 122), untold)
    assert all(event.to_ns is None for event in watch.decide(ns(130), HERE))
    watch.observe(recorder("running", 140), untold)
    (ended,) = [event for event in watch.decide(ns(151), HERE) if event.to_ns is not None]
    assert (ended.event_id, ended.to_ns) == (told.event_id, ns(140))


def test_recorder_that_is_back_at_once_is_no_event() -> None:
    watch = SystemWatch()
    watch.observe(recorder("restarting", 100), untold)
    watch.observe(recorder("running", 101), untold)
    assert watch.decide(ns(112), HERE) == []
    assert watch.decide(ns(500), HERE) == []


def test_restart_takes_open_events_up_and_hears_nothing_twice() -> None:
    before = SystemWatch()
    (full,) = before.observe(volume("full", 0), untold)
    (lossy,) = before.observe(loss(0), untold)
    after = SystemWatch()
    after.restore([full, lossy])
    assert after.observe(loss(0), untold) == []
    assert after.observe(volume("full", 0), untold) == []
    after.observe(loss(0, kind="-packet_loss"), untold)
    (ended,) = after.decide(ns(61), HERE)
    assert ended.event_id == lossy.event_id
    assert after.observe(volume("writable", 70), untold)[0].event_id == full.event_id


def test_same_facts_give_the_same_ids() -> None:
    (one,) = SystemWatch().observe(gap(0, 9), untold)
    (other,) = SystemWatch().observe(gap(0, 9), untold)
    assert one == other


def test_every_kind_that_is_made_can_be_asked_for() -> None:
    check_kinds(KINDS)
    check_kinds(SYSTEM_KINDS)
    with pytest.raises(UnknownEventKindError, match="nonsense"):
        check_kinds(["motion", "nonsense"])
