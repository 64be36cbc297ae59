"""What the notary reads: the journals of all volumes and the audit table. Each is read on from its own position."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from vedette.adapters.sqlite_audit_reader import read_audit
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.errors import StorageError
from vedette.core.ids import is_id
from vedette.core.time import NS_PER_S
from vedette.evidence.leaves import draft_audit, draft_footage
from vedette.evidence.log import EvidenceLog
from vedette.recording.volume import Volume, open_volume
from vedette.runtime.paths import NodePaths

PAGE = 5000
MOST_WAITING = 20_000
"""Leaves between two checkpoints while catching up: bounds memory after two weeks without a notary."""
_MAKING_NS = 30 * NS_PER_S
_AUDIT_POSITION = "audit"


class _Place(msgspec.Struct):
    path: str
    name: str = "main"


class _Assigned(msgspec.Struct):
    """The part of the recorder's assignment that says where volumes are."""

    volumes: list[_Place] = []


@dataclass(slots=True)
class Reading:
    """What one round found. `problems` are sentences for the health page; `behind` facts a volume could not tell."""

    facts: int = 0
    behind: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def find_roots(paths: NodePaths) -> dict[Path, str]:
    """The volumes of the data directory and of the recorder's assignment, with their names."""
    found: dict[Path, str] = {}
    if paths.volumes.is_dir():
        found = {path: path.name for path in sorted(paths.volumes.iterdir()) if (path / "volume.json").exists()}
    try:
        content = paths.assignment("recorder").read_bytes()
        assigned = msgspec.json.decode(content, type=_Assigned)
    except (OSError, msgspec.MsgspecError):
        return found  # no recorder yet; a damaged assignment is the recorder's to say
    return found | {Path(one.path): one.name for one in assigned.volumes}


def read_sources(log: EvidenceLog, paths: NodePaths, utc_ns: Callable[[], int]) -> Reading:
    """Logs everything that is new. A volume that is away is read when it is back."""
    reading = Reading()
    for root, name in find_roots(paths).items():
        if not (root / "volume.json").exists():
            continue  # not mounted: the recorder tells
        reading.behind[name] = 0
        try:
            _read_journal(log, open_volume(root), name, reading, utc_ns)
        except StorageError as exc:
            if _is_ours(exc):
                raise
            if not _is_being_made(root, utc_ns()):
                reading.problems.append(f"the journal of volume {name} cannot be read: {exc.message}")
    _read_audit(log, paths.database, reading, utc_ns)
    return reading


def _is_being_made(root: Path, utc_ns: int) -> bool:
    """Whether the recorder has just named the volume: its index, or a table of it, may be missing for a moment."""
    return abs(utc_ns - (root / "volume.json").stat().st_mtime_ns) < _MAKING_NS


def _is_ours(error: StorageError) -> bool:
    """Whether the log failed, not the volume."""
    return error.code != "storage" or "evidence log" in error.message


def _read_journal(log: EvidenceLog, volume: Volume, name: str, reading: Reading, utc_ns: Callable[[], int]) -> None:
    with closing(SqliteRecordingCatalog(volume.index)) as catalog:
        source = f"journal {volume.volume_id} {catalog.find_generation()}"
        position = log.find_position(source)
        while entries := catalog.find_journal(position, PAGE):
            if position and entries[0].number > position + 1:
                lost = entries[0].number - position - 1
                reading.problems.append(f"{lost} facts of volume {name} were dropped before they could be logged")
            drafts = [draft_footage(entry.fact) for entry in entries]
            foreign = [draft for draft in drafts if not is_id(draft.chain)]
            if foreign:
                reading.problems.append(f"{len(foreign)} facts of volume {name} name no camera and were not logged")
            reading.facts += log.append([draft for draft in drafts if is_id(draft.chain)], utc_ns())
            position = entries[-1].number
            log.set_position(source, position)
            if log.waiting >= MOST_WAITING:
                log.checkpoint(utc_ns())


def _read_audit(log: EvidenceLog, database: Path, reading: Reading, utc_ns: Callable[[], int]) -> None:
    try:
        while rows := read_audit(database, log.find_position(_AUDIT_POSITION), PAGE):
            reading.facts += log.append([draft_audit(row) for row in rows], utc_ns())
            log.set_position(_AUDIT_POSITION, rows[-1].number)
            if log.waiting >= MOST_WAITING:
                log.checkpoint(utc_ns())
    except StorageError as exc:
        if _is_ours(exc):
            raise
        reading.problems.append(exc.message)
