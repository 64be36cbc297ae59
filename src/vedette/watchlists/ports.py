"""What lists need from others."""

from collections.abc import Sequence
from typing import Protocol

from vedette.core.watchlists import ListOrder, Watchlist, WatchlistOrder
from vedette.watchlists.records import EntryCounts, EntryFilter, EntryRecord, WatchlistRecord


class WatchlistStore(Protocol):
    """Where lists are kept. Every method may raise StorageError."""

    async def list_all(self) -> list[WatchlistRecord]:
        """Lists them by name."""
        ...

    async def find(self, list_id: str) -> WatchlistRecord | None: ...

    async def add(self, record: WatchlistRecord) -> None:
        """Raises WatchlistNameTakenError."""
        ...

    async def change(self, watchlist: Watchlist) -> None:
        """Raises WatchlistNameTakenError."""
        ...

    async def remove(self, list_id: str) -> None:
        """Removes a list with its entries."""
        ...

    async def find_entries(self, wanted: EntryFilter) -> tuple[list[EntryRecord], int]:
        """Returns one page, and how many fit in all."""
        ...

    async def list_entries(self, list_id: str) -> list[EntryRecord]: ...

    async def find_entry(self, list_id: str, entry_id: str) -> EntryRecord | None: ...

    async def put_entries(self, put: Sequence[EntryRecord], remove: Sequence[str] = ()) -> None:
        """Removes entries by id, then adds or replaces others, all or none. Raises EntryExistsError."""
        ...

    async def count(self) -> EntryCounts: ...

    async def remove_ended(self, at_ns: int) -> list[EntryRecord]:
        """Removes entries whose validity ended longer ago than their list keeps them, and returns them."""
        ...

    async def load_orders(self) -> tuple[ListOrder, ...]:
        """Returns all lists that are switched on, with all entries."""
        ...


class CameraLister(Protocol):
    """Knows the cameras."""

    async def list_ids(self) -> frozenset[str]: ...


class OrderLoader(Protocol):
    """Gives what is to be matched."""

    async def load_orders(self) -> tuple[ListOrder, ...]: ...


class OrderTaker(Protocol):
    """Takes lists to the analyzer. Raises UnavailableError when it does not answer."""

    async def find_version(self) -> str:
        """Returns the version of the lists that it has, empty: none yet."""
        ...

    async def put_order(self, order: WatchlistOrder) -> None: ...
