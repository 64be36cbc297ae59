"""A witness: signs that a log only ever grew. It keeps the newest checkpoint of each log, and nothing else.

C2SP tlog-witness: a checkpoint is taken when the log's own key signed it, when it names the size that is kept here,
and when a proof shows that the kept tree is its beginning. A log that shows one history to us and another to others
finds no second signature; one that is put back to an older copy is refused with the size it once had.
**State is on disk before the answer goes out.** State that cannot be read is an error, never a fresh beginning.
No network here: `vedette.node.witness` serves it. Design: docs/design/evidence.md.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vedette.core.errors import InvalidInputError
from vedette.evidence.errors import LogDamagedError
from vedette.evidence.keys import check_signature_fast
from vedette.evidence.offline_verify import (
    ED25519_KEY_BYTES,
    ML_DSA_KEY_BYTES,
    PAIR_BYTES,
    WrongForm,
    cosigned_text,
    cosigner_id,
    decode_base64,
    demand,
    encode_canonical,
    format_witness_key,
    is_consistent,
    key_id,
    open_note,
    parse_canonical,
    parse_checkpoint,
    split_key,
    take,
)
from vedette.runtime.files import replace_file

MOST_PROOF_LINES = 63
MOST_REQUEST_BYTES = 1 << 16
_OLD = re.compile(r"old (0|[1-9][0-9]{0,17})")
_OK, _BAD, _FORBIDDEN, _UNKNOWN, _CONFLICT, _UNPROVEN = 200, 400, 403, 404, 409, 422


@dataclass(frozen=True, slots=True)
class Answer:
    """HTTP status and body, as C2SP tlog-witness names them."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class WitnessState:
    """Size and root of what a witness signed last. `is_paired`: the log had signed it with both of its keys."""

    size: int
    root: bytes
    is_paired: bool


class Cosigner:
    """Signs checkpoints in the name of one witness."""

    def __init__(self, name: str, seed: bytes) -> None:
        if not re.fullmatch(r"[^\s+]{1,128}", name):
            raise InvalidInputError("a witness's name has no blanks and no plus sign", "Example: witness.example.org/a")
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.name = name
        self.public = self._private.public_key().public_bytes_raw()

    @property
    def verifier_key(self) -> str:
        return format_witness_key(self.name, self.public)

    def sign(self, checkpoint: str, at_s: int) -> str:
        """Returns the line for the text of a checkpoint."""
        signature = self._private.sign(cosigned_text(checkpoint, at_s))
        data = cosigner_id(self.name, self.public) + at_s.to_bytes(8, "big") + signature
        return f"\N{EM DASH} {self.name} {base64.b64encode(data).decode()}\n"


def parse_log_key(text: str) -> tuple[str, bytes]:
    """Returns origin and public key of a log. Raises InvalidInputError.

    `text`: its C2SP verifier key (`<origin>+<id>+<key>`), of a pair both, with a comma between. The key is 32 bytes
    (Ed25519) or 1344 (Ed25519, ML-DSA-44).
    """
    first, is_pair, second = text.partition(",")
    try:
        origin, key = _parse_verifier_key(first, 1, ED25519_KEY_BYTES)
        if is_pair:
            other, ml_dsa = _parse_verifier_key(second, 6, ML_DSA_KEY_BYTES)
            demand(other == origin, "its two keys are of two logs")
            key += ml_dsa
    except WrongForm as exc:
        raise InvalidInputError(f"the key of a log cannot be used: {exc}", "`vedette status` shows it.") from exc
    return origin, key


def _parse_verifier_key(text: str, kind: int, size: int) -> tuple[str, bytes]:
    origin, _, rest = text.partition("+")
    shown, _, encoded = rest.partition("+")
    data = decode_base64(encoded)
    named = "Ed25519" if kind == 1 else "ML-DSA-44"
    demand(origin and len(data) == 1 + size and data[0] == kind, f"it is no {named} key of a log")
    demand(shown == key_id(origin, data[1:]).hex(), "name and key do not belong together")
    return origin, data[1:]


class Witness:
    """The newest checkpoint of each known log. One request at a time."""

    def __init__(self, folder: Path, cosigner: Cosigner, logs: Sequence[tuple[str, bytes]]) -> None:
        self._folder = folder
        self._cosigner = cosigner
        self._logs = tuple(logs)

    def add_checkpoint(self, body: bytes, at_s: int) -> Answer:
        """Answers one request. Raises LogDamagedError when its own state cannot be read."""
        try:
            old, proof, note = _split_request(body)
            origin = note.partition("\n")[0]
        except WrongForm as exc:
            return Answer(_BAD, f"{exc}\n")
        keys = [key for known, key in self._logs if known == origin]
        if not keys:
            return Answer(_UNKNOWN, "this log is not known here\n")
        kept = self.read_state(origin)
        try:
            # Once a log has signed with both, its older key of Ed25519 alone does not count any more.
            text, key = _open_by_any(note, [key for key in keys if len(key) == PAIR_BYTES or not kept.is_paired])
        except WrongForm as exc:
            return Answer(_FORBIDDEN, f"the log did not sign this checkpoint: {exc}\n")
        try:
            _, size, root = parse_checkpoint(text)
        except WrongForm as exc:
            return Answer(_BAD, f"{exc}\n")
        if old > size:
            return Answer(_BAD, "the old size is above the new one\n")
        head = WitnessState(size, root, is_paired=len(key) == PAIR_BYTES)
        return self._take(origin, text, (old, proof), (kept, head), at_s)

    def _take(
        self,
        origin: str,
        text: str,
        shown: tuple[int, list[bytes]],
        states: tuple[WitnessState, WitnessState],
        at_s: int,
    ) -> Answer:
        (old, proof), (kept, head) = shown, states
        kept_size, kept_root, size, root = kept.size, kept.root, head.size, head.root
        if old != kept_size or (size == kept_size and size and root != kept_root):
            return Answer(_CONFLICT, f"{kept_size}\n")
        is_proven = not proof if old == 0 else is_consistent(kept_root, old, root, size, proof)
        if not is_proven:
            return Answer(_UNPROVEN, "the log does not begin with what it was\n")
        record = {"v": 1, "origin": origin, "size": size, "root": root.hex(), "paired": head.is_paired}
        replace_file(self._path(origin), encode_canonical(record), 0o600)
        return Answer(_OK, self._cosigner.sign(text, at_s))

    def read_state(self, origin: str) -> WitnessState:
        """What was signed last; of size 0 for a log that was never seen."""
        path = self._path(origin)
        try:
            record = parse_canonical(path.read_bytes())
            known, size, root = take(record, origin=str, size=int, root=str)
            (is_paired,) = take({"paired": False} | record, paired=bool)  # witnesses before ML-DSA-44 wrote none
            demand(known == origin and size >= 0 and re.fullmatch(r"[0-9a-f]{64}", root), "it is of another log")
        except FileNotFoundError:
            return WitnessState(0, b"", is_paired=False)
        except (OSError, WrongForm) as exc:
            raise LogDamagedError(
                f"the state of the witness in {path} cannot be used: {exc}", "Restore it; a witness never begins anew."
            ) from exc
        return WitnessState(size, bytes.fromhex(root), is_paired=is_paired)

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.json"


def _split_request(body: bytes) -> tuple[int, list[bytes], str]:
    """Old size, proof and signed checkpoint of a request. Raises WrongForm."""
    demand(len(body) <= MOST_REQUEST_BYTES, "the request is too long")
    try:
        text = body.decode()
    except UnicodeDecodeError as exc:
        raise WrongForm("the request is not readable") from exc
    head, found, note = text.partition("\n\n")
    first, *lines = head.split("\n")
    old = _OLD.fullmatch(first)
    if not found or old is None:
        raise WrongForm("the request is not whole")
    demand(len(lines) <= MOST_PROOF_LINES, "the proof is too long")
    proof = [decode_base64(line) for line in lines]
    demand(all(len(one) == 32 for one in proof), "the proof is not whole")
    return int(old[1]), proof, note


def _open_by_any(note: str, keys: Sequence[bytes]) -> tuple[str, bytes]:
    """The text of a note and the strongest of a log's keys that signed it: after a change of key it has two for a day.

    Raises:
        WrongForm: none of them did, or one did by half: of a known key every line must be right.
    """
    found = {
        key: open_note(kept, key, check_signature_fast) for key in keys if (kept := _keep_lines(note, key)) is not None
    }
    demand(found, "it is signed by another key")
    key = max(found, key=len)
    return found[key], key


def _keep_lines(note: str, key: bytes) -> str | None:
    """The note with the lines of this key alone, None where it has none. Lines of unknown keys do not count (C2SP)."""
    text, _, last = note.rpartition("\n\n")
    name = text.partition("\n")[0]
    ids = {key_id(name, part) for part in split_key(key) if part}
    lines = last.removesuffix("\n").split("\n")
    kept = [line for line in lines if decode_base64(line.rpartition(" ")[2])[:4] in ids]
    return f"{text}\n\n" + "".join(f"{line}\n" for line in kept) if kept else None
