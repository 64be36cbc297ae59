"""Entries as CSV, in and out. Pure: bytes and text in, values out.

Spreadsheets run what begins with `=`, `+`, `-` or `@` as a formula. Such a cell gets an apostrophe in front when it is
written, and loses it when it is read, so that a list comes back as it went out (OWASP, CSV injection). Rows are not
taken one by one: who imports gets all faults, with the numbers of the rows, and nothing is half imported.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vedette.core.errors import InvalidInputError
from vedette.core.faults import Fault
from vedette.core.time import format_utc, parse_utc
from vedette.core.watchlists import VehicleMark, WatchlistEntry
from vedette.watchlists.errors import InvalidEntryError, InvalidEntrySheetError
from vedette.watchlists.forms import VehicleForm, read_vehicle

COLUMNS = ("plate", "type", "colour", "from", "to", "reason", "owner", "note")
MAX_SHEET_BYTES = 32 << 20
MAX_ROWS = 100_000
MAX_FAULTS = 100
"""Told at once; more help nobody."""
_MAX_CELL_CHARS = 2000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class SheetTerms:
    """What the cells of a sheet leave open.

    Attributes:
        owner: Of entries whose cell is empty.
        zone: In which a date without a time is a day.
        new_id: Makes the id of an entry.
    """

    owner: str
    zone: tzinfo
    new_id: Callable[[], str]


def read_sheet(data: bytes, terms: SheetTerms) -> list[WatchlistEntry]:
    """Reads the entries of a sheet. The delimiter is a comma or a semicolon, as its first line has it.

    Raises:
        InvalidEntrySheetError: with every fault, at most `MAX_FAULTS`.
    """
    rows, names = _open(data)
    faults: list[Fault] = []
    entries: list[WatchlistEntry] = []
    seen: dict[VehicleMark | None, int] = {}
    for number, cells in rows:
        if len(faults) >= MAX_FAULTS or len(entries) > MAX_ROWS:
            break
        try:
            entry = read_vehicle(_read_form(cells, names, terms), terms.new_id())
        except InvalidEntryError as exc:
            faults += [Fault(f"rows.{number}.{fault.field}", fault.message) for fault in exc.faults]
            continue
        first = seen.setdefault(entry.vehicle, number)
        if first != number:
            faults.append(Fault(f"rows.{number}.plate", f"looks for the same as row {first}"))
        entries.append(entry)
    if len(entries) > MAX_ROWS:
        faults.append(Fault("rows", f"are more than {MAX_ROWS}"))
    if faults:
        raise InvalidEntrySheetError(tuple(faults[:MAX_FAULTS]))
    return entries


def write_sheet(entries: Sequence[WatchlistEntry]) -> str:
    """Writes entries of vehicles, in an order that does not change from call to call."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for entry in sorted(entries, key=_order):
        mark = entry.vehicle
        if mark is not None:
            times = [("" if at_ns is None else format_utc(at_ns)) for at_ns in (entry.from_ns, entry.to_ns)]
            cells = (mark.plate, mark.type, mark.colour, *times, entry.reason, entry.owner, entry.note)
            writer.writerow([_defuse(cell) for cell in cells])
    return out.getvalue()


def find_zone(name: str) -> tzinfo:
    """The time zone of this name.

    Raises:
        InvalidInputError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise InvalidInputError(f"there is no time zone {name[:64]!r}", "Write it like Asia/Ho_Chi_Minh.") from exc


def _open(data: bytes) -> tuple[Iterator[tuple[int, list[str]]], list[str]]:
    """The rows that are not empty, each with its number, and the names of the columns."""
    if len(data) > MAX_SHEET_BYTES:
        raise InvalidEntrySheetError((Fault("sheet", f"is larger than {MAX_SHEET_BYTES >> 20} MiB"),))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InvalidEntrySheetError((Fault("sheet", "is no UTF-8 text; save it as 'CSV UTF-8'"),)) from exc
    rows = _split(text)
    names = [name.strip().lower() for name in next(rows, (1, []))[1]]
    faults = [
        Fault(f"columns.{name[:40]}", f"is none of {', '.join(COLUMNS)}") for name in names if name not in COLUMNS
    ]
    faults += [Fault(f"columns.{name}", "is there twice") for name in COLUMNS if names.count(name) > 1]
    if not faults and "plate" not in names:
        faults = [Fault("columns.plate", f"is missing; the first line names the columns: {', '.join(COLUMNS)}")]
    if faults:
        raise InvalidEntrySheetError(tuple(faults[:MAX_FAULTS]))
    return rows, names


def _split(text: str) -> Iterator[tuple[int, list[str]]]:
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield lines.line_num, cells
    except csv.Error as exc:
        raise InvalidEntrySheetError((Fault(f"rows.{lines.line_num}", f"cannot be read: {exc}"),)) from exc


def _read_form(cells: list[str], names: list[str], terms: SheetTerms) -> VehicleForm:
    """Raises InvalidEntryError for what is no form at all: too many cells, a cell without end, a time that is none."""
    faults = [Fault("cells", f"are {len(cells)}; there are {len(names)} columns")] if len(cells) > len(names) else []
    faults += [
        Fault(name, f"has more than {_MAX_CELL_CHARS} characters")
        for name, cell in zip(names, cells, strict=False)
        if len(cell) > _MAX_CELL_CHARS
    ]
    row = {name: _arm(cell.strip()) for name, cell in zip(names, cells, strict=False)}
    times: dict[str, int | None] = {}
    for name in ("from", "to"):
        try:
            times[name] = _read_time(row.get(name, ""), terms.zone, is_end=name == "to")
        except (ValueError, OverflowError):
            faults.append(Fault(name, "is no time; write 2026-11-21, or 2026-11-21T10:15:39Z with its offset"))
    if faults:
        raise InvalidEntryError(tuple(faults))
    words = {name: row.get(name, "").lower().replace("-", "_").replace(" ", "_") for name in ("type", "colour")}
    texts = (row.get("reason", ""), row.get("owner", "") or terms.owner, row.get("note", ""))
    return VehicleForm(row.get("plate", ""), words["type"], words["colour"], *texts, times["from"], times["to"])


def _read_time(text: str, zone: tzinfo, *, is_end: bool) -> int | None:
    """A time with offset, or a day: from its begin, until its end."""
    if not text:
        return None
    if len(text) > len("2026-11-21"):
        return parse_utc(text)
    day = date.fromisoformat(text) + timedelta(days=is_end)
    return parse_utc(datetime.combine(day, time(), zone).isoformat())


def _defuse(cell: str) -> str:
    return f"'{cell}" if _is_formula(cell) else cell


def _arm(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _is_formula(cell) else cell


def _is_formula(cell: str) -> bool:
    """Whether a spreadsheet would run it, but for apostrophes in front."""
    return cell.lstrip("'").startswith(_FORMULA)


def _order(entry: WatchlistEntry) -> tuple[str, str, str, str]:
    mark = entry.vehicle
    return ("", "", "", entry.entry_id) if mark is None else (mark.plate, mark.type, mark.colour, entry.entry_id)
