"""Which lists and entries are valid. Pure: a form as it was sent in, values or all of its faults out."""

from dataclasses import dataclass

from vedette.core.faults import Fault
from vedette.core.ids import is_id
from vedette.core.objects import COLOUR_NAMES, VEHICLE_TYPES
from vedette.core.plates import read_plate
from vedette.core.watchlists import (
    TWO_WHEELER,
    WILDCARDS,
    ListKind,
    ListSubject,
    VehicleMark,
    Watchlist,
    WatchlistEntry,
)
from vedette.watchlists.errors import InvalidEntryError, InvalidWatchlistError

MAX_NAME_CHARS = 80
MAX_TEXT_CHARS = 500
MAX_RETENTION_DAYS = 3650
MAX_CAMERAS = 10_000
TYPES = (*VEHICLE_TYPES, TWO_WHEELER)
_KINDS = tuple(kind.value for kind in ListKind)
_SUBJECTS = tuple(subject.value for subject in ListSubject)


@dataclass(frozen=True, slots=True)
class WatchlistForm:
    """A list as it was sent: `kind` and `subject` are words."""

    name: str
    kind: str
    subject: str
    owner: str
    purpose: str
    retention_days: int = 30
    enabled: bool = True
    cameras: tuple[str, ...] = ()
    alarm_unlisted: bool = False


@dataclass(frozen=True, slots=True)
class VehicleForm:
    """An entry of a list of vehicles as it was sent."""

    plate: str
    type: str
    colour: str
    reason: str
    owner: str
    note: str = ""
    from_ns: int | None = None
    to_ns: int | None = None


def read_watchlist(form: WatchlistForm, list_id: str, known_cameras: frozenset[str]) -> Watchlist:
    """Checks a list and returns it.

    Raises:
        InvalidWatchlistError: with every fault.
    """
    faults = find_text_faults("name", form.name, MAX_NAME_CHARS)
    faults += find_text_faults("owner", form.owner, MAX_NAME_CHARS)
    faults += find_text_faults("purpose", form.purpose, MAX_TEXT_CHARS)
    faults += _find_word_faults("kind", form.kind, _KINDS) + _find_word_faults("subject", form.subject, _SUBJECTS)
    if not 0 <= form.retention_days <= MAX_RETENTION_DAYS:
        faults.append(Fault("retention_days", f"must be 0 to {MAX_RETENTION_DAYS}"))
    faults += _find_camera_faults(form.cameras, known_cameras)
    if form.alarm_unlisted and form.subject == ListSubject.FACES:
        faults.append(Fault("alarm_unlisted", "is for lists of vehicles: a face without a match says little"))
    elif form.alarm_unlisted and form.kind != ListKind.PERMITTED:
        faults.append(Fault("alarm_unlisted", "is for lists of the permitted: on others nobody is missing"))
    if faults:
        raise InvalidWatchlistError(tuple(faults))
    return Watchlist(
        list_id,
        form.name.strip(),
        ListKind(form.kind),
        ListSubject(form.subject),
        form.owner.strip(),
        form.purpose.strip(),
        form.retention_days,
        form.enabled,
        form.cameras,
        form.alarm_unlisted,
    )


def read_vehicle(form: VehicleForm, entry_id: str) -> WatchlistEntry:
    """Checks an entry of a list of vehicles and returns it.

    Raises:
        InvalidEntryError: with every fault.
    """
    faults, plate = [], ""
    try:
        plate = read_plate(form.plate)
    except ValueError as exc:
        faults.append(Fault("plate", str(exc)))
    faults += _find_word_faults("type", form.type, ("", *TYPES))
    faults += _find_word_faults("colour", form.colour, ("", *COLOUR_NAMES))
    says_something = plate.strip(WILDCARDS) or form.type or form.colour
    if not faults and not says_something:
        faults.append(Fault("plate", "says nothing: give a plate with at least one sign, a type or a colour"))
    faults += find_text_faults("reason", form.reason, MAX_TEXT_CHARS)
    faults += find_text_faults("owner", form.owner, MAX_NAME_CHARS)
    faults += find_text_faults("note", form.note, MAX_TEXT_CHARS, at_least=0)
    if form.from_ns is not None and form.to_ns is not None and form.from_ns >= form.to_ns:
        faults.append(Fault("to", "must be later than 'from'"))
    if faults:
        raise InvalidEntryError(tuple(faults))
    texts = (form.reason.strip(), form.owner.strip(), form.note.strip())
    return WatchlistEntry(entry_id, *texts, form.from_ns, form.to_ns, VehicleMark(plate, form.type, form.colour))


def find_text_faults(field: str, text: str, at_most: int, at_least: int = 1) -> list[Fault]:
    """A text of one line that people read."""
    if at_least <= len(text.strip()) <= at_most and text.isprintable():
        return []
    return [Fault(field, f"must have {at_least} to {at_most} printable characters")]


def _find_word_faults(field: str, word: str, words: tuple[str, ...]) -> list[Fault]:
    return [] if word in words else [Fault(field, f"must be one of {', '.join(filter(None, words))}")]


def _find_camera_faults(cameras: tuple[str, ...], known: frozenset[str]) -> list[Fault]:
    """A camera that is gone may stay on a list: the list must not become one of all cameras by that."""
    if len(cameras) > MAX_CAMERAS or len(set(cameras)) != len(cameras):
        return [Fault("cameras", f"must be at most {MAX_CAMERAS} different ones")]
    strange = [camera for camera in cameras if not is_id(camera) or camera not in known]
    return [Fault("cameras", f"has {camera[:40]!r}, which is no camera") for camera in strange[:10]]
