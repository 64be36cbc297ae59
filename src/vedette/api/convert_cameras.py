"""Cameras between the wire and the house. Pure."""

from dataclasses import replace

from vedette.api.schemas.cameras import (
    AnalysisIn,
    AnalysisOut,
    CameraIn,
    CameraLive,
    CameraOut,
    CameraPatch,
    ImportOut,
    ImportRow,
    RuleOut,
    RulesIn,
    RulesOut,
    StreamIn,
    StreamLive,
    StreamOut,
)
from vedette.api.schemas.common import utc_text
from vedette.behavior.rules_file import parse_rules
from vedette.camera.faults import InvalidCameraError
from vedette.camera.inventory import (
    AnalysisSettings,
    Camera,
    CameraSettings,
    Login,
    RecordMode,
    StreamSettings,
)
from vedette.camera.inventory_sheet import ImportReport
from vedette.camera.live import LiveFacts, RecordingFacts, StreamFacts
from vedette.core.assignment import Rule
from vedette.core.errors import InvalidInputError
from vedette.core.faults import Fault
from vedette.core.media import StreamRole
from vedette.core.time import format_utc

_STATES = {"connecting", "online", "stalled", "offline"}


def _stream_in(stream: StreamIn) -> StreamSettings:
    return StreamSettings(stream.url, stream.transport, stream.verify_tls, stream.ca_pem)


def _analysis_in(analysis: AnalysisIn) -> AnalysisSettings:
    return AnalysisSettings(
        detector=analysis.detector,
        classes=tuple(analysis.classes),
        fps=analysis.fps,
        stream=StreamRole(analysis.stream),
        recognize=tuple(analysis.recognize),
        tiles=analysis.tiles,
        categories=tuple(analysis.categories),
    )


def settings_from_wire(body: CameraIn) -> CameraSettings:
    """Reads the settings of a new camera; `check_settings` judges them."""
    return CameraSettings(
        name=body.name,
        group=body.group,
        enabled=body.enabled,
        main=_stream_in(body.main),
        sub=None if body.sub is None else _stream_in(body.sub),
        record=RecordMode(body.record),
        analysis=_analysis_in(body.analysis),
    )


def merge_patch(camera: Camera, body: CameraPatch) -> tuple[CameraSettings, Login | None]:
    """Lays a patch over a camera. Returns the login to store, or None to keep the stored one.

    Raises:
        InvalidInputError: `null` for something that cannot be absent.
    """
    given = body.model_fields_set
    for name in given - {"sub"}:
        if getattr(body, name) is None:
            raise InvalidInputError(f"{name} cannot be null", "Leave it out to keep what is stored.")
    settings = camera.settings
    if body.name is not None:
        settings = replace(settings, name=body.name)
    if body.group is not None:
        settings = replace(settings, group=body.group)
    if body.enabled is not None:
        settings = replace(settings, enabled=body.enabled)
    if body.main is not None:
        settings = replace(settings, main=_stream_in(body.main))
    if "sub" in given:
        settings = replace(settings, sub=None if body.sub is None else _stream_in(body.sub))
    if body.record is not None:
        settings = replace(settings, record=RecordMode(body.record))
    if body.analysis is not None:
        settings = replace(settings, analysis=_analysis_in(body.analysis))
    if body.password is None and (body.user is None or body.user == camera.user):
        return settings, None
    if body.password is None:
        # Keeping a password under another user would send it to an account it was never meant for.
        fault = Fault("password", "is needed when the user changes")
        raise InvalidCameraError((fault,))
    user = camera.user if body.user is None else body.user
    return settings, Login(user, body.password.get_secret_value())


def _stream_out(stream: StreamSettings) -> StreamOut:
    return StreamOut.model_validate(
        {
            "url": stream.url,
            "transport": stream.transport,
            "verify_tls": stream.verify_tls,
            "ca_pem": stream.ca_pem,
        }
    )


def _recording_out(facts: RecordingFacts | None) -> dict[str, object] | None:
    if facts is None:
        return None
    return {"mode": facts.mode, "is_recording": facts.is_recording, "trigger": facts.trigger}


def _live_out(camera: Camera, role: StreamRole, facts: LiveFacts) -> StreamLive:
    found = facts.find(camera.id, role)
    if not camera.settings.enabled:
        found = StreamFacts(state="disabled")
    return StreamLive.model_validate(
        {
            "state": found.state if found.state in _STATES | {"disabled"} else "unknown",
            "since": utc_text(found.since_ns),
            "code": found.code,
            "reason": found.reason,
            "hint": found.hint,
            "codec": found.codec,
            "width": found.width,
            "height": found.height,
            "fps": found.fps,
            "bitrate_bps": found.bitrate_bps,
            "packets": found.packets,
            "packets_lost": found.packets_lost,
            "packets_reordered": found.packets_reordered,
            "packets_duplicated": found.packets_duplicated,
            "jitter_s": found.jitter_s,
            "recording": _recording_out(found.recording),
        }
    )


def camera_out(camera: Camera, facts: LiveFacts) -> CameraOut:
    """Shows a camera, without its password."""
    settings = camera.settings
    analysis = settings.analysis
    return CameraOut(
        id=camera.id,
        name=settings.name,
        group=settings.group,
        enabled=settings.enabled,
        main=_stream_out(settings.main),
        sub=None if settings.sub is None else _stream_out(settings.sub),
        has_login=bool(camera.sealed_login),
        user=camera.user,
        record=settings.record.value,
        analysis=AnalysisOut(
            detector=analysis.detector,
            classes=list(analysis.classes),
            fps=analysis.fps,
            stream=analysis.stream.value,
            recognize=list(analysis.recognize),
            tiles=analysis.tiles,
            categories=list(analysis.categories),
        ),
        live=CameraLive(
            main=_live_out(camera, StreamRole.MAIN, facts),
            sub=None if settings.sub is None else _live_out(camera, StreamRole.SUB, facts),
        ),
        created_at=format_utc(camera.created_at_ns),
    )


def rules_from_wire(body: RulesIn) -> tuple[Rule, ...]:
    """Reads rules by the same check as a rules file.

    Raises:
        InvalidInputError: everything that is wrong.
    """
    return parse_rules([rule.model_dump(exclude_none=True) for rule in body.rules])


def rules_out(rules: tuple[Rule, ...]) -> RulesOut:
    """Shows rules."""
    return RulesOut(
        rules=[
            RuleOut(
                id=rule.rule_id,
                kind=rule.kind,
                zone=None if rule.zone is None else [[x, y] for x, y in rule.zone.points],
                line=None if rule.line is None else [list(rule.line.start), list(rule.line.end)],
                classes=list(rule.classes),
                parameters=rule.parameters,
            )
            for rule in rules
        ]
    )


def import_out(report: ImportReport) -> ImportOut:
    """Shows what became of a sheet."""
    rows = [
        ImportRow.model_validate({"row": row.row, "name": row.name, "outcome": row.outcome, "errors": list(row.errors)})
        for row in report.rows
    ]
    counts = {outcome: sum(row.outcome == outcome for row in rows) for outcome in ("added", "changed", "refused")}
    return ImportOut(
        imported=report.imported,
        added=counts["added"],
        changed=counts["changed"],
        refused=counts["refused"],
        rows=rows,
    )
