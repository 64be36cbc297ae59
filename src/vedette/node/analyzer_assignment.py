"""Keeps the analyzer's desired state on disk, replaced atomically."""

from pathlib import Path

import msgspec

from vedette.behavior.rules import RuleSet
from vedette.core.assignment import AnalyzerAssignment
from vedette.core.errors import InvalidInputError, VedetteError
from vedette.runtime.files import replace_file
from vedette.runtime.log import get_logger


def parse_assignment(data: bytes) -> AnalyzerAssignment:
    """Parses a desired state.

    Raises:
        InvalidInputError: it is none.
    """
    try:
        assignment = msgspec.json.decode(data, type=AnalyzerAssignment)
        for camera in assignment.cameras:
            RuleSet(camera.rules)
    except (msgspec.DecodeError, VedetteError) as error:
        raise InvalidInputError(f"this is no analyzer assignment: {error}") from error
    return assignment


def load_assignment(path: Path) -> AnalyzerAssignment:
    """The last desired state; the empty one when there is none or it is damaged (which is logged)."""
    try:
        return parse_assignment(path.read_bytes())
    except FileNotFoundError:
        return AnalyzerAssignment(0)
    except (OSError, InvalidInputError) as error:
        get_logger("analyzer").error("the kept assignment is unusable; waiting for the gateway", reason=str(error))
        return AnalyzerAssignment(0)


def save_assignment(path: Path, assignment: AnalyzerAssignment) -> None:
    """Writes the desired state whole or not at all. Blocks: call in a thread."""
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    replace_file(path, msgspec.json.encode(assignment))
