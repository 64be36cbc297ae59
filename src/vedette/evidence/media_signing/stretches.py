"""Results of segments, joined into stretches that an operator reads, and what of them is an anomaly. Pure."""

from dataclasses import dataclass, replace

from vedette.core.messages import StreamAnomalyObserved
from vedette.core.time import NS_PER_S, format_utc
from vedette.evidence.media_signing.segments import SegmentSigning, SigningResult

JOIN_NS = 2 * NS_PER_S
LONGEST_NS = 6 * 3600 * NS_PER_S
"""A stretch is cut after this, so that a page of a list is a page, and what is old can be forgotten."""
_SIGNED = frozenset({SigningResult.VALID, SigningResult.PARTLY, SigningResult.INVALID})


@dataclass(frozen=True, slots=True)
class SigningStretch:
    """Segments of one stream, one after the other, with the same result. Fields as in `SegmentSigning`."""

    camera_id: str
    stream: str
    from_ns: int
    to_ns: int
    result: SigningResult
    fingerprint: str = ""
    subject: str = ""
    is_vouched: bool = False
    segments: int = 1
    gops: int = 0
    valid_gops: int = 0
    missing: int = 0
    first_fault_ns: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def is_signed(self) -> bool:
        return self.result in _SIGNED


def make_stretch(camera_id: str, stream: str, one: SegmentSigning) -> SigningStretch:
    return SigningStretch(
        camera_id,
        stream,
        one.start_ns,
        one.end_ns,
        one.result,
        one.fingerprint,
        one.subject,
        one.is_vouched,
        1,
        one.gops,
        one.valid_gops,
        one.missing,
        one.first_fault_ns,
        one.reasons,
    )


def join(last: SigningStretch, new: SigningStretch) -> SigningStretch | None:
    """Returns both as one, or None when they tell different things or do not follow each other."""

    def told(one: SigningStretch) -> tuple[object, ...]:
        return one.camera_id, one.stream, one.result, one.fingerprint, one.is_vouched, one.reasons

    if told(last) != told(new) or abs(new.from_ns - last.to_ns) > JOIN_NS or new.to_ns - last.from_ns > LONGEST_NS:
        return None
    return replace(
        last,
        to_ns=max(last.to_ns, new.to_ns),
        segments=last.segments + new.segments,
        gops=last.gops + new.gops,
        valid_gops=last.valid_gops + new.valid_gops,
        missing=last.missing + new.missing,
        first_fault_ns=last.first_fault_ns or new.first_fault_ns,
    )


def find_anomaly(new: SigningStretch, *, was_signed: bool) -> StreamAnomalyObserved | None:
    """What an operator must hear of: a signature that does not fit, and a stream that was signed and is not any more.

    Only the change to `unsigned` is told, but every segment with a wrong signature: each has its second.
    """
    if new.result is SigningResult.INVALID:
        kind = "replay" if "replay" in new.reasons else "signature_bad"
        detail = f"the camera's signature does not fit its pictures from {format_utc(new.first_fault_ns)} on"
        detail += f" ({', '.join(new.reasons)})"
        bad = float(new.gops - new.valid_gops)
        return StreamAnomalyObserved(new.camera_id, new.stream, kind, detail, bad, new.first_fault_ns)
    if new.result is SigningResult.UNSIGNED and was_signed:
        detail = f"the camera signed its video before, and does not since {format_utc(new.from_ns)}"
        return StreamAnomalyObserved(new.camera_id, new.stream, "signature_missing", detail, 0.0, new.from_ns)
    return None
