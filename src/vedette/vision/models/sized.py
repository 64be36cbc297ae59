"""A detector and the input size that it is run at, and its name in words: `detector-int8`, `detector-int8@448x256`."""

import re
from dataclasses import dataclass

from typing_extensions import override

from vedette.core.errors import InvalidInputError
from vedette.vision.models.manifest import InputSize, ModelManifest

_SIZE = re.compile(r"([0-9]{2,4})x([0-9]{2,4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class SizedModel:
    """One detector as it is run.

    Attributes:
        name: Of its manifest.
        size_px: Width and height of its input; None: the manifest's own.
    """

    name: str
    size_px: tuple[int, int] | None = None

    @override
    def __str__(self) -> str:
        return f"{self.name}@{self.size_px[0]}x{self.size_px[1]}" if self.size_px else self.name


def parse_sized_model(text: str) -> SizedModel:
    """Reads `NAME` or `NAME@WIDTHxHEIGHT`.

    Raises:
        InvalidInputError: it is neither.
    """
    name, at, size = text.partition("@")
    found = _SIZE.fullmatch(size)
    if not name or bool(at) != bool(found):
        raise InvalidInputError(f"a detector is named as NAME or NAME@WIDTHxHEIGHT, not {text!r}")
    return SizedModel(name, (int(found[1]), int(found[2])) if found else None)


def list_sizes(manifest: ModelManifest) -> list[tuple[SizedModel, InputSize]]:
    """What a detector may be run as, its own size first."""
    own, *others = manifest.input_sizes
    named = [(SizedModel(manifest.name, (size.width, size.height)), size) for size in others]
    return [(SizedModel(manifest.name), own), *named]


def check_named(model: SizedModel, manifests: list[ModelManifest]) -> SizedModel:
    """Gives the model as it is called here: without a size where it is its own.

    Raises:
        InvalidInputError: no detector of these has this name and size; says which there are.
    """
    known = {
        (one.name, *sizes): one
        for manifest in manifests
        if manifest.task == "detection"
        for one, size in list_sizes(manifest)
        for sizes in [(), (size.width, size.height)]
        if sizes or one.size_px is None
    }
    found = known.get((model.name, *(model.size_px or ())))
    if found is None:
        names = ", ".join(sorted({str(one) for one in known.values()}))
        raise InvalidInputError(f"there is no detector {model}", f"Detectors: {names}.")
    return found
