"""Whom a signature is from: reads the chain that a stream carries and judges it at the time of recording. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import NameOID

from vedette.core.time import NS_PER_S

MAX_CHAIN = 8
MAX_SUBJECT = 100
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
        except (InvalidSignature, ValueError, UnsupportedAlgorithm):
            return False
        return True

    @property
    def subject(self) -> str:
        """Whose key it is, in words of the certificate: untrusted text, one line, of limited length."""
        names = self.chain[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        text = str(names[0].value) if names else self.chain[0].subject.rfc4514_string()
        return "".join(one for one in text if one.isprintable())[:MAX_SUBJECT]

    def find_fault_then(self, at_ns: int) -> str:
        """Why the chain was not valid at that time; empty when it was."""
        try:
            at = datetime.fromtimestamp(at_ns / NS_PER_S, UTC)
        except (ValueError, OverflowError, OSError):  # a statement may say any 64 bit
            return "certificate_not_valid_then"
        for certificate in self.chain:
            if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
                return "certificate_not_valid_then"
        return ""

    def find_chain_fault(self, roots: Sequence[x509.Certificate]) -> str:
        """Why the chain does not lead to a trusted root; empty when it does. Costs a signature a certificate."""
        for certificate, issuer in zip(self.chain, self.chain[1:], strict=False):
            if not (_is_authority(issuer) and _issued(certificate, issuer)):
                return "chain_broken"
        if not any(_issued(self.chain[-1], root) for root in roots):
            return "root_not_trusted"
        return ""


def read_chain(chain_pem: bytes) -> SigningIdentity | None:
    """Reads certificates; None when they are none, too many, or one of them cannot be understood."""
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
        for certificate in chain[:MAX_CHAIN]:  # all that is asked of them later is parsed now, or raises now
            certificate.public_key()
            _ = certificate.subject, certificate.extensions, certificate.not_valid_before_utc
            _ = certificate.not_valid_after_utc
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None
    return SigningIdentity(tuple(chain)) if 0 < len(chain) <= MAX_CHAIN else None


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False
