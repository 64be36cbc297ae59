"""RTSP 1.0 messages (RFC 2326): finding one in received bytes, parsing it, writing requests. Pure.

Everything that comes from the camera is bounded here: the head, the number of headers, the body. Tolerated,
because cameras send it: bare LF line ends, spaces around names, an empty reason phrase, a missing
`Content-Type`, a repeated header (joined by a comma, except `WWW-Authenticate`, which stays a list).
"""

import re
from dataclasses import dataclass, field

from vedette.core.errors import InvalidInputError

MAX_HEAD_BYTES = 16 * 1024
MAX_BODY_BYTES = 128 * 1024
MAX_HEADERS = 64

_STATUS = re.compile(r"(RTSP|HTTP)/(\d)\.(\d) {1,4}(\d{3})(?: (.*))?")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class MalformedRtspError(InvalidInputError):
    """Bytes on an RTSP connection are neither a message nor an interleaved packet."""

    code = "malformed_rtsp"


@dataclass(frozen=True, slots=True)
class RtspReply:
    """An answer, or a request by the camera (then `status` is 0 and `reason` its method).

    `headers` has lower-case names; `challenges` all `WWW-Authenticate` values in order.
    """

    status: int
    reason: str
    headers: dict[str, str] = field(default_factory=dict)
    challenges: tuple[str, ...] = ()
    body: bytes = b""
    is_http: bool = False

    @property
    def cseq(self) -> int | None:
        text = self.headers.get("cseq", "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def find_message(data: bytes | bytearray | memoryview, start: int, end: int) -> int | None:
    """Returns where the message that starts at `start` ends, or None when it is not complete yet.

    Raises:
        MalformedRtspError: head or body are longer than allowed, or the length is no number.
    """
    window = bytes(data[start : min(end, start + MAX_HEAD_BYTES)])
    found = _HEAD_END.search(window)
    if found is None:
        if end - start >= MAX_HEAD_BYTES:
            raise MalformedRtspError(f"a message head is longer than {MAX_HEAD_BYTES} bytes")
        return None
    length = re.search(rb"(?im)^content-length[ \t]*:[ \t]*([^\r\n]*)", window[: found.start()])
    size = 0
    if length is not None:
        text = length[1].strip()
        if not text.isdigit() or len(text) > 8 or int(text) > MAX_BODY_BYTES:
            raise MalformedRtspError("a message announces an impossible length")
        size = int(text)
    stop = start + found.end() + size
    return stop if stop <= end else None


def parse_message(data: bytes) -> RtspReply:
    """Parses one complete message as found by `find_message`.

    Raises:
        MalformedRtspError: it is not one.
    """
    found = _HEAD_END.search(data)
    if found is None:
        raise MalformedRtspError("a message has no end of its head")
    lines = data[: found.start()].decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if len(lines) > MAX_HEADERS:
        raise MalformedRtspError(f"a message has more than {MAX_HEADERS} headers")
    headers: dict[str, str] = {}
    challenges: list[str] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        if not colon or not name:
            continue  # folded and empty header lines exist; nothing we need is folded
        if name == "www-authenticate":
            challenges.append(value)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    body = bytes(data[found.end() :])
    status = _STATUS.fullmatch(lines[0].strip())
    if status is not None:
        is_http = status[1] == "HTTP"
        return RtspReply(int(status[4]), status[5] or "", headers, tuple(challenges), body, is_http)
    method = re.fullmatch(r"([A-Z_]{3,20}) +\S+ +RTSP/\d\.\d", lines[0].strip())
    if method is None:
        raise MalformedRtspError("a line is neither an RTSP status nor an RTSP request")
    return RtspReply(0, method[1], headers, (), body)


def write_request(method: str, url: str, headers: dict[str, str]) -> bytes:
    """Writes a request. Values come from us or are checked by `check_url_text`: no line breaks inside."""
    lines = [f"{method} {url} RTSP/1.0", *(f"{name}: {value}" for name, value in headers.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise MalformedRtspError("a request must not hold a line break")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def session_of(reply: RtspReply) -> tuple[str, float]:
    """Returns session id and timeout in seconds (60 when not said: RFC 2326 section 12.37)."""
    session, _, rest = reply.headers.get("session", "").partition(";")
    found = re.search(r"(?i)timeout\s*=\s*(\d{1,5})", rest)
    timeout_s = float(found[1]) if found else 60.0
    return session.strip()[:256], min(max(timeout_s, 4.0), 3600.0)
