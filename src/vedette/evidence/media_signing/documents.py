"""What a signer says of one (partial) GOP, whatever dialect it speaks. Pure values and the port of a dialect."""

from dataclasses import dataclass
from typing import Protocol

from vedette.core.media import Codec


@dataclass(frozen=True, slots=True)
class GopStatement:
    """The signed statement.

    Attributes:
        counter: Of partial GOPs, 32 bit; the next one says one more.
        is_partial: The GOP goes on after this statement.
        hashes: Of each NAL unit, in order; empty when only `gop_hash` was sent.
        count: NAL units as told; the list, where there is one, is the truth.
        linked_hash: First hash of the GOP before; zeros for the first.
    """

    counter: int
    is_partial: bool
    start_ns: int
    end_ns: int
    count: int
    gop_hash: bytes
    linked_hash: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """One SEI.

    Attributes:
        statement: None: it carries certificates only.
        digest: Of what was signed.
        signature: DER; empty: this one is not signed (several GOPs under one signature).
        chain_pem: Certificates, leaf first, without root; empty: sent earlier.
        hash_name: For `hashlib`.
    """

    statement: GopStatement | None
    digest: bytes
    signature: bytes
    chain_pem: bytes
    hash_name: str


class MalformedDocumentError(ValueError):
    """An SEI says it is a signature and cannot be read as one."""


class SigningDialect(Protocol):
    """How documents are put into SEIs: ONVIF today; Axis, DSC or GB 35114 when somebody has reference files."""

    @property
    def name(self) -> str: ...

    def read(self, nal: bytes, codec: Codec) -> SignedDocument | None:
        """Reads an SEI; None when it is not of this dialect.

        Raises:
            MalformedDocumentError: it is, and is broken.
        """
