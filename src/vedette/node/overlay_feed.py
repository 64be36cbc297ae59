"""The overlay of live pictures: what is seen of each camera, for whoever watches now. Nothing of it is kept."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

from vedette.core.detections import CLASS_NAMES, Tracks

_QUEUE = 8
"""Messages that wait for one viewer; older ones are dropped, a box of the past helps nobody."""

Message = dict[str, object]
ShowTracks = Callable[[str, Message], None]


class OverlayFeed:
    """Hands each camera's messages to its viewers."""

    def __init__(self) -> None:
        self._viewers: dict[str, set[asyncio.Queue[Message]]] = {}

    @contextlib.contextmanager
    def watch(self, camera_id: str) -> Iterator[asyncio.Queue[Message]]:
        """A queue of one camera's messages, while the context is open."""
        queue: asyncio.Queue[Message] = asyncio.Queue(_QUEUE)
        self._viewers.setdefault(camera_id, set()).add(queue)
        try:
            yield queue
        finally:
            self._viewers[camera_id].discard(queue)

    def show(self, camera_id: str, message: Message) -> None:
        """Shows it to all who watch this camera."""
        for queue in self._viewers.get(camera_id, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(message)


def make_overlay(at_ns: int, tracks: Tracks, motion: float) -> Message:
    """The message of `WS /tracks` (docs/design/contracts.md)."""
    return {
        "captured_at_ns": at_ns,
        "tracks": [
            {
                "id": int(tracks.track_id[row]),
                "class": CLASS_NAMES[int(tracks.class_id[row])],
                "confidence": round(float(tracks.confidence[row]), 3),
                "box": [round(float(value), 4) for value in tracks.boxes_norm_xyxy[row]],
            }
            for row in range(len(tracks))
        ],
        "motion": round(motion, 5),
    }
