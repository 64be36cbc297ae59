"""`vedette profile` through its jailed workers: hostile files, faces, refused footage, a private folder."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.encoded import write_square_file
from tests.support.hostile import write_hostile_files
from tests.support.models import install_models
from tests.support.shared import shared_file
from vedette.runtime.paths import NodePaths
from vedette.vision.drawing import encode_jpeg

MODELS = ("mobilenet-v2-imagenet", "yunet-n", "face-reid-0095", "age-gender-0013-int8")
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    install_models(folder, *MODELS)
    return folder


def profile(*arguments: object, models: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "vedette", "profile", *map(str, arguments)]
    env = {**os.environ, "VEDETTE_MODELS": str(models)}
    return subprocess.run(words, capture_output=True, text=True, env=env, timeout=170, check=False)


def photo(path: Path, seed: int) -> Path:
    noise = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(noise, (320, 240), interpolation=cv2.INTER_CUBIC))
    return path


def test_a_gallery_is_profiled_from_pictures_and_a_video(tmp_path: Path, models: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for person in range(1, 5):
        face = cv2.imread(str(shared_file(f"data/orl_faces/s1/{person}.pgm")))
        canvas = np.asarray(cv2.resize(cv2.imread(str(photo(tmp_path / "ground.png", person))), (640, 480)), np.uint8)
        canvas[100 : 100 + face.shape[0], 150 * person - 120 : 150 * person - 120 + face.shape[1]] = face
        cv2.imwrite(str(own / f"me{person}.jpg"), canvas)
    for number, path in enumerate(sorted(shared_file("data/caltech101/dalmatian").iterdir())[:6]):
        (own / f"dog{number}.jpg").write_bytes(path.read_bytes())
    (own / "film.mp4").write_bytes(write_square_file(frames=12))
    catalogue = tmp_path / "c.csv"
    catalogue.write_text("name,tags\nUmbrella,rain\nBasket,dogs;pets\n")
    out = tmp_path / "out"
    done = profile(own, "--out", out, "--catalogue", catalogue, "--json", models=models)
    assert done.returncode == 0, done.stderr
    assert "jail" not in done.stderr
    told = json.loads((out / "profile.json").read_text())
    assert json.loads(done.stdout) == told
    assert (told["format"], told["version"], told["state"]) == ("vedette-profile", 1, "told")
    assert (told["gallery"]["pictures"], told["gallery"]["videos"], told["gallery"]["not_looked_at"]) == (10, 1, [])
    assert "pets" in [entry["name"] for entry in told["lifestyle"]]
    assert told["owner"]["state"] == "found"
    for example in told["lifestyle"][0]["examples"]:
        assert cv2.imread(str(out / example["picture"])) is not None
    items = json.loads((out / "recommendations.json").read_text())["items"]
    assert [(item["name"], item["points"] > 0) for item in items] == [("Basket", True), ("Umbrella", False)]
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert stat.S_IMODE((out / "profile.html").stat().st_mode) == 0o600


def test_hostile_files_are_errors_of_their_own_and_the_rest_goes_on(tmp_path: Path) -> None:
    install_models(tmp_path / "models", MODELS[0])  # each that ends its worker costs a start: without faces a short one
    own = tmp_path / "own"
    own.mkdir()
    write_hostile_files(own)
    (own / "text.jpg").write_text("root:x:0:0")
    (own / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(99))
    (own / "cut.jpg").write_bytes(photo(tmp_path / "a.jpg", 1).read_bytes()[:400])
    good = [photo(own / f"{name}.png", seed).name for seed, name in enumerate(("0-first", "zz-last"))]
    done = profile(own, "--out", tmp_path / "out", models=tmp_path / "models")
    assert done.returncode == 3, done.stderr
    told = json.loads((tmp_path / "out/profile.json").read_text())
    assert (told["state"], told["reason"]) == ("cannot_tell", "too_few_pictures")
    faults = {Path(fault["path"]).name: fault["error"] for fault in told["gallery"]["not_looked_at"]}
    assert told["owner"]["reason"] == "no_models"
    assert "no picture" in faults["text.jpg"]
    assert "Save it as JPEG" in faults["phone.heic"]
    assert "damaged" in faults["cut.jpg"]
    assert not set(good) & set(faults)
    assert "Traceback" not in done.stderr


def test_surveillance_footage_is_never_profiled(tmp_path: Path, models: Path) -> None:
    paths = NodePaths(tmp_path / "var")
    paths.prepare()
    paths.database.touch()
    photo(paths.pictures / "a.jpg", 1)
    done = profile(paths.pictures, "--out", tmp_path / "out", models=models)
    assert done.returncode == 1
    assert "data directory of a Vedette" in done.stderr
    assert not (tmp_path / "out").exists()
    own = tmp_path / "own"
    own.mkdir()
    (own / "snapshot.jpg").write_bytes(encode_jpeg(np.zeros((64, 64, 3), np.uint8)))
    (own / "link.jpg").symlink_to(paths.pictures / "a.jpg")
    done = profile(own, "--out", tmp_path / "out", models=models)
    assert done.returncode == 1, done.stderr
    told = json.loads((tmp_path / "out/profile.json").read_text())
    assert told["gallery"]["looked_at"] == 0
    assert [fault["state"] for fault in told["gallery"]["not_looked_at"]] == ["refused", "refused"]


def test_without_the_model_it_is_said_what_to_do(tmp_path: Path) -> None:
    done = profile(photo(tmp_path / "a.png", 1), "--out", tmp_path / "out", models=tmp_path / "none")
    assert done.returncode == 1
    assert "vedette models pull standard" in done.stderr
