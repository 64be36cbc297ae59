"""What a log asks of its witnesses and keeps of their answers. No network, no clock: `vedette.node.notary_witnesses`.

`DATA/evidence/witnessed/<16 digits>.json` holds, for each witness, the newest checkpoint it signed. It is checked
before it is kept, and again when a bundle is made: an answer from elsewhere never gets into a bundle.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vedette.evidence.keys import check_signature_fast
from vedette.evidence.leaves import SITE
from vedette.evidence.log import EvidenceLog
from vedette.evidence.offline_verify import (
    WrongForm,
    check_cosignature,
    encode_canonical,
    format_witness_key,
    parse_canonical,
    parse_checkpoint,
    parse_witness_key,
    take,
)
from vedette.evidence.proofs import WitnessedHead
from vedette.runtime.files import replace_file

_FOLDER = "witnessed"


@dataclass(frozen=True, slots=True)
class Submission:
    """One request to a witness. `text`: the checkpoint that it is to sign."""

    size: int
    text: str
    body: bytes


def make_submission(log: EvidenceLog, old: int) -> Submission:
    """Asks a witness that knows the first `old` leaves to sign the log as it is now."""
    note = log.format_published_head()
    lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in log.prove_growth(old))
    return Submission(log.size, note.rpartition("\n\n")[0] + "\n", f"old {old}\n{lines}\n{note}".encode())


def keep_cosignature(log: EvidenceLog, witness: tuple[str, bytes], text: str, answer: str) -> None:
    """Checks an answer and keeps it. Raises WrongForm when it holds no signature of this text by this witness.

    C2SP tlog-witness: an answer is one line or more. Lines of others do not count, and of ours the first one is kept.
    """
    line = _find_own(answer, text, witness)
    folder = log.root / _FOLDER
    folder.mkdir(mode=0o750, exist_ok=True)
    record = {"witness": format_witness_key(*witness), "checkpoint": text, "cosignature": line}
    replace_file(_path(folder, witness), encode_canonical(record))


def _find_own(answer: str, text: str, witness: tuple[str, bytes]) -> str:
    failure = WrongForm("the witness answers with nothing")
    for line in dict.fromkeys(f"{one}\n" for one in answer.removesuffix("\n").split("\n")):
        try:
            check_cosignature(line, text, *witness, check_signature_fast)
        except WrongForm as exc:
            failure = exc
        else:
            return line
    raise failure


def find_witnessed_size(log: EvidenceLog, witness: tuple[str, bytes]) -> int:
    """Up to which size this witness signed; 0 when nothing that holds is kept."""
    found = _read(log, _path(log.root / _FOLDER, witness))
    return parse_checkpoint(found[0])[1] if found else 0


def read_witnessed(log: EvidenceLog) -> Iterator[WitnessedHead]:
    """What the witnesses signed, with the proof that the log of now begins with it. What does not hold is left out."""
    for path in sorted((log.root / _FOLDER).glob("*.json")):
        found = _read(log, path)
        if found is not None:
            text, line = found
            size = parse_checkpoint(text)[1]
            yield WitnessedHead(text, line, tuple(one.hex() for one in log.prove_growth(size)))


def _read(log: EvidenceLog, path: Path) -> tuple[str, str] | None:
    try:
        record = parse_canonical(path.read_bytes())
        key, text, line = take(record, witness=str, checkpoint=str, cosignature=str)
        check_cosignature(line, text, *parse_witness_key(key), check_signature_fast)
        _, size, root = parse_checkpoint(text)
    except (OSError, WrongForm):
        return None
    is_ours = 0 < size <= log.size and text == log.format_head(SITE, size, root)
    return (text, line) if is_ours else None


def _path(folder: Path, witness: tuple[str, bytes]) -> Path:
    return folder / f"{hashlib.sha256(format_witness_key(*witness).encode()).hexdigest()[:16]}.json"
