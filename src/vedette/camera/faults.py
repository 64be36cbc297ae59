"""A camera whose settings break rules. What a fault is: `vedette.core.faults`."""

from vedette.core.faults import FaultyInputError


class InvalidCameraError(FaultyInputError):
    """A camera's settings break rules."""

    code = "invalid_camera"
