"""Hostile files through `vedette analyze`: each a clear reason, the good ones beside them done, nothing left over."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.encoded import write_square_file
from tests.support.hostile import write_film_with_subtitles, write_hostile_files, write_liar
from vedette.node.file_replies import receive_reply
from vedette.runtime.worker import WorkerCommand, WorkerLostError, start_worker

SECRET = "root:x:0:0"
REASONS = ("no video file", "no picture", "no video in this file", "is not accepted", "is no file")


def analyze(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VEDETTE_MODELS": "/nonexistent"}
    words = [sys.executable, "-m", "vedette", "analyze", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, env=environment, timeout=170, check=False)


def test_twenty_hostile_files_are_refused_one_by_one_and_the_good_ones_are_done(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_hostile_files(folder)
    hostile = {path.name for path in folder.iterdir()}
    for name in ("a_good.mp4", "m_good.mp4", "z_good.mp4"):
        (folder / name).write_bytes(write_square_file(frames=20))
    write_liar(folder / "liar.mp4")
    done = analyze(folder, "--out", tmp_path / "out", "--jobs", 4, "--recognize", "none", "--json")
    assert done.returncode == 1
    entries = {Path(entry["path"]).name: entry for entry in json.loads(done.stdout)["inputs"]}
    assert len(hostile) >= 20
    assert set(entries) == hostile | {"a_good.mp4", "m_good.mp4", "z_good.mp4", "liar.mp4"}
    for name in hostile:
        assert entries[name]["state"] == "failed", name
        assert any(reason in entries[name]["error"] for reason in REASONS), (name, entries[name]["error"])
        assert entries[name]["frames_analyzed"] == 0
    for name in set(entries) - hostile:
        assert (entries[name]["state"], entries[name]["frames_read"]) == ("done", 20), entries[name]
    assert SECRET not in done.stdout + done.stderr
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in written) < 5_000_000


def test_what_never_ends_is_refused_and_the_rest_is_done(tmp_path: Path) -> None:
    good = tmp_path / "good.mp4"
    good.write_bytes(write_square_file(frames=20))
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    done = analyze("/dev/zero", pipe, good, "--out", tmp_path / "out", "--json")
    assert done.returncode == 1
    states = {entry["path"]: (entry["state"], entry["error"]) for entry in json.loads(done.stdout)["inputs"]}
    assert states[str(good)] == ("done", "")
    for endless in ("/dev/zero", str(pipe)):
        assert states[endless][0] == "failed"
        assert "is no file" in states[endless][1]


def test_film_with_subtitles_is_analysed(tmp_path: Path) -> None:
    """The library loads its code for subtitles when it meets the first: too late inside the jail."""
    film = tmp_path / "film.mkv"
    write_film_with_subtitles(film)
    done = analyze(film, "--out", tmp_path / "out", "--json")
    [entry] = json.loads(done.stdout)["inputs"]
    assert (entry["state"], entry["frames_read"], entry["error"]) == ("done", 20, "")


async def test_worker_that_spins_is_killed_and_the_file_is_blamed() -> None:
    worker = await start_worker(WorkerCommand("vedette.node.vision_worker"))
    try:
        with pytest.raises(WorkerLostError, match="kept its worker busy"):
            await receive_reply(worker, timeout_s=0.05)
        async with asyncio.timeout(10):
            with pytest.raises(WorkerLostError):
                await worker.receive()
    finally:
        await worker.stop()
