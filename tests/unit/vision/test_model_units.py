"""Attacks on a model release as a whole (M7): one part changed, added, removed, renamed, or an older one put back."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.unit.vision.test_models import BIN, XML, manifest_text
from vedette.adapters.model_download import fetch_from_mirror, install_model
from vedette.adapters.model_ledger import SignedModelLedger, open_ledger
from vedette.cli.models import command
from vedette.core.errors import NotFoundError
from vedette.node.model_releases import accept_new_releases
from vedette.testing.clock import SimulatedClock
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.models.selftest import ModelRefusedError
from vedette.vision.models.unit import ModelUnit, RollbackRefusedError, UnsignedReleaseError, read_serial

CLOCK = SimulatedClock()


class House:
    """One installation with one model, accepted."""

    def __init__(self, folder: Path) -> None:
        self.manifests, self.mirror = folder / "manifests", folder / "mirror" / "detection"
        self.manifests.mkdir()
        self.mirror.mkdir(parents=True)
        self.ledger = SignedModelLedger(folder / "keys")
        self.registry = ModelRegistry(folder / "models", self.manifests, ledger=self.ledger)
        self.write()
        (self.mirror / "tiny.xml").write_bytes(XML)
        (self.mirror / "tiny.bin").write_bytes(BIN)
        install_model(self.registry, self.manifest, fetch_from_mirror(folder / "mirror"))
        assert accept_new_releases(self.registry, self.ledger, CLOCK) == []

    @property
    def manifest(self):  # type: ignore[no-untyped-def]
        return self.registry.find_named("tiny")

    @property
    def installed(self) -> Path:
        return self.registry.directory / "tiny"

    def write(self, old: str = "", new: str = "") -> None:
        (self.manifests / "tiny.yaml").write_text(manifest_text().replace(old, new) if old else manifest_text())

    def load(self) -> None:
        self.registry.load(self.manifest)


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.load()
    return house


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("floor: 0.1", "floor: 0.01", "thresholds"),
        ("labels: [person]", "labels: [vehicle]", "labels"),
        ("colour: BGR", "colour: RGB", "preprocessing"),
        ("range: [0, 255]", "range: [0, 1]", "preprocessing"),
        ("precision: int8", "precision: fp16", "preprocessing"),
    ],
)
def test_manifest_that_was_changed_under_the_same_release_is_refused(
    house: House, old: str, new: str, told: str
) -> None:
    house.write(old, new)
    with pytest.raises(ModelRefusedError, match=told):
        house.load()
    house.write()
    house.load()


def test_figures_and_packs_may_be_told_better_later(house: House) -> None:
    house.write("packs: [standard]", "packs: [standard, small]")
    house.load()


def test_weights_that_were_changed_together_with_their_hash_are_refused(house: House) -> None:
    (house.installed / "tiny.bin").write_bytes(b"Weights")
    house.write(hashlib.sha256(BIN).hexdigest(), hashlib.sha256(b"Weights").hexdigest())
    with pytest.raises(ModelRefusedError, match=r"tiny\.bin"):
        house.load()


def test_file_that_was_added_removed_or_renamed_is_refused(house: House) -> None:
    added = house.installed / "extra.xml"
    added.write_bytes(b"x")
    with pytest.raises(ModelRefusedError, match=r"extra\.xml"):
        house.load()
    added.unlink()
    (house.installed / "tiny.bin").rename(house.installed / "tiny2.bin")
    with pytest.raises(NotFoundError):
        house.load()
    (house.installed / "tiny2.bin").rename(house.installed / "tiny.bin")
    for half in (".tiny.bin.new", ".tiny.bin.part"):  # now, and as earlier releases called it
        (house.installed / half).write_bytes(b"half a download")
    house.load()


def test_older_release_after_a_newer_one_is_refused_until_somebody_rolls_back(house: House) -> None:
    house.write("tiny-r1", "tiny-r2")
    with pytest.raises(UnsignedReleaseError):
        house.load()
    accept_new_releases(house.registry, house.ledger, CLOCK)
    house.load()
    house.write()
    assert accept_new_releases(house.registry, house.ledger, CLOCK) == [], "a start is no rollback"
    with pytest.raises(RollbackRefusedError, match="tiny-r2"):
        house.load()
    house.ledger.accept(house.registry.read_unit(house.manifest), 1, "rolled back from tiny-r2")
    house.load()
    rows = [json.loads(line) for line in (house.ledger._folder / "history.jsonl").read_text().splitlines()]
    assert [row["release"] for row in rows] == ["tiny-r1", "tiny-r2", "tiny-r1"]


def test_start_does_not_sign_what_was_changed_since(house: House) -> None:
    house.write("floor: 0.1", "floor: 0.01")
    accept_new_releases(house.registry, house.ledger, CLOCK)
    with pytest.raises(ModelRefusedError):
        house.load()


def test_note_that_was_changed_swapped_or_signed_by_another_key_is_refused(house: House, tmp_path: Path) -> None:
    note = tmp_path / "keys" / "tiny.note"
    good = note.read_bytes()
    other = SignedModelLedger(tmp_path / "other")
    other.accept(house.registry.read_unit(house.manifest), 1, "by somebody else")
    house.ledger.accept(
        ModelUnit("big", "big-r1", good.decode().partition("\n\n")[0].replace("tiny", "big") + "\n"), 1, "x"
    )
    for bad in (
        good.replace(b"tiny-r1", b"tiny-r0"),
        good[:-9],
        b"",
        (tmp_path / "other" / "tiny.note").read_bytes(),
        (tmp_path / "keys" / "big.note").read_bytes(),
    ):
        note.write_bytes(bad)
        with pytest.raises(ModelRefusedError):
            house.load()
    note.write_bytes(good)
    house.load()
    assert (tmp_path / "keys" / "release.key").stat().st_mode & 0o077 == 0


def test_releases_are_numbered_and_every_shipped_one_has_a_number() -> None:
    assert [read_serial(text) for text in ("a-r1", "a-r12", "a", "a-r1-beta", "r-r2")] == [1, 12, 0, 0, 2]
    assert all(read_serial(manifest.release) > 0 for manifest in ModelRegistry(Path("none")).manifests())


def test_people_see_what_is_signed_and_go_back_only_on_purpose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VEDETTE_MODELS", raising=False)
    data = ["--data", str(tmp_path)]
    run = CliRunner().invoke
    assert "plate-reader: installed\n" in run(command, ["verify", *data]).output
    assert open_ledger(tmp_path / "keys" / "models") is None
    ledger = SignedModelLedger(tmp_path / "keys" / "models")
    accept_new_releases(ModelRegistry(tmp_path / "models"), ledger, CLOCK)
    assert f"plate-reader: installed (signed by {ledger.fingerprint})" in run(command, ["verify", *data]).output
    newer = ledger.find("plate-reader")
    assert newer is not None
    text = newer.text.replace(newer.release, "plate-reader-r99")
    ledger.accept(ModelUnit("plate-reader", "plate-reader-r99", text), 1, "a newer Vedette")
    refused = run(command, ["verify", *data])
    assert (refused.exit_code, "older than plate-reader-r99" in refused.output) == (1, True)
    assert f"{newer.release} is accepted" in run(command, ["rollback", "plate-reader", *data]).output
    assert run(command, ["verify", *data]).exit_code == 3
    assert isinstance(run(command, ["rollback", "plate-reader", *data]).exception, Exception)
