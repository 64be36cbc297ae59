"""Sealed camera logins."""

import base64
from pathlib import Path

import pytest

from vedette.adapters.secretbox import (
    NodeKeyError,
    SealedLoginError,
    SecretBox,
    read_node_key,
)

CAMERA = "01JD5Q8Z3M6V1T9W4X7Y2B0C8D"
OTHER = "01JD5Q8Z3M6V1T9W4X7Y2B0C8E"


def test_login_opens_only_for_its_camera_and_key() -> None:
    box = SecretBox(b"k" * 32)
    sealed = box.seal(CAMERA, "admin", "p@ss")
    assert box.open(CAMERA, sealed) == ("admin", "p@ss")
    with pytest.raises(SealedLoginError):
        box.open(OTHER, sealed)
    with pytest.raises(SealedLoginError):
        SecretBox(b"x" * 32).open(CAMERA, sealed)


def test_changed_bit_is_noticed_and_password_is_not_in_the_text() -> None:
    box = SecretBox(b"k" * 32)
    sealed = box.seal(CAMERA, "admin", "canary-password")
    raw = bytearray(base64.urlsafe_b64decode(sealed[3:]))
    assert b"canary" not in raw
    raw[20] ^= 1
    with pytest.raises(SealedLoginError):
        box.open(CAMERA, "v1." + base64.urlsafe_b64encode(bytes(raw)).decode())
    with pytest.raises(SealedLoginError):
        box.open(CAMERA, "v2." + sealed[3:])


def test_same_login_is_never_sealed_the_same_twice() -> None:
    box = SecretBox(b"k" * 32)
    assert box.seal(CAMERA, "a", "b") != box.seal(CAMERA, "a", "b")
    assert box.seal(CAMERA, "", "") == ""
    assert box.open(CAMERA, "") == ("", "")


def test_key_open_to_others_or_of_wrong_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "node.key"
    with pytest.raises(NodeKeyError):
        read_node_key(path)
    path.write_bytes(b"k" * 32)
    path.chmod(0o644)
    with pytest.raises(NodeKeyError, match="other users"):
        read_node_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(NodeKeyError, match="5 bytes"):
        read_node_key(path)
