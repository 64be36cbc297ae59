"""When each numbered frame arrived at the recorder: a reader of its feed that knows the clip.

Frames are told apart by their bytes: the recorder hands payloads on as the clip holds them.
"""

import asyncio
import threading
from bisect import bisect_right
from collections import defaultdict
from hashlib import blake2b
from pathlib import Path

from vedette.adapters.feed_client import UnixFeedSource
from vedette.core.errors import NotFoundError, UnavailableError
from vedette.core.media import StreamRole
from vedette.core.time import NS_PER_MS
from vedette.media.demux import FileReader
from vedette.media.feed import FeedPacket


class ArrivalObserver:
    """Runs in a thread of its own; `latencies_ms` may be asked at any time."""

    def __init__(self, socket_path: Path, camera_id: str, clip: Path) -> None:
        with FileReader(clip) as reader:
            video = [packet for packet in reader.packets() if not packet.is_audio]
        self._numbers = {_digest(packet.data): number for number, packet in enumerate(video)}
        self._arrivals_ms: dict[int, list[float]] = defaultdict(list)
        self._source = UnixFeedSource(socket_path)
        self._camera_id = camera_id
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def latencies_ms(self, shown: list[tuple[int, float]]) -> list[float]:
        """Time from arrival to display of each (number, display UTC ms); frames nobody saw arrive are left out."""
        result = []
        for number, shown_ms in shown:
            arrivals = self._arrivals_ms.get(number, [])
            index = bisect_right(arrivals, shown_ms) - 1
            if index >= 0 and shown_ms - arrivals[index] < 10_000:
                result.append(shown_ms - arrivals[index])
        return result

    async def _run(self) -> None:
        while True:
            try:
                async with self._source.open(self._camera_id, StreamRole.MAIN) as items:
                    async for item in items:
                        if isinstance(item, FeedPacket) and not item.packet.is_audio:
                            number = self._numbers.get(_digest(item.packet.data))
                            if number is not None and not item.is_cached:
                                self._arrivals_ms[number].append(item.packet.received_at_ns / NS_PER_MS)
            except (UnavailableError, NotFoundError):
                await asyncio.sleep(0.2)


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=8).digest()
