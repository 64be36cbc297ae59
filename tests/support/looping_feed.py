"""A feed that plays a file in a loop in real time, as the recorder would: format, state, cached GOP, live packets."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from vedette.core.errors import NotFoundError
from vedette.core.media import Packet, StreamRole
from vedette.core.time import NS_PER_S, ticks_to_ns
from vedette.media.demux import FileReader
from vedette.media.feed import FeedPacket, FeedState
from vedette.runtime.clock import SystemClock
from vedette.streaming.ports import FeedItem


class LoopingFeed:
    """One clip per stream role, the same for every camera."""

    def __init__(self, clips: dict[StreamRole, Path]) -> None:
        self._clock = SystemClock()
        self._start_ns = self._clock.utc_ns()
        self._clips = {role: _read(path) for role, path in clips.items()}

    @contextlib.asynccontextmanager
    async def open(self, camera_id: str, role: StreamRole) -> AsyncIterator[AsyncIterator[FeedItem]]:
        if role not in self._clips:
            raise NotFoundError(f"no {role} stream")
        yield self._items(role)

    async def _items(self, role: StreamRole) -> AsyncIterator[FeedItem]:
        stream_format, packets, loop_90k = self._clips[role]
        yield FeedState("online", "", "", "", self._clock.utc_ns())
        yield stream_format
        elapsed_90k = (self._clock.utc_ns() - self._start_ns) * 9 // 100_000
        loops, inside_90k = divmod(elapsed_90k, loop_90k)
        index = max(
            (
                i
                for i, packet in enumerate(packets)
                if packet.is_key and not packet.is_audio and packet.dts_90k <= inside_90k
            ),
            default=0,
        )
        while True:
            packet = packets[index]
            due_90k = loops * loop_90k + packet.dts_90k
            due_ns = self._start_ns + ticks_to_ns(due_90k)
            wait_s = (due_ns - self._clock.utc_ns()) / NS_PER_S
            if wait_s > 0:
                await self._clock.sleep(wait_s)
            now_ns = self._clock.utc_ns()
            shift_90k = loops * loop_90k
            moved = msgspec.structs.replace(
                packet,
                pts_90k=packet.pts_90k + shift_90k,
                dts_90k=due_90k,
                captured_at_ns=due_ns,
                received_at_ns=max(due_ns, now_ns) if wait_s > 0 else due_ns,
                sequence=loops * len(packets) + index,
            )
            yield FeedPacket(moved, is_cached=wait_s < -1)
            index += 1
            if index == len(packets):
                index, loops = 0, loops + 1


def _read(path: Path):
    with FileReader(path, "loop") as reader:
        packets: list[Packet] = list(reader.packets())
    video = [packet for packet in packets if not packet.is_audio]
    step_90k = video[1].dts_90k - video[0].dts_90k
    loop_90k = video[-1].dts_90k + step_90k
    return reader.format, [packet for packet in packets if packet.dts_90k < loop_90k], loop_90k
