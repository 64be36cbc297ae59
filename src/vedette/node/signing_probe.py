"""Looks at a few seconds of video for the camera's own signatures. See `vedette.camera.probe.SignatureInspector`."""

from collections.abc import Sequence

from cryptography import x509

from vedette.camera.probe import ProbedSigning
from vedette.core.media import Packet, VideoFormat
from vedette.evidence.media_signing.segments import SegmentJudge, SigningResult
from vedette.media.bitstream import NalFraming, split_access_unit

_ALWAYS = (-(1 << 62), 1 << 62)


class MediaSigningInspector:
    """`roots`: certificates of makers that are trusted; None: nobody vouches for a key."""

    def __init__(self, roots: Sequence[x509.Certificate] | None = None) -> None:
        self._roots = roots

    def inspect(self, video_format: VideoFormat, packets: Sequence[Packet], lost: int) -> ProbedSigning:
        """Each GOP counts as a segment; the last ones, whose signature has not come, are left out."""
        judge = SegmentJudge(video_format.codec, self._roots)
        told = []
        for place, packet in enumerate(packets):
            at_ns = packet.captured_at_ns
            if packet.is_key:
                judge.begin(str(place), at_ns, at_ns, [_ALWAYS] if lost else [])
            told += judge.push(split_access_unit(packet.data, NalFraming(4)), at_ns)
        identity = judge.identity
        if identity is None:
            return ProbedSigning(SigningResult.INVALID if judge.is_signed else SigningResult.UNSIGNED)
        found = {one.result for one in told}
        worst = next((one for one in (SigningResult.INVALID, SigningResult.PARTLY) if one in found), None)
        result = worst or (SigningResult.VALID if found else SigningResult.UNCHECKED)
        return ProbedSigning(
            result.value,
            identity.subject,
            identity.fingerprint,
            any(one.is_vouched for one in told),
            tuple(sorted({reason for one in told for reason in one.reasons})),
        )
