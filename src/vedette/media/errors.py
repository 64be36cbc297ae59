"""What this package raises on bad bytes."""

from vedette.core.errors import InvalidInputError


class MalformedMediaError(InvalidInputError):
    """Bytes that should be media do not follow their format: cut short, damaged, or something else."""

    code = "malformed_media"
