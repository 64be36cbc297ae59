"""The evidence log on the wire."""

from typing import Annotated

from pydantic import Field

from vedette.api.schemas.common import Answer, Request, Utc


class LogKeyOut(Answer):
    """A key that signs or signed the log. `to` is null for the present one.

    `signatures`: what it signs with, `Ed25519` and `ML-DSA-44`; of keys from before that came in, the first alone.
    """

    fingerprint: str
    from_: Utc = Field(alias="from")
    to: Utc | None
    signatures: list[str]


class CheckpointOut(Answer):
    """The newest signed state of the site log. `at` is null before anything was logged."""

    at: Utc | None
    size: int
    root: str


class SealingOut(Answer):
    state: str
    detail: str


class EvidenceOut(Answer):
    """State of the evidence log.

    `fingerprint` is what people compare when they check a bundle; `log_key` is what a witness must know
    (C2SP verifier keys: of Ed25519 and, after a comma, of ML-DSA-44, where the present key has both). `time_stamps`
    has a line for each time-stamping authority (RFC 3161): what it stamped last, and its certificate's fingerprint.
    """

    site: str
    fingerprint: str
    log_key: str
    keys: list[LogKeyOut]
    checkpoint: CheckpointOut | None
    behind: dict[str, int]
    sealing: SealingOut
    witnesses: list[str]
    time_stamps: list[str]
    state: str
    detail: str


class RotateKey(Request):
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class RotatedKey(Answer):
    fingerprint: str
