"""Categories from folders through the real jailed workers: taught, asked, told of tracks; damaged and hostile files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.hostile import write_hostile_files
from tests.support.models import install_models
from tests.support.shared import shared_file

NAMES = ("accordion", "airplanes", "dalmatian")
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    install_models(folder, "mobilenet-v2-imagenet", "pvb-2004-int8")
    return folder


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, models: Path) -> tuple[Path, dict[str, object], str]:
    """The set's file, what was printed, and what was said on the way."""
    folder = tmp_path_factory.mktemp("toys")
    for name in NAMES:
        (folder / name).mkdir()
        for path in pictures(name)[:7]:
            (folder / name / path.name).write_bytes(path.read_bytes())
    (folder / NAMES[0] / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    twice = pictures(NAMES[1])[0]
    (folder / NAMES[1] / "zz-twice.jpg").write_bytes(twice.read_bytes())
    write_hostile_files(folder / NAMES[2])
    out = folder.parent / "out"
    done = run("lab", "categories", "train", folder, "--name", "toy", "--out", out, "--json", models=models)
    assert done.returncode == 0, done.stderr
    return out / "categories.json", json.loads(done.stdout), done.stderr


def pictures(name: str) -> list[Path]:
    return sorted(shared_file(f"data/caltech101/{name}").iterdir())


def run(*arguments: object, models: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "vedette", *map(str, arguments)]
    env = {**os.environ, "VEDETTE_MODELS": str(models)}
    return subprocess.run(words, capture_output=True, text=True, env=env, timeout=280, check=False)


def test_bad_pictures_are_named_and_left_out(taught: tuple[Path, dict[str, object], str]) -> None:
    _, told, said = taught
    assert "broken.jpg is left out" in said
    assert "zz-twice.jpg is left out: it is the same picture as" in said
    assert isinstance(told["skipped"], int)
    assert told["skipped"] >= 2
    assert told["accuracy"] == 1.0


def test_new_pictures_are_told_apart(taught: tuple[Path, dict[str, object], str], models: Path) -> None:
    asked = [pictures(name)[9] for name in NAMES]
    done = run("lab", "categories", "say", taught[0], *asked, "--json", models=models)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)["pictures"]
    assert [next(iter(one["shares"])) for one in said] == list(NAMES)


def test_track_gets_the_category_as_an_attribute(
    taught: tuple[Path, dict[str, object], str], models: Path, tmp_path: Path
) -> None:
    """A picture is a file with one moment; the detector of the pack finds the person in it."""
    frame = min(shared_file("data/mot17_mini").rglob("*.jpg"))
    image = cv2.imread(str(frame))
    cv2.imwrite(str(tmp_path / "street.png"), np.asarray(image, np.uint8))
    out = tmp_path / "out"
    words = ("--categories", taught[0], "--recognize", "none", "--classes", "person")
    done = run("analyze", tmp_path / "street.png", "--out", out, *words, models=models)
    assert done.returncode == 0, done.stderr
    [found] = list(out.rglob("objects.json"))
    told = [one["attributes"].get("toy") for one in json.loads(found.read_text())]
    assert [one for one in told if one]
    assert {one["value"] for one in told if one} <= {*NAMES, "unknown"}


def test_without_the_model_the_error_says_what_to_pull(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "f" / name).mkdir(parents=True)
    done = run("lab", "categories", "train", tmp_path / "f", "--name", "toy", "--out", tmp_path / "o", models=tmp_path)
    assert done.returncode != 0
    assert "vedette models pull standard" in done.stderr
