"""In which order what was found is shown, how well each fits, and why. Pure: records in, ranked rows out.

A score is between 0 and 1 and rounded to two places wherever it leaves: enough to rank by, too coarse to rebuild a
vector or a model from. What is less than sure says so in words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vedette.core.plates import compile_plate
from vedette.search.galleries import Likeness
from vedette.search.objects import ObjectFilter, ObjectRecord
from vedette.search.verdict import SimilarityTerms, Verdict, judge_similarity

SHOWN_UNLIKE = 12
"""Of looks: a coat that was taken off is still the same person."""
_PLATE_UNSURE, _PLATE_ALIKE = 0.8, 0.6
"""Share of its confidence that a plate keeps which was not surely read, or fits only with signs that look alike."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One found object.

    Attributes:
        score: 0..1, None where nothing was asked that fits more or less.
        verdict: What may be said of it, for searches by likeness; empty for others.
        doubts: Stable words: `plate_unsure`, `signs_alike`, `attributes_unknown`.
    """

    record: ObjectRecord
    score: float | None = None
    verdict: Verdict | None = None
    doubts: tuple[str, ...] = ()


def rank_by_facts(records: Sequence[ObjectRecord], wanted: ObjectFilter) -> list[Ranked]:
    """Ranks what fits a filter: by plate, then by attributes, then the newest first.

    `records` fit already, the newest first.
    """
    if not wanted.plate and not wanted.attributes:
        return [Ranked(record) for record in records]
    rows = [_judge(record, wanted) for record in records]
    return sorted(rows, key=lambda row: -(row.score or 0.0))


def rank_by_likeness(
    likenesses: Sequence[Likeness],
    records: Sequence[ObjectRecord],
    terms: SimilarityTerms | None,
    searched: int,
    shown_unlike: int = 0,
) -> list[Ranked]:
    """Ranks what is alike, the most alike first.

    `searched`: how many objects it was found among. `shown_unlike`: so many who are said to be somebody else are in it
    all the same.
    """
    by_number = {record.number: record for record in records}
    rows, unlike = list[Ranked](), 0
    for likeness in likenesses:
        verdict = judge_similarity(likeness.similarity, terms, searched)
        unlike += verdict is Verdict.REJECT
        is_shown = verdict is not Verdict.REJECT or unlike <= shown_unlike
        if is_shown and likeness.number in by_number:
            score = round(max(0.0, likeness.similarity), 2)
            rows.append(Ranked(by_number[likeness.number], score, verdict))
    return rows


def _judge(record: ObjectRecord, wanted: ObjectFilter) -> Ranked:
    plate_score, plate_doubts = _judge_plate(record, wanted.plate)
    score, doubts = _judge_attributes(record, wanted.attributes)
    return Ranked(record, round(plate_score * score, 2), None, plate_doubts + doubts)


def _judge_plate(record: ObjectRecord, wanted: str) -> tuple[float, tuple[str, ...]]:
    plate = record.seen.plate
    if not wanted or plate is None:
        return 1.0, ()
    score, doubts = plate.confidence, list[str]()
    if plate.state != "read":
        score, doubts = score * _PLATE_UNSURE, ["plate_unsure"]
    if not compile_plate(wanted).fits(plate.text):
        score, doubts = score * _PLATE_ALIKE, [*doubts, "signs_alike"]
    return score, tuple(doubts)


def _judge_attributes(record: ObjectRecord, wanted: Mapping[str, Sequence[str]]) -> tuple[float, tuple[str, ...]]:
    """The mean confidence of the wanted ones; what is unknown counts nothing, and is said."""
    if not wanted:
        return 1.0, ()
    seen = record.seen.attributes
    known = [seen[name].confidence for name, values in wanted.items() if name in seen and seen[name].value in values]
    doubts = () if len(known) == len(wanted) else ("attributes_unknown",)
    return sum(known) / len(wanted), doubts
