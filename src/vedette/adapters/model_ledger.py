"""Which model releases this installation has accepted: a signed note each, and what was accepted when.

`DATA/keys/models/`: `release.key` (Ed25519, 0600), `release.pub` (hex), `<model>.note` (the unit's text, an empty line,
the signature in base64), `history.jsonl`. Whoever reads needs no private key. Design: docs/design/vision.md.
"""

import base64
import binascii
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vedette.core.errors import StorageError
from vedette.core.time import format_utc
from vedette.runtime.files import replace_file
from vedette.vision.models.registry import ReleaseLedger
from vedette.vision.models.selftest import ModelRefusedError
from vedette.vision.models.unit import ModelUnit, read_unit

_SEED_BYTES = 32
_HINT = "Somebody or something changed keys/models: find out who, then restore it."
_MAX_NOTE_BYTES = 64 << 10


class SignedModelLedger(ReleaseLedger):
    """The ledger in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def fingerprint(self) -> str:
        """The first digits of the public key, for people; empty before anything was signed."""
        public = self._read_public()
        return public.hex()[:16] if public else ""

    def find(self, name: str) -> ModelUnit | None:
        """See `ReleaseLedger.find`."""
        path = self._folder / f"{name}.note"
        try:
            text, _, signature = path.read_bytes()[:_MAX_NOTE_BYTES].decode("ascii").partition("\n\n")
            sealed = base64.b64decode(signature, validate=False)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, binascii.Error) as error:
            raise ModelRefusedError(f"what was signed of {name} cannot be read: {error}", _HINT) from error
        text += "\n"
        public = self._read_public()
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(sealed, text.encode())
        except (InvalidSignature, ValueError) as error:
            raise ModelRefusedError(f"the signature under the release of {name} does not hold", _HINT) from error
        return _check_name(read_unit(text), name)

    def accept(self, unit: ModelUnit, at_ns: int, why: str) -> None:
        """Signs a release as the one to be loaded from now on. Blocks.

        Raises:
            StorageError: it cannot be written.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            signature = base64.b64encode(self._open_key().sign(unit.text.encode())).decode()
            replace_file(self._folder / f"{unit.name}.note", f"{unit.text}\n{signature}\n".encode())
            row = {"at": format_utc(at_ns), "release": unit.release, "why": why}
            with (self._folder / "history.jsonl").open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(row)}\n")
        except OSError as error:
            raise StorageError(f"{self._folder} cannot be written: {error.strerror}") from error

    def _open_key(self) -> Ed25519PrivateKey:
        path = self._folder / "release.key"
        if not path.exists():
            seed = os.urandom(_SEED_BYTES)
            public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
            replace_file(path, seed, 0o600)
            replace_file(self._folder / "release.pub", f"{public.hex()}\n".encode())
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())

    def _read_public(self) -> bytes:
        try:
            return bytes.fromhex((self._folder / "release.pub").read_text("ascii").strip())
        except (OSError, ValueError):
            return b""


def open_ledger(folder: Path) -> SignedModelLedger | None:
    """The ledger of an installation; None where nothing was ever signed: `vedette serve` signs at its start."""
    return SignedModelLedger(folder) if (folder / "release.pub").exists() else None


def _check_name(unit: ModelUnit, name: str) -> ModelUnit:
    if unit.name != name:
        raise ModelRefusedError(f"what lies in the place of {name} was signed for {unit.name}")
    return unit
