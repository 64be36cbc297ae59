"""What one caller may see of one camera's picture, as a value that every way to footage asks for.

Footage is handed out against a `Sight`, or against the `WholeCamera` that only `Sight.whole` makes: a new way to
footage that forgets the privacy zones does not pass the type checker. Design: docs/design/privacy.md.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from vedette.core.errors import ForbiddenError
from vedette.core.geometry import Polygon


class MaskedUnavailableError(ForbiddenError):
    """The caller may see this camera only masked, and there is no masked form of what was asked for."""

    code = "masked_unavailable"


class MasksOutdatedError(ForbiddenError):
    """What was made shows parts of a picture that are hidden from the caller since."""

    code = "masks_outdated"


@dataclass(frozen=True, slots=True)
class PrivacyZone:
    """A part of a camera's picture that is shown only to those who may unmask it."""

    id: str
    name: str
    polygon: Polygon


@dataclass(frozen=True, slots=True)
class WholeCamera:
    """A camera whose whole picture the caller may see now. Made by `Sight.whole`."""

    camera_id: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What a caller may see of a camera: everything but `masked`."""

    camera_id: str
    masked: tuple[PrivacyZone, ...] = ()

    @property
    def masked_parts(self) -> tuple[Polygon, ...]:
        return tuple(zone.polygon for zone in self.masked)

    def is_kept_by(self, filled: Sequence[PrivacyZone]) -> bool:
        """Tells whether footage in which `filled` is filled shows nothing that is hidden. Outlines count, not names."""
        outlines = {zone.polygon for zone in filled}
        return all(part in outlines for part in self.masked_parts)

    def whole(self) -> WholeCamera:
        """Returns the key to unmasked footage.

        Raises:
            MaskedUnavailableError: parts of this camera are hidden from the caller.
        """
        if self.masked:
            raise MaskedUnavailableError(
                "parts of this camera's picture are hidden from you by privacy zones, and this cannot be shown masked",
                "Ask somebody who may see the whole picture (permission privacy.unmask).",
            )
        return WholeCamera(self.camera_id)


LookAt = Callable[[str], Awaitable[Sight]]
"""Finds what the present caller may see of a camera, by the camera's id. Asked anew each time: zones change."""
