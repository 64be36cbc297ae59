"""What a check found: a state, the figures behind it, and advice."""

from dataclasses import dataclass, field
from enum import StrEnum


class FindingState(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        check: Stable name, for scripts.
        summary: What was found, one sentence.
        advice: What to do; empty when good.
        figures: The measured numbers, with units in their names.
    """

    check: str
    state: FindingState
    summary: str
    advice: str = ""
    figures: dict[str, float | int | str | bool] = field(default_factory=dict)


def good(check: str, summary: str, **figures: float | str | bool) -> Finding:
    return Finding(check, FindingState.GOOD, summary, "", figures)


def warning(check: str, summary: str, advice: str, **figures: float | str | bool) -> Finding:
    return Finding(check, FindingState.WARNING, summary, advice, figures)


def bad(check: str, summary: str, advice: str, **figures: float | str | bool) -> Finding:
    return Finding(check, FindingState.BAD, summary, advice, figures)
