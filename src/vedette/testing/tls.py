"""A certification authority for tests: certificates for simulated cameras and for their clients.

Keys made here guard nothing but test traffic; they are made fresh each time and never shipped.
"""

import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID_FROM = datetime(2020, 1, 1, tzinfo=UTC)
_VALID_FOR = timedelta(days=365 * 30)
"""Fixed dates: a test authority must not depend on the machine's clock."""


@dataclass(frozen=True, slots=True)
class CertifiedKey:
    """A certificate with its private key, both PEM."""

    certificate: bytes
    key: bytes

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Writes `name.pem` and `name.key` (0600) into a folder."""
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_bytes(self.certificate)
        key.touch(mode=0o600)
        key.write_bytes(self.key)
        return certificate, key


class TestAuthority:
    """Signs certificates. Two authorities never trust each other: that is what a wrong-CA test needs."""

    __test__ = False  # pytest: not a test class

    def __init__(self, name: str = "Vedette test authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _make_name(name)
        builder = _start(self._name, self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_key_usage(is_authority=True), critical=True)
        self._certificate = builder.sign(self._key, hashes.SHA256())

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate, PEM."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def make_server(self, *hosts: str) -> CertifiedKey:
        """Certifies a camera under these addresses and host names."""
        return self._make(hosts, ExtendedKeyUsageOID.SERVER_AUTH)

    def make_client(self, name: str = "recorder") -> CertifiedKey:
        """Certifies a client for mutual TLS."""
        return self._make((name,), ExtendedKeyUsageOID.CLIENT_AUTH)

    def _make(self, hosts: tuple[str, ...], usage: x509.ObjectIdentifier) -> CertifiedKey:
        key = ec.generate_private_key(ec.SECP256R1())
        names = [_make_alternative(host) for host in hosts]
        builder = _start(_make_name(hosts[0]), self._name, key.public_key())
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        certificate = builder.sign(self._key, hashes.SHA256())
        return CertifiedKey(
            certificate.public_bytes(serialization.Encoding.PEM),
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )


def make_server_context(server: CertifiedKey, client_authority: bytes | None = None) -> ssl.SSLContext:
    """Makes a TLS context for a simulator; with `client_authority` only certified clients get in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        context.load_cert_chain(*server.write(Path(folder), "server"))
    if client_authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_authority.decode("ascii"))
    return context


def make_server_tls(host: str, folder: Path | None) -> ssl.SSLContext:
    """Makes an authority and a context for `host`.

    With a folder, what a client needs (`ca.pem`, `client.pem`, `client.key`) is written there and clients
    must show the certificate.
    """
    authority = TestAuthority()
    server = authority.make_server(host, "localhost")
    if folder is None:
        return make_server_context(server)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "ca.pem").write_bytes(authority.certificate)
    authority.make_client().write(folder, "client")
    return make_server_context(server, authority.certificate)


def _start(subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_VALID_FROM)
        .not_valid_after(_VALID_FROM + _VALID_FOR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _make_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _make_alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
