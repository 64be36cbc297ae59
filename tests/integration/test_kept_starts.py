"""Real workers start from what earlier ones compiled; and none can leave anything for another once it is ready."""

import os
from functools import partial
from pathlib import Path

import pytest

from tests.support.encoded import write_square_file
from tests.support.late_keeper import IDENTITY, SLOT
from tests.support.plate_scene import CLEAR, write_drive_file
from vedette.adapters.kept_networks import SealedNetworks, open_kept_networks
from vedette.node.file_batch import FileBatch
from vedette.node.file_plan import FilePlan
from vedette.runtime.clock import SystemClock
from vedette.runtime.paths import NodePaths
from vedette.runtime.worker import KeptParts, WorkerCommand, WorkerLostError, start_worker
from vedette.runtime.worker_channel import FIND_KIND, KEEP_KIND
from vedette.vision import wire

PLATES = ("--models", "/nonexistent", "--recognizers", "plates")


class CountingShelf(KeptParts):
    """Tells how often the shelf below it gave something, and how often it was given something."""

    def __init__(self, below: SealedNetworks) -> None:
        self._below = below
        self.found, self.kept = 0, 0

    def find(self, slot: str, identity: str) -> bytes:
        part = self._below.find(slot, identity)
        self.found += bool(part)
        return part

    def keep(self, slot: str, identity: str, data: bytes) -> None:
        self.kept += 1
        self._below.keep(slot, identity, data)

    def take_counts(self) -> tuple[int, int]:
        counts = self.found, self.kept
        self.found = self.kept = 0
        return counts


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def shelf(tmp_path: Path, told: list[str]) -> CountingShelf:
    below = open_kept_networks(NodePaths(tmp_path), told.append)
    return CountingShelf(below)


async def start_once(shelf: KeptParts | None) -> wire.Ready:
    worker = await start_worker(WorkerCommand("vedette.node.vision_worker", PLATES), kept=shelf)
    await worker.stop()
    return wire.decode(worker.ready_payload, wire.Ready)


async def test_second_worker_compiles_nothing_and_is_locked_as_the_first(shelf: CountingShelf) -> None:
    first = await start_once(shelf)
    assert shelf.take_counts() == (0, 2)
    second = await start_once(shelf)
    assert shelf.take_counts() == (2, 0)
    assert (second.layers, second.recognizers) == (first.layers, first.recognizers)


async def test_worker_whose_parent_keeps_nothing_compiles(tmp_path: Path) -> None:
    assert (await start_once(None)).recognizers
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["changed", "torn", "foreign"])
async def test_bad_network_is_refused_and_replaced_by_the_next_start(
    damage: str, shelf: CountingShelf, tmp_path: Path, told: list[str]
) -> None:
    await start_once(shelf)
    shelf.take_counts()
    files = sorted((tmp_path / "networks").iterdir())
    for path in files:
        data = path.read_bytes()
        if damage == "foreign":
            (tmp_path / "keys/networks.key").write_bytes(bytes(32))
        path.write_bytes(
            {"changed": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], "torn": data[:-9], "foreign": data}[damage]
        )
    after = open_kept_networks(NodePaths(tmp_path), told.append)
    again = CountingShelf(after)
    assert (await start_once(again)).recognizers
    assert again.take_counts() == (0, 2)
    assert len(told) == 2
    await start_once(again)
    assert again.take_counts() == (2, 0)
    assert sorted((tmp_path / "networks").iterdir()) == files


async def test_worker_that_is_ready_can_leave_nothing_for_another(shelf: CountingShelf, tmp_path: Path) -> None:
    worker = await start_worker(WorkerCommand("tests.support.late_keeper", ("late",)), kept=shelf)
    kinds = [(await worker.receive()).kind for _ in range(2)]  # its own protocol's business, and none of theirs
    await worker.stop()
    assert kinds == [KEEP_KIND, FIND_KIND]
    assert shelf.take_counts() == (0, 0)
    assert shelf.find(SLOT, IDENTITY) == b""
    assert not (tmp_path / "networks").exists()


@pytest.mark.parametrize("mode", ["upwards", "endless"])
async def test_worker_that_names_a_path_or_never_ends_its_start_is_ended(
    mode: str, shelf: CountingShelf, tmp_path: Path
) -> None:
    key = (tmp_path / "keys/networks.key").read_bytes()
    with pytest.raises(WorkerLostError, match="before it was ready"):
        await start_worker(WorkerCommand("tests.support.late_keeper", (mode,)), kept=shelf)
    assert (tmp_path / "keys/networks.key").read_bytes() == key
    assert not (tmp_path / "networks").exists()


async def test_no_byte_of_the_file_was_read_when_networks_were_handed_over(
    shelf: CountingShelf, tmp_path: Path
) -> None:
    path = tmp_path / "foreign.mp4"
    path.write_bytes(write_square_file(frames=5))
    with path.open("rb") as file:
        arguments = ("--file", str(file.fileno()), *PLATES)
        command = WorkerCommand("vedette.node.vision_worker", arguments, (file.fileno(),))
        worker = await start_worker(command, kept=shelf)
        try:
            assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 0  # one offset for both processes
            assert shelf.take_counts() == (0, 2)
        finally:
            await worker.stop()


async def test_file_gives_the_same_results_from_compiled_and_from_kept_networks(
    shelf: CountingShelf, tmp_path: Path
) -> None:
    film = tmp_path / "drive.mp4"
    film.write_bytes(write_drive_file(CLEAR))
    plan = FilePlan("", Path("/nonexistent"), (), 5.0, annotate=False, recognizers=("plates",))
    results = []
    for name in ("first", "second"):
        out = tmp_path / name
        start = partial(start_worker, kept=shelf)
        [entry] = await FileBatch(plan, None, out, SystemClock(), lambda _: None, start).run([film], 1)
        assert entry.state == "done"
        results.append([(out / "drive" / one).read_bytes() for one in ("objects.json", "tracks.csv", "events.json")])
    assert shelf.take_counts() == (2, 2)
    assert results[0] == results[1]
