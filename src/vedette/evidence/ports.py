"""What the log needs besides its files: an index that says where each leaf lies.

The index is derived: everything in it can be made anew from the trees. Implementation:
`vedette.adapters.sqlite_evidence_index`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LeafRow:
    """Where a leaf lies, and what it is about.

    Attributes:
        chain: A camera's id, `audit` or `site`; `number` counts its leaves across days, from 0.
        tree: `<chain>/<yyyymmdd>`; `place` is the leaf's index in it.
        key: Names the fact, so that none is logged twice.
        sequence: Of a segment: number of the segments of its stream, from 1.
    """

    chain: str
    number: int
    tree: str
    place: int
    kind: str
    key: str
    stream: str = ""
    start_ns: int = 0
    end_ns: int = 0
    segment_id: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A tree as a checkpoint saw it. `head` is the site log's size then, `site_place` the index of its root leaf."""

    tree: str
    head: int
    size: int
    root: bytes
    site_place: int


class LeafIndex(Protocol):
    """Everything is written with the head (size of the site log) it belongs to. Raises StorageError."""

    def newest_head(self) -> int:
        """0 when it is empty."""
        ...

    def roll_back(self, head: int) -> None:
        """Forgets everything newer than a head."""
        ...

    def clear(self) -> None: ...

    def commit(
        self, head: int, leaves: Sequence[LeafRow], trees: Sequence[TreeRow], positions: Mapping[str, int]
    ) -> None:
        """Writes all of it in one transaction."""
        ...

    def find_known(self, keys: Sequence[str]) -> set[str]:
        """Which of these facts are logged."""
        ...

    def find_tail(self, chain: str) -> LeafRow | None:
        """The newest leaf of a chain."""
        ...

    def find_last_sequence(self, chain: str, stream: str) -> int: ...

    def find_position(self, name: str) -> int:
        """How far a source was read, 0 when it never was."""
        ...

    def find_tree(self, tree: str, head: int) -> TreeRow | None:
        """A tree as the newest checkpoint up to `head` saw it."""
        ...

    def find_trees(self, after: str, limit: int) -> list[TreeRow]:
        """Trees as they are now, by name."""
        ...

    def find_overlapping(
        self, chain: str, streams: Sequence[str], from_ns: int, to_ns: int, head: int
    ) -> list[LeafRow]:
        """Segment and gap leaves that overlap a half open range."""
        ...

    def find_rows(self, chain: str, first: int, last: int) -> list[LeafRow]:
        """The leaves with these numbers, both included."""
        ...

    def find_retired(self, chain: str, segment_ids: Sequence[str], head: int) -> list[LeafRow]: ...

    def close(self) -> None: ...
