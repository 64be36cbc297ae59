"""What may be said of a vehicle's make: the labels of the model that somebody added, or that there is none, and why.

Apart from the recognizer, because the gateway reads the words and loads nothing that looks at pictures.
Design: docs/design/recognition.md.
"""

from dataclasses import dataclass

from vedette.core.errors import VedetteError
from vedette.vision.models.manifest import ModelManifest
from vedette.vision.models.own import FLOOR, MAKE_TASK
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.attribute_forms import MAKE
from vedette.vision.recognize.records import Form

MAKES = "makes"
NO_MAKE = (
    "Make and model: no model is installed. Vedette ships none, since no weights with a licence exist; "
    "add one by manifest (docs/guide/make-and-model.md)."
)
_PRECISIONS = ("fp32", "fp16", "int8")


@dataclass(frozen=True, slots=True)
class MakeWords:
    """The makes that can be told; without any, `refused` says why the installed model is not used, or nothing."""

    values: tuple[str, ...] = ()
    refused: str = ""


def find_make_model(registry: ModelRegistry) -> ModelManifest | None:
    """The installed model of makes; of several the most exact one, then the first by name. Files are not read."""
    return registry.find_installed(MAKE_TASK, _PRECISIONS)


def make_form(manifest: ModelManifest) -> Form:
    """The closed set of this model's labels, and its floor."""
    labels, floors = {MAKE: tuple(manifest.labels)}, {MAKE: manifest.thresholds[FLOOR]}
    return Form(MAKES, "attributes", frozenset({"vehicle"}), labels=labels, floors=floors)


def read_make_words(registry: ModelRegistry) -> MakeWords:
    """What can be told now; the model's files are verified. Blocks."""
    manifest = find_make_model(registry)
    if manifest is None:
        return MakeWords()
    try:
        registry.load(manifest)
    except VedetteError as error:
        return MakeWords(refused=error.message)
    return MakeWords(tuple(manifest.labels))
