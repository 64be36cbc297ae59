"""Hazards of measured costs: figures of another machine or release are believed, a damaged file ends the analyzer."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
import yaml

from tests.support.models import install_models
from vedette.core import detections
from vedette.core.assignment import CameraAnalysis
from vedette.core.errors import InvalidInputError
from vedette.core.media import StreamRole
from vedette.node.analyzer_costs import CostShelf, load_costs
from vedette.node.analyzer_model import ModelChooser, describe_choice
from vedette.node.analyzer_pool import choose_model
from vedette.runtime.worker import WorkerCommand, WorkerLostError, WorkerProcess
from vedette.testing.clock import SimulatedClock
from vedette.vision.models.costs import ModelCost, describe_machine, nothing_measured, read_costs
from vedette.vision.models.manifest import InputSize, parse_manifest
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.models.sized import SizedModel, check_named, list_sizes, parse_sized_model
from vedette.vision.models.unit import describe_unit

HERE = describe_machine("EPYC", "2026.4")
OWN = SizedModel("detector")
SMALL = SizedModel("detector", (384, 224))
MANIFESTS = Path(detections.__file__).parents[1] / "vision/manifests"


def measured(machine: str, **costs_ms: float) -> bytes:
    costs = [ModelCost(name.replace("_", "-"), f"{name.replace('_', '-')}-r1", cost) for name, cost in costs_ms.items()]
    return msgspec.json.encode(nothing_measured(machine).add(1.0, "2026-01-01T00:00:00Z", costs))


def test_figure_holds_for_its_release_size_processor_and_runtime_alone() -> None:
    data = measured(HERE, detector=7.0)
    assert read_costs(data, HERE).find(OWN, "detector-r1") == 7.0
    assert read_costs(data, HERE).find(OWN, "detector-r2") is None
    assert read_costs(data, HERE).find(SMALL, "detector-r1") is None
    for other in (describe_machine("Xeon", "2026.4"), describe_machine("EPYC", "2026.5")):
        assert read_costs(data, other) == nothing_measured(other)


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", measured(HERE, detector=0.0), measured(HERE, detector=1e9)])
def test_what_are_no_figures_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        read_costs(data, HERE)


def test_damaged_file_is_as_none(tmp_path: Path) -> None:
    path = tmp_path / "costs.json"
    assert load_costs(path).costs == []
    path.write_bytes(measured(HERE, detector=7.0)[:-5])
    assert load_costs(path).costs == []


def test_new_figure_replaces_that_of_the_same_model_and_size() -> None:
    once = nothing_measured(HERE).add(1.0, "", [ModelCost("a", "a-r1", 5.0), ModelCost("b", "b-r1", 6.0)])
    again = once.add(1.5, "", [ModelCost("a", "a-r2", 4.0)])
    assert (again.find(SizedModel("a"), "a-r1"), again.find(SizedModel("a"), "a-r2")) == (None, 4.0)
    assert again.find(SizedModel("b"), "b-r1") == 6.0
    assert again.base_ms == 1.5


@pytest.mark.parametrize(
    "text", ["", "@384x224", "detector@", "detector@384", "detector@384x", "detector@1x1", "d@٣٨٤x٢٢٤"]
)
def test_name_of_a_detector_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="NAME@WIDTHxHEIGHT"):
        parse_sized_model(text)


def manifest_text(name: str, sizes: str = "[]") -> str:
    """As it is in the package, but for what its next release may change: number, own size, quality, other sizes."""
    fields = yaml.safe_load((MANIFESTS / f"{name}.yaml").read_text("utf-8"))
    quality = 1.0 if name.startswith("pvb") else 0.771
    given = {**fields["input"], "width": 384, "height": 224}
    changed = {"release": f"{name}-r1", "quality": quality, "input": given, "sizes": yaml.safe_load(sizes)}
    return yaml.safe_dump({**fields, **changed})


def make_registry(folder: Path) -> ModelRegistry:
    manifests = folder / "manifests"
    manifests.mkdir(exist_ok=True)
    for name in ("detector", "detector-int8", "pvb-2004-int8"):
        (manifests / f"{name}.yaml").write_text(manifest_text(name))
    return ModelRegistry(folder, manifests)


def test_sizes_of_a_manifest_are_named_and_the_own_one_has_no_size() -> None:
    manifest = parse_manifest(manifest_text("detector", "[{width: 512, height: 288, quality: 0.9}]"), "x")
    large = SizedModel("detector", (512, 288))
    assert list_sizes(manifest) == [(OWN, InputSize(384, 224, 0.771)), (large, InputSize(512, 288, 0.9))]
    assert str(large) == "detector@512x288"
    for named, meant in ((OWN, OWN), (SMALL, OWN), (large, large)):
        assert check_named(parse_sized_model(str(named)), [manifest]) == meant
    with pytest.raises(InvalidInputError, match=r"no detector detector@448x256.*detector@512x288"):
        check_named(SizedModel("detector", (448, 256)), [manifest])


@pytest.mark.parametrize(
    ("sizes", "fault"),
    [
        ("[{width: 500, height: 288, quality: 0.9}]", "multiples of 32"),
        ("[{width: 4096, height: 288, quality: 0.9}]", "multiples of 32"),
        ("[{width: 384, height: 224, quality: 0.9}]", "named twice"),
        ("[{width: 512, height: 288, quality: 1.9}]", "quality"),
    ],
)
def test_size_that_no_detector_can_have_is_refused(sizes: str, fault: str) -> None:
    with pytest.raises(InvalidInputError, match=fault):
        parse_manifest(manifest_text("detector", sizes), "x")


def test_sizes_are_signed_and_their_quality_may_be_told_better_later() -> None:
    plain = parse_manifest(manifest_text("detector"), "x")
    units = []
    for sizes in ("[]", "[{width: 512, height: 288, quality: 0.9}]", "[{width: 512, height: 288, quality: 0.8}]"):
        manifest = parse_manifest(manifest_text("detector", sizes), "x")
        units.append(describe_unit(manifest, manifest.files))
    assert units[0] == describe_unit(plain, plain.files)
    assert units[0] != units[1] == units[2]


def test_quality_of_a_detector_is_the_mean_of_its_figures() -> None:
    for manifest in ModelRegistry(Path()).manifests():
        ratios = [one.value for one in manifest.accuracy if one.figure.startswith("recall_ratio_")]
        if manifest.task == "detection" and ratios:
            assert manifest.quality == pytest.approx(sum(ratios) / len(ratios), abs=5e-4)


def camera(name: str, fps: float = 10.0) -> CameraAnalysis:
    return CameraAnalysis(name, name, StreamRole.SUB, fps=fps)


async def no_worker(_: WorkerCommand) -> WorkerProcess:
    raise WorkerLostError("no worker starts here")


def make_shelf(folder: Path, registry: ModelRegistry, clock: SimulatedClock, **costs_ms: float) -> CostShelf:
    path = folder / "costs.json"
    path.write_bytes(measured(load_costs(path).machine, **costs_ms))
    return CostShelf(path, registry, clock, no_worker)


def choose(chooser: ModelChooser, cameras: Sequence[CameraAnalysis]) -> tuple[str, str]:
    chosen = chooser.choose(cameras)
    return str(chosen.model), chosen.why


def test_until_all_are_measured_it_is_as_before(tmp_path: Path) -> None:
    registry, clock = make_registry(tmp_path), SimulatedClock()
    chooser = ModelChooser(registry, make_shelf(tmp_path, registry, clock, detector=7.0), clock, 2)
    assert choose(chooser, [camera("A")]) == (choose_model(registry)[0], "unmeasured")
    assert describe_choice(chooser.chosen)["cost_ms"] is None


def test_cheaper_of_two_that_are_as_good_is_taken_by_its_measured_cost(tmp_path: Path) -> None:
    registry, clock = make_registry(tmp_path), SimulatedClock()
    for fp16, int8, best in ((7.0, 3.0, "detector-int8"), (3.0, 7.0, "detector")):
        shelf = make_shelf(tmp_path, registry, clock, detector=fp16, detector_int8=int8)
        chooser = ModelChooser(registry, shelf, clock, 2)
        assert choose(chooser, [camera("A")]) == (best, "fits")
        told = describe_choice(chooser.chosen)
        assert (told["cost_ms"], told["asked_ms"], told["room_ms"]) == (3.0, 40, 1700)
        assert (told["streams"], told["possible_streams"]) == (1, 36)


@pytest.mark.shared
def test_pulled_detector_gives_way_where_there_are_more_streams_than_it_has_time_for(tmp_path: Path) -> None:
    install_models(tmp_path, "pvb-2004-int8")
    registry, clock = make_registry(tmp_path), SimulatedClock()
    shelf = make_shelf(tmp_path, registry, clock, detector=7.0, detector_int8=4.0, pvb_2004_int8=20.0)
    chooser = ModelChooser(registry, shelf, clock, 2)
    few, many = [camera(f"{i}") for i in range(4)], [camera(f"{i}") for i in range(20)]
    assert choose(chooser, few) == ("pvb-2004-int8", "fits")
    assert choose(chooser, many) == ("detector-int8", "fits")
    assert choose(chooser, [camera(f"{i}", 1.0) for i in range(4)]) == ("pvb-2004-int8", "fits")
    for one in few:
        chooser.note_decoding(one.camera_id, 300.0)
    assert choose(chooser, few) == ("detector-int8", "fits")
    assert choose(chooser, [camera(f"{i}") for i in range(200)]) == ("detector-int8", "cheapest")


async def test_chosen_once_more_when_it_is_known_what_decoding_costs(tmp_path: Path) -> None:
    registry, clock = make_registry(tmp_path), SimulatedClock()
    chooser = ModelChooser(registry, make_shelf(tmp_path, registry, clock, detector=7.0), clock, 2)
    chooser.choose([camera("A")])
    assert not chooser.is_due()
    await clock.advance(61)
    assert chooser.is_due()
    chooser.choose([camera("A")])
    await clock.advance(600)
    assert not chooser.is_due()


def test_settings_name_one_against_all_figures_and_one_that_is_not_there_is_said(tmp_path: Path) -> None:
    registry, clock = make_registry(tmp_path), SimulatedClock()
    shelf = make_shelf(tmp_path, registry, clock, detector=7.0, detector_int8=3.0)
    assert choose(ModelChooser(registry, shelf, clock, 2, "detector"), [camera("A")]) == ("detector", "pinned")
    absent = ModelChooser(registry, shelf, clock, 2, "pvb-2004-int8")
    assert choose(absent, [camera("A")]) == ("detector-int8", "fits")
    assert absent.chosen.state == "weakened"
    assert "pvb-2004-int8" in absent.chosen.describe(registry)


async def test_worker_that_cannot_measure_leaves_all_as_it_was_and_is_started_again_later(tmp_path: Path) -> None:
    registry, clock = make_registry(tmp_path), SimulatedClock()
    shelf = CostShelf(tmp_path / "costs.json", registry, clock, no_worker)
    assert {str(one.model) for one in shelf.list_missing()} == {"detector", "detector-int8"}
    assert shelf.is_due()
    await shelf.measure()
    assert not shelf.is_due()
    await clock.advance(601)
    assert shelf.is_due()
    assert not (tmp_path / "costs.json").exists()
    assert choose(ModelChooser(registry, shelf, clock, 2), [camera("A")]) == (choose_model(registry)[0], "unmeasured")
