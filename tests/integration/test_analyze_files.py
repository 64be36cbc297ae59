"""`vedette analyze` as people run it: documented outputs, bad files, resuming, real clips with known counts."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import av
import cv2
import pytest

from tests.support.encoded import write_square_file
from tests.support.plate_scene import CLEAR, write_drive_file
from tests.support.shared import shared_file

RULES = """
version: 1
cameras:
  "*":
    rules:
      - {id: half, kind: line_crossed, line: [[0.5, 0], [0.5, 1]]}
  intel_one-by-one-person-detection:
    rules:
      - {id: table, kind: zone_entered, zone: [[0.3, 0.3], [1, 0.3], [1, 1], [0.3, 1]], classes: [person]}
  intel_car-detection.mp4:
    rules:
      - {id: lane, kind: line_crossed, line: [[0, 0.5], [1, 0.5]], classes: [vehicle]}
"""


def analyze(*arguments: object, models: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VEDETTE_MODELS": str(models or "/nonexistent")}
    words = [sys.executable, "-m", "vedette", "analyze", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, env=environment, timeout=170, check=False)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


def test_outputs_are_as_documented(tmp_path: Path, rules: Path) -> None:
    clip = tmp_path / "walk.mp4"
    clip.write_bytes(write_square_file(frames=60))
    out = tmp_path / "out"
    done = analyze(clip, "--out", out, "--rules", rules, "--annotate", "--json")
    assert done.returncode == 0, done.stderr
    [entry] = json.loads(done.stdout)["inputs"]
    assert json.loads((out / "summary.json").read_text()) == [entry]
    assert {"path", "sha256", "state", "error", "duration_s", "frames_read", "frames_analyzed", "wall_s"} <= set(entry)
    assert (entry["state"], entry["frames_read"], entry["frames_analyzed"]) == ("done", 60, 60)
    folder = out / "walk"
    rows = list(csv.reader((folder / "tracks.csv").open()))
    assert all(len(row) == 9 for row in rows)
    assert 30 <= len(rows) <= 60
    frame, number, left, top, width, height, confidence, kind, visibility = rows[-1]
    assert (int(number), 55 <= int(frame) <= 60) == (1, True)
    assert float(left) + float(width) <= 321
    assert float(top) + float(height) <= 181
    assert 0 < float(confidence) <= 1
    assert (json.loads((folder / "classes.json").read_text())[kind], visibility) == ("object", "1")
    [thing] = json.loads((folder / "objects.json").read_text())
    assert (folder / thing["picture"]).read_bytes()[:3] == b"\xff\xd8\xff"
    assert thing["first_s"] <= thing["best_frame_s"] <= thing["last_s"]
    [event] = json.loads((folder / "events.json").read_text())
    assert (event["kind"], event["rule"], event["direction"]) == ("line_crossed", "half", -1)
    assert event["explanation"][0]["measure"] == "beyond_line"
    assert json.loads((folder / "faces.json").read_text()) == []
    with av.open(str(folder / "annotated.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == 60


def test_bad_files_are_entries_with_a_reason_and_the_rest_is_done(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/good.mp4").write_bytes(write_square_file(frames=20))
    (tmp_path / "in/garbage.mp4").write_bytes(os.urandom(5000))
    (tmp_path / "in/empty.mkv").write_bytes(b"")
    whole = write_square_file(frames=20)
    (tmp_path / "in/cut.mp4").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "in/notes.txt").write_text("not a video")
    done = analyze(tmp_path / "in", "--out", tmp_path / "out", "--json")
    assert done.returncode == 1
    entries = {Path(entry["path"]).name: entry for entry in json.loads(done.stdout)["inputs"]}
    assert set(entries) == {"good.mp4", "garbage.mp4", "empty.mkv", "cut.mp4"}
    assert entries["good.mp4"]["state"] == "done"
    for name in ("garbage.mp4", "empty.mkv", "cut.mp4"):
        assert entries[name]["state"] == "failed"
        assert "no video file" in entries[name]["error"], entries[name]
        assert "Play it" in entries[name]["error"]


def test_second_run_resumes_and_changed_options_repeat(tmp_path: Path, rules: Path) -> None:
    clip = tmp_path / "walk.mp4"
    clip.write_bytes(write_square_file(frames=20))
    out = tmp_path / "out"
    assert analyze(clip, "--out", out).returncode == 0
    marker = out / "walk" / "tracks.csv"
    marker.write_text("untouched")
    again = analyze(clip, "--out", out)
    assert again.returncode == 0
    assert "done before" in again.stderr
    assert marker.read_text() == "untouched"
    assert analyze(clip, "--out", out, "--rules", rules).returncode == 0
    assert marker.read_text() != "untouched"


def test_fps_limits_what_is_analysed_but_not_what_is_counted(tmp_path: Path) -> None:
    clip = tmp_path / "walk.mp4"
    clip.write_bytes(write_square_file(frames=60))
    done = analyze(clip, "--out", tmp_path / "out", "--fps", 5, "--json")
    [entry] = json.loads(done.stdout)["inputs"]
    assert entry["frames_read"] == 60
    assert 28 <= entry["frames_analyzed"] <= 32


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["/no/such/file.mp4", "--out", "o"], "does not exist"),
        ([".", "--out", "o", "--classes", "dragon"], "dragon"),
    ],
)
def test_wrong_calls_say_what_is_wrong(arguments: list[str], says: str) -> None:
    done = analyze(*arguments)
    assert done.returncode != 0
    assert says in done.stderr


@pytest.mark.shared
def test_real_clips_give_six_people_and_four_cars(tmp_path: Path, rules: Path) -> None:
    people = shared_file("video/people/intel_one-by-one-person-detection.mp4")
    cars = shared_file("video/traffic/intel_car-detection.mp4")
    mirror = shared_file("models")
    models = tmp_path / "models"
    pull = [sys.executable, "-m", "vedette", "models", "pull", "standard"]
    environment = {**os.environ, "VEDETTE_MODELS": str(models), "VEDETTE_MODEL_MIRROR": str(mirror)}
    subprocess.run(pull, env=environment, check=True, capture_output=True, timeout=60)
    done = analyze(people, cars, "--out", tmp_path / "out", "--rules", rules, "--fps", 5, models=models)
    assert done.returncode == 0, done.stderr
    entered = json.loads((tmp_path / "out/intel_one-by-one-person-detection/events.json").read_text())
    crossed = json.loads((tmp_path / "out/intel_car-detection/events.json").read_text())
    assert 5 <= len(entered) <= 7
    assert 3 <= len(crossed) <= 5
    assert [event["direction"] for event in crossed] == [-1, 1, -1, 1]
    still = save_picture(cars, crossed[0]["start_s"], tmp_path / "still.png")
    assert analyze(still, "--out", tmp_path / "out", models=models).returncode == 0
    objects = json.loads((tmp_path / "out/still/objects.json").read_text())
    assert {thing["class"] for thing in objects} == {"vehicle"}
    assert all((tmp_path / "out/still" / thing["picture"]).is_file() for thing in objects)


def save_picture(clip: Path, at_s: float, path: Path) -> Path:
    with av.open(str(clip)) as video:
        frame = next(frame for frame in video.decode(video=0) if frame.time is not None and frame.time >= at_s)
    assert cv2.imwrite(str(path), frame.to_ndarray(format="bgr24"))
    return path


def test_plates_of_a_list_are_events_of_a_file_once_each_and_another_list_is_another_result(tmp_path: Path) -> None:
    clip, out = tmp_path / "drive.mp4", tmp_path / "out"
    clip.write_bytes(write_drive_file(CLEAR))
    wanted, guests = tmp_path / "stolen.csv", tmp_path / "guests.csv"
    wanted.write_text(f"plate,reason\n{CLEAR[:3]}*,stolen\n99Z99999,x\n")
    guests.write_text("plate,reason\n99Z99999,guest\n")
    lists = ("--watchlist", wanted, "--watchlist", f"permitted:{guests}")
    done = analyze(clip, "--out", out, *lists, "--recognize", "plates", models=tmp_path / "none")
    assert done.returncode == 0, done.stderr
    events = [event for event in json.loads((out / "drive" / "events.json").read_text()) if "match" in event]
    assert {(event["kind"], event["severity"], event["detail"]) for event in events} == {
        ("plate_read", "alarm", f"{CLEAR} fits {CLEAR[:3]}* of stolen: stolen"),
        ("plate_read", "alarm", f"{CLEAR} is on no entry of guests"),
    }
    assert len(events) == 2
    assert all(1.5 <= event["start_s"] <= 3.6 for event in events)
    again = analyze(clip, "--out", out, *lists, "--recognize", "plates", models=tmp_path / "none")
    assert "done before" in again.stderr
    wrong = analyze(clip, "--out", out, "--watchlist", clip, models=tmp_path / "none")
    assert wrong.returncode == 1
    assert "UTF-8" in wrong.stderr


def test_what_stands_where_nobody_looks_is_not_found_and_a_slip_that_blinds_is_refused(tmp_path: Path) -> None:
    clip, out = tmp_path / "walk.mp4", tmp_path / "out"
    clip.write_bytes(write_square_file())
    road = "0,0.5 1,0.5 1,1 0,1"
    for option, found in (("--ignore", 0), ("--look", 1)):
        done = analyze(clip, "--out", out, option, road, "--detector", "motion")
        assert done.returncode == 0, done.stderr
        assert len(json.loads((out / "walk" / "objects.json").read_text())) == found, "another region is another result"
    blind = analyze(clip, "--out", out, "--ignore", "0,0 1,0 1,1 0,1", "--detector", "motion")
    assert (blind.returncode, "leave less than" in blind.stderr) == (1, True)
