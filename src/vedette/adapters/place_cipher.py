"""Seals bytes for one place, with a key derived from the node's key: what lies elsewhere or was changed does not open.

AES-256-GCM; a key of its own for each purpose (HKDF-SHA256, RFC 5869); the place is associated data.
Form: nonce (12) + ciphertext + tag (16).
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12


class PlaceCipher:
    """`purpose` is part of the format of what was sealed: it never changes."""

    def __init__(self, node_key: bytes, purpose: bytes) -> None:
        self._cipher = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(node_key))

    def seal(self, place: str, clear: bytes) -> bytes:
        """Seals bytes for one place."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, clear, place.encode())

    def open(self, place: str, sealed: bytes) -> bytes:
        """Opens what was sealed for this place.

        Raises:
            ValueError: it does not open: another key, another place, or damaged.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except InvalidTag as error:
            raise ValueError("the seal does not fit") from error
