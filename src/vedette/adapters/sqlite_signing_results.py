"""Results of media signing on SQLite: `DATA/signing/results.db`. One writer, the validator; readers open it read-only.

Results and the position up to which a journal was read go into one transaction, so that no segment is told twice.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from vedette.core.errors import StorageError
from vedette.evidence.media_signing.segments import SigningResult
from vedette.evidence.media_signing.stretches import SigningStretch, join

KEEP_NS = 400 * 86_400 * 10**9
MOST_FOUND = 5000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS stretches (
    camera_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    from_ns INTEGER NOT NULL,
    to_ns INTEGER NOT NULL,
    result TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    subject TEXT NOT NULL,
    is_vouched INTEGER NOT NULL,
    segments INTEGER NOT NULL,
    gops INTEGER NOT NULL,
    valid_gops INTEGER NOT NULL,
    missing INTEGER NOT NULL,
    first_fault_ns INTEGER NOT NULL,
    reasons TEXT NOT NULL,
    PRIMARY KEY (camera_id, stream, from_ns)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS stretches_by_end ON stretches (to_ns);
CREATE TABLE IF NOT EXISTS positions (source TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
_COLUMNS = (
    "camera_id, stream, from_ns, to_ns, result, fingerprint, subject, is_vouched, segments, gops, valid_gops, missing,"
    " first_fault_ns, reasons"
)


class SigningResultsError(StorageError):
    """The results cannot be read or kept."""

    code = "signing_results"


class SqliteSigningResults:
    """The writer's end. May move between threads, one at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _translated():
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")  # what a crash takes is judged again
            self._connection.executescript(_SCHEMA)

    def find_position(self, source: str) -> int:
        with _translated():
            row = self._connection.execute("SELECT value FROM positions WHERE source = ?", (source,)).fetchone()
        return int(row[0]) if row else 0

    def find_last(self, camera_id: str, stream: str) -> SigningStretch | None:
        return self._find_one("camera_id = ? AND stream = ?", (camera_id, stream))

    def find_last_signed(self, camera_id: str, stream: str) -> SigningStretch | None:
        """The newest stretch with a signature: names the key that this stream was signed with."""
        return self._find_one("camera_id = ? AND stream = ? AND fingerprint != ''", (camera_id, stream))

    def keep(self, results: Sequence[SigningStretch], positions: dict[str, int]) -> None:
        """Adds results, joined with the newest stretch where they go on with it, and moves positions."""
        with _translated(), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for one in results:
                self._add(one)
            for source, value in positions.items():
                self._connection.execute(
                    "INSERT INTO positions VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET value = excluded.value",
                    (source, value),
                )

    def forget_before(self, at_ns: int) -> None:
        with _translated():
            self._connection.execute("DELETE FROM stretches WHERE to_ns < ?", (at_ns,))

    def find_streams(self) -> list[tuple[str, str]]:
        with _translated():
            return self._connection.execute("SELECT DISTINCT camera_id, stream FROM stretches").fetchall()

    def close(self) -> None:
        self._connection.close()

    def _add(self, one: SigningStretch) -> None:
        last = self.find_last(one.camera_id, one.stream)
        kept = (join(last, one) if last is not None else None) or one
        marks = ", ".join("?" * 14)
        self._connection.execute(f"INSERT OR REPLACE INTO stretches ({_COLUMNS}) VALUES ({marks})", _row(kept))  # noqa: S608 -- constants

    def _find_one(self, condition: str, values: tuple[str, ...]) -> SigningStretch | None:
        query = f"SELECT {_COLUMNS} FROM stretches WHERE {condition} ORDER BY from_ns DESC LIMIT 1"  # noqa: S608 -- constants
        with _translated():
            row = self._connection.execute(query, values).fetchone()
        return _stretch(row) if row else None


class SqliteSigningReader:
    """The readers' end, from any process. Without a validator there are no results, and that is no error."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find_stretches(self, camera_id: str, stream: str, from_ns: int, to_ns: int) -> list[SigningStretch]:
        """Finds stretches that overlap a half-open range, oldest first, the newest `MOST_FOUND` of them."""
        rows = self._select(
            "camera_id = ? AND stream = ? AND from_ns < ? AND to_ns > ?", (camera_id, stream, to_ns, from_ns)
        )
        return [_stretch(row) for row in reversed(rows)]

    def find_newest(self) -> list[SigningStretch]:
        """Finds the newest stretch of every stream."""
        same = "(other.camera_id, other.stream) = (one.camera_id, one.stream)"
        newest = f"from_ns = (SELECT MAX(from_ns) FROM stretches AS other WHERE {same})"  # noqa: S608 -- constants
        return [_stretch(row) for row in self._select(newest, ())]

    def _select(self, condition: str, values: tuple[object, ...], limit: int = MOST_FOUND) -> list[tuple[Any, ...]]:
        if not self._path.exists():
            return []
        query = f"SELECT {_COLUMNS} FROM stretches AS one WHERE {condition} ORDER BY from_ns DESC LIMIT {limit:d}"  # noqa: S608 -- constants
        with _translated(), closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=5.0)) as connection:
            return connection.execute(query, values).fetchall()


def _row(one: SigningStretch) -> tuple[object, ...]:
    return (
        one.camera_id,
        one.stream,
        one.from_ns,
        one.to_ns,
        one.result.value,
        one.fingerprint,
        one.subject,
        one.is_vouched,
        one.segments,
        one.gops,
        one.valid_gops,
        one.missing,
        one.first_fault_ns,
        " ".join(one.reasons),
    )


def _stretch(row: tuple[Any, ...]) -> SigningStretch:
    values = list(row)
    values[4], values[7], values[13] = SigningResult(values[4]), bool(values[7]), tuple(values[13].split())
    return SigningStretch(*values)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as exc:
        raise SigningResultsError(f"the results of media signing cannot be used: {exc}") from exc
