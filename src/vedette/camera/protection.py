"""Which changes of a camera take protection away, in words for somebody else. Pure.

No single user may stop a recording or shorten its retention without an event going to others (AR11).
Design: docs/design/recording-plan.md.
"""

from vedette.camera.inventory import Camera
from vedette.camera.motion_zones import find_blinder_analysis, find_weaker_motion
from vedette.camera.recording_terms import RecordingTerms, format_clock
from vedette.core.recording_plan import MINUTES_PER_DAY, RecordingMode, RecordingPlan, RetentionTerm

_STRENGTH = {RecordingMode.OFF: 0, RecordingMode.MOTION: 1, RecordingMode.EVENT: 1, RecordingMode.CONTINUOUS: 2}
_MODES = (RecordingMode.CONTINUOUS, RecordingMode.MOTION, RecordingMode.EVENT)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def expand_week(plan: RecordingPlan) -> list[RecordingMode]:
    """Returns the mode of each minute of a week from Monday 00:00; a later span wins."""
    week = [plan.mode] * (7 * MINUTES_PER_DAY)
    for span in plan.calendar:
        for day in span.days:
            start = day * MINUTES_PER_DAY
            count = span.to_minute - span.from_minute
            week[start + span.from_minute : start + span.to_minute] = [span.mode] * count
    return week


def find_weakenings(before: Camera, after: Camera | None) -> list[str]:
    """Says what is protected less than before; `after` is None when the camera is removed."""
    if after is None:
        return ["removed: nothing of it is recorded any more"]
    found: list[str] = []
    if before.settings.enabled and not after.settings.enabled:
        found.append("switched off: nothing of it is recorded any more")
    lost = [
        role.value
        for role in before.streams
        if before.settings.record.includes(role)
        and not (role in after.streams and after.settings.record.includes(role))
    ]
    if lost:
        found.append(f"the {' and '.join(lost)} stream is recorded no longer")
    old, new = before.settings.recording, after.settings.recording
    found += _find_weaker_hours(old.plan, new.plan)
    if RecordingMode.MOTION in expand_week(new.plan):
        found += find_weaker_motion(before.settings.motion, after.settings.motion)
    found += find_blinder_analysis(before.settings.motion, after.settings.motion)
    return found + _find_shorter_terms(old, new)


def _find_weaker_hours(old: RecordingPlan, new: RecordingPlan) -> list[str]:
    pairs = list(zip(expand_week(old), expand_week(new), strict=True))
    off = sum(was is not RecordingMode.OFF and now is RecordingMode.OFF for was, now in pairs)
    less = sum(_STRENGTH[now] < _STRENGTH[was] for was, now in pairs) - off
    found: list[str] = []
    if off:
        found.append(f"not recorded in {off / 60:g} more hours of the week")
    if less:
        found.append(f"recorded only on motion or events in {less / 60:g} more hours of the week")
    return found


def _find_shorter_terms(old: RecordingTerms, new: RecordingTerms) -> list[str]:
    found: list[str] = []
    for mode in _MODES:
        was, now = _term(old, mode), _term(new, mode)
        if now.min_days < was.min_days or (now.max_days and (not was.max_days or now.max_days < was.max_days)):
            found.append(f"{mode.value} footage is kept {describe_term(now)} (was {describe_term(was)})")
    return found


def _term(terms: RecordingTerms, mode: RecordingMode) -> RetentionTerm:
    return next((term for term in terms.retention if term.mode is mode), RetentionTerm(mode))


def describe_term(term: RetentionTerm) -> str:
    if not (term.min_days or term.max_days):
        return "until the space is needed"
    least = f"at least {term.min_days:g}" if term.min_days else ""
    most = f"at most {term.max_days:g}" if term.max_days else ""
    return f"{' and '.join(part for part in (least, most) if part)} days"


def describe_terms_change(old: RecordingTerms, new: RecordingTerms) -> str:
    """Says what changed from what to what, for the audit trail. Empty: nothing."""
    parts: list[str] = []
    plan, fresh = old.plan, new.plan
    for name, was, now in (
        ("mode", plan.mode.value, fresh.mode.value),
        ("calendar", _describe_calendar(plan), _describe_calendar(fresh)),
        ("timezone", plan.timezone, fresh.timezone),
        ("pre_s", f"{plan.pre_s:g}", f"{fresh.pre_s:g}"),
        ("post_s", f"{plan.post_s:g}", f"{fresh.post_s:g}"),
        ("packet sizes", str(plan.motion.use_packet_sizes), str(fresh.motion.use_packet_sizes)),
        ("volumes", ", ".join(old.volumes) or "all", ", ".join(new.volumes) or "all"),
    ):
        if was != now:
            parts.append(f"{name}: {was} -> {now}")
    for mode in _MODES:
        was, now = describe_term(_term(old, mode)), describe_term(_term(new, mode))
        if was != now:
            parts.append(f"{mode.value} kept {was} -> {now}")
    return ", ".join(parts)


def _describe_calendar(plan: RecordingPlan) -> str:
    spans = [
        f"{'+'.join(_DAYS[day] for day in span.days)} {format_clock(span.from_minute)}-"
        f"{format_clock(span.to_minute)} {span.mode.value}"
        for span in plan.calendar
    ]
    return "; ".join(spans) or "none"
