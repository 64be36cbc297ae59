"""A shopping street at dusk: lit shops and lamps, cars with headlights, people and bicycles."""

import itertools

import numpy as np

from vedette.testing.scenes.backdrop import Facade, make_box, make_post, make_tree, paint_far, paint_sky, put_building
from vedette.testing.scenes.ground import GroundPlan
from vedette.testing.scenes.light import add_lamp, make_light
from vedette.testing.scenes.motion import Stop, plan_track, stand_still
from vedette.testing.scenes.scene import FPS, FRAMES, LOOP_S, Actor, Scene
from vedette.testing.scenes.vehicle import VAN, Vehicle
from vedette.testing.scenes.view import View
from vedette.testing.scenes.wardrobe import random_person, random_vehicle

_NEAR_LANE, _FAR_LANE = 11.6, 15.2
_LAMPS = ((-15.0, 18.2), (-4.0, 18.2), (7.0, 18.2), (18.0, 18.2))


def make_street(seed: int) -> Scene:
    view = View((-4.0, -1.5, 6.2), 14.0, 16.5, 860)
    rng = np.random.default_rng(seed)
    background = np.zeros((view.height, view.width, 3), np.uint8)
    paint_sky(background, view, (150, 108, 84), (140, 150, 214), seed, 0.5)
    paint_far(background, view, (112, 112, 116), (84, 88, 90), seed)
    _paint_place(background, view, seed)
    light = make_light(view, (0.66, 0.55, 0.5), vignette=0.3)
    for x, y in _LAMPS:
        add_lamp(light, view, (x, y - 1.2), 5.6, (0.34, 0.55, 0.66))
    scene = Scene("street", "Shopping street", view, background, light, sun=None, shadow=0.45, lamps=1.0, noise=2.2)
    _add_props(scene, seed)
    _add_actors(scene, rng)
    return scene


def _paint_place(background: np.ndarray, view: View, seed: int) -> None:
    plan = GroundPlan((-50, 60), (1.5, 60), (150, 156, 160), seed)
    plan.grid(-50, 1.5, 60, 9.4, 0.9, (130, 136, 140))
    plan.grid(-50, 17.4, 60, 21.6, 0.9, (130, 136, 140))
    plan.rectangle(-50, 9.4, 60, 17.4, (106, 107, 108))
    for y in (9.4, 17.4):
        plan.stripe((-50, y), (60, y), 0.26, (184, 188, 190))
    plan.stripe((-50, 13.4), (60, 13.4), 0.13, (206, 210, 212), (2.6, 2.6))
    for index in range(8):
        y = 9.75 + index * 0.98
        plan.rectangle(4.2, y, 7.8, y + 0.55, (216, 220, 222))
    plan.stains(130, 0.84)
    plan.cracks(30, (84, 85, 86))
    plan.lay(view, background)
    looks = (
        Facade((120, 146, 176), lit_share=0.35, ground_floor=(60, 66, 150), gap_m=1.2),
        Facade((96, 110, 158), lit_share=0.3, ground_floor=(92, 124, 60), brick=True),
        Facade((176, 184, 190), lit_share=0.4, ground_floor=(140, 84, 52), window_m=(1.5, 1.7)),
        Facade((150, 160, 150), lit_share=0.3, ground_floor=(50, 110, 176), gap_m=1.0),
        Facade((110, 128, 170), lit_share=0.35, ground_floor=(120, 70, 110), brick=True),
    )
    edges = (-32, -19, -8.5, 3.0, 15.5, 30, 46)
    for index, (x0, x1) in enumerate(itertools.pairwise(edges)):
        height_m = (9.6, 12.8, 9.6, 13.0, 9.8, 12.8)[index]
        put_building(background, view, (x0, 21.6, x1, 34), height_m, looks[index % len(looks)], seed + index)


def _add_props(scene: Scene, seed: int) -> None:
    view = scene.view
    for x, y in _LAMPS:
        place = np.array([x, y, 0.0])
        scene.add_prop(make_post(view, place, 5.4, 0.09, (70, 72, 74), arm_m=-1.1), place)
    for index, x in enumerate((-10.0, 1.4, 12.4, 24.0)):
        place = np.array([x, 18.6, 0.0])
        scene.add_prop(make_tree(view, place, 5.0, (58, 112, 84), seed + index), place)
    bench = np.array([-9.6, 7.9, 0.0])
    scene.add_prop(make_box(view, bench, (1.8, 0.5, 0.46), (66, 92, 128)), bench)
    bin_place = np.array([-7.2, 8.1, 0.0])
    scene.add_prop(make_box(view, bin_place, (0.45, 0.45, 1.0), (74, 84, 70)), bin_place)
    for x in (-3.5, -1.5, 0.5, 2.5, 9.4, 11.4, 13.4):
        place = np.array([x, 9.0, 0.0])
        scene.add_prop(make_post(view, place, 0.85, 0.06, (80, 84, 86)), place)


def _add_actors(scene: Scene, rng: np.random.Generator) -> None:
    def drive(stops: list[Stop], speed: float, start_s: float, vehicle: Vehicle | None = None) -> None:
        scene.actors.append(Actor(vehicle or random_vehicle(rng), plan_track(stops, speed, start_s, LOOP_S, FPS, 1.8)))

    def walk(stops: list[Stop], speed: float, start_s: float) -> None:
        scene.actors.append(Actor(random_person(rng), plan_track(stops, speed, start_s, LOOP_S, FPS, 0.8)))

    def ride(stops: list[Stop], speed: float, start_s: float) -> None:
        track = plan_track(stops, speed, start_s, LOOP_S, FPS, 0.8)
        scene.actors.append(Actor(random_person(rng), track, rider=True))

    drive([Stop(-30, _NEAR_LANE), Stop(50, _NEAR_LANE)], 8.6, 1.0)
    drive([Stop(52, _FAR_LANE), Stop(-30, _FAR_LANE)], 8.2, 4.5, Vehicle(VAN, (206, 210, 212)))
    drive([Stop(-30, _NEAR_LANE), Stop(0.4, _NEAR_LANE, 6.2), Stop(50, _NEAR_LANE)], 8.0, 12.6)
    drive([Stop(52, _FAR_LANE), Stop(11.8, _FAR_LANE, 4.0), Stop(-30, _FAR_LANE)], 8.2, 13.0)
    drive([Stop(52, _FAR_LANE), Stop(-30, _FAR_LANE)], 9.0, 26.5)
    drive([Stop(-30, _NEAR_LANE), Stop(50, _NEAR_LANE)], 9.2, 29.0)
    for x in (17.8, -21.0):
        scene.actors.append(Actor(random_vehicle(rng), stand_still(x, 16.35, np.pi, FRAMES)))
    walk(
        [Stop(-16, 6.2), Stop(4.6, 7.6, 0.6), Stop(6.0, 9.2), Stop(6.2, 18.4), Stop(4.0, 20.4), Stop(-14, 20.4)],
        1.5,
        3.0,
    )
    walk([Stop(26, 19.6), Stop(6.8, 19.4, 1.0), Stop(6.6, 9.0), Stop(8.6, 6.6), Stop(15, 4.0)], 1.6, 6.2)
    walk([Stop(-18, 20.2), Stop(10, 20.6, 2.0), Stop(24, 20.2)], 1.5, 0.0)
    walk([Stop(30, 20.8), Stop(-8, 20.6)], 1.35, 5.0)
    walk([Stop(-3.6, 2.4), Stop(-0.6, 7.2), Stop(14, 7.8), Stop(22, 7.6)], 1.45, 14.0)
    walk([Stop(16, 5.8), Stop(-3, 5.4), Stop(-13, 5.2)], 1.4, 15.0)
    ride([Stop(-26, 10.2), Stop(44, 10.2)], 4.4, 18.2)
    ride([Stop(44, 16.7), Stop(20, 15.9), Stop(-26, 16.8)], 4.8, 20.0)
