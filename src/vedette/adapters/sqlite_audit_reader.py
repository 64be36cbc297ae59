"""Reads the audit table of `vedette.db`, read-only, by number: for the notary."""

import sqlite3
from contextlib import closing
from pathlib import Path

from vedette.core.errors import StorageError
from vedette.evidence.leaves import AuditRow

_QUERY = (
    "SELECT id, at_ns, user, action, resource, address, outcome, detail FROM audit WHERE id > ? ORDER BY id LIMIT ?"
)


def read_audit(database: Path, after: int, limit: int) -> list[AuditRow]:
    """Rows with a number above `after`; none while the gateway has not made its database yet.

    Raises:
        StorageError: the database cannot be read.
    """
    if not database.exists():
        return []
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5.0)) as connection:
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchone() is None:
                return []
            return [AuditRow(*row) for row in connection.execute(_QUERY, (after, limit))]
    except sqlite3.Error as exc:
        raise StorageError(f"the audit table of {database} cannot be read: {exc}") from exc
