"""A generated scene: a place, the things that stand in it, and the actors that move through it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import CLASS_NAMES
from vedette.testing.scenes.figure import Figure, Image
from vedette.testing.scenes.motion import Track
from vedette.testing.scenes.person import Person
from vedette.testing.scenes.vehicle import Vehicle
from vedette.testing.scenes.view import Floats, View

LOOP_S = 36
FPS = 15
FRAMES = LOOP_S * FPS

PERSON = CLASS_NAMES.index("person")
VEHICLE = CLASS_NAMES.index("vehicle")
TWO_WHEELER = CLASS_NAMES.index("two_wheeler")


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that moves, or could.

    Attributes:
        rider: Rides a bicycle.
    """

    look: Person | Vehicle
    track: Track
    rider: bool = False

    @property
    def class_id(self) -> int:
        if isinstance(self.look, Vehicle):
            return VEHICLE
        return TWO_WHEELER if self.rider else PERSON


@dataclass(frozen=True, slots=True)
class Prop:
    """A thing that stands still and may hide actors behind it.

    Attributes:
        depth_m: Distance from the camera along its line of sight.
    """

    figure: Figure
    depth_m: float


@dataclass(frozen=True, slots=True)
class Moving:
    """A part of the place that moves (a barrier): drawn anew for every frame.

    Attributes:
        draw: Frame number -> figure.
    """

    draw: Callable[[int], Figure]
    depth_m: float


@dataclass(slots=True)
class Scene:
    """Everything that is needed to render a scene.

    Attributes:
        background: Ground, walls and sky, before props and light.
        light: (H, W, 3) float32 factors of blue, green and red.
        sun: Way of a shadow's tip on the ground per metre of height; None: no cast shadows.
        lamps: How bright the lamps of vehicles are, 0 to 1.
        hides: Masks of walls that hide what is farther than their depth.
    """

    name: str
    title: str
    view: View
    background: Image
    light: NDArray[np.float32]
    sun: tuple[float, float] | None
    shadow: float
    lamps: float = 0.0
    noise: float = 1.6
    props: list[Prop] = field(default_factory=list)
    moving: list[Moving] = field(default_factory=list)
    actors: list[Actor] = field(default_factory=list)
    hides: list[tuple[Image, float]] = field(default_factory=list)

    def add_prop(self, figure: Figure, place: Floats) -> None:
        self.props.append(Prop(figure, depth_of(self.view, place)))


def depth_of(view: View, place: Floats) -> float:
    """Distance of a world point along the line of sight."""
    return float(view.to_camera(place[None])[0, 2])
