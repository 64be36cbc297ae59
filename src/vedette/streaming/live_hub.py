"""Runs one fan-out per watched stream, and ends it a few seconds after its last viewer has left."""

import asyncio

from vedette.core.errors import UnavailableError
from vedette.core.media import StreamRole
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger
from vedette.streaming.fanout import FanoutViewer, StreamFanout
from vedette.streaming.ports import FeedSource
from vedette.streaming.sound import EncoderFactory

LINGER_S = 5.0
"""A page that is reloaded or a layout that changes comes back within this; the GOP cache is then still warm."""

RETRY_S = 5.0

Key = tuple[str, StreamRole]


_log = get_logger("streaming")


class LiveHub:
    """Owned by the gateway: `run` for as long as the process serves."""

    def __init__(self, source: FeedSource, clock: Clock, open_encoder: EncoderFactory) -> None:
        self._source = source
        self._clock = clock
        self._open_encoder = open_encoder
        self._fanouts: dict[Key, StreamFanout] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Owns the fan-outs' tasks until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await asyncio.get_running_loop().create_future()  # until cancelled
            finally:
                self._group = None

    @property
    def watched(self) -> dict[Key, int]:
        """Viewers per stream that has a feed open."""
        return {key: fanout.viewer_count for key, fanout in self._fanouts.items()}

    def join(self, camera_id: str, role: StreamRole, viewer: FanoutViewer) -> None:
        """Adds a viewer; the first one opens the feed.

        Raises:
            UnavailableError: the gateway is stopping.
        """
        if self._group is None:
            raise UnavailableError("live view is stopping", "Try again in a moment.")
        key = (camera_id, role)
        fanout = self._fanouts.get(key)
        if fanout is None:
            fanout = StreamFanout(camera_id, role, self._source, self._clock, self._open_encoder)
            self._fanouts[key] = fanout
            self._tasks[key] = self._group.create_task(self._supervise(fanout), name=f"fanout {camera_id} {role}")
        fanout.join(viewer)

    def leave(self, camera_id: str, role: StreamRole, viewer: FanoutViewer) -> None:
        """Removes a viewer; the last one starts the linger time."""
        key = (camera_id, role)
        fanout = self._fanouts.get(key)
        if fanout is None:
            return
        fanout.leave(viewer)
        if fanout.viewer_count == 0 and self._group is not None:
            self._group.create_task(self._close_when_idle(key, fanout), name=f"linger {camera_id} {role}")

    def restart(self, camera_id: str, role: StreamRole, viewer: FanoutViewer) -> None:
        """Gives a viewer the beginning again, when its stream is open."""
        fanout = self._fanouts.get((camera_id, role))
        if fanout is not None:
            fanout.restart(viewer)

    def drop(self, camera_id: str) -> None:
        """Ends the feeds of a camera at once, whoever watches: what they show may not be shown any more."""
        for key in [key for key in self._fanouts if key[0] == camera_id]:
            del self._fanouts[key]
            self._tasks.pop(key).cancel()

    async def _supervise(self, fanout: StreamFanout) -> None:
        """A mistake of ours in one stream must not end the others: it is logged, told, and the stream tried again."""
        while True:
            try:
                await fanout.run()
            except Exception:  # noqa: BLE001 -- the supervisor of streams: logged with its trace, told to viewers
                _log.exception("live stream failed")
                fanout.fail()
            await self._clock.sleep(RETRY_S)

    async def _close_when_idle(self, key: Key, fanout: StreamFanout) -> None:
        await self._clock.sleep(LINGER_S)
        if fanout.viewer_count == 0 and self._fanouts.get(key) is fanout:
            del self._fanouts[key]
            self._tasks.pop(key).cancel()
