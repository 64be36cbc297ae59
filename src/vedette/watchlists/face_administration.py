"""Enrols people on lists of faces, and gives their templates to be matched.

A picture becomes a template in the jailed worker of the analyzer; here it is averaged with the person's others, sealed
and forgotten. Pictures are kept only where somebody chose so, as small portraits made anew, sealed too.
Design: docs/design/recognition.md.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from vedette.core.errors import NotFoundError, StorageError
from vedette.core.faces import (
    MAX_ENROLLED_PICTURES,
    EnrolledFace,
    PictureRefusedError,
    compare_templates,
    join_templates,
)
from vedette.core.faults import Fault
from vedette.core.time import NS_PER_S
from vedette.core.watchlists import FaceMark, ListOrder, ListSubject, WatchlistEntry
from vedette.runtime.clock import Clock, new_id
from vedette.runtime.log import get_logger
from vedette.watchlists.administration import WatchlistAdministration
from vedette.watchlists.errors import (
    InvalidEntryError,
    NoSuchEntryError,
    TooManyEntriesError,
    WrongSubjectError,
)
from vedette.watchlists.face_forms import FaceForm, read_face
from vedette.watchlists.face_ports import FaceStore, PortraitReader, TemplateSealer
from vedette.watchlists.records import EntryRecord

MAX_PEOPLE = 20_000
"""With a template, over all lists: they travel to the analyzer in one message of about 30 MB."""


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Some people of a list, by name, and how many fit in all."""

    items: tuple[EntryRecord, ...]
    total: int


class FaceAdministration:
    """Reads and changes people on lists of faces."""

    def __init__(
        self,
        *,
        lists: WatchlistAdministration,
        store: FaceStore,
        reader: PortraitReader,
        sealer: TemplateSealer,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self._lists = lists
        self._store = store
        self._reader = reader
        self._sealer = sealer
        self._clock = clock
        self._on_change = on_change
        self._log = get_logger("watchlists")

    async def enrol(self, list_id: str, form: FaceForm, pictures: Sequence[bytes], by: str) -> EntryRecord:
        """Enrols a person with one to five pictures of him, all or nothing.

        Raises:
            NoSuchWatchlistError, WrongSubjectError, TooManyEntriesError, UnavailableError
            InvalidEntryError: with every fault; those of a picture are of the field `pictures.N`.
        """
        await self._check_list(list_id)
        entry = read_face(form, new_id(self._clock), self._today())
        if not 1 <= len(pictures) <= MAX_ENROLLED_PICTURES:
            raise InvalidEntryError((Fault("pictures", f"must be 1 to {MAX_ENROLLED_PICTURES}"),))
        if await self._store.count() >= MAX_PEOPLE:
            raise TooManyEntriesError(f"all lists together have at most {MAX_PEOPLE} people with a face")
        faces = await self._read_pictures(pictures)
        assert entry.face is not None
        mark = replace(entry.face, release=faces[0].release, pictures=len(faces))
        record = EntryRecord(list_id, replace(entry, face=mark), by, self._clock.utc_ns())
        await self._store.put_person(record, *self._seal(entry, faces))
        self._on_change()
        return record

    def _seal(self, entry: WatchlistEntry, faces: Sequence[EnrolledFace]) -> tuple[str, tuple[str, ...]]:
        template = join_templates([face.template for face in faces])
        sealed = self._sealer.seal(template_place(entry.entry_id), template)
        if entry.face is None or not entry.face.keeps_pictures:
            return sealed, ()
        places = [portrait_place(entry.entry_id, number) for number in range(len(faces))]
        return sealed, tuple(self._sealer.seal(place, face.portrait) for place, face in zip(places, faces, strict=True))

    async def _read_pictures(self, pictures: Sequence[bytes]) -> list[EnrolledFace]:
        """All of them, or every fault: one picture of somebody else would make the template like neither."""
        faces: list[EnrolledFace] = []
        faults: list[Fault] = []
        for number, picture in enumerate(pictures):
            try:
                faces.append(await self._reader.read(picture))
            except PictureRefusedError as refused:
                faults.append(
                    Fault(f"pictures.{number}", f"{refused.reason}: {refused.message}. {refused.hint}".strip())
                )
        faults += [] if faults else _find_strangers(faces)
        if faults:
            raise InvalidEntryError(tuple(faults))
        return faces

    async def change(self, list_id: str, entry_id: str, form: FaceForm) -> tuple[EntryRecord, EntryRecord]:
        """Changes what is written of a person; his template stays as it is. Returns him before and after.

        Raises:
            NoSuchWatchlistError, NoSuchEntryError, WrongSubjectError, InvalidEntryError
        """
        await self._check_list(list_id)
        before = await self._find(list_id, entry_id)
        entry, old = read_face(form, entry_id, self._today()), _mark_of(before)
        assert entry.face is not None
        mark = replace(entry.face, release=old.release, pictures=old.pictures, keeps_pictures=old.keeps_pictures)
        after = await self._lists.replace_entry(before, replace(entry, face=mark))
        return before, after

    async def remove(self, list_id: str, entry_id: str) -> EntryRecord:
        """Removes a person with template and portraits. Raises NoSuchEntryError, WrongSubjectError."""
        await self._check_list(list_id)
        return await self._lists.remove_entry(list_id, entry_id, ListSubject.FACES)

    async def find_people(self, list_id: str, search: str, limit: int, offset: int) -> PeoplePage:
        """Finds people of a list by a part of the name. Raises NoSuchWatchlistError, WrongSubjectError."""
        await self._check_list(list_id)
        _, records = await self._lists.list_records(list_id)
        wanted = search.strip().casefold()
        fitting = [record for record in records if wanted in _mark_of(record).name.casefold()]
        fitting.sort(key=lambda record: (_mark_of(record).name.casefold(), record.entry.entry_id))
        return PeoplePage(tuple(fitting[offset : offset + limit]), len(fitting))

    async def find_person(self, list_id: str, entry_id: str) -> EntryRecord:
        """Raises NoSuchEntryError, WrongSubjectError."""
        await self._check_list(list_id)
        return await self._find(list_id, entry_id)

    async def read_portrait(self, list_id: str, entry_id: str, place: int) -> bytes:
        """A kept portrait, JPEG.

        Raises:
            NotFoundError: there is none: pictures are not kept, or the person's time is over.
            StorageError: it does not open.
        """
        await self._check_list(list_id)
        await self._find(list_id, entry_id)
        sealed = await self._store.find_portrait(entry_id, place)
        if sealed is None:
            raise NotFoundError("no picture of this person is kept")
        return self._sealer.open(portrait_place(entry_id, place), sealed)

    async def remove_expired(self) -> list[str]:
        """Removes templates and portraits of people whose time is over; returns the ids of their entries."""
        gone = await self._store.remove_expired(self._clock.utc_ns())
        if gone:
            self._on_change()
        return gone

    async def attach_templates(self, orders: Sequence[ListOrder]) -> tuple[ListOrder, ...]:
        """The lists with the templates of their people; whoever has none, or one that does not open, is left out."""
        if not any(order.watchlist.subject is ListSubject.FACES for order in orders):
            return tuple(orders)
        sealed = await self._store.load_templates()

        def attach(order: ListOrder) -> ListOrder:
            if order.watchlist.subject is not ListSubject.FACES:
                return order
            opened = [(entry, self._open(entry.entry_id, sealed)) for entry in order.entries]
            there = [(entry, template) for entry, template in opened if template]
            templates = b"".join(template for _, template in there)
            return replace(order, entries=tuple(entry for entry, _ in there), templates=templates)

        return await asyncio.to_thread(lambda: tuple(map(attach, orders)))

    def _open(self, entry_id: str, sealed: Mapping[str, str]) -> bytes:
        if entry_id not in sealed:
            return b""
        try:
            return self._sealer.open(template_place(entry_id), sealed[entry_id])
        except StorageError as exc:
            self._log.error("a face is not matched: its template does not open", entry_id=entry_id, code=exc.code)
            return b""

    async def _check_list(self, list_id: str) -> None:
        watchlist = (await self._lists.find_list(list_id)).watchlist
        if watchlist.subject is not ListSubject.FACES:
            raise WrongSubjectError(f"{watchlist.name} is a list of vehicles", "Choose a list of faces.")

    async def _find(self, list_id: str, entry_id: str) -> EntryRecord:
        return await self._lists.find_entry(list_id, entry_id)

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock.utc_ns() / NS_PER_S, UTC).date()


def template_place(entry_id: str) -> str:
    """What a template is sealed for."""
    return f"template/{entry_id}"


def portrait_place(entry_id: str, place: int) -> str:
    """What a portrait is sealed for."""
    return f"portrait/{entry_id}/{place}"


def _find_strangers(faces: Sequence[EnrolledFace]) -> list[Fault]:
    """Pictures that are less like the others together than two people at a false match rate of 1e-3."""
    faults = []
    for number, face in enumerate(faces if len(faces) > 1 else ()):
        others = join_templates([other.template for place, other in enumerate(faces) if place != number])
        if compare_templates(face.template, others) < face.same_from:
            faults.append(
                Fault(f"pictures.{number}", "other_person: it does not show the person of the other pictures")
            )
    return faults


def _mark_of(record: EntryRecord) -> FaceMark:
    if record.entry.face is None:
        raise NoSuchEntryError(f"the entry {record.entry.entry_id} is no person")
    return record.entry.face
