"""RTSP 1.0 messages as a camera sees them (RFC 2326): requests in, replies out.

Pure. Written apart from the house's RTSP client on purpose: a simulator that shared the client's parser
would agree with its mistakes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vedette.core.errors import InvalidInputError

MAX_HEAD_BYTES = 16 * 1024
MAX_BODY_BYTES = 64 * 1024

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Stream Not Found",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    501: "Not Implemented",
    503: "Service Unavailable",
}


class MalformedRequestError(InvalidInputError):
    """What came in is no RTSP request."""

    code = "malformed_request"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are lower case; of a repeated header the last one counts."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path of the URL without host, query and slashes at the ends."""
        _, _, rest = self.url.partition("://")
        rest = rest.partition("/")[2] if rest else self.url
        return rest.partition("?")[0].strip("/")


def parse_head(head: bytes) -> Request:
    """Parses request line and headers, without the empty line.

    Raises:
        MalformedRequestError: no request line of RTSP 1.0.
    """
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("RTSP/1."):
        raise MalformedRequestError(f"not an RTSP request line: {lines[0][:80]!r}")
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return Request(words[0], words[1], headers)


def format_reply(status: int, cseq: str, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> bytes:
    """Formats a reply."""
    lines = [f"RTSP/1.0 {status} {REASONS[status]}", f"CSeq: {cseq}", "Server: vedette-sim"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


WEB_PAGE = (
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: 86\r\n"
    b"Connection: close\r\n\r\n"
    b"<!DOCTYPE html><html><head><title>Login</title></head><body>Camera login</body></html>"
)
"""What the web interface of a camera answers when somebody takes its port for the RTSP port."""


@dataclass(frozen=True, slots=True)
class TransportOffer:
    """One choice of a Transport header (RFC 2326 12.39).

    Attributes:
        ports: Interleaved channels for TCP, client ports for UDP.
    """

    is_tcp: bool
    ports: tuple[int, int] | None


def parse_transport(value: str) -> list[TransportOffer]:
    """Parses a Transport header into the offers that we understand, in the client's order."""
    offers = []
    for choice in value.split(","):
        fields = [part.strip() for part in choice.split(";")]
        parameters = {name.lower(): content for name, _, content in (part.partition("=") for part in fields[1:])}
        if "multicast" in parameters:
            continue
        profile = fields[0].upper()
        if profile == "RTP/AVP/TCP":
            offers.append(TransportOffer(True, _parse_pair(parameters.get("interleaved", ""))))
        elif profile in {"RTP/AVP", "RTP/AVP/UDP"} and (ports := _parse_pair(parameters.get("client_port", ""))):
            offers.append(TransportOffer(False, ports))
    return offers


def _parse_pair(text: str) -> tuple[int, int] | None:
    first, _, second = text.partition("-")
    if not first.isdigit() or (second and not second.isdigit()):
        return None
    return int(first), int(second) if second else int(first) + 1
