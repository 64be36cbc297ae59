"""The bank: which weight set enlarges a picture of which quality best.

Pure but for reading the verified model. The limits lie where neighbouring sets are equally good on the training
pictures (docs/design/enhance.md), so the choice is never worse than bicubic for the qualities that were measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from vedette.core.errors import InvalidInputError
from vedette.vision.enhance.network import WeightSet, decode_weights
from vedette.vision.models.registry import InstalledModel

MODEL = "super-resolution"
CLEAN = "clean"
_FROM_QUALITY = {"clean": 94.5, "jpeg-90": 81.0, "jpeg-70": 61.0, "jpeg-50": 33.0, "jpeg-30": 0.0}
"""Best first: a set is for pictures of at least this quality."""
SET_NAMES = tuple(_FROM_QUALITY)


def choose_set(quality: float) -> str:
    """The weight set for pictures of this JPEG quality, or of one like it (1 to 100)."""
    return next((name for name, least in _FROM_QUALITY.items() if quality >= least), SET_NAMES[-1])


@dataclass(frozen=True, slots=True)
class WeightBank:
    """All weight sets of one release."""

    release: str
    sets: Mapping[str, WeightSet]

    def get(self, name: str) -> WeightSet:
        """The set of this name.

        Raises:
            InvalidInputError: there is none.
        """
        if name not in self.sets:
            raise InvalidInputError(f"there is no weight set {name!r}", f"Known: {', '.join(self.sets)}.")
        return self.sets[name]


def read_bank(model: InstalledModel) -> WeightBank:
    """Reads the sets of a verified model.

    Raises:
        InvalidInputError: one is missing or no weight set.
    """
    names = [PurePosixPath(file.path).stem for file in model.manifest.files]
    sets = {name: decode_weights(data) for name, data in zip(names, model.files, strict=True)}
    missing = [name for name in SET_NAMES if name not in sets]
    if missing:
        raise InvalidInputError(f"the model {model.manifest.name} lacks the weight sets {', '.join(missing)}")
    return WeightBank(model.manifest.release, sets)
