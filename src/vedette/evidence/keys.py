"""The keys that sign the log: who has signed since when, the present private key, and its replacement.

`DATA/keys/log/` (0700): `log.json` with all public keys, `<first 16 digits of the fingerprint>.key` with the private
key of the present one (0600). A replaced key may sign beside its successor for a day (`OVERLAP_NS`), so that who knows
only the old one can go on; then its private part is destroyed: what is stolen later cannot sign for the past.

A key is a pair, Ed25519 and ML-DSA-44 (FIPS 204): the second holds where a quantum computer breaks the first. Logs
from before it signed with Ed25519 alone; they go on so until their key is changed, and the change makes a pair.
"""

import base64
import os
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from vedette.evidence.errors import LogDamagedError, ProofRefusedError, SigningUnavailableError
from vedette.evidence.leaves import SITE
from vedette.evidence.offline_verify import (
    ED25519_KEY_BYTES,
    ML_DSA_KEY_BYTES,
    NO_TIME,
    OVERLAP_NS,
    PAIR_BYTES,
    Json,
    WrongForm,
    check_signature,
    cosigned_head,
    decode_base64,
    demand,
    encode_canonical,
    fingerprint_of,
    format_export,
    format_note,
    format_signature,
    key_id,
    name_signatures,
    name_site,
    parse_canonical,
    split_key,
    take,
)
from vedette.runtime.files import replace_file

_RING = "log.json"
_SEED_BYTES = 32
"""Of each of the two keys."""


@dataclass(frozen=True, slots=True)
class LogKey:
    """A public key and when it signed.

    Attributes:
        public: 32 bytes, Ed25519 alone, or 1344: Ed25519 and ML-DSA-44.
        to_ns: 0 for the present one.
        last_size: Leaves of the site log in the last checkpoint that it signed; 0 where nobody noted it, and for the
            present one. Any other checkpoint of a replaced key was not made by the notary.
        until_ns: Of a replaced one, before when it may sign beside its successor; 0 for the present one, and for those
            that were replaced before there was such a time.
    """

    public: bytes
    from_ns: int
    to_ns: int = 0
    last_size: int = 0
    until_ns: int = 0

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.public)

    @property
    def signatures(self) -> list[str]:
        """What it signs with: Ed25519, and ML-DSA-44 where it is a pair."""
        return name_signatures(self.public)

    @property
    def text(self) -> str:
        return base64.b64encode(self.public).decode()


class NoteSigner:
    """Signs notes with a log's private key. The name of the signer is the note's first line.

    Args:
        seed: 32 bytes for Ed25519 (RFC 8032), then 32 for ML-DSA-44 (FIPS 204, xi of algorithm 6) where it is a pair.

    Raises:
        SigningUnavailableError: OpenSSL here knows no ML-DSA-44.
    """

    def __init__(self, seed: bytes) -> None:
        first, second = seed[:_SEED_BYTES], seed[_SEED_BYTES:]
        self._ed25519 = Ed25519PrivateKey.from_private_bytes(first)
        self._ml_dsa = _open_ml_dsa(second) if second else None
        self.public = self._ed25519.public_key().public_bytes_raw()
        if self._ml_dsa is not None:
            self.public += self._ml_dsa.public_key().public_bytes_raw()

    def sign(self, text: str) -> str:
        """Returns the signed note of a checkpoint: with every line that the key owes."""
        note = self.sign_tree(text)
        if self._ml_dsa is None:
            return note
        signature = NO_TIME + self._ml_dsa.sign(cosigned_head(text))
        return note + format_signature(text.partition("\n")[0], split_key(self.public)[1], signature)

    def sign_tree(self, text: str) -> str:
        """The same with Ed25519 alone, also of a pair: for trees whose roots are under the signed site log."""
        return format_note(text, text.partition("\n")[0], split_key(self.public)[0], self._ed25519.sign(text.encode()))


def _open_ml_dsa(seed: bytes) -> MLDSA44PrivateKey:
    try:
        return MLDSA44PrivateKey.from_seed_bytes(seed)
    except UnsupportedAlgorithm as exc:
        raise SigningUnavailableError(
            "the cryptography package here cannot sign with ML-DSA-44",
            "Install its wheel of version 48 or later: one that was built on OpenSSL before 3.5 cannot.",
        ) from exc


def format_verifier_key(name: str, public: bytes) -> str:
    """C2SP signed-note: `<name>+<key id>+<base64 of type and key>`; of a pair both, with a comma between."""
    kinds = {1: split_key(public)[0], 6: split_key(public)[1]}
    return ",".join(
        f"{name}+{key_id(name, key).hex()}+{base64.b64encode(bytes([kind]) + key).decode()}"
        for kind, key in kinds.items()
        if key
    )


def check_signature_fast(key: bytes, message: bytes, signature: bytes) -> bool:
    """As `check_signature`, by OpenSSL; where that knows no ML-DSA-44 in plain Python."""
    try:
        if len(key) == ML_DSA_KEY_BYTES:
            MLDSA44PublicKey.from_public_bytes(key).verify(signature, message)
        else:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except UnsupportedAlgorithm:
        return check_signature(key, message, signature)
    except (InvalidSignature, ValueError):
        return False
    return True


class KeyRing:
    """The keys of one log. Made by `open_key_ring`.

    Attributes:
        older: Signs beside `signer` in the time after a change of key, else None.
    """

    def __init__(self, folder: Path, site: str, keys: tuple[LogKey, ...], *, has_log: bool) -> None:
        self._folder = folder
        self.site = site
        self.keys = keys
        self.has_log = has_log
        self.signer = NoteSigner(_read_seed(self._seed_path(keys[-1]), keys[-1]))
        if self.signer.public != keys[-1].public:
            raise _damaged(folder, "the private key is not that of the present public key")
        self.older = self._open_older()
        if self.older is None:
            self.end_overlap()  # after a crash a private key may be left

    @property
    def present(self) -> LogKey:
        return self.keys[-1]

    @property
    def site_key(self) -> str:
        """The site log's key as witnesses take it."""
        return format_verifier_key(f"{self.site}/{SITE}", self.present.public)

    def find_signer(self, fingerprint: str) -> NoteSigner:
        """The signer of a key that still signs; empty: of the present one. Raises ProofRefusedError."""
        for signer in (self.signer, self.older):
            if signer is not None and fingerprint in {"", fingerprint_of(signer.public)}:
                return signer
        raise ProofRefusedError("the key that signed this head signs no more", "Take a new head: make the bundle anew.")

    def sign_export(self, export: str, sha256: str, fingerprint: str = "") -> str:
        """Returns `manifest.note` for the manifest with this SHA-256 (hex). `fingerprint`: see `find_signer`."""
        signer = self.find_signer(fingerprint)
        return signer.sign(format_export(self.site, export, sha256, signer.public))

    def sign_published(self, text: str) -> str:
        """The checkpoint as the disk and witnesses get it: below the lines of the present key those of `older`."""
        note = self.signer.sign(text)
        return note if self.older is None else note + self.older.sign(text).removeprefix(f"{text}\n")

    def mark_log(self) -> None:
        """From now on a missing log is a loss, not a first start."""
        if not self.has_log:
            self.has_log = True
            self._save()

    def prepare_next(self) -> LogKey:
        """Makes the next key, always a pair, and leaves it on disk; it does not count before `switch`."""
        seed = os.urandom(2 * _SEED_BYTES)
        key = LogKey(NoteSigner(seed).public, 0)
        replace_file(self._seed_path(key), seed, 0o600)
        return key

    def switch(self, key: LogKey, at_ns: int, size: int, until_ns: int) -> None:
        """Makes a prepared key the present one. The one before signs beside it until `until_ns`.

        `size`: leaves of the site log in the last checkpoint of the old one. Without a time for the old one its
        private part is destroyed at once.
        """
        old = replace(self.present, to_ns=at_ns, last_size=size, until_ns=until_ns)
        signer = NoteSigner(_read_seed(self._seed_path(key), key))
        self.keys = (*self.keys[:-1], old, replace(key, from_ns=at_ns))
        self._save()
        self.older, self.signer = self.signer, signer
        if until_ns <= at_ns:
            self.end_overlap()

    def is_overlap_over(self, now_ns: int) -> bool:
        """Whether `older` must sign no more: its time is over, or the clock went back by more than that."""
        if self.older is None:
            return False
        old = self.keys[-2]
        return not old.to_ns - OVERLAP_NS < now_ns < old.until_ns

    def end_overlap(self) -> None:
        """Destroys the private parts of all replaced keys."""
        self.older = None
        for key in self.keys[:-1]:
            path = self._seed_path(key)
            if path.exists():
                _destroy(path)

    def _open_older(self) -> NoteSigner | None:
        """The signer of the key before, where it was given time and is not destroyed yet."""
        if len(self.keys) == 1 or self.keys[-2].until_ns <= self.keys[-2].to_ns:
            return None
        path = self._seed_path(self.keys[-2])
        if not path.exists():
            return None
        signer = NoteSigner(_read_seed(path, self.keys[-2]))
        # Another one: its destruction was cut off by a crash.
        return signer if signer.public == self.keys[-2].public else None

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
        seed = os.urandom(2 * _SEED_BYTES)
        key = LogKey(NoteSigner(seed).public, now_ns)
        replace_file(folder / f"{key.fingerprint[:16]}.key", seed, 0o600)
        _save_ring(folder, name_site(key.public), (key,), has_log=False)
    site, keys, has_log = read_key_ring(folder)
    return KeyRing(folder, site, keys, has_log=has_log)


def read_key_ring(folder: Path) -> tuple[str, tuple[LogKey, ...], bool]:
    """Reads site, public keys and whether a log was begun, without the private key."""
    try:
        record = parse_canonical((folder / _RING).read_bytes())
        site, listed, has_log = take(record, site=str, keys=list, has_log=bool)
        keys = tuple(map(_read_key, listed))
    except (OSError, WrongForm, ValueError) as exc:
        raise _damaged(folder, f"{_RING} cannot be read: {exc}") from exc
    if not keys:
        raise _damaged(folder, f"{_RING} names no key")
    return site, keys, has_log


def _read_key(record: Json) -> LogKey:
    """Raises WrongForm. `last` came in with pairs, `until` with the overlap: keys replaced before have none."""
    public, start, end = take(record, public=str, from_=int, to=int)
    last, until = take({"last": 0, "until": 0} | record, last=int, until=int)
    key = LogKey(decode_base64(public), start, end, last, until)
    demand(len(key.public) in {ED25519_KEY_BYTES, PAIR_BYTES}, "a public key is not whole")
    demand(until <= end + OVERLAP_NS, "a replaced key has more than a day to sign beside its successor")
    return key


def _save_ring(folder: Path, site: str, keys: tuple[LogKey, ...], *, has_log: bool) -> None:
    listed = [
        {"public": key.text, "from": key.from_ns, "to": key.to_ns, "last": key.last_size, "until": key.until_ns}
        for key in keys
    ]
    record = {"v": 1, "site": site, "keys": listed, "has_log": has_log}
    replace_file(folder / _RING, encode_canonical(record), 0o600)


def _destroy(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def _read_seed(path: Path, key: LogKey) -> bytes:
    try:
        seed = path.read_bytes()
    except OSError as exc:
        raise _damaged(path.parent, f"the signing key {path.name} cannot be read: {exc.strerror}") from exc
    if len(seed) != (_SEED_BYTES if len(key.public) == ED25519_KEY_BYTES else 2 * _SEED_BYTES):
        raise _damaged(path.parent, f"the signing key {path.name} is not whole")
    return seed


def _damaged(folder: Path, what: str) -> LogDamagedError:
    return LogDamagedError(
        f"the keys of the evidence log in {folder} cannot be used: {what}", "Restore the folder from a backup."
    )
