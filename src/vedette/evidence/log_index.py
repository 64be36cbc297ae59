"""Between leaves and the index: what a row says of a leaf, and how the index is made anew from the trees."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vedette.evidence.errors import LogDamagedError
from vedette.evidence.leaves import Record, key_of
from vedette.evidence.offline_verify import WrongForm, parse_canonical
from vedette.evidence.ports import LeafIndex, LeafRow, TreeRow
from vedette.evidence.tiles import TileReader

NO_LEAF = "0" * 64
"""`prev` of the first leaf of a chain."""


def make_row(tree: str, number: int, place: int, record: Record) -> LeafRow:
    chain = tree.partition("/")[0]
    return LeafRow(
        chain=chain,
        number=number,
        tree=tree,
        place=place,
        kind=str(record["kind"]),
        key=key_of(record),
        stream=str(record.get("stream", "")),
        start_ns=_number(record, "t0"),
        end_ns=_number(record, "t1"),
        segment_id=str(record.get("id", "")),
        sequence=_number(record, "seq"),
    )


def parse_leaf(data: bytes) -> dict[str, Any]:
    """Raises LogDamagedError."""
    try:
        record = parse_canonical(data)
    except WrongForm as exc:
        raise LogDamagedError(f"a leaf of the evidence log is damaged: {exc}") from exc
    if not isinstance(record, dict):
        raise LogDamagedError("a leaf of the evidence log is damaged")
    return record


def read_trees(root: Path, site: str, size: int) -> dict[str, TreeRow]:
    """Every tree as the site log of `size` leaves knows it last."""
    found: dict[str, TreeRow] = {}
    for place, data in enumerate(TileReader(root / "site").entries(0, size)):
        leaf = parse_leaf(data)
        name = str(leaf["origin"]).removeprefix(f"{site}/")
        found[name] = TreeRow(name, size, int(leaf["size"]), bytes.fromhex(leaf["root"]), place)
    return found


def rebuild_index(index: LeafIndex, root: Path, site: str, size: int) -> None:
    """Makes the index anew from the trees, in the order of chain and day. Sources are then read from their start."""
    index.clear()
    trees = read_trees(root, site, size)
    chain, number, prev = "", 0, NO_LEAF
    for name in sorted(trees):
        if name.partition("/")[0] != chain:
            chain, number, prev = name.partition("/")[0], 0, NO_LEAF
        rows: list[LeafRow] = []
        for place, data in enumerate(_checked_entries(root / name, trees[name])):
            leaf = parse_leaf(data)
            if leaf.get("prev") != prev:
                raise LogDamagedError(f"the leaves of {name} do not follow each other")
            rows.append(make_row(name, number, place, leaf))
            number, prev = number + 1, hashlib.sha256(data).hexdigest()
        index.commit(size, rows, [trees[name]], {})
    index.commit(size, [], [], {})


def _checked_entries(folder: Path, tree: TreeRow) -> Iterator[bytes]:
    reader = TileReader(folder)
    if reader.check(tree.size) != tree.root:
        raise LogDamagedError(f"the tree {tree.tree} is not what the site log says")
    return reader.entries(0, tree.size)


def _number(record: Record, name: str) -> int:
    value = record.get(name)
    return value if isinstance(value, int) else 0
