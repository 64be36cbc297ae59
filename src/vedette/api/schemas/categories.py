"""The operator's own categories and their teaching, on the wire."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from vedette.api.schemas.classify import MeasuredChangeOut
from vedette.api.schemas.common import Answer, Utc
from vedette.core.time import format_utc
from vedette.vision.categories.figures import ChangesFigures, SetFigures
from vedette.vision.categories.lessons import KeptRecord, KeptTerms, LessonRecord, LessonState

About = Literal["any", "person", "vehicle"]


class CategoryFiguresOut(Answer):
    """One category. Precision or recall is null where there is nothing to divide by."""

    name: str
    taught: int
    held_out: int
    precision: float | None
    recall: float | None


class ReliabilityOut(Answer):
    """Held-out pictures of which about this much was said: how much on average, and how much of it was right."""

    pictures: int
    said: float
    right: float


class ChangesFiguresOut(Answer):
    """`as_is`: accuracy on the same pictures unchanged."""

    pictures: int
    as_is: float
    steps: list[MeasuredChangeOut]


class SetFiguresOut(Answer):
    """On pictures that the set was not taught with."""

    judged: Annotated[int, Field(description="How many pictures these figures come from")]
    accuracy: float
    nearest_centroid: Annotated[float, Field(description="Accuracy of the simplest rule there is")]
    ece: Annotated[float, Field(description="Expected calibration error, ten bins")]
    known: Annotated[float, Field(description="Share that is not said to be none of these")]
    confusion: Annotated[list[list[int]], Field(description="Rows the truth, columns what was said")]
    categories: list[CategoryFiguresOut]
    reliability: list[ReliabilityOut]
    changes: Annotated[ChangesFiguresOut | None, Field(description="Null: taught before this was measured")]


class SetTermsOut(Answer):
    about: About
    categories: list[str]
    pictures: int
    skipped: Annotated[int, Field(description="Pictures that could not be used")]
    made_at: Annotated[str, Field(description="As its file says")]
    made_by: str
    embedding: Annotated[str, Field(description="Release of the model on whose vectors it was taught")]
    none_below: Annotated[float, Field(description="A picture whose surest category is less probable is none of these")]
    figures: SetFiguresOut


class CategorySetOut(Answer):
    """`terms` is null where the file cannot be used. `code` and `reason`: why it tells nothing now, else empty."""

    name: str
    taught_by: str
    terms: SetTermsOut | None
    code: str
    reason: str


class LeftOutOut(Answer):
    name: str
    reason: str


class LessonOut(Answer):
    """One teaching. `left_out` names the first of `left_out_count` pictures that could not be used."""

    id: str
    name: str
    about: About
    user: str
    started_at: Utc
    state: LessonState
    categories: list[str]
    pictures: int
    embedded: Annotated[int, Field(description="Pictures looked at so far")]
    fold: int
    folds: int
    left_out_count: int
    left_out: list[LeftOutOut]
    code: str
    error: str
    hint: str


class CategorySetsOut(Answer):
    """`lesson`: what is being taught, else the last one; null: none since the analyzer started."""

    items: list[CategorySetOut]
    lesson: LessonOut | None


def category_set_out(record: KeptRecord) -> CategorySetOut:
    return CategorySetOut(
        name=record.name,
        taught_by=record.taught_by,
        terms=None if record.terms is None else _terms_out(record.terms),
        code=record.code,
        reason=record.reason,
    )


def lesson_out(lesson: LessonRecord) -> LessonOut:
    return LessonOut(
        id=lesson.lesson_id,
        name=lesson.name,
        about=lesson.about,
        user=lesson.user_name,
        started_at=format_utc(lesson.started_ns),
        state=lesson.state,
        categories=lesson.categories,
        pictures=lesson.pictures,
        embedded=lesson.embedded,
        fold=lesson.fold,
        folds=lesson.folds,
        left_out_count=lesson.left_out_count,
        left_out=[LeftOutOut(name=one.name, reason=one.reason) for one in lesson.left_out],
        code=lesson.code,
        error=lesson.error,
        hint=lesson.hint,
    )


def _terms_out(terms: KeptTerms) -> SetTermsOut:
    return SetTermsOut(
        about=terms.about,
        categories=terms.categories,
        pictures=terms.pictures,
        skipped=terms.skipped,
        made_at=terms.made_at,
        made_by=terms.made_by,
        embedding=terms.embedding,
        none_below=terms.none_below,
        figures=_figures_out(terms.categories, terms.figures),
    )


def _figures_out(names: Sequence[str], figures: SetFigures) -> SetFiguresOut:
    return SetFiguresOut(
        judged=sum(one.held_out for one in figures.categories),
        accuracy=figures.accuracy,
        nearest_centroid=figures.nearest_centroid,
        ece=figures.ece,
        known=figures.known,
        confusion=figures.confusion,
        categories=[
            CategoryFiguresOut(
                name=name, taught=one.taught, held_out=one.held_out, precision=one.precision, recall=one.recall
            )
            for name, one in zip(names, figures.categories, strict=True)
        ],
        reliability=[
            ReliabilityOut(pictures=one.pictures, said=one.said, right=one.right) for one in figures.reliability
        ],
        changes=None if figures.changes is None else _changes_out(figures.changes),
    )


def _changes_out(figures: ChangesFigures) -> ChangesFiguresOut:
    steps = [MeasuredChangeOut(way=one.way, by=one.by, accuracy=one.accuracy) for one in figures.steps]
    return ChangesFiguresOut(pictures=figures.pictures, as_is=figures.as_is, steps=steps)
