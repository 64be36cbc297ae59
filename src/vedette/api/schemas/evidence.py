"""The evidence log on the wire."""

from typing import Annotated

from pydantic import Field

from vedette.api.schemas.common import Answer, Request, Utc


class LogKeyOut(Answer):
    """A key that signs or signed the log. `to` is null for the present one. `beside_until`: until then the key before
    still signs too; null for all others.

    `signatures`: what it signs with, `Ed25519` and `ML-DSA-44`; of keys from before that came in, the first alone.
    """

    fingerprint: str
    from_: Utc = Field(alias="from")
    to: Utc | None
    beside_until: Utc | None
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
    `key_due`: when the present key is changed by itself; null: by hand alone (`key_change_days: 0`, or a key of Ed25519
    alone).
    """

    site: str
    fingerprint: str
    log_key: str
    keys: list[LogKeyOut]
    key_due: Utc | None
    checkpoint: CheckpointOut | None
    behind: dict[str, int]
    sealing: SealingOut
    witnesses: list[str]
    time_stamps: list[str]
    state: str
    detail: str


class RotateKey(Request):
    """`overlap_h`: so many hours the old key signs too. 0 destroys it at once: for a key that may have been stolen."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]
    overlap_h: Annotated[int, Field(ge=0, le=24)] = 24


class RotatedKey(Answer):
    fingerprint: str
