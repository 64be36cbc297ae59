"""Pictures given to be enrolled, through a real jailed worker: good ones, poisoned ones, and none at all."""

import asyncio
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.integration.test_faces import portrait
from tests.support.encoded import write_square_file
from tests.support.hostile import write_hostile_files
from tests.support.models import install_models
from vedette.core.errors import InvalidInputError
from vedette.core.faces import MAX_PICTURE_BYTES, TEMPLATE_BYTES
from vedette.node.face_enrolment import EnrolmentBusyError, FaceModelsMissingError, NoPictureError, PortraitReader
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.records import is_unit_vector


def png(image: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", image)[1])


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> PortraitReader:
    return PortraitReader(install_models(tmp_path_factory.mktemp("models"), "yunet-n", "face-reid-0095"))


@pytest.mark.shared
async def test_picture_of_one_face_becomes_a_template_and_a_portrait_made_anew(reader: PortraitReader) -> None:
    given = png(portrait())
    face = await reader.read(given)
    assert is_unit_vector(face.template, TEMPLATE_BYTES // 4)
    assert (face.release, len(face.template)) == ("face-reid-0095-r1", TEMPLATE_BYTES)
    assert face.quality > 0.5
    assert face.portrait[:3] == b"\xff\xd8\xff"
    assert face.portrait not in given
    assert "template" not in repr(face)


@pytest.mark.shared
async def test_poisoned_pictures_are_refused_each_with_its_reason(reader: PortraitReader, tmp_path: Path) -> None:
    write_hostile_files(tmp_path)
    other = cv2.flip(portrait(), 1)
    refused = {
        "several_faces": png(np.concatenate([portrait(), other], axis=1)),
        "no_face": png(np.full((200, 200, 3), 90, np.uint8)),
        "no_picture": (tmp_path / "noise.jpg").read_bytes(),
    }
    for code, picture in refused.items():
        with pytest.raises(InvalidInputError) as refusal:
            await reader.read(picture)
        assert refusal.value.code == code
    with pytest.raises(NoPictureError):
        await reader.read((tmp_path / "bomb.png").read_bytes())


async def test_films_texts_and_giants_do_not_reach_a_worker(tmp_path: Path) -> None:
    reader = PortraitReader(ModelRegistry(tmp_path))
    for given in (b"", b"a shopping list", write_square_file(frames=2), b"\xff\xd8\xff" + bytes(MAX_PICTURE_BYTES)):
        with pytest.raises(NoPictureError):
            await reader.read(given)


async def test_missing_models_are_said_and_not_taken_for_a_bad_picture(tmp_path: Path) -> None:
    with pytest.raises(FaceModelsMissingError, match="models pull"):
        await PortraitReader(ModelRegistry(tmp_path)).read(b"\x89PNG\r\n\x1a\n")


@pytest.mark.shared
async def test_crowd_of_enrolments_is_bounded(reader: PortraitReader) -> None:
    asked = [asyncio.create_task(reader.read(b"\x89PNG\r\n\x1a\n")) for _ in range(6)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == [
        *[EnrolmentBusyError.__name__] * 2,
        *[NoPictureError.__name__] * 4,
    ]
