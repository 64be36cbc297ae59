"""Brings model files in, from a mirror folder or from their official address, and installs what verifies."""

from collections.abc import Callable
from pathlib import Path

import httpx

from vedette.core.errors import UnavailableError
from vedette.runtime.files import replace_file
from vedette.vision.models.manifest import ModelFile, ModelManifest
from vedette.vision.models.registry import ModelRegistry, check_model_bytes

_TIMEOUT_S = 60.0

FetchFile = Callable[[ModelFile], bytes]


def fetch_from_mirror(mirror: Path) -> FetchFile:
    """Takes files from a folder that is laid out like the paths in the manifests."""

    def fetch(file: ModelFile) -> bytes:
        try:
            return (mirror / file.path).read_bytes()
        except OSError as error:
            raise UnavailableError(
                f"the mirror {mirror} has no {file.path}: {error.strerror}", "Check VEDETTE_MODEL_MIRROR."
            ) from error

    return fetch


def fetch_from_source(file: ModelFile) -> bytes:
    """Downloads a file from the address in its manifest, no more bytes than the manifest says."""
    try:
        with httpx.stream("GET", file.url, timeout=_TIMEOUT_S, follow_redirects=True) as answer:
            answer.raise_for_status()
            data = bytearray()
            for part in answer.iter_bytes():
                data += part
                if len(data) > file.bytes:
                    break
            return bytes(data)
    except httpx.HTTPError as error:
        raise UnavailableError(
            f"{file.url} cannot be downloaded: {error}",
            "Without a network, set VEDETTE_MODEL_MIRROR to a folder with the files.",
        ) from error


def install_model(registry: ModelRegistry, manifest: ModelManifest, fetch: FetchFile) -> None:
    """Fetches all files of a model, verifies all, then installs all: never half of a model.

    Raises:
        ModelRefusedError: a file differs from the manifest; nothing is installed.
        UnavailableError: a file cannot be had.
    """
    for path, data in _fetch_any(registry, manifest, fetch):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data, 0o644)


def _fetch_any(registry: ModelRegistry, manifest: ModelManifest, fetch: FetchFile) -> list[tuple[Path, bytes]]:
    """The first variant of the model's files that can be had, verified."""
    *others, last = manifest.variants
    for files in others:
        try:
            return _fetch_all(registry, manifest, files, fetch)
        except UnavailableError:
            continue
    return _fetch_all(registry, manifest, last, fetch)


def _fetch_all(
    registry: ModelRegistry, manifest: ModelManifest, files: list[ModelFile], fetch: FetchFile
) -> list[tuple[Path, bytes]]:
    fetched = []
    for file in files:
        data = fetch(file)
        check_model_bytes(file, data)
        fetched.append((registry.path_of(manifest, file), data))
    return fetched
