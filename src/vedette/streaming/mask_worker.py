"""The parent's end of one masking child: packets in, packets of the masked stream out, in lock step.

The child is slower than a camera at worst; then the reader of the camera's feed falls behind, and the recorder's
bounded queue drops up to the next key frame and says so. A child that is silent for too long is killed.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import msgspec

from vedette.core.errors import UnavailableError
from vedette.core.media import Packet, VideoFormat
from vedette.core.privacy import PrivacyZone
from vedette.media.mask_wire import (
    KEY_EVERY_90K,
    MaskedPicture,
    MaskKind,
    MaskSetup,
    MaskWireError,
    decode_pictures,
    encode_packet,
)
from vedette.runtime.worker import WorkerCommand, WorkerProcess, start_worker

CHILD = "vedette.media.mask_child"
_MAX_PENDING = 300


@dataclass(frozen=True, slots=True)
class MaskPolicy:
    """How much masking may take, and how patient it is.

    Attributes:
        most_children: A 1080p stream costs about half a core: more would take it from recording. Refused in words,
            not queued.
        niceness: Of the children. Work that nobody watches gives way to live pictures.
    """

    most_children: int = 16
    reply_timeout_s: float = 10.0
    niceness: int = 0
    key_every_90k: int = KEY_EVERY_90K


class MaskerLostError(UnavailableError):
    """The process that hides parts of a stream is gone or cannot be had: nothing is shown."""

    code = "masker_lost"


class Masker(Protocol):
    """Hides parts of one stream."""

    @property
    def video(self) -> VideoFormat | None:
        """The format of the packets that `push` gave last; None before the first."""
        ...

    async def set_up(self, video: VideoFormat, zones: tuple[PrivacyZone, ...]) -> None:
        """Begins a new format. Raises MaskerLostError."""
        ...

    async def push(self, packet: Packet, *, decode_only: bool = False) -> list[Packet]:
        """Takes a video packet, gives masked ones (H.264, no B-frames). Raises MaskerLostError."""
        ...

    async def flush(self) -> list[Packet]:
        """Gives what the decoder held back; a key frame must be pushed next. Raises MaskerLostError."""
        ...


MaskerOpener = Callable[[], AbstractAsyncContextManager[Masker]]


class MaskWorker:
    """See `Masker`. Made by `MaskNursery`."""

    def __init__(self, child: WorkerProcess, policy: MaskPolicy) -> None:
        self._child = child
        self._policy = policy
        self._video: VideoFormat | None = None
        self._pending: dict[int, Packet] = {}
        self._sequence = 0

    @property
    def video(self) -> VideoFormat | None:
        return self._video

    async def set_up(self, video: VideoFormat, zones: tuple[PrivacyZone, ...]) -> None:
        masks = [list(zone.polygon.points) for zone in zones]
        setup = MaskSetup(
            video.codec.value,
            video.width,
            video.height,
            list(video.parameter_sets),
            masks,
            self._policy.key_every_90k,
        )
        self._pending.clear()
        self._video = None
        await self._ask(MaskKind.SETUP, msgspec.msgpack.encode(setup))

    async def push(self, packet: Packet, *, decode_only: bool = False) -> list[Packet]:
        self._pending[packet.pts_90k] = packet
        while len(self._pending) > _MAX_PENDING:  # what the decoder gave nothing for
            del self._pending[next(iter(self._pending))]
        request = encode_packet(packet.pts_90k, packet.data, is_key=packet.is_key, decode_only=decode_only)
        return self._take(*await self._ask(MaskKind.PACKET, request))

    async def flush(self) -> list[Packet]:
        return self._take(*await self._ask(MaskKind.FLUSH, b""))

    def _take(self, pictures: list[MaskedPicture], video: VideoFormat | None) -> list[Packet]:
        self._video = video or self._video
        masked = []
        for picture in pictures:
            source = self._pending.pop(picture.pts_90k, None)
            if source is None:
                raise MaskerLostError("the masking process speaks of a picture that it was not given")
            self._sequence += 1
            masked.append(
                msgspec.structs.replace(
                    source,
                    is_key=picture.is_key,
                    dts_90k=source.pts_90k,
                    sequence=self._sequence,
                    lost_before=0,
                    data=picture.data,
                )
            )
        return masked

    async def _ask(self, kind: MaskKind, payload: bytes) -> tuple[list[MaskedPicture], VideoFormat | None]:
        try:
            async with asyncio.timeout(self._policy.reply_timeout_s):
                await self._child.send(kind, payload)
                return decode_pictures((await self._child.receive()).payload)
        except (TimeoutError, MaskWireError, UnavailableError) as exc:
            self._child.kill()
            reason = getattr(exc, "message", "") or f"it was silent for {self._policy.reply_timeout_s:.0f} s"
            raise MaskerLostError(f"the process that hides parts of this stream is gone: {reason}") from exc


class MaskNursery:
    """Starts masking children, a bounded number at a time. `open` is a `MaskerOpener`, of any thread's event loop."""

    def __init__(self, policy: MaskPolicy | None = None) -> None:
        self._policy = policy or MaskPolicy()
        self._room = threading.BoundedSemaphore(self._policy.most_children)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Masker]:
        """Starts a child and ends it with the context.

        Raises:
            MaskerLostError: too many run, or it does not start.
        """
        if not self._room.acquire(blocking=False):
            most = self._policy.most_children
            raise MaskerLostError(f"{most} streams are being masked already", "Close some of them.")
        try:
            try:
                child = await start_worker(WorkerCommand(CHILD, ("--niceness", str(self._policy.niceness))))
            except UnavailableError as exc:
                raise MaskerLostError("the process that hides parts of streams did not start") from exc
            try:
                yield MaskWorker(child, self._policy)
            finally:
                await child.stop()
        finally:
            self._room.release()
