"""Still pictures of recorded moments, as they are or enlarged by super-resolution.

The picture is that which stood at the asked time, in full size, of the better stream that was recorded then; where
nothing was recorded there is none, however near the footage before is. What is hidden from the caller is filled by
the maker, in its jail, before anything else happens to the picture. Reads in threads. Stills are made for the one who
asks and stored nowhere: nothing here can get into a bundle. Design: docs/design/enhance.md.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.footage import FragmentRef
from vedette.core.geometry import Polygon
from vedette.core.media import StreamRole
from vedette.core.privacy import Sight
from vedette.core.time import NS_PER_S, format_utc, ns_to_ticks, ticks_to_ns
from vedette.media.fmp4 import TrackFragment, make_fragment, make_init
from vedette.streaming.download import NoFootageError
from vedette.streaming.ports import FootageReader, StreamDirectory
from vedette.streaming.stored import unpack_fragment
from vedette.streaming.stream_choice import StreamChoice

MAX_FRAGMENTS = 120
MAX_MEDIA_BYTES = 128 << 20
"""From a key frame to the asked moment: two minutes at most, and what a decoder is given at once."""
_STALE_NS = NS_PER_S
"""A picture that ended longer ago was not standing at the asked time. Cameras send one a second at the least."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a picture, in fractions of it."""

    left: float
    top: float
    width: float
    height: float

    def __post_init__(self) -> None:
        inside = 0 <= self.left < 1 and 0 <= self.top < 1 and self.width > 0 and self.height > 0
        if not inside or self.left + self.width > 1 + 1e-6 or self.top + self.height > 1 + 1e-6:
            raise InvalidInputError(
                "the part does not lie in the picture",
                "Give left, top, width and height as fractions of the picture, 0 to 1: crop=0.25,0.5,0.2,0.1",
            )


@dataclass(frozen=True, slots=True)
class StillOrder:
    """How the picture shall be. `scale`: 1 as recorded, 2 enlarged by super-resolution."""

    scale: int = 1
    crop: Crop | None = None


@dataclass(frozen=True, slots=True)
class StillSource:
    """What a still is made of: a JPEG, or an fMP4 that begins with a key frame, and the time from there."""

    media: bytes
    at_90k: int = 0
    masked: Sequence[Polygon] = ()


@dataclass(frozen=True, slots=True)
class MadeStill:
    """A JPEG. `enhanced`: release and weight set that enlarged it, empty for a picture as recorded."""

    jpeg: bytes
    enhanced: str
    at_90k: int


@dataclass(frozen=True, slots=True)
class Still:
    """A still and the time that it shows."""

    made: MadeStill
    captured_at_ns: int


class StillMaker(Protocol):
    """Decodes, masks, cuts and enlarges, in a jail. Implementation: `vedette.node.stills`."""

    async def make(self, source: StillSource, order: StillOrder) -> MadeStill:
        """Makes one picture; one that is enlarged says so in its pixels and in the file.

        Raises:
            InvalidInputError: it cannot be decoded, or the part is too small or too large.
            UnavailableError: no worker can be had now, or it ended.
            TooManyRequestsError: too many wait.
        """
        ...


class StillService:
    """See the module's head."""

    def __init__(self, reader: FootageReader, directory: StreamDirectory, maker: StillMaker) -> None:
        self._reader = reader
        self._directory = directory
        self._maker = maker

    async def make_still(self, sight: Sight, at_ns: int, choice: StreamChoice, order: StillOrder) -> Still:
        """Makes the picture of a recorded moment.

        Raises:
            NotFoundError: no such camera, or nothing is recorded at that time. And as `StillMaker.make`.
        """
        roles = await self._directory.find_roles(sight.camera_id)
        wanted = [role for role in roles if choice is StreamChoice.AUTO or role.value == choice.value]
        found = await asyncio.to_thread(self._find, sight.camera_id, wanted, at_ns)
        media, first_90k = await asyncio.to_thread(self._read, found)
        asked_90k = ns_to_ticks(max(0, at_ns - found[0].start_ns))
        made = await self._maker.make(StillSource(media, asked_90k, sight.masked_parts), order)
        return Still(made, found[0].start_ns + ticks_to_ns(made.at_90k + first_90k))

    async def enhance_picture(self, jpeg: bytes, order: StillOrder) -> MadeStill:
        """Makes a still of a stored picture that the caller may see as it is. Raises as `StillMaker.make`."""
        return await self._maker.make(StillSource(jpeg), order)

    def _find(self, camera_id: str, roles: Sequence[StreamRole], at_ns: int) -> Sequence[FragmentRef]:
        """The fragments from the key frame to the moment, of the first stream that has it."""
        for role in sorted(roles, key=lambda role: role is not StreamRole.MAIN):
            key = self._reader.find_key_fragment(camera_id, role, at_ns)
            if key is None:
                continue
            found = self._reader.find_fragments(camera_id, role, key.start_ns, at_ns + 1, MAX_FRAGMENTS)
            exact = [fragment for fragment in found if fragment.start_ns >= key.start_ns]
            if exact and exact[-1].end_ns + _STALE_NS > at_ns:
                return exact
        raise NoFootageError(f"nothing is recorded at {format_utc(at_ns)}", "Look at the timeline for recorded times.")

    def _read(self, fragments: Sequence[FragmentRef]) -> tuple[bytes, int]:
        """One fMP4 of all the pictures, and how much after its decoding the first is shown."""
        if sum(fragment.size_bytes for fragment in fragments) > MAX_MEDIA_BYTES:
            raise InvalidInputError("the last key frame is too far away to make a picture of this moment")
        shown = self._reader.read_init(fragments[0].segment).format
        stored = [unpack_fragment(one, self._reader.read_fragment(one)) for one in fragments]
        video = [packet for one in stored for packet in one.video]
        if not video:
            raise NotFoundError("there is no picture in this footage", "Choose another time.")
        tracks = [TrackFragment(video, stored[-1].end_90k)]
        fragment = b"".join(make_fragment(1, tracks, 0, video[0].captured_at_ns))
        return make_init(replace(shown, audio=None)) + fragment, video[0].pts_90k - video[0].dts_90k
