"""Hazards of looking for people in a picture: nobody is found where people are, a broken file or no model looks like
nobody there. Real people: PETS 2009 S2L1. Skips without the shared folder.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.models import install_models
from tests.support.shared import shared_file
from vedette.core.people import VECTOR_BYTES, AppearanceModelsMissingError, NobodyFoundError
from vedette.node.face_enrolment import NoPictureError
from vedette.node.people_reader import PeopleReader
from vedette.vision.models.registry import ModelRegistry

STANDARD = "person-reid-0287"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> ModelRegistry:
    return install_models(tmp_path_factory.mktemp("models"), "pvb-2004-int8", STANDARD)


@pytest.fixture(scope="module")
def reader(registry: ModelRegistry) -> PeopleReader:
    return PeopleReader(registry)


def png(image_bgr: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", image_bgr)[1])


def read_frame(number: int) -> np.ndarray:
    film = cv2.VideoCapture(str(shared_file("video/pets2009_s2l1/vtest_480x360.avi")))
    film.set(cv2.CAP_PROP_POS_FRAMES, number)
    found, image_bgr = film.read()
    film.release()
    assert found
    return image_bgr


@pytest.mark.shared
async def test_people_are_found_from_left_to_right_with_how_they_look(
    reader: PeopleReader, registry: ModelRegistry
) -> None:
    people = await reader.read(png(read_frame(359)))
    assert len(people) >= 3
    assert [one.box_norm_xyxy[0] for one in people] == sorted(one.box_norm_xyxy[0] for one in people)
    assert all(one.picture[:3] == b"\xff\xd8\xff" for one in people)
    usable = [one for one in people if one.vector]
    assert {(one.release, len(one.vector)) for one in usable} == {(registry.find_named(STANDARD).release, VECTOR_BYTES)}
    looks = np.array([np.frombuffer(one.vector, "<f4") for one in usable])
    assert np.allclose(np.linalg.norm(looks, axis=1), 1, atol=1e-3)


@pytest.mark.shared
async def test_picture_of_nobody_and_what_is_no_picture_are_told_apart(reader: PeopleReader) -> None:
    with pytest.raises(NobodyFoundError):
        await reader.read(png(np.full((240, 320, 3), 120, np.uint8)))
    for wrong in (b"MZ no picture", b"\xff\xd8\xff cut"):
        with pytest.raises(NoPictureError):
            await reader.read(wrong)


@pytest.mark.shared
async def test_a_model_that_differs_is_said_and_what_to_pull(tmp_path: Path) -> None:
    models = install_models(tmp_path, STANDARD)
    manifest = models.find_named(STANDARD)
    for file in manifest.converted:
        path = models.path_of(manifest, file)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(AppearanceModelsMissingError) as refused:
        await PeopleReader(models).read(png(np.zeros((64, 64, 3), np.uint8)))
    assert "vedette models pull" in refused.value.hint


async def test_without_a_download_nobody_is_nobody(tmp_path: Path) -> None:
    with pytest.raises(NobodyFoundError):
        await PeopleReader(ModelRegistry(tmp_path)).read(png(np.zeros((64, 64, 3), np.uint8)))
