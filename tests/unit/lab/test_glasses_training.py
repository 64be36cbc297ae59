"""Hazards of the training of glasses: frames drawn beside the eyes, bare eyes taught as worn, a person with many
pictures who is all that is seen, a release that answers otherwise than what was trained.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.lab.glasses.samples import Face, FaceStock, collect_people, draw_glasses, read_worn
from vedette.vision.recognize.face_align import ALIGNED_PX
from vedette.vision.recognize.face_detector import Faces
from vedette.vision.recognize.glasses import cut_eyes

SKIN = 150


def face(person: str = "a", *, is_worn: bool = False, level: int = SKIN) -> Face:
    image = np.full((ALIGNED_PX, ALIGNED_PX, 3), level, np.uint8)
    for x in (40, 87):
        cv2.circle(image, (x, 59), 5, (40, 40, 40), -1)
    return Face(image, person, is_worn)


def test_drawn_glasses_lie_around_both_eyes_and_nowhere_else() -> None:
    for seed in range(60):
        changed = np.zeros((ALIGNED_PX, ALIGNED_PX), bool)
        for level in (60, SKIN):  # a frame may be as bright as one of them
            bare = face(level=level).image_bgr
            worn = bare.copy()
            draw_glasses(worn, np.random.default_rng(seed))
            changed |= np.abs(worn.astype(int) - bare).max(axis=2) > 6
        assert changed[35:90, :64].any(), seed
        assert changed[35:90, 64:].any(), seed
        assert not changed[95:].any(), seed
        assert not changed[:25].any(), seed


def test_samples_are_even_and_everybody_is_seen_alike() -> None:
    """Told apart by the eyes' surroundings: the bare ones have nothing there, but for rims above or below."""
    stock = FaceStock([*(face("often", level=200) for _ in range(50)), face("once", level=60)])
    rng = np.random.default_rng(4)
    samples = [stock.draw_sample(rng) for _ in range(400)]
    assert 150 < sum(is_worn for _, is_worn in samples) < 250
    assert all(strip.shape == (32, 64, 1) for strip, _ in samples)
    spread = {worn: np.mean([np.abs(strip[:, 28:36]).std() for strip, is_worn in samples if is_worn is worn])
              for worn in (False, True)}  # fmt: skip
    assert spread[True] > spread[False], "a bridge is between the eyes"
    with pytest.raises(InvalidInputError, match="without glasses"):
        FaceStock([face(is_worn=True)])


def test_who_wears_glasses_is_read_of_people_and_of_pictures(tmp_path: Path) -> None:
    for person in ("ann", "bob"):
        (tmp_path / "people" / person).mkdir(parents=True)
        for number in (1, 2):
            cv2.imwrite(str(tmp_path / "people" / person / f"{number}.png"), face().image_bgr)
    (tmp_path / "worn.txt").write_text("# seen by eye\nann\n\nbob/2  # reading\n", "utf-8")
    points = np.array([[[40, 59], [87, 59], [64, 82], [45, 105], [83, 105]]], np.float32)

    def find(_: np.ndarray) -> Faces:
        return Faces(np.array([[20, 20, 108, 120]], np.float32), points, np.ones(1, np.float32))

    worn = read_worn(tmp_path / "worn.txt")
    faces = collect_people(tmp_path / "people", worn, find)
    assert [(one.person, one.is_worn) for one in faces] == [
        ("ann", True), ("ann", True), ("bob", False), ("bob", True)
    ]  # fmt: skip
    nothing = Faces(np.zeros((0, 4), np.float32), np.zeros((0, 5, 2), np.float32), np.zeros(0, np.float32))
    with pytest.raises(InvalidInputError, match="shows no face"):
        collect_people(tmp_path / "people", worn, lambda _: nothing)


def test_the_release_answers_as_the_trained_network(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    ov = pytest.importorskip("openvino")
    from vedette.lab.export import export_openvino
    from vedette.lab.glasses.training import train_on_faces
    from vedette.lab.training import Plan
    from vedette.runtime.clock import SystemClock

    keras.utils.set_random_seed(1)
    plan = Plan(shards=2, shard_samples=32, pool_shards=2, batch=16, passes=1.0)
    told: list[str] = []
    people = [face("a"), face("b", is_worn=True)]
    trained = train_on_faces(people, tmp_path / "run", plan, SystemClock(), told.append)
    assert len(told) == 2
    export_openvino(trained, ("worn",), (1, 32, 64, 1), tmp_path, "glasses")
    compiled = ov.Core().compile_model(tmp_path / "glasses.xml", "CPU")
    strip = cut_eyes(face().image_bgr)[None]
    logit = float(keras.ops.convert_to_numpy(trained(strip))[0, 0])
    assert float(compiled(strip)["worn"][0, 0]) == pytest.approx(logit, abs=1e-2)
