"""Makes packet sources from what the assignment says. Constructed once per event loop by `vedette.node`."""

from pathlib import Path
from urllib.parse import unquote

from vedette.camera.compat import CompatSettings, CompatSource
from vedette.camera.errors import BadUrlError
from vedette.camera.http_client import parse_http_url
from vedette.camera.ports import PacketSource
from vedette.camera.rtsp_auth import Login
from vedette.camera.rtsp_connect import TlsSettings
from vedette.camera.rtsp_protocol import ReceiveBuffer
from vedette.camera.rtsp_source import RtspSettings, RtspSource
from vedette.camera.rtsp_url import DEFAULT_PORTS, parse_rtsp_url
from vedette.camera.trace import StepTrace
from vedette.core.assignment import StreamSource
from vedette.runtime.clock import Clock
from vedette.runtime.loop_rest import LoopRest


class SourceFactory:
    """Makes sources; holds what they share."""

    def __init__(self, clock: Clock, rest: LoopRest | None = None) -> None:
        """`rest`: of the event loop that reads the sources, if it rests."""
        self._clock = clock
        self._rest = rest or LoopRest()
        self._buffer = ReceiveBuffer()

    def make(
        self, stream: StreamSource, user: str = "", password: str = "", trace: StepTrace | None = None
    ) -> PacketSource:
        """Makes the source of one stream. Nothing is connected yet.

        Credentials inside the URL are used when none are given (people paste such URLs) and never shown.

        Raises:
            BadUrlError: the address or the transport cannot be used.
        """
        scheme, separator, place = stream.url.partition(":")
        scheme = scheme.lower()
        tls = TlsSettings(stream.verify_tls, stream.ca_file, stream.ca_pem)
        if scheme in {"http", "https"}:
            site, url_user, url_password = parse_http_url(stream.url)
            login = _make_login(user, password, url_user, url_password)
            return CompatSource(CompatSettings(url=site, login=login, tls=tls), self._clock, trace, self._rest)
        if scheme == "file":
            return CompatSource(CompatSettings(path=_file_path(place)), self._clock, trace, self._rest)
        if not separator or scheme not in DEFAULT_PORTS:
            raise BadUrlError(f"the scheme {scheme[:16]!r} is not known")
        url, url_user, url_password = parse_rtsp_url(stream.url)
        transport = {"rtspt": "tcp", "rtspu": "udp"}.get(scheme, stream.transport)
        settings = RtspSettings(
            url=url,
            login=_make_login(user, password, url_user, url_password),
            transport=transport,
            tls=tls,
        )
        return RtspSource(settings, self._buffer, self._clock, trace, self._rest)


def _make_login(user: str, password: str, url_user: str, url_password: str) -> Login | None:
    login = Login(user, password) if user else Login(url_user, url_password)
    return login if login.user else None


def _file_path(rest: str) -> Path:
    """The path of a `file:` URL (RFC 8089): local, absolute."""
    path = Path(unquote(rest.removeprefix("//localhost").removeprefix("//")))
    if not path.is_absolute():
        raise BadUrlError("a file is written like file:///videos/clip.mp4")
    return path
