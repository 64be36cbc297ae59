import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.testing.scenes.ambience import make_ambience
from vedette.testing.scenes.catalog import CATALOG, format_truth
from vedette.testing.scenes.figure import Figure, draw_figure, draw_shadow
from vedette.testing.scenes.gate import make_gate
from vedette.testing.scenes.motion import Stop, plan_track, stand_still
from vedette.testing.scenes.person import Person, draw_person
from vedette.testing.scenes.renderer import SceneRenderer, TrueBox
from vedette.testing.scenes.scene import FPS, FRAMES, LOOP_S, Scene
from vedette.testing.scenes.vehicle import SEDAN, TRUCK, Vehicle, draw_vehicle
from vedette.testing.scenes.view import View, by

VIEW = View((0.0, 0.0, 5.0), 0.0, 15.0, 900)
PERSON = Person(1.8, (150, 180, 226), (32, 36, 42), (140, 92, 52), (84, 62, 50))


@pytest.fixture(scope="module")
def gate() -> Scene:
    return make_gate(1)


@pytest.fixture(scope="module")
def renderer(gate: Scene) -> SceneRenderer:
    return SceneRenderer(gate)


def test_horizon_and_lens_axis_project_where_the_geometry_says() -> None:
    far = VIEW.project(np.array([[0.0, 1e6, 5.0]]))[0]
    assert far[1] == pytest.approx(VIEW.horizon_px(), abs=0.01)
    axis_y = 5.0 / np.tan(np.radians(15.0))
    assert VIEW.project(np.array([[0.0, axis_y, 0.0]]))[0][:2] == pytest.approx([640, 360])


def test_ground_homography_agrees_with_the_projection() -> None:
    point = VIEW.ground_homography() @ np.array([3.0, 20.0, 1.0])
    expected = VIEW.project(np.array([[3.0, 20.0, 0.0]]))[0][:2]
    assert point[:2] / point[2] == pytest.approx(expected)


def test_polygon_that_passes_the_camera_is_cut_at_the_near_plane() -> None:
    crossing = np.array([[-1.0, -10.0, 0.0], [1.0, -10.0, 0.0], [1.0, 30.0, 0.0], [-1.0, 30.0, 0.0]])
    cut = VIEW.project_polygon(crossing)
    assert len(cut) >= 3
    assert np.isfinite(cut).all()
    assert len(VIEW.project_polygon(crossing - [0, 100.0, 0])) == 0


def test_way_takes_its_time_and_returns_every_loop() -> None:
    track = plan_track([Stop(0, 0), Stop(10, 0, 2.0), Stop(10, 10)], 2.0, 30.0, LOOP_S, FPS, 0.5)
    assert track.is_present.sum() == pytest.approx(12 * FPS, abs=1)  # 5 s + 2 s waiting + 5 s
    assert track.is_present[30 * FPS :].all()  # starts at 30 s and runs on into the next loop
    assert track.is_present[: 6 * FPS].all()
    assert not track.is_present[7 * FPS : 29 * FPS].any()
    steps = np.hypot(*np.diff(track.position[track.is_present & np.roll(track.is_present, 1)], axis=0).T)
    assert np.sort(steps)[-2] < 2.0 / FPS * 1.05


def test_heading_is_kept_while_waiting() -> None:
    track = plan_track([Stop(0, 0), Stop(0, 8, 3.0), Stop(0, 16)], 2.0, 0.0, LOOP_S, FPS, 0.5)
    present = track.heading[track.is_present]
    assert np.allclose(present, np.pi / 2, atol=0.01)
    assert track.speed[int(5.5 * FPS)] == pytest.approx(0, abs=0.01)


def test_way_longer_than_the_loop_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        plan_track([Stop(0, 0), Stop(1000, 0)], 1.0, 0.0, LOOP_S, FPS, 0.5)


def test_person_stands_on_the_ground_with_the_right_height() -> None:
    place = np.array([1.0, 12.0, 0.0])
    extent = draw_person(VIEW, PERSON, place, 0.0, 3.3).extent()
    assert extent is not None
    feet = VIEW.project(place[None])[0]
    head = VIEW.project((place + by(0, 0, 1.8))[None])[0]
    assert extent[3] == pytest.approx(feet[1], abs=9)
    assert extent[1] == pytest.approx(head[1], abs=9)
    assert extent[0] < feet[0] < extent[2]


def test_box_of_a_vehicle_holds_its_corners() -> None:
    place = np.array([0.0, 15.0, 0.0])
    extent = draw_vehicle(VIEW, Vehicle(SEDAN, (60, 60, 160)), place, 0.4).extent()
    assert extent is not None
    width_px = (extent[2] - extent[0]) * 15.8 / VIEW.focal_px
    assert 4.0 < width_px < 5.6
    truck = draw_vehicle(VIEW, Vehicle(TRUCK, (60, 60, 160), (200, 200, 200)), place, 0.4).extent()
    assert truck is not None
    assert truck[3] - truck[1] > 1.5 * (extent[3] - extent[1])


def test_figure_outside_the_picture_changes_nothing() -> None:
    image = np.full((90, 160, 3), 100, np.uint8)
    figure = Figure()
    figure.polygon(np.array([[500.0, 10.0], [520.0, 10.0], [510.0, 30.0]]), (255, 255, 255))
    assert draw_figure(image, figure) is None
    assert draw_figure(image, Figure()) is None
    draw_shadow(image, [], 0.5, 3)
    draw_shadow(image, [np.zeros((0, 2))], 0.5, 3)
    assert (image == 100).all()


def test_loop_is_seamless(gate: Scene, renderer: SceneRenderer) -> None:
    """From the last frame to the first every actor moves no farther than from any frame to the next."""
    for actor in gate.actors:
        track = actor.track
        both = track.is_present & np.roll(track.is_present, -1)
        step = np.hypot(*(np.roll(track.position, -1, axis=0) - track.position).T)
        assert step[both].max() < 0.75, actor.look
    last = {box.track_id: box for box in renderer.render(FRAMES - 1)[1]}
    first = {box.track_id: box for box in renderer.render(0)[1]}
    for track_id in last.keys() & first.keys():
        shift = np.abs(np.subtract(last[track_id].box_px, first[track_id].box_px)).max()
        assert shift < 60


def test_truth_lies_in_the_picture_and_on_what_changed(gate: Scene, renderer: SceneRenderer) -> None:
    image, boxes = renderer.render(300)
    assert image.shape == (720, 1280, 3)
    assert {box.class_id for box in boxes} == {0, 1}
    for box in boxes:
        left, top, width, height = box.box_px
        assert left >= 0
        assert top >= 0
        assert left + width <= 1280
        assert top + height <= 720
        assert 0 < box.visibility <= 1
    empty, _ = SceneRenderer(Scene(**{**_fields(gate), "actors": [], "moving": []})).render(0)
    change = np.abs(image.astype(int) - empty.astype(int)).max(axis=2) > 40
    for box in boxes:
        if box.visibility > 0.9:
            left, top, width, height = (int(value) for value in box.box_px)
            assert change[top : top + height, left : left + width].mean() > 0.25
    assert change.mean() < 0.12


def _fields(scene: Scene) -> dict[str, object]:
    return {name: getattr(scene, name) for name in Scene.__dataclass_fields__}


def test_every_scene_of_the_catalog_has_life_all_the_time() -> None:
    for entry in CATALOG[:4]:
        scene = entry.make(entry.seed)
        moving = sum((actor.track.is_present & (actor.track.speed > 0.3)).astype(int) for actor in scene.actors)
        assert np.asarray(moving).min() >= 1, entry.title


def test_titles_and_files_are_distinct() -> None:
    assert len({entry.title for entry in CATALOG}) == len(CATALOG)
    assert len({(entry.name, entry.seed) for entry in CATALOG}) == len(CATALOG)


def test_truth_row_is_what_mot_tools_read() -> None:
    row = format_truth(0, TrueBox(3, 1, (10.0, 20.5, 30.0, 40.0), 0.5))
    assert row == "1,3,10.0,20.5,30.0,40.0,1,2,0.50\n"


def test_sound_fills_the_loop_without_a_click_at_the_seam(gate: Scene) -> None:
    samples = make_ambience(gate, 8000, 1).astype(np.int64)
    assert len(samples) == LOOP_S * 8000
    assert 50 < np.abs(samples).mean() < 8000
    steps = np.abs(np.diff(samples))
    assert abs(samples[0] - samples[-1]) <= np.percentile(steps, 99.9)


def test_standing_actor_is_there_for_the_whole_loop() -> None:
    track = stand_still(1.0, 2.0, 0.5, FRAMES)
    assert track.is_present.all()
    assert track.speed.max() == 0
