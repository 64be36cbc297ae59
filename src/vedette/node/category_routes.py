"""The analyzer's answers about the operator's own categories: what is kept, teaching, and trying a picture."""

import asyncio

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from vedette.core.classified import MAX_UPLOAD_BYTES, ChangedPicture, ClassifiedPicture, ClassShare
from vedette.core.errors import InvalidInputError, VedetteError
from vedette.node.analyzer_categories import SetNotKeptError, SetsInForce
from vedette.node.analyzer_pictures import answer_route, read_body
from vedette.node.category_lessons import CategoryLessons
from vedette.node.category_origins import read_origin
from vedette.node.category_shelf import CategoryShelf
from vedette.node.classifier_answers import tell_changes
from vedette.node.picture_vectors import PictureVectors
from vedette.vision.categories.category_set import CategorySet, encode_set
from vedette.vision.categories.lessons import EmbeddingMissingError, KeptRecord, KeptTerms, LessonOrder
from vedette.vision.categories.verdict import OpenSet


class CategorySets:
    """The kept sets of one analyzer, for whoever manages them."""

    def __init__(self, shelf: CategoryShelf, sets: SetsInForce, vectors: PictureVectors) -> None:
        self._shelf, self._sets, self._vectors = shelf, sets, vectors

    def list_records(self) -> list[KeptRecord]:
        """By name. Blocks."""
        self._look()
        faults = {fault.name: fault for fault in self._sets.explain(list(self._sets.list_kept()))}
        records = []
        for name, one in sorted(self._sets.list_kept().items()):
            origin = read_origin(self._shelf.folder / name)
            terms, by = (None if isinstance(one, VedetteError) else _terms_of(one)), origin.user_name if origin else ""
            fault = faults.get(name)
            code, reason = (fault.code, fault.reason) if fault else ("", "")
            records.append(KeptRecord(name, terms, by, code, reason))
        return records

    def read_file(self, name: str) -> bytes:
        """Its `categories.json`. Blocks. Raises NotFoundError, BadCategorySetError, StorageError."""
        return encode_set(self._shelf.load(name))

    def delete(self, name: str) -> None:
        """Blocks. Raises SetNotKeptError, StorageError."""
        if name not in self._shelf.list_names():
            raise SetNotKeptError(name)
        self._shelf.delete(name)
        self._sets.look()

    async def say(self, name: str, picture: bytes) -> ClassifiedPicture:
        """Which category a picture shows.

        Raises:
            SetNotKeptError, OtherEmbeddingError, EmbeddingMissingError, BadCategorySetError
            InvalidInputError: it is no picture, damaged or too large.
            EmbedBusyError, WorkerLostError
        """
        one = await self._open(name)
        verdict = one.judge_picture(await self._vectors.embed(picture))
        names = one.terms.categories
        ranked = [ClassShare(names[index], share) for index, share in verdict.best(len(names))]
        return ClassifiedPicture(ranked, verdict.is_known, one.terms.embedding.release)

    async def say_changed(self, name: str, picture: bytes) -> ChangedPicture:
        """The same of a picture that is shifted, shown smaller or larger, or turned. Raises as `say`."""
        one = await self._open(name)
        looks = [(one.judge_picture(vector), view) for vector, view in await self._vectors.embed_changed(picture)]
        return tell_changes(looks, one.terms.categories, one.terms.embedding.release)

    async def _open(self, name: str) -> OpenSet:
        await asyncio.to_thread(self._look)
        (one,) = self._sets.open_all((name,))
        return one

    def _look(self) -> None:
        """The embedding is looked for again only while it misses: it may have been pulled since."""
        self._sets.look()
        missing = EmbeddingMissingError.code
        if any(fault.code == missing for fault in self._sets.explain(list(self._sets.list_kept()))):
            self._sets.look_for_model()


def category_routes(sets: CategorySets, lessons: CategoryLessons) -> list[Route]:
    """`/categories` and below. Names are parameters: they may hold anything that prints."""

    async def list_sets(_: Request) -> bytes:
        return msgspec.json.encode(await asyncio.to_thread(sets.list_records))

    async def read_set(request: Request) -> bytes:
        return await asyncio.to_thread(sets.read_file, _name_of(request))

    async def delete_set(request: Request) -> bytes:
        await asyncio.to_thread(sets.delete, _name_of(request))
        return b"{}"

    async def say(request: Request) -> bytes:
        return msgspec.json.encode(await sets.say(_name_of(request), await read_body(request, MAX_UPLOAD_BYTES)))

    async def say_changed(request: Request) -> bytes:
        picture = await read_body(request, MAX_UPLOAD_BYTES)
        return msgspec.json.encode(await sets.say_changed(_name_of(request), picture))

    async def add_lesson(request: Request) -> bytes:
        return msgspec.json.encode(await lessons.add(_order_of(request), request.stream()))

    async def find_lesson(_: Request) -> bytes:
        return msgspec.json.encode(lessons.record)

    async def cancel_lesson(_: Request) -> bytes:
        await lessons.cancel()
        return b"{}"

    return [
        answer_route("GET", "/categories", list_sets),
        answer_route("GET", "/categories/set", read_set),
        answer_route("DELETE", "/categories/set", delete_set),
        answer_route("POST", "/categories/say", say),
        answer_route("POST", "/categories/say/changed", say_changed),
        answer_route("POST", "/categories/lesson", add_lesson),
        answer_route("GET", "/categories/lesson", find_lesson),
        answer_route("DELETE", "/categories/lesson", cancel_lesson),
    ]


def _name_of(request: Request) -> str:
    return request.query_params.get("name", "")


def _order_of(request: Request) -> LessonOrder:
    try:
        return msgspec.json.decode(request.query_params.get("order", ""), type=LessonOrder)
    except msgspec.MsgspecError as error:
        raise InvalidInputError(f"this is no order to teach: {error}") from error


def _terms_of(one: CategorySet) -> KeptTerms:
    return KeptTerms(
        one.about,
        one.categories,
        one.pictures,
        one.skipped,
        one.made_at,
        one.made_by,
        one.embedding.release,
        one.none_below,
        one.figures,
    )
