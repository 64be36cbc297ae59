"""A picture as the body, what it shows as the answer. The picture is looked at in a jail and not kept."""

from typing import Annotated

from fastapi import Query, Request

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.ports import ClassifierPort
from vedette.api.schemas.classify import ClassifiedOut, classified_out
from vedette.core.classified import MAX_UPLOAD_BYTES
from vedette.identity.permissions import Permission

router = feature_router("lab")
MAX_TOP = 100


@router.post(
    "/classify",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
@allows(Permission.FILE_ANALYZE, max_body_bytes=MAX_UPLOAD_BYTES)
async def classify_picture(
    request: Request, classifier: ClassifierPort, top: Annotated[int, Query(ge=1, le=MAX_TOP)] = 3
) -> ClassifiedOut:
    """Says which of its classes a JPEG, PNG or BMP shows, the `top` likeliest first. It is turned as its EXIF says."""
    return classified_out(await classifier.classify(await request.body()), top)
