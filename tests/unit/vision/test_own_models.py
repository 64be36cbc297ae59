"""Hazards of a model that somebody adds himself: it tells what only the house may, takes another's name, answers what
its manifest does not name, is changed after it was accepted, or takes everything else with it when it is bad.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from tests.support.own_makes import LABELS, NAME, add_own_model
from vedette.adapters.model_ledger import SignedModelLedger
from vedette.cli.models import command
from vedette.core.errors import InvalidInputError
from vedette.node.attribute_recognizers import make_make_recognizer
from vedette.node.model_releases import accept_new_releases
from vedette.node.recognizers import find_recognizers
from vedette.testing.clock import SimulatedClock
from vedette.vision.models.kept import NOTHING_KEPT
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.models.selftest import ModelRefusedError, SelfTestFailedError
from vedette.vision.picture import Image, to_planes
from vedette.vision.recognize.crop import Crop, make_crop
from vedette.vision.recognize.make_forms import NO_MAKE, MakeWords, make_form, read_make_words
from vedette.vision.recognize.makes import MakeRecognizer
from vedette.vision.recognize.profile import decide_labels
from vedette.vision.recognize.records import Described, Label, Record, Sighting, check_described

BLUE, GREEN, RED = (200, 40, 40), (40, 200, 40), (40, 40, 200)


def vehicle(colour: tuple[int, int, int], height: int = 60) -> Crop:
    image: Image = np.full((200, 300, 3), 90, np.uint8)
    image[20 : 20 + height, 30:230] = colour
    return make_crop(to_planes(image), (0.1, 0.1, 230 / 300, (20 + height) / 200), "vehicle")


def recognizer(models: Path) -> MakeRecognizer:
    registry = ModelRegistry(models)
    return make_make_recognizer(registry.load(registry.find_named(NAME)), NOTHING_KEPT)


def say(found: list[list[Record]]) -> list[str]:
    return [record.labels["make"].value for [record] in found]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"input": {"layout": "NHWC", "colour": "RGB"}},
        {"input": {"range": [-1, 1]}, "outputs": {"shades": "logits"}},
        {"input": {"colour": "RGB", "resize": "padded", "range": [0, 1]}},
    ],
)
def test_vehicles_are_asked_as_the_manifest_says(tmp_path: Path, changes: dict[str, object]) -> None:
    add_own_model(tmp_path, **changes)
    asked = recognizer(tmp_path)
    found = asked.describe([vehicle(BLUE), vehicle(GREEN), vehicle(RED)])
    assert say(found) == LABELS
    assert asked.describe([vehicle(RED, height=30)]) == [[]], "too small to be told"
    for [record] in found:
        assert 0.7 < record.labels["make"].confidence <= 1
        check_described([Described(0.5, [record])], 1, {asked.form.name: asked.form})


def test_make_is_of_the_manifests_labels_and_of_the_whole_track(tmp_path: Path) -> None:
    add_own_model(tmp_path)
    found = find_recognizers(ModelRegistry(tmp_path), ("attributes",))
    form = found.forms["makes"]
    stranger = Record("makes", labels={"make": Label("Bianco", 0.99)})
    with pytest.raises(InvalidInputError, match="form"):
        check_described([Described(0.5, [stranger])], 1, {"makes": form})
    assert find_recognizers(ModelRegistry(tmp_path), ("plates",)).forms.keys() == {"plates"}

    def decide(*labels: tuple[str, float]) -> str:
        seen = [Sighting(0.0, 1.0, Record("makes", labels={"make": Label(*label)})) for label in labels]
        return decide_labels(seen, form)["make"].value

    assert decide(("Verde", 0.9), ("Verde", 0.8), ("Azzurro", 0.4)) == "unknown", "one of three says another"
    assert decide(("Verde", 0.9), ("Verde", 0.8), ("Verde", 0.6)) == "Verde"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"task": "picture_classification"}, "vehicle_make"),
        ({"obtain": "embedded"}, "obtain: own"),
        ({"packs": ["standard"]}, "packs"),
        ({"licence": " "}, "licence"),
        ({"labels": ["Verde", "verde", "x"]}, "twice"),
        ({"labels": ["Verde", "unknown"]}, "unknown"),
        ({"labels": ["Verde", "a\nb"]}, "printable"),
        ({"labels": ["Verde"]}, "labels"),
        ({"thresholds": {}}, "thresholds"),
        ({"thresholds": {"make": 0.1}}, "0.5"),
        ({"outputs": {"shades": "numbers"}}, "logits"),
        ({"outputs": {"a": "logits", "b": "logits"}}, "one output"),
        ({"input": {"resize": "aligned"}}, "resize"),
        ({"input": {"range": [1, 0]}}, "range"),
        ({"name": "yolox-nano"}, "taken"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_manifest_that_says_too_little_or_too_much_is_left_out_and_everything_else_goes_on(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    whole = len(ModelRegistry(tmp_path).manifests())
    path = add_own_model(tmp_path, has_selftest=False)
    fields = yaml.safe_load(path.read_text())
    given = changes.pop("input", {})
    path.write_text(yaml.safe_dump(fields | changes | {"input": fields["input"] | given}))  # type: ignore[operator]
    registry = ModelRegistry(tmp_path)
    [fault] = registry.find_faults()
    assert fault.file == path.name
    assert told in fault.reason
    assert len(registry.manifests()) == whole
    assert read_make_words(registry) == MakeWords()


def test_what_is_no_manifest_at_all_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "a.yaml").mkdir()
    (folder / "b.yaml").write_bytes(b"\xff\xfe\x00")
    (folder / "c.yaml").write_text("x" * (300 << 10))
    (folder / "d.yaml").write_text("[1, 2")
    for number in range(33):
        (folder / f"e{number:02}.yaml").write_text("{}")
    faults = ModelRegistry(tmp_path).find_faults()
    assert len(faults) == 37
    assert {fault.file for fault in faults} >= {"a.yaml", "b.yaml", "c.yaml", "d.yaml", "e32.yaml"}


def test_without_a_selftest_it_is_neither_loaded_nor_signed_and_with_one_it_is(tmp_path: Path) -> None:
    ledger = SignedModelLedger(tmp_path / "keys")
    add_own_model(tmp_path / "models", has_selftest=False)
    registry = ModelRegistry(tmp_path / "models", ledger=ledger)
    assert [word for word in accept_new_releases(registry, ledger, SimulatedClock()) if "self-test" in word]
    assert ledger.find(NAME) is None
    assert "self-test" in read_make_words(registry).refused
    add_own_model(tmp_path / "models")
    assert accept_new_releases(registry, ledger, SimulatedClock()) == []
    assert read_make_words(registry) == MakeWords(tuple(LABELS))
    path = tmp_path / "models" / "manifests" / f"{NAME}.yaml"
    path.write_text(path.read_text().replace("Verde", "Bianco"))
    with pytest.raises(ModelRefusedError, match="labels"):
        registry.load(registry.find_named(NAME))


def test_another_file_under_its_name_is_refused(tmp_path: Path) -> None:
    add_own_model(tmp_path)
    weights = tmp_path / NAME / "shades.bin"
    weights.write_bytes(bytes([weights.read_bytes()[0] ^ 1]) + weights.read_bytes()[1:])
    registry = ModelRegistry(tmp_path)
    assert "hash" in find_recognizers(registry, ("attributes",)).refused["makes"]
    assert "hash" in read_make_words(registry).refused


@pytest.mark.parametrize("labels", [LABELS[:2], [*LABELS, "Bianco"]])
def test_network_that_answers_another_number_of_labels_is_said_to_fail(tmp_path: Path, labels: list[str]) -> None:
    add_own_model(tmp_path, labels=labels)
    with pytest.raises(SelfTestFailedError, match=rf"^{NAME}: .*answers 3 numbers"):
        recognizer(tmp_path)


def test_file_that_is_no_network_is_said_to_fail(tmp_path: Path) -> None:
    add_own_model(tmp_path, broken=True)
    with pytest.raises(SelfTestFailedError, match=rf"^{NAME}: it cannot be used"):
        recognizer(tmp_path)


def test_where_no_folder_is_named_the_working_directory_adds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_own_model(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert NAME not in [manifest.name for manifest in ModelRegistry(Path()).manifests()]


def run(models: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, words, env={"VEDETTE_MODELS": str(models), "VEDETTE_DATA": None})
    return done.exit_code, done.output


def test_list_says_that_there_is_none_until_there_is_one(tmp_path: Path) -> None:
    assert NO_MAKE in run(tmp_path, "list")[1]
    assert json.loads(run(tmp_path, "list", "--json")[1])["absent"] == [NO_MAKE]
    path = add_own_model(tmp_path)
    assert NO_MAKE not in run(tmp_path, "list")[1]
    path.write_text(path.read_text().replace("licence: CC0", "licence: ''"))
    code, told = run(tmp_path, "verify")
    assert (code, "names no licence" in told) == (1, True)
    assert NO_MAKE in run(tmp_path, "list")[1]


def test_printed_selftest_is_what_the_manifest_needs(tmp_path: Path) -> None:
    path = add_own_model(tmp_path, has_selftest=False)
    code, printed = run(tmp_path, "selftest", NAME)
    assert code == 0, printed
    path.write_text(path.read_text() + printed)
    assert say(recognizer(tmp_path).describe([vehicle(RED)])) == [LABELS[2]]
    form = make_form(ModelRegistry(tmp_path).find_named(NAME))
    assert form.floors == {"make": 0.7}
    assert run(tmp_path, "selftest", "yunet-n")[0] != 0
