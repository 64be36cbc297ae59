"""Proofs over an append-only tree (RFC 6962 section 2.1), from the hashes of its complete subtrees.

Pure: where the hashes lie is the business of `vedette.evidence.tiles`.
"""

from typing import Protocol

from vedette.evidence.offline_verify import node_hash


class Nodes(Protocol):
    """Knows the hash of every complete subtree."""

    def node(self, level: int, index: int) -> bytes:
        """The hash over leaves `index << level` up to `(index + 1) << level`."""
        ...


EMPTY_ROOT = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


def root_of(nodes: Nodes, size: int) -> bytes:
    """The root over the first `size` leaves."""
    return _hash_range(nodes, 0, size) if size else EMPTY_ROOT


def prove_inclusion(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """The path of a leaf in the tree of `size` leaves, lowest first."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} does not lie in a tree of {size}")
    path: list[bytes] = []
    first, last = 0, size
    while last - first > 1:
        middle = first + _split(last - first)
        if index < middle:
            path.append(_hash_range(nodes, middle, last))
            last = middle
        else:
            path.append(_hash_range(nodes, first, middle))
            first = middle
    return path[::-1]


def prove_consistency(nodes: Nodes, old: int, size: int) -> list[bytes]:
    """Shows that the tree of `size` leaves begins with the tree of `old` leaves."""
    if not 0 < old <= size:
        raise ValueError(f"a tree of {old} leaves is no beginning of one of {size}")
    return _subproof(nodes, old, 0, size, is_known=True)


def _subproof(nodes: Nodes, old: int, first: int, last: int, *, is_known: bool) -> list[bytes]:
    """RFC 6962 SUBPROOF: `old` counts from `first`; `is_known`: the asker has the hash of this very subtree."""
    size = last - first
    if old == size:
        return [] if is_known else [_hash_range(nodes, first, last)]
    split = _split(size)
    if old <= split:
        proof = _subproof(nodes, old, first, first + split, is_known=is_known)
        return [*proof, _hash_range(nodes, first + split, last)]
    proof = _subproof(nodes, old - split, first + split, last, is_known=False)
    return [*proof, _hash_range(nodes, first, first + split)]


def _hash_range(nodes: Nodes, first: int, last: int) -> bytes:
    size = last - first
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return nodes.node(level, first >> level)
    middle = first + _split(size)
    return node_hash(_hash_range(nodes, first, middle), _hash_range(nodes, middle, last))


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
