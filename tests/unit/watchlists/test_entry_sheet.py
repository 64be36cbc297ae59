"""Hazards of sheets: formulas that a spreadsheet runs, half an import, a wrong delimiter, bombs, what is no CSV."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.core.errors import InvalidInputError
from vedette.core.time import format_utc
from vedette.core.watchlists import VehicleMark, WatchlistEntry
from vedette.watchlists.errors import InvalidEntrySheetError
from vedette.watchlists.sheet import MAX_FAULTS, SheetTerms, find_zone, read_sheet, write_sheet


def read(text: str | bytes, zone: tzinfo = UTC) -> list[WatchlistEntry]:
    data = text.encode() if isinstance(text, str) else text
    return read_sheet(data, SheetTerms("Lan", zone, lambda: "ID"))


def faults(text: str | bytes) -> dict[str, str]:
    with pytest.raises(InvalidEntrySheetError) as caught:
        read(text)
    return {fault.field: fault.message for fault in caught.value.faults}


def test_sheet_of_a_spreadsheet_is_read_with_its_mark_and_semicolons() -> None:
    text = "\ufeffPlate;Colour;Reason;Type\r\n51F-123.45;Red;stolen;Two-Wheeler\r\n;;;\r\n\r\n30a*;;guest;\r\n"
    first, second = read(text)
    assert first.vehicle == VehicleMark("51F12345", "two_wheeler", "red")
    assert (first.reason, first.owner) == ("stolen", "Lan")
    assert second.vehicle == VehicleMark("30A*")


def test_every_wrong_row_is_named_and_nothing_is_taken() -> None:
    rows = (
        "51F12345,car,ok,,",
        "51#,tank,,,",
        "*,,x,,",
        "51F12346,,x,2026-02-30,",
        "51F12347,,x,2026-02-03,2026-02-01",
    )
    named = {"rows.3.plate", "rows.3.type", "rows.3.reason", "rows.4.plate", "rows.5.from", "rows.6.to"}
    assert set(faults("\n".join(("plate,type,reason,from,to", *rows)))) == named


def test_same_plate_twice_is_told_with_both_rows() -> None:
    assert faults("plate,reason\n51F12345,a\n51f-123.45,b\n") == {"rows.3.plate": "looks for the same as row 2"}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "columns.plate"),
        ("51F12345,stolen\n", "columns.51f12345"),
        ("plate,plate,reason\n", "columns.plate"),
        ("plate,reason,admin\n", "columns.admin"),
        ('plate,reason\n"51F12345,stolen\n', "rows.2"),
        ("plate,reason\n51F12345,stolen,extra\n", "rows.2.cells"),
        (f"plate,reason\n51F12345,{'x' * 200_000}\n", "rows.2"),
        (f"plate,reason\n51F12345,{'x' * 100_000}\n", "rows.2.reason"),
        ("plate,reason\n51F12345,null\0byte\n", "rows.2.reason"),
        ("plate,reason,from\n51F12345,x,2026-01-01T10:00:00\n", "rows.2.from"),
        ("plate,reason,from\n51F12345,x,=NOW()\n", "rows.2.from"),
        (b"\xff\xfep\0l\0a\0t\0e\0", "sheet"),
        (b"PK\x03\x04\x14\x00\x08\xff", "sheet"),
    ],
)
def test_what_is_no_sheet_is_refused_and_says_where(text: str | bytes, field: str) -> None:
    assert field in faults(text)


def test_flood_of_faults_is_cut() -> None:
    assert len(faults("plate,reason\n" + "#,x\n" * 5000)) <= MAX_FAULTS


def test_day_is_one_of_the_place_where_it_was_written() -> None:
    [entry] = read("plate,reason,from,to\n51F12345,x,2026-03-01,2026-03-31\n", ZoneInfo("Asia/Ho_Chi_Minh"))
    assert entry.from_ns is not None
    assert entry.to_ns is not None
    assert format_utc(entry.from_ns) == "2026-02-28T17:00:00.000000Z"
    assert format_utc(entry.to_ns) == "2026-03-31T17:00:00.000000Z", "the last day is meant whole"


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "\0"])
def test_time_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="no time zone"):
        find_zone(name)


FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "'=1", "''=1", "'quoted'", "=1", "a,b;c", 'say "hi"']


@pytest.mark.parametrize("text", FORMULAS)
def test_formula_is_not_run_by_a_spreadsheet_and_comes_back_as_it_was(text: str) -> None:
    entry = WatchlistEntry("ID", text, text, text, vehicle=VehicleMark("51F12345"))
    sheet = write_sheet([entry])
    for cell in sheet.splitlines()[1].replace('"', "").split(","):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert read(sheet) == [entry]


@given(st.text(alphabet=st.sampled_from("='+-@ab \"',;"), min_size=1, max_size=12).map(str.strip).filter(bool))
def test_every_text_comes_back_as_it_was(text: str) -> None:
    entry = WatchlistEntry("ID", text, "Lan", vehicle=VehicleMark("51F12345", "car", "red"), from_ns=1000, to_ns=2000)
    assert read(write_sheet([entry])) == [entry]
