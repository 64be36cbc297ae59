"""`vedette analyze` that is cut short and called again: it goes on in the middle of a file, and says the same."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.support.encoded import write_square_file
from vedette.adapters.journal_box import JournalBox, open_command_box
from vedette.node import file_journal
from vedette.node.file_batch import FileBatch, SummaryEntry
from vedette.node.file_plan import FilePlan
from vedette.runtime.clock import SystemClock
from vedette.runtime.paths import NodePaths

FRAMES = 400
KEY = bytes(32)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "walk.mp4"
    path.write_bytes(write_square_file(frames=FRAMES))
    return path


def make_batch(tmp_path: Path, out: Path, told: list[str], key: bytes | None = KEY, fps: float = 0.0) -> FileBatch:
    plan = FilePlan("", tmp_path / "models", (), fps, annotate=True)
    box = None if key is None else JournalBox(key)
    return FileBatch(plan, None, out, SystemClock(), told.append, box=box)


async def run(batch: FileBatch, clip: Path) -> SummaryEntry:
    [entry] = await batch.run([clip], 1)
    return entry


async def cut_short(batch: FileBatch, clip: Path, journal: Path) -> None:
    """Until some of it lies in the journal."""
    running = asyncio.create_task(batch.run([clip], 1))
    while not journal.exists() or journal.stat().st_size < 8192:
        assert not running.done(), "it was over before it could be cut short"
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def read_results(folder: Path) -> tuple[str, list[dict[str, object]]]:
    return (folder / "tracks.csv").read_text(), json.loads((folder / "objects.json").read_text())


@pytest.mark.timeout(120)
async def test_goes_on_where_it_was_cut_short_and_says_the_same(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_journal, "FLUSH_EVERY_S", 0.0)
    whole, parts, journal = tmp_path / "whole", tmp_path / "parts", tmp_path / "parts" / "walk" / "journal"
    assert (await run(make_batch(tmp_path, whole, [], None), clip)).frames_analyzed == FRAMES
    await cut_short(make_batch(tmp_path, parts, []), clip, journal)
    assert json.loads((parts / "summary.json").read_text())[0]["state"] == "cancelled"
    told: list[str] = []
    entry = await run(make_batch(tmp_path, parts, told), clip)
    assert any("goes on at" in line for line in told)
    assert (entry.state, entry.frames_read, entry.frames_analyzed) == ("done", FRAMES, FRAMES)
    assert read_results(parts / "walk") == read_results(whole / "walk")
    assert (parts / "walk" / "annotated.mp4").exists()
    assert not journal.exists()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("change", ["fps", "key"])
async def test_begins_again_where_the_journal_is_of_no_use(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(file_journal, "FLUSH_EVERY_S", 0.0)
    out, journal = tmp_path / "out", tmp_path / "out" / "walk" / "journal"
    await cut_short(make_batch(tmp_path, out, []), clip, journal)
    told: list[str] = []
    batch = (
        make_batch(tmp_path, out, told, fps=5.0)
        if change == "fps"
        else make_batch(tmp_path, out, told, key=bytes([1]) * 32)
    )
    entry = await run(batch, clip)
    assert any("begins again" in line for line in told)
    assert entry.state == "done"
    assert entry.frames_read == FRAMES
    assert not journal.exists()


async def test_folder_that_cannot_be_made_fails_its_own_file_alone(tmp_path: Path, clip: Path) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(write_square_file(frames=10))
    out = tmp_path / "out"
    out.mkdir()
    (out / "walk").write_text("in the way")
    entries = await make_batch(tmp_path, out, []).run([clip, other], 2)
    assert [entry.state for entry in entries] == ["failed", "done"]
    assert "walk" in entries[0].error


def test_without_an_installation_nothing_is_sealed_and_nothing_made(tmp_path: Path) -> None:
    assert open_command_box(NodePaths(tmp_path / "var"), print) is None
    assert not (tmp_path / "var").exists()
    (tmp_path / "var").mkdir()
    box = open_command_box(NodePaths(tmp_path / "var"), print)
    again = open_command_box(NodePaths(tmp_path / "var"), print)
    assert box is not None
    assert again is not None
    assert again.open("a", box.seal("a", b"step")) == b"step"
