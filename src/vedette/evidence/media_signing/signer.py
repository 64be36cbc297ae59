"""Signs a stream as a camera does: one SEI a GOP, before the first slice of the next one.

For tests, simulated cameras, and footage that we sign anew. Hashes every VCL unit. Keys: ECDSA, P-256 or P-384.
"""

import hashlib
from collections.abc import Sequence

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from vedette.core.media import Codec
from vedette.evidence.media_signing.documents import GopStatement
from vedette.evidence.media_signing.nal_units import NalKind, classify, strip_trailing_zeros
from vedette.evidence.media_signing.onvif import write_signed, write_unsigned

_HASH = "sha256"
_SIGNATURE_BYTES = 104
"""Room for the longest DER signature of P-384."""
_ZERO = bytes(32)


class StreamSigner:
    """One stream.

    Args:
        chain_pem: Certificates, leaf first, without the root.
        max_nals: A longer GOP is signed in parts.
        lists_hashes: False sends the hash of the GOP alone: fewer bytes, and no telling which NAL unit is wrong.
    """

    def __init__(
        self,
        codec: Codec,
        key: ec.EllipticCurvePrivateKey,
        chain_pem: bytes,
        *,
        max_nals: int = 500,
        lists_hashes: bool = True,
        counter: int = 1,
    ) -> None:
        self._codec = codec
        self._key = key
        self._chain_pem = chain_pem
        self._max_nals = max_nals
        self._lists_hashes = lists_hashes
        self._counter = counter
        self._anchor = b""
        self._hashes: list[bytes] = []
        self._linked = _ZERO
        self._start_ns = self._end_ns = 0

    @property
    def counter(self) -> int:
        """What the next statement counts."""
        return self._counter

    def sign(self, nals: Sequence[bytes], utc_ns: int) -> list[bytes]:
        """Takes one access unit; returns it, with an SEI in front of its slices when a GOP has ended."""
        out: list[bytes] = []
        for nal in nals:
            info = classify(nal, self._codec)
            if info.kind in {NalKind.SLICE, NalKind.OTHER_SLICE}:
                if self._hashes and (info.starts_gop or len(self._hashes) >= self._max_nals):
                    out.append(self._finish(is_partial=not info.starts_gop))
                self._add(nal, utc_ns, starts_gop=info.starts_gop)
            out.append(nal)
        return out

    def end(self) -> list[bytes]:
        """Signs what is left. The SEI goes behind the last picture."""
        return [self._finish(is_partial=True)] if self._hashes else []

    def _add(self, nal: bytes, utc_ns: int, *, starts_gop: bool) -> None:
        digest = hashlib.sha256(strip_trailing_zeros(nal)).digest()
        if starts_gop:
            self._anchor = digest
        elif not self._anchor:
            return  # before the first key frame there is nothing to hold on to
        else:
            digest = hashlib.sha256(self._anchor + digest).digest()
        if not self._hashes:
            self._start_ns = utc_ns
        self._hashes.append(digest)
        self._end_ns = utc_ns

    def _finish(self, *, is_partial: bool) -> bytes:
        listed = tuple(self._hashes)
        statement = GopStatement(
            self._counter,
            is_partial,
            self._start_ns,
            self._end_ns,
            len(listed),
            hashlib.sha256(b"".join(listed)).digest(),
            self._linked,
            listed if self._lists_hashes else (),
        )
        self._counter = (self._counter + 1) & 0xFFFFFFFF
        self._linked = listed[0]
        self._hashes = []
        unsigned = write_unsigned(statement, self._codec, _HASH, self._chain_pem, _SIGNATURE_BYTES)
        digest = hashlib.sha256(unsigned).digest()
        return write_signed(unsigned, self._key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256()))), _SIGNATURE_BYTES)
