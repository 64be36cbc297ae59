"""Seals camera logins so that neither the database, an assignment file nor a backup shows a password.

AES-256-GCM with the node's key (`keys/node.key`) and the camera's id as associated data: a sealed login that
is copied to another camera does not open. Text form: `v1.` + base64url(nonce (12) + ciphertext + tag (16)).
Used by the gateway (seals) and the recorder (opens).
"""

import base64
import binascii
import os
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vedette.core.errors import StorageError

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = "v1."


class SealedLoginError(StorageError):
    """A sealed login does not open: another key, another camera, or damaged."""

    code = "sealed_login"


class NodeKeyError(StorageError):
    """The node's key is missing, unreadable or not a key."""

    code = "node_key"


def read_node_key(path: Path) -> bytes:
    """Reads the node's key.

    Raises:
        NodeKeyError: it is not there, or open to others, or has another length.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise NodeKeyError(f"the node's key {path} can be read by other users", f"Run: chmod 600 {path}")
        key = path.read_bytes()
    except OSError as exc:
        raise NodeKeyError(
            f"the node's key {path} cannot be read: {exc.strerror}",
            "Restore it from the backup; camera logins sealed with a lost key must be entered again.",
        ) from exc
    if len(key) != KEY_BYTES:
        raise NodeKeyError(f"the node's key {path} has {len(key)} bytes instead of {KEY_BYTES}")
    return key


class SecretBox:
    """Seals and opens logins with one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, camera_id: str, user: str, password: str) -> str:
        """Seals a login for one camera. Empty user and password give an empty text."""
        if not user and not password:
            return ""
        nonce = os.urandom(_NONCE_BYTES)
        clear = msgspec.json.encode([user, password])
        sealed = self._cipher.encrypt(nonce, clear, camera_id.encode())
        return _VERSION + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, camera_id: str, sealed: str) -> tuple[str, str]:
        """Returns user and password, both empty when there is no login.

        Raises:
            SealedLoginError: it does not open.
        """
        if not sealed:
            return "", ""
        hint = "Enter the camera's user and password again."
        if not sealed.startswith(_VERSION):
            raise SealedLoginError(f"the login of camera {camera_id} has an unknown form", hint)
        try:
            raw = base64.urlsafe_b64decode(sealed.removeprefix(_VERSION))
            clear = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], camera_id.encode())
            user, password = msgspec.json.decode(clear, type=tuple[str, str])
        except (InvalidTag, binascii.Error, ValueError, msgspec.DecodeError) as exc:
            raise SealedLoginError(f"the login of camera {camera_id} does not open", hint) from exc
        return user, password
