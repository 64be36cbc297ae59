"""Which people may be on a list of faces. Pure: a form as it was sent in, values or all of its faults out.

Nobody is enrolled without a ground: consent with its date and where it is filed, or the order that says so.
"""

from dataclasses import dataclass
from datetime import date

from vedette.core.faults import Fault
from vedette.core.watchlists import FaceMark, Ground, WatchlistEntry
from vedette.watchlists.errors import InvalidEntryError
from vedette.watchlists.forms import MAX_NAME_CHARS, MAX_TEXT_CHARS, find_text_faults

MAX_DOCUMENT_CHARS = 200
_GROUNDS = tuple(ground.value for ground in Ground)


@dataclass(frozen=True, slots=True)
class FaceForm:
    """A person as he was sent: `ground` is a word, `granted_on` a date in words.

    Attributes:
        document: Where the consent, or the order, is filed.
        keep_pictures: Whether the portraits are kept to be shown beside a match.
    """

    name: str
    ground: str
    document: str
    granted_on: str
    reason: str
    owner: str
    note: str = ""
    from_ns: int | None = None
    to_ns: int | None = None
    keep_pictures: bool = False


def read_face(form: FaceForm, entry_id: str, today: date) -> WatchlistEntry:
    """Checks a person and returns the entry, without templates.

    Raises:
        InvalidEntryError: with every fault.
    """
    faults = find_text_faults("name", form.name, MAX_NAME_CHARS)
    if form.ground not in _GROUNDS:
        faults.append(Fault("ground", f"must be one of {', '.join(_GROUNDS)}"))
    faults += find_text_faults("document", form.document, MAX_DOCUMENT_CHARS)
    faults += _find_date_faults(form.granted_on, today)
    faults += find_text_faults("reason", form.reason, MAX_TEXT_CHARS)
    faults += find_text_faults("owner", form.owner, MAX_NAME_CHARS)
    faults += find_text_faults("note", form.note, MAX_TEXT_CHARS, at_least=0)
    if form.from_ns is not None and form.to_ns is not None and form.from_ns >= form.to_ns:
        faults.append(Fault("to", "must be later than 'from'"))
    if faults:
        raise InvalidEntryError(tuple(faults))
    mark = FaceMark(
        form.name.strip(),
        Ground(form.ground),
        form.document.strip(),
        date.fromisoformat(form.granted_on).isoformat(),
        keeps_pictures=form.keep_pictures,
    )
    texts = (form.reason.strip(), form.owner.strip(), form.note.strip())
    return WatchlistEntry(entry_id, *texts, form.from_ns, form.to_ns, face=mark)


def _find_date_faults(text: str, today: date) -> list[Fault]:
    try:
        is_later = date.fromisoformat(text) > today
    except ValueError:
        return [Fault("granted_on", "must be a date like 2026-11-28")]
    return [Fault("granted_on", "must not lie in the future")] if is_later else []
