"""Tables of a volume's index, and how an earlier format becomes this one."""

import sqlite3

from vedette.adapters import sqlite_recording_coverage as coverage
from vedette.adapters import sqlite_recording_gaps as gap_index
from vedette.adapters.sqlite_recording_joining import Joining

SCHEMA_VERSION = 4
_LAST_UNJOINED = 3
_SCHEMA = """
CREATE TABLE IF NOT EXISTS streams (
    stream_id INTEGER PRIMARY KEY,
    camera_id TEXT NOT NULL,
    role TEXT NOT NULL,
    UNIQUE (camera_id, role)
);
CREATE TABLE IF NOT EXISTS segments (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    segment_id TEXT NOT NULL UNIQUE,
    stream_id INTEGER NOT NULL REFERENCES streams,
    run_id TEXT NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    start_90k INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    init_size_bytes INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    frames INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    mode TEXT NOT NULL DEFAULT 'continuous',
    sha256 BLOB NOT NULL DEFAULT x'',
    marks BLOB NOT NULL DEFAULT x'',
    is_held INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS segments_by_time ON segments (stream_id, start_ns);
CREATE INDEX IF NOT EXISTS segments_free ON segments (number) WHERE NOT is_open AND NOT is_held;
CREATE INDEX IF NOT EXISTS segments_free_by_mode ON segments (stream_id, mode, number)
    WHERE NOT is_open AND NOT is_held;
CREATE INDEX IF NOT EXISTS segments_free_by_age ON segments (stream_id, mode, segment_id)
    WHERE NOT is_open AND NOT is_held;
CREATE INDEX IF NOT EXISTS segments_held ON segments (stream_id, size_bytes) WHERE is_held;
CREATE TABLE IF NOT EXISTS holds (
    hold_id TEXT PRIMARY KEY,
    camera_id TEXT NOT NULL,
    from_ns INTEGER NOT NULL,
    to_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fragments (number INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS gaps (
    stream_id INTEGER NOT NULL REFERENCES streams,
    from_ns INTEGER NOT NULL,
    to_ns INTEGER NOT NULL,
    reason TEXT NOT NULL,
    frames_missing INTEGER NOT NULL,
    PRIMARY KEY (stream_id, from_ns, reason)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (number INTEGER PRIMARY KEY AUTOINCREMENT, fact TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS identity (id INTEGER PRIMARY KEY CHECK (id = 1), generation TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tombstones (segment_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    segments INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    frames INTEGER NOT NULL
);
INSERT OR IGNORE INTO totals VALUES (1, 0, 0, 0);
CREATE TRIGGER IF NOT EXISTS totals_insert AFTER INSERT ON segments BEGIN
    UPDATE totals SET segments = segments + 1, size_bytes = size_bytes + NEW.size_bytes,
        frames = frames + NEW.frames;
END;
CREATE TRIGGER IF NOT EXISTS totals_update AFTER UPDATE ON segments BEGIN
    UPDATE totals SET size_bytes = size_bytes + NEW.size_bytes - OLD.size_bytes,
        frames = frames + NEW.frames - OLD.frames;
END;
CREATE TRIGGER IF NOT EXISTS totals_delete AFTER DELETE ON segments BEGIN
    UPDATE totals SET segments = segments - 1, size_bytes = size_bytes - OLD.size_bytes,
        frames = frames - OLD.frames;
    DELETE FROM fragments WHERE number = OLD.number;
END;
"""
_UPGRADE_FROM_1 = """
ALTER TABLE segments ADD COLUMN mode TEXT NOT NULL DEFAULT 'continuous';
ALTER TABLE segments ADD COLUMN sha256 BLOB NOT NULL DEFAULT x'';
ALTER TABLE segments ADD COLUMN marks BLOB NOT NULL DEFAULT x'';
"""
_UPGRADE_FROM_2 = """
ALTER TABLE segments ADD COLUMN is_held INTEGER NOT NULL DEFAULT 0;
"""


def lay_out(connection: sqlite3.Connection, version: int) -> Joining | None:
    """Makes the tables, or those of an earlier version these, all or nothing; gives what is still to be joined."""
    upgrades = [_UPGRADE_FROM_1, _UPGRADE_FROM_2][version - 1 :] if version else []
    try:
        connection.executescript(f"BEGIN IMMEDIATE;{''.join(upgrades)}{_SCHEMA}{coverage.SCHEMA}{gap_index.SCHEMA}")
        joining = Joining(connection)
        is_joining = joining.start()
        if not is_joining:
            note_joined(connection)
        elif version < _LAST_UNJOINED:
            connection.execute(f"PRAGMA user_version={_LAST_UNJOINED}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return joining if is_joining else None


def note_joined(connection: sqlite3.Connection) -> None:
    """Everything is joined: the index has this release's format."""
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
