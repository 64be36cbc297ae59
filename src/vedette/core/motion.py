"""Where in a camera's picture analysis looks and motion counts, and how much of it is needed. Values only.

Analysis looks at a point when it lies in a look zone (or there is none) and in no ignore zone; all else is to it as if
it were not in the picture. Of what is looked at, motion counts where it lies in an include zone (or there is none) and
in no exclude zone. What the steps of
sensitivity mean is decided here alone, for the analyzer's motion detector and for packet sizes alike.
Design: docs/design/vision.md, docs/design/recording-plan.md.
"""

from dataclasses import dataclass
from enum import StrEnum

from vedette.core.geometry import Polygon


class MotionSensitivity(StrEnum):
    """How little is motion."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class MotionZoneKind(StrEnum):
    """What a zone does: the first two for motion, the last two for all analysis."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    LOOK = "look"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class MotionThresholds:
    """What one step of sensitivity asks for. Shares are of the whole picture, whatever the zones.

    Attributes:
        contrast: Least difference from the background, in grey levels of 255.
        recorded_share: Least area that must change at once to be recorded as motion.
        object_share: Smallest thing that is an object of its own.
        event_share: Least area for an event `motion` of a camera without rules of its own.
        packet_sensitivity: Of packet sizes, 0 (only large, fast things) to 1 (everything that moves).
    """

    contrast: float
    recorded_share: float
    object_share: float
    event_share: float
    packet_sensitivity: float


THRESHOLDS = {
    MotionSensitivity.LOW: MotionThresholds(24.0, 0.0032, 0.0048, 0.012, 0.2),
    MotionSensitivity.NORMAL: MotionThresholds(14.0, 0.0008, 0.0012, 0.003, 0.5),
    MotionSensitivity.HIGH: MotionThresholds(8.0, 0.0004, 0.0006, 0.0015, 0.8),
}


@dataclass(frozen=True, slots=True)
class MotionZone:
    """A part of the picture that counts for motion or is looked at, or is not. Known by its name."""

    name: str
    kind: MotionZoneKind
    polygon: Polygon


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """What is motion on one camera."""

    sensitivity: MotionSensitivity = MotionSensitivity.NORMAL
    zones: tuple[MotionZone, ...] = ()

    @property
    def thresholds(self) -> MotionThresholds:
        return THRESHOLDS[self.sensitivity]

    def outlines(self, kind: MotionZoneKind) -> tuple[Polygon, ...]:
        return tuple(zone.polygon for zone in self.zones if zone.kind is kind)

    @property
    def looks_everywhere(self) -> bool:
        return not any(zone.kind in {MotionZoneKind.LOOK, MotionZoneKind.IGNORE} for zone in self.zones)

    def looks_at(self, x: float, y: float) -> bool:
        """Whether analysis looks at a point of the picture."""
        return self._is_within(MotionZoneKind.LOOK, MotionZoneKind.IGNORE, x, y)

    def counts_at(self, x: float, y: float) -> bool:
        """Whether motion counts at a point of the picture."""
        return self.looks_at(x, y) and self._is_within(MotionZoneKind.INCLUDE, MotionZoneKind.EXCLUDE, x, y)

    def _is_within(self, wanted: MotionZoneKind, unwanted: MotionZoneKind, x: float, y: float) -> bool:
        within, without = self.outlines(wanted), self.outlines(unwanted)
        is_within = not within or any(polygon.contains(x, y) for polygon in within)
        return is_within and not any(polygon.contains(x, y) for polygon in without)
