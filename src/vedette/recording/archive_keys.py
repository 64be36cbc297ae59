"""Archive keys: an X25519 key pair for each UTC day. Whoever has the public half can store, not read.

The keys of segments are wrapped to the day's public key by HPKE (RFC 9180, base mode, X25519, HKDF-SHA256,
AES-256-GCM). The private halves lie in a folder of their own, read and written by the role that reads footage; the
recorder is given the folder of the public ones alone. Destroying a day's private key destroys that day's footage
wherever copies of it lie. Design: docs/design/encryption.md.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from vedette.core.errors import StorageError
from vedette.core.time import NS_PER_S
from vedette.recording.cipher_format import CipherHead, WrappedKey, make_key_info
from vedette.recording.disk import PosixDisk
from vedette.recording.errors import FootageLockedError

DAYS_AHEAD = 31
"""So long the recorder goes on with right keys while the role that makes them is down."""
_KEY_BYTES = 32
_DAY_FORMAT = "%Y%m%d"


@dataclass(frozen=True, slots=True)
class DayKey:
    """The public half of a day's archive key."""

    day: str
    public: bytes

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.public).hexdigest()

    def wrap(self, segment_key: bytes, info: bytes) -> WrappedKey:
        """Wraps a segment's key. Nobody here can unwrap it again."""
        wrapped = _suite().encrypt(segment_key, X25519PublicKey.from_public_bytes(self.public), info)
        return WrappedKey(self.day, self.fingerprint, wrapped)


def name_day(at_ns: int) -> str:
    """The UTC day of a moment, as keys are named by: `20261128`."""
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).strftime(_DAY_FORMAT)


def read_public_keys(folder: Path) -> list[DayKey]:
    """Reads the public keys of a folder; one that cannot be read counts as not there."""
    try:
        names = sorted(path for path in folder.iterdir() if path.suffix == ".pub" and is_day(path.stem))
    except OSError:
        return []
    return [DayKey(path.stem, public) for path in names if (public := _read_public(path))]


def find_public_key(folder: Path, day: str) -> DayKey | None:
    """Finds the key of a day, by its name alone; where it is missing, as `choose_key` does."""
    public = _read_public(folder / f"{day}.pub")
    return DayKey(day, public) if public else choose_key(read_public_keys(folder), day)


def choose_key(keys: list[DayKey], day: str) -> DayKey | None:
    """The key of a day; where it is missing that of the nearest: footage does not go to disk in the clear for that."""
    wanted = _date(day)
    return min(keys, key=lambda key: abs(_date(key.day) - wanted), default=None)


class ArchiveKeyRing:
    """The private keys, in the hands of a role that reads footage. Files are read anew each time: keys can go."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has_key(self, key: WrappedKey) -> bool:
        return is_day(key.day) and self._path(key.day).exists()

    def unwrap(self, head: CipherHead) -> bytes:
        """Unwraps the key of a segment.

        Raises:
            FootageLockedError: the key of its day is not here, or another one is.
        """
        private = self._read(head.key.day)
        if hashlib.sha256(private.public_key().public_bytes_raw()).hexdigest() != head.key.fingerprint:
            raise _locked(head.key.day, "another key of that day is here, not the one that it was encrypted to")
        try:
            return _suite().decrypt(head.key.wrapped, private, make_key_info(head.volume_id, head.segment))
        except (InvalidTag, ValueError) as exc:
            raise _locked(head.key.day, "its wrapped key is damaged, or is that of another segment") from exc

    def _read(self, day: str) -> X25519PrivateKey:
        if not is_day(day):
            raise _locked(day, "its head names no day")
        try:
            return X25519PrivateKey.from_private_bytes(self._path(day).read_bytes()[: _KEY_BYTES + 1])
        except FileNotFoundError as exc:
            raise _locked(day, "the archive key of that day is not here") from exc
        except (OSError, ValueError) as exc:
            raise _locked(day, f"the archive key of that day cannot be read: {exc}") from exc

    def _path(self, day: str) -> Path:
        return self._folder / f"{day}.key"


NO_KEYS = ArchiveKeyRing(Path("/nonexistent"))
"""Reads nothing."""


def make_keys_ahead(private: Path, public: Path, now_ns: int, days: int = DAYS_AHEAD) -> None:
    """Makes the keys of today and of the days to come that are not there yet. Private half first, durable.

    Keys of days that are over are never made: an erased day stays erased. A public key without its private half goes,
    so that nothing is encrypted to a key that nobody has.

    Raises:
        StorageError: a folder cannot be written.
    """
    try:
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
        public.mkdir(mode=0o750, parents=True, exist_ok=True)
        for ahead in range(days + 1):
            day = name_day(now_ns + ahead * 86_400 * NS_PER_S)
            public_bytes = _ensure_private(private / f"{day}.key").public_key().public_bytes_raw()
            path = public / f"{day}.pub"
            if _read_public(path) != public_bytes:  # also where the private half was lost: nothing more goes to it
                _write(path, public_bytes.hex().encode() + b"\n", 0o640)
        for path in [each for each in public.glob("*.pub") if not (private / f"{each.stem}.key").exists()]:
            path.unlink(missing_ok=True)
    except (OSError, ValueError) as exc:
        raise StorageError(
            f"archive keys cannot be made in {private}: {exc}", "Check the disk of the data directory."
        ) from exc


def destroy_key(private: Path, public: Path, day: str) -> bool:
    """Destroys the key of a day that is over: overwritten, then removed, durable. False: it is not there (any more).

    Raises:
        OSError: it cannot be.
    """
    path = private / f"{day}.key"
    if not is_day(day) or not path.exists():
        return False
    disk = PosixDisk()
    disk.overwrite_head(path, _KEY_BYTES)
    disk.unlink(path)
    disk.sync_folder(private)
    disk.unlink(public / f"{day}.pub")
    return True


def is_day(text: str) -> bool:
    """Tells whether this is a day as keys are named by: it becomes a path."""
    try:
        return len(text) == 8 and text.isascii() and text.isdigit() and bool(_date(text))
    except ValueError:
        return False


def _ensure_private(path: Path) -> X25519PrivateKey:
    if not path.exists():
        _write(path, X25519PrivateKey.generate().private_bytes_raw(), 0o600)
    return X25519PrivateKey.from_private_bytes(path.read_bytes())


def _write(path: Path, content: bytes, mode: int) -> None:
    """Written aside and then given its name: a half-written key under its name would be half a key for ever."""
    temporary = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    PosixDisk().sync_folder(path.parent)


def _read_public(path: Path) -> bytes:
    try:
        public = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return b""
    return public if len(public) == _KEY_BYTES else b""


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _date(day: str) -> timedelta:
    return datetime.strptime(day, _DAY_FORMAT).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)


def _locked(day: str, why: str) -> FootageLockedError:
    return FootageLockedError(
        f"the footage of {day} is encrypted and cannot be read: {why}",
        "Put the key back into keys/archive, or accept that this day was erased.",
    )
