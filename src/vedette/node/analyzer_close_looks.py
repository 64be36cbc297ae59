"""Close looks: key frames of a camera's larger stream, for recognising what the analysed stream shows too small.

Detection and tracking go on with the small stream. While a track is there that may be recognised, each key frame of the
large stream is decoded in the same jailed worker, and the objects are looked at where their tracks were at that moment.
Key frames alone: decoding all of the large stream costs many times what analysing the small one does. Design and
figures: docs/design/vision.md, "Close looks".
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from vedette.adapters.feed_client import UnixFeedSource
from vedette.core.detections import Tracks
from vedette.core.errors import InvalidInputError, NotFoundError, UnavailableError
from vedette.core.media import Packet, StreamFormat, StreamRole
from vedette.core.time import NS_PER_S
from vedette.media.feed import FeedPacket
from vedette.node.worker_stream import WorkerStream
from vedette.runtime.clock import Clock
from vedette.runtime.worker import WorkerLostError
from vedette.vision import wire
from vedette.vision.track.interpolation import place_tracks
from vedette.vision.wire import FrameResult
from vedette.vision.worker_link import WorkerLink, WorkerRefusedError

_RECONNECT_S = 2.0
_WANTED_NS = 2 * NS_PER_S
"""After the last picture with a track, key frames are decoded for this long: the next picture may have it again."""
_HISTORY = 64
_NUMBERS_FROM = 1 << 24
"""Numbers of large streams in the worker, above those of the analysed ones."""


@dataclass(frozen=True, slots=True)
class CloseLook:
    """A key frame that the worker keeps, and where the tracks were in it."""

    frame: FrameResult
    at_ns: int
    tracks: Tracks


class CloseLooks:
    """The large stream of one camera. `run` is owned by a TaskGroup.

    Args:
        owner: The camera's number in the worker: what the large stream does wrong counts as the camera's doing.
    """

    def __init__(
        self, owner: int, camera_id: str, role: StreamRole, link: WorkerLink, feed: UnixFeedSource, clock: Clock
    ) -> None:
        self.stream = WorkerStream(_NUMBERS_FROM + owner, link, wire.KEEP, owner=owner)
        self._camera_id, self._role = camera_id, role
        self._feed, self._clock = feed, clock
        self._format: StreamFormat | None = None
        self._history: deque[tuple[int, Tracks]] = deque(maxlen=_HISTORY)
        self._last_track_ns = -_WANTED_NS
        self._ready: deque[tuple[int, FrameResult]] = deque(maxlen=2)
        self._spent_us = 0
        self.decoded = 0
        """Key frames that were decoded."""

    async def run(self) -> None:
        """Runs until cancelled. The recorder being away and a worker dying are normal."""
        while True:
            try:
                async with self._feed.open(self._camera_id, self._role, key_frames_only=True) as items:
                    async for item in items:
                        if isinstance(item, StreamFormat):
                            self._format = item
                        elif isinstance(item, FeedPacket):
                            await self._take(item.packet)
            except (UnavailableError, NotFoundError, WorkerLostError, WorkerRefusedError):
                self.stream.forget()
            except InvalidInputError:  # the worker talks nonsense: it may have been taken over
                self.stream.forget()
                self.stream.link.replace_worker()
            await self._clock.sleep(_RECONNECT_S)

    def note(self, at_ns: int, tracks: Tracks) -> None:
        """What the small stream showed at `at_ns`."""
        self._history.append((at_ns, tracks))
        if len(tracks):
            self._last_track_ns = at_ns

    def take_looks(self) -> Iterator[CloseLook]:
        """Key frames whose moment the small stream has passed, oldest first, each once."""
        while self._ready and self._history and self._ready[0][0] <= self._history[-1][0]:
            at_ns, frame = self._ready.popleft()
            tracks = place_tracks(list(self._history), at_ns)
            if len(tracks):
                yield CloseLook(frame, at_ns, tracks)

    def take_spent_us(self) -> int:
        """Time of the worker that decoding took since the last call."""
        spent_us, self._spent_us = self._spent_us, 0
        return spent_us

    def forget(self) -> None:
        """The scene begins anew: what is kept belongs to no track any more."""
        self._history.clear()
        self._ready.clear()

    async def _take(self, packet: Packet) -> None:
        """Decodes a key frame if something is there to be looked at."""
        if packet.captured_at_ns - self._last_track_ns > _WANTED_NS:
            return
        assert self._format is not None
        await self.stream.open(self._format)
        reply = await self.stream.push(packet)
        self._spent_us += reply.decode_us
        self.decoded += len(reply.results)
        self._ready += [(packet.captured_at_ns, frame) for frame in reply.results]
