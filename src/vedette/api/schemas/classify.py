"""What a picture shows, on the wire."""

from typing import Annotated

from pydantic import Field

from vedette.api.schemas.common import Answer
from vedette.core.classified import ClassifiedPicture


class ClassShareOut(Answer):
    label: str
    probability: Annotated[float, Field(description="0 to 1, calibrated on pictures that no training saw")]


class ClassifiedOut(Answer):
    """`is_known` false: most likely the picture shows none of the classes."""

    classes: Annotated[list[ClassShareOut], Field(description="Likeliest first")]
    known_classes: Annotated[list[str], Field(description="All that it can say")]
    is_known: bool
    release: str


def classified_out(found: ClassifiedPicture, top: int) -> ClassifiedOut:
    shares = [ClassShareOut(label=share.label, probability=round(share.probability, 4)) for share in found.ranked[:top]]
    known = sorted(share.label for share in found.ranked)
    return ClassifiedOut(classes=shares, known_classes=known, is_known=found.is_known, release=found.release)
