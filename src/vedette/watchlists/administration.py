"""Keeps lists and their entries: every change is checked whole before anything is stored, and told at once."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from vedette.core.watchlists import ListOrder, ListSubject, Watchlist, WatchlistEntry
from vedette.runtime.clock import Clock, new_id
from vedette.watchlists.errors import NoSuchEntryError, NoSuchWatchlistError, TooManyEntriesError, WrongSubjectError
from vedette.watchlists.forms import VehicleForm, WatchlistForm, read_vehicle, read_watchlist
from vedette.watchlists.ports import CameraLister, WatchlistStore
from vedette.watchlists.records import EntryFilter, EntryRecord, SheetOutcome, WatchlistRecord
from vedette.watchlists.sheet import SheetTerms, find_zone, read_sheet

MAX_LISTS = 100
MAX_ENTRIES = 100_000
MAX_PATTERNS = 5_000
"""With wildcards or without a plate: each of them is looked at for each vehicle."""
_SEPARATORS = str.maketrans("", "", " -.")


class WatchlistAdministration:
    """Reads and changes lists. Changes come one after another."""

    def __init__(
        self, *, store: WatchlistStore, cameras: CameraLister, clock: Clock, on_change: Callable[[], None]
    ) -> None:
        self._store = store
        self._cameras = cameras
        self._clock = clock
        self._on_change = on_change
        self._turn = asyncio.Lock()

    async def list_all(self) -> list[WatchlistRecord]:
        return await self._store.list_all()

    async def load_orders(self) -> tuple[ListOrder, ...]:
        """Returns what is to be matched: see `vedette.watchlists.dispatch`."""
        return await self._store.load_orders()

    async def find_list(self, list_id: str) -> WatchlistRecord:
        """Raises NoSuchWatchlistError."""
        record = await self._store.find(list_id)
        if record is None:
            raise NoSuchWatchlistError(f"there is no list {list_id}")
        return record

    async def add_list(self, form: WatchlistForm, by: str) -> WatchlistRecord:
        """Adds an empty list.

        Raises:
            InvalidWatchlistError, WatchlistNameTakenError, TooManyEntriesError
        """
        async with self._turn:
            watchlist = read_watchlist(form, new_id(self._clock), await self._cameras.list_ids())
            if (await self._store.count()).lists >= MAX_LISTS:
                raise TooManyEntriesError(f"there are {MAX_LISTS} lists already", "Remove one that is not needed.")
            record = WatchlistRecord(watchlist, by, self._clock.utc_ns())
            await self._store.add(record)
        self._on_change()
        return record

    async def change_list(self, list_id: str, form: WatchlistForm) -> tuple[Watchlist, WatchlistRecord]:
        """Replaces what is set of a list; its subject stays. Returns it before and after.

        Raises:
            NoSuchWatchlistError, InvalidWatchlistError, WatchlistNameTakenError
        """
        async with self._turn:
            record = await self.find_list(list_id)
            before = record.watchlist
            known = await self._cameras.list_ids() | set(before.cameras)
            after = read_watchlist(replace(form, subject=before.subject.value), list_id, frozenset(known))
            await self._store.change(after)
        self._on_change()
        return before, replace(record, watchlist=after)

    async def remove_list(self, list_id: str) -> WatchlistRecord:
        """Removes a list with all of its entries. Raises NoSuchWatchlistError."""
        async with self._turn:
            record = await self.find_list(list_id)
            await self._store.remove(list_id)
        self._on_change()
        return record

    async def find_entries(self, wanted: EntryFilter) -> tuple[list[EntryRecord], int]:
        """Finds one page of a list's entries, and how many fit in all. A plate may be written as on the vehicle.

        Raises:
            NoSuchWatchlistError, WrongSubjectError: there is no such list of vehicles.
        """
        await self._find_list_of(ListSubject.VEHICLES, wanted.list_id)
        return await self._store.find_entries(replace(wanted, search=wanted.search.translate(_SEPARATORS)))

    async def list_entries(self, list_id: str) -> tuple[Watchlist, list[WatchlistEntry]]:
        """Returns a list and all of its entries. Raises NoSuchWatchlistError."""
        record = await self._find_list_of(ListSubject.VEHICLES, list_id)
        return record.watchlist, [found.entry for found in await self._store.list_entries(list_id)]

    async def list_records(self, list_id: str) -> tuple[Watchlist, list[EntryRecord]]:
        """Returns a list and all of its entries, with who made them. Raises NoSuchWatchlistError."""
        record = await self.find_list(list_id)
        return record.watchlist, await self._store.list_entries(list_id)

    async def find_entry(self, list_id: str, entry_id: str) -> EntryRecord:
        """Raises NoSuchEntryError."""
        return await self._find_entry(list_id, entry_id)

    async def add_entry(self, list_id: str, form: VehicleForm, by: str) -> EntryRecord:
        """Adds an entry.

        Raises:
            NoSuchWatchlistError, InvalidEntryError, EntryExistsError, TooManyEntriesError
        """
        async with self._turn:
            await self._find_list_of(ListSubject.VEHICLES, list_id)
            entry = read_vehicle(form, new_id(self._clock))
            record = EntryRecord(list_id, entry, by, self._clock.utc_ns())
            await self._check_room([record])
            await self._store.put_entries([record])
        self._on_change()
        return record

    async def change_entry(self, list_id: str, entry_id: str, form: VehicleForm) -> tuple[EntryRecord, EntryRecord]:
        """Replaces an entry. Returns it before and after.

        Raises:
            NoSuchEntryError, InvalidEntryError, EntryExistsError
        """
        async with self._turn:
            await self._find_list_of(ListSubject.VEHICLES, list_id)
            before = await self._find_entry(list_id, entry_id)
            after = replace(before, entry=read_vehicle(form, entry_id))
            await self._check_room([after], [before])
            await self._store.put_entries([after])
        self._on_change()
        return before, after

    async def replace_entry(self, before: EntryRecord, entry: WatchlistEntry) -> EntryRecord:
        """Replaces a checked entry. Raises NoSuchEntryError: it is gone since."""
        async with self._turn:
            await self._find_entry(before.list_id, entry.entry_id)
            after = replace(before, entry=entry)
            await self._store.put_entries([after])
        self._on_change()
        return after

    async def remove_entry(
        self, list_id: str, entry_id: str, subject: ListSubject = ListSubject.VEHICLES
    ) -> EntryRecord:
        """Removes an entry of a list about this subject. Raises NoSuchEntryError, WrongSubjectError."""
        async with self._turn:
            await self._find_list_of(subject, list_id)
            record = await self._find_entry(list_id, entry_id)
            await self._store.put_entries([], [entry_id])
        self._on_change()
        return record

    async def import_sheet(self, list_id: str, data: bytes, by: str, timezone: str, *, is_whole: bool) -> SheetOutcome:
        """Takes over a sheet, all of it or nothing: an entry that looks for the same as one that is there replaces it.
        `is_whole`: what is not in the sheet goes.

        Raises:
            NoSuchWatchlistError, InvalidEntrySheetError, TooManyEntriesError
        """
        await self._find_list_of(ListSubject.VEHICLES, list_id)
        terms = SheetTerms(by, find_zone(timezone), lambda: new_id(self._clock))
        entries = await asyncio.to_thread(read_sheet, data, terms)
        async with self._turn:
            old = {record.key: record for record in await self._store.list_entries(list_id)}
            plan = _plan_import(old, [EntryRecord(list_id, entry, by, self._clock.utc_ns()) for entry in entries])
            gone = plan.missing if is_whole else []
            await self._check_room(plan.added, gone)
            await self._store.put_entries([*plan.changed, *plan.added], [record.entry.entry_id for record in gone])
        self._on_change()
        sha256 = hashlib.sha256(data).hexdigest()
        return SheetOutcome(len(plan.added), len(plan.changed), len(gone), plan.unchanged, sha256)

    async def remove_ended(self) -> list[EntryRecord]:
        """Removes entries whose validity ended longer ago than their list keeps them."""
        async with self._turn:
            gone = await self._store.remove_ended(self._clock.utc_ns())
        if gone:
            self._on_change()
        return gone

    async def _find_list_of(self, subject: ListSubject, list_id: str) -> WatchlistRecord:
        record = await self.find_list(list_id)
        if record.watchlist.subject is not subject:
            raise WrongSubjectError(f"{record.watchlist.name} is a list of {record.watchlist.subject.value}")
        return record

    async def _find_entry(self, list_id: str, entry_id: str) -> EntryRecord:
        record = await self._store.find_entry(list_id, entry_id)
        if record is None:
            raise NoSuchEntryError(f"there is no entry {entry_id} on this list")
        return record

    async def _check_room(self, put: Sequence[EntryRecord], gone: Sequence[EntryRecord] = ()) -> None:
        counts = await self._store.count()
        if counts.entries + len(put) - len(gone) > MAX_ENTRIES:
            raise TooManyEntriesError(f"all lists together have at most {MAX_ENTRIES} entries")
        patterns = sum(record.is_pattern for record in put) - sum(record.is_pattern for record in gone)
        if patterns > 0 and counts.patterns + patterns > MAX_PATTERNS:
            raise TooManyEntriesError(
                f"all lists together have at most {MAX_PATTERNS} entries with wildcards or without a plate",
                "Write whole plates where they are known.",
            )


@dataclass(frozen=True, slots=True)
class _ImportPlan:
    """What a sheet is to the entries that are there. `missing`: those that it does not have."""

    added: list[EntryRecord]
    changed: list[EntryRecord]
    missing: list[EntryRecord]
    unchanged: int


def _plan_import(old: Mapping[str, EntryRecord], rows: Sequence[EntryRecord]) -> _ImportPlan:
    new = {record.key: record for record in rows}
    kept = [(old[key], _renew(old[key], record)) for key, record in new.items() if key in old]
    changed = [after for before, after in kept if after != before]
    added = [record for key, record in new.items() if key not in old]
    missing = [record for key, record in old.items() if key not in new]
    return _ImportPlan(added, changed, missing, len(kept) - len(changed))


def _renew(old: EntryRecord, new: EntryRecord) -> EntryRecord:
    """The same entry with what the sheet says of it."""
    return replace(old, entry=replace(new.entry, entry_id=old.entry.entry_id))
