"""Seals face templates and kept portraits, so that neither the database nor a backup shows what somebody looks like.

AES-256-GCM with a key of their own, derived from the node's key (HKDF-SHA256): whoever has the database alone has
nothing. The entry's id and the place of the picture are associated data, so a template moved to another person's entry
does not open. Text form: `f1.` + base64url(nonce (12) + ciphertext + tag (16)).
"""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vedette.core.errors import StorageError

_NONCE_BYTES = 12
_VERSION = "f1."
_PURPOSE = b"vedette face templates 1"


class SealedTemplateError(StorageError):
    """A sealed template does not open: another key, another entry, or damaged."""

    code = "sealed_template"


class TemplateBox:
    """Seals and opens with a key derived from the node's."""

    def __init__(self, node_key: bytes) -> None:
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(node_key)
        self._cipher = AESGCM(derived)

    def seal(self, place: str, clear: bytes) -> str:
        """Seals bytes for one place: what kind of bytes they are, and whose."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, clear, place.encode())
        return _VERSION + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, place: str, sealed: str) -> bytes:
        """Opens what was sealed for this place.

        Raises:
            SealedTemplateError: it does not open.
        """
        hint = "Enrol the person again; what was sealed with a lost key cannot be opened."
        if not sealed.startswith(_VERSION):
            raise SealedTemplateError(f"the sealed {place} has an unknown form", hint)
        try:
            raw = base64.urlsafe_b64decode(sealed.removeprefix(_VERSION))
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode())
        except (InvalidTag, binascii.Error, ValueError) as exc:
            raise SealedTemplateError(f"the sealed {place} does not open", hint) from exc
