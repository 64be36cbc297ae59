"""Hazards of looking closely at a camera's larger stream: a plate that only that one shows is not read, the wrong place
of it is looked at, it is decoded while nobody is there, a broken large stream disturbs the analysis.

The streams are of one painted scene; decoder, tracker, plate detector and reader in the jail are real.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from tests.support.encoded import EncodedStream, encode_pictures
from tests.support.feed_server import Script, to_packets
from tests.support.plate_scene import CLEAR, FPS, FRAMES, drive, paint_plate
from tests.support.running_analyzer import Running, running
from vedette.core.assignment import AnalyzerAssignment, CameraAnalysis
from vedette.core.media import Packet, StreamFormat, StreamRole
from vedette.core.messages import EventObserved
from vedette.core.time import NS_PER_S, TICKS_PER_S
from vedette.core.watchlists import (
    ListKind,
    ListOrder,
    ListSubject,
    VehicleMark,
    Watchlist,
    WatchlistEntry,
    WatchlistOrder,
)

START_NS = 1_750_000_000 * NS_PER_S
AMPLE_MS = 1e9
SMALL_WH = (160, 90)
"""A plate of 120 pixels in the large picture has 30 here."""
SEEN = 40
"""Pictures of the small stream that come before the key frames of the large one."""
SUB_ALONE = CameraAnalysis("A", "Gate", StreamRole.SUB, recognize=("plates",))
CLOSELY = replace(SUB_ALONE, close_stream=StreamRole.MAIN)
WANTED_S = 2
"""Key frames are decoded for so long after the last picture with a track."""
EMPTY_S = 1
"""The yard is empty this long."""


def shrink(pictures: Iterable[np.ndarray]) -> Iterable[np.ndarray]:
    return (cv2.resize(picture, SMALL_WH, interpolation=cv2.INTER_AREA) for picture in pictures)


@pytest.fixture(scope="module")
def large() -> EncodedStream:
    return encode_pictures(drive(paint_plate(CLEAR)), fps=FPS)


@pytest.fixture(scope="module")
def small() -> EncodedStream:
    return encode_pictures(shrink(drive(paint_plate(CLEAR))), fps=FPS)


def script_of(stream: EncodedStream, *waits: tuple[int, asyncio.Event]) -> Script:
    """The stream, which waits for an event before a packet."""
    packets: list = to_packets(stream.packets, START_NS)
    for index, event in sorted(waits, key=lambda wait: -wait[0]):
        packets.insert(index, event)
    return StreamFormat("run-1", stream.video), packets


async def want(box: Running, plate: str) -> None:
    watchlist = Watchlist("L", "Yard", ListKind.WANTED, ListSubject.VEHICLES, "Lan", "the yard", cameras=("A",))
    entries = (WatchlistEntry("E", "stolen", "Lan", vehicle=VehicleMark(plate)),)
    wanted = WatchlistOrder("v1", (ListOrder(watchlist, entries),))
    async with box.http() as http:
        assert (await http.put("/watchlists", content=msgspec.json.encode(wanted))).status_code == 200


def plates_told(box: Running) -> set[str]:
    told = [event for event in box.messages(EventObserved) if event.match is not None]
    return {event.objects[0].plate.text for event in told if event.objects[0].plate}


async def test_plate_that_only_the_large_stream_shows_is_read_and_matched(
    tmp_path: Path, small: EncodedStream, large: EncodedStream
) -> None:
    close, on = asyncio.Event(), asyncio.Event()
    scripts = {"A/sub": script_of(small, (SEEN, on)), "A/main": script_of(large, (0, close))}
    async with running(tmp_path, scripts, AMPLE_MS) as box:
        await want(box, CLEAR)
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (CLOSELY,)))
        await box.until(lambda: box.camera("A").get("analysed") == SEEN)
        assert plates_told(box) == set(), "the small stream does not show it"
        close.set()
        keys_s = [pts_90k / TICKS_PER_S for _, pts_90k, is_key in large.packets if is_key]
        soon = sum(at_s <= (SEEN - 1) / FPS + WANTED_S for at_s in keys_s)
        # Else the small stream is through first.
        await box.until(lambda: box.camera("A").get("close_frames", 0) >= soon)
        on.set()
        await box.until(lambda: box.camera("A").get("analysed") == FRAMES)
        await box.until(lambda: plates_told(box))
        decoded = box.camera("A")["close_frames"]
    assert plates_told(box) == {CLEAR}
    assert 3 <= soon <= decoded <= len(keys_s), "key frames alone"


async def test_small_stream_alone_does_not_show_it(tmp_path: Path, small: EncodedStream, large: EncodedStream) -> None:
    scripts = {"A/sub": script_of(small), "A/main": script_of(large)}
    async with running(tmp_path, scripts, AMPLE_MS) as box:
        await want(box, CLEAR)
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (SUB_ALONE,)))
        await box.until(lambda: box.camera("A").get("analysed") == FRAMES)
        assert (box.camera("A")["close_frames"], box.connections["A/main"]) == (0, 0)
    assert plates_told(box) == set()


async def test_nothing_is_decoded_while_nobody_is_there(
    tmp_path: Path, small: EncodedStream, large: EncodedStream
) -> None:
    on, more, never, sent = (asyncio.Event() for _ in range(4))
    empty = EMPTY_S * FPS

    def serve_large() -> Iterator[Packet | asyncio.Event]:
        yield on
        yield from to_packets(large.packets, START_NS)
        sent.set()

    scripts = {
        "A/sub": script_of(small, (empty - 1, more), (empty, never)),
        "A/main": (StreamFormat("run-1", large.video), serve_large()),
    }
    async with running(tmp_path, scripts, AMPLE_MS) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (CLOSELY,)))
        await box.until(lambda: box.camera("A").get("analysed") == empty - 1)
        on.set()
        await asyncio.wait_for(sent.wait(), 30)
        more.set()
        await box.until(lambda: box.camera("A").get("analysed") == empty)
        assert box.camera("A")["close_frames"] == 0
        never.set()


async def test_analysis_goes_on_beside_a_large_stream_that_cannot_be_decoded(
    tmp_path: Path, small: EncodedStream, large: EncodedStream
) -> None:
    garbage = EncodedStream(large.video, [(b"\x00\x00\x00\x05\x65garb", pts, True) for _, pts, _ in large.packets])
    close, on = asyncio.Event(), asyncio.Event()
    scripts = {"A/sub": script_of(small, (SEEN, on)), "A/main": script_of(garbage, (0, close))}
    async with running(tmp_path, scripts, AMPLE_MS) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (CLOSELY,)))
        await box.until(lambda: box.camera("A").get("analysed") == SEEN)
        close.set()
        on.set()
        await box.until(lambda: box.camera("A").get("analysed") == FRAMES)
        assert box.camera("A")["state"] == "analysing"
        assert box.camera("A")["close_frames"] == 0
