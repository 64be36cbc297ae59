"""The error kinds of the house. Every feature raises a leaf type of one of these.

An error says what failed, why, and what to do. `code` is stable: scripts, translations and the HTTP
problem documents (RFC 9457) depend on it, so a code is never renamed. Messages never carry a secret.
"""

from typing import ClassVar


class VedetteError(Exception):
    """Root of all errors that the house raises on purpose.

    Args:
        message: What failed and why, in one sentence.
        hint: What the reader can do about it.
    """

    code: ClassVar[str] = "error"
    kind: ClassVar[str] = "internal"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidInputError(VedetteError):
    """The caller's input breaks a rule; nothing was done."""

    code = "invalid_input"
    kind = "invalid"


class NotFoundError(VedetteError):
    """The named thing does not exist, or the caller may not know of it."""

    code = "not_found"
    kind = "not_found"


class ConflictError(VedetteError):
    """The request contradicts the present state (a name taken, a job already running)."""

    code = "conflict"
    kind = "conflict"


class UnauthenticatedError(VedetteError):
    """Nobody is logged in, or the session or token is not valid any more."""

    code = "unauthenticated"
    kind = "unauthenticated"


class ForbiddenError(VedetteError):
    """The caller is known but may not do this."""

    code = "forbidden"
    kind = "forbidden"


class TooManyRequestsError(VedetteError):
    """A quota or rate limit is used up. `retry_after_s` says when to come back."""

    code = "too_many_requests"
    kind = "limited"

    def __init__(self, message: str, hint: str = "", retry_after_s: float = 1.0) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s


class UnavailableError(VedetteError):
    """Something we depend on (a process, a disk, a camera) does not answer now."""

    code = "unavailable"
    kind = "unavailable"


class StorageError(VedetteError):
    """Footage or state cannot be stored or read: full, read-only, gone or damaged."""

    code = "storage"
    kind = "storage"


class StreamLostError(VedetteError):
    """A camera's stream cannot be opened or has ended. The only error that ingest retries.

    Leaf types carry the codes that a tile shows: see `vedette.camera.errors`.
    """

    code = "stream_lost"
    kind = "unavailable"
