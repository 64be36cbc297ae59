"""One tree on disk, as C2SP tlog-tiles: `tile/<level>/<n>` with 256 hashes each, `tile/entries/<n>` with the leaves.

A tile that still grows lies under its full name and holds a prefix of what it will hold, so files are only ever
appended to. After a crash a tree is cut back to the size that was signed; less than that on disk is damage.
"""

import os
import struct
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

from vedette.evidence.errors import LogDamagedError
from vedette.evidence.merkle import prove_consistency, prove_inclusion, root_of
from vedette.evidence.offline_verify import leaf_hash, node_hash
from vedette.runtime.files import sync_path

TILE_WIDTH = 256
_WIDTH_BITS = 8
_HASH_BYTES = 32
_MOST_ENTRY_BYTES = 0xFFFF
_MOST_LEVELS = 7
_CACHED_TILES = 64
_LENGTH = struct.Struct(">H")


def tile_path(level: str, number: int) -> str:
    """`tile/0/x001/x234/067` for tile 1,234,067 of level 0 (C2SP tlog-tiles)."""
    parts = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        parts.append(f"x{number % 1000:03}")
    return f"tile/{level}/{'/'.join(reversed(parts))}"


class TileReader:
    """Reads a tree. Every method raises LogDamagedError when the disk holds less than is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._cache: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._bundle: tuple[int, list[bytes]] = (-1, [])

    def node(self, level: int, index: int) -> bytes:
        """See `vedette.evidence.merkle.Nodes`."""
        tile_level, inner = divmod(level, _WIDTH_BITS)
        first = index << inner
        tile = self._tile(tile_level, first // TILE_WIDTH)
        start = first % TILE_WIDTH * _HASH_BYTES
        data = tile[start : start + (_HASH_BYTES << inner)]
        if len(data) != _HASH_BYTES << inner:
            raise self._damaged(f"level {tile_level} ends before hash {first + (1 << inner)}")
        return combine(data)

    def root(self, size: int) -> bytes:
        return root_of(self, size)

    def prove(self, index: int, size: int) -> list[bytes]:
        return prove_inclusion(self, index, size)

    def prove_growth(self, old: int, size: int) -> list[bytes]:
        return prove_consistency(self, old, size)

    def entry(self, index: int) -> bytes:
        (found,) = self.entries(index, index + 1)
        return found

    def entries(self, first: int, last: int) -> Iterator[bytes]:
        """Yields the leaves from `first` to before `last`."""
        for number in range(first // TILE_WIDTH, -(-last // TILE_WIDTH)):
            start = number * TILE_WIDTH
            count = min(TILE_WIDTH, last - start)
            if self._bundle[0] != number:
                self._bundle = (number, split_entries(self._read(tile_path("entries", number)), TILE_WIDTH))
            bundle = self._bundle[1]
            if len(bundle) < count:
                raise self._damaged(f"entry {start + len(bundle)} is not there")
            yield from bundle[max(0, first - start) : count]

    def check(self, size: int) -> bytes:
        """Computes everything anew from the leaves and returns the root; LogDamagedError when a tile says otherwise."""
        for number in range(-(-size // TILE_WIDTH)):
            start = number * TILE_WIDTH
            hashes = b"".join(map(leaf_hash, self.entries(start, min(size, start + TILE_WIDTH))))
            if self._read(tile_path("0", number))[: len(hashes)] != hashes:
                raise self._damaged(f"entries from {start} on are not those that were hashed")
        for level in range(1, _MOST_LEVELS):
            for index in range(size >> (_WIDTH_BITS * level)):
                below = combine(self._read(tile_path(str(level - 1), index)))
                if self.node(level * _WIDTH_BITS, index) != below:
                    raise self._damaged(f"a hash of level {level} is wrong")
        return self.root(size)

    def _tile(self, level: int, number: int) -> bytes:
        place = (level, number)
        data = self._cache.get(place)
        if data is None:
            data = self._cache[place] = self._read(tile_path(str(level), number))
            if len(self._cache) > _CACHED_TILES:
                self._cache.popitem(last=False)
        return data

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as exc:
            raise self._damaged(f"{name}: {exc.strerror}") from exc

    def _damaged(self, what: str) -> LogDamagedError:
        return LogDamagedError(
            f"the evidence log is damaged in {self.folder}: {what}",
            "Restore the folder from a backup; see docs/guide/evidence.md.",
        )


class TileTree(TileReader):
    """The only writer of a tree. `append` is memory; `flush` makes it durable."""

    def __init__(self, folder: Path, size: int = 0) -> None:
        """Opens a tree at the size that was signed, and cuts off what lies behind it."""
        super().__init__(folder)
        self.size = size
        self._flushed = size
        self._fresh: list[bytes] = []
        if folder.is_dir():
            self._cut_back()
        elif size:
            raise self._damaged("the folder is gone")

    @property
    def is_grown(self) -> bool:
        return bool(self._fresh)

    def append(self, data: bytes) -> int:
        """Adds a leaf; returns its place."""
        if len(data) > _MOST_ENTRY_BYTES:
            raise ValueError(f"a leaf has at most {_MOST_ENTRY_BYTES} bytes, not {len(data)}")
        self._fresh.append(data)
        self.size += 1
        return self.size - 1

    def flush(self) -> None:
        """Writes what was appended, and syncs it. Raises OSError; then nothing counts as written."""
        touched: dict[Path, None] = {}
        self._write_entries(touched)
        self._write_hashes(0, self._flushed, list(map(leaf_hash, self._fresh)), touched)
        for path in touched:
            sync_path(path)
        self._fresh, self._flushed = [], self.size
        self._cache.clear()
        self._bundle = (-1, [])

    def _write_entries(self, touched: dict[Path, None]) -> None:
        for number, _, part in _by_tile(self._flushed, self._fresh):
            data = b"".join(_LENGTH.pack(len(entry)) + entry for entry in part)
            self._append(tile_path("entries", number), data, touched)

    def _write_hashes(self, level: int, start: int, hashes: Sequence[bytes], touched: dict[Path, None]) -> None:
        """Appends hashes to a level; each tile that is full becomes one hash of the level above."""
        above: list[bytes] = []
        for number, offset, part in _by_tile(start, hashes):
            name = tile_path(str(level), number)
            self._append(name, b"".join(part), touched)
            if offset + len(part) == TILE_WIDTH:
                above.append(combine(self._read(name)))
        if above:
            self._write_hashes(level + 1, start // TILE_WIDTH, above, touched)

    def _append(self, name: str, data: bytes, touched: dict[Path, None]) -> None:
        path = self.folder / name
        if not path.exists():
            for folder in _make_folders(path.parent):
                touched[folder] = None
            touched[path.parent] = None
        with path.open("ab") as file:
            file.write(data)
        touched[path] = None

    def _cut_back(self) -> None:
        number, kept = divmod(self.size, TILE_WIDTH)
        self._cut_level("entries", number, self._entries_length(number, kept))
        for level in range(_MOST_LEVELS):
            number, kept = divmod(self.size >> (_WIDTH_BITS * level), TILE_WIDTH)
            self._cut_level(str(level), number, kept * _HASH_BYTES)

    def _entries_length(self, number: int, kept: int) -> int:
        if kept == 0:
            return 0
        found = split_entries(self._read(tile_path("entries", number)), kept)
        if len(found) < kept:
            raise self._damaged(f"entry {number * TILE_WIDTH + len(found)} is not there")
        return sum(_LENGTH.size + len(entry) for entry in found)

    def _cut_level(self, level: str, number: int, kept_bytes: int) -> None:
        path = self.folder / tile_path(level, number)
        found = path.stat().st_size if path.exists() else 0
        if found < kept_bytes:
            raise self._damaged(f"{path.name} of level {level} has {found} bytes, {kept_bytes} were signed")
        if found > kept_bytes:
            os.truncate(path, kept_bytes)
        behind = number + 1
        while (later := self.folder / tile_path(level, behind)).exists():
            later.unlink()
            behind += 1


def combine(hashes: bytes) -> bytes:
    """The root over 1, 2, 4, ... 256 hashes that lie one after the other."""
    row = [hashes[place : place + _HASH_BYTES] for place in range(0, len(hashes), _HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(row[place], row[place + 1]) for place in range(0, len(row), 2)]
    return row[0]


def split_entries(data: bytes, most: int) -> list[bytes]:
    """The first `most` whole leaves of an entry bundle."""
    found: list[bytes] = []
    place = 0
    while len(found) < most and place + _LENGTH.size <= len(data):
        (size,) = _LENGTH.unpack_from(data, place)
        end = place + _LENGTH.size + size
        if end > len(data):
            break
        found.append(data[place + _LENGTH.size : end])
        place = end
    return found


def _by_tile(start: int, items: Sequence[bytes]) -> Iterator[tuple[int, int, Sequence[bytes]]]:
    """Cuts items at the borders of tiles: number of the tile, place in it, items."""
    done = 0
    while done < len(items):
        number, offset = divmod(start + done, TILE_WIDTH)
        part = items[done : done + TILE_WIDTH - offset]
        yield number, offset, part
        done += len(part)


def _make_folders(folder: Path) -> list[Path]:
    """Makes a folder with its parents; returns the folders that got a new entry."""
    if folder.is_dir():
        return []
    grown = [*_make_folders(folder.parent), folder.parent]
    folder.mkdir(mode=0o750)
    return grown
