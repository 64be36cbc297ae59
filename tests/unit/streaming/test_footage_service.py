"""Playlists, parts and thumbnails from stored footage, and what is said when there is none."""

from pathlib import Path

import pytest

from tests.support.footage import FORMAT, MemoryFootage, as_run
from tests.support.media import START_NS, make_packets
from tests.support.streaming import CountingEncoder, ListedStreams
from vedette.adapters.thumbnail_client import UnixThumbnailer
from vedette.core.errors import InvalidInputError, NotFoundError, UnavailableError
from vedette.core.media import StreamRole
from vedette.core.privacy import Sight
from vedette.core.time import NS_PER_S
from vedette.media.fmp4 import parse_fragment, parse_init
from vedette.streaming.download import NoFootageError
from vedette.streaming.footage_service import FootageService
from vedette.streaming.mask_worker import MaskNursery
from vedette.streaming.stream_choice import StreamChoice

S = NS_PER_S
MAIN, SUB = StreamRole.MAIN, StreamRole.SUB


class KeptThumbnailer:
    """Keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, int]] = []

    async def render_jpeg(self, media: bytes, width_px: int, masked=()) -> bytes:
        self.asked.append((media, width_px))
        self.masked = masked
        return b"jpeg"


def make_service(footage: MemoryFootage, thumbnailer=None) -> FootageService:
    return FootageService(
        footage,
        ListedStreams("cam", MAIN, SUB),
        CountingEncoder,
        lambda *_: None,
        thumbnailer or KeptThumbnailer(),
        MaskNursery().open,
    )


def make_footage(seconds: int = 12, *roles: StreamRole) -> MemoryFootage:
    footage = MemoryFootage("cam")
    for role in roles or (MAIN,):
        footage.add_segment(make_packets(seconds * 25), role=role)
    return footage


async def test_every_address_of_the_playlist_delivers() -> None:
    service = make_service(make_footage())
    text = await service.make_playlist(Sight("cam"), StreamChoice.AUTO, START_NS + S, START_NS + 9 * S)
    names = [line for line in text.splitlines() if line.startswith("footage/")]
    assert len(names) == 3
    end = None
    for name in names:
        start_ns, end_ns = map(int, name.removesuffix(".m4s").rpartition("/")[2].split("-"))
        track = parse_fragment(await service.make_part(Sight("cam"), MAIN, start_ns, end_ns)).video
        assert end in {None, track.decode_90k}
        end = track.decode_90k + sum(track.durations_90k)
    (at_ns,) = [int(line.split("/")[2]) for line in text.splitlines() if line.startswith("#EXT-X-MAP")]
    assert parse_init(await service.make_init(Sight("cam"), MAIN, at_ns)).format.video == FORMAT.video


async def test_auto_prefers_the_main_stream_and_takes_what_is_recorded() -> None:
    wanted = (StreamChoice.AUTO, START_NS, START_NS + 4 * S)
    assert "footage/main/" in await make_service(make_footage(4, MAIN, SUB)).make_playlist(Sight("cam"), *wanted)
    assert "footage/sub/" in await make_service(make_footage(4, SUB)).make_playlist(Sight("cam"), *wanted)


async def test_nothing_recorded_and_unknown_camera_are_not_found() -> None:
    service = make_service(make_footage())
    with pytest.raises(NoFootageError):
        await service.make_playlist(Sight("cam"), StreamChoice.AUTO, START_NS - 90 * S, START_NS - 80 * S)
    with pytest.raises(NotFoundError):
        await service.make_playlist(Sight("other"), StreamChoice.AUTO, START_NS, START_NS + S)
    with pytest.raises(NotFoundError):
        await service.make_part(Sight("cam"), MAIN, START_NS + 1, START_NS + 2)
    with pytest.raises(NoFootageError):
        await service.make_thumbnail(Sight("cam"), START_NS - 1, 320)


async def test_playlist_longer_than_a_day_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        await make_service(make_footage()).make_playlist(Sight("cam"), StreamChoice.AUTO, 0, 25 * 3600 * S)


async def test_thumbnail_is_the_key_frame_before_and_nothing_more() -> None:
    thumbnailer = KeptThumbnailer()
    footage = make_footage(12, MAIN, SUB)
    assert await make_service(footage, thumbnailer).make_thumbnail(Sight("cam"), START_NS + 5 * S, 200) == b"jpeg"
    ((media, width_px),) = thumbnailer.asked
    assert width_px == 200
    track = parse_fragment(media[parse_init(media).size_bytes :]).video
    assert len(track.sizes_bytes) == 1
    assert media.endswith(make_packets(101)[100].data)  # second 4


async def test_thumbnail_does_not_take_an_old_sub_stream_picture() -> None:
    thumbnailer = KeptThumbnailer()
    footage = make_footage(4, SUB)
    footage.add_segment(as_run(make_packets(100, first_sequence=5000), START_NS + 600 * S))
    await make_service(footage, thumbnailer).make_thumbnail(Sight("cam"), START_NS + 603 * S, 200)
    media, _ = thumbnailer.asked[0]
    assert media.endswith(make_packets(51, first_sequence=5000)[50].data)


async def test_analyzer_that_is_away_is_unavailable_not_a_failure(tmp_path: Path) -> None:
    thumbnailer = UnixThumbnailer(tmp_path / "analyzer.sock")
    with pytest.raises(UnavailableError, match="preview"):
        await thumbnailer.render_jpeg(b"", 320)
    await thumbnailer.close()
