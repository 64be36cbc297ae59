"""What every evaluation shares: options, the models under test, the data's fingerprint, the result file.

`python -m evals.NAME --data DIR [--pack default|standard] --json FILE` prints a table and writes
`{"figures", "release", "data": {"files", "sha256"}}`.
"""

import argparse
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vedette.adapters.model_download import fetch_from_mirror, fetch_from_source, install_model
from vedette.adapters.openvino_detector import OpenVinoDetector
from vedette.runtime.cpu import preferred_precisions, read_cpu_flags
from vedette.vision.models.registry import InstalledModel, ModelRegistry

Figures = dict[str, float | int]
SHARED = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def make_parser(description: str | None, default_data: Path) -> argparse.ArgumentParser:
    """Makes the parser with the options that every evaluation has."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=default_data, help="folder with the labelled data")
    parser.add_argument("--pack", choices=["default", "standard"], default="standard")
    parser.add_argument("--json", type=Path, help="write the result here")
    return parser


@contextmanager
def installed_models(*names: str) -> Iterator[dict[str, InstalledModel]]:
    """Models of the standard pack by name: as installed in VEDETTE_MODELS, else pulled into a temporary folder."""
    with models_folder(*names) as folder:
        registry = ModelRegistry(folder)
        yield {name: registry.load(registry.find_named(name)) for name in names}


@contextmanager
def models_folder(*names: str) -> Iterator[Path]:
    """A folder in which these models are installed: VEDETTE_MODELS if it has all, else one that is removed again."""
    given = os.environ.get("VEDETTE_MODELS")
    if given and all(ModelRegistry(Path(given)).is_installed(ModelRegistry(Path(given)).find_named(n)) for n in names):
        yield Path(given)
        return
    mirror = os.environ.get("VEDETTE_MODEL_MIRROR")
    fetch = fetch_from_mirror(Path(mirror)) if mirror else fetch_from_source
    with tempfile.TemporaryDirectory() as folder:
        registry = ModelRegistry(Path(folder))
        for manifest in map(registry.find_named, names):
            if not registry.is_installed(manifest):
                install_model(registry, manifest, fetch)
        yield Path(folder)


@contextmanager
def installed_detector(pack: str = "standard", size_px: tuple[int, int] | None = None) -> Iterator[OpenVinoDetector]:
    """The detector of a pack that suits this processor. `size_px`: its input, else as its manifest says."""
    precisions = preferred_precisions(read_cpu_flags())
    registry = ModelRegistry(Path(os.environ.get("VEDETTE_MODELS", "")))
    suits = [one for one in registry.manifests(pack) if one.task == "detection" and one.precision in precisions]
    name = min(suits, key=lambda manifest: precisions.index(manifest.precision)).name
    with installed_models(name) as models:
        yield OpenVinoDetector(models[name], threads=1, size_px=size_px)


def fingerprint(paths: Iterable[Path], root: Path) -> dict[str, object]:
    """Number of files and one hash over their names and contents."""
    digest, count = hashlib.sha256(), 0
    for path in sorted(paths):
        digest.update(str(path.relative_to(root)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
        count += 1
    return {"files": count, "sha256": digest.hexdigest()}


def write_result(figures: Figures, release: str, data: dict[str, object], path: Path | None) -> None:
    """Prints the figures and writes the file when one was asked for."""
    width = max(map(len, figures), default=0)
    for key, value in figures.items():
        print(f"{key:<{width}}  {value:.4f}" if isinstance(value, float) else f"{key:<{width}}  {value}")
    if path is not None:
        result = {"figures": figures, "release": release, "data": data}
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
