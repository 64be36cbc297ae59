"""Proves at start that a camera with a wrong certificate would be refused.

Verification that is switched off by mistake (a patched library, a context made wrongly) looks exactly like
verification that works: every camera connects. So the recorder, before it connects to any, lets its own client
meet a server on the loopback address with a right certificate, one of a foreign authority, and one for another
host. Takes about 50 ms; the result is a `ControlStateChanged` and shown on the health page.
"""

import asyncio
import contextlib
import ipaddress
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from vedette.camera.errors import CameraError, UntrustedCertificateError, WrongHostNameError
from vedette.camera.rtsp_connect import TlsSettings, open_connection
from vedette.camera.rtsp_protocol import ReceiveBuffer
from vedette.camera.rtsp_url import RtspUrl
from vedette.camera.trace import SilentTrace
from vedette.core.messages import ControlStateChanged
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import Clock

CONTROL = "tls_verification"
HOST = "127.0.0.1"
TIMEOUT_S = 5.0


async def run_tls_selftest(clock: Clock) -> ControlStateChanged:
    """Runs the three meetings. `state` is `holds`, or `absent` with what went wrong in `detail`."""
    layers = {"right_certificate_accepted": False, "wrong_authority_refused": False, "wrong_host_refused": False}
    detail = ""
    with tempfile.TemporaryDirectory(prefix="vedette-tls-") as name:
        folder = Path(name)
        try:
            now = datetime.fromtimestamp(clock.utc_ns() // NS_PER_S, UTC)
            _make_identity(folder, "own", HOST, now)
            _make_identity(folder, "foreign", HOST, now)
            _make_identity(folder, "other_host", "192.0.2.1", now)
            layers["right_certificate_accepted"] = await _meet(folder, "own", "own") is None
            refused = await _meet(folder, "own", "foreign")
            layers["wrong_authority_refused"] = isinstance(refused, UntrustedCertificateError)
            mismatch = await _meet(folder, "other_host", "other_host")
            layers["wrong_host_refused"] = isinstance(mismatch, WrongHostNameError)
        except (OSError, ssl.SSLError) as exc:
            detail = f"the self-test could not run: {type(exc).__name__}"
    failed = [what.replace("_", " ") for what, holds in layers.items() if not holds]
    if failed and not detail:
        detail = "not so: " + ", ".join(failed)
    state = "absent" if failed else "holds"
    return ControlStateChanged(CONTROL, state, detail or "wrong certificates are refused", clock.utc_ns(), layers)


async def _meet(folder: Path, server: str, trusted: str) -> CameraError | None:
    """Lets our client connect to a server; returns why it refused, None when it accepted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{server}.pem")
    listener = await asyncio.start_server(_hang_up, HOST, 0, ssl=context)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        settings = TlsSettings(ca_file=str(folder / f"{trusted}.pem"))
        url = RtspUrl("rtsps", HOST, port, "/")
        try:
            protocol = await open_connection(url, settings, ReceiveBuffer(4096), SilentTrace(), TIMEOUT_S)
        except CameraError as error:
            return error
        assert protocol.transport is not None
        protocol.transport.abort()
        return None


async def _hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, ssl.SSLError):
        await writer.wait_closed()


def _make_identity(folder: Path, name: str, host: str, now: datetime) -> None:
    """Writes a self-signed certificate with its key: it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"vedette self-test {name}")])
    address = x509.IPAddress(ipaddress.ip_address(host))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{name}.pem"
    path.touch(mode=0o600)
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
