"""Seals face templates and kept portraits, so that neither the database nor a backup shows what somebody looks like.

The key is derived from the node's key: whoever has the database alone has nothing. The entry's id and the place of the
picture go with the seal, so a template moved to another person's entry does not open. Text form: `f1.` + base64url of
what `PlaceCipher` makes.
"""

import base64
import binascii

from vedette.adapters.place_cipher import PlaceCipher
from vedette.core.errors import StorageError

_VERSION = "f1."
_PURPOSE = b"vedette face templates 1"


class SealedTemplateError(StorageError):
    """A sealed template does not open: another key, another entry, or damaged."""

    code = "sealed_template"


class TemplateBox:
    """Seals and opens with a key derived from the node's."""

    def __init__(self, node_key: bytes) -> None:
        self._cipher = PlaceCipher(node_key, _PURPOSE)

    def seal(self, place: str, clear: bytes) -> str:
        """Seals bytes for one place: what kind of bytes they are, and whose."""
        return _VERSION + base64.urlsafe_b64encode(self._cipher.seal(place, clear)).decode()

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
            return self._cipher.open(place, raw)
        except (binascii.Error, ValueError) as exc:
            raise SealedTemplateError(f"the sealed {place} does not open", hint) from exc
