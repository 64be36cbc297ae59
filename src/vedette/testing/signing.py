"""A simulated camera that signs (ONVIF Media Signing), and what somebody behind it does to its pictures.

Nothing is encoded: the stream's own NAL units are hashed and an SEI is put in front of a key picture. Tampering happens
after signing and leaves no trace in the transport: sequence numbers and times stay whole.
"""

import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from vedette.core.errors import InvalidInputError
from vedette.core.media import Codec
from vedette.evidence.media_signing.certificates import read_chain
from vedette.evidence.media_signing.nal_units import NalKind, classify
from vedette.evidence.media_signing.onvif import is_signing_sei
from vedette.evidence.media_signing.signer import StreamSigner
from vedette.testing.faults import Fault, FaultKind
from vedette.testing.playout import PlayedFrame
from vedette.testing.rtp import packetise_video
from vedette.testing.tls import TestAuthority


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A camera's key and its certificates.

    Attributes:
        chain_pem: Leaf first, without the root.
        root_pem: Who issued it; empty when that is not known here.
    """

    key: ec.EllipticCurvePrivateKey
    chain_pem: bytes
    root_pem: bytes = b""


def make_signing_key(name: str = "camera", authority: TestAuthority | None = None) -> SigningKey:
    """Makes a key and has it certified."""
    authority = authority or TestAuthority("Vedette test camera maker")
    certified = authority.make_client(name)
    key = serialization.load_pem_private_key(certified.key, None)
    return SigningKey(cast("ec.EllipticCurvePrivateKey", key), certified.certificate, authority.certificate)


def load_signing_key(certificates: Path, key: Path) -> SigningKey:
    """Reads PEM files.

    Raises:
        InvalidInputError: not readable, no ECDSA key, or not the key of the first certificate.
    """
    try:
        chain_pem = certificates.read_bytes()
        found = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as exc:
        raise InvalidInputError(f"the signing key or its certificate cannot be read: {exc}") from exc
    identity = read_chain(chain_pem)
    if not isinstance(found, ec.EllipticCurvePrivateKey) or identity is None:
        raise InvalidInputError("a camera signs with an ECDSA key (P-256 or P-384) and a PEM certificate")
    if identity.chain[0].public_key() != found.public_key():
        raise InvalidInputError("the key is not that of the first certificate")
    return SigningKey(found, chain_pem)


class SignedPlayout:
    """Signs the frames of one stream in the order in which they are sent, and spoils them when told to."""

    def __init__(self, signing_key: SigningKey, codec: Codec, rng: random.Random) -> None:
        self._key = signing_key
        self._codec = codec
        self._rng = rng
        self._signer = StreamSigner(codec, signing_key.key, signing_key.chain_pem)
        self._ratios: dict[FaultKind, float] = {}
        self._held: PlayedFrame | None = None

    def sign(self, frame: PlayedFrame, utc_ns: int) -> tuple[PlayedFrame, ...]:
        """Returns what goes out instead of a frame: mostly itself, nothing or two frames under a fault."""
        nals = self._signer.sign(frame.nals, utc_ns)
        if FaultKind.UNSIGN in self._ratios:
            nals = [nal for nal in nals if not is_signing_sei(nal, self._codec)]
        if self._strikes(FaultKind.ALTER):
            nals = self._alter(nals)
        if tuple(nals) != frame.nals:
            frame = replace(frame, nals=tuple(nals), unit=packetise_video(nals, self._codec))
        if not frame.is_key and self._strikes(FaultKind.OMIT):
            return self._release()
        return self._swap(frame)

    def apply(self, fault: Fault) -> None:
        if fault.kind is FaultKind.FOREIGN_KEY:
            self._sign_with(make_signing_key("another camera"))
        self._ratios[fault.kind] = fault.value

    def clear(self, kind: FaultKind | None) -> None:
        """Switches one kind of tampering off, or all."""
        if kind in {None, FaultKind.FOREIGN_KEY} and FaultKind.FOREIGN_KEY in self._ratios:
            self._sign_with(self._key)
        for each in [kind] if kind is not None else list(self._ratios):
            self._ratios.pop(each, None)

    def switch(self, codec: Codec) -> None:
        """The stream changes its clip, perhaps its codec; the counter goes on."""
        if codec is not self._codec:
            self._codec = codec
            self._sign_with(self._key)

    def _sign_with(self, key: SigningKey) -> None:
        self._signer = StreamSigner(self._codec, key.key, key.chain_pem, counter=self._signer.counter)

    def _strikes(self, kind: FaultKind) -> bool:
        return kind in self._ratios and self._rng.random() < self._ratios[kind]

    def _alter(self, nals: list[bytes]) -> list[bytes]:
        """Changes one bit of the first slice, near its end: the header stays as it was."""
        for at, nal in enumerate(nals):
            if classify(nal, self._codec).kind is NalKind.SLICE and len(nal) > 16:
                spoiled = nal[:-4] + bytes([nal[-4] ^ 0x10]) + nal[-3:]
                return [*nals[:at], spoiled, *nals[at + 1 :]]
        return nals

    def _swap(self, frame: PlayedFrame) -> tuple[PlayedFrame, ...]:
        """Exchanges two pictures that follow each other; each keeps the other's time and number."""
        held, self._held = self._held, None
        if held is not None and not frame.is_key:
            return (
                replace(held, unit=frame.unit, nals=frame.nals),
                replace(frame, unit=held.unit, nals=held.nals),
            )
        if held is None and not frame.is_key and self._strikes(FaultKind.SWAP):
            self._held = frame
            return ()
        return (frame,) if held is None else (held, frame)

    def _release(self) -> tuple[PlayedFrame, ...]:
        held, self._held = self._held, None
        return () if held is None else (held,)
