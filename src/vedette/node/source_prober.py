"""Tries a camera that is to be added: reached, logged in, packets, and what signs them."""

from vedette.camera.factory import SourceFactory
from vedette.camera.inventory import Login, StreamSettings
from vedette.camera.probe import ProbeReport, probe_stream
from vedette.core.assignment import StreamSource
from vedette.core.media import StreamRole
from vedette.node.camera_roots import CameraRoots
from vedette.node.signing_probe import MediaSigningInspector
from vedette.runtime.clock import Clock


class SourceProber:
    """See `vedette.api.ports.CameraProber`."""

    def __init__(self, clock: Clock, camera_roots: CameraRoots) -> None:
        self._clock = clock
        self._roots = camera_roots
        self._factory = SourceFactory(clock)

    async def probe(self, stream: StreamSettings, login: Login) -> ProbeReport:
        source = StreamSource(
            StreamRole.MAIN,
            stream.url,
            record=False,
            transport=stream.transport,
            verify_tls=stream.verify_tls,
            ca_pem=stream.ca_pem,
        )
        inspector = MediaSigningInspector(self._roots.find())
        return await probe_stream(self._factory, source, login.user, login.password, self._clock, inspector=inspector)
