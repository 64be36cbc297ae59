"""What ingest offers to the node that wires it, and what it wants from there.

The way of a packet is synchronous on purpose. A session parses what one socket read brought and calls its
receiver directly, once per access unit, on the event loop: no task, queue or await per packet. At 60 cameras
of 25 pictures a second an `await` per packet costs more than parsing it (docs/design/ingest.md). So a receiver
must return at once: it buffers within its own bound and hands disk work to a thread. What a receiver raises
ends the session and propagates to whoever runs it: it is never taken for a fault of the camera.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from vedette.camera.counters import StreamCounters
from vedette.core.media import Packet, StreamFormat
from vedette.core.messages import StreamStateChanged


class PacketReceiver(Protocol):
    """Takes what a session delivers. Every method returns at once."""

    def on_format(self, stream_format: StreamFormat) -> None:
        """The stream starts, or starts anew: a new run, everything known before is void."""
        ...

    def on_packet(self, packet: Packet) -> None:
        """One access unit of the current format, in decoding order within its track."""
        ...

    def on_silence(self, silent_s: float) -> None:
        """No packet for `silent_s` although connected. Said about once a second while it lasts."""
        ...


class PacketSession(Protocol):
    """One open connection (or several in a row, when the camera's clock jumps: each is a run)."""

    @property
    def format(self) -> StreamFormat:
        """The format that the first packets have."""
        ...

    async def deliver(self, receiver: PacketReceiver) -> None:
        """Calls the receiver until the stream is lost; starts with `on_format(self.format)`.

        Raises:
            StreamLostError: always, sooner or later: a live stream has no natural end. A file ends with
                `StreamEndedError`.
        """
        ...

    def __aiter__(self) -> AsyncIterator[Packet | StreamFormat]:
        """The same as an iterator, for probes, tests and tools: slower, and a bounded queue lies between.

        `format` is not repeated. When the consumer is slower than the camera, reading from the socket pauses
        (TCP), or packets are dropped and counted as lost (UDP).
        """
        ...


class PacketSource(Protocol):
    """Something that can be connected to, again and again."""

    def open(self) -> AbstractAsyncContextManager[PacketSession]:
        """Connects, logs in and starts the stream; disconnects on exit.

        Raises:
            StreamLostError: on entering, a leaf of `vedette.camera.errors` that says why.
        """
        ...

    @property
    def counters(self) -> StreamCounters:
        """Totals over all sessions of this source."""
        ...


class PacketSink(Protocol):
    """The recorder's end of a stream, given to `StreamService`. Every method returns at once."""

    def write_format(self, stream_format: StreamFormat) -> None: ...

    def write_packet(self, packet: Packet) -> None: ...

    def write_state(self, state: StreamStateChanged) -> None:
        """The stream changed its state; after `offline` the next packet comes only after a new format."""
        ...
