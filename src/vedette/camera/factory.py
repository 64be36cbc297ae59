"""Makes packet sources from what the assignment says. Constructed once per event loop by `vedette.node`."""

from vedette.camera.errors import BadUrlError
from vedette.camera.ports import PacketSource
from vedette.camera.rtsp_auth import Login
from vedette.camera.rtsp_connect import TlsSettings
from vedette.camera.rtsp_protocol import ReceiveBuffer
from vedette.camera.rtsp_source import RtspSettings, RtspSource
from vedette.camera.rtsp_url import parse_rtsp_url
from vedette.camera.trace import StepTrace
from vedette.core.assignment import StreamSource
from vedette.runtime.clock import Clock


class SourceFactory:
    """Makes sources; holds what they share."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buffer = ReceiveBuffer()

    def make(
        self, stream: StreamSource, user: str = "", password: str = "", trace: StepTrace | None = None
    ) -> PacketSource:
        """Makes the source of one stream. Nothing is connected yet.

        Credentials inside the URL are used when none are given (people paste such URLs) and never shown.

        Raises:
            BadUrlError: the address or the transport cannot be used.
        """
        scheme = stream.url.partition(":")[0].lower()
        if scheme not in {"rtsp", "rtsps", "rtspt", "rtspu"}:
            raise BadUrlError(f"the scheme {scheme[:16]!r} is not known")
        url, url_user, url_password = parse_rtsp_url(stream.url)
        login = Login(user or url_user, password if user else url_password)
        transport = {"rtspt": "tcp", "rtspu": "udp"}.get(scheme, stream.transport)
        settings = RtspSettings(
            url=url,
            login=login if login.user else None,
            transport=transport,
            tls=TlsSettings(stream.verify_tls, stream.ca_file),
        )
        return RtspSource(settings, self._buffer, self._clock, trace)
