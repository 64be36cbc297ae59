"""Hazards of models: another file under the same name, half an installation, manifests that say too little."""

import hashlib
from collections import defaultdict
from pathlib import Path

import pytest

from vedette.adapters.model_download import fetch_from_mirror, install_model
from vedette.core.errors import InvalidInputError, NotFoundError, UnavailableError
from vedette.vision.models.manifest import parse_manifest
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.models.selftest import ModelRefusedError

XML, BIN = b"<net/>", b"weights"
WHOLE_PICTURES = {"picture_classification", "super_resolution"}


def manifest_text(**changes: str) -> str:
    fields = {
        "name": "tiny",
        "path": "detection/tiny.xml",
        "url": "https://example.org/tiny.xml",
        "sha256": hashlib.sha256(XML).hexdigest(),
        "label": "person",
        "extra": "",
        **changes,
    }
    return f"""
name: {fields["name"]}
task: detection
release: tiny-r1
packs: [standard]
licence: Apache-2.0
origin: test
runtime: openvino
precision: int8
files:
  - {{path: {fields["path"]}, url: "{fields["url"]}", bytes: {len(XML)}, sha256: {fields["sha256"]}}}
  - {{path: detection/tiny.bin, url: "https://example.org/tiny.bin", bytes: {len(BIN)},
     sha256: {hashlib.sha256(BIN).hexdigest()}}}
input: {{name: image, width: 64, height: 48, layout: NCHW, colour: BGR, range: [0, 255], resize: plain}}
outputs: {{boxes: b, labels: l}}
labels: [{fields["label"]}]
thresholds: {{floor: 0.1, nms_iou: 0.5}}
accuracy: []
{fields["extra"]}
"""


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry:
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    (manifests / "tiny.yaml").write_text(manifest_text())
    mirror = tmp_path / "mirror" / "detection"
    mirror.mkdir(parents=True)
    (mirror / "tiny.xml").write_bytes(XML)
    (mirror / "tiny.bin").write_bytes(BIN)
    return ModelRegistry(tmp_path / "models", manifests)


def test_installed_model_is_loaded_as_verified_bytes(registry: ModelRegistry, tmp_path: Path) -> None:
    [manifest] = registry.manifests("standard")
    assert registry.find_installed("detection", ("int8",)) is None
    install_model(registry, manifest, fetch_from_mirror(tmp_path / "mirror"))
    assert registry.find_installed("detection", ("fp16", "int8")) == manifest
    assert registry.load(manifest).files == (XML, BIN)
    assert [state.state for state in registry.states()] == ["installed"]


def test_a_pulled_model_goes_before_an_embedded_one_whatever_its_precision(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    weights = tmp_path / "weights" / "detection"
    weights.mkdir(parents=True)
    (weights / "tiny.xml").write_bytes(XML)
    (weights / "tiny.bin").write_bytes(BIN)
    own = manifest_text(url="", extra="obtain: embedded").replace("name: tiny", "name: own").replace("https://", "")
    (tmp_path / "manifests" / "own.yaml").write_text(own)
    both = ModelRegistry(tmp_path / "models", tmp_path / "manifests", tmp_path / "weights")
    found = both.find_installed("detection", ("fp16", "int8"))
    assert found is not None
    assert found.name == "own"
    install_model(registry, both.find_named("tiny"), fetch_from_mirror(tmp_path / "mirror"))
    found = both.find_installed("detection", ("fp16", "int8"))
    assert found is not None
    assert found.name == "tiny"


def test_changed_file_is_refused(registry: ModelRegistry, tmp_path: Path) -> None:
    [manifest] = registry.manifests()
    install_model(registry, manifest, fetch_from_mirror(tmp_path / "mirror"))
    registry.path_of(manifest, manifest.files[1]).write_bytes(b"Weights")
    with pytest.raises(ModelRefusedError):
        registry.load(manifest)
    assert [state.state for state in registry.states()] == ["refused"]


def test_wrong_mirror_installs_nothing_at_all(registry: ModelRegistry, tmp_path: Path) -> None:
    [manifest] = registry.manifests()
    (tmp_path / "mirror/detection/tiny.bin").write_bytes(b"other00")
    with pytest.raises(ModelRefusedError):
        install_model(registry, manifest, fetch_from_mirror(tmp_path / "mirror"))
    assert not registry.directory.exists()


def test_missing_mirror_file_and_unknown_pack_say_what_to_do(registry: ModelRegistry, tmp_path: Path) -> None:
    [manifest] = registry.manifests()
    with pytest.raises(UnavailableError, match="VEDETTE_MODEL_MIRROR"):
        install_model(registry, manifest, fetch_from_mirror(tmp_path / "nowhere"))
    with pytest.raises(NotFoundError, match="standard"):
        registry.manifests("large")


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "../../etc/passwd.xml"},
        {"path": "/etc/passwd.xml"},
        {"path": "detection/tiny.pkl"},
        {"path": "detection/tiny.pt"},
        {"sha256": "00"},
        {"url": "http://example.org/tiny.xml"},
        {"label": "dragon"},
        {"name": "Tiny/../x"},
        {"extra": "surprise: 1"},
    ],
)
def test_manifest_that_is_not_strict_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        parse_manifest(manifest_text(**changes), "tiny.yaml")


def test_shipped_manifests_are_valid_and_name_the_official_source() -> None:
    for manifest in ModelRegistry(Path("none")).manifests():
        assert manifest.licence
        assert manifest.packs
        assert manifest.obtain == "embedded" or all(file.url.startswith("https://") for file in manifest.files)


def test_embedded_models_are_in_the_package_small_and_as_their_manifests_say() -> None:
    registry = ModelRegistry(Path("none"))
    embedded = [manifest for manifest in registry.manifests() if manifest.obtain == "embedded"]
    assert {"detector", "face-detector", "plate-detector", "plate-reader"} <= {manifest.name for manifest in embedded}
    sizes: dict[str, int] = defaultdict(int)
    for manifest in embedded:
        assert registry.load(manifest).files
        kind = "whole pictures" if manifest.task in WHOLE_PICTURES else "what cameras show"
        sizes[kind] += sum(file.bytes for file in manifest.files)
    assert sizes["what cameras show"] <= 8 << 20
    assert sizes["whole pictures"] <= 5 << 20


def test_a_changed_embedded_model_is_refused(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    (weights / "detection").mkdir(parents=True)
    (weights / "detection" / "tiny.xml").write_bytes(XML)
    (weights / "detection" / "tiny.bin").write_bytes(BIN + b"!")
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    (manifests / "tiny.yaml").write_text(manifest_text(url="", extra="obtain: embedded").replace("https://", ""))
    registry = ModelRegistry(tmp_path / "models", manifests, weights)
    with pytest.raises(ModelRefusedError):
        registry.load(registry.find_named("tiny"))
