"""One live viewing session: reads the client's wishes, sends what its outbox holds, ends with the client."""

import asyncio
import json
from typing import Any

import msgspec

from vedette.core.errors import InvalidInputError
from vedette.core.time import NS_PER_MS
from vedette.runtime.clock import Clock
from vedette.streaming.channel import ChannelClosedError, MessageChannel
from vedette.streaming.live_viewer import LiveRequest, LiveViewer, Seats
from vedette.streaming.messages import error_text, masked_text
from vedette.streaming.outbox import Outbox
from vedette.streaming.ports import StreamDirectory
from vedette.streaming.stream_choice import StreamChoice


class SwitchOp(msgspec.Struct, tag_field="op", tag="stream", forbid_unknown_fields=True, frozen=True):
    """Show another stream, with or without sound."""

    stream: StreamChoice
    audio: bool = False


class PingOp(msgspec.Struct, tag_field="op", tag="ping", forbid_unknown_fields=True, frozen=True):
    """Asks for our clock; `t` comes back as it was."""

    t: float


_DECODER: msgspec.json.Decoder[SwitchOp | PingOp] = msgspec.json.Decoder(SwitchOp | PingOp)


class LiveSession:
    """Made per connection by `LiveService`."""

    def __init__(
        self,
        request: LiveRequest,
        channel: MessageChannel,
        seats: Seats,
        directory: StreamDirectory,
        clock: Clock,
    ) -> None:
        self._request = request
        self._channel = channel
        self._seats = seats
        self._directory = directory
        self._clock = clock
        self._outbox = Outbox()

    async def run(self) -> None:
        """Serves until the client goes or we are cancelled.

        Raises:
            NotFoundError: no such camera.
            UnavailableError: the gateway is stopping.
        """
        roles = await self._directory.find_roles(self._request.camera_id)
        viewer = LiveViewer(self._request, roles, self._seats, self._outbox, self._clock)
        if self._request.sight.masked:
            self._outbox.put_control(masked_text())
        viewer.start()
        try:
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(self._send())
                group.create_task(self._receive(viewer, sending))
        except* ChannelClosedError:
            pass
        finally:
            viewer.close()

    async def _send(self) -> None:
        while True:
            await self._channel.send(await self._outbox.get())

    async def _receive(self, viewer: LiveViewer, sending: asyncio.Task[None]) -> None:
        try:
            while True:
                self._obey(await self._channel.receive(), viewer)
        finally:
            sending.cancel()

    def _obey(self, text: str, viewer: LiveViewer) -> None:
        try:
            op = _DECODER.decode(text)
        except msgspec.MsgspecError as exc:
            error = InvalidInputError(f"not understood: {exc}", "See docs/design/contracts.md, live.")
            self._outbox.put_control(error_text(error.code, error.message, error.hint))
            return
        if isinstance(op, SwitchOp):
            viewer.switch(op.stream, wants_audio=op.audio)
        else:
            self._outbox.put_control(_pong(op.t, self._clock.utc_ns()))


def _pong(echo: float, now_ns: int) -> str:
    answer: dict[str, Any] = {"type": "pong", "t": echo, "server_ms": now_ns / NS_PER_MS}
    return json.dumps(answer)
