"""The gate of a works yard in the morning: cars wait at the barrier, people pass the side gate."""

from dataclasses import replace

import numpy as np

from vedette.testing.scenes.backdrop import (
    Facade,
    draw_fence,
    make_box,
    make_post,
    make_tree,
    paint_far,
    paint_sky,
    put_building,
)
from vedette.testing.scenes.figure import Figure
from vedette.testing.scenes.ground import GroundPlan
from vedette.testing.scenes.light import make_light
from vedette.testing.scenes.motion import Stop, plan_track
from vedette.testing.scenes.scene import FPS, FRAMES, LOOP_S, Actor, Moving, Scene, depth_of
from vedette.testing.scenes.vehicle import TRUCK, Vehicle
from vedette.testing.scenes.view import View, by
from vedette.testing.scenes.wardrobe import make_guard, random_person, random_vehicle

_BARRIER_Y = 17.5
_OPENINGS_S = ((5.2, 11.0), (17.5, 22.5), (27.2, 33.0))
_SWING_S = 1.4


def make_gate(seed: int) -> Scene:
    view = View((0.6, -1.0, 5.4), 3.0, 16.0, 960)
    rng = np.random.default_rng(seed)
    background = np.zeros((view.height, view.width, 3), np.uint8)
    paint_sky(background, view, (214, 176, 128), (236, 224, 206), seed, 0.8)
    paint_far(background, view, (118, 140, 128), (108, 138, 116), seed)
    _paint_place(background, view, seed)
    scene = Scene(
        "gate", "Works gate", view, background, make_light(view, (0.97, 1.0, 1.04)), sun=(1.5, 0.55), shadow=0.42
    )
    _add_props(scene, seed)
    scene.moving.append(
        Moving(lambda frame: _draw_barrier(view, frame), depth_of(view, np.array([0.0, _BARRIER_Y, 0])))
    )
    _add_actors(scene, rng)
    return scene


def _paint_place(background: np.ndarray, view: View, seed: int) -> None:
    plan = GroundPlan((-40, 40), (2, 92), (96, 132, 104), seed)
    plan.stains(160, 0.88, (1.0, 4.0))
    plan.rectangle(-40, 46, 40, 92, (128, 134, 136))
    plan.rectangle(-3.4, 2, 3.4, 92, (112, 113, 114))
    plan.rectangle(3.4, 2, 9.2, 46, (150, 155, 157))
    plan.rectangle(-6.6, 2, -3.4, 46, (168, 174, 177))
    plan.grid(-6.6, 2, -3.4, 46, 0.8, (142, 148, 151))
    for x in (-3.4, 3.4):
        plan.stripe((x, 2), (x, 46), 0.22, (188, 192, 193))
    plan.stripe((0, 2), (0, 92), 0.14, (206, 210, 212), (2.4, 2.6))
    plan.stripe((0.2, 15.2), (3.2, 15.2), 0.4, (222, 226, 228))
    plan.stripe((-3.2, 20.2), (-0.2, 20.2), 0.4, (222, 226, 228))
    for x in np.arange(-2.9, 3.0, 0.9):
        plan.stripe((float(x), 17.0), (float(x) + 0.5, 18.0), 0.2, (70, 190, 215))
    plan.stains(60, 0.84)
    plan.cracks(26, (86, 87, 88))
    plan.lay(view, background)
    hall = Facade((176, 170, 158), window=(128, 112, 92), floor_m=4.5, window_m=(2.4, 1.3), gap_m=1.6)
    put_building(background, view, (-34, 52, -8, 74), 9.5, hall, seed)
    brick = Facade((84, 104, 156), window=(102, 88, 72), floor_m=3.4, gap_m=1.5, brick=True)
    put_building(background, view, (7, 48, 34, 66), 8.2, brick, seed + 5)
    draw_fence(background, view, (-40, 18.4), (-6.8, 18.4), 2.2)
    draw_fence(background, view, (9.4, 18.4), (40, 18.4), 2.2)


def _add_props(scene: Scene, seed: int) -> None:
    view = scene.view
    house = make_box(view, by(4.6, 15.6, 0), (4.2, 3.6, 2.9), (196, 206, 208))
    _add_windows(house, view)
    scene.add_prop(house, np.array([5.5, 15.6, 0]))
    roof = make_box(view, by(4.2, 15.0, 2.9), (5.0, 4.6, 0.25), (92, 84, 78))
    roof.shadow.clear()
    scene.add_prop(roof, np.array([5.5, 15.5, 0]))
    for x, y, height in ((-12.5, 24, 6.5), (-17.5, 30, 7.5), (13.5, 26, 7.0), (19, 33, 8.0), (-10.5, 38, 6.0)):
        place = np.array([x, y, 0.0])
        scene.add_prop(make_tree(view, place, height, (62, 128, 92), seed + int(abs(x) * 7)), place)
    for side in (-1, 1):
        place = by(3.9 * side, 30.0, 0.0)
        scene.add_prop(make_post(view, place, 6.0, 0.09, (122, 126, 128), arm_m=-1.4 * side), place)
    post = np.array([3.75, _BARRIER_Y, 0.0])
    scene.add_prop(make_box(view, post - by(0.18, 0.18, 0), (0.36, 0.36, 1.1), (52, 150, 214)), post)
    rest = np.array([-3.55, _BARRIER_Y, 0.0])
    scene.add_prop(make_post(view, rest, 0.95, 0.07, (60, 60, 64)), rest)
    for bollard_y in (8.0, 11.0, 14.0):
        place = by(-3.75, bollard_y, 0.0)
        scene.add_prop(make_post(view, place, 0.9, 0.07, (60, 70, 76)), place)


def _add_windows(house: Figure, view: View) -> None:
    glass = (112, 96, 78)
    for x0, x1 in ((4.8, 6.1), (6.25, 7.5), (7.65, 8.6)):
        pane = np.array([[x0, 15.58, 1.0], [x1, 15.58, 1.0], [x1, 15.58, 2.35], [x0, 15.58, 2.35]])
        house.polygon(view.project_polygon(pane), glass)
        streak = pane[[0, 1, 2]] * [1, 1, 1] + [[0.55, 0, 0.5], [0, 0, 0.35], [0, 0, 0]]
        house.polygon(view.project_polygon(streak), (150, 136, 118))
    side = np.array([[4.58, 18.6, 1.0], [4.58, 16.1, 1.0], [4.58, 16.1, 2.35], [4.58, 18.6, 2.35]])
    house.polygon(view.project_polygon(side), (126, 110, 92))
    band = np.array([[4.6, 15.57, 0.2], [8.8, 15.57, 0.2], [8.8, 15.57, 0.55], [4.6, 15.57, 0.55]])
    house.polygon(view.project_polygon(band), (150, 92, 44))


def _draw_barrier(view: View, frame: int) -> Figure:
    time_s = frame / FPS
    lift = 0.0
    for opens_s, closes_s in _OPENINGS_S:
        up = np.clip((time_s - opens_s) / _SWING_S, 0, 1) - np.clip((time_s - closes_s) / _SWING_S, 0, 1)
        lift = max(lift, float(up * up * (3 - 2 * up)))
    angle = lift * np.radians(82)
    figure = Figure()
    hinge = np.array([3.75, _BARRIER_Y, 1.02])
    way = np.array([-np.cos(angle), 0, np.sin(angle)])
    radius = 0.06 * view.focal_px / depth_of(view, hinge)
    for index in range(9):
        ends = np.stack([hinge + way * 7.2 * index / 9, hinge + way * 7.2 * (index + 1) / 9])
        color = (54, 54, 200) if index % 2 else (236, 238, 240)
        figure.capsule(view.project(ends)[:, :2], (radius, radius), color)
    return figure


def _add_actors(scene: Scene, rng: np.random.Generator) -> None:
    def drive(stops: list[Stop], speed: float, start_s: float, vehicle: Vehicle | None = None) -> None:
        track = plan_track(stops, speed, start_s, LOOP_S, FPS, 1.8)
        scene.actors.append(Actor(vehicle or random_vehicle(rng), track))

    def walk(stops: list[Stop], speed: float, start_s: float) -> None:
        scene.actors.append(Actor(random_person(rng), plan_track(stops, speed, start_s, LOOP_S, FPS, 0.8)))

    drive([Stop(1.7, 0), Stop(1.7, 12.2, 3.6), Stop(1.7, 40), Stop(4, 52), Stop(30, 55)], 6.0, 0.2)
    truck = Vehicle(TRUCK, (150, 84, 40), (214, 218, 220))
    drive([Stop(-26, 49), Stop(-6, 49), Stop(-1.7, 42), Stop(-1.7, 23.5, 2.6), Stop(-1.7, -5)], 6.4, 10.0, truck)
    drive([Stop(1.7, -1), Stop(1.7, 12.2, 3.0), Stop(1.7, 34), Stop(-2, 48), Stop(-30, 52)], 6.2, 23.0)
    walk([Stop(-5.4, 3), Stop(-5.2, 18.4, 0.8), Stop(-5.0, 34), Stop(-4.6, 46)], 1.45, 1.0)
    walk([Stop(-4.4, 44), Stop(-4.8, 20), Stop(-4.6, 3)], 1.4, 4.0)
    walk([Stop(-5.8, 3), Stop(-5.3, 18.4, 1.0), Stop(-7.5, 27), Stop(-9.5, 33)], 1.5, 14.0)
    walk([Stop(-5.0, 3), Stop(-4.9, 16), Stop(-5.2, 30)], 1.65, 17.2)
    walk([Stop(-4.2, 40), Stop(-5.6, 22), Stop(-5.9, 3)], 1.35, 7.5)
    guard_path = [
        Stop(4.1, 14.6, 3.0), Stop(2.9, 13.2, 3.2), Stop(4.1, 14.6, 12.0), Stop(2.9, 13.2, 3.0), Stop(4.1, 14.6, 7.0),
    ]  # fmt: skip
    track = plan_track(guard_path, 1.1, 0.0, LOOP_S, FPS, 0.7)
    always = replace(track, is_present=np.ones(FRAMES, np.bool_))  # ends where it begins
    scene.actors.append(Actor(make_guard(rng), always))
