"""A small HTTP/1.1 client for cameras and relays: GET with login, redirects on the same host, chunked bodies.

Memory-safe Python reads the network; what came is handed to the jailed child as plain bytes. Everything that the
server sends is bounded. No cookies, no compression, no connection reuse: a camera needs none of it.
"""

import asyncio
import re
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from vedette.camera.errors import (
    BadUrlError,
    BusyError,
    CameraError,
    ClosedByCameraError,
    GarbageError,
    HostNotFoundError,
    LoginMethodError,
    LoginRequiredError,
    NoAnswerError,
    PathNotFoundError,
    PermissionRefusedError,
    RedirectRefusedError,
    RefusedError,
    RequestRefusedError,
    TlsFailedError,
    UnreachableError,
    UntrustedCertificateError,
    WrongHostNameError,
    WrongPasswordError,
)
from vedette.camera.rtsp_auth import Authenticator, Login, choose_challenge, parse_challenges
from vedette.camera.rtsp_connect import TlsSettings, make_tls_context
from vedette.camera.rtsp_message import MAX_HEAD_BYTES, MalformedRtspError, RtspReply, parse_message
from vedette.camera.rtsp_url import check_url_text

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 10.0
READ_BYTES = 64 * 1024
MAX_REDIRECTS = 3
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class HttpUrl:
    """An HTTP address without credentials."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def text(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.target}"


def parse_http_url(text: str) -> tuple[HttpUrl, str, str]:
    """Parses an address into the URL without credentials, the user and the password.

    Raises:
        BadUrlError: not an HTTP address that can be used.
    """
    check_url_text(text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as exc:
        raise BadUrlError("it is no valid URL") from exc
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        raise BadUrlError("it is no HTTP address with a host")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    url = HttpUrl(scheme, parts.hostname, port or _PORTS[scheme], target)
    return url, unquote(parts.username or ""), unquote(parts.password or "")


def join_same_host(base: HttpUrl, reference: str) -> HttpUrl:
    """Resolves a link of a playlist or a redirect.

    Raises:
        RedirectRefusedError: it leads to another host, or from HTTPS to HTTP: our login would go there.
    """
    url, _, _ = parse_http_url(urljoin(base.text, reference.strip()))
    if url.host.lower() != base.host.lower() or (base.scheme == "https" and url.scheme != "https"):
        raise RedirectRefusedError(base.where, url.host)
    return url


@dataclass(slots=True)
class HttpBody:
    """An answer of 200. `chunks` may be walked once."""

    url: HttpUrl
    content_type: str
    chunks: AsyncIterator[bytes]


class HttpClient:
    """Fetches from one site with one login."""

    def __init__(self, login: Login | None, tls: TlsSettings) -> None:
        self._login = login
        self._tls = tls
        self._authenticator: Authenticator | None = None

    @asynccontextmanager
    async def get(self, url: HttpUrl) -> AsyncIterator[HttpBody]:
        """Opens a GET; closes the connection on exit.

        Raises:
            CameraError: a leaf that says why not.
        """
        for _ in range(MAX_REDIRECTS + 2):
            reader, writer = await _connect(url, self._tls)
            try:
                reply = await self._ask(url, reader, writer)
                if reply.status == 401:
                    self._answer_challenge(url, reply)
                elif reply.status in {301, 302, 303, 307, 308}:
                    url = join_same_host(url, reply.headers.get("location", ""))
                else:
                    _check_status(url, reply)
                    content_type = reply.headers.get("content-type", "").lower()
                    yield HttpBody(url, content_type, _read_body(url, reader, reply))
                    return
            finally:
                writer.close()
        raise RedirectRefusedError(url.where, "itself, again and again")

    async def fetch(self, url: HttpUrl, most_bytes: int) -> tuple[HttpUrl, bytes]:
        """Gets a whole small body. Returns where it was found and the bytes."""
        async with self.get(url) as body:
            data = bytearray()
            async for chunk in body.chunks:
                data += chunk
                if len(data) > most_bytes:
                    raise GarbageError(url.where, f"an answer is longer than {most_bytes} bytes")
            return body.url, bytes(data)

    async def _ask(self, url: HttpUrl, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> RtspReply:
        lines = [f"GET {url.target} HTTP/1.1", f"Host: {url.where}", "User-Agent: Vedette", "Accept: */*"]
        if self._authenticator is not None:
            lines.append(f"Authorization: {self._authenticator.header('GET', url.target)}")
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                head = await reader.readuntil(b"\r\n\r\n")
            reply = parse_message(head)
        except TimeoutError as exc:
            raise NoAnswerError(url.where, "waiting for the answer", READ_TIMEOUT_S) from exc
        except asyncio.IncompleteReadError as exc:
            raise ClosedByCameraError(url.where, "instead of an answer") from exc
        except (asyncio.LimitOverrunError, MalformedRtspError) as exc:
            raise GarbageError(url.where, "its answer is not HTTP") from exc
        except OSError as exc:
            raise ClosedByCameraError(url.where, type(exc).__name__) from exc
        if not reply.is_http:
            raise GarbageError(url.where, "its answer is not HTTP")
        return reply

    def _answer_challenge(self, url: HttpUrl, reply: RtspReply) -> None:
        if self._login is None or not self._login.user:
            raise LoginRequiredError(url.where)
        challenge = choose_challenge(parse_challenges(reply.challenges), is_tls=url.scheme == "https")
        if challenge is None:
            raise LoginMethodError(url.where, "neither Digest nor Basic")
        refused, self._authenticator = (
            self._authenticator,
            Authenticator(self._login, challenge, secrets.token_hex(8)),
        )
        if refused is not None and refused.is_fresh and not challenge.stale:
            raise WrongPasswordError(url.where)


async def _connect(url: HttpUrl, tls: TlsSettings) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = make_tls_context(tls) if url.scheme == "https" else None
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            return await asyncio.open_connection(url.host, url.port, ssl=context, limit=MAX_HEAD_BYTES)
    except TimeoutError as exc:
        raise NoAnswerError(url.where, "connecting", CONNECT_TIMEOUT_S) from exc
    except (OSError, UnicodeError) as exc:
        raise _describe(url, exc) from exc


def _describe(url: HttpUrl, exc: OSError | UnicodeError) -> CameraError:
    if isinstance(exc, ssl.SSLCertVerificationError):
        if exc.verify_code in {62, 64}:
            return WrongHostNameError(url.where)
        return UntrustedCertificateError(url.where, exc.verify_message)
    if isinstance(exc, ssl.SSLError):
        return TlsFailedError(url.where, (exc.reason or "handshake failed").replace("_", " ").lower())
    if isinstance(exc, ConnectionRefusedError):
        return RefusedError(url.where)
    if isinstance(exc, UnicodeError) or type(exc).__name__ == "gaierror":
        return HostNotFoundError(url.host)
    return UnreachableError(url.where, exc.strerror or type(exc).__name__)


def _check_status(url: HttpUrl, reply: RtspReply) -> None:
    if reply.status in {200, 206}:
        return
    if reply.status == 403:
        raise PermissionRefusedError(url.where)
    if reply.status in {404, 410}:
        raise PathNotFoundError(url.where, url.target.partition("?")[0])
    if reply.status == 503:
        raise BusyError(url.where, reply.status)
    raise RequestRefusedError(url.where, "GET", reply.status, re.sub(r"[^\x20-\x7e]", "", reply.reason)[:80])


async def _read_body(url: HttpUrl, reader: asyncio.StreamReader, reply: RtspReply) -> AsyncIterator[bytes]:
    if "chunked" in reply.headers.get("transfer-encoding", "").lower():
        async for chunk in _read_chunks(url, reader):
            yield chunk
        return
    length = reply.headers.get("content-length", "")
    left = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None
    while left is None or left > 0:
        data = await _read(url, reader, READ_BYTES if left is None else min(READ_BYTES, left))
        if not data:
            return
        left = None if left is None else left - len(data)
        yield data


async def _read_chunks(url: HttpUrl, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        line = await _read_line(url, reader)
        size_text = line.partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size_text):
            raise GarbageError(url.where, "a chunk has no size")
        left = int(size_text, 16)
        if left == 0:
            return
        while left:
            data = await _read(url, reader, min(READ_BYTES, left))
            if not data:
                return
            left -= len(data)
            yield data
        await _read_line(url, reader)


async def _read(url: HttpUrl, reader: asyncio.StreamReader, most: int) -> bytes:
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            return await reader.read(most)
    except TimeoutError as exc:
        raise NoAnswerError(url.where, "waiting for more of the stream", READ_TIMEOUT_S) from exc
    except OSError as exc:
        raise ClosedByCameraError(url.where, type(exc).__name__) from exc


async def _read_line(url: HttpUrl, reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            return await reader.readuntil(b"\n")
    except TimeoutError as exc:
        raise NoAnswerError(url.where, "waiting for more of the stream", READ_TIMEOUT_S) from exc
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as exc:
        raise ClosedByCameraError(url.where, "in the middle of a chunk") from exc
