"""What streaming needs from others: a live feed, stored footage, and which streams a camera has.

Implementations: `vedette.adapters.feed_client` (the recorder's `/feed`), `vedette.recording.reader`
(volumes, read-only), the gateway's camera store. Design: docs/design/streaming.md.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from vedette.core.footage import FootageGap, FragmentRef, SegmentInit, SegmentRef
from vedette.core.geometry import Polygon
from vedette.core.media import StreamFormat, StreamRole
from vedette.media.feed import FeedDropped, FeedPacket, FeedState

FeedItem = StreamFormat | FeedPacket | FeedState | FeedDropped


class FeedSource(Protocol):
    """Opens the live feed of one stream."""

    def open(self, camera_id: str, role: StreamRole) -> AbstractAsyncContextManager[AsyncIterator[FeedItem]]:
        """Connects, yields items until the feed ends.

        Raises:
            UnavailableError: the recorder does not answer, or went away while reading.
            NotFoundError: the recorder has no such stream.
        """
        ...


class FootageReader(Protocol):
    """Reads stored footage. Synchronous: callers run it in a thread, the calls take a few milliseconds.

    All times are `captured_at` in UTC nanoseconds; ranges are half open. Fragments come in order of start.
    """

    def find_fragments(
        self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int, limit: int
    ) -> Sequence[FragmentRef]:
        """Finds the first `limit` fragments that overlap the range."""
        ...

    def find_key_fragment(self, camera_id: str, role: StreamRole, at_ns: int) -> FragmentRef | None:
        """Finds the last fragment that starts with a key frame at or before `at_ns`."""
        ...

    def read_init(self, segment: SegmentRef) -> SegmentInit:
        """Reads the format and the stored init bytes of a segment.

        Raises:
            NotFoundError: the segment was deleted meanwhile.
            StorageError: the file cannot be read or is damaged.
        """
        ...

    def read_fragment(self, fragment: FragmentRef) -> bytes:
        """Reads one stored fragment (`moof` + `mdat`). Raises as `read_init`."""
        ...

    def read_key_picture(self, fragment: FragmentRef, media_90k: int = 0) -> bytes:
        """Reads the key frame that a fragment begins with, as a fragment of one sample that decodes at `media_90k`.

        Raises as `read_init`.
        """
        ...

    def find_gaps(self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> Sequence[FootageGap]:
        """Finds the stretches without footage, with their reasons."""
        ...


class StreamDirectory(Protocol):
    """Knows which streams a camera has."""

    async def find_roles(self, camera_id: str) -> tuple[StreamRole, ...]:
        """Returns the roles configured for a camera.

        Raises:
            NotFoundError: no such camera, or the caller may not know of it.
        """
        ...


class Thumbnailer(Protocol):
    """Turns one key frame into a JPEG outside this process (a decoder touches a camera's bytes)."""

    async def render_jpeg(self, media: bytes, width_px: int, masked: Sequence[Polygon] = ()) -> bytes:
        """Renders one fMP4 init segment with one key frame; nothing is left of the `masked` parts.

        Raises:
            UnavailableError: no decoder answers now.
            StorageError: the picture cannot be decoded.
        """
        ...
