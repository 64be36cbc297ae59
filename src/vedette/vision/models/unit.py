"""A model release as one unit: what it is made of, and whether it is the one that was accepted here. Pure.

Weights alone are not what runs: preprocessing, thresholds, labels and the self-test decide as much. The text of a unit
names all of them and the hash of every file, and is what an installation signs when it accepts a release. Later loads
must give the same text. A release with a lower number than the accepted one is refused even though it was valid once:
its faults are known by now. Design: docs/design/vision.md.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence

import msgspec

from vedette.runtime.files import UNFINISHED
from vedette.vision.models.manifest import ModelFile, ModelManifest
from vedette.vision.models.selftest import ModelRefusedError

_HEAD = "vedette-model/1"
_SERIAL = re.compile(r"-r([0-9]{1,6})")


class RollbackRefusedError(ModelRefusedError):
    """An older release than the one that was accepted here."""

    code = "model_rollback"


class UnsignedReleaseError(ModelRefusedError):
    """A release that nobody has accepted here."""

    code = "model_unsigned"


class ModelUnit(msgspec.Struct, frozen=True):
    """One release. `text` is what is signed."""

    name: str
    release: str
    text: str

    @property
    def serial(self) -> int:
        return read_serial(self.release)


def read_serial(release: str) -> int:
    """The number of a release: 2 of `yunet-n-r2`; 0 without one."""
    found = _SERIAL.search(release)
    return int(found[1]) if found and found.end() == len(release) else 0


def describe_unit(manifest: ModelManifest, files: Sequence[ModelFile]) -> ModelUnit:
    """The unit of a release that consists of these files. Licence, origin and figures may be told better later."""
    behaviour: tuple[object, ...] = (
        manifest.task,
        manifest.runtime,
        manifest.precision,
        manifest.input,
        sorted(manifest.outputs.items()),
        manifest.labels,
        sorted(manifest.thresholds.items()),
        manifest.selftest,
    )
    if manifest.sizes:  # without any the text is that of releases from before there were sizes
        behaviour += ([(size.width, size.height) for size in manifest.sizes],)
    digest = hashlib.sha256(msgspec.json.encode(behaviour, order="deterministic")).hexdigest()
    lines = [_HEAD, f"name {manifest.name}", f"release {manifest.release}", f"behaviour {digest}"]
    lines += [f"file {file.file_name} {file.bytes} {file.sha256 or file.sha384}" for file in files]
    return ModelUnit(manifest.name, manifest.release, "".join(f"{line}\n" for line in lines))


def read_unit(text: str) -> ModelUnit:
    """A unit from the text that was signed.

    Raises:
        ModelRefusedError: it is none.
    """
    lines = text.splitlines()
    if len(lines) < 4 or lines[0] != _HEAD or not lines[1].startswith("name ") or not lines[2].startswith("release "):
        raise ModelRefusedError("what was signed is no model release of a known form")
    return ModelUnit(lines[1][5:], lines[2][8:], text)


def judge_unit(unit: ModelUnit, accepted: ModelUnit | None) -> None:
    """Whether a unit may be loaded.

    Raises:
        UnsignedReleaseError: nobody has accepted it here, or only an older one.
        RollbackRefusedError: a newer one was accepted.
        ModelRefusedError: the same release was something else when it was accepted.
    """
    if accepted is None or unit.serial > accepted.serial:
        raise UnsignedReleaseError(
            f"the release {unit.release} is not signed by this installation",
            "Run `vedette models pull` again, or restart `vedette serve`: it signs releases that are new to it.",
        )
    if unit.serial < accepted.serial:
        raise RollbackRefusedError(
            f"{unit.release} is older than {accepted.release}, which was accepted here",
            f"If that is what you want: `vedette models rollback {unit.name}`.",
        )
    if unit != accepted:
        changed = ", ".join(_find_changes(unit, accepted))
        raise ModelRefusedError(
            f"{unit.release} is not what was signed under this name: {changed} changed",
            "If you changed Vedette yourself, run `vedette models pull` again. If not: find out who did.",
        )


def _find_changes(unit: ModelUnit, accepted: ModelUnit) -> list[str]:
    before, now = set(accepted.text.splitlines()), set(unit.text.splitlines())
    changed = {line.split()[0] if not line.startswith("file ") else line.split()[1] for line in before ^ now}
    words = {"behaviour": "preprocessing, input sizes, thresholds, labels or self-test"}
    return sorted(words.get(what, what) for what in changed)


def find_strangers(present: Iterable[str], known: Iterable[str]) -> list[str]:
    """Names of files that no manifest names; half of an interrupted download is none."""
    return sorted(name for name in set(present) - set(known) if not name.endswith((UNFINISHED, ".part")))
