"""Keeps one stream of one camera running: connects, delivers, tells every change of state once, tries again.

States (`StreamState`): `connecting` until the first packet, `online`, `stalled` while connected without packets,
`offline` with the reason between attempts. A state is told when it or its reason changes, not once per attempt:
a camera that is off for a week is one message.
"""

from vedette.camera.backoff import Backoff
from vedette.camera.counters import StreamCounters
from vedette.camera.errors import CameraError
from vedette.camera.ports import PacketSink, PacketSource
from vedette.core.errors import StreamLostError
from vedette.core.media import Packet, StreamFormat, StreamRole, StreamState
from vedette.core.messages import StreamStateChanged
from vedette.runtime.bus import Publisher
from vedette.runtime.clock import Clock


class StreamService:
    """Runs one stream. Owned by a TaskGroup in `vedette.node`; stop it by cancelling `run`.

    It is itself the receiver that the session calls (`PacketReceiver`): one plain call per packet.

    Args:
        source: From `vedette.camera.factory.SourceFactory`.
        sink: The recorder. What it raises ends `run`: it is not the camera's fault and never retried here.
        publisher: Gets `StreamStateChanged`.
    """

    def __init__(
        self,
        camera_id: str,
        role: StreamRole,
        source: PacketSource,
        sink: PacketSink,
        publisher: Publisher,
        clock: Clock,
        backoff: Backoff,
    ) -> None:
        self._camera_id = camera_id
        self._role = role
        self._source = source
        self._sink = sink
        self._publisher = publisher
        self._clock = clock
        self._backoff = backoff
        self._failures = 0
        self._last: StreamStateChanged | None = None
        self._is_online = False

    @property
    def state(self) -> StreamStateChanged | None:
        """The last state told, None before `run`."""
        return self._last

    @property
    def counters(self) -> StreamCounters:
        return self._source.counters

    async def run(self) -> None:
        """Streams until cancelled. Only StreamLostError is retried; anything else propagates."""
        self._enter(StreamState.CONNECTING)
        while True:
            error = await self._stream_once()
            self._failures += 1
            self._enter(StreamState.OFFLINE, error.code, error.message, error.hint)
            least_s = error.least_delay_s if isinstance(error, CameraError) else 0.0
            await self._clock.sleep(self._backoff.delay_s(self._failures, least_s))

    async def _stream_once(self) -> StreamLostError:
        try:
            async with self._source.open() as session:
                await session.deliver(self)
        except StreamLostError as error:
            return error
        return StreamLostError("The stream ended.")  # a live stream has no natural end

    def on_format(self, stream_format: StreamFormat) -> None:
        self._sink.write_format(stream_format)

    def on_packet(self, packet: Packet) -> None:
        if not self._is_online:
            self._failures = 0  # a camera that connects but sends nothing is down
            self._enter(StreamState.ONLINE)
        self._sink.write_packet(packet)

    def on_silence(self, silent_s: float) -> None:  # noqa: ARG002 -- the seconds grow, the state is told once
        self._enter(
            StreamState.STALLED,
            "no_video",
            "The camera is connected but sends no video.",
            "If it lasts, the connection is made anew by itself.",
        )

    def _enter(self, state: StreamState, code: str = "", reason: str = "", hint: str = "") -> None:
        last = self._last
        if last is not None and (last.state, last.code) == (state, code):
            return
        told = StreamStateChanged(self._camera_id, self._role, state, code, reason, hint, self._clock.utc_ns())
        self._last = told
        self._is_online = state is StreamState.ONLINE
        self._publisher.publish_nowait(told)
        self._sink.write_state(told)
