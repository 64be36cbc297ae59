"""Masked parts of playlists: made once, by few children at a time, and never for somebody who may see less."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.footage import FORMAT, MemoryFootage
from tests.support.media import make_packets
from tests.support.streaming import ReplacingMasker, settle
from vedette.core.geometry import Polygon
from vedette.core.privacy import PrivacyZone, Sight
from vedette.media.fmp4 import parse_fragment
from vedette.streaming.masked_footage import NotDecodableError
from vedette.streaming.masked_parts import AT_ONCE, MAX_WAITING, MaskedParts, PartCache, PartsQueueFullError
from vedette.streaming.stored import StoredPackets, unpack_fragment

ZONE = PrivacyZone("z", "Window", Polygon(((0.1, 0.1), (0.5, 0.1), (0.5, 0.5))))
RENAMED = PrivacyZone("z", "Door", ZONE.polygon)
WIDER = PrivacyZone("z", "Window", Polygon(((0.1, 0.1), (0.9, 0.1), (0.5, 0.5))))


def read_part() -> list[StoredPackets]:
    footage = MemoryFootage("cam")
    footage.add_segment(make_packets(100))
    return [unpack_fragment(one, footage.read_fragment(one)) for one in footage.fragments]


class Opener:
    """Counts the children, and lets them begin when the test opens the gate."""

    def __init__(self, masker: type[ReplacingMasker] = ReplacingMasker) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.opened = self.running = self.most = 0
        self._masker = masker

    @asynccontextmanager
    async def open(self) -> AsyncIterator[ReplacingMasker]:
        self.opened += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.gate.wait()
            yield self._masker(delay=2)
        finally:
            self.running -= 1


async def make(parts: MaskedParts, address: int = 0, *zones: PrivacyZone) -> bytes:
    return await parts.make_part(Sight("cam", zones or (ZONE,)), address, 1, read_part(), FORMAT)


async def test_part_is_made_once_for_all_who_see_the_same_parts_hidden() -> None:
    opener = Opener()
    parts = MaskedParts(opener.open)
    first = await make(parts)
    assert await make(parts, 0, RENAMED) == first
    assert opener.opened == 1
    await make(parts, 0, WIDER)
    await make(parts, 1)
    assert opener.opened == 3


async def test_every_picture_is_in_the_part_also_those_that_the_decoder_held_back() -> None:
    track = parse_fragment(await make(MaskedParts(Opener().open))).video
    assert len(track.sizes_bytes) == 100
    assert sum(track.durations_90k) == 100 * 3600


async def test_few_children_run_at_once_and_too_many_players_are_told_to_wait() -> None:
    opener = Opener()
    opener.gate.clear()
    parts = MaskedParts(opener.open)
    tasks = [asyncio.create_task(make(parts, number)) for number in range(MAX_WAITING)]
    await settle()
    with pytest.raises(PartsQueueFullError):
        await make(parts, 99)
    opener.gate.set()
    await asyncio.gather(*tasks)
    assert (opener.most, opener.opened) == (AT_ONCE, MAX_WAITING)
    await make(parts, 99)


async def test_player_that_goes_away_ends_its_child_and_leaves_no_hole_in_the_line() -> None:
    opener = Opener()
    opener.gate.clear()
    parts = MaskedParts(opener.open)
    tasks = [asyncio.create_task(make(parts, number)) for number in range(MAX_WAITING)]
    await settle()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert opener.running == 0
    opener.gate.set()
    assert await make(parts)


class BlindMasker(ReplacingMasker):
    async def push(self, packet, *, decode_only: bool = False):
        return []


async def test_part_that_cannot_be_decoded_is_an_error_and_not_kept() -> None:
    opener = Opener(BlindMasker)
    parts = MaskedParts(opener.open)
    for _ in range(2):
        with pytest.raises(NotDecodableError):
            await make(parts)
    assert opener.opened == 2


def test_cache_is_bounded_and_drops_what_was_asked_for_longest_ago() -> None:
    cache = PartCache(max_bytes=10)
    for key in "ab":
        cache.keep(key, b"12345")
    assert cache.find("a")
    cache.keep("c", b"1")
    assert [cache.find(key) for key in "abc"] == [b"12345", None, b"1"]
    cache.keep("d", b"12345678901")
    assert cache.find("d") is None
