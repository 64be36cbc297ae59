"""What a picture shows, on the wire."""

from base64 import b64encode
from typing import Annotated

from pydantic import Field

from vedette.api.schemas.common import Answer
from vedette.core.classified import ChangedPicture, ClassifiedPicture, ClassifierCard, Way


class ClassShareOut(Answer):
    label: str
    probability: Annotated[float, Field(description="0 to 1, calibrated on pictures that no training saw")]


class ClassifiedOut(Answer):
    """`is_known` false: most likely the picture shows none of the classes."""

    classes: Annotated[list[ClassShareOut], Field(description="Likeliest first")]
    known_classes: Annotated[list[str], Field(description="All that it can say")]
    is_known: bool
    release: str


By = Annotated[
    float, Field(description="32nds of the shorter side to the right, factor, or degrees to the left; 0: not changed")
]


class ChangedShareOut(Answer):
    """What was said of the picture under one change, and what was looked at."""

    way: Annotated[Way | None, Field(description="null: as it is")]
    by: By
    picture: Annotated[str, Field(description="JPEG in base64, at most 112 pixels a side")]
    label: Annotated[str, Field(description="Likeliest class")]
    probability: float
    is_known: bool


class ChangedOut(Answer):
    """The picture as it is, then under each change."""

    looks: list[ChangedShareOut]
    release: str


class MeasuredChangeOut(Answer):
    way: Way
    by: By
    accuracy: Annotated[float, Field(description="Share of changed pictures that are right, 0 to 1")]


class ClassifierOut(Answer):
    """The classifier that answers, as it was measured when it was released; null and empty: not measured."""

    release: str
    known_classes: list[str]
    parameters: Annotated[int, Field(description="Numbers that training chose")]
    size_bytes: int
    none_below: Annotated[float, Field(description="Least probability of the likeliest class of a known picture")]
    accuracy: float | None
    ece: Annotated[float | None, Field(description="Mean gap between said and true probability")]
    changes: list[MeasuredChangeOut]
    data: Annotated[str, Field(description="What it was measured on")]
    command: Annotated[str, Field(description="By which command")]


def changed_out(found: ChangedPicture) -> ChangedOut:
    looks = [
        ChangedShareOut(
            way=one.way,
            by=one.by,
            picture=b64encode(one.picture).decode(),
            label=one.label,
            probability=round(one.probability, 4),
            is_known=one.is_known,
        )
        for one in found.looks
    ]
    return ChangedOut(looks=looks, release=found.release)


def classifier_out(card: ClassifierCard) -> ClassifierOut:
    changes = [MeasuredChangeOut(way=one.way, by=one.by, accuracy=one.accuracy) for one in card.changes]
    return ClassifierOut(
        release=card.release,
        known_classes=sorted(card.labels),
        parameters=card.parameters,
        size_bytes=card.size_bytes,
        none_below=card.none_below,
        accuracy=card.accuracy,
        ece=card.ece,
        changes=changes,
        data=card.data,
        command=card.command,
    )


def classified_out(found: ClassifiedPicture, top: int) -> ClassifiedOut:
    shares = [ClassShareOut(label=share.label, probability=round(share.probability, 4)) for share in found.ranked[:top]]
    known = sorted(share.label for share in found.ranked)
    return ClassifiedOut(classes=shares, known_classes=known, is_known=found.is_known, release=found.release)
