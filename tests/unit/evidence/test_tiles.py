"""Trees on disk: C2SP's layout, and what is left after a crash or a change behind our back."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from tests.unit.evidence.test_merkle import MemoryNodes
from vedette.evidence.errors import LogDamagedError
from vedette.evidence.merkle import root_of
from vedette.evidence.tiles import TileReader, TileTree, tile_path


def leaf(number: int) -> bytes:
    return f"leaf {number}".encode()


def grow(tree: TileTree, count: int) -> None:
    for _ in range(count):
        tree.append(leaf(tree.size))


def test_paths_are_those_of_tlog_tiles() -> None:
    assert tile_path("0", 5) == "tile/0/005"
    assert tile_path("0", 1234067) == "tile/0/x001/x234/067"
    assert tile_path("entries", 1000) == "tile/entries/x001/000"


@pytest.mark.parametrize("steps", [[1], [256], [255, 1, 1], [300, 700, 3], [65_600]])
def test_root_and_leaves_are_right_however_it_grew(tmp_path, steps) -> None:
    tree = TileTree(tmp_path / "t")
    for count in steps:
        grow(tree, count)
        tree.flush()
    size = sum(steps)
    expected = root_of(MemoryNodes([leaf(number) for number in range(size)]), size)
    reader = TileReader(tmp_path / "t")
    assert tree.root(size) == reader.check(size) == expected
    assert list(reader.entries(max(0, size - 300), size)) == [
        leaf(number) for number in range(max(0, size - 300), size)
    ]
    assert (tmp_path / "t" / "tile" / "0" / "000").stat().st_size == 32 * min(size, 256)


@pytest.mark.parametrize("signed", [0, 1, 255, 256, 257, 600])
def test_what_was_not_signed_is_cut_off_after_a_crash(tmp_path, signed) -> None:
    folder = tmp_path / "t"
    tree = TileTree(folder)
    grow(tree, signed)
    tree.flush()
    before = contents(folder)
    grow(tree, 900)
    tree.flush()
    again = TileTree(folder, signed)
    assert {name: data for name, data in contents(folder).items() if data} == before
    grow(again, 50)
    again.flush()
    size = signed + 50
    assert again.root(size) == root_of(MemoryNodes([leaf(number) for number in range(size)]), size)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["tile/0/000", "tile/0/001", "tile/entries/001", "tile/1/000"])
def test_less_on_disk_than_was_signed_is_damage(tmp_path, name) -> None:
    tree = TileTree(tmp_path / "t")
    grow(tree, 600)
    tree.flush()
    os.truncate(tmp_path / "t" / name, 20)
    with pytest.raises(LogDamagedError):
        TileTree(tmp_path / "t", 600).check(600)


@pytest.mark.parametrize("name", ["tile/0/000", "tile/0/002", "tile/entries/000", "tile/1/000"])
def test_a_changed_byte_is_found_by_computing_everything_anew(tmp_path, name) -> None:
    tree = TileTree(tmp_path / "t")
    grow(tree, 600)
    tree.flush()
    root = tree.root(600)
    path = tmp_path / "t" / name
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    reader = TileReader(tmp_path / "t")
    with suppress(LogDamagedError):
        assert reader.check(600) != root


def test_missing_folder_of_a_tree_that_was_signed_is_damage(tmp_path) -> None:
    with pytest.raises(LogDamagedError, match="gone"):
        TileTree(tmp_path / "t", 1)


def test_a_leaf_has_a_largest_size(tmp_path) -> None:
    tree = TileTree(tmp_path / "t")
    tree.append(bytes(65_535))
    with pytest.raises(ValueError, match="65535"):
        tree.append(bytes(65_536))
