"""Whom a signature is from: reads the chain that a stream carries and judges it at the time of recording. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from vedette.core.time import NS_PER_S

MAX_CHAIN = 8
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """A chain, leaf first."""

    chain: tuple[x509.Certificate, ...]

    @property
    def fingerprint(self) -> str:
        return self.chain[0].fingerprint(hashes.SHA256()).hex()

    def verifies(self, digest: bytes, signature: bytes, hash_name: str) -> bool:
        key = self.chain[0].public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        try:
            key.verify(signature, digest, ec.ECDSA(Prehashed(_HASHES[hash_name])))
        except InvalidSignature:
            return False
        return True

    def find_fault(self, roots: Sequence[x509.Certificate], at_ns: int) -> str:
        """Why the chain does not lead to a trusted root at that time; empty when it does."""
        at = datetime.fromtimestamp(at_ns / NS_PER_S, UTC)
        for certificate in self.chain:
            if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
                return "certificate_not_valid_then"
        for certificate, issuer in zip(self.chain, self.chain[1:], strict=False):
            if not (_is_authority(issuer) and _issued(certificate, issuer)):
                return "chain_broken"
        if not any(_issued(self.chain[-1], root) for root in roots):
            return "root_not_trusted"
        return ""


def read_chain(chain_pem: bytes) -> SigningIdentity | None:
    """Reads certificates; None when they are none, or too many."""
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
    except ValueError:
        return None
    return SigningIdentity(tuple(chain)) if 0 < len(chain) <= MAX_CHAIN else None


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False
