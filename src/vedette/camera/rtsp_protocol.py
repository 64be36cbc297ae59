"""One RTSP connection on asyncio: messages and interleaved packets, told apart in the received bytes.

All connections of a process read into one shared buffer: what a read brought is parsed completely before the
next read happens (the loop is single-threaded), and only an incomplete rest is kept per connection. So 60
cameras cost one buffer, one read call brings as much as the kernel has, and payloads are views into it until
they are joined into an access unit.
"""

import asyncio
import struct
from collections.abc import Callable
from typing import Protocol, cast

from typing_extensions import override

from vedette.camera.errors import CameraError, ClosedByCameraError, GarbageError, NotRtspError
from vedette.camera.rtsp_message import MalformedRtspError, RtspReply, find_message, parse_message

BUFFER_BYTES = 1024 * 1024
MAX_REST_BYTES = 256 * 1024
"""Longest incomplete rest: a message of the largest head and body; an interleaved packet has at most 64 KiB."""
MAX_GARBAGE_BYTES = 64 * 1024
"""Bytes that are neither; some firmwares send a few after an answer."""

_FRAME = struct.Struct(">HH")
_DOLLAR = 0x24


class ReceiveBuffer:
    """The buffer that all connections of one event loop share. Made once by the source factory."""

    def __init__(self, size_bytes: int = BUFFER_BYTES) -> None:
        self.view = memoryview(bytearray(size_bytes))


class ChannelReceiver(Protocol):
    """Takes the frames of one interleaved channel. See `RtpReceiver`."""

    def consume(self, view: memoryview, pos: int, end: int) -> int: ...

    def settle(self) -> None: ...


class RtspProtocol(asyncio.BufferedProtocol):
    """Frames bytes into replies and interleaved packets. `lost` ends with the reason, once."""

    def __init__(self, buffer: ReceiveBuffer, where: str, loop: asyncio.AbstractEventLoop) -> None:
        self.lost: asyncio.Future[None] = loop.create_future()
        self.transport: asyncio.Transport | None = None
        self.on_reply: Callable[[RtspReply], None] | None = None
        self._view = buffer.view
        self._where = where
        self._rest = b""
        self._channels: dict[int, ChannelReceiver] = {}
        self._receivers: tuple[ChannelReceiver, ...] = ()
        self._garbage_bytes = 0
        self._has_spoken = False

    def attach(self, channels: dict[int, ChannelReceiver]) -> None:
        """Tells who takes which interleaved channel. Frames of other channels are skipped."""
        self._channels = channels
        self._receivers = tuple(dict.fromkeys(channels.values()))

    def write(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def fail(self, error: BaseException) -> None:
        """Ends the connection; the first reason counts."""
        if not self.lost.done():
            self.lost.set_exception(error)
            self.lost.exception()  # marks it as seen: it may end while nobody is waiting
        if self.transport is not None:
            self.transport.abort()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one, but not by inheritance

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self._has_spoken and self._rest:
            self.fail(_describe_foreign(self._where, self._rest))
        self.fail(ClosedByCameraError(self._where, "" if exc is None else type(exc).__name__))

    @override
    def eof_received(self) -> None:
        return None

    @override
    def get_buffer(self, sizehint: int) -> memoryview:
        kept = len(self._rest)
        if kept:
            self._view[:kept] = self._rest
        return self._view[kept:]

    @override
    def buffer_updated(self, nbytes: int) -> None:
        end = len(self._rest) + nbytes
        view = self._view
        try:
            pos = self._parse(view, end)
            for receiver in self._receivers:
                receiver.settle()
        except CameraError as error:
            self._rest = b""
            self.fail(error)
            return
        except Exception as error:  # noqa: BLE001 -- re-raised by whoever awaits `lost`: a sink that cannot store
            self._rest = b""
            self.fail(error)
            return
        self._rest = bytes(view[pos:end]) if pos < end else b""
        if len(self._rest) > MAX_REST_BYTES:
            self.fail(GarbageError(self._where, "a message never ends"))

    def _parse(self, view: memoryview, end: int) -> int:
        """Handles everything complete; returns where the incomplete rest begins."""
        pos = 0
        while pos < end:
            if view[pos] == _DOLLAR:
                if end - pos < 4:
                    break
                receiver = self._channels.get(view[pos + 1])
                after = pos if receiver is None else receiver.consume(view, pos, end)
                if after == pos:
                    after = pos + 4 + int.from_bytes(view[pos + 2 : pos + 4], "big")
                    if receiver is not None or after > end:
                        break
            else:
                found = self._parse_text(view, pos, end)
                if found is None:
                    break
                after = found
            pos = after
        return pos

    def _parse_text(self, view: memoryview, pos: int, end: int) -> int | None:
        if not _may_be_message(view, pos, end):
            return self._skip_garbage(view, pos, end)
        try:
            stop = find_message(view, pos, end)
            if stop is None:
                return None
            reply = parse_message(bytes(view[pos:stop]))
        except MalformedRtspError as exc:
            if not self._has_spoken:
                raise _describe_foreign(self._where, bytes(view[pos : min(end, pos + 512)])) from exc
            return self._skip_garbage(view, pos, end)
        if reply.is_http:
            raise NotRtspError(self._where, f"a web page (HTTP {reply.status})")
        self._has_spoken = True
        if self.on_reply is not None:
            self.on_reply(reply)
        return stop

    def _skip_garbage(self, view: memoryview, pos: int, end: int) -> int:
        """Looks for the next place where a message or a frame of a known channel may begin."""
        if not self._has_spoken:
            raise _describe_foreign(self._where, bytes(view[pos : min(end, pos + 512)]))
        window = bytes(view[pos:end])
        places = [window.find(b"RTSP/1.0 ", 1)]
        places += [window.find(bytes((_DOLLAR, channel)), 1) for channel in self._channels]
        skipped = min((place for place in places if place > 0), default=len(window))
        self._garbage_bytes += skipped
        if self._garbage_bytes > MAX_GARBAGE_BYTES:
            raise GarbageError(self._where, "bytes between the packets that mean nothing")
        return pos + skipped


def _may_be_message(view: memoryview, pos: int, end: int) -> bool:
    """A message begins with a capital letter; a short beginning may still become one."""
    head = bytes(view[pos : min(end, pos + 5)])
    return head.isascii() and head.replace(b"/", b"A").replace(b"_", b"A").isalpha() and head.upper() == head


def _describe_foreign(where: str, data: bytes) -> CameraError:
    """Names what answers instead of an RTSP server, as far as its first bytes tell."""
    head = data[:512].lstrip().lower()
    if head.startswith((b"http/", b"<!doctype", b"<html", b"<?xml")):
        return NotRtspError(where, "a web page")
    if head.startswith(b"ssh-"):
        return NotRtspError(where, "an SSH server")
    if data[:1] in {b"\x15", b"\x16"} and data[1:2] == b"\x03":
        return NotRtspError(where, "an encrypted service")
    return GarbageError(where, "its first answer is not RTSP")
