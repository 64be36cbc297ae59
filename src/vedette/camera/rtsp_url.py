"""RTSP addresses: parsing, joining of control URLs, and taking credentials out before anything is shown.

Pure. A URL from outside is limited in length and characters: it ends up in a request line, where a line break
would let it write headers of its own.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from vedette.camera.errors import BadUrlError

MAX_URL_CHARS = 2048
DEFAULT_PORTS = {"rtsp": 554, "rtspt": 554, "rtspu": 554, "rtsps": 322}
_CREDENTIALS = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)\S*@")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\"<>\\^`{|}]")


@dataclass(frozen=True, slots=True)
class RtspUrl:
    """An RTSP address without credentials."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_tls(self) -> bool:
        return self.scheme == "rtsps"

    @property
    def where(self) -> str:
        """Host and port, for messages."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def text(self) -> str:
        """The address as it goes into a request line."""
        scheme = "rtsps" if self.is_tls else "rtsp"
        port = "" if self.port == DEFAULT_PORTS[scheme] else f":{self.port}"
        return f"{scheme}://{_bracketed(self.host)}{port}{self.path}"


def parse_rtsp_url(text: str) -> tuple[RtspUrl, str, str]:
    """Parses an address. Returns it without credentials, then user and password (decoded, maybe empty).

    Raises:
        BadUrlError: not an RTSP address that can be used.
    """
    check_url_text(text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as exc:
        raise BadUrlError("it is no valid URL") from exc
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise BadUrlError(f"the scheme {scheme or '(none)'!r} is not rtsp or rtsps")
    if not parts.hostname:
        raise BadUrlError("it names no host")
    if port == 0:
        raise BadUrlError("port 0 does not exist")
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    url = RtspUrl(scheme, parts.hostname, port or DEFAULT_PORTS[scheme], path or "/")
    return url, unquote(parts.username or ""), unquote(parts.password or "")


def check_url_text(text: str) -> None:
    """Raises BadUrlError when a URL is too long or holds characters that have no place in one."""
    if len(text) > MAX_URL_CHARS:
        raise BadUrlError(f"it has more than {MAX_URL_CHARS} characters")
    if "#" in text:
        raise BadUrlError("it holds a #, which must be written as %23")
    if _UNSAFE.search(text):
        raise BadUrlError("it holds a space or another character that must be written as %XX")


def redact_url(text: str) -> str:
    """Removes user and password from anything that looks like a URL inside a text.

    People paste passwords with `@`, `#`, `?` and `/` in them, unescaped. So everything up to the last `@`
    goes: that a path with an `@` loses its host in a message is the smaller harm.
    """
    return _CREDENTIALS.sub(r"\1", text)


def join_control(base: str, control: str) -> str:
    """Makes the URL of a track from the base and its `a=control` (RFC 2326 section C.1.1).

    Cameras disagree with RFC 3986 here: most expect the control appended to the base even when the base has a
    query or no trailing slash, which is also what other clients do.
    """
    if control in {"", "*"}:
        return base
    if re.match(r"(?i)rtsps?://", control):
        return control
    if control.startswith("?"):
        return base.rstrip("/") + control
    return f"{base}{'' if base.endswith('/') else '/'}{control.lstrip('/')}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
