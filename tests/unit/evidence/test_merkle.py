"""RFC 6962 trees: the vectors of Certificate Transparency, and every proof of every small tree."""

import hashlib

import pytest

from vedette.evidence.merkle import EMPTY_ROOT, prove_consistency, prove_inclusion, root_of
from vedette.evidence.offline_verify import WrongForm, is_consistent, leaf_hash, node_hash, root_of_inclusion

# Leaves and roots of the Certificate Transparency reference implementation (merkle_tree_test).
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"
    )
]  # fmt: skip
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


class MemoryNodes:
    """Hashes of complete subtrees, straight from the definition."""

    def __init__(self, leaves: list[bytes]) -> None:
        self._hashes = list(map(leaf_hash, leaves))

    def node(self, level: int, index: int) -> bytes:
        if level == 0:
            return self._hashes[index]
        return node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))


def test_empty_tree_has_the_hash_of_nothing() -> None:
    assert root_of(MemoryNodes([]), 0) == EMPTY_ROOT == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert root_of(MemoryNodes(CT_LEAVES), size).hex() == CT_ROOTS[size - 1]


def test_known_path_of_certificate_transparency() -> None:
    path = prove_inclusion(MemoryNodes(CT_LEAVES), 5, 8)
    assert [part.hex() for part in path] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_every_leaf_of_every_small_tree_is_proven_and_nothing_else() -> None:
    leaves = [bytes([number]) for number in range(20)]
    nodes = MemoryNodes(leaves)
    for size in range(1, 21):
        root = root_of(nodes, size)
        for index in range(size):
            path = prove_inclusion(nodes, index, size)
            assert root_of_inclusion(leaf_hash(leaves[index]), index, size, path) == root
            for wrong in (index - 1, index + 1):
                if 0 <= wrong < size:
                    assert not leads_to(root, leaves[index], wrong, size, path)
            if path:
                assert not leads_to(root, leaves[index], index, size, path[:-1])
            assert not leads_to(root, leaves[index], index, size, [*path, bytes(32)])
        with pytest.raises(ValueError, match="does not lie"):
            prove_inclusion(nodes, size, size)


def leads_to(root: bytes, leaf: bytes, index: int, size: int, path: list[bytes]) -> bool:
    try:
        return root_of_inclusion(leaf_hash(leaf), index, size, path) == root
    except WrongForm:
        return False


def test_every_growth_is_proven_and_a_rewritten_history_is_not() -> None:
    leaves = [bytes([number]) for number in range(20)]
    nodes, other = MemoryNodes(leaves), MemoryNodes([b"x", *leaves[1:]])
    for size in range(1, 21):
        for old in range(1, size + 1):
            proof = prove_consistency(nodes, old, size)
            before, after = root_of(nodes, old), root_of(nodes, size)
            assert is_consistent(before, old, after, size, proof)
            assert not is_consistent(root_of(other, old), old, after, size, proof)
            assert not is_consistent(before, old, root_of(other, size), size, proof)
            assert not is_consistent(before, old, after, size, [*proof, bytes(32)])
            if proof:
                assert not is_consistent(before, old, after, size, proof[1:])
