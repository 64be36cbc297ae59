"""Recording in the inventory sheet: the columns `mode` and `retention_days`. Pure.

`retention_days` says for how many days each mode's footage is kept: `30` (all modes, at most 30 days), `7-30` (at
least 7, at most 30), `30-` (at least 30, then as long as there is room), or by mode: `continuous 7-30, motion 90-`.
A calendar and volumes are set in the console; an empty cell keeps what is there, and `-` takes retention away.
"""

import re
from dataclasses import replace

from vedette.camera.recording_terms import RecordingTerms, RetentionForm, read_terms, show_terms
from vedette.core.errors import InvalidInputError
from vedette.core.recording_plan import RecordingMode

_STORED = (RecordingMode.CONTINUOUS, RecordingMode.MOTION, RecordingMode.EVENT)
_TERM = re.compile(r"(?:([a-z]+)\s+)?(\d+(?:\.\d+)?)?(?:(-)(\d+(?:\.\d+)?)?)?")
NO_RETENTION = "-"


def format_retention(terms: RecordingTerms) -> str:
    """Writes retention as in the cell."""
    if not terms.retention:
        return ""
    by_mode = {term.mode: _format_days(term.min_days, term.max_days) for term in terms.retention}
    if len(by_mode) == len(_STORED) and len(set(by_mode.values())) == 1:
        return next(iter(by_mode.values()))
    return ", ".join(f"{mode.value} {by_mode[mode]}" for mode in _STORED if mode in by_mode)


def _format_days(min_days: float, max_days: float) -> str:
    if max_days and not min_days:
        return f"{max_days:g}"
    return f"{min_days:g}-{max_days:g}" if max_days else f"{min_days:g}-"


def read_recording_cells(mode: str, retention: str, base: RecordingTerms) -> RecordingTerms:
    """Lays the two cells over what is there.

    Raises:
        InvalidInputError: with everything that is wrong.
    """
    form = show_terms(base)
    if mode:
        form = replace(form, mode=mode.lower())
    if retention:
        form = replace(form, retention=_read_retention(retention))
    # The volumes of the camera were checked when they were set: a sheet cannot change them.
    return read_terms(form, base.volumes)


def _read_retention(text: str) -> list[RetentionForm]:
    if text == NO_RETENTION:
        return []
    found: list[RetentionForm] = []
    for part in text.lower().replace(";", ",").split(","):
        match = _TERM.fullmatch(part.strip())
        if match is None or not (match[2] or match[4]):
            raise InvalidInputError(
                f"retention_days: {part.strip()!r} is not like 30, 7-30, 30- or 'motion 7-30'",
            )
        least, most = match[2] or "0", match[4] or "0"
        days = (0.0, float(least)) if match[3] is None else (float(least), float(most))
        modes = [match[1]] if match[1] else [mode.value for mode in _STORED]
        found += [RetentionForm(mode, *days) for mode in modes]
    return found
