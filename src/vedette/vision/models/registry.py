"""Which models exist, which are installed, and their bytes, verified.

The registry is the folder of manifests in this package, so a release of Vedette fixes which models it may load
(trust.md M6); and, for what no shipped model tells, those that somebody added himself (`own.py`). Installed files are
hashed at every load and handed on as bytes: what was checked is what runs, and a file that differs in one bit is
refused.
"""

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vedette.core.errors import InvalidInputError, NotFoundError, StorageError
from vedette.vision.models.manifest import ModelFile, ModelManifest, parse_manifest
from vedette.vision.models.own import FOLDER, MAX_MANIFEST_BYTES, MAX_MANIFESTS, ManifestFault, find_own_faults
from vedette.vision.models.selftest import ModelRefusedError
from vedette.vision.models.unit import ModelUnit, describe_unit, find_strangers, judge_unit

_MANIFESTS = Path(__file__).resolve().parent.parent / "manifests"
_WEIGHTS = _MANIFESTS.parent / "weights"


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A verified model: the manifest and its files' bytes, in the manifest's order."""

    manifest: ModelManifest
    files: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ModelState:
    """One line of `vedette models list`: `installed`, `absent` or `refused` with the reason.

    Attributes:
        is_signed: Accepted here, and the same since.
    """

    manifest: ModelManifest
    state: str
    reason: str = ""
    is_signed: bool = False


class ReleaseLedger(Protocol):
    """The releases that this installation has accepted."""

    def find(self, name: str) -> ModelUnit | None:
        """The accepted release of a model, None when there is none.

        Raises:
            ModelRefusedError: its signature does not hold.
        """
        ...


class ModelRegistry:
    """The manifests, the installed files under `directory`, and those of the package under `weights`.

    Args:
        ledger: What was accepted here. Without one only hashes are looked at: in workers, whose parent has looked, and
            for measurements.
    """

    def __init__(
        self,
        directory: Path,
        manifests: Path = _MANIFESTS,
        weights: Path = _WEIGHTS,
        ledger: ReleaseLedger | None = None,
    ) -> None:
        self.directory = directory
        self._ledger = ledger
        self._manifests = manifests
        self._weights = weights
        self._refused: dict[str, str] = {}

    def refuse(self, name: str, reason: str) -> None:
        """From now on this model is not loaded: it was, and did not work as it must."""
        self._refused[name] = reason

    def manifests(self, pack: str = "") -> list[ModelManifest]:
        """All manifests, or those of one pack, by name.

        Raises:
            NotFoundError: no model is in this pack.
        """
        found = self._read_house()
        found = sorted([*found, *self._read_own(found)[0]], key=lambda manifest: manifest.name)
        chosen = [manifest for manifest in found if not pack or pack in manifest.packs]
        if not chosen:
            packs = sorted({name for manifest in found for name in manifest.packs})
            raise NotFoundError(f"there is no model pack {pack!r}", f"Packs: {', '.join(packs)}.")
        return chosen

    def find_faults(self) -> list[ManifestFault]:
        """The user's own manifests that are not used. Everything else goes on without them."""
        return self._read_own(self._read_house())[1]

    def _read_house(self) -> list[ModelManifest]:
        return [parse_manifest(path.read_text("utf-8"), path.name) for path in sorted(self._manifests.glob("*.yaml"))]

    def _read_own(self, house: list[ModelManifest]) -> tuple[list[ModelManifest], list[ManifestFault]]:
        """Those that may be used, and what is wrong with the others. Where no folder is named there are none."""
        folder = self.directory / FOLDER
        paths = sorted(folder.glob("*.yaml")) if self.directory.parts else []
        found = {manifest.name: manifest for manifest in house}
        faults = [ManifestFault(path.name, f"more than {MAX_MANIFESTS} are not read") for path in paths[MAX_MANIFESTS:]]
        for path in paths[:MAX_MANIFESTS]:
            try:
                manifest = _read_own_manifest(path, found)
                found[manifest.name] = manifest
            except InvalidInputError as error:
                faults.append(ManifestFault(path.name, error.message))
        return list(found.values())[len(house) :], faults

    def find_first(self, names: Sequence[str]) -> ModelManifest | None:
        """The first of these models that is installed; files are not read."""
        return next((one for one in map(self.find_named, names) if self.is_installed(one)), None)

    def path_of(self, manifest: ModelManifest, file: ModelFile) -> Path:
        """Where a file of a model lies when it is installed; embedded ones always are."""
        if manifest.obtain == "embedded":
            return self._weights / file.path
        return self.directory / manifest.name / file.file_name

    def states(self) -> list[ModelState]:
        """What is installed, each file hashed."""
        return [self._state(manifest) for manifest in self.manifests()]

    def find_installed(self, task: str, precisions: tuple[str, ...]) -> ModelManifest | None:
        """The installed model of a task; files are not read.

        A pack that somebody pulled goes before the embedded one, then the first precision of the list.
        """
        found = [
            manifest
            for manifest in self.manifests()
            if manifest.task == task and manifest.precision in precisions and self.is_installed(manifest)
        ]
        return min(found, key=lambda m: (m.obtain == "embedded", precisions.index(m.precision)), default=None)

    def find_named(self, name: str) -> ModelManifest:
        """The manifest of this name.

        Raises:
            NotFoundError: there is none.
        """
        for manifest in self.manifests():
            if manifest.name == name:
                return manifest
        raise NotFoundError(f"there is no model {name}")

    def is_installed(self, manifest: ModelManifest) -> bool:
        """Whether all its files are there. They are not read."""
        return any(self._are_present(manifest, files) for files in manifest.variants)

    def _are_present(self, manifest: ModelManifest, files: list[ModelFile]) -> bool:
        return all(self.path_of(manifest, file).is_file() for file in files)

    def load(self, manifest: ModelManifest) -> InstalledModel:
        """Reads and verifies a model.

        Raises:
            NotFoundError: a file is missing.
            ModelRefusedError: a file differs from its manifest or is none of it, the release is not the accepted one,
                or it was refused before.
        """
        if manifest.name in self._refused:
            raise ModelRefusedError(self._refused[manifest.name])
        loaded = self.read(manifest)
        _check_selftest(manifest)
        if self._ledger is not None:
            judge_unit(self._describe(manifest), self._ledger.find(manifest.name))
        return loaded

    def read(self, manifest: ModelManifest) -> InstalledModel:
        """Its files, verified, whether it may be loaded or not: to take its self-test. Raises as `load`."""
        return InstalledModel(manifest, tuple(self._load_files(manifest)))

    def read_unit(self, manifest: ModelManifest) -> ModelUnit:
        """The unit of an installed release, its files verified, accepted or not. Raises as `load`."""
        self._load_files(manifest)
        _check_selftest(manifest)
        return self._describe(manifest)

    def _describe(self, manifest: ModelManifest) -> ModelUnit:
        return describe_unit(manifest, self._choose_files(manifest))

    def _choose_files(self, manifest: ModelManifest) -> list[ModelFile]:
        """The variant that is there."""
        variants = [files for files in manifest.variants if self._are_present(manifest, files)]
        return variants[0] if variants else manifest.files

    def _check_strangers(self, manifest: ModelManifest) -> None:
        """Raises ModelRefusedError: beside the files of a release lies one that belongs to none."""
        folder = self.path_of(manifest, manifest.files[0]).parent
        owners = [one for one in self.manifests() if one.obtain == "embedded"]
        owners = owners if manifest.obtain == "embedded" else [manifest]
        known = [file.file_name for owner in owners for files in owner.variants for file in files]
        strangers = find_strangers((path.name for path in folder.iterdir()), known)
        if strangers:
            raise ModelRefusedError(
                f"{', '.join(strangers[:3])} in {folder} belongs to no release; it is refused",
                f"Remove it. If you do not know whence it is, remove {folder} and pull the pack again.",
            )

    def _load_files(self, manifest: ModelManifest) -> list[bytes]:
        loaded = []
        for file in self._choose_files(manifest):
            path = self.path_of(manifest, file)
            try:
                data = path.read_bytes()
            except FileNotFoundError as error:
                raise NotFoundError(
                    f"the model {manifest.name} is not installed: {path} is missing",
                    f"Copy it to {path}."
                    if manifest.obtain == "own"
                    else f"Run `vedette models pull {manifest.packs[0]}`.",
                ) from error
            except OSError as error:
                raise StorageError(f"the model file {path} cannot be read: {error.strerror}") from error
            check_model_bytes(file, data)
            loaded.append(data)
        self._check_strangers(manifest)
        return loaded

    def _state(self, manifest: ModelManifest) -> ModelState:
        try:
            self.load(manifest)
        except NotFoundError:
            return ModelState(manifest, "absent")
        except (ModelRefusedError, StorageError) as error:
            return ModelState(manifest, "refused", error.message)
        return ModelState(manifest, "installed", is_signed=self._ledger is not None)


def _check_selftest(manifest: ModelManifest) -> None:
    """Raises ModelRefusedError: one of the user's own without. It is not signed either, since signing it fixes it."""
    if manifest.obtain == "own" and manifest.selftest is None:
        raise ModelRefusedError(
            f"the manifest of {manifest.name} has no self-test",
            f"Run `vedette models selftest {manifest.name}` and add what it prints to the manifest.",
        )


def _read_own_manifest(path: Path, taken: Container[str]) -> ModelManifest:
    """Raises InvalidInputError: it cannot be used, and why. `taken`: names of other models."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_MANIFEST_BYTES:
            raise InvalidInputError(f"{path.name} is no file of up to {MAX_MANIFEST_BYTES >> 10} kB")
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path.name} cannot be read: {error}") from error
    manifest = parse_manifest(text, path.name)
    faults = find_own_faults(manifest) + ([f"the name {manifest.name} is taken"] if manifest.name in taken else [])
    if faults:
        raise InvalidInputError(f"the model manifest {path.name} is not valid: {'; '.join(faults)}")
    return manifest


def check_model_bytes(file: ModelFile, data: bytes) -> None:
    """Raises ModelRefusedError unless the bytes are exactly those that the manifest names."""
    expected = file.sha256 or file.sha384
    digest = (hashlib.sha256 if file.sha256 else hashlib.sha384)(data).hexdigest()
    if len(data) != file.bytes or digest != expected:
        raise ModelRefusedError(
            f"{file.file_name} is not the file that its manifest names (hash or size differs); it is refused",
            "Delete it and pull the pack again. If it happens again, the source was changed: tell us.",
        )
