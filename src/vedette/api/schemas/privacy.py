"""Privacy zones on the wire."""

from typing import Annotated

from pydantic import Field

from vedette.api.schemas.cameras import Point
from vedette.api.schemas.common import Answer, Request
from vedette.camera.privacy_zones import ZoneForm
from vedette.core.privacy import PrivacyZone

MOST = 64
"""Of zones and of points: a bound for the parser; `vedette.camera.privacy_zones` judges."""


class PrivacyZoneIn(Request):
    """A zone. `id` is left out for a new one. Points are fractions of the picture, x right, y down."""

    id: Annotated[str, Field(max_length=64)] = ""
    name: Annotated[str, Field(max_length=256)]
    polygon: Annotated[list[Point], Field(max_length=MOST)]


class PrivacyIn(Request):
    zones: Annotated[list[PrivacyZoneIn], Field(max_length=MOST)]

    def forms(self) -> list[ZoneForm]:
        return [ZoneForm(zone.id, zone.name, tuple((x, y) for x, y in zone.polygon)) for zone in self.zones]


class PrivacyZoneOut(Answer):
    id: str
    name: str
    polygon: list[Point]


class PrivacyOut(Answer):
    """At most 16 zones of 3 to 16 points each; none: nothing is hidden."""

    zones: list[PrivacyZoneOut]


def privacy_out(zones: tuple[PrivacyZone, ...]) -> PrivacyOut:
    """Shows zones in the form in which they can be sent back."""
    return PrivacyOut(
        zones=[
            PrivacyZoneOut(id=zone.id, name=zone.name, polygon=[list(point) for point in zone.polygon.points])
            for zone in zones
        ]
    )
