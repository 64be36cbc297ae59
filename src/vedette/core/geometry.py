"""Shapes on a picture, in coordinates normalised to 0..1 (x right, y down)."""

from dataclasses import dataclass

from vedette.core.errors import InvalidInputError

Point = tuple[float, float]


def _check_points(points: tuple[Point, ...], at_least: int, what: str) -> None:
    if len(points) < at_least:
        raise InvalidInputError(f"{what} needs at least {at_least} points, got {len(points)}")
    for x, y in points:
        if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0):
            raise InvalidInputError(
                f"{what} has the point ({x}, {y}) outside the picture",
                "Coordinates are fractions of the picture, 0 to 1.",
            )


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed polygon, at least three corners, not repeated at the end."""

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        _check_points(self.points, 3, "a zone")

    def contains(self, x: float, y: float) -> bool:
        """Whether a point lies inside (even-odd rule; a point on the outline may be either)."""
        inside = False
        bx, by = self.points[-1]
        for ax, ay in self.points:
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                inside = not inside
            bx, by = ax, ay
        return inside


@dataclass(frozen=True, slots=True)
class Line:
    """A directed line. Looking from start to end, crossing from left to right is +1."""

    start: Point
    end: Point

    def __post_init__(self) -> None:
        _check_points((self.start, self.end), 2, "a line")
        if self.start == self.end:
            raise InvalidInputError("a line needs two different points")
