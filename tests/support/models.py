"""The standard pack, installed from the shared mirror. Tests that need it skip when the mirror is absent."""

from pathlib import Path

from tests.support.shared import shared_file
from vedette.adapters.model_download import fetch_from_mirror, install_model
from vedette.vision.models.registry import ModelRegistry


def install_models(folder: Path, *names: str) -> ModelRegistry:
    """Installs the named models into `folder`."""
    mirror = shared_file("models")
    registry = ModelRegistry(folder)
    for name in names:
        install_model(registry, registry.find_named(name), fetch_from_mirror(mirror))
    return registry


def motion_alone(folder: Path) -> ModelRegistry:
    """What is installed in `folder`, without any detector: everything that moves is an object."""
    registry = ModelRegistry(folder)
    for manifest in registry.manifests():
        if manifest.task == "detection":
            registry.refuse(manifest.name, "not in this test")
    return registry
