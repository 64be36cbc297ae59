"""Networks that starts keep: who may use which, and what becomes of those that nobody may."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from tests.support.models import install_models
from vedette.adapters.kept_networks import SealedNetworks, open_kept_networks
from vedette.adapters.openvino_detector import OpenVinoDetector
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.media.planes import PlanarFrame
from vedette.node.face_recognizer import CROP_SIDE_PX
from vedette.runtime.paths import NodePaths
from vedette.vision.models.kept import KeptNetworks, NetworkRecipe
from vedette.vision.models.registry import InstalledModel, ModelRegistry
from vedette.vision.models.selftest import make_input

SLOT, IDENTITY, OTHER = "plate-reader-own-0011", "ab" * 32, "cd" * 32
KEY = bytes(range(32))
RECIPE = NetworkRecipe("reader", (b"graph", b"weights"), (1, 3, 8, 8), {"THREADS": 1}, b"code")


class RememberedNetworks(KeptNetworks):
    """Keeps in memory, and tells what was asked for and handed over."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, bytes]] = {}
        self.given: list[str] = []
        self.taken: list[str] = []

    def find(self, slot: str, identity: str) -> bytes | None:
        known, data = self.kept.get(slot, ("", b""))
        if known != identity:
            return b""
        self.given.append(slot)
        return data

    def keep(self, slot: str, identity: str, data: bytes) -> None:
        self.taken.append(slot)
        self.kept[slot] = (identity, data)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def shelf(tmp_path: Path, told: list[str]) -> SealedNetworks:
    return SealedNetworks(tmp_path / "networks", KEY, told.append)


def the_file(folder: Path) -> Path:
    [path] = (folder / "networks").glob("*.network")
    return path


@pytest.mark.parametrize(
    "changed",
    [
        replace(RECIPE, files=(b"graph", b"weights!")),
        replace(RECIPE, files=(b"graphweights",)),
        replace(RECIPE, shape=(1, 3, 8, 16)),
        replace(RECIPE, options={"THREADS": 2}),
        replace(RECIPE, code=b"code that shapes it otherwise"),
        replace(RECIPE, model="finder"),
    ],
)
def test_whatever_decides_what_is_compiled_gives_another_identity(changed: NetworkRecipe) -> None:
    assert changed.identify(["runtime 1", "avx2"]) != RECIPE.identify(["runtime 1", "avx2"])


@pytest.mark.parametrize("machine", [["runtime 2", "avx2"], ["runtime 1", "avx2", "avx512f"], ["runtime 1"]])
def test_network_of_another_runtime_or_processor_has_another_identity_and_the_same_slot(machine: list[str]) -> None:
    assert RECIPE.identify(machine) != RECIPE.identify(["runtime 1", "avx2"])
    assert replace(RECIPE, files=(b"newer",)).slot == RECIPE.slot
    assert replace(RECIPE, options={"THREADS": 2}).slot != RECIPE.slot


def test_what_is_kept_is_found_and_not_readable_by_others(
    shelf: SealedNetworks, tmp_path: Path, told: list[str]
) -> None:
    assert shelf.find(SLOT, IDENTITY) == b""
    shelf.keep(SLOT, IDENTITY, b"network")
    assert shelf.find(SLOT, IDENTITY) == b"network"
    assert the_file(tmp_path).stat().st_mode & 0o077 == 0
    assert the_file(tmp_path).parent.stat().st_mode & 0o077 == 0
    assert told == []


def _flip(place: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize(
    "damage",
    [_flip(-1), _flip(70), _flip(90), _flip(0), lambda data: data[:-1], lambda data: data[:50], lambda data: b""],
    ids=["last_byte", "nonce", "inside", "identity", "torn", "torn_in_its_head", "empty"],
)
def test_changed_or_torn_file_is_refused_said_and_replaced(
    damage: Callable[[bytes], bytes], shelf: SealedNetworks, tmp_path: Path, told: list[str]
) -> None:
    shelf.keep(SLOT, IDENTITY, b"network" * 100)
    path = the_file(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    assert shelf.find(SLOT, IDENTITY) == b""
    [line] = told
    assert SLOT in line
    shelf.keep(SLOT, IDENTITY, b"network" * 100)
    assert shelf.find(SLOT, IDENTITY) == b"network" * 100
    assert len(told) == 1


def test_network_sealed_with_another_key_is_refused(tmp_path: Path, told: list[str]) -> None:
    SealedNetworks(tmp_path / "networks", bytes(32), told.append).keep(SLOT, IDENTITY, b"planted")
    assert SealedNetworks(tmp_path / "networks", KEY, told.append).find(SLOT, IDENTITY) == b""
    assert "not made here" in told[0]


def test_network_moved_to_another_slot_or_renamed_to_another_identity_is_refused(
    shelf: SealedNetworks, tmp_path: Path, told: list[str]
) -> None:
    shelf.keep(SLOT, IDENTITY, b"network")
    path = the_file(tmp_path)
    path.with_name("other-own-0011.network").write_bytes(path.read_bytes())
    assert shelf.find("other-own-0011", IDENTITY) == b""
    path.write_bytes(OTHER.encode() + path.read_bytes()[64:])
    assert shelf.find(SLOT, OTHER) == b""
    assert len(told) == 2


def test_stale_network_is_said_and_gives_its_slot_up(shelf: SealedNetworks, tmp_path: Path, told: list[str]) -> None:
    shelf.keep(SLOT, IDENTITY, b"old")
    assert shelf.find(SLOT, OTHER) == b""
    assert "another model, runtime or processor" in told[0]
    shelf.keep(SLOT, OTHER, b"new")
    assert shelf.find(SLOT, OTHER) == b"new"
    assert len(list((tmp_path / "networks").iterdir())) == 1


def test_network_that_was_handed_out_and_comes_anew_did_not_do_and_that_is_said(
    shelf: SealedNetworks, told: list[str]
) -> None:
    for _ in range(2):
        shelf.keep(SLOT, IDENTITY, b"a network")  # two starts at once, both without one
    assert shelf.find(SLOT, IDENTITY) == b"a network"
    assert told == []
    shelf.keep(SLOT, IDENTITY, b"another")
    assert told == [f"the kept network {SLOT} did not load or failed its self-test: compiled anew and replaced"]
    assert shelf.find(SLOT, IDENTITY) == b"another"


def test_networks_not_used_for_longest_go_first(tmp_path: Path, told: list[str]) -> None:
    shelf = SealedNetworks(tmp_path / "networks", KEY, told.append, most_bytes=3000)
    for age_s, slot in enumerate(("used", "never-used", "newer")):
        shelf.keep(slot, IDENTITY, bytes(800))
        os.utime(tmp_path / f"networks/{slot}.network", (1_000_000 + age_s, 1_000_000 + age_s))
    assert shelf.find("used", IDENTITY)
    shelf.keep("newest", IDENTITY, bytes(800))
    left = {path.stem for path in (tmp_path / "networks").iterdir()}
    assert left == {"used", "newer", "newest"}


def test_folder_that_cannot_be_written_is_said_once_and_costs_nothing_else(tmp_path: Path, told: list[str]) -> None:
    (tmp_path / "networks").write_bytes(b"no folder")
    shelf = SealedNetworks(tmp_path / "networks", KEY, told.append)
    shelf.keep(SLOT, IDENTITY, b"network")
    shelf.keep(SLOT, IDENTITY, b"network")
    assert len(told) == 1
    assert "cannot be kept" in told[0]


def test_installation_keeps_with_a_key_of_its_own(tmp_path: Path, told: list[str]) -> None:
    for _ in range(2):
        shelf = open_kept_networks(NodePaths(tmp_path), told.append)
        shelf.keep(SLOT, IDENTITY, b"network") if not told and not (tmp_path / "networks").exists() else None
        assert shelf.find(SLOT, IDENTITY) == b"network"
    key = tmp_path / "keys/networks.key"
    assert (len(key.read_bytes()), key.stat().st_mode & 0o777) == (32, 0o600)


def test_key_that_others_may_have_read_is_replaced_and_opens_nothing(tmp_path: Path, told: list[str]) -> None:
    before = open_kept_networks(NodePaths(tmp_path), told.append)
    before.keep(SLOT, IDENTITY, b"network")
    (tmp_path / "keys/networks.key").chmod(0o644)
    after = open_kept_networks(NodePaths(tmp_path), told.append)
    assert after.find(SLOT, IDENTITY) == b""
    assert (tmp_path / "keys/networks.key").stat().st_mode & 0o077 == 0


def test_where_no_installation_is_networks_are_held_in_memory_alone(tmp_path: Path, told: list[str]) -> None:
    shelf = open_kept_networks(NodePaths(tmp_path / "none"), told.append)
    shelf.keep(SLOT, IDENTITY, b"network")
    assert [shelf.find(*asked) for asked in ((SLOT, IDENTITY), (SLOT, "x"), ("x", IDENTITY))] == [b"network", b"", b""]
    assert not (tmp_path / "none").exists()
    (tmp_path / "keys").write_bytes(b"no folder")
    assert open_kept_networks(NodePaths(tmp_path), told.append).find(SLOT, IDENTITY) == b""
    assert "are not kept" in told[0]


def load_reader() -> InstalledModel:
    registry = ModelRegistry(Path("none"))
    return registry.load(registry.find_named("plate-reader"))


def infer_test(network: OpenVinoNetwork, model: InstalledModel) -> dict[str, bytes]:
    assert model.manifest.selftest is not None
    tensor = make_input(network.shape, model.manifest.selftest.seed, model.manifest.input)
    return {name: output.tobytes() for name, output in network.infer(tensor).items()}


def test_second_start_takes_what_the_first_compiled_and_computes_the_same() -> None:
    model, kept = load_reader(), RememberedNetworks()
    first, second = (infer_test(OpenVinoNetwork(model, kept=kept), model) for _ in range(2))
    assert first == second
    assert (len(kept.taken), kept.given) == (1, kept.taken)


def test_kept_bytes_that_are_no_network_are_compiled_anew_and_replaced() -> None:
    model, kept = load_reader(), RememberedNetworks()
    truth = infer_test(OpenVinoNetwork(model, kept=kept), model)
    [(slot, (identity, data))] = kept.kept.items()
    for wrong in (data[: len(data) // 2], b"x", bytes(len(data))):
        kept.kept[slot] = (identity, wrong)
        taken = len(kept.taken)
        assert infer_test(OpenVinoNetwork(model, kept=kept), model) == truth
        assert infer_test(OpenVinoNetwork(model, kept=kept), model) == truth
        assert len(kept.taken) == taken + 1


def test_kept_network_that_fails_the_self_test_is_compiled_anew_and_replaced() -> None:
    model, kept = load_reader(), RememberedNetworks()
    truth = infer_test(OpenVinoNetwork(model, kept=kept), model)
    [(slot, (identity, _))] = kept.kept.items()
    changed = export_changed(model)
    kept.kept[slot] = (identity, changed)
    assert infer_test(OpenVinoNetwork(model, kept=kept), model) == truth
    assert kept.kept[slot][1] != changed
    assert infer_test(OpenVinoNetwork(model, kept=kept), model) == truth
    assert len(kept.taken) == 2


def export_changed(model: InstalledModel) -> bytes:
    """The same network with a hundredth of its input."""
    core = ov.Core()
    network = core.read_model(*model.files)
    steps = ov.preprocess.PrePostProcessor(network)
    steps.input().preprocess().scale(100.0)
    compiled = core.compile_model(steps.build(), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled.export_model().getvalue()


def test_detector_from_kept_networks_sees_the_same_in_the_whole_and_in_a_window(tmp_path: Path) -> None:
    registry = install_models(tmp_path, "pvb-2004-int8")
    model, kept = registry.load(registry.find_named("pvb-2004-int8")), RememberedNetworks()
    y = np.random.default_rng(3).integers(16, 235, (288, 512), np.uint8)
    frame = PlanarFrame(0, y, *(np.full((144, 256), 128, np.uint8) for _ in range(2)))
    seen = []
    for _ in range(2):
        detector = OpenVinoDetector(model, threads=1, kept=kept)
        shapes = [*detector._networks.values()]
        planes = [np.random.default_rng(4).integers(0, 256, (1, 3, s.size_px[1], s.size_px[0])) for s in shapes]
        found = [s.infer(p.astype(np.float32), ["boxes", "labels"]) for s, p in zip(shapes, planes, strict=True)]
        seen.append([output.tobytes() for outputs in found for output in outputs.values()])
        detector.start(frame).wait()
    assert seen[0] == seen[1]
    assert sorted(kept.given) == sorted(kept.taken)
    assert len(kept.taken) == 2


@pytest.mark.parametrize("name", ["yunet-n", "age-gender-0013-int8", "vehicle-attributes-0039", "person-reid-0287"])
def test_recognizers_networks_compute_the_same_from_what_was_kept(name: str, tmp_path: Path) -> None:
    registry = install_models(tmp_path, name)
    model, kept = registry.load(registry.find_named(name)), RememberedNetworks()
    shape = (1, 3, CROP_SIDE_PX, CROP_SIDE_PX) if name == "yunet-n" else None
    first, second = (infer_test(OpenVinoNetwork(model, shape, kept=kept), model) for _ in range(2))
    assert {output: first[output] for output in second} == second  # of an output's names only one is kept
    assert kept.given == kept.taken
