"""What the log says of stored footage, read from its files alone, with or without a running notary."""

from pathlib import Path
from typing import Any

from vedette.core.ids import is_id
from vedette.evidence.errors import LogDamagedError
from vedette.evidence.keys import LogKey, read_key_ring
from vedette.evidence.leaves import SITE
from vedette.evidence.log import check_head, parse_head
from vedette.evidence.log_index import parse_leaf, read_trees
from vedette.evidence.offline_verify import CHECKPOINT, WrongForm
from vedette.evidence.tiles import TileReader


def find_segment_hashes(data: Path) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 (hex) of the file of every segment that was ever logged, by its id, as it is stored: of an
    encrypted one without its key. Empty before the first checkpoint.

    Nothing is believed that is not under the signed checkpoint: a file that was changed together with its row in
    the volume's index differs from what this returns.

    Raises:
        LogDamagedError: the log is not what was signed.
    """
    root, ring = data / "evidence", data / "keys" / "log"
    if not (ring / "log.json").exists():
        return {}
    site, keys, has_log = read_key_ring(ring)
    if not has_log:
        return {}
    found: dict[str, tuple[int, str]] = {}
    for name, tree in read_trees(root, site, _check_head(root, site, keys)).items():
        if is_id(name.partition("/")[0]):
            reader = TileReader(root / name)
            if reader.check(tree.size) != tree.root:
                raise LogDamagedError(f"the tree {name} is not what was signed")
            leaves = map(parse_leaf, reader.entries(0, tree.size))
            found |= {leaf["id"]: _stored(leaf) for leaf in leaves if leaf["kind"] == "segment"}
    return found


def _stored(leaf: dict[str, Any]) -> tuple[int, str]:
    if "stored_sha256" in leaf:
        return leaf["stored_bytes"], leaf["stored_sha256"]
    return leaf["bytes"], leaf["sha256"]


def _check_head(root: Path, site: str, keys: tuple[LogKey, ...]) -> int:
    try:
        note = (root / CHECKPOINT).read_text(encoding="utf-8")
        head = parse_head(note, site, keys)
    except (OSError, UnicodeDecodeError, WrongForm) as exc:
        raise LogDamagedError(f"the checkpoint of the evidence log cannot be used: {exc}") from exc
    check_head(TileReader(root / SITE), head)
    return head.size
