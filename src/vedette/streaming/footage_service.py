"""Footage for foreign players: HLS, downloads and thumbnails. Reads in threads, decides in the pure modules."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.footage import FragmentRef
from vedette.core.media import Packet, StreamFormat, StreamRole
from vedette.core.privacy import Sight, WholeCamera
from vedette.core.time import NS_PER_S, format_utc
from vedette.media.fmp4 import make_init
from vedette.streaming.download import NoFootageError, Selection, select
from vedette.streaming.export_job import ExportFormat
from vedette.streaming.export_marks import Notes
from vedette.streaming.footage_walk import find_start
from vedette.streaming.hls import HlsPart, continues, cut_parts, make_part, make_playlist
from vedette.streaming.hls_sound import HlsSound
from vedette.streaming.mask_worker import MaskerOpener
from vedette.streaming.masked_footage import MaskedFootage
from vedette.streaming.masked_parts import MaskedParts
from vedette.streaming.masked_stream import stream_masked_mkv, stream_masked_mp4
from vedette.streaming.mkv_download import WriterFactory, stream_mkv
from vedette.streaming.mp4_download import Mp4Download, plan_download
from vedette.streaming.ports import FootageReader, StreamDirectory, Thumbnailer
from vedette.streaming.sound import EncoderFactory
from vedette.streaming.stored import StoredPackets, unpack_fragment
from vedette.streaming.stream_choice import StreamChoice, choose_stream

MAX_PLAYLIST_S = 24 * 3600
MAX_PART_FRAGMENTS = 600
MAX_MASKED_FRAGMENTS = 120
"""Two minutes: of cameras that send key frames that seldom, a part takes a minute to mask."""
_MOST_FRAGMENTS = 400_000


@dataclass(frozen=True, slots=True)
class Mp4File:
    selection: Selection
    download: Mp4Download


@dataclass(frozen=True, slots=True)
class MkvFile:
    selection: Selection
    blocks: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class MaskedFile:
    """`blocks` may be read once; see `vedette.streaming.masked_stream`."""

    selection: Selection
    blocks: AsyncGenerator[bytes]


class RoleFinder:
    """Finds which stream of a camera goes out."""

    def __init__(self, reader: FootageReader, directory: StreamDirectory) -> None:
        self._reader = reader
        self._directory = directory

    async def find_role(self, camera_id: str, choice: StreamChoice, from_ns: int, to_ns: int) -> StreamRole:
        """The asked stream if anything of it is recorded in the range; `auto` is the better picture here.

        Raises:
            NoFootageError: there is nothing of any stream.
        """
        roles = await self._directory.find_roles(camera_id)
        wanted = StreamChoice.MAIN if choice is StreamChoice.AUTO else choice
        refused: frozenset[StreamRole] = frozenset()
        while (role := choose_stream(wanted, roles, refused)) is not None:
            if await asyncio.to_thread(self._reader.find_fragments, camera_id, role, from_ns, to_ns, 1):
                return role
            refused |= {role}
        raise NoFootageError(
            f"nothing is recorded between {format_utc(from_ns)} and {format_utc(to_ns)}",
            "Look at the timeline for recorded times.",
        )


class FootageService:
    """See the module's head. Every method raises NotFoundError for an unknown camera or where nothing is recorded."""

    def __init__(
        self,
        reader: FootageReader,
        directory: StreamDirectory,
        open_encoder: EncoderFactory,
        open_writer: WriterFactory,
        thumbnailer: Thumbnailer,
        open_masker: MaskerOpener,
    ) -> None:
        self._reader = reader
        self._directory = directory
        self._open_encoder = open_encoder
        self._open_writer = open_writer
        self._thumbnailer = thumbnailer
        self._open_masker = open_masker
        self._masked_parts = MaskedParts(open_masker)
        self._sound = HlsSound(reader, open_encoder)
        self._roles = RoleFinder(reader, directory)

    async def make_playlist(self, sight: Sight, choice: StreamChoice, from_ns: int, to_ns: int) -> str:
        """Makes the HLS playlist of a range; its addresses deliver what the caller may see when they are asked."""
        if to_ns - from_ns > MAX_PLAYLIST_S * NS_PER_S:
            raise InvalidInputError("a playlist holds at most 24 hours", "Ask for a shorter range.")
        role = await self._roles.find_role(sight.camera_id, choice, from_ns, to_ns)
        return await asyncio.to_thread(self._make_playlist, sight.camera_id, role, from_ns, to_ns)

    async def make_init(self, sight: Sight, role: StreamRole, at_ns: int) -> bytes:
        """Makes the init segment that the playlist names."""
        await self._directory.find_roles(sight.camera_id)
        if not sight.masked:
            return await asyncio.to_thread(self._make_init, sight.whole(), role, at_ns)
        found, first = await asyncio.to_thread(self._read_first, sight.camera_id, role, at_ns)
        return await self._masked_parts.make_init(sight, (role, at_ns), found, first)

    async def make_part(self, sight: Sight, role: StreamRole, start_ns: int, end_ns: int) -> bytes:
        """Makes one media segment of the playlist."""
        await self._directory.find_roles(sight.camera_id)
        if not sight.masked:
            return await asyncio.to_thread(self._make_part, sight.whole(), role, start_ns, end_ns)
        packets, found = await asyncio.to_thread(self._read, sight.camera_id, role, start_ns, end_ns)
        if len(packets) > MAX_MASKED_FRAGMENTS:
            raise InvalidInputError("this part is too long to be masked", "Order an export.")
        return await self._masked_parts.make_part(sight, (role, start_ns, end_ns), _number(start_ns), packets, found)

    async def plan_mp4(
        self, camera: WholeCamera, choice: StreamChoice, from_ns: int, to_ns: int, notes: Notes
    ) -> Mp4File:
        """Plans an MP4 download."""
        role = await self._roles.find_role(camera.camera_id, choice, from_ns, to_ns)

        def plan() -> Mp4File:
            selection = select(self._reader, camera.camera_id, role, from_ns, to_ns)
            return Mp4File(selection, plan_download(self._reader, selection, self._open_encoder, notes))

        return await asyncio.to_thread(plan)

    async def plan_mkv(
        self, camera: WholeCamera, choice: StreamChoice, from_ns: int, to_ns: int, notes: Notes
    ) -> MkvFile:
        """Plans a Matroska download."""
        role = await self._roles.find_role(camera.camera_id, choice, from_ns, to_ns)
        selection = await asyncio.to_thread(select, self._reader, camera.camera_id, role, from_ns, to_ns)
        return MkvFile(selection, stream_mkv(self._reader, selection, self._open_encoder, self._open_writer, notes))

    async def plan_masked(
        self, sight: Sight, choice: StreamChoice, from_ns: int, to_ns: int, kind: ExportFormat, notes: Notes
    ) -> MaskedFile:
        """Plans a download with hidden parts."""
        role = await self._roles.find_role(sight.camera_id, choice, from_ns, to_ns)

        def plan() -> MaskedFootage:
            selection = select(self._reader, sight.camera_id, role, from_ns, to_ns)
            return MaskedFootage(self._reader, selection, sight.masked, self._open_encoder, self._open_masker)

        footage = await asyncio.to_thread(plan)
        if kind is ExportFormat.MP4:
            return MaskedFile(footage.selection, stream_masked_mp4(footage, notes))
        return MaskedFile(footage.selection, stream_masked_mkv(footage, self._open_writer, notes))

    async def make_thumbnail(self, sight: Sight, at_ns: int, width_px: int) -> bytes:
        """Makes a JPEG of the nearest key frame at or before a time; small pictures come from the sub stream.

        Raises:
            UnavailableError: no decoder answers now.
        """
        roles = await self._directory.find_roles(sight.camera_id)
        found = await asyncio.to_thread(self._read_key_picture, sight.camera_id, roles, at_ns)
        return await self._thumbnailer.render_jpeg(found, width_px, sight.masked_parts)

    def _make_playlist(self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> str:
        start = find_start(self._reader, camera_id, role, from_ns)
        if start is None:
            raise NoFootageError("nothing is recorded there any more", "Look at the timeline for recorded times.")
        found = self._reader.find_fragments(camera_id, role, start.first.start_ns, to_ns, _MOST_FRAGMENTS)
        parts = cut_parts([fragment for fragment in found if fragment.start_ns >= start.first.start_ns])
        return make_playlist(parts, self._find_formats(parts), role.value, max(from_ns, start.first.start_ns))

    def _find_formats(self, parts: list[HlsPart]) -> list[StreamFormat]:
        known: dict[str, StreamFormat] = {}
        for part in parts:
            segment = part.fragments[0].segment
            if segment.segment_id not in known:
                known[segment.segment_id] = self._reader.read_init(segment).format
        return [known[part.fragments[0].segment.segment_id] for part in parts]

    def _make_init(self, camera: WholeCamera, role: StreamRole, at_ns: int) -> bytes:
        fragment = self._find_exactly(camera.camera_id, role, at_ns, at_ns + 1)[0]
        return make_init(self._sound.find_format(self._reader.read_init(fragment.segment).format))

    def _read_first(self, camera_id: str, role: StreamRole, at_ns: int) -> tuple[StreamFormat, Packet]:
        fragment = self._find_exactly(camera_id, role, at_ns, at_ns + 1)[0]
        found = self._sound.find_format(self._reader.read_init(fragment.segment).format)
        return found, unpack_fragment(fragment, self._reader.read_fragment(fragment)).video[0]

    def _make_part(self, camera: WholeCamera, role: StreamRole, start_ns: int, end_ns: int) -> bytes:
        packets, found = self._read(camera.camera_id, role, start_ns, end_ns)
        return make_part(_number(start_ns), packets, found)

    def _read(
        self, camera_id: str, role: StreamRole, start_ns: int, end_ns: int
    ) -> tuple[list[StoredPackets], StreamFormat]:
        fragments = self._find_exactly(camera_id, role, start_ns, end_ns)
        packets = [unpack_fragment(fragment, self._reader.read_fragment(fragment)) for fragment in fragments]
        return self._sound.carry(fragments, packets, self._reader.read_init(fragments[0].segment).format)

    def _find_exactly(self, camera_id: str, role: StreamRole, start_ns: int, end_ns: int) -> list[FragmentRef]:
        found = self._reader.find_fragments(camera_id, role, start_ns, end_ns, MAX_PART_FRAGMENTS)
        exact = [fragment for fragment in found if start_ns <= fragment.start_ns < end_ns]
        if not exact:
            raise NotFoundError("this part of the footage is not there (any more)", "Load the playlist again.")
        if not all(continues(before, after) for before, after in pairwise(exact)):
            # Times of several runs mean nothing to each other: what was made of them would not play.
            raise NotFoundError("footage is missing inside this part", "Load the playlist again.")
        return exact

    def _read_key_picture(self, camera_id: str, roles: tuple[StreamRole, ...], at_ns: int) -> bytes:
        found = [
            fragment
            for role in roles
            if (fragment := self._reader.find_key_fragment(camera_id, role, at_ns)) is not None
        ]
        if not found:
            raise NoFootageError(f"nothing is recorded at or before {format_utc(at_ns)}")
        # The sub stream is smaller to decode; but not when its picture is from another time.
        newest_ns = max(fragment.start_ns for fragment in found)
        near = [fragment for fragment in found if newest_ns - fragment.start_ns < 5 * NS_PER_S]
        best = next((fragment for fragment in near if fragment.segment.role is StreamRole.SUB), near[0])
        shown = self._reader.read_init(best.segment).format
        return make_init(replace(shown, audio=None)) + self._reader.read_key_picture(best)


def _number(start_ns: int) -> int:
    """Of the part that begins then, for `mfhd`: grows within a playlist."""
    return 1 + start_ns // NS_PER_S % (1 << 31)
