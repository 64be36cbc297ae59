"""Decides who may search what was seen, counts it, and writes down who asked what and why.

Whoever may not search people by face or appearance is refused before anything is looked at, and is shown neither that
an object has a vector nor objects that are kept for their vector alone: no answer, count or time depends on them (M13).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from vedette.api.convert_search import find_ways, seen_object_out, step_out, visits_out
from vedette.api.gate import MissingPermissionError
from vedette.api.person_choice import AppearanceNotKeptError, choose_person
from vedette.api.schemas.search import MAX_PAGE, ObjectSearchOut, SeenObjectOut, StrangersOut, TraceOut
from vedette.api.search_ports import Coverage, FaceReader, Files, PeopleReader, Question
from vedette.api.search_words import KeptSets, Makes, check_attributes
from vedette.core.detections import MOVING_CLASS
from vedette.core.errors import InvalidInputError, NotFoundError, VedetteError
from vedette.core.media import StreamRole
from vedette.core.people import PersonInPicture
from vedette.core.privacy import LookAt, MaskedUnavailableError, Sight
from vedette.events.own_events import OwnEvents
from vedette.events.ports import PictureReader
from vedette.identity.audit import AuditTrail, Outcome
from vedette.identity.export_limits import LOCAL_KEY, MAX_PURPOSE_CHARS, PurposeRequiredError
from vedette.identity.permissions import Caller, Permission
from vedette.identity.search_limits import SearchLimitError, SearchLimits
from vedette.identity.search_trail import NAMED_NEAREST, say_detail, say_result
from vedette.identity.search_watcher import SearchWatcher
from vedette.runtime.clock import Clock
from vedette.search.keeper import ObjectKeeper
from vedette.search.objects import (
    APPEARANCE,
    BIOMETRIC_KINDS,
    FACE,
    NoSuchObjectError,
    ObjectRecord,
    Source,
)
from vedette.search.ranking import Ranked
from vedette.search.service import Found, NotComparableError, ObjectSearch
from vedette.search.strangers import NEEDED_PAIRS
from vedette.search.verdict import Verdict
from vedette.vision.categories.words import CategoryWords
from vedette.vision.file_jobs import NoSuchJobError
from vedette.vision.recognize.make_forms import MakeWords


class SearchDesk:
    """See the module's head."""

    def __init__(
        self,
        *,
        search: ObjectSearch,
        keeper: ObjectKeeper,
        faces: FaceReader,
        people: PeopleReader,
        files: Files,
        pictures: PictureReader,
        footage: Coverage,
        limits: SearchLimits,
        watcher: SearchWatcher,
        audit: AuditTrail,
        alarms: OwnEvents,
        sets: KeptSets,
        makes: Makes,
        clock: Clock,
    ) -> None:
        self.search = search
        self._sets = sets
        self._makes = makes
        self._keeper = keeper
        self._faces = faces
        self._people = people
        self._files = files
        self._pictures = pictures
        self._footage = footage
        self._limits = limits
        self._watcher = watcher
        self._audit = audit
        self._alarms = alarms
        self._clock = clock

    async def list_own_words(self) -> Sequence[CategoryWords]:
        """The kept sets of categories. Raises StorageError."""
        return await self._sets.list_words()

    async def check_attributes(self, asked: Mapping[str, Sequence[str]]) -> None:
        """Raises UnknownAttributeError."""
        if asked:
            await check_attributes(asked, await self._sets.list_words(), await self._makes.read(), self.search)

    async def read_makes(self) -> MakeWords:
        """What the installed model of makes may say."""
        return await self._makes.read()

    async def find(self, caller: Caller, question: Question, limit: int, offset: int = 0) -> ObjectSearchOut:
        """Answers a search, `limit` rows from the `offset`th on. `next` is left to the route.

        Raises:
            MissingPermissionError, PurposeRequiredError, SearchLimitError
            NoSuchObjectError, NotComparableError, GalleriesLoadingError
        """
        record, by = await self._choose(caller, question)
        await self._enter(caller, by, question)
        question = await self._show_files(caller, question)
        if record is None:
            found = await self.search.find(question.wanted)
        else:
            found = await self.search.find_alike(record, by, question.wanted)
        await self._write_found(caller, f"search.{found.by}", question, found)
        return await self._show_page(caller, found, limit, offset)

    async def find_face(self, caller: Caller, picture: bytes, question: Question, limit: int) -> ObjectSearchOut:
        """Finds people by the face in a picture.

        Raises:
            MissingPermissionError, PurposeRequiredError, SearchLimitError
            PictureRefusedError: there is not exactly one face, good enough.
            UnavailableError
        """
        await self._enter(caller, FACE, question)
        question = await self._show_files(caller, question)
        try:
            face = await self._faces.read(picture)
        except VedetteError as exc:
            await self._write(caller, "search.picture", question, exc.code, Outcome.FAILED)
            await self._watcher.look(caller)
            raise
        found = await self.search.find_like_vector(FACE, face.release, face.template, question.wanted)
        await self._write_found(caller, "search.picture", question, found)
        return await self._show_page(caller, found, min(limit, MAX_PAGE), 0)

    async def find_person(
        self, caller: Caller, picture: bytes, person: int | None, question: Question, limit: int
    ) -> ObjectSearchOut:
        """Finds people who look like one of a picture. `person`: which, from 1, from left to right.

        Raises:
            MissingPermissionError, PurposeRequiredError, SearchLimitError
            NobodyFoundError, UnreadablePictureError, AppearanceModelsMissingError, UnavailableError
            ChoosePersonError: there are several, or none of this number.
            PersonUnclearError, AppearanceNotKeptError
        """
        await self._enter(caller, APPEARANCE, question)
        question = await self._show_files(caller, question)
        try:
            chosen = choose_person(await self._people.read(picture), person)
            if not self.search.count_kept(APPEARANCE, chosen.release):
                raise AppearanceNotKeptError
        except VedetteError as exc:
            await self._write(caller, "search.person", question, exc.code, Outcome.FAILED)
            raise
        found = await self.search.find_like_vector(APPEARANCE, chosen.release, chosen.vector, question.wanted)
        await self._write_found(caller, "search.person", question, found)
        return await self._show_page(caller, found, min(limit, MAX_PAGE), 0)

    async def find_people(self, picture: bytes) -> list[PersonInPicture]:
        """The people of a picture, to choose from; nobody is compared. Raises what `PeopleReader.read` does."""
        return await self._people.read(picture)

    async def trace(self, caller: Caller, question: Question) -> TraceOut:
        """Answers with the path of what is like a seen object. Raises what `find` does."""
        record, by = await self._choose(caller, question)
        await self._enter(caller, by, question)
        question = await self._show_files(caller, question)
        if record is None:
            raise InvalidInputError("a trace begins with a seen object", "Search first, then choose one.")
        trace, found = await self.search.trace(record, by, question.wanted)
        await self._write_found(caller, "search.trace", question, found, by)
        shown = await self._show_all(caller, [step.row for step in trace.steps])
        return TraceOut(
            by=_way(found.by),
            searched=found.searched,
            calibrated=found.is_calibrated,
            steps=[step_out(step, one) for step, one in zip(trace.steps, shown, strict=True)],
            visits=visits_out(trace.visits),
        )

    async def show(self, caller: Caller, object_id: str) -> SeenObjectOut:
        """Shows one object. Raises NoSuchObjectError."""
        [shown] = await self._show_all(caller, [Ranked(await self._find(caller, object_id))])
        return shown

    async def read_picture(self, caller: Caller, object_id: str, look: LookAt) -> bytes:
        """The picture of an object.

        Raises:
            NoSuchObjectError, NotFoundError: it has none.
            MaskedUnavailableError: a privacy zone reaches into it, and the caller may not see what it hides.
        """
        seen = (await self._find(caller, object_id)).seen
        if not seen.picture:
            raise NotFoundError(f"the seen object {object_id} has no picture")
        if seen.file is not None:
            opening = await self._files.open_file(caller, seen.file.job_id, seen.picture, None)
            async with opening as sent:
                return b"".join([block async for block in sent.blocks])
        if hides_part(await look(seen.camera_id), seen.crop_norm_xyxy):
            raise MaskedUnavailableError(
                "a privacy zone hides a part of this picture from you",
                "Ask somebody who may see the whole picture (permission privacy.unmask).",
            )
        return await self._pictures.read_picture(seen.picture)

    async def erase(self, caller: Caller, object_ids: Sequence[str], reason: str) -> int:
        """Erases objects with pictures and vectors; returns how many there were. Said to others, as any erasure is."""
        named = ", ".join(object_ids[:3]) + (" ..." if len(object_ids) > 3 else "")
        detail = f"{len(object_ids)} seen objects ({named}): {reason}"
        await self._audit.record(caller, "search.erase", detail=detail)
        erased = await self._keeper.erase(object_ids)
        if erased:
            await self._alarms.tell_weakenings(caller.name, "", [f"{erased} seen objects are erased: {reason}"])
        return erased

    async def _choose(self, caller: Caller, question: Question) -> tuple[ObjectRecord | None, str]:
        """The object that others are to be like, and by what of it; permission first, existence second."""
        check_biometric(caller, question.by)
        if question.like is None:
            return None, ""
        record = await self._find(caller, question.like)
        ways = find_ways(caller, record)
        by = question.by or (ways[0] if ways else "")
        if by not in ways:
            raise NotComparableError("this object has nothing by which others like it are found", "Choose another.")
        return record, by

    async def _find(self, caller: Caller, object_id: str) -> ObjectRecord:
        record = await self.search.find_object(object_id)
        if is_biometric_alone(record) and not caller.may(Permission.BIOMETRIC_SEARCH):
            raise NoSuchObjectError(object_id)
        if record.seen.file is not None:
            try:
                await self._files.find(caller, record.seen.file.job_id)
            except NoSuchJobError as exc:
                raise NoSuchObjectError(object_id) from exc
        return record

    async def _show_files(self, caller: Caller, question: Question) -> Question:
        """The question with the files that the caller may see: somebody else's are like ones that never were."""
        if question.wanted.source is Source.CAMERAS:
            return question
        if not caller.may(Permission.FILE_ANALYZE):
            raise MissingPermissionError(
                f"searching in files needs the permission {Permission.FILE_ANALYZE.value}",
                "Ask an administrator for a role that has it, or search what cameras saw.",
            )
        jobs = tuple(job.job_id for job in await self._files.list_jobs(caller))
        return replace(question, wanted=replace(question.wanted, jobs=jobs))

    async def _enter(self, caller: Caller, by: str, question: Question) -> None:
        """Checks permission and purpose, and counts, before anything is compared."""
        is_biometric = by in BIOMETRIC_KINDS
        check_biometric(caller, by)
        if is_biometric and not question.purpose:
            raise PurposeRequiredError(
                "people are searched by face or appearance only for a stated purpose", "Say why."
            )
        try:
            self._limits.enter(caller.user_id or LOCAL_KEY, self._clock.mono_ns(), is_biometric=is_biometric)
        except SearchLimitError as exc:
            if exc.is_flood:
                await self._write(caller, "search.flood", question, exc.message, Outcome.REFUSED)
                await self._alarms.tell_flood(caller.name, "asks ten times as many searches as a user may")
            raise

    async def _write(
        self, caller: Caller, action: str, question: Question, result: str, outcome: Outcome = Outcome.DONE
    ) -> None:
        purpose = question.purpose[:MAX_PURPOSE_CHARS] or "no purpose given"
        detail = say_detail(question.words, result, purpose)
        await self._audit.record(caller, action, question.like or "", outcome=outcome, detail=detail)

    async def _write_found(self, caller: Caller, action: str, question: Question, found: Found, by: str = "") -> None:
        """Writes what was found, and has what people were searched for looked at. `by`: of traces."""
        if found.by not in BIOMETRIC_KINDS:
            await self._write(caller, action, question, say_result(found.total, (), by=by))
            return
        believed = [row for row in found.rows if row.verdict in {Verdict.ACCEPT, Verdict.DEFER}]
        ids = [row.record.seen.object_id for row in believed[: NAMED_NEAREST + 1]]
        nearest = [object_id for object_id in ids if object_id != question.like]
        is_near = found.is_just_under and question.like is None
        await self._write(caller, action, question, say_result(_count_found(found), nearest, by=by, is_near=is_near))
        await self._watcher.look(caller)

    async def _show_page(self, caller: Caller, found: Found, limit: int, offset: int) -> ObjectSearchOut:
        return ObjectSearchOut(
            items=await self._show_all(caller, found.rows[offset : offset + limit]),
            total=found.total,
            by=_way(found.by),
            searched=found.searched,
            calibrated=found.is_calibrated,
            evidence=_strangers_out(found),
            cut=found.total > len(found.rows),
        )

    async def _show_all(self, caller: Caller, rows: Sequence[Ranked]) -> list[SeenObjectOut]:
        recorded = await asyncio.to_thread(lambda: [self._is_recorded(row.record) for row in rows])
        return [seen_object_out(caller, row, is_recorded=one) for row, one in zip(rows, recorded, strict=True)]

    def _is_recorded(self, record: ObjectRecord) -> bool:
        if record.seen.file is not None:
            return False
        seen, length_ns = record.seen, record.seen.to_ns - record.seen.from_ns + 1
        return any(
            self._footage.find_coverage(seen.camera_id, role, seen.from_ns, seen.to_ns + 1, length_ns)
            for role in StreamRole
        )


def check_biometric(caller: Caller, by: str) -> None:
    """Raises MissingPermissionError: people are searched by face or appearance, and the caller may not."""
    if by in BIOMETRIC_KINDS and not caller.may(Permission.BIOMETRIC_SEARCH):
        raise MissingPermissionError(
            f"searching by {by} needs the permission {Permission.BIOMETRIC_SEARCH.value}",
            "Ask an administrator for a role that has it.",
        )


def is_biometric_alone(record: ObjectRecord) -> bool:
    """Whether an object is kept for its vector alone: nobody named it, and it has no plate."""
    return record.seen.object_class == MOVING_CLASS and record.seen.plate is None


def hides_part(sight: Sight, crop: tuple[float, float, float, float]) -> bool:
    """Whether a hidden part of the camera's picture may reach into the crop: by its bounds, so never too little."""
    left, top, right, bottom = crop
    for part in sight.masked_parts:
        xs, ys = [x for x, _ in part.points], [y for _, y in part.points]
        if min(xs) < right and max(xs) > left and min(ys) < bottom and max(ys) > top:
            return True
    return False


def _count_found(found: Found) -> int:
    """Without those who are surely or probably somebody else: they are no answer."""
    return sum(row.verdict is not Verdict.REJECT for row in found.rows)


def _strangers_out(found: Found) -> StrangersOut | None:
    if found.evidence is None:
        return None
    return StrangersOut(pairs=found.evidence.pairs, needed=NEEDED_PAIRS)


def _way(by: str) -> Literal["facts", "plate", "attributes", "face", "appearance"]:
    ways: tuple[Literal["plate", "attributes", "face", "appearance"], ...] = (
        "plate",
        "attributes",
        "face",
        "appearance",
    )
    return next((way for way in ways if way == by), "facts")
