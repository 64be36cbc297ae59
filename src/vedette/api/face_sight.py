"""What callers without `face.view` are not told: that somebody is on a list of faces. Pure.

Not by an event, its picture or a count, not by the number of a list's entries: to them there are no such things.
"""

from vedette.api.gate import MissingPermissionError
from vedette.core.errors import NotFoundError
from vedette.core.watchlists import ListSubject, Watchlist
from vedette.events.records import EventRecord
from vedette.identity.permissions import Caller, Permission
from vedette.watchlists.errors import NoSuchWatchlistError

FACE_KINDS = ("face_matched",)


def find_hidden_kinds(caller: Caller) -> tuple[str, ...]:
    """Kinds of events that the caller is not told of."""
    return () if caller.may(Permission.FACE_VIEW) else FACE_KINDS


def is_told(caller: Caller, record: EventRecord) -> bool:
    return record.fact.kind not in find_hidden_kinds(caller)


def check_told(caller: Caller, record: EventRecord) -> EventRecord:
    """Raises NotFoundError as for an event that does not exist."""
    if not is_told(caller, record):
        raise NotFoundError(f"there is no event {record.fact.event_id}")
    return record


def may_see_list(caller: Caller, watchlist: Watchlist) -> bool:
    return watchlist.subject is not ListSubject.FACES or caller.may(Permission.FACE_VIEW)


def check_may_see_list(caller: Caller, watchlist: Watchlist) -> None:
    """Raises NoSuchWatchlistError as for a list that does not exist."""
    if not may_see_list(caller, watchlist):
        raise NoSuchWatchlistError(f"there is no list {watchlist.list_id}")


def check_may_keep_list(caller: Caller, subject: str) -> None:
    """Whether the caller may add, change or remove lists about this.

    Raises:
        MissingPermissionError: it is faces, and he may not enrol any: a list says on which cameras they are looked for.
    """
    if subject == ListSubject.FACES and not caller.may(Permission.FACE_ENROLL):
        raise MissingPermissionError(
            f"lists of faces need the permission {Permission.FACE_ENROLL.value}",
            "Ask an administrator for a role that has it.",
        )
