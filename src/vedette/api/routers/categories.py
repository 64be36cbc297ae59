"""The operator's own categories: taught from pictures, judged, tried on others, deleted. Pictures are not kept."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.ports import CallerPort, CategoriesPort
from vedette.api.schemas.categories import About, CategorySetsOut, LessonOut, category_set_out, lesson_out
from vedette.api.schemas.classify import ChangedOut, ClassifiedOut, changed_out, classified_out
from vedette.core.classified import MAX_UPLOAD_BYTES
from vedette.identity.permissions import Permission
from vedette.vision.categories.lessons import MAX_LESSON_BYTES, LessonOrder
from vedette.vision.categories.words import MAX_WORD_CHARS

router = feature_router("lab")
MAX_TOP = 50
SetName = Annotated[str, Path(min_length=1, max_length=MAX_WORD_CHARS)]


def _takes(media_type: str) -> dict[str, object]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {"requestBody": {"required": True, "content": {media_type: schema}}}


@router.get("/categories")
@allows(Permission.FILE_ANALYZE)
async def list_category_sets(categories: CategoriesPort) -> CategorySetsOut:
    """Lists the kept sets with their figures, and what is being taught."""
    lesson = await categories.find_lesson()
    items = [category_set_out(record) for record in await categories.list_sets()]
    return CategorySetsOut(items=items, lesson=None if lesson is None else lesson_out(lesson))


@router.post("/categories/lesson", status_code=201, openapi_extra=_takes("application/zip"))
@allows(Permission.CAMERA_CONFIGURE, max_body_bytes=MAX_LESSON_BYTES)
async def teach_categories(
    request: Request,
    caller: CallerPort,
    categories: CategoriesPort,
    name: Annotated[str, Query(min_length=1, max_length=MAX_WORD_CHARS)],
    about: Annotated[About, Query()] = "any",
) -> LessonOut:
    """Takes a ZIP whose folders are the categories (JPEG, PNG, BMP), and teaches a set. One is taught at a time.

    2 to 50 categories with 5 pictures each at least, 4,000 pictures and 1 GiB in all. The pictures are deleted as soon
    as their vectors are made. `GET /categories` tells how far it is.
    """
    order = LessonOrder(name, about, caller.user_id, caller.name)
    return lesson_out(await categories.teach(caller, order, request.stream()))


@router.delete("/categories/lesson", status_code=204)
@allows(Permission.CAMERA_CONFIGURE)
async def cancel_lesson(caller: CallerPort, categories: CategoriesPort) -> None:
    """Ends what is being taught, with its pictures; puts away what is over."""
    await categories.cancel_lesson(caller)


@router.get("/categories/sets/{name}/file", response_class=Response)
@allows(Permission.FILE_ANALYZE)
async def download_category_set(name: SetName, categories: CategoriesPort) -> Response:
    """The set as `categories.json`, for `vedette analyze --categories` and other systems."""
    headers = {
        "Content-Disposition": 'attachment; filename="categories.json"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(await categories.read_file(name), media_type="application/json", headers=headers)


@router.delete("/categories/sets/{name}", status_code=204)
@allows(Permission.CAMERA_CONFIGURE)
async def delete_category_set(name: SetName, caller: CallerPort, categories: CategoriesPort) -> None:
    """Deletes a set. Cameras that tell it go on without; what was told before stays."""
    await categories.delete(caller, name)


@router.post("/categories/sets/{name}/say", openapi_extra=_takes("image/*"))
@allows(Permission.FILE_ANALYZE, max_body_bytes=MAX_UPLOAD_BYTES)
async def say_category(
    name: SetName,
    request: Request,
    categories: CategoriesPort,
    top: Annotated[int, Query(ge=1, le=MAX_TOP)] = MAX_TOP,
) -> ClassifiedOut:
    """Says which category a JPEG, PNG or BMP shows, the `top` likeliest first, or none of these. It is not kept."""
    return classified_out(await categories.say(name, await request.body()), top)


@router.post("/categories/sets/{name}/say/changed", openapi_extra=_takes("image/*"))
@allows(Permission.FILE_ANALYZE, max_body_bytes=MAX_UPLOAD_BYTES)
async def say_category_changed(name: SetName, request: Request, categories: CategoriesPort) -> ChangedOut:
    """Says what the set makes of the picture as it is and shifted, shown smaller or larger, and turned."""
    return changed_out(await categories.say_changed(name, await request.body()))
