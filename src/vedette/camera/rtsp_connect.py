"""Opens the TCP or TLS connection to a camera and translates what goes wrong into words."""

import asyncio
import errno
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vedette.camera.errors import (
    BadUrlError,
    CameraError,
    ClosedByCameraError,
    HostNotFoundError,
    NoAnswerError,
    RefusedError,
    TlsFailedError,
    UnreachableError,
    UntrustedCertificateError,
    WrongHostNameError,
)
from vedette.camera.rtsp_protocol import ReceiveBuffer, RtspProtocol
from vedette.camera.rtsp_url import RtspUrl
from vedette.camera.trace import StepTrace, step

CONNECT_TIMEOUT_S = 5.0
RECEIVE_BUFFER_BYTES = 1024 * 1024
MAX_ADDRESSES = 4


_WORDS = {
    errno.EHOSTUNREACH: "no device answers at this address",
    errno.ENETUNREACH: "no network of this machine leads there",
    errno.EACCES: "a firewall of this machine forbids it",
}


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How a camera's certificate is checked.

    Attributes:
        verify: False only where an administrator allowed it for this camera.
        ca_file: PEM of the authority; empty: the system's.
        ca_pem: The same as text, trusted beside `ca_file`.
        client_certificate: PEM with certificate and key for cameras that want one.
    """

    verify: bool = True
    ca_file: str = ""
    ca_pem: str = ""
    client_certificate: str = ""


def make_tls_context(settings: TlsSettings) -> ssl.SSLContext:
    """Makes the context: TLS 1.2 or newer, CA and host name checked unless switched off.

    Raises:
        BadUrlError: a certificate file cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None, cadata=settings.ca_pem or None)
        if settings.client_certificate:
            context.load_cert_chain(settings.client_certificate)
    except (OSError, ssl.SSLError) as exc:
        name = Path(settings.ca_file or settings.client_certificate).name
        what = f"the certificate file {name}" if name else "the certificate given for this camera"
        raise BadUrlError(f"{what} cannot be read") from exc
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def open_connection(
    url: RtspUrl,
    tls: TlsSettings,
    buffer: ReceiveBuffer,
    trace: StepTrace,
    timeout_s: float = CONNECT_TIMEOUT_S,
) -> RtspProtocol:
    """Connects; the caller owns the transport of the protocol that comes back.

    Raises:
        CameraError: a leaf that says why not.
    """
    loop = asyncio.get_running_loop()
    with step(trace, "resolve") as note:
        addresses = await _resolve(url, timeout_s)
        note.detail = ", ".join(str(address[4][0]) for address in addresses)
    with step(trace, "connect") as note:
        sock = await _connect(url, addresses, timeout_s)
        note.detail = str(sock.getpeername()[0])

    def make_protocol() -> RtspProtocol:
        return RtspProtocol(buffer, url.where, loop)

    try:
        if not url.is_tls:
            _, protocol = await loop.create_connection(make_protocol, sock=sock)
            return protocol
        with step(trace, "tls") as note:
            return await _start_tls(url, tls, sock, make_protocol, timeout_s)
    except BaseException:
        sock.close()
        raise


_Address = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


async def _resolve(url: RtspUrl, timeout_s: float) -> list[_Address]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            found = await loop.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM, flags=_flags(url.host))
    except TimeoutError as exc:
        raise NoAnswerError("The name server", "looking up the camera's name", timeout_s) from exc
    except (socket.gaierror, UnicodeError) as exc:
        raise HostNotFoundError(url.host) from exc
    if not found:
        raise HostNotFoundError(url.host)
    return list(found[:MAX_ADDRESSES])


def _flags(host: str) -> int:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return 0
    return socket.AI_NUMERICHOST


async def _connect(url: RtspUrl, addresses: list[_Address], timeout_s: float) -> socket.socket:
    loop = asyncio.get_running_loop()
    error: CameraError = UnreachableError(url.where, "it has no address")
    for family, kind, protocol, _, address in addresses:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            async with asyncio.timeout(timeout_s):
                await loop.sock_connect(sock, address)
        except TimeoutError:
            sock.close()
            error = NoAnswerError(url.where, "connecting", timeout_s)
        except ConnectionRefusedError:
            sock.close()
            error = RefusedError(url.where)
        except OSError as exc:
            sock.close()
            error = UnreachableError(url.where, _WORDS.get(exc.errno or 0, exc.strerror or type(exc).__name__))
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise error


async def _start_tls(
    url: RtspUrl,
    settings: TlsSettings,
    sock: socket.socket,
    make_protocol: "Callable[[], RtspProtocol]",
    timeout_s: float,
) -> RtspProtocol:
    loop = asyncio.get_running_loop()
    context = make_tls_context(settings)
    try:
        async with asyncio.timeout(timeout_s):
            _, protocol = await loop.create_connection(make_protocol, sock=sock, ssl=context, server_hostname=url.host)
    except TimeoutError as exc:
        raise TlsFailedError(url.where, "it does not answer the encrypted greeting") from exc
    except ssl.SSLCertVerificationError as exc:
        if exc.verify_code in {62, 64}:  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
            raise WrongHostNameError(url.where) from exc
        raise UntrustedCertificateError(url.where, exc.verify_message) from exc
    except ssl.SSLError as exc:
        raise TlsFailedError(url.where, (exc.reason or "handshake failed").replace("_", " ").lower()) from exc
    except (ConnectionError, OSError) as exc:
        raise ClosedByCameraError(url.where, "during the TLS handshake") from exc
    return protocol
