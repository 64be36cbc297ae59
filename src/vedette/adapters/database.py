"""The gateway's database: SQLite in WAL mode through SQLAlchemy, used from asyncio without blocking it.

One thread writes, so transactions never meet and nobody sees `database is locked`; two threads read, so a long
list does not hold up a login. Every transaction is a function that runs to its end in one of these threads.
Design: docs/design/api.md.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from vedette.core.errors import StorageError

T = TypeVar("T")
READERS = 2
MIGRATIONS = Path(__file__).parent / "migrations"


class DatabaseError(StorageError):
    """The database cannot be opened, read or written."""

    code = "database"


def _prepare_connection(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # NORMAL in WAL: a power cut may take the last transactions, never the file. Facts also lie on the bus.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=5000",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _make_engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=READERS + 1,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": 5.0},
    )
    event.listen(engine, "connect", _prepare_connection)
    return engine


def migrate(connection: Connection) -> None:
    """Brings the tables to the present version. A database from a newer release is refused, not guessed at."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    row = (
        connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
        if connection.dialect.has_table(connection, "alembic_version")
        else None
    )
    if row is not None and row[0] not in known:
        raise DatabaseError(
            f"the database has version {row[0]}, which this release does not know",
            "It was written by a newer release: use that one, or restore the backup made before the update.",
        )
    command.upgrade(config, "head")


class Database:
    """Transactions on `vedette.db`. Open it with `async with Database.open(path)`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = _make_engine(path)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="db-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-reader")

    async def __aenter__(self) -> Self:
        try:
            await self.write(migrate)
        except BaseException:
            self._close()
            raise
        self.path.chmod(0o600)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Runs a reading function in a reader thread."""
        return await self._run(self._readers, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Runs a function as one transaction in the writer thread: all of it is kept or nothing."""
        return await self._run(self._writer, work)

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[[Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(threads, self._transact, work)

    def _transact(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except (SQLAlchemyError, sqlite3.Error, CommandError) as exc:
            # The driver's text may quote values of the statement; the type alone says enough for a log.
            cause = getattr(exc, "orig", None) or exc
            detail = str(cause) if isinstance(cause, sqlite3.Error) else type(cause).__name__
            raise DatabaseError(
                f"the database {self.path} failed: {detail}",
                "Check free space and permissions of the data directory.",
            ) from exc
