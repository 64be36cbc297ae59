"""How files are analysed: what is loaded, what is looked for, and where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vedette.behavior.rules import default_rules
from vedette.core.assignment import Rule
from vedette.core.motion import MotionSettings
from vedette.node.file_watchlists import NO_LISTS, FileLists
from vedette.vision.categories.verdict import OpenSet
from vedette.vision.recognize.forms import FORMS
from vedette.vision.recognize.records import Form

_MOST_AHEAD = 4
"""With more, the one thread that decodes and finds motion is what everything waits for."""


@dataclass(frozen=True, slots=True)
class FilePlan:
    """How to analyse files.

    Attributes:
        model: Name of the installed model, empty for motion alone.
        models: Folder of installed models.
        fps: Analysed pictures a second at most, 0: every one.
        recognizers: Names of the installed recognizers to use.
        lists: Whose entries are looked for.
        ahead: Pictures of one file that the model has at a time, a thread each.
        tiles: Of a large picture, looked at beside the whole.
        motion: Where analysis looks.
        sets: The operator's own categories that are told of people and vehicles; with them goes the recognizer
            `embedding`.
        needs_motion: The model counts only where something moves.
        forms: What the recognizers may answer, and any others.
    """

    model: str
    models: Path
    classes: tuple[str, ...]
    fps: float
    annotate: bool
    recognizers: tuple[str, ...] = ()
    lists: FileLists = NO_LISTS
    ahead: int = 1
    tiles: int = 0
    motion: MotionSettings = field(default_factory=MotionSettings)
    sets: tuple[OpenSet, ...] = ()
    needs_motion: bool = False
    forms: Mapping[str, Form] = field(default_factory=lambda: FORMS)

    def default_rules(self) -> tuple[Rule, ...]:
        """What is told of a file for which nobody wrote rules."""
        return default_rules(has_model=bool(self.model), needs_motion=self.needs_motion)


def plan_ahead(processors: int, files_at_once: int) -> int:
    """How many pictures of one file to have under way: processors that its neighbours leave, four at most."""
    return max(1, min(processors // max(1, files_at_once), _MOST_AHEAD))
