"""The time stamps of a bundle, one set of files each, as `verify.py` and `openssl ts` read them.

`timestamps/<n>.tsr` is the authority's answer, `<n>.checkpoint` what it is over, `<n>.json` how both belong to the
proofs. Layout: docs/design/evidence.md.
"""

import json
from collections.abc import Callable, Sequence

from vedette.evidence.offline_verify import STAMPS, encode_canonical
from vedette.evidence.proofs import StampedTree


def write_stamps(add: Callable[[str, bytes], None], stamped: Sequence[tuple[str, StampedTree]]) -> None:
    """Writes each stamp once, with all the proof files (by their path in the bundle) that it covers."""
    groups: dict[tuple[str, bytes], list[tuple[str, StampedTree]]] = {}
    for path, one in stamped:
        groups.setdefault((one.checkpoint, one.response), []).append((path, one))
    for number, ((checkpoint, response), covered) in enumerate(groups.items(), 1):
        stem = f"{STAMPS}/{number:06}"
        trees = [
            {"proofs": path, "entry": json.loads(one.entry), "growth": list(one.tree_growth)} for path, one in covered
        ]
        add(f"{stem}.tsr", response)
        add(f"{stem}.checkpoint", checkpoint.encode())
        add(f"{stem}.json", encode_canonical({"growth": list(covered[0][1].growth), "trees": trees}))
