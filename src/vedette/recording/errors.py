"""What can go wrong with stored footage, as leaf types."""

from vedette.core.errors import NotFoundError, StorageError


class VolumeUnusableError(StorageError):
    """A volume cannot be opened: not there, not writable, or not one of ours."""

    code = "volume_unusable"


class DamagedFootageError(StorageError):
    """A stored file or the index does not hold what it should."""

    code = "damaged_footage"


class FootageGoneError(NotFoundError):
    """The segment was deleted meanwhile: footage expires oldest first."""

    code = "footage_gone"
