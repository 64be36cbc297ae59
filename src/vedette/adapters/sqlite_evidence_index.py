"""The index of the evidence log on SQLite: `DATA/evidence/lookup.db`. Derived; one writer, the notary."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any

from vedette.core.errors import StorageError
from vedette.evidence.ports import LeafRow, TreeRow

_SCHEMA = """
CREATE TABLE IF NOT EXISTS leaves (
    chain TEXT NOT NULL,
    number INTEGER NOT NULL,
    tree TEXT NOT NULL,
    place INTEGER NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    stream TEXT NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    segment_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    head INTEGER NOT NULL,
    PRIMARY KEY (chain, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS leaves_by_key ON leaves (key);
CREATE INDEX IF NOT EXISTS leaves_by_time ON leaves (chain, end_ns) WHERE kind IN ('segment', 'gap');
CREATE INDEX IF NOT EXISTS leaves_by_segment ON leaves (segment_id) WHERE kind = 'retired';
CREATE INDEX IF NOT EXISTS leaves_by_sequence ON leaves (chain, stream, sequence) WHERE kind = 'segment';
CREATE INDEX IF NOT EXISTS leaves_by_head ON leaves (head);
CREATE TABLE IF NOT EXISTS trees (
    tree TEXT NOT NULL,
    head INTEGER NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    site_place INTEGER NOT NULL,
    PRIMARY KEY (tree, head)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS trees_by_head ON trees (head);
CREATE TABLE IF NOT EXISTS positions (
    name TEXT NOT NULL,
    head INTEGER NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (name, head)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heads (head INTEGER PRIMARY KEY);
"""
_LEAF = "chain, number, tree, place, kind, key, stream, start_ns, end_ns, segment_id, sequence"
_TABLES = ("leaves", "trees", "positions", "heads")
_PAGE = 500


class SqliteEvidenceIndex:
    """See `vedette.evidence.ports.LeafIndex`. May move between threads, one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._translated():
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")  # it must not be behind the checkpoint after a crash
            self._connection.executescript(_SCHEMA)

    def newest_head(self) -> int:
        return int(self._one("SELECT COALESCE(MAX(head), 0) FROM heads", ()) or 0)

    def roll_back(self, head: int) -> None:
        with self._transaction() as connection:
            for table in _TABLES:
                connection.execute(f"DELETE FROM {table} WHERE head > ?", (head,))  # noqa: S608 -- a constant

    def clear(self) -> None:
        self.roll_back(-1)

    def commit(
        self, head: int, leaves: Sequence[LeafRow], trees: Sequence[TreeRow], positions: Mapping[str, int]
    ) -> None:
        with self._transaction() as connection:
            connection.executemany(
                f"INSERT INTO leaves ({_LEAF}, head) VALUES ({', '.join('?' * 12)})",  # noqa: S608 -- constants
                [(*astuple(row), head) for row in leaves],
            )
            connection.executemany(
                "INSERT OR REPLACE INTO trees VALUES (?, ?, ?, ?, ?)", [astuple(row) for row in trees]
            )
            connection.executemany(
                "INSERT OR REPLACE INTO positions VALUES (?, ?, ?)",
                [(name, head, value) for name, value in positions.items()],
            )
            connection.execute("INSERT OR REPLACE INTO heads VALUES (?)", (head,))
            self._trim(connection, head, positions)

    def find_known(self, keys: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(keys), _PAGE):
            part = tuple(keys[start : start + _PAGE])
            marks = ", ".join("?" * len(part))
            query = f"SELECT key FROM leaves WHERE key IN ({marks})"  # noqa: S608 -- question marks
            found.update(key for (key,) in self._all(query, part))
        return found

    def find_tail(self, chain: str) -> LeafRow | None:
        rows = self._leaves("chain = ? ORDER BY number DESC LIMIT 1", (chain,))
        return rows[0] if rows else None

    def find_last_sequence(self, chain: str, stream: str) -> int:
        query = "SELECT COALESCE(MAX(sequence), 0) FROM leaves WHERE kind = 'segment' AND chain = ? AND stream = ?"
        return int(self._one(query, (chain, stream)) or 0)

    def find_position(self, name: str) -> int:
        return int(self._one("SELECT value FROM positions WHERE name = ? ORDER BY head DESC LIMIT 1", (name,)) or 0)

    def find_tree(self, tree: str, head: int) -> TreeRow | None:
        query = "SELECT * FROM trees WHERE tree = ? AND head <= ? ORDER BY head DESC LIMIT 1"
        rows = self._all(query, (tree, head))
        return TreeRow(*rows[0]) if rows else None

    def find_trees(self, after: str, limit: int) -> list[TreeRow]:
        columns = "tree, MAX(head), size, root, site_place"
        query = f"SELECT {columns} FROM trees WHERE tree > ? GROUP BY tree ORDER BY tree LIMIT ?"  # noqa: S608 -- constants
        return [TreeRow(*row) for row in self._all(query, (after, limit))]

    def find_overlapping(
        self, chain: str, streams: Sequence[str], from_ns: int, to_ns: int, head: int
    ) -> list[LeafRow]:
        where = (
            "chain = ? AND kind IN ('segment', 'gap') AND end_ns > ? AND start_ns < ? AND head <= ?"
            f" AND stream IN ({', '.join('?' * len(streams))}) ORDER BY number"
        )
        return self._leaves(where, (chain, from_ns, to_ns, head, *streams))

    def find_rows(self, chain: str, first: int, last: int) -> list[LeafRow]:
        return self._leaves("chain = ? AND number BETWEEN ? AND ? ORDER BY number", (chain, first, last))

    def find_retired(self, chain: str, segment_ids: Sequence[str], head: int) -> list[LeafRow]:
        found: list[LeafRow] = []
        for start in range(0, len(segment_ids), _PAGE):
            part = segment_ids[start : start + _PAGE]
            where = f"kind = 'retired' AND segment_id IN ({', '.join('?' * len(part))}) AND chain = ? AND head <= ?"
            found += self._leaves(where, (*part, chain, head))
        return sorted(found, key=lambda row: row.number)

    def close(self) -> None:
        self._connection.close()

    def _trim(self, connection: sqlite3.Connection, head: int, positions: Mapping[str, int]) -> None:
        """Positions of checkpoints long past are never asked for again: a crash goes back by one checkpoint."""
        before = "(SELECT MAX(head) FROM positions WHERE name = ? AND head < ?)"
        connection.executemany(
            f"DELETE FROM positions WHERE name = ? AND head < {before}",  # noqa: S608 -- a constant
            [(name, name, head) for name in positions],
        )

    def _leaves(self, where: str, parameters: tuple[object, ...]) -> list[LeafRow]:
        rows = self._all(f"SELECT {_LEAF} FROM leaves WHERE {where}", parameters)  # noqa: S608 -- constants
        return [LeafRow(*row) for row in rows]

    def _one(self, query: str, parameters: tuple[object, ...]) -> Any:
        rows = self._all(query, parameters)
        return rows[0][0] if rows else None

    def _all(self, query: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._translated():
            return self._connection.execute(query, parameters).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            raise StorageError(
                f"the index of the evidence log {self._path} cannot be used: {exc}",
                "It can be deleted while Vedette is stopped: it is made anew from the log.",
            ) from exc
