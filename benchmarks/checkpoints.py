"""What the second signature costs: `python -m benchmarks.checkpoints [--seconds N] [--json FILE]`

Signs the checkpoint of a small log with Ed25519 alone and with ML-DSA-44 besides, in turns, and opens both: by OpenSSL
as a node does it, and in plain Python as `verify.py` does it. Each figure is processor time, the median of all turns.
"""

import statistics
import sys
import time
from collections.abc import Callable

from benchmarks.common import make_parser, write_result
from vedette.evidence.keys import NoteSigner, check_signature_fast
from vedette.evidence.offline_verify import open_note

HEAD = "vedette.0123456789abcdef/site\n184220\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
SIGNERS = {"once": NoteSigner(bytes(range(32))), "twice": NoteSigner(bytes(range(64)))}


def measure_ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


def main() -> int:
    options = make_parser(__doc__, 10).parse_args()
    found: dict[str, list[float]] = {}
    notes = {name: signer.sign(HEAD) for name, signer in SIGNERS.items()}
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        for name, signer in SIGNERS.items():
            note, public = notes[name], signer.public
            works: dict[str, Callable[[], object]] = {
                "sign": lambda signer=signer: signer.sign(HEAD),  # type: ignore[misc]
                "open_by_openssl": lambda note=note, key=public: open_note(note, key, check_signature_fast),  # type: ignore[misc]
                "open_in_plain_python": lambda note=note, key=public: open_note(note, key),  # type: ignore[misc]
            }
            for kind, work in works.items():
                found.setdefault(f"{kind}_{name}_ms", []).append(measure_ms(work))
    figures: dict[str, float | int] = {name: statistics.median(values) for name, values in found.items()}
    for kind in ("sign", "open_by_openssl", "open_in_plain_python"):
        figures[f"{kind}_ratio"] = figures[f"{kind}_twice_ms"] / figures[f"{kind}_once_ms"]
    figures |= {f"bytes_{name}": len(note.encode()) for name, note in notes.items()}
    write_result("checkpoints", figures, {"turns": len(found["sign_once_ms"])}, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
