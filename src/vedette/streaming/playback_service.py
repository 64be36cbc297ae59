"""Playback as a service: one session per connection, with a bound on how many read from disk at once."""

from vedette.core.errors import TooManyRequestsError
from vedette.core.privacy import LookAt
from vedette.runtime.clock import Clock
from vedette.streaming.channel import MessageChannel
from vedette.streaming.masked_play import VideoMasking
from vedette.streaming.playback_session import Announce, PlaybackSession
from vedette.streaming.ports import FootageReader, StreamDirectory
from vedette.streaming.sound import EncoderFactory

MAX_SESSIONS = 256
"""Sixteen walls of sixteen tiles. Each session holds a few fragments in memory and a thread only while it reads."""


class PlaybackService:
    """Serves playback sessions."""

    def __init__(
        self,
        reader: FootageReader,
        directory: StreamDirectory,
        open_encoder: EncoderFactory,
        open_masking: VideoMasking,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._directory = directory
        self._open_encoder = open_encoder
        self._open_masking = open_masking
        self._clock = clock
        self._sessions = 0

    async def serve(self, channel: MessageChannel, look: LookAt, announce: Announce) -> None:
        """Serves until the client goes.

        Raises:
            TooManyRequestsError: too many sessions are open.
        """
        if self._sessions >= MAX_SESSIONS:
            raise TooManyRequestsError("too many playback sessions are open", "Close some players.", 5.0)
        self._sessions += 1
        session = PlaybackSession(
            channel,
            reader=self._reader,
            directory=self._directory,
            open_encoder=self._open_encoder,
            look=look,
            open_masking=self._open_masking,
            announce=announce,
            clock=self._clock,
        )
        try:
            await session.run()
        finally:
            self._sessions -= 1
