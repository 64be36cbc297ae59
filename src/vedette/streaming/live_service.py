"""Live view as a service: sessions on a hub."""

from vedette.runtime.clock import Clock
from vedette.streaming.channel import MessageChannel
from vedette.streaming.live_hub import LiveHub
from vedette.streaming.live_session import LiveSession
from vedette.streaming.live_viewer import LiveRequest
from vedette.streaming.ports import StreamDirectory


class LiveService:
    """Serves one session per connection; the hub is run by whoever owns it."""

    def __init__(self, hub: LiveHub, directory: StreamDirectory, clock: Clock) -> None:
        self._hub = hub
        self._directory = directory
        self._clock = clock

    async def serve(self, request: LiveRequest, channel: MessageChannel) -> None:
        """Serves until the client goes.

        Raises:
            NotFoundError: no such camera.
            UnavailableError: the gateway is stopping.
        """
        await LiveSession(request, channel, self._hub, self._directory, self._clock).run()
