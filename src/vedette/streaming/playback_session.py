"""One playback connection: obeys the client's operations, one play at a time. A seek cancels the play before."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from vedette.core.errors import InvalidInputError, NotFoundError, UnavailableError, VedetteError
from vedette.core.media import Codec, StreamRole
from vedette.core.privacy import LookAt, Sight
from vedette.runtime.clock import Clock
from vedette.streaming.channel import ChannelClosedError, MessageChannel
from vedette.streaming.footage_walk import WalkStart, find_start
from vedette.streaming.masked_play import VideoMasking
from vedette.streaming.messages import end_text, error_text, masked_text
from vedette.streaming.pacing import Pacing
from vedette.streaming.playback_ops import BufferedOp, PlayOp, PlayRequest, check_play, read_op
from vedette.streaming.playback_play import Play
from vedette.streaming.ports import FootageReader, StreamDirectory
from vedette.streaming.sound import EncoderFactory
from vedette.streaming.stream_choice import choose_stream

Announce = Callable[[str], Awaitable[None]]
"""Told the camera id when a session begins to show a camera's footage: for the audit trail."""


class UnplayableError(UnavailableError):
    """The footage is coded in a way the client cannot show."""

    code = "unsupported"


class PlaybackSession:
    """Made per connection by `PlaybackService`."""

    def __init__(
        self,
        channel: MessageChannel,
        *,
        reader: FootageReader,
        directory: StreamDirectory,
        open_encoder: EncoderFactory,
        look: LookAt,
        open_masking: VideoMasking,
        announce: Announce,
        clock: Clock,
    ) -> None:
        self._channel = channel
        self._reader = reader
        self._directory = directory
        self._open_encoder = open_encoder
        self._look = look
        self._open_masking = open_masking
        self._announce = announce
        self._clock = clock
        self._pacing = Pacing(1.0)
        self._playing: asyncio.Task[None] | None = None
        self._announced: set[str] = set()

    async def run(self) -> None:
        """Serves until the client goes or we are cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                try:
                    while True:
                        await self._obey(await self._channel.receive(), group)
                finally:
                    await self._stop()
        except* ChannelClosedError:
            pass

    async def _obey(self, text: str, group: asyncio.TaskGroup) -> None:
        try:
            op = read_op(text)
            if isinstance(op, BufferedOp):
                self._pacing.report(op.media_time_s, op.speed)
                return
            await self._stop()
            if isinstance(op, PlayOp):
                request = check_play(op)
                self._pacing = Pacing(request.speed)
                self._playing = group.create_task(self._play(request, self._pacing))
        except InvalidInputError as exc:
            await self._channel.send(error_text(exc.code, exc.message, exc.hint))

    async def _stop(self) -> None:
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.wait({self._playing})
            self._playing = None

    async def _play(self, request: PlayRequest, pacing: Pacing) -> None:
        def numbered(text: str) -> str:
            return json.dumps({**json.loads(text), "play": request.number}, ensure_ascii=False)

        try:
            roles = await self._directory.find_roles(request.camera_id)
            sight = await self._look(request.camera_id)
            start = await self._find_start(request, roles, sight)
            if start is None:
                await self._channel.send(numbered(end_text()))
                return
            if sight.masked:
                await self._channel.send(numbered(masked_text()))
            async with self._open_masking(sight) as masked:
                play = Play(
                    request,
                    start,
                    reader=self._reader,
                    channel=self._channel,
                    pacing=pacing,
                    open_encoder=self._open_encoder,
                    clock=self._clock,
                    numbered=numbered,
                    masked=masked,
                )
                await play.run()
        except VedetteError as exc:
            await self._channel.send(numbered(error_text(exc.code, exc.message, exc.hint)))

    async def _find_start(self, request: PlayRequest, roles: tuple[StreamRole, ...], sight: Sight) -> WalkStart | None:
        """Chooses the stream: the one asked for, if it has footage there that the client can decode.

        Masked footage always can: it is encoded anew as H.264.

        Raises:
            UnplayableError: there is footage, but none the client can show.
        """
        if request.camera_id not in self._announced:
            self._announced.add(request.camera_id)
            await self._announce(request.camera_id)
        refused: frozenset[StreamRole] = frozenset()
        late: WalkStart | None = None
        is_unplayable = False
        while (role := choose_stream(request.choice, roles, refused)) is not None:
            refused |= {role}
            start = await asyncio.to_thread(find_start, self._reader, request.camera_id, role, request.at_ns)
            if start is None:
                continue
            if not request.can_h265 and not sight.masked and await self._is_h265(start):
                is_unplayable = True
                continue
            if start.gap_ns is None:
                return start
            if late is None or start.first.start_ns < late.first.start_ns:
                late = start
        if late is None and is_unplayable:
            raise UnplayableError(
                "This footage is H.265, and this browser cannot show it.",
                "Export it, record the camera's H.264 sub stream too, or use a browser that plays H.265.",
            )
        return late

    async def _is_h265(self, start: WalkStart) -> bool:
        try:
            init = await asyncio.to_thread(self._reader.read_init, start.first.segment)
        except NotFoundError:
            return False  # deleted this moment: the play will say so
        return init.format.video.codec is Codec.H265
