"""Models that somebody adds himself: what their manifests must say beside what all must. Pure.

They lie in `manifests` of the models' folder, and tell only what no shipped model does: which make a vehicle is of. A
release of Vedette still fixes everything else that it may load (trust.md M6). Design: docs/design/recognition.md.
"""

from dataclasses import dataclass

from vedette.vision.models.manifest import ModelManifest

FOLDER = "manifests"
"""In the models' folder; so no model may have this name."""
PACK = "own"
MAKE_TASK = "vehicle_make"
MAX_MANIFESTS = 32
MAX_MANIFEST_BYTES = 256 << 10
MAX_LABELS = 4000
MAX_LABEL_CHARS = 40
FLOOR = "make"
"""The one threshold: the vote over the track under which a make is `unknown`."""
PROBABILITIES, LOGITS = "probabilities", "logits"
_RESERVED = frozenset({"unknown"})


@dataclass(frozen=True, slots=True)
class ManifestFault:
    """A manifest that is not used: its file's name and why."""

    file: str
    reason: str


def find_own_faults(manifest: ModelManifest) -> list[str]:
    """What is wrong with a sound manifest as one of the user's own; empty: nothing."""
    faults = []
    if manifest.task != MAKE_TASK or manifest.obtain != "own" or manifest.packs != [PACK]:
        faults.append(f"it must say `task: {MAKE_TASK}`, `obtain: own` and `packs: [{PACK}]`")
    if manifest.name == FOLDER:
        faults.append(f"no model may be called {FOLDER}")
    if not manifest.licence.strip():
        faults.append("it names no licence")
    return faults + _find_input_faults(manifest) + _find_answer_faults(manifest)


def _find_input_faults(manifest: ModelManifest) -> list[str]:
    given, faults = manifest.input, []
    if given.resize not in {"plain", "padded"} or (given.resize == "padded" and given.width != given.height):
        faults.append("`resize` must be plain, or padded of a square input")
    if given.colour == "GREY":
        faults.append("`colour` must be BGR or RGB")
    if not (8 <= given.width <= 1024 and 8 <= given.height <= 1024) or not given.range[0] < given.range[1]:
        faults.append("width and height must be 8 to 1024, and `range` must go up")
    return faults


def _find_answer_faults(manifest: ModelManifest) -> list[str]:
    faults = []
    if len(manifest.outputs) != 1 or set(manifest.outputs.values()) - {PROBABILITIES, LOGITS}:
        faults.append(f"`outputs` must name one output and say {PROBABILITIES} or {LOGITS} of it")
    labels = manifest.labels
    if not 2 <= len(labels) <= MAX_LABELS or len({label.casefold() for label in labels}) < len(labels):
        faults.append(f"`labels` must be 2 to {MAX_LABELS}, none of them twice")
    wrong = [label for label in labels if not _is_word(label)]
    if wrong:
        faults.append(
            f"a label has 1 to {MAX_LABEL_CHARS} printable characters and is not `unknown`: {wrong[0][:60]!r}"
        )
    if set(manifest.thresholds) != {FLOOR} or not 0.5 <= manifest.thresholds[FLOOR] <= 1:
        faults.append(f"`thresholds` must say `{FLOOR}`, 0.5 to 1, and nothing else")
    return faults


def _is_word(label: str) -> bool:
    is_clean = label.isprintable() and label == label.strip() and label.casefold() not in _RESERVED
    return is_clean and 0 < len(label) <= MAX_LABEL_CHARS
