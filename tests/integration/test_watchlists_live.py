"""A painted plate that drives through an encoded picture, read by the embedded models in the jail: the lists' events.

Nothing is scripted between the pixels and the event: decoder, motion, tracker, plate detector and reader are real.
"""

import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.support.encoded import encode_pictures
from tests.support.feed_server import Script, to_packets
from tests.support.plate_scene import CLEAR, FPS, FRAMES, drive, paint_plate
from tests.support.running_analyzer import Running, running
from vedette.adapters.role_client import RoleClient
from vedette.adapters.watchlists_client import AnalyzerWatchlists
from vedette.core.assignment import AnalyzerAssignment, CameraAnalysis
from vedette.core.media import StreamFormat, StreamRole
from vedette.core.messages import EventObserved
from vedette.core.time import NS_PER_S
from vedette.core.watchlists import (
    ListKind,
    ListOrder,
    ListSubject,
    MatchState,
    Severity,
    VehicleMark,
    Watchlist,
    WatchlistEntry,
    WatchlistOrder,
)

START_NS = 1_750_000_000 * NS_PER_S
WHOLE_NS = START_NS + 2 * NS_PER_S
"""From here on the whole back of the car is in the picture."""
AMPLE_MS = 1e9
"""Of a worker's time, so that no picture is left out on a busy machine."""
CAMERA = CameraAnalysis("A", "Gate", StreamRole.SUB, recognize=("plates",))


def make_script(text: str) -> Script:
    stream = encode_pictures(drive(paint_plate(text)), fps=FPS)
    return StreamFormat("run-1", stream.video), to_packets(stream.packets, START_NS)


@pytest.fixture(scope="module")
def script() -> Script:
    return make_script(CLEAR)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("w")


def order(version: str, kind: ListKind, *plates: str, alarm_unlisted: bool = False) -> WatchlistOrder:
    watchlist = Watchlist(
        "L", "Yard", kind, ListSubject.VEHICLES, "Lan", "the yard", cameras=("A",), alarm_unlisted=alarm_unlisted
    )
    entries = [WatchlistEntry(f"E{n}", "stolen", "Lan", vehicle=VehicleMark(text)) for n, text in enumerate(plates)]
    return WatchlistOrder(version, (ListOrder(watchlist, tuple(entries)),))


async def put(box: Running, wanted: WatchlistOrder) -> None:
    async with box.http() as http:
        assert (await http.put("/watchlists", content=msgspec.json.encode(wanted))).status_code == 200
        assert (await http.get("/watchlists")).json() == {"version": wanted.version}


def matches(box: Running) -> list[EventObserved]:
    return [event for event in box.messages(EventObserved) if event.match is not None]


async def test_wanted_plate_is_told_once_and_at_once(folder: Path, script: Script) -> None:
    async with running(folder, {"A": script}, AMPLE_MS) as box:
        await put(box, order("v1", ListKind.WANTED, CLEAR, "99Z99999"))
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (CAMERA,)))
        await box.until(lambda: box.camera("A").get("analysed") == FRAMES)
    told = matches(box)
    assert len({event.event_id for event in told}) == 1, "once for a track and an entry"
    first = told[0]
    assert (first.kind, first.severity, first.camera_id) == ("plate_read", Severity.ALARM, "A")
    assert first.match is not None
    assert (first.match.state, first.match.entry_id, first.match.list_name) == (MatchState.SURE, "E0", "Yard")
    assert first.detail == f"{CLEAR} fits {CLEAR} of Yard: stolen"
    assert first.objects[0].plate is not None
    assert first.objects[0].plate.text == CLEAR
    measures = {measure.measure: measure for measure in first.explanation}
    assert measures["plate_confidence"].value >= measures["plate_confidence"].threshold
    assert (folder / "pictures" / first.picture).read_bytes()[:3] == b"\xff\xd8\xff"
    assert first.from_ns <= WHOLE_NS + 2 * NS_PER_S


async def test_list_changed_while_the_car_is_there_holds_from_the_next_picture_on(folder: Path, script: Script) -> None:
    arrived = asyncio.Event()
    async with running(folder, {"A": script}, AMPLE_MS, held=(40, arrived)) as box:
        await put(box, order("v1", ListKind.WANTED, "99Z99999"))
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (CAMERA,)))
        await box.until(lambda: box.camera("A").get("analysed") == 40)
        assert matches(box) == []
        await put(box, order("v2", ListKind.WANTED, CLEAR))
        arrived.set()
        await box.until(lambda: box.camera("A").get("analysed") == FRAMES)
        assert box.connections["A"] == 1, "the stream goes on"
    told = matches(box)
    assert len({event.event_id for event in told}) == 1
    assert told[0].from_ns == START_NS + 40 * NS_PER_S // FPS


async def test_stranger_at_a_closed_gate_is_an_alarm_once_and_a_guest_is_none(folder: Path, script: Script) -> None:
    async with running(folder, {"A": script}, AMPLE_MS) as box:
        await put(box, order("v1", ListKind.PERMITTED, "99Z99999", alarm_unlisted=True))
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (CAMERA,)))
        await box.until(lambda: box.camera("A").get("analysed") == FRAMES)
    assert {(event.kind, event.severity, event.detail) for event in matches(box)} == {
        ("plate_read", Severity.ALARM, f"{CLEAR} is on no entry of Yard")
    }
    assert len({event.event_id for event in matches(box)}) == 1
    other = folder / "guest"
    async with running(other, {"A": script}, AMPLE_MS) as box:
        await put(box, order("v1", ListKind.PERMITTED, CLEAR, alarm_unlisted=True))
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (CAMERA,)))
        await box.until(lambda: box.camera("A").get("analysed") == FRAMES)
    assert {event.severity for event in matches(box)} == {Severity.INFORMATION}


async def test_gateways_client_brings_lists_and_learns_which_are_there(folder: Path) -> None:
    async with running(folder, {}) as box:
        client = RoleClient("analyzer", box.paths.socket("analyzer"))
        try:
            analyzer = AnalyzerWatchlists(client)
            assert await analyzer.find_version() == ""
            await analyzer.put_order(order("v1", ListKind.WANTED, CLEAR))
            assert await analyzer.find_version() == "v1"
        finally:
            await client.close()
        assert not box.analyzer.lists.vehicles.is_empty


async def test_lists_that_are_none_are_refused_and_the_old_ones_stay(folder: Path) -> None:
    async with running(folder, {}) as box, box.http() as http:
        await put(box, order("v1", ListKind.WANTED, CLEAR))
        for content in (b"", b"[]", b'{"version": 1}', b'{"lists": [{}]}', b"\xff\xfe"):
            assert (await http.put("/watchlists", content=content)).status_code == 422
        assert (await http.get("/watchlists")).json() == {"version": "v1"}
        assert not list(folder.rglob("*watchlist*")), "lists lie in memory only"
