"""Hazards of the model that tells people apart: a copy in another order of pixels, colours swapped, people not found.

Real people: PETS 2009 S2L1, who leave the picture and come back. Skips without the shared folder.
"""

from pathlib import Path

import numpy as np
import pytest

from tests.support.models import install_models
from tests.support.shared import shared_file
from vedette.media.decode import FileFrames
from vedette.media.planes import PlanarFrame
from vedette.node.appearance_terms import find_appearance
from vedette.node.model_selftests import run_selftest
from vedette.node.recognizers import find_recognizers, load_recognizers
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.attribute_forms import APPEARANCE, APPEARANCE_FORM
from vedette.vision.recognize.crop import make_crop
from vedette.vision.recognize.records import Described, Sighting, check_described
from vedette.vision.recognize.track_appearance import join_appearance

STANDARD = "person-reid-0287"
Seen = tuple[int, tuple[float, float, float, float]]
BALD_BEFORE: list[Seen] = [
    (197, (0.653, 0.250, 0.698, 0.382)),
    (249, (0.259, 0.263, 0.295, 0.395)),
    (309, (0.311, 0.286, 0.352, 0.422)),
    (359, (0.686, 0.339, 0.739, 0.495)),
]
BALD_AFTER: list[Seen] = [
    (577, (0.394, 0.249, 0.429, 0.382)),
    (637, (0.148, 0.251, 0.180, 0.369)),
    (657, (0.214, 0.262, 0.244, 0.386)),
    (728, (0.661, 0.342, 0.706, 0.533)),
]
PAPER_BEFORE: list[Seen] = [
    (530, (0.810, 0.335, 0.853, 0.486)),
    (550, (0.776, 0.287, 0.817, 0.421)),
    (600, (0.874, 0.359, 0.921, 0.516)),
]
PAPER_AFTER: list[Seen] = [
    (704, (0.852, 0.366, 0.898, 0.528)),
    (719, (0.734, 0.346, 0.778, 0.504)),
    (740, (0.572, 0.311, 0.607, 0.468)),
]
LIGHT_BLUE: list[Seen] = [
    (124, (0.846, 0.369, 0.889, 0.517)),
    (144, (0.631, 0.324, 0.684, 0.454)),
    (169, (0.375, 0.288, 0.414, 0.414)),
]
EVERYBODY = (BALD_BEFORE, BALD_AFTER, PAPER_BEFORE, PAPER_AFTER, LIGHT_BLUE)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> ModelRegistry:
    return install_models(tmp_path_factory.mktemp("models"), STANDARD)


@pytest.fixture(scope="module")
def pictures() -> dict[int, PlanarFrame]:
    wanted = {number for seen in EVERYBODY for number, _ in seen}
    with shared_file("video/pets2009_s2l1/vtest_480x360.avi").open("rb") as file:
        return {number: frame for number, frame in enumerate(FileFrames(file).frames()) if number in wanted}


def test_converted_copy_passes_the_release_s_own_test(registry: ModelRegistry) -> None:
    model = registry.load(registry.find_named(STANDARD))
    assert model.manifest.converted
    assert run_selftest(model)


def test_the_pulled_model_is_used_where_it_is_installed_else_the_embedded_one(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    for models, release in ((registry, "person-reid-0287-r1"), (ModelRegistry(tmp_path), "person-reid-small-r1")):
        found = find_recognizers(models, (APPEARANCE,))
        assert (found.names, found.releases) == ((APPEARANCE,), {release})
        assert find_appearance(models).release == release
        [loaded] = load_recognizers(models.directory, found.names)
        assert loaded.release == release
    assert find_recognizers(registry, ("plates",)).names == ("plates",)


def test_a_better_model_that_is_installed_meanwhile_is_noticed(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path)
    before = find_recognizers(registry, ("faces",))
    after = find_recognizers(install_models(tmp_path, "yunet-n"), ("faces",))
    assert before.names == after.names
    glasses = registry.find_named("glasses").release
    assert before.releases == {registry.find_named("face-detector").release, glasses}
    assert after.releases == {registry.find_named("yunet-n").release, glasses}


def test_people_who_come_back_are_more_like_themselves(
    registry: ModelRegistry, pictures: dict[int, PlanarFrame]
) -> None:
    [recognizer] = load_recognizers(registry.directory, (APPEARANCE,))
    assert recognizer.release == registry.find_named(STANDARD).release

    looks = []
    for seen in EVERYBODY:
        crops = [make_crop(pictures[number], box, "person") for number, box in seen]
        sightings = []
        for crop in crops:
            [[record]] = recognizer.describe([crop])
            check_described([Described(0.5, [record])], 1, {APPEARANCE: APPEARANCE_FORM})
            sightings.append(Sighting(0.0, 0.5, record))
        look = join_appearance(sightings)
        assert look is not None
        looks.append(look.vector)
    alike = np.array(looks) @ np.array(looks).T
    same = [alike[0, 1], alike[2, 3]]
    others = [alike[:2, 2:].max(), alike[2:4, 4].max()]
    assert min(same) > 0.75 > max(others)
