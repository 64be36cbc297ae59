"""The bus port on SQLite: one log file per producer, one position file per consumer group.

Every file has exactly one writer, so no role ever waits for another's lock: an analyzer that holds a
transaction open cannot delay what the recorder says. Design: docs/design/bus.md.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from vedette.core.errors import StorageError
from vedette.core.messages import MESSAGE_TYPES, BusMessage
from vedette.runtime.bus import Delivery
from vedette.runtime.clock import Clock

QUEUE_LIMIT = 10_000
BATCH_LIMIT = 500
POLL_S = 0.1
FULL_LOOK_NS = 1_000_000_000
"""A log whose files look unchanged is read all the same after this."""
KEEP_NS = 7 * 24 * 3600 * 1_000_000_000
TRIM_EVERY = 10_000
"""Messages between two trims of the log."""

_TYPES = {message_type.TOPIC: message_type for message_type in MESSAGE_TYPES}
_LOG_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    published_at_ns INTEGER NOT NULL,
    payload BLOB NOT NULL
)"""
_GROUP_SCHEMA = """
CREATE TABLE IF NOT EXISTS positions (producer TEXT PRIMARY KEY, position INTEGER NOT NULL)"""


def _open_for_writing(path: Path, schema: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    connection.execute("PRAGMA journal_mode=WAL")
    # A power cut may take the last messages but never corrupts; facts that must survive are also footage.
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(schema)
    return connection


class SqlitePublisher:
    """The producer's end. `publish_nowait` only appends to memory; a thread of its own writes the log.

    Drop policy: when `QUEUE_LIMIT` messages wait, the oldest is dropped and `dropped` counts it.
    Close it, or use it as a context manager, so that what is queued is written.
    """

    def __init__(self, directory: Path, producer: str, clock: Clock) -> None:
        self._path = directory / f"{producer}.db"
        self._clock = clock
        self._queue: deque[tuple[str, int, bytes]] = deque()
        self._changed = threading.Condition()
        self._written = 0
        self._queued = 0
        self._closing = False
        self._failure: str = ""
        self.dropped = 0
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._connection = _open_for_writing(self._path, _LOG_SCHEMA)
        except sqlite3.Error as exc:
            raise StorageError(
                f"the message log {self._path} cannot be opened: {exc}",
                "Check that the data directory is writable and the disk is not full.",
            ) from exc
        self._thread = threading.Thread(target=self._write_until_closed, name=f"bus-{producer}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_nowait()

    @property
    def failure(self) -> str:
        """Why the log cannot be written at present, empty when it can."""
        return self._failure

    def publish_nowait(self, message: BusMessage) -> None:
        row = (message.TOPIC, self._clock.utc_ns(), msgspec.json.encode(message))
        with self._changed:
            if len(self._queue) >= QUEUE_LIMIT:
                self._queue.popleft()
                self._written += 1
                self.dropped += 1
            self._queue.append(row)
            self._queued += 1
            self._changed.notify_all()

    async def flush(self) -> None:
        """Waits until everything queued so far is in the log (or dropped)."""
        await asyncio.to_thread(self._wait_written)

    async def close(self) -> None:
        await asyncio.to_thread(self.close_nowait)

    def close_nowait(self) -> None:
        """Writes what is queued and closes the log. Idempotent."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout=5.0)
        self._connection.close()

    def _wait_written(self) -> None:
        with self._changed:
            target = self._queued
            self._changed.wait_for(lambda: self._written >= target or not self._thread.is_alive(), timeout=10.0)

    def _write_until_closed(self) -> None:
        since_trim = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._queue) or self._closing)
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), BATCH_LIMIT))]
                if not batch and self._closing:
                    return
            if self._append(batch):
                since_trim += len(batch)
            with self._changed:
                self._written += len(batch)
                self._changed.notify_all()
            if since_trim >= TRIM_EVERY:
                since_trim = 0
                self._trim()

    def _append(self, batch: list[tuple[str, int, bytes]]) -> bool:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT INTO messages (topic, published_at_ns, payload) VALUES (?, ?, ?)", batch
            )
            self._connection.execute("COMMIT")
        except sqlite3.Error as exc:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._failure = str(exc)
            self.dropped += len(batch)
            return False
        self._failure = ""
        return True

    def _trim(self) -> None:
        oldest_ns = self._clock.utc_ns() - KEEP_NS
        try:
            self._connection.execute("DELETE FROM messages WHERE published_at_ns < ?", (oldest_ns,))
        except sqlite3.Error as exc:
            self._failure = str(exc)


@dataclass(slots=True)
class _Log:
    """One producer's log as a group reads it. `journal`: its write-ahead log, where all that is new is written."""

    connection: sqlite3.Connection
    journal: Path
    position: int


class SqliteConsumer:
    """The reader's end of one group. One live consumer per group; groups do not disturb each other.

    Args:
        poll_s: How often it looks for news.
    """

    def __init__(self, directory: Path, group: str, clock: Clock, poll_s: float = POLL_S) -> None:
        self._directory = directory
        self._clock = clock
        self._poll_s = poll_s
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._positions = _open_for_writing(directory / f"group-{group}.db", _GROUP_SCHEMA)
        self._logs: dict[str, _Log] = {}
        self._lock = threading.Lock()
        self._seen: tuple[tuple[int, int], ...] = ()
        self._empty_looks = 0
        self._looked_ns = 0

    async def deliveries(self, topics: Sequence[str]) -> AsyncIterator[Delivery]:
        """See `vedette.runtime.bus.Consumer.deliveries`."""
        wanted = frozenset(topics)
        while True:
            batch = await asyncio.to_thread(self._read, wanted) if self._may_have_news() else []
            for delivery in batch:
                yield delivery
            if not batch:
                await self._clock.sleep(self._poll_s)

    async def commit(self, delivery: Delivery) -> None:
        await asyncio.to_thread(self._commit, delivery.producer, delivery.position)

    async def rewind(self, published_after_ns: int) -> None:
        await asyncio.to_thread(self._rewind, published_after_ns)

    def close(self) -> None:
        with self._lock:
            for log in self._logs.values():
                log.connection.close()
            self._logs.clear()
            self._positions.close()

    def _may_have_news(self) -> bool:
        """Whether files changed since two looks found nothing more in them: to ask costs less than to read.

        Two, because what is written right after the first may leave the same time on the file.
        """
        seen = tuple(map(_stamp, (self._directory, *(log.journal for log in list(self._logs.values())))))
        now_ns = self._clock.mono_ns()
        if seen != self._seen:
            self._seen, self._empty_looks = seen, 0
        if self._empty_looks >= 2 and now_ns - self._looked_ns < FULL_LOOK_NS:
            return False
        self._looked_ns = now_ns
        return True

    def _read(self, wanted: frozenset[str]) -> list[Delivery]:
        found: list[Delivery] = []
        self._empty_looks += 1
        with self._lock:
            self._find_new_logs()
            for producer, log in self._logs.items():
                rows = log.connection.execute(
                    "SELECT position, topic, published_at_ns, payload FROM messages"
                    " WHERE position > ? ORDER BY position LIMIT ?",
                    (log.position, BATCH_LIMIT),
                ).fetchall()
                for position, topic, published_at_ns, payload in rows:
                    self._empty_looks = 0
                    log.position = position
                    message_type = _TYPES.get(topic)
                    if topic in wanted and message_type is not None:
                        message = msgspec.json.decode(payload, type=message_type)
                        found.append(Delivery(message, producer, position, published_at_ns))
        return found

    def _find_new_logs(self) -> None:
        for path in sorted(self._directory.glob("*.db")):
            producer = path.stem
            if producer.startswith("group-") or producer in self._logs:
                continue
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False, timeout=5.0)
            try:
                connection.execute("SELECT 1 FROM messages LIMIT 1")
            except sqlite3.Error:  # its producer is just creating it; the next poll finds it
                connection.close()
                continue
            row = self._positions.execute("SELECT position FROM positions WHERE producer = ?", (producer,)).fetchone()
            self._logs[producer] = _Log(connection, path.with_name(f"{path.name}-wal"), row[0] if row else 0)

    def _commit(self, producer: str, position: int) -> None:
        with self._lock:
            self._positions.execute(
                "INSERT INTO positions (producer, position) VALUES (?, ?)"
                " ON CONFLICT (producer) DO UPDATE SET position = MAX(position, excluded.position)",
                (producer, position),
            )

    def _rewind(self, published_after_ns: int) -> None:
        self._empty_looks = 0
        with self._lock:
            self._find_new_logs()
            for producer, log in self._logs.items():
                row = log.connection.execute(
                    "SELECT COALESCE(MAX(position), 0) FROM messages WHERE published_at_ns <= ?",
                    (published_after_ns,),
                ).fetchone()
                log.position = row[0]
                with closing(self._positions.cursor()) as cursor:
                    cursor.execute(
                        "INSERT INTO positions (producer, position) VALUES (?, ?)"
                        " ON CONFLICT (producer) DO UPDATE SET position = excluded.position",
                        (producer, row[0]),
                    )


def _stamp(path: Path) -> tuple[int, int]:
    """When it was written last, and its size; nothing while it does not exist."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
