"""A shop's car park in the late afternoon: parked cars, cars that pass, people between shop and cars."""

import numpy as np

from vedette.testing.scenes.backdrop import Facade, make_box, make_post, make_tree, paint_far, paint_sky, put_building
from vedette.testing.scenes.ground import GroundPlan
from vedette.testing.scenes.light import make_light
from vedette.testing.scenes.motion import Stop, plan_track, stand_still
from vedette.testing.scenes.scene import FPS, FRAMES, LOOP_S, Actor, Scene
from vedette.testing.scenes.view import View
from vedette.testing.scenes.wardrobe import random_person, random_vehicle

_BAY_M = 2.7
_ROWS = ((10.5, 15.5, 1), (22.0, 27.0, -1))
"""Near edge, far edge, and whether cars stand with the front away (1) or towards the camera (-1)."""


def make_car_park(seed: int) -> Scene:
    view = View((-3.0, -2.0, 7.6), 7.0, 20.0, 900)
    rng = np.random.default_rng(seed)
    background = np.zeros((view.height, view.width, 3), np.uint8)
    paint_sky(background, view, (206, 164, 140), (170, 206, 240), seed + 3, 0.9)
    paint_far(background, view, (120, 136, 142), (92, 112, 112), seed)
    _paint_place(background, view, seed)
    light = make_light(view, (0.86, 0.96, 1.07))
    scene = Scene("car_park", "Car park", view, background, light, sun=(-1.9, 0.5), shadow=0.4)
    _add_props(scene, seed)
    _add_actors(scene, rng)
    _park(scene, rng)
    return scene


def _paint_place(background: np.ndarray, view: View, seed: int) -> None:
    plan = GroundPlan((-45, 45), (2, 70), (104, 105, 107), seed)
    plan.rectangle(-45, 30.4, 45, 36, (158, 166, 172))
    plan.grid(-45, 30.4, 45, 36, 1.0, (136, 144, 150))
    plan.rectangle(-45, 36, 45, 70, (120, 126, 128))
    plan.rectangle(-45, 2, 45, 3.6, (92, 128, 100))
    for near, far, _ in _ROWS:
        for index in range(-12, 13):
            x = index * _BAY_M
            plan.stripe((x, near), (x, far), 0.11, (206, 212, 214))
        edge = far if near < 18 else near
        plan.stripe((-12 * _BAY_M, edge), (12 * _BAY_M, edge), 0.11, (206, 212, 214))
    for x in (-10.0, 4.0, 16.0):
        plan.area(
            [
                (x, 18.6),
                (x + 2.2, 18.6),
                (x + 2.2, 18.25),
                (x + 3.2, 18.85),
                (x + 2.2, 19.45),
                (x + 2.2, 19.1),
                (x, 19.1),
            ],
            (196, 202, 204),
        )
    for index in range(7):
        plan.rectangle(-1.0 + index * 0.9, 27.4, -0.55 + index * 0.9, 30.2, (214, 219, 221))
    plan.stripe((-45, 30.4), (45, 30.4), 0.24, (186, 190, 192))
    plan.stains(150, 0.82)
    plan.cracks(40, (82, 83, 84))
    plan.lay(view, background)
    shop = Facade(
        (176, 190, 200), window=(116, 100, 80), floor_m=3.6, window_m=(2.6, 1.2), gap_m=1.2,
        lit_share=0.35, ground_floor=(64, 60, 168),
    )  # fmt: skip
    put_building(background, view, (-24, 36, 20, 60), 7.2, shop, seed)
    flats = Facade((150, 172, 190), floor_m=3.0, lit_share=0.12, gap_m=1.1)
    put_building(background, view, (23, 40, 44, 56), 14.5, flats, seed + 9)


def _add_props(scene: Scene, seed: int) -> None:
    view = scene.view
    for index, x in enumerate((-16.2, -8.1, 2.7, 10.8, 18.9)):
        place = np.array([x, 21.4, 0.0])
        scene.add_prop(make_tree(view, place, 4.6 + 0.4 * (index % 3), (58, 124, 104), seed + index), place)
    for x in (-13.5, 8.1):
        place = np.array([x, 16.2, 0.0])
        scene.add_prop(make_post(view, place, 6.8, 0.1, (96, 98, 100), arm_m=1.2), place)
    for x in (-6.0, 6.6):
        low = np.array([x, 31.2, 0.0])
        scene.add_prop(make_box(view, low, (1.6, 0.7, 0.75), (74, 96, 124)), low)
    trolleys = np.array([11.5, 30.9, 0.0])
    scene.add_prop(make_box(view, trolleys, (3.4, 1.6, 1.0), (150, 156, 160)), trolleys)


def _park(scene: Scene, rng: np.random.Generator) -> None:
    for near, far, facing in _ROWS:
        for index in range(-11, 11):
            if rng.random() < (0.46 if near < 18 else 0.62) and not (near > 18 and -1 <= index <= 1):
                x = (index + 0.5) * _BAY_M + float(rng.normal(0, 0.08))
                if _is_walked_through(scene, x, (near, far)):
                    continue
                turned = np.pi if rng.random() < 0.25 else 0.0
                heading = np.pi / 2 * facing + turned + float(rng.normal(0, 0.02))
                track = stand_still(x, (near + far) / 2 + float(rng.normal(0, 0.15)), heading, FRAMES)
                scene.actors.append(Actor(random_vehicle(rng), track))


def _is_walked_through(scene: Scene, x: float, row: tuple[float, float]) -> bool:
    """Tells whether somebody's way leads through this bay."""
    for actor in scene.actors:
        at = actor.track.position[actor.track.is_present]
        if ((at[:, 1] > row[0] - 0.6) & (at[:, 1] < row[1] + 0.6) & (np.abs(at[:, 0] - x) < 1.35)).any():
            return True
    return False


def _add_actors(scene: Scene, rng: np.random.Generator) -> None:
    def drive(stops: list[Stop], speed: float, start_s: float) -> None:
        scene.actors.append(Actor(random_vehicle(rng), plan_track(stops, speed, start_s, LOOP_S, FPS, 2.0)))

    def walk(stops: list[Stop], speed: float, start_s: float) -> None:
        scene.actors.append(Actor(random_person(rng), plan_track(stops, speed, start_s, LOOP_S, FPS, 0.8)))

    drive([Stop(-34, 18.8), Stop(34, 18.8)], 4.6, 1.0)
    drive([Stop(34, 20.2), Stop(4, 20.2, 3.0), Stop(-34, 20.2)], 4.8, 9.0)
    drive([Stop(-30, 7.0), Stop(30, 7.0)], 4.2, 19.0)
    drive([Stop(34, 20.2), Stop(-34, 20.2)], 5.2, 27.5)
    # Everybody crosses the rows of bays at the same free bay, so that nobody walks through a parked car.
    walk([Stop(2.4, 35.8), Stop(2.0, 28), Stop(1.4, 16.2), Stop(1.35, 9.6), Stop(-6, 6), Stop(-14, 4)], 1.55, 0.0)
    walk([Stop(-26, 32.6), Stop(-8, 32.4, 1.5), Stop(0.8, 33.2), Stop(1.6, 35.8)], 1.5, 6.0)
    walk([Stop(14, 4.8), Stop(6, 7.5), Stop(1.4, 9.6), Stop(1.4, 16.2), Stop(2.5, 28), Stop(2.8, 35.8)], 1.5, 12.0)
    walk([Stop(3.4, 35.8), Stop(3.8, 33), Stop(26, 32.0)], 1.6, 15.0)
    walk([Stop(1.8, 35.8), Stop(1.3, 27), Stop(1.3, 17, 3.0), Stop(1.3, 9.5), Stop(-8, 5), Stop(-13, 4)], 1.5, 3.4)
