"""Judges the stored segments of one stream as they are closed: reads them, remembers what the next one needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from vedette.core.footage import SegmentRef
from vedette.core.media import Codec
from vedette.core.time import NS_PER_S
from vedette.evidence.media_signing.segments import SegmentJudge, SegmentSigning, SigningResult
from vedette.node.segment_pictures import is_signed, leave_memory, read_codec, read_pictures
from vedette.recording.stored_file import StoredFile

SILENT_NS = 30 * NS_PER_S
"""A camera signs at least every 5 s. After so long without a signature what waits is told as not signed."""
_UNSIGNED_IN_A_ROW = 3
"""After so many segments without a signature a stream is only looked at, not hashed."""


@dataclass(frozen=True, slots=True)
class ReadableSegment:
    """A closed segment with what is needed to read it. `losses`: told gaps in and beside it, from and to."""

    ref: SegmentRef
    file: StoredFile
    packed: bytes
    losses: Sequence[tuple[int, int]]


class SigningStream:
    """One stream.

    Args:
        known: Fingerprint of the key that it was signed with before.
    """

    def __init__(self, known: str = "") -> None:
        self._known = known
        self._judge: SegmentJudge | None = None
        self._codec: Codec | None = None
        self._unsigned = 0

    @property
    def is_watched(self) -> bool:
        """It is known as signed: every segment is hashed."""
        return self._judge is not None

    def take(
        self,
        segment: ReadableSegment,
        before: ReadableSegment | None,
        roots: Sequence[x509.Certificate] | None,
    ) -> list[SegmentSigning]:
        """Takes the next segment; returns what is known by it, mostly of the one before.

        `before` is read first when nothing is known of the stream yet: its last GOP is signed in this segment. Its
        result is returned too.

        Raises:
            DamagedFootageError, FootageLockedError, OSError: it cannot be read.
        """
        codec = read_codec(segment.file, segment.ref)
        told = self.end() if codec is not self._codec else []
        self._codec = codec
        if self._judge is None:
            if not is_signed(segment.file, segment.ref, segment.packed):
                return [*told, _make_result(segment.ref, SigningResult.UNSIGNED)]
            self._judge = SegmentJudge(codec, roots, self._known)
            if before is not None and read_codec(before.file, before.ref) is codec:
                self._push(self._judge, before)
        told += self._push(self._judge, segment)
        if segment.ref.end_ns - (self._judge.signed_at_ns or 0) > SILENT_NS:
            told += self._judge.finish()
        for one in told:
            self._known = one.fingerprint or self._known
            self._unsigned = self._unsigned + 1 if one.result is SigningResult.UNSIGNED else 0
        if self._unsigned >= _UNSIGNED_IN_A_ROW:
            told += self.end()
        return told

    def end(self) -> list[SegmentSigning]:
        """Nothing follows for now: what still waits for its signature is told as it is."""
        judge, self._judge, self._unsigned = self._judge, None, 0
        return [] if judge is None else judge.finish()

    def _push(self, judge: SegmentJudge, segment: ReadableSegment) -> list[SegmentSigning]:
        ref = segment.ref
        judge.begin(ref.segment_id, ref.start_ns, ref.end_ns, segment.losses)
        told: list[SegmentSigning] = []
        for picture in read_pictures(segment.file, ref, segment.packed):
            told += judge.push(picture.nals, picture.captured_at_ns)
        leave_memory(segment.file)
        return told


def make_unchecked(ref: SegmentRef, reason: str) -> SegmentSigning:
    return _make_result(ref, SigningResult.UNCHECKED, reason)


def _make_result(ref: SegmentRef, result: SigningResult, *reasons: str) -> SegmentSigning:
    return SegmentSigning(ref.segment_id, ref.start_ns, ref.end_ns, result, reasons=reasons)
