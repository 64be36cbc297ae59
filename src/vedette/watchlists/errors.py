"""What can be wrong with lists and entries."""

from vedette.core.errors import ConflictError, NotFoundError
from vedette.core.faults import FaultyInputError


class InvalidWatchlistError(FaultyInputError):
    """A list breaks rules."""

    code = "invalid_watchlist"


class InvalidEntryError(FaultyInputError):
    """An entry breaks rules."""

    code = "invalid_watchlist_entry"


class InvalidEntrySheetError(FaultyInputError):
    """A sheet of entries breaks rules; the field of a fault names the row: `rows.12.plate`."""

    code = "invalid_watchlist_sheet"


class NoSuchWatchlistError(NotFoundError):
    """There is no list with this id."""

    code = "no_such_watchlist"


class NoSuchEntryError(NotFoundError):
    """The list has no entry with this id."""

    code = "no_such_watchlist_entry"


class WatchlistNameTakenError(ConflictError):
    """Another list has this name."""

    code = "watchlist_name_taken"


class EntryExistsError(ConflictError):
    """The list has an entry with this mark."""

    code = "watchlist_entry_exists"


class WrongSubjectError(ConflictError):
    """The list is about something else."""

    code = "wrong_subject"


class TooManyEntriesError(ConflictError):
    """Lists, entries or entries with wildcards are at their limit."""

    code = "watchlists_full"
