"""The keys that sign the log: who has signed since when, the present private key, and its replacement.

`DATA/keys/log/` (0700): `log.json` with all public keys, `<first 16 digits of the fingerprint>.key` with the private
key of the present one (0600). A replaced private key is destroyed: what is stolen later cannot sign for the past.
"""

import base64
import os
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vedette.evidence.errors import LogDamagedError
from vedette.evidence.leaves import SITE
from vedette.evidence.offline_verify import (
    WrongForm,
    encode_canonical,
    fingerprint_of,
    format_note,
    key_id,
    parse_canonical,
    take,
)
from vedette.runtime.files import replace_file

_RING = "log.json"
_SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class LogKey:
    """A public key and when it signed. `to_ns` is 0 for the present one."""

    public: bytes
    from_ns: int
    to_ns: int = 0

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.public)

    @property
    def text(self) -> str:
        return base64.b64encode(self.public).decode()


class NoteSigner:
    """Signs notes with one private key. The name of the signer is the note's first line."""

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._private.public_key().public_bytes_raw()

    def sign(self, text: str) -> str:
        """Returns the signed note of a text, which ends with a line feed."""
        name = text.partition("\n")[0]
        return format_note(text, name, self.public, self._private.sign(text.encode()))


def format_verifier_key(name: str, public: bytes) -> str:
    """C2SP signed-note: `<name>+<key id>+<base64 of type and key>`."""
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(bytes([1]) + public).decode()}"


def check_signature_fast(key: bytes, message: bytes, signature: bytes) -> bool:
    """As `check_ed25519`, by OpenSSL."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class KeyRing:
    """The keys of one log. Made by `open_key_ring`."""

    def __init__(self, folder: Path, site: str, keys: tuple[LogKey, ...], *, has_log: bool) -> None:
        self._folder = folder
        self.site = site
        self.keys = keys
        self.has_log = has_log
        self.signer = NoteSigner(_read_seed(self._seed_path(keys[-1])))
        if self.signer.public != keys[-1].public:
            raise _damaged(folder, "the private key is not that of the present public key")

    @property
    def present(self) -> LogKey:
        return self.keys[-1]

    @property
    def site_key(self) -> str:
        """The site log's key as witnesses take it."""
        return format_verifier_key(f"{self.site}/{SITE}", self.present.public)

    def mark_log(self) -> None:
        """From now on a missing log is a loss, not a first start."""
        if not self.has_log:
            self.has_log = True
            self._save()

    def prepare_next(self) -> LogKey:
        """Makes the next key and leaves it on disk; it does not count before `switch`."""
        seed = os.urandom(_SEED_BYTES)
        key = LogKey(NoteSigner(seed).public, 0)
        replace_file(self._seed_path(key), seed, 0o600)
        return key

    def switch(self, key: LogKey, at_ns: int) -> None:
        """Makes a prepared key the present one and destroys the private part of the one before."""
        old = self.present
        signer = NoteSigner(_read_seed(self._seed_path(key)))
        self.keys = (*self.keys[:-1], replace(old, to_ns=at_ns), replace(key, from_ns=at_ns))
        self._save()
        self.signer = signer
        path = self._seed_path(old)
        with path.open("r+b") as file:
            file.write(bytes(_SEED_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()

    def _seed_path(self, key: LogKey) -> Path:
        return self._folder / f"{key.fingerprint[:16]}.key"

    def _save(self) -> None:
        _save_ring(self._folder, self.site, self.keys, has_log=self.has_log)


def open_key_ring(folder: Path, now_ns: int) -> KeyRing:
    """Opens the keys; makes the first one when the folder holds none.

    Raises:
        LogDamagedError: there are keys that cannot be read.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / _RING).exists():
        seed = os.urandom(_SEED_BYTES)
        key = LogKey(NoteSigner(seed).public, now_ns)
        replace_file(folder / f"{key.fingerprint[:16]}.key", seed, 0o600)
        _save_ring(folder, f"vedette.{key.fingerprint[:16]}", (key,), has_log=False)
    site, keys, has_log = read_key_ring(folder)
    return KeyRing(folder, site, keys, has_log=has_log)


def read_key_ring(folder: Path) -> tuple[str, tuple[LogKey, ...], bool]:
    """Reads site, public keys and whether a log was begun, without the private key."""
    try:
        record = parse_canonical((folder / _RING).read_bytes())
        site, listed, has_log = take(record, site=str, keys=list, has_log=bool)
        fields = [take(one, public=str, from_=int, to=int) for one in listed]
        keys = tuple(LogKey(base64.b64decode(public), start, end) for public, start, end in fields)
    except (OSError, WrongForm, ValueError) as exc:
        raise _damaged(folder, f"{_RING} cannot be read: {exc}") from exc
    if not keys:
        raise _damaged(folder, f"{_RING} names no key")
    return site, keys, has_log


def _save_ring(folder: Path, site: str, keys: tuple[LogKey, ...], *, has_log: bool) -> None:
    listed = [{"public": key.text, "from": key.from_ns, "to": key.to_ns} for key in keys]
    record = {"v": 1, "site": site, "keys": listed, "has_log": has_log}
    replace_file(folder / _RING, encode_canonical(record), 0o600)


def _read_seed(path: Path) -> bytes:
    try:
        seed = path.read_bytes()
    except OSError as exc:
        raise _damaged(path.parent, f"the signing key {path.name} cannot be read: {exc.strerror}") from exc
    if len(seed) != _SEED_BYTES:
        raise _damaged(path.parent, f"the signing key {path.name} is not whole")
    return seed


def _damaged(folder: Path, what: str) -> LogDamagedError:
    return LogDamagedError(
        f"the keys of the evidence log in {folder} cannot be used: {what}", "Restore the folder from a backup."
    )
