"""`vedette enhance` through its jailed workers: marked results, clear reasons for wrong input, no half files."""

import os
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.support.encoded import write_square_file
from vedette.vision.enhance.label import render_label

NOTE = b"this is not evidence"


def enhance(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "vedette", "enhance", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, env=dict(os.environ), timeout=170, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("enhance")
    rng = np.random.default_rng(1)
    image = cv2.resize(rng.integers(0, 255, (9, 12, 3), np.uint8), (97, 71), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(made / "in.png"), image)
    cv2.imwrite(str(made / "in.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 50])
    (made / "in.mp4").write_bytes(write_square_file(frames=6))
    (made / "no.jpg").write_bytes(b"\xff\xd8\xff" + bytes(range(256)))
    (made / "text.png").write_text("root:x:0:0")
    (made / "huge.bmp").write_bytes(cv2.imencode(".bmp", image)[1].tobytes()[:18] + b"\xff\xff\0\0" * 2 + b"\0" * 99)
    return made


def test_picture_is_doubled_labelled_and_marked(folder: Path) -> None:
    done = enhance(folder / "in.jpg", "-o", folder / "out.png", "--label", "top-left")
    assert done.returncode == 0, done.stderr
    assert "jpeg-50" in done.stderr
    data = (folder / "out.png").read_bytes()
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image.shape == (142, 194, 3)
    plate = render_label((194, 142))
    np.testing.assert_array_equal(image[: plate.shape[0], : plate.shape[1], 1], plate)
    assert NOTE in data


def test_video_is_doubled_labelled_and_marked(folder: Path) -> None:
    done = enhance(folder / "in.mp4", "-o", folder / "out.mp4")
    assert done.returncode == 0, done.stderr
    with av.open(str(folder / "out.mp4")) as container:
        assert NOTE.decode() in container.metadata["comment"]
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    with av.open(str(folder / "in.mp4")) as container:
        sources = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(pictures) == len(sources) == 6
    assert pictures[0].shape == (2 * sources[0].shape[0], 2 * sources[0].shape[1])
    plate = render_label(pictures[0].shape[::-1])
    corner = pictures[-1][-plate.shape[0] :, -plate.shape[1] :].astype(int)
    assert np.abs(corner - plate).mean() < 12
    halved = cv2.resize(pictures[-1], sources[-1].shape[::-1], interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(halved - sources[-1])[:-30].mean() < 3


@pytest.mark.parametrize(
    ("source", "result", "reason"),
    [
        ("text.png", "x.png", "neither a picture"),
        ("no.jpg", "x.png", "does not tell its size"),
        ("huge.bmp", "x.png", "too large"),
        ("in.png", "x.mp4", "is a picture"),
        ("in.mp4", "x.jpg", "is a video"),
        ("in.png", "x.gif", "no result that can be written"),
        ("in.png", "in.png", "would replace"),
        ("gone.png", "x.png", "cannot be read"),
        ("in.png", "nowhere/x.png", "cannot be written"),
    ],
)
def test_wrong_input_is_refused_with_the_reason_and_leaves_nothing(
    folder: Path, source: str, result: str, reason: str
) -> None:
    before = sorted(path.name for path in folder.iterdir())
    done = enhance(folder / source, "-o", folder / result)
    assert done.returncode == 1
    assert reason in done.stderr
    assert "root:x" not in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == before


def test_other_scales_are_refused(folder: Path) -> None:
    done = enhance(folder / "in.png", "-o", folder / "x.png", "--scale", 4)
    assert done.returncode == 1
    assert "scale of 4" in done.stderr


def test_label_cannot_be_dropped(folder: Path) -> None:
    assert enhance(folder / "in.png", "-o", folder / "x.png", "--label", "none").returncode == 2
    assert not (folder / "x.png").exists()
