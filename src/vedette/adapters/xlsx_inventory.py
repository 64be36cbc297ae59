"""Inventory sheets as .xlsx files."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from vedette.camera.inventory import Camera
from vedette.camera.inventory_sheet import (
    COLUMNS,
    MAX_ROWS,
    BadSheetError,
    SheetRow,
    camera_cells,
    check_heading,
)

MAX_UNPACKED_BYTES = 64 << 20
_WIDE = {"main_url": 48, "sub_url": 48, "name": 28, "group": 20}


def write_sheet(cameras: Sequence[Camera]) -> bytes:
    """Writes cameras as a sheet. Every cell is text, so that no name can become a formula."""
    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise BadSheetError("a new workbook has no sheet")
    sheet.title = "cameras"
    for number, cells in enumerate([dict(zip(COLUMNS, COLUMNS, strict=True)), *map(camera_cells, cameras)], 1):
        for position, name in enumerate(COLUMNS, 1):
            cell = sheet.cell(row=number, column=position, value=cells[name])
            cell.data_type = "s"
            if number == 1:
                cell.font = Font(bold=True)
    for position, name in enumerate(COLUMNS, 1):
        sheet.column_dimensions[get_column_letter(position)].width = _WIDE.get(name, 12)
    sheet.freeze_panes = "B2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read_sheet(data: bytes) -> list[SheetRow]:
    """Reads the first sheet of a file.

    Raises:
        BadSheetError: no .xlsx file, too large, or the heading is wrong.
    """
    hint = "Export the inventory first to get a sheet with the right columns."
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise BadSheetError("the sheet unpacks to more than 64 MiB", hint)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, OSError) as exc:
        raise BadSheetError("the file is no .xlsx sheet", hint) from exc
    try:
        if not book.worksheets:
            raise BadSheetError("the file has no sheet", hint)
        return _read_rows(book.worksheets[0].iter_rows(values_only=True))
    except (ParseError, KeyError, ValueError) as exc:
        raise BadSheetError("the sheet is damaged", hint) from exc
    finally:
        book.close()


def _read_rows(lines: Iterable[Sequence[object]]) -> list[SheetRow]:
    heading: list[str] = []
    rows: list[SheetRow] = []
    for number, line in enumerate(lines, 1):
        texts = ["" if value is None else str(value).strip() for value in line]
        if number == 1:
            while texts and not texts[-1]:
                texts.pop()
            heading = [text.lower() for text in texts]
            check_heading(heading)
        elif any(texts):
            rows.append(SheetRow(number, dict(zip(heading, texts, strict=False))))
            if len(rows) > MAX_ROWS:
                raise BadSheetError(f"the sheet has more than {MAX_ROWS} cameras")
    if not heading:
        check_heading([])
    return rows
