"""Which settings make a camera, and what a sheet does."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from vedette.adapters.xlsx_inventory import read_sheet, write_sheet
from vedette.camera.certificates import find_pem_fault
from vedette.camera.faults import InvalidCameraError
from vedette.camera.inventory import (
    AddressPolicy,
    Camera,
    CameraSettings,
    Login,
    RecordMode,
    StreamSettings,
    check_settings,
    split_login,
)
from vedette.camera.inventory_sheet import BadSheetError, SheetRow, plan_import
from vedette.camera.recording_terms import RecordingTerms
from vedette.core.geometry import Polygon
from vedette.core.motion import MotionSensitivity, MotionSettings, MotionZone, MotionZoneKind
from vedette.core.recording_plan import CalendarSpan, RecordingMode, RecordingPlan
from vedette.testing.tls import TestAuthority

POLICY = AddressPolicy()
STORED = (RecordingMode.CONTINUOUS, RecordingMode.MOTION, RecordingMode.EVENT)
DOOR = Camera(
    "01JD5Q8Z3M6V1T9W4X7Y2B0C8D",
    CameraSettings("Door", StreamSettings("rtsp://10.0.0.5/1"), StreamSettings("rtsp://10.0.0.5/2"), group="Yard"),
    0,
    user="root",
    sealed_login="v1.x",
)


@pytest.mark.parametrize(
    ("url", "clean", "login"),
    [
        ("rtsp://10.0.0.5/1", "rtsp://10.0.0.5/1", Login()),
        ("rtsp://admin:p%40ss@10.0.0.5:554/1?x=1", "rtsp://10.0.0.5:554/1?x=1", Login("admin", "p@ss")),
        ("rtsp://admin:p@ss@10.0.0.5/1", "rtsp://10.0.0.5/1", Login("admin", "p@ss")),
        ("rtsp://admin@[::1]:8554/1", "rtsp://[::1]:8554/1", Login("admin", "")),
        ("  rtsp://a:b@h/1 ", "rtsp://h/1", Login("a", "b")),
    ],
)
def test_login_is_moved_out_of_the_address(url: str, clean: str, login: Login) -> None:
    assert split_login(url) == (clean, login)


@given(st.text(max_size=60))
def test_any_text_is_split_or_left_and_never_fails(url: str) -> None:
    clean, login = split_login(url)
    assert isinstance(clean, str)
    assert isinstance(login, Login)


@given(st.text(max_size=60))
def test_any_address_is_accepted_or_refused_with_a_reason(url: str) -> None:
    try:
        settings, _ = check_settings(CameraSettings("x", StreamSettings(url)), Login(), POLICY)
    except InvalidCameraError as exc:
        settings = None
        faults = exc.faults
    if settings is None:
        assert faults
    else:
        assert "@" not in settings.main.url.partition("://")[2].partition("/")[0]


@pytest.mark.parametrize(
    "url",
    ["", "10.0.0.5", "file:///etc/passwd", "rtsp://", "rtsp://h:99999/", "ftp://h/", "rtsp://h/ x", "javascript:1"],
)
def test_bad_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidCameraError) as caught:
        check_settings(CameraSettings("x", StreamSettings(url)), Login(), POLICY)
    assert caught.value.faults[0].field == "main.url"


def test_files_are_allowed_only_on_request() -> None:
    settings = CameraSettings("x", StreamSettings("file:///a.mp4"))
    assert check_settings(settings, Login(), AddressPolicy(allow_files=True))[0] == settings


def test_all_faults_are_named_at_once() -> None:
    settings = CameraSettings("", StreamSettings("ftp://h/", transport="carrier pigeon"), record=RecordMode.BOTH)
    with pytest.raises(InvalidCameraError) as caught:
        check_settings(settings, Login(), POLICY)
    assert {fault.field for fault in caught.value.faults} == {"name", "main.url", "main.transport", "record"}


def test_given_login_wins_and_two_different_ones_in_addresses_are_refused() -> None:
    main, sub = StreamSettings("rtsp://a:1@h/1"), StreamSettings("rtsp://b:2@h/2")
    assert check_settings(CameraSettings("x", main), Login("c", "3"), POLICY)[1] == Login("c", "3")
    assert check_settings(CameraSettings("x", main), Login(), POLICY)[1] == Login("a", "1")
    with pytest.raises(InvalidCameraError, match="another user"):
        check_settings(CameraSettings("x", main, sub), Login(), POLICY)


def test_login_does_not_show_its_password() -> None:
    assert "canary" not in repr(Login("root", "canary"))


def rows(*cells: dict[str, str]) -> list[SheetRow]:
    return [SheetRow(number, row) for number, row in enumerate(cells, 2)]


def test_sheet_round_trip_changes_nothing_and_holds_no_password() -> None:
    data = write_sheet([DOOR])
    plan = plan_import(read_sheet(data), [DOOR], POLICY)
    assert [row.outcome for row in plan.rows] == ["unchanged"]
    assert plan.writes == ()
    cells = [cell.value for row in load_workbook(io.BytesIO(data)).active.iter_rows() for cell in row]
    assert "v1.x" not in cells


@pytest.mark.parametrize(
    ("cell", "terms"),
    [
        ("30", [(mode, 0, 30) for mode in STORED]),
        ("7-30", [(mode, 7, 30) for mode in STORED]),
        ("7.5-", [(mode, 7.5, 0) for mode in STORED]),
        ("continuous 7-30, motion 90-", [(RecordingMode.CONTINUOUS, 7, 30), (RecordingMode.MOTION, 90, 0)]),
        ("Motion 14; event 90", [(RecordingMode.MOTION, 0, 14), (RecordingMode.EVENT, 0, 90)]),
        ("-", []),
    ],
)
def test_retention_in_a_sheet_comes_back_as_it_was_written(cell: str, terms: list[tuple[RecordingMode, float, float]]):
    row = {"name": "Gate", "main_url": "rtsp://h/1", "mode": "MOTION", "retention_days": cell}
    (write,) = plan_import(rows(row), [], POLICY).writes
    assert write.settings.recording.plan.mode is RecordingMode.MOTION
    assert [(one.mode, one.min_days, one.max_days) for one in write.settings.recording.retention] == terms
    gate = replace(DOOR, settings=write.settings)
    again = plan_import(read_sheet(write_sheet([gate])), [gate], POLICY)
    assert [one.outcome for one in again.rows] == ["unchanged"]


@pytest.mark.parametrize(
    "cells",
    [
        {"mode": "sometimes"},
        {"retention_days": "a month"},
        {"retention_days": "30-7"},
        {"retention_days": "off 30"},
        {"retention_days": "motion 3, motion 4"},
        {"retention_days": "-1-"},
        {"ca_pem": "a file name.pem"},
    ],
)
def test_wrong_recording_in_a_sheet_is_refused(cells: dict[str, str]) -> None:
    plan = plan_import(rows({"name": "Gate", "main_url": "rtsp://h/1", **cells}), [], POLICY)
    assert [row.outcome for row in plan.rows] == ["refused"]


def test_calendar_and_volumes_survive_a_sheet() -> None:
    night = CalendarSpan((5, 6), 0, 1440, RecordingMode.OFF)
    terms = RecordingTerms(RecordingPlan(calendar=(night,)), volumes=("archive",))
    door = replace(DOOR, settings=replace(DOOR.settings, recording=terms))
    row = {"name": "Door", "main_url": "rtsp://10.0.0.5/1", "retention_days": "5"}
    (write,) = plan_import(rows(row), [door], POLICY).writes
    assert (write.settings.recording.plan, write.settings.recording.volumes) == (terms.plan, ("archive",))


def test_certificate_of_an_authority_is_read_and_anything_else_is_refused() -> None:
    authority = TestAuthority()
    pem = authority.certificate.decode()
    assert find_pem_fault(pem) == ""
    camera = authority.make_server("10.0.0.5")
    assert find_pem_fault(camera.certificate.decode()) == ""  # a camera that signed its own is trusted by it
    assert "private key" in find_pem_fault(pem + camera.key.decode())
    for wrong in ("/etc/ssl/ca.pem", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----", "A" * 70_000):
        assert find_pem_fault(wrong)


def test_certificate_authority_survives_a_sheet_and_an_empty_cell() -> None:
    pem = TestAuthority().certificate.decode().strip()
    settings = replace(DOOR.settings, main=replace(DOOR.settings.main, ca_pem=pem))
    door = replace(DOOR, settings=settings)
    (row,) = plan_import(read_sheet(write_sheet([door])), [door], POLICY).rows
    assert row.outcome == "unchanged"
    kept = plan_import(rows({"name": "Door", "main_url": "rtsp://10.0.0.5/9", "ca_pem": ""}), [door], POLICY)
    assert kept.writes[0].settings.main.ca_pem == pem


def test_name_that_looks_like_a_formula_stays_text() -> None:
    evil = replace(DOOR, settings=replace(DOOR.settings, name="=HYPERLINK(1)"))
    sheet = load_workbook(io.BytesIO(write_sheet([evil]))).active
    assert sheet is not None
    assert sheet["A2"].data_type == "s"
    assert read_sheet(write_sheet([evil]))[0].cells["name"] == "=HYPERLINK(1)"


def test_one_bad_row_makes_the_whole_import_impossible_and_every_row_is_reported() -> None:
    plan = plan_import(
        rows(
            {"name": "Gate", "main_url": "rtsp://h/1"},
            {"name": "Bad", "main_url": "ftp://h/1", "record": "main"},
            {"name": "gate", "main_url": "rtsp://h/2"},
            {"name": "Worse", "main_url": "rtsp://h/3", "fps": "many"},
            {"name": "Worst", "main_url": "rtsp://h/3", "enabled": "maybe"},
        ),
        [],
        POLICY,
    )
    assert not plan.is_possible
    assert [row.outcome for row in plan.rows] == ["added", "refused", "refused", "refused", "refused"]
    assert "row 2 already" in plan.rows[2].errors[0]


def test_import_adds_changes_and_keeps_what_a_sheet_does_not_say() -> None:
    plan = plan_import(
        rows(
            {"name": "DOOR", "main_url": "rtsp://10.0.0.9/1"},
            {"name": "Gate", "main_url": "rtsp://u:p@h/1", "fps": "2,5", "enabled": "no"},
        ),
        [DOOR],
        POLICY,
    )
    assert plan.is_possible
    changed, added = plan.writes
    assert changed.camera == DOOR
    assert changed.login is None
    assert changed.settings.group == "Yard"
    assert changed.settings.sub is not None
    assert (added.login, added.settings.analysis.fps, added.settings.enabled) == (Login("u", "p"), 2.5, False)


def test_new_user_in_a_sheet_needs_a_password() -> None:
    plan = plan_import(rows({"name": "Door", "main_url": "rtsp://10.0.0.5/1", "user": "other"}), [DOOR], POLICY)
    assert plan.rows[0].outcome == "refused"
    assert "password" in plan.rows[0].errors[0]


def _sheet(*lines: list[object]) -> bytes:
    book = Workbook()
    for line in lines:
        book.active.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no .xlsx"),
        (b"a web page", "no .xlsx"),
        (b"PK\x03\x04" + b"\0" * 100, "no .xlsx"),
        (_sheet(["name"]), "'main_url' is missing"),
        (_sheet(["name", "main_url", "pasword"]), "'pasword' is not known"),
        (_sheet(["name", "main_url", "name"]), "there twice"),
        (_sheet(), "'name' is missing"),
    ],
)
def test_wrong_file_is_refused_with_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(BadSheetError, match=message):
        read_sheet(data)


def test_empty_rows_are_passed_over_and_numbers_stay_those_of_the_sheet() -> None:
    data = _sheet(["name", "main_url"], [None, None], ["Door", "rtsp://h/1"])
    assert [(row.number, row.cells["name"]) for row in read_sheet(data)] == [(3, "Door")]


def test_sheet_sets_the_step_of_sensitivity_and_keeps_the_zones() -> None:
    trees = MotionZone("Trees", MotionZoneKind.EXCLUDE, Polygon(((0, 0), (0.5, 0), (0.5, 0.5))))
    door = replace(DOOR, settings=replace(DOOR.settings, motion=MotionSettings(zones=(trees,))))
    (row,) = read_sheet(write_sheet([door]))
    assert row.cells["motion_sensitivity"] == "normal"

    def plan(word: str):
        return plan_import([SheetRow(2, {**row.cells, "motion_sensitivity": word})], [door], POLICY)

    (write,) = plan("High").writes
    assert write.settings.motion == MotionSettings(MotionSensitivity.HIGH, (trees,))
    assert plan("").writes == ()
    assert "low, normal or high" in plan("0.5").rows[0].errors[0]
