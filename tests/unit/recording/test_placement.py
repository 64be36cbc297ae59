"""Where a camera records, and how long the room lasts. Pains 9 and 11: one full disk stops everything."""

from vedette.recording.forecast import Room, find_days_left, find_room, is_hold_pressing
from vedette.recording.placement import Placement, VolumeView, place_camera

A = VolumeView("a", "id-a", is_open=True, is_usable=True)
B = VolumeView("b", "id-b", is_open=True, is_usable=True)
CAMERAS = [f"camera-{number}" for number in range(40)]


def full(view: VolumeView) -> VolumeView:
    return VolumeView(view.name, view.volume_id, is_open=True, is_usable=False)


def gone(view: VolumeView) -> VolumeView:
    return VolumeView(view.name, view.volume_id, is_open=False, is_usable=False)


def test_no_volume_is_no_place() -> None:
    assert place_camera("c", [], []) == Placement(None)
    assert place_camera("c", ["a"], [gone(A)]) == Placement(None)


def test_pain_09_camera_of_a_full_volume_spills_over_and_returns() -> None:
    """Pain 9: disk full stops everything."""
    assert place_camera("c", ["a"], [A, B]) == Placement("id-a")
    assert place_camera("c", ["a"], [full(A), B]) == Placement("id-b", is_spilled=True)
    assert place_camera("c", ["a"], [gone(A), B]) == Placement("id-b", is_spilled=True)
    assert place_camera("c", ["a"], [A, B]) == Placement("id-a")


def test_second_preferred_is_no_spill_over() -> None:
    assert place_camera("c", ["a", "b"], [gone(A), B]) == Placement("id-b")


def test_all_full_stays_with_its_own() -> None:
    assert place_camera("c", ["b"], [full(A), full(B)]) == Placement("id-b")


def test_unknown_name_is_better_recorded_elsewhere() -> None:
    assert place_camera("c", ["typo"], [A]) == Placement("id-a", is_spilled=True)


def test_only_cameras_of_a_lost_volume_move() -> None:
    before = {camera: place_camera(camera, [], [A, B]) for camera in CAMERAS}
    after = {camera: place_camera(camera, [], [gone(A), B]) for camera in CAMERAS}
    assert len({place.volume_id for place in before.values()}) == 2
    for camera in CAMERAS:
        was_here = before[camera].volume_id == "id-a"
        assert after[camera] == Placement("id-b", is_spilled=was_here)


def test_room_is_the_smaller_of_quota_and_disk() -> None:
    assert find_room(100, 10, 0, 20) == 80
    assert find_room(100, 10, 50, 20) == 40
    assert find_room(10, 10, 50, 20) == 0


def test_days_left_knows_what_expires_by_itself() -> None:
    day_bps = 8 / 86_400
    assert find_days_left(Room(10, 0, 0, 0.0)) is None
    assert find_days_left(Room(10, 0, 0, day_bps)) == 10
    assert find_days_left(Room(10, 0, 0, day_bps, longest_days=7)) is None
    assert find_days_left(Room(3, 4, 0, day_bps, longest_days=8, oldest_days=4)) == 3


def test_hold_warning_comes_days_before_and_is_said_once() -> None:
    day_bps = 8 / 86_400
    assert not is_hold_pressing(Room(0, 10, 0, day_bps), was_pressing=False)
    assert not is_hold_pressing(Room(0, 10, 6, day_bps), was_pressing=False)
    assert is_hold_pressing(Room(0, 10, 8, day_bps), was_pressing=False)
    assert is_hold_pressing(Room(0, 100, 97, day_bps * 0.9), was_pressing=True)  # 3.3 days: it does not flutter
