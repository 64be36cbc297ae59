"""Makes by a model that somebody added, through real jailed workers: told of vehicles, and never in a camera's way."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.encoded import encode_square
from tests.support.feed_server import to_packets
from tests.support.models import install_models
from tests.support.own_makes import LABELS, NAME, add_own_model
from tests.support.running_analyzer import running
from tests.support.shared import shared_file
from vedette.core.assignment import AnalyzerAssignment, CameraAnalysis
from vedette.core.media import StreamFormat, StreamRole
from vedette.core.time import NS_PER_S

CAMERA = CameraAnalysis("A", "Street", StreamRole.SUB, recognize=("attributes",))


def play() -> dict:
    film = encode_square()
    return {"A/sub": (StreamFormat("run-1", film.video), to_packets(film.packets, 1_750_000_000 * NS_PER_S))}


async def test_model_that_cannot_be_used_is_left_out_with_its_reason_and_the_camera_goes_on(tmp_path: Path) -> None:
    add_own_model(tmp_path / "models", broken=True)
    async with running(tmp_path, play()) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (CAMERA,)))
        await box.until(lambda: box.camera("A").get("analysed"), 120)
        told = box.analyzer.status()["recognizers"]
    assert told["refused"]["makes"].startswith(f"{NAME}: it cannot be used")
    assert "makes" not in told["loaded"]


async def test_model_that_is_good_is_loaded_in_the_jail(tmp_path: Path) -> None:
    add_own_model(tmp_path / "models")
    async with running(tmp_path, play()) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (CAMERA,)))
        await box.until(lambda: box.camera("A").get("analysed"), 120)
        told = box.analyzer.status()["recognizers"]
    assert (told["loaded"]["makes"], told["refused"]) == ("shades-r1", {})


@pytest.mark.shared
def test_makes_of_a_film_are_of_the_models_labels_or_unknown_and_of_vehicles_alone(tmp_path: Path) -> None:
    install_models(tmp_path / "models", "pvb-2004-int8")
    add_own_model(tmp_path / "models")
    film = shared_file("video/traffic/intel_car-detection.mp4")
    words = [sys.executable, "-m", "vedette", "analyze", str(film), "--out", str(tmp_path / "out"), "--fps", "2"]
    environment = {**os.environ, "VEDETTE_MODELS": str(tmp_path / "models")}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    [results] = (tmp_path / "out").glob("*/objects.json")
    told = json.loads(results.read_text())
    makes = {one["attributes"]["make"]["value"] for one in told if "make" in one["attributes"]}
    assert makes
    assert makes <= {*LABELS, "unknown"}
    assert {one["class"] for one in told if "make" in one["attributes"]} == {"vehicle"}
