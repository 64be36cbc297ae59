"""A picture as the body, what it shows as the answer. The picture is looked at in a jail and not kept."""

from typing import Annotated

from fastapi import Query, Request

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.ports import ClassifierPort
from vedette.api.schemas.classify import (
    ChangedOut,
    ClassifiedOut,
    ClassifierOut,
    changed_out,
    classified_out,
    classifier_out,
)
from vedette.core.classified import MAX_UPLOAD_BYTES
from vedette.identity.permissions import Permission

router = feature_router("lab")
MAX_TOP = 100


_PICTURE = {
    "requestBody": {
        "required": True,
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/classify")
@allows(Permission.FILE_ANALYZE)
async def show_classifier(classifier: ClassifierPort) -> ClassifierOut:
    """Shows the classifier that answers and what was measured of it, changed pictures included."""
    return classifier_out(await classifier.describe())


@router.post("/classify", openapi_extra=_PICTURE)
@allows(Permission.FILE_ANALYZE, max_body_bytes=MAX_UPLOAD_BYTES)
async def classify_picture(
    request: Request, classifier: ClassifierPort, top: Annotated[int, Query(ge=1, le=MAX_TOP)] = 3
) -> ClassifiedOut:
    """Says which of its classes a JPEG, PNG or BMP shows, the `top` likeliest first. It is turned as its EXIF says."""
    return classified_out(await classifier.classify(await request.body()), top)


@router.post("/classify/changed", openapi_extra=_PICTURE)
@allows(Permission.FILE_ANALYZE, max_body_bytes=MAX_UPLOAD_BYTES)
async def classify_changed_picture(request: Request, classifier: ClassifierPort) -> ChangedOut:
    """Says what it makes of the picture as it is and shifted, shown smaller or larger, and turned. It is not kept."""
    return changed_out(await classifier.classify_changed(await request.body()))
