"""The inventory as a sheet: what its columns mean, and what an import would change. Pure.

A sheet is taken over completely or not at all: `plan_import` finds every fault of every row first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vedette.camera.faults import InvalidCameraError
from vedette.camera.inventory import (
    AddressPolicy,
    AnalysisSettings,
    Camera,
    CameraSettings,
    Login,
    RecordMode,
    StreamSettings,
    check_settings,
)
from vedette.camera.sheet_recording import format_retention, read_recording_cells
from vedette.core.errors import InvalidInputError
from vedette.core.motion import MotionSensitivity, MotionSettings

COLUMNS = (
    "name",
    "group",
    "enabled",
    "main_url",
    "sub_url",
    "transport",
    "verify_tls",
    "ca_pem",
    "user",
    "password",
    "record",
    "mode",
    "retention_days",
    "motion_sensitivity",
    "detector",
    "fps",
)
_NEEDED = ("name", "main_url")
_YES = {"yes", "true", "1", "có", "on"}
_NO = {"no", "false", "0", "không", "off"}
MAX_ROWS = 5000


class BadSheetError(InvalidInputError):
    """A file that is no inventory sheet."""

    code = "bad_sheet"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row as read: column name -> text. Row 1 is the heading."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """What becomes of one row: `added`, `changed`, `unchanged` or `refused`."""

    row: int
    name: str
    outcome: str
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowPlan:
    """One camera to write. `camera` is the one that is there already; `login` None keeps its login."""

    settings: CameraSettings
    camera: Camera | None
    login: Login | None


@dataclass(frozen=True, slots=True)
class ImportPlan:
    rows: tuple[ImportedRow, ...]
    writes: tuple[RowPlan, ...]

    @property
    def is_possible(self) -> bool:
        return all(row.outcome != "refused" for row in self.rows)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `imported` is False when a row was refused: then nothing was changed.

    `weakenings` has, for each camera, what is protected less than before.
    """

    imported: bool
    rows: tuple[ImportedRow, ...]
    weakenings: tuple[tuple[Camera, str], ...] = ()


def check_heading(columns: Sequence[str]) -> None:
    """Refuses a heading that lacks a needed column, has an unknown one, or one twice.

    Raises:
        BadSheetError: naming all of them.
    """
    faults = [f"the column {name!r} is missing" for name in _NEEDED if name not in columns]
    faults += [f"the column {name!r} is not known" for name in columns if name not in COLUMNS]
    faults += [f"the column {name!r} is there twice" for name in set(columns) if columns.count(name) > 1]
    if faults:
        raise BadSheetError("; ".join(faults), f"The columns are: {', '.join(COLUMNS)}.")


def camera_cells(camera: Camera) -> dict[str, str]:
    """Writes a camera as a row. The password stays out: an empty cell keeps the stored one at import."""
    settings = camera.settings
    return {
        "name": settings.name,
        "group": settings.group,
        "enabled": "yes" if settings.enabled else "no",
        "main_url": settings.main.url,
        "sub_url": settings.sub.url if settings.sub else "",
        "transport": settings.main.transport,
        "verify_tls": "yes" if settings.main.verify_tls else "no",
        "ca_pem": settings.main.ca_pem,
        "user": camera.user,
        "password": "",
        "record": settings.record.value,
        "mode": settings.recording.plan.mode.value,
        "retention_days": format_retention(settings.recording),
        "motion_sensitivity": settings.motion.sensitivity.value,
        "detector": settings.analysis.detector,
        "fps": f"{settings.analysis.fps:g}",
    }


def plan_import(rows: Sequence[SheetRow], cameras: Sequence[Camera], policy: AddressPolicy) -> ImportPlan:
    """Decides for every row what it adds or changes, or why it is refused. Cameras are matched by name."""
    by_name = {camera.settings.name.casefold(): camera for camera in cameras}
    seen: dict[str, int] = {}
    results: list[ImportedRow] = []
    writes: list[RowPlan] = []
    for row in rows:
        name = row.cells.get("name", "").strip()
        key = name.casefold()
        errors: tuple[str, ...] = ()
        plan: RowPlan | None = None
        if key in seen:
            errors = (f"name: {name!r} is in row {seen[key]} already",)
        else:
            seen[key] = row.number
            try:
                plan = _plan_row(row, by_name.get(key), policy)
            except InvalidCameraError as exc:
                errors = tuple(f"{fault.field}: {fault.message}" for fault in exc.faults)
            except InvalidInputError as exc:
                errors = (str(exc),)
        if plan is None:
            results.append(ImportedRow(row.number, name, "refused", errors))
            continue
        outcome = _outcome(plan)
        results.append(ImportedRow(row.number, name, outcome))
        if outcome != "unchanged":
            writes.append(plan)
    return ImportPlan(tuple(results), tuple(writes))


def _outcome(plan: RowPlan) -> str:
    if plan.camera is None:
        return "added"
    return "unchanged" if plan.login is None and plan.settings == plan.camera.settings else "changed"


def _plan_row(row: SheetRow, camera: Camera | None, policy: AddressPolicy) -> RowPlan:
    cells = {name: text.strip() for name, text in row.cells.items()}
    settings = _read_settings(cells, camera)
    given = Login(cells.get("user", ""), cells.get("password", ""))
    clean, login = check_settings(settings, given if given.password else Login(), policy)
    if login:
        return RowPlan(clean, camera, login)
    stored_user = camera.user if camera else ""
    if given.user and given.user != stored_user:
        raise InvalidInputError("password: is needed with a new user")
    return RowPlan(clean, camera, None)


def _read_settings(cells: Mapping[str, str], camera: Camera | None) -> CameraSettings:
    """Lays a row over the camera that is there, or over the defaults. An empty cell keeps what is there."""
    base = camera.settings if camera else CameraSettings(name="", main=StreamSettings(""))
    transport = cells.get("transport") or base.main.transport
    verify_tls = _read_bool("verify_tls", cells.get("verify_tls", ""), default=base.main.verify_tls)
    ca_pem = cells.get("ca_pem") or base.main.ca_pem
    main = StreamSettings(cells.get("main_url", ""), transport, verify_tls, ca_pem)
    # The cell shows the main stream's: as long as it is unchanged, the sub stream keeps its own.
    sub_ca_pem = base.sub.ca_pem if base.sub and ca_pem == base.main.ca_pem else ca_pem
    sub_url = cells.get("sub_url", base.sub.url if base.sub else "")
    return replace(
        base,
        name=cells.get("name", ""),
        group=cells.get("group", base.group),
        enabled=_read_bool("enabled", cells.get("enabled", ""), default=base.enabled),
        main=main,
        sub=StreamSettings(sub_url, transport, verify_tls, sub_ca_pem) if sub_url else None,
        recording=read_recording_cells(cells.get("mode", ""), cells.get("retention_days", ""), base.recording),
        motion=_read_motion(cells.get("motion_sensitivity", ""), base.motion),
        record=_read_record(cells.get("record", ""), base.record),
        analysis=_read_analysis(cells, base.analysis),
    )


def _read_record(text: str, default: RecordMode) -> RecordMode:
    if not text:
        return default
    try:
        return RecordMode(text.lower())
    except ValueError as exc:
        raise InvalidInputError(f"record: {text!r} is not main, sub, both or none") from exc


def _read_motion(text: str, base: MotionSettings) -> MotionSettings:
    """Zones are drawn in the console: a sheet keeps those that are there."""
    try:
        return replace(base, sensitivity=MotionSensitivity(text.lower())) if text else base
    except ValueError as exc:
        raise InvalidInputError(f"motion_sensitivity: {text!r} is not low, normal or high") from exc


def _read_analysis(cells: Mapping[str, str], base: AnalysisSettings) -> AnalysisSettings:
    text = cells.get("fps", "")
    try:
        fps = float(text.replace(",", ".")) if text else base.fps
    except ValueError as exc:
        raise InvalidInputError(f"fps: {text!r} is no number") from exc
    return replace(base, detector=cells.get("detector") or base.detector, fps=fps)


def _read_bool(name: str, text: str, *, default: bool) -> bool:
    if not text:
        return default
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise InvalidInputError(f"{name}: {text!r} is neither yes nor no")
