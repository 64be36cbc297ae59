"""What each kind of leaf says. Pure: facts in, records out; `v` and `prev` are added by the log.

A leaf is for ever: fields are added, never renamed. Numbers are integers, times UTC nanoseconds.
"""

import hashlib
from dataclasses import dataclass

import msgspec

from vedette.core.footage_facts import FootageFact, GapClosed, SegmentClosed
from vedette.core.messages import EventObserved
from vedette.evidence.proofs import SignRequest

Record = dict[str, object]
AUDIT, SITE = "audit", "site"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the audit table of `vedette.db`."""

    number: int
    at_ns: int
    user: str
    action: str
    resource: str
    address: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A leaf before it has its place. `key` names the fact: the same fact told again makes no second leaf."""

    chain: str
    record: Record

    @property
    def key(self) -> str:
        return key_of(self.record)


_KEYS = {
    "segment": ("id",),
    "gap": ("cam", "stream", "t0", "reason"),
    "retired": ("id",),
    "event": ("event", "t1"),
    "audit": ("row",),
    "export": ("export", "manifest"),
    "key": ("new",),
    "time": ("at",),
}


def key_of(record: Record) -> str:
    """Names the fact of a leaf, from what the leaf says."""
    kind = str(record["kind"])
    return " ".join([kind, *(str(record[name]) for name in _KEYS[kind])])


def draft_footage(fact: FootageFact) -> Draft:
    if isinstance(fact, SegmentClosed):
        return Draft(fact.camera_id, _segment(fact))
    span: Record = {"cam": fact.camera_id, "stream": fact.stream}
    if isinstance(fact, GapClosed):
        span |= {"kind": "gap", "t0": fact.from_ns, "t1": fact.to_ns, "reason": fact.reason}
        return Draft(fact.camera_id, span | {"missing": fact.frames_missing})
    span |= {"kind": "retired", "id": fact.segment_id, "t0": fact.start_ns, "t1": fact.end_ns, "reason": fact.reason}
    return Draft(fact.camera_id, span)


def draft_event(event: EventObserved, platform: str, segments: tuple[str, ...]) -> Draft:
    """An event, with the segments that show its beginning. `result` hashes the whole message."""
    record: Record = {
        "kind": "event",
        "event": event.event_id,
        "cam": event.camera_id,
        "what": event.kind,
        "t0": event.from_ns,
        "t1": event.to_ns,
        "release": event.release,
        "cfg": event.configuration,
        "platform": platform,
        "segments": list(segments),
        "result": hashlib.sha256(msgspec.json.encode(event)).hexdigest(),
    }
    return Draft(event.camera_id, record)


def draft_audit(row: AuditRow) -> Draft:
    record: Record = {
        "kind": "audit",
        "row": row.number,
        "at": row.at_ns,
        "user": row.user,
        "action": row.action,
        "resource": row.resource,
        "address": row.address,
        "outcome": row.outcome,
        "detail": row.detail,
    }
    return Draft(AUDIT, record)


def draft_export(request: SignRequest, at_ns: int) -> Draft:
    record: Record = {
        "kind": "export",
        "export": request.export_id,
        "by": request.by,
        "purpose": request.purpose,
        "cams": list(request.cameras),
        "t0": request.from_ns,
        "t1": request.to_ns,
        "manifest": request.sha256,
        "at": at_ns,
    }
    return Draft(AUDIT, record)


def draft_key(old: str, new: str, reason: str, at_ns: int, until_ns: int) -> Draft:
    """A change of key. `until`: before then the old one may sign beside the new one."""
    record: Record = {"kind": "key", "old": old, "new": new, "reason": reason, "at": at_ns, "until": until_ns}
    return Draft(AUDIT, record)


def draft_time_step(step_ns: int, at_ns: int) -> Draft:
    return Draft(AUDIT, {"kind": "time", "step_ns": step_ns, "at": at_ns})


def draft_root(origin: str, size: int, root: bytes, at_ns: int) -> Draft:
    """A grown tree in the site log. `at` bounds when its leaves were there at the latest."""
    record: Record = {"kind": "root", "origin": origin, "size": size, "root": root.hex(), "at": at_ns}
    return Draft(SITE, record)


def _segment(fact: SegmentClosed) -> Record:
    ingest: Record = {
        "encrypted": fact.ingest.is_encrypted,
        "lost": fact.ingest.lost,
        "duplicated": fact.ingest.duplicated,
        "reordered": fact.ingest.reordered,
        "clock_offset_ms": fact.ingest.clock_offset_ms,
        "signature": fact.ingest.signature,
    }
    record: Record = {
        "kind": "segment",
        "cam": fact.camera_id,
        "stream": fact.stream,
        "id": fact.segment_id,
        "mode": fact.mode,
        "run": fact.run_id,
        "t0": fact.start_ns,
        "t1": fact.end_ns,
        "frames": fact.frames,
        "bytes": fact.size_bytes,
        "sha256": fact.sha256,
        "init": fact.init_sha256,
        "ingest": ingest,
    }
    if fact.stored_sha256:  # encrypted on the disk: both must be provable, the footage and the file
        record |= {"stored_bytes": fact.stored_bytes, "stored_sha256": fact.stored_sha256}
    return record
