"""Seals the journals of file analyses: what recognizers said of people is in them, and no template lies in clear.

AES-256-GCM with a key of its own, derived from the node's key (HKDF-SHA256). The place of a block in its journal is
associated data, so blocks that were moved, left out or changed do not open. Form: nonce (12) + ciphertext + tag (16).
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vedette.core.errors import StorageError

_NONCE_BYTES = 12
_PURPOSE = b"vedette file journals 1"


class SealedBlockError(StorageError):
    """A sealed block does not open: another key, another place, or damaged."""

    code = "sealed_block"


class JournalBox:
    """Seals and opens with a key derived from the node's."""

    def __init__(self, node_key: bytes) -> None:
        self._cipher = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(node_key))

    def seal(self, place: str, clear: bytes) -> bytes:
        """Seals bytes for one place."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, clear, place.encode())

    def open(self, place: str, sealed: bytes) -> bytes:
        """Opens what was sealed for this place.

        Raises:
            SealedBlockError: it does not open.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as exc:
            raise SealedBlockError(f"the block {place} does not open", "The job begins again.") from exc
