"""Footage out of a whole system: foreign players as judges, a broken download, a bundle for Python alone."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.support.box import Box, free_port, running_box, vedette, wait_for
from tests.support.clips import make_clip
from tests.support.notary import run_verifier
from vedette.adapters.api_client import make_login_token
from vedette.core.media import Codec
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import SystemClock

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]


@dataclass(frozen=True)
class House:
    box: Box
    cameras: dict[str, str]


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    """Two cameras with A-law sound, recorded."""
    clip = make_clip(tmp_path_factory.mktemp("clips"), audio=Codec.PCMA, frames=200, size=(640, 360))
    port = free_port()
    command = [sys.executable, "-m", "vedette", "sim", str(clip), "--port", str(port), "--count", "2"]
    simulator = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with running_box() as box:
            cameras = {}
            for number, name in enumerate(("Yard", "Cổng trước"), 1):
                body = {"name": name, "main": {"url": f"rtsp://127.0.0.1:{port}/cam{number}/main"}, "record": "main"}
                added = box.api().post("/cameras", body | {"analysis": {"detector": "none"}})
                cameras[name] = added["id"]
            house = House(box, cameras)
            wait_for("twelve seconds of both", lambda: all(recorded_s(house, name) > 12 for name in cameras))
            yield house
    finally:
        simulator.terminate()
        simulator.wait(10)


def ago(seconds: float) -> datetime:
    return datetime.fromtimestamp(SystemClock().utc_ns() / NS_PER_S, UTC) - timedelta(seconds=seconds)


def recorded_s(house: House, name: str) -> float:
    query = f"from={ago(60):%Y-%m-%dT%H:%M:%SZ}&to={ago(0):%Y-%m-%dT%H:%M:%SZ}"
    runs = house.box.api().get(f"/cameras/{house.cameras[name]}/recordings?{query}")["runs"]
    spans = [datetime.fromisoformat(run["to"]) - datetime.fromisoformat(run["from"]) for run in runs]
    return sum(span.total_seconds() for span in spans)


def span(house: House) -> tuple[str, ...]:
    begin = ago(9)
    return ("--from", begin.isoformat(), "--to", (begin + timedelta(seconds=6)).isoformat(), "--purpose", "theft")


def test_two_cameras_go_into_a_folder_that_foreign_players_decode_without_error(house: House, tmp_path: Path) -> None:
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed (apt-get install ffmpeg)")
    for kind in ("mp4", "mkv"):
        names = ("--camera", "yard", "--camera", "Cổng trước", "--format", kind)
        out = tmp_path / kind
        done = vedette("export", *names, *span(house), "--out", str(out), "--data", str(house.box.data), "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert (told["bundle"], told["fingerprint"], told["gaps"]) == (None, "", [])
        assert sorted(path.name for path in out.iterdir()) == [f"Cổng trước.{kind}", f"Yard.{kind}"]
        for file in told["files"]:
            assert decode_errors(Path(file["path"])) == ""
            assert Path(file["path"]).stat().st_size == file["bytes"]
    assert decoded_pictures(tmp_path / "mp4" / "Yard.mp4") == pytest.approx(150, abs=2)


def decode_errors(path: Path) -> str:
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stderr


def decoded_pictures(path: Path) -> int:
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(path),
        "-vf",
        "scale=16:16",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "gray",
        "-",
    ]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    return np.frombuffer(done.stdout, np.uint8).size // 256


def test_download_that_broke_goes_on_with_curl(house: House, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    login = make_login_token(house.box.url, "admin", house.box.first_password, "test")
    begin = ago(9)
    body = {
        "cameras": [house.cameras["Yard"]],
        "from": begin.isoformat(),
        "to": (begin + timedelta(seconds=6)).isoformat(),
        "purpose": "theft",
    }
    api = house.box.api()
    made = api.post("/exports", body)
    job = wait_for("the export", lambda: done_job(house, made["id"]))
    url = f"{house.box.url}/api/v1/exports/{job['id']}/files/Yard.mp4"
    curl = ["curl", "-sS", "-f", "-H", f"Authorization: Bearer {login.token}", url]
    whole, part = tmp_path / "whole.mp4", tmp_path / "part.mp4"
    subprocess.run([*curl, "-o", str(whole)], check=True, timeout=60)
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    subprocess.run([*curl, "-C", "-", "-o", str(part)], check=True, timeout=60)
    assert part.read_bytes() == whole.read_bytes()
    assert whole.stat().st_size == job["size_bytes"]


def done_job(house: House, export_id: str) -> dict[str, object] | None:
    job = house.box.api().get(f"/exports/{export_id}")
    assert job["state"] in {"queued", "running", "done"}, job
    return job if job["state"] == "done" else None


def test_bundle_of_what_was_just_recorded_is_proven_to_somebody_with_python_alone(house: House, tmp_path: Path) -> None:
    names = ("--camera", "Yard", "Cổng trước")
    out = tmp_path / "case"
    common = ("export", *names, *span(house), "--data", str(house.box.data), "--bundle", "--json")
    done = vedette(*common, "--out", str(out))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["bundle"] == str(out)
    assert {file["path"] for file in told["files"]} == {str(path) for path in out.rglob("*") if path.is_file()}
    assert [path.name for path in tmp_path.iterdir()] == ["case"]
    assert run_verifier(out).returncode == 3
    assert run_verifier(out, "--trust", told["fingerprint"]).returncode == 0
    video = next(out.glob("video/1-yard/*.mp4"))
    data = bytearray(video.read_bytes())
    data[len(data) * 3 // 4] ^= 1
    video.write_bytes(data)
    faulty = run_verifier(out, "--json", "--trust", told["fingerprint"])
    assert faulty.returncode == 1
    (fault,) = json.loads(faulty.stdout)["faults"]
    assert fault["camera"] == "Yard"
    with tempfile.TemporaryDirectory() as empty:
        again = vedette(*common, "--out", str(Path(empty) / "case.zip"))
        assert again.returncode == 0, again.stderr
        (packed,) = json.loads(again.stdout)["files"]
        assert packed == {"path": str(Path(empty) / "case.zip"), "bytes": (Path(empty) / "case.zip").stat().st_size}


def test_bundle_of_what_was_just_recorded_for_who_may_not_see_all(house: House, tmp_path: Path) -> None:
    """The copy is made while the segments still grow: the proofs wait for them, and claim no more than it shows."""
    api = house.box.api()
    zone = {"name": "Window", "polygon": [[0.1, 0.1], [0.6, 0.1], [0.6, 0.6], [0.1, 0.6]]}
    api.put(f"/cameras/{house.cameras['Cổng trước']}/privacy", {"zones": [zone]})
    api.post("/users", {"name": "olga", "role": "monitor", "password": "correct horse battery"})
    login = make_login_token(house.box.url, "olga", "correct horse battery", "test")
    access = {**os.environ, "VEDETTE_URL": house.box.url, "VEDETTE_TOKEN": login.token}
    out = tmp_path / "case"
    order = ("export", "--camera", "Yard", "Cổng trước", *span(house), "--bundle", "--json", "--out", str(out))
    done = vedette(*order, env=access, timeout=300)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["masked_cameras"] == ["Cổng trước"]
    assert "Cổng trước: parts hidden by privacy zones; the bundle holds a masked copy" in done.stderr
    checked = run_verifier(out, "--json", "--trust", told["fingerprint"])
    assert checked.returncode == 0, checked.stdout
    record = json.loads(checked.stdout)
    assert [one["camera"] for one in record["masked"]] == ["Cổng trước"]
    assert {one["camera"] for one in record["originals"]} == {"Cổng trước"}
    assert {path.parts[-2] for path in out.glob("video/*/*")} == {"1-yard"}
