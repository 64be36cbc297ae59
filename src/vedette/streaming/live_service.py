"""Live view as a service: sessions on a hub, with a bound on their number."""

from vedette.core.errors import TooManyRequestsError
from vedette.runtime.clock import Clock
from vedette.streaming.channel import MessageChannel
from vedette.streaming.live_hub import LiveHub
from vedette.streaming.live_session import LiveSession
from vedette.streaming.live_viewer import LiveRequest
from vedette.streaming.ports import StreamDirectory

MAX_SESSIONS = 1024
"""Measured: about 0.03 % of a core per sub-stream viewer, so the bound is memory (4 MiB each at worst)."""


class LiveService:
    """Serves one session per connection; the hubs are run by whoever owns them.

    Who may not see the whole picture is seated on `masked`, whose feeds never carry hidden parts.
    """

    def __init__(self, hub: LiveHub, masked: LiveHub, directory: StreamDirectory, clock: Clock) -> None:
        self._hub = hub
        self._masked = masked
        self._directory = directory
        self._clock = clock
        self._sessions = 0

    async def serve(self, request: LiveRequest, channel: MessageChannel) -> None:
        """Serves until the client goes.

        Raises:
            NotFoundError: no such camera.
            UnavailableError: the gateway is stopping.
            TooManyRequestsError: too many viewers.
        """
        if self._sessions >= MAX_SESSIONS:
            raise TooManyRequestsError("too many live views are open", "Close some of them.", 5.0)
        self._sessions += 1
        try:
            hub = self._masked if request.sight.masked else self._hub
            await LiveSession(request, channel, hub, self._directory, self._clock).run()
        finally:
            self._sessions -= 1
