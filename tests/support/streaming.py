"""Fakes of what streaming needs: a feed that tests write, a channel that keeps what was sent."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import msgspec

from tests.support.media import H264
from vedette.core.errors import NotFoundError, VedetteError
from vedette.core.media import AudioFormat, Packet, StreamRole, VideoFormat
from vedette.core.privacy import PrivacyZone
from vedette.streaming.channel import ChannelClosedError
from vedette.streaming.messages import MediaHead, decode_media
from vedette.streaming.ports import FeedItem


class ScriptedFeed:
    """Serves what the test gives; an error ends the connection with that error, None ends it."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, StreamRole]] = []
        self.closed = 0
        self._queues: dict[tuple[str, StreamRole], asyncio.Queue[FeedItem | VedetteError | None]] = {}

    def queue(self, camera_id: str, role: StreamRole) -> "asyncio.Queue[FeedItem | VedetteError | None]":
        return self._queues.setdefault((camera_id, role), asyncio.Queue())

    async def give(self, camera_id: str, role: StreamRole, *items: FeedItem | VedetteError | None) -> None:
        for item in items:
            self.queue(camera_id, role).put_nowait(item)
        await settle()

    @contextlib.asynccontextmanager
    async def open(self, camera_id: str, role: StreamRole) -> AsyncIterator[AsyncIterator[FeedItem]]:
        self.opened.append((camera_id, role))
        try:
            yield self._items(camera_id, role)
        finally:
            self.closed += 1

    async def _items(self, camera_id: str, role: StreamRole) -> AsyncIterator[FeedItem]:
        while True:
            item = await self.queue(camera_id, role).get()
            if item is None:
                return
            if isinstance(item, VedetteError):
                raise item
            yield item


class ListedStreams:
    """Knows one camera."""

    def __init__(self, camera_id: str, *roles: StreamRole) -> None:
        self._camera_id = camera_id
        self._roles = roles

    async def find_roles(self, camera_id: str) -> tuple[StreamRole, ...]:
        if camera_id != self._camera_id:
            raise NotFoundError("no such camera")
        return self._roles


class KeptChannel:
    """A client that keeps what it gets and says what the test tells it to."""

    def __init__(self) -> None:
        self.sent: list[str | bytes] = []
        self.is_stuck = False
        self._said: asyncio.Queue[str | None] = asyncio.Queue()
        self._unstuck = asyncio.Event()

    async def send(self, message: str | bytes) -> None:
        if self.is_stuck:
            await self._unstuck.wait()
        self.sent.append(message)

    async def receive(self) -> str:
        text = await self._said.get()
        if text is None:
            raise ChannelClosedError
        return text

    async def say(self, **fields: object) -> None:
        self._said.put_nowait(json.dumps(fields))
        await settle()

    async def go(self) -> None:
        self._said.put_nowait(None)
        await settle()

    async def unstick(self) -> None:
        self.is_stuck = False
        self._unstuck.set()
        await settle()

    @property
    def texts(self) -> list[dict[str, object]]:
        return [json.loads(message) for message in self.sent if isinstance(message, str)]

    @property
    def heads(self) -> list[MediaHead]:
        return [decode_media(message)[0] for message in self.sent if isinstance(message, bytes)]

    def texts_of(self, kind: str) -> list[dict[str, object]]:
        return [text for text in self.texts if text["type"] == kind]


class CountingEncoder:
    """Says it encodes; gives one AAC packet per input packet."""

    def __init__(self, source: AudioFormat) -> None:
        from tests.support.media import AAC

        self.format = AAC
        self.source = source

    def push(self, packet: Packet) -> list[Packet]:
        return [packet]


async def settle() -> None:
    """Lets woken tasks run until they wait again."""
    for _ in range(60):
        await asyncio.sleep(0)


class ReplacingMasker:
    """Gives each packet with other bytes; holds the last ones back when told to, as a decoder of B-frames does."""

    def __init__(self, delay: int = 0) -> None:
        self.video: VideoFormat | None = None
        self.set_ups: list[tuple[VideoFormat, tuple[PrivacyZone, ...]]] = []
        self.held: list[Packet] = []
        self.delay = delay

    async def set_up(self, video: VideoFormat, zones: tuple[PrivacyZone, ...]) -> None:
        self.set_ups.append((video, zones))
        self.video = None

    async def push(self, packet: Packet, *, decode_only: bool = False) -> list[Packet]:
        self.video = replace(H264, width=320, height=180)
        self.held.append(msgspec.structs.replace(packet, data=b"\0\0\0\x02\x65\xff", dts_90k=packet.pts_90k))
        ready, self.held = self.held[: len(self.held) - self.delay], self.held[len(self.held) - self.delay :]
        return ready

    async def flush(self) -> list[Packet]:
        ready, self.held = self.held, []
        return ready
