"""What can go wrong with evidence."""

from vedette.core.errors import InvalidInputError, NotFoundError, StorageError, UnavailableError


class LogDamagedError(StorageError):
    """The evidence log on disk is not what was signed, or parts of it are gone. Nothing is appended to it any more."""

    code = "evidence_log_damaged"


class SigningUnavailableError(UnavailableError):
    """The log's key cannot be used with what is installed here. Nothing is logged meanwhile."""

    code = "signing_unavailable"


class ProofRefusedError(InvalidInputError):
    """These proofs cannot be given: an unknown head, or a range with too many entries."""

    code = "proof_refused"


class FootageMissingError(NotFoundError):
    """A file that the log knows is not there (deleted since, or on a volume that is gone)."""

    code = "footage_missing"
