"""What can go wrong with stored footage, as leaf types."""

from vedette.core.errors import NotFoundError, StorageError


class VolumeUnusableError(StorageError):
    """A volume cannot be opened: not there, not writable, or not one of ours."""

    code = "volume_unusable"


class DamagedFootageError(StorageError):
    """A stored file or the index does not hold what it should."""

    code = "damaged_footage"


class DamagedFrameError(DamagedFootageError):
    """A frame of an encrypted file is not what was recorded. `plain_end`: where it ends in the plaintext."""

    def __init__(self, message: str, hint: str, plain_end: int) -> None:
        super().__init__(message, hint)
        self.plain_end = plain_end


class FootageGoneError(NotFoundError):
    """The segment was deleted meanwhile: footage expires oldest first."""

    code = "footage_gone"


class FootageLockedError(StorageError):
    """The footage is encrypted, and the archive key of its day is not here (any more)."""

    code = "footage_locked"


class VolumeSilentError(StorageError):
    """A call to the disk of a volume does not return."""

    code = "volume_silent"
