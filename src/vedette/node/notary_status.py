"""What the notary's status says of its keys and its log."""

from vedette.core.time import format_utc
from vedette.evidence.keys import KeyRing, LogKey
from vedette.evidence.log import EvidenceLog
from vedette.evidence.offline_verify import fingerprint_of


def describe_keys(ring: KeyRing) -> list[dict[str, object]]:
    """All keys, oldest first. `beside_until`: of the one before, while it still signs too."""
    older = fingerprint_of(ring.older.public) if ring.older else ""
    return [_describe_key(key, is_beside=key.fingerprint == older) for key in ring.keys]


def _describe_key(key: LogKey, *, is_beside: bool) -> dict[str, object]:
    return {
        "fingerprint": key.fingerprint,
        "from": format_utc(key.from_ns),
        "to": format_utc(key.to_ns) if key.to_ns else None,
        "beside_until": format_utc(key.until_ns) if is_beside else None,
        "signatures": key.signatures,
    }


def describe_overlap(ring: KeyRing) -> str:
    """Goes on a sentence, while the key before the present one signs too; else empty."""
    if ring.older is None:
        return ""
    until = format_utc(ring.keys[-2].until_ns)
    return f"; the key before the present one signs too until {until}: give witnesses the new one"


def describe_checkpoint(log: EvidenceLog) -> dict[str, object]:
    """The last signed state of the log."""
    at = format_utc(log.checkpoint_at_ns) if log.checkpoint_at_ns else None
    return {"at": at, "size": log.size, "root": log.signed_root.hex()}
