"""A simulated time-stamping authority (RFC 3161): right answers at any time, and answers that are wrong in one thing.

Its root, its certificate and the token are made by hand and with `cryptography`, apart from the code that checks
them. `tests/support/openssl_authority.py` is the same by OpenSSL; both pass the same tests.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vedette.core.time import NS_PER_S
from vedette.evidence.offline_verify import Der, open_der
from vedette.evidence.time_stamps import encode_der, encode_integer, encode_oid

KeyKind = Literal["rsa", "p256", "p384"]
_Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_FROM, _TO = datetime(2020, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)
_HASHES: dict[str, tuple[hashes.HashAlgorithm, str, str, str]] = {
    "sha256": (hashes.SHA256(), "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2"),
    "sha384": (hashes.SHA384(), "2.16.840.1.101.3.4.2.2", "1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3"),
    "sha512": (hashes.SHA512(), "2.16.840.1.101.3.4.2.3", "1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4"),
}
_SEQUENCE, _SET, _OCTETS, _NULL = 0x30, 0x31, 4, b"\x05\x00"


@dataclass(frozen=True, slots=True)
class Profile:
    """What an authority is, and what it does wrong.

    Attributes:
        purposes: Of its certificate.
        valid: When its certificate is.
        status: PKIStatus, 0 granted.
        nonce_shift: Added to the nonce of the answer.
        imprint: Stamped instead of what was asked for.
        names_itself: The signed attributes name the certificate.
    """

    key: KeyKind = "p256"
    hash_name: str = "sha256"
    policy: str = "1.3.6.1.4.1.99999.1"
    purposes: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,)
    is_purpose_critical: bool = True
    valid: tuple[datetime, datetime] = (_FROM, _TO)
    status: int = 0
    nonce_shift: int = 0
    imprint: bytes = b""
    names_itself: bool = True
    has_certificate: bool = True


class SimulatedAuthority:
    """Answers requests. Give it another time with each one."""

    def __init__(self, profile: Profile | None = None, name: str = "Test TSA") -> None:
        self.profile = profile or Profile()
        self._key = _make_key(self.profile.key, name)
        root = _make_key("p256", "root of " + name)
        self._root = _certify("Root of " + name, "Root of " + name, root.public_key(), root, (_FROM, _TO), None)
        purpose = x509.ExtendedKeyUsage(self.profile.purposes), self.profile.is_purpose_critical
        own = _certify(name, "Root of " + name, self._key.public_key(), root, self.profile.valid, purpose)
        self._certificate = own
        self.certificate = own.public_bytes(serialization.Encoding.DER)

    @property
    def root_pem(self) -> bytes:
        return self._root.public_bytes(serialization.Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its certificate."""
        return hashlib.sha256(self.certificate).hexdigest()

    def with_faults(self, **faults: object) -> "SimulatedAuthority":
        """The same authority, with the same keys, that does something wrong."""
        other = SimulatedAuthority.__new__(SimulatedAuthority)
        other.__dict__.update(self.__dict__)
        other.profile = replace(self.profile, **faults)  # type: ignore[arg-type]  # fields of a Profile
        return other

    def answer(self, request: bytes, at_ns: int) -> bytes:
        """The TimeStampResp to a TimeStampReq."""
        asked = open_der(request)
        asked.integer()
        imprint = asked.whole(_SEQUENCE)
        asked.optional(6)
        nonce = asked.integer()
        if self.profile.imprint:
            imprint = _imprint(self.profile.imprint)
        status = encode_der(_SEQUENCE, encode_integer(self.profile.status))
        return encode_der(_SEQUENCE, status, self.make_token(imprint, nonce + self.profile.nonce_shift, at_ns))

    def make_token(self, imprint: bytes, nonce: int, at_ns: int) -> bytes:
        """A signed token over an imprint (DER)."""
        at = f"{datetime.fromtimestamp(at_ns // NS_PER_S, UTC):%Y%m%d%H%M%S}Z".encode()
        info = encode_der(
            _SEQUENCE,
            encode_integer(1),
            encode_oid(self.profile.policy),
            imprint,
            encode_integer(at_ns),
            encode_der(0x18, at),
            encode_der(_SEQUENCE, encode_integer(1)),
            encode_integer(nonce),
        )
        held = encode_der(
            _SEQUENCE, encode_oid("1.2.840.113549.1.9.16.1.4"), encode_der(0xA0, encode_der(_OCTETS, info))
        )
        hash_oid = encode_der(_SEQUENCE, encode_oid(_HASHES[self.profile.hash_name][1]))
        certificates = encode_der(0xA0, self.certificate) if self.profile.has_certificate else b""
        signed = encode_der(
            _SEQUENCE, encode_integer(3), encode_der(_SET, hash_oid), held, certificates, self._sign(info, hash_oid)
        )
        return encode_der(_SEQUENCE, encode_oid("1.2.840.113549.1.7.2"), encode_der(0xA0, signed))

    def _sign(self, info: bytes, hash_oid: bytes) -> bytes:
        method, _, rsa_oid, ec_oid = _HASHES[self.profile.hash_name]
        named = encode_der(_SEQUENCE, encode_der(_OCTETS, hashlib.sha256(self.certificate).digest()))
        attributes = [
            _attribute("1.2.840.113549.1.9.3", encode_oid("1.2.840.113549.1.9.16.1.4")),
            _attribute("1.2.840.113549.1.9.4", encode_der(_OCTETS, hashlib.new(self.profile.hash_name, info).digest())),
        ]
        if self.profile.names_itself:
            value = encode_der(_SEQUENCE, encode_der(_SEQUENCE, named))
            attributes.append(_attribute("1.2.840.113549.1.9.16.2.47", value))
        message = encode_der(_SET, *sorted(attributes))
        if isinstance(self._key, rsa.RSAPrivateKey):
            signature, algorithm = self._key.sign(message, padding.PKCS1v15(), method), encode_oid(rsa_oid) + _NULL
        else:
            signature, algorithm = self._key.sign(message, ec.ECDSA(method)), encode_oid(ec_oid)
        issuer = self._certificate.issuer.public_bytes()
        signer = encode_der(
            _SEQUENCE,
            encode_integer(1),
            encode_der(_SEQUENCE, issuer, encode_integer(self._certificate.serial_number)),
            hash_oid,
            b"\xa0" + message[1:],
            encode_der(_SEQUENCE, algorithm),
            encode_der(_OCTETS, signature),
        )
        return encode_der(_SET, signer)


def split_response(response: bytes) -> tuple[bytes, bytes]:
    """Status and token of an answer, to put others together."""
    outer: Der = open_der(response)
    return outer.whole(_SEQUENCE), outer.whole(_SEQUENCE)


def _imprint(stamped: bytes) -> bytes:
    method = encode_der(_SEQUENCE, encode_oid("2.16.840.1.101.3.4.2.1"), _NULL)
    return encode_der(_SEQUENCE, method, encode_der(_OCTETS, hashlib.sha256(stamped).digest()))


def _attribute(oid: str, value: bytes) -> bytes:
    return encode_der(_SEQUENCE, encode_oid(oid), encode_der(_SET, value))


@cache
def _make_key(kind: KeyKind, _owner: str) -> _Private:
    """A key for each kind and owner in a process: RSA keys take a while, and all guard test traffic alone."""
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1() if kind == "p256" else ec.SECP384R1())


def _certify(
    name: str,
    issuer: str,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    signer: _Private,
    valid: tuple[datetime, datetime],
    purpose: tuple[x509.ExtendedKeyUsage, bool] | None,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1] - timedelta(seconds=1))
        .add_extension(x509.BasicConstraints(ca=purpose is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if purpose is not None:
        builder = builder.add_extension(purpose[0], critical=purpose[1])
    return builder.sign(signer, hashes.SHA256())
