"""What a camera's own signature says of each recorded segment: valid, partly, invalid or unsigned. Pure.

The signature of a segment's last GOP comes with the first picture of the next one, so a segment is told when the next
has begun. What is missing is told apart by what the recorder itself has told: pictures that lie in a told gap (lost on
the network, not taken by the disk) make a segment `partly` good, pictures that are missing without a word were taken
out, and make it `invalid`. Design: docs/design/media-signing.md.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography import x509

from vedette.core.media import Codec
from vedette.core.time import NS_PER_S
from vedette.evidence.media_signing.certificates import SigningIdentity
from vedette.evidence.media_signing.validator import GopVerdict, SigningVerdict, StreamValidator

LOSS_SLACK_NS = NS_PER_S
"""A gap is told up to the picture before or after the loss, and its times are our own."""
_REMOVED = "removed"
_LOST = "lost"
_NOT_SIGNED = "not_signed"
_UNLISTED_LOSS = frozenset({"modified", "missing", "missing_gops"})
"""Without a list of hashes a GOP with a lost picture does not fit its hash, like a changed one: nobody can tell."""
_FAST_CLOCK = frozenset({"future"})
"""The camera's clock runs ahead of ours: many do, and it says nothing of the pictures."""
_BY_ABSENCE = frozenset({"missing", "missing_gops"})


class SigningResult(StrEnum):
    """`partly`: what is there is right, something is lost (told by the recorder) or bears no signature.

    `unchecked`: nobody has looked: it came too late, or cannot be read here.
    """

    VALID = "valid"
    PARTLY = "partly"
    INVALID = "invalid"
    UNSIGNED = "unsigned"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class SegmentSigning:
    """The result of one segment.

    Attributes:
        fingerprint, subject: SHA-256 and name of the certificate; empty when nothing was signed.
        is_vouched: The chain leads to a root that this site trusts. Else the camera vouches for itself.
        gops, valid_gops: (Partial) GOPs that bear a verdict, and those that are authentic.
        missing: Pictures' units that were signed and are not there.
        first_fault_ns: When the first fault was recorded; 0: none.
        reasons: Codes of `GopVerdict.reasons`, and `removed`, `lost`, `not_signed`.
    """

    segment_id: str
    start_ns: int
    end_ns: int
    result: SigningResult
    fingerprint: str = ""
    subject: str = ""
    is_vouched: bool = False
    gops: int = 0
    valid_gops: int = 0
    missing: int = 0
    first_fault_ns: int = 0
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class _Waiting:
    """A segment that is not judged to its end."""

    segment_id: str
    start_ns: int
    end_ns: int
    losses: Sequence[tuple[int, int]]
    first: int
    stop: int = 1 << 62
    gops: int = 0
    valid_gops: int = 0
    missing: int = 0
    unsigned: int = 0
    is_bad: bool = False
    first_fault_ns: int = 0
    reasons: set[str] = field(default_factory=set)
    fingerprint: str = ""
    subject: str = ""


class SegmentJudge:
    """Judges one stream, segment after segment, in the order in which they were recorded.

    Args:
        known: Fingerprint of the key that signed this stream before; another one is then a change of key.
    """

    def __init__(self, codec: Codec, roots: Sequence[x509.Certificate] | None, known: str = "") -> None:
        self._validator = StreamValidator(codec, roots, known=known)
        self._is_vouched = roots is not None
        self._waiting: list[_Waiting] = []
        self._starts: list[int] = []
        self._times_ns: list[int] = []
        self._has_statement = False
        self._signed_at_ns: int | None = None

    @property
    def is_signed(self) -> bool:
        """A signature has come, right or wrong."""
        return self._validator.is_signed

    @property
    def identity(self) -> SigningIdentity | None:
        """Who signs: of the last signature that was right in itself."""
        return self._validator.identity

    @property
    def signed_at_ns(self) -> int | None:
        """When the newest signature came; before the first: when the first picture did."""
        return self._signed_at_ns

    def begin(self, segment_id: str, start_ns: int, end_ns: int, losses: Sequence[tuple[int, int]]) -> None:
        """A segment begins. `losses`: stretches in or near it that the recorder told as missing, from and to."""
        first = self._validator.next_index
        if self._waiting:
            self._waiting[-1].stop = first
        self._waiting.append(_Waiting(segment_id, start_ns, end_ns, losses, first))

    def push(self, nals: Sequence[bytes], captured_at_ns: int) -> list[SegmentSigning]:
        """Takes the NAL units of one picture; returns the segments of which everything is known by now.

        Signed times are compared with `captured_at_ns`: that is our clock when the picture came, not now.
        """
        self._starts.append(self._validator.next_index)
        self._times_ns.append(captured_at_ns)
        told = [verdict for nal in nals for verdict in self._validator.push(nal, captured_at_ns)]
        if told or self._signed_at_ns is None:
            self._signed_at_ns = captured_at_ns
        for verdict in told:
            self._take(verdict, captured_at_ns)
        return self._finish_judged() if told else []

    def finish(self) -> list[SegmentSigning]:
        """Nothing follows: what still waits for its signature will not get one."""
        at_ns = self._times_ns[-1] if self._times_ns else 0
        for verdict in self._validator.finish():
            self._take(verdict, at_ns)
        if self._waiting:
            self._waiting[-1].stop = self._validator.next_index
        return self._finish_judged()

    def _take(self, verdict: GopVerdict, at_ns: int) -> None:
        is_first, self._has_statement = not self._has_statement, self._has_statement or verdict.counter is not None
        if is_first and verdict.first < 0 and verdict.verdict is SigningVerdict.MISSING:
            return  # we came in between: the first signature is about pictures before our first one
        segments = self._find_segments(verdict)
        from_ns = self._time_of(verdict.first, at_ns)
        fault = self._judge(verdict, segments, from_ns, at_ns)
        fault_ns = self._time_of(verdict.bad[0], at_ns) if verdict.bad else from_ns
        for segment in segments:
            _add(segment, verdict, fault, max(fault_ns, segment.start_ns))
            identity = self._validator.identity
            if verdict.fingerprint and identity is not None:
                segment.fingerprint, segment.subject = identity.fingerprint, identity.subject
        for segment in segments[:1]:
            segment.missing += verdict.missing

    def _judge(self, verdict: GopVerdict, segments: Sequence[_Waiting], from_ns: int, at_ns: int) -> "_Fault":
        reasons = frozenset(verdict.reasons)
        is_told = _is_told(segments, from_ns, at_ns)
        if verdict.verdict is SigningVerdict.AUTHENTIC:
            return _Fault(frozenset(), is_bad=False)
        if reasons == _FAST_CLOCK:
            return _Fault(reasons, is_bad=False, is_clock_only=True)
        if verdict.verdict is SigningVerdict.NOT_SIGNED:
            return _Fault(frozenset({_LOST if is_told else _NOT_SIGNED}), is_bad=False)
        if verdict.verdict is SigningVerdict.MISSING:
            return _Fault(frozenset({_LOST if is_told else _REMOVED}), is_bad=not is_told)
        if not verdict.is_listed and is_told and reasons <= _UNLISTED_LOSS:
            return _Fault(frozenset({_LOST}), is_bad=False)
        return _Fault(reasons - _BY_ABSENCE, is_bad=True)

    def _find_segments(self, verdict: GopVerdict) -> list[_Waiting]:
        """The segments of a verdict's units; of units that never came, the one that was told about them."""
        if verdict.first < 0:
            return self._waiting[-1:]
        return [one for one in self._waiting if one.first <= verdict.last and verdict.first < one.stop]

    def _time_of(self, index: int, otherwise_ns: int) -> int:
        place = bisect_right(self._starts, index) - 1
        return self._times_ns[place] if index >= 0 and place >= 0 else otherwise_ns

    def _finish_judged(self) -> list[SegmentSigning]:
        done: list[SegmentSigning] = []
        while self._waiting and self._waiting[0].stop <= self._validator.waits_from:
            done.append(self._conclude(self._waiting.pop(0)))
        first = self._waiting[0].first if self._waiting else self._validator.next_index
        keep = max(0, bisect_right(self._starts, first) - 1)
        del self._starts[:keep], self._times_ns[:keep]
        return done

    def _conclude(self, one: _Waiting) -> SegmentSigning:
        if one.is_bad:
            result = SigningResult.INVALID
        elif one.reasons or one.unsigned:
            result = SigningResult.PARTLY if one.valid_gops else SigningResult.UNSIGNED
        else:
            result = SigningResult.VALID if one.valid_gops else SigningResult.UNSIGNED
        return SegmentSigning(
            one.segment_id,
            one.start_ns,
            one.end_ns,
            result,
            one.fingerprint,
            one.subject,
            self._is_vouched and bool(one.fingerprint) and "root_not_trusted" not in one.reasons,
            one.gops,
            one.valid_gops,
            one.missing,
            one.first_fault_ns,
            tuple(sorted(one.reasons)),
        )


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why a stretch is not authentic; no reasons: it is."""

    reasons: frozenset[str]
    is_bad: bool
    is_clock_only: bool = False


def _is_told(segments: Sequence[_Waiting], from_ns: int, to_ns: int) -> bool:
    return any(
        lost_from < to_ns + LOSS_SLACK_NS and lost_to > from_ns - LOSS_SLACK_NS
        for segment in segments
        for lost_from, lost_to in segment.losses
    )


def _add(segment: _Waiting, verdict: GopVerdict, fault: _Fault, fault_ns: int) -> None:
    segment.gops += 1
    segment.valid_gops += verdict.verdict is SigningVerdict.AUTHENTIC or fault.is_clock_only
    segment.unsigned += verdict.verdict is SigningVerdict.NOT_SIGNED
    if not fault.reasons:
        return
    segment.reasons |= fault.reasons
    is_worse = fault.is_bad and not segment.is_bad
    if is_worse or not segment.first_fault_ns:  # the second that matters is that of the first bad one
        segment.first_fault_ns = fault_ns
    segment.is_bad = segment.is_bad or fault.is_bad
