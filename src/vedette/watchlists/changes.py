"""What a change of a list is, in words: for the audit trail, and for the event that others are shown. Pure."""

from collections.abc import Sequence

from vedette.core.time import format_utc
from vedette.core.watchlists import ListKind, Watchlist, WatchlistEntry

_FIELDS = ("name", "kind", "owner", "purpose", "retention_days", "enabled", "cameras", "alarm_unlisted")


def describe_list(watchlist: Watchlist) -> str:
    """A list in one line."""
    return f"{watchlist.name}: {watchlist.kind.value}, {_cameras(watchlist.cameras)}, for: {watchlist.purpose}"


def describe_list_changes(before: Watchlist, after: Watchlist) -> list[str]:
    """Says old and new of everything that changed, one line each."""
    return [
        f"{after.name}, {name}: {_say(getattr(before, name))} -> {_say(getattr(after, name))}"
        for name in _FIELDS
        if getattr(before, name) != getattr(after, name)
    ]


def find_weaker_list(before: Watchlist, after: Watchlist | None) -> list[str]:
    """Says what is not watched for any more: of lists that can raise an alarm."""
    if not before.enabled or not (before.kind is ListKind.WANTED or before.alarm_unlisted):
        return []
    if after is None:
        return [f"watchlist {before.name} removed"]
    if not after.enabled:
        return [f"watchlist {before.name} switched off"]
    weaker = []
    if after.kind is not before.kind:
        weaker.append(f"watchlist {before.name} is {after.kind.value} instead of {before.kind.value}")
    if before.alarm_unlisted and not after.alarm_unlisted:
        weaker.append(f"watchlist {before.name} has no alarm for who is not on it any more")
    if after.cameras and (not before.cameras or set(before.cameras) - set(after.cameras)):
        weaker.append(f"watchlist {before.name} looks at fewer cameras")
    return weaker


def find_weaker_entry(watchlist: Watchlist, before: WatchlistEntry, after: WatchlistEntry | None) -> list[str]:
    """Says what is not looked for any more, of a list of the wanted."""
    if watchlist.kind is not ListKind.WANTED or not watchlist.enabled or before.vehicle is None:
        return []
    what = f"{before.vehicle.describe()} of watchlist {watchlist.name}"
    if after is None:
        return [f"{what} removed"]
    if after.vehicle != before.vehicle:
        return [f"{what} looks for {after.vehicle.describe() if after.vehicle else 'nothing'} now"]
    is_shorter = after.to_ns is not None and (before.to_ns is None or after.to_ns < before.to_ns)
    return [f"{what} ends earlier"] if is_shorter else []


def describe_entry(watchlist: Watchlist, entry: WatchlistEntry) -> str:
    """An entry in one line."""
    what = "" if entry.vehicle is None else entry.vehicle.describe()
    times = [
        f"{word} {format_utc(at_ns)}"
        for word, at_ns in (("from", entry.from_ns), ("until", entry.to_ns))
        if at_ns is not None
    ]
    return f"{watchlist.name}: {', '.join([what, *times])}; {entry.owner}: {entry.reason}"


def describe_person(entry: WatchlistEntry) -> str:
    """A person in one line, by the id of the entry: who may read the audit trail need not know who is on a list."""
    mark = entry.face
    ground = (
        "" if mark is None else f"{mark.ground.value} of {mark.granted_on}, {mark.document}; {mark.pictures} pictures"
    )
    until = "" if entry.to_ns is None else f", until {format_utc(entry.to_ns)}"
    return f"person {entry.entry_id}: {ground}{until}; {entry.owner}: {entry.reason}"


def find_weaker_person(watchlist: Watchlist, before: WatchlistEntry, after: WatchlistEntry | None) -> list[str]:
    """Says who is not looked for any more, of a list of the wanted; by the id of the entry."""
    if watchlist.kind is not ListKind.WANTED or not watchlist.enabled:
        return []
    what = f"person {before.entry_id} of watchlist {watchlist.name}"
    if after is None:
        return [f"{what} removed"]
    is_shorter = after.to_ns is not None and (before.to_ns is None or after.to_ns < before.to_ns)
    return [f"{what} ends earlier"] if is_shorter else []


def _cameras(cameras: Sequence[str]) -> str:
    return f"{len(cameras)} cameras" if cameras else "all cameras"


def _say(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "all cameras"
    return {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)
