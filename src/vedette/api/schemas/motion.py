"""Motion settings on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from vedette.api.schemas.cameras import Point
from vedette.api.schemas.common import Answer, Request
from vedette.camera.motion_zones import MotionZoneForm, read_motion
from vedette.core.motion import MotionSettings

MOST = 64
"""Of zones and of points: a bound for the parser; `vedette.camera.motion_zones` judges."""
_STEP_WORD = Field(max_length=16, json_schema_extra={"enum": ["low", "normal", "high"]})
_KIND_WORD = Field(max_length=16, json_schema_extra={"enum": ["include", "exclude", "look", "ignore"]})


class MotionZoneIn(Request):
    """A zone, known by its name. Points are fractions of the picture, x right, y down."""

    name: Annotated[str, Field(max_length=256)]
    kind: Annotated[str, _KIND_WORD]
    polygon: Annotated[list[Point], Field(max_length=MOST)]


class MotionIn(Request):
    sensitivity: Annotated[str, _STEP_WORD] = "normal"
    zones: Annotated[list[MotionZoneIn], Field(max_length=MOST)] = Field(default_factory=list)

    def read(self) -> MotionSettings:
        """Raises InvalidMotionZonesError."""
        forms = [MotionZoneForm(zone.name, zone.kind, tuple((x, y) for x, y in zone.polygon)) for zone in self.zones]
        return read_motion(self.sensitivity, forms)


class MotionZoneOut(Answer):
    name: str
    kind: Literal["include", "exclude", "look", "ignore"]
    polygon: list[Point]


class MotionOut(Answer):
    """At most 16 zones of 3 to 16 points each. Analysis looks at what is in a look zone (or at all, without one) and in
    no ignore zone; of that, motion counts in an include zone (or anywhere, without one) and in no exclude zone.
    """

    sensitivity: Literal["low", "normal", "high"]
    zones: list[MotionZoneOut]


def motion_out(motion: MotionSettings) -> MotionOut:
    """Shows settings in the form in which they can be sent back."""
    return MotionOut(
        sensitivity=motion.sensitivity.value,
        zones=[
            MotionZoneOut(name=zone.name, kind=zone.kind.value, polygon=[list(point) for point in zone.polygon.points])
            for zone in motion.zones
        ],
    )
