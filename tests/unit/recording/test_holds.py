"""Held footage survives: a full disk, a kill, a restart, another quota, another machine, a rebuilt index."""

from dataclasses import replace

import pytest

from tests.support.media import make_packets
from tests.support.recording import CAMERA, Rig, feed
from vedette.core.ids import make_id
from vedette.core.recording_plan import Hold, RecordingMode, RetentionTerm
from vedette.core.time import NS_PER_S
from vedette.recording.errors import VolumeUnusableError
from vedette.recording.holds_file import KeptHold, merge_holds, read_holds, write_holds
from vedette.recording.retention import DAY_NS, KeepRules, SpaceLimit
from vedette.recording.store_terms import StoreTerms, VolumeNews, VolumeState, VolumeWarning
from vedette.testing.faulty_disk import FaultyDisk

ALL = Hold("h1", CAMERA, -(1 << 60), 1 << 62)


def terms(limit: SpaceLimit, *holds: Hold, rules: KeepRules | None = None) -> StoreTerms:
    rules = rules or KeepRules({}, holds)
    return StoreTerms(limit, rules, tuple(KeptHold("us", hold) for hold in holds))


def record(rig: Rig, frames: int = 400) -> list:
    recorder = rig.recorder(target_s=2)
    feed(recorder, make_packets(frames))
    recorder.close()
    rig.store.commit()
    return list(rig.index.find_ids())


def footage(rig: Rig) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in rig.volume.segments.rglob("*.mp4")}


@pytest.fixture
def rig(tmp_path) -> Rig:
    return Rig(tmp_path / "v", FaultyDisk())


def test_held_footage_stays_when_the_disk_is_full_and_the_quota_shrinks(rig) -> None:
    record(rig)
    before = footage(rig)
    rig.store.set_terms(terms(SpaceLimit(1, 0), ALL))
    rig.disk.capacity_bytes = rig.disk.used_bytes
    feed(rig.recorder(first_id=500), make_packets(100))
    rig.store.commit()
    assert {name: footage(rig)[name] for name in before} == before
    assert rig.store.state is VolumeState.FULL
    assert rig.store.held_bytes == sum(map(len, before.values()))


def test_held_footage_survives_kill_and_restart(rig, tmp_path) -> None:
    record(rig)
    before = footage(rig)
    rig.store.set_terms(terms(SpaceLimit(0, 0), ALL))
    rig.crash()
    again = Rig(tmp_path / "v", limit=SpaceLimit(1, 0))  # opened without any assignment: the index knows the hold
    assert footage(again) == before
    assert [one.hold for one in read_holds(again.volume)] == [ALL]


def test_released_hold_lets_its_footage_go(rig) -> None:
    record(rig)
    rig.store.set_terms(terms(SpaceLimit(1, 0), ALL))
    assert len(footage(rig)) > 0
    rig.store.set_terms(terms(SpaceLimit(1, 0)))
    assert footage(rig) == {}
    assert read_holds(rig.volume) == ()


def test_footage_stored_after_the_hold_was_set_is_held_too(rig) -> None:
    rig.store.set_terms(terms(SpaceLimit(0, 0), ALL))
    record(rig)
    assert rig.index.find_oldest(10) == []
    assert rig.index.find_held_bytes() == sum(map(len, footage(rig).values()))


def test_holds_of_another_recorder_stay_in_force() -> None:
    theirs = KeptHold("them", Hold("h2", CAMERA, 0, 1))
    ours = KeptHold("us", ALL)
    assert merge_holds((theirs, ours), "us", []) == (theirs,)
    assert merge_holds((theirs,), "us", [ALL]) == (ours, theirs)
    taken_over = replace(theirs.hold, reason="ours now")
    assert merge_holds((theirs,), "us", [taken_over]) == (KeptHold("us", taken_over),)


def test_damaged_holds_file_makes_the_volume_unusable(rig) -> None:
    write_holds(rig.volume, [KeptHold("us", ALL)])
    path = rig.volume.root / "holds.json"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(VolumeUnusableError, match="holds"):
        read_holds(rig.volume)


def test_below_minimum_is_told_once_and_its_end_too(rig) -> None:
    keep = KeepRules({(CAMERA, RecordingMode.CONTINUOUS): RetentionTerm(RecordingMode.CONTINUOUS, min_days=7)})
    record(rig)
    for divisor in (2, 4):
        rig.store.set_terms(terms(SpaceLimit(rig.store.used_bytes // divisor, 0), rules=keep))
    told = [news for news in rig.store.drain_news() if isinstance(news, VolumeWarning)]
    assert [one.kind for one in told] == ["below_minimum"]
    record(rig)
    rig.store.set_terms(terms(SpaceLimit(rig.store.used_bytes // 2, 0)))
    told = [news for news in rig.store.drain_news() if isinstance(news, VolumeWarning)]
    assert [one.kind for one in told] == ["-below_minimum"]


def test_full_volume_is_writable_again_without_anybody_writing(rig) -> None:
    """Its cameras have spilled over: nobody would try."""
    record(rig)
    rig.store.set_terms(terms(SpaceLimit(1, 0), ALL))
    feed(rig.recorder(first_id=500), make_packets(100))
    rig.store.set_terms(terms(SpaceLimit(0, 0), ALL))
    states = [news.state for news in rig.store.drain_news() if isinstance(news, VolumeNews)]
    assert states == [VolumeState.FULL, VolumeState.WRITABLE]


def test_pain_09_expired_footage_goes_though_there_is_room(tmp_path) -> None:
    """Pain 9: retention deletes too little. Pain 10: rows and files go together."""
    rig = Rig(tmp_path / "v")
    start_ns = make_packets(1)[0].captured_at_ns
    keys = iter(make_id(start_ns + n * NS_PER_S, bytes(10)) for n in range(100))
    recorder = rig.recorder(target_s=2)
    recorder._make_segment_id = lambda: next(keys)  # ids with a real time
    feed(recorder, make_packets(200))
    recorder.close()
    rig.store.commit()
    keep = KeepRules({(CAMERA, RecordingMode.CONTINUOUS): RetentionTerm(RecordingMode.CONTINUOUS, max_days=1)})
    rig.store.set_terms(terms(SpaceLimit(0, 0), rules=keep))
    rig.store.tick(start_ns + DAY_NS // 2, 0)
    assert footage(rig)
    rig.store.tick(start_ns + 3 * DAY_NS, 5 * NS_PER_S)  # a leap of our clock: not believed
    assert footage(rig)
    rig.store.tick(start_ns + 5 * DAY_NS, 2 * DAY_NS + 5 * NS_PER_S)
    assert footage(rig) == {}
    assert rig.index.find_ids() == set()
    assert rig.store.used_bytes == 0
