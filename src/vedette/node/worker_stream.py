"""A stream in a jailed worker: opened anew with each worker, run and format, pushed to, and asked for its pictures."""

from collections.abc import Sequence

from vedette.core.media import Packet, StreamFormat, VideoFormat
from vedette.core.motion import MotionSettings
from vedette.vision import wire
from vedette.vision.wire import FrameResult, Kind, Overlay
from vedette.vision.worker_link import WorkerLink, WorkerRefusedError

_SNAPSHOT_WIDTH_PX = 1280
_OBJECT_PX = 320
"""Longer side of the picture of a seen object."""
_AS_IT_IS = MotionSettings()


class WorkerStream:
    """One stream in the worker of a link. Whatever is asked raises as `WorkerLink.request` does.

    Args:
        number: The stream's in the worker.
        detector: As in `wire.OpenStream`.
        owner: Number of the stream whose doing it is what this one does wrong; None: its own.
    """

    def __init__(
        self, number: int, link: WorkerLink, detector: str, classes: Sequence[str] = (), owner: int | None = None
    ) -> None:
        self.number, self.link = number, link
        self._detector, self._classes = detector, list(classes)
        self._owner = number if owner is None else owner
        self._opened: tuple[int, str, VideoFormat] | None = None
        self._motion = _AS_IT_IS
        self._rate = (0.0, 0)

    async def open(
        self, stream_format: StreamFormat, fps: float = 1.0, tiles: int = 0, motion: MotionSettings = _AS_IT_IS
    ) -> None:
        """Opens it when the worker, the run or the format is new; else tells what changed."""
        video = stream_format.video
        wanted = (await self.link.wait_up(), stream_format.run_id, video)
        if wanted == self._opened:
            await self._tell_changes((fps, tiles), motion)
            return
        size, parameter_sets = (video.width, video.height), list(video.parameter_sets)
        setup = wire.OpenStream(
            self.number, video.codec, *size, parameter_sets, self._detector, self._classes, fps, motion, tiles
        )
        await self._request(Kind.OPEN, wire.encode(setup))
        self._opened, self._rate, self._motion = wanted, (fps, tiles), motion

    async def _tell_changes(self, rate: tuple[float, int], motion: MotionSettings) -> None:
        if motion != self._motion:
            await self._request(Kind.TUNE, wire.encode(wire.TuneStream(self.number, motion)))
            self._motion = motion
        if rate != self._rate:
            self._rate = rate
            await self._request(Kind.RATE, wire.encode(wire.SetRate(self.number, *rate)))

    def forget(self) -> None:
        """It is to be opened anew: nobody knows what the worker still has of it."""
        self._opened = None

    async def push(self, packet: Packet, *, is_reset: bool = False, decode_only: bool = False) -> wire.PacketReply:
        """Decodes a packet and, unless it is only to be decoded, analyses its pictures."""
        message = wire.PacketMessage(self.number, packet.pts_90k, packet.data, packet.is_key, is_reset, decode_only)
        return wire.decode_reply(await self._request(Kind.PACKET, wire.encode_packet(message)))

    async def describe(self, request: wire.DescribeRequest) -> bytes:
        """What recognizers say of objects in a picture that the worker keeps; of any stream of the same owner."""
        return await self._request(Kind.DESCRIBE, wire.encode(request))

    async def draw(self, frame: FrameResult, overlays: list[Overlay]) -> bytes:
        """A picture that the worker keeps, as JPEG with boxes drawn into it."""
        request = wire.SnapshotRequest(self.number, frame.pts_90k, _SNAPSHOT_WIDTH_PX, overlays)
        return wire.check_jpeg(await self._request(Kind.SNAPSHOT, wire.encode(request)))

    async def crop(self, frame: FrameResult, part: tuple[float, float, float, float]) -> bytes:
        """A small JPEG of a part of such a picture; empty when it is gone already: a better moment may come."""
        request = wire.SnapshotRequest(self.number, frame.pts_90k, _OBJECT_PX, [], part)
        try:
            return wire.check_jpeg(await self._request(Kind.SNAPSHOT, wire.encode(request)))
        except WorkerRefusedError:
            return b""

    async def close(self) -> None:
        """The worker forgets it."""
        await self._request(Kind.CLOSE, self.number.to_bytes(4, "big"))

    async def _request(self, kind: Kind, payload: bytes) -> bytes:
        return await self.link.request(self._owner, kind, payload)
