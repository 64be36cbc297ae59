"""Decides what is deleted: what is too old, and the oldest when space runs short, before the space is needed.

Pure. Order: (1) older than `max_days`; when space is short (2) the oldest past its `min_days`, (3) the oldest. What
a hold covers is in no plan, also not where an administrator ordered footage to be erased. Deleting ahead keeps the
writer from ever waiting for it, and a reserve of the file system stays free for the index and for everything else
that lives there. Design: docs/design/recording-plan.md.

Clocks step, of cameras as of this machine. So the age of a segment counts from the later of two times: when it was
recorded (our clock, in its id) and what it shows (`end_ns`, at most a day later: a camera set to 2099 is not kept for
73 years, one set to 1970 is not deleted at once). What was recorded before this release existed has no known age.
And nothing expires while our own clock is not believed (`ClockTrust`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from vedette.core.assignment import CameraAssignment
from vedette.core.ids import find_id_ns, make_id
from vedette.core.recording_plan import Erasure, Hold, RecordingMode, RetentionTerm
from vedette.core.time import NS_PER_S
from vedette.recording.records import StoredSegment

DAY_NS = 86_400 * NS_PER_S
EXPIRED, SPACE, SPACE_BELOW_MINIMUM, ERASED = "expired", "space", "space_below_minimum", "erased"
FIRST_RELEASE_NS = 1_767_225_600 * NS_PER_S
"""2026-01-01. A recorder whose clock says less has none that is set."""
_NO_TERM = RetentionTerm(RecordingMode.CONTINUOUS)


@dataclass(frozen=True, slots=True)
class SpaceLimit:
    """`max_bytes` 0 means no limit of its own; `reserve_bytes` of the file system always stay free."""

    max_bytes: int
    reserve_bytes: int


@dataclass(frozen=True, slots=True)
class KeepRules:
    """What is kept how long, and what for ever.

    Attributes:
        terms: By camera and mode; what has none is kept until its space is needed.
    """

    terms: dict[tuple[str, RecordingMode], RetentionTerm] = field(default_factory=dict)
    holds: tuple[Hold, ...] = ()
    erasures: tuple[Erasure, ...] = ()

    def find_term(self, segment: StoredSegment) -> RetentionTerm:
        return self.terms.get((segment.key.camera_id, segment.mode), _NO_TERM)

    def is_held(self, segment: StoredSegment) -> bool:
        """Whether a hold covers any part of it."""
        return any(
            hold.camera_id == segment.key.camera_id and hold.from_ns < segment.end_ns and segment.start_ns < hold.to_ns
            for hold in self.holds
        )


@dataclass(frozen=True, slots=True)
class Deletion:
    """One segment that has to go. `reason` as in `vedette.core.footage_facts.SegmentRetired`."""

    segment: StoredSegment
    reason: str


def make_rules(
    cameras: Sequence[CameraAssignment], holds: Sequence[Hold], erasures: Sequence[Erasure] = ()
) -> KeepRules:
    terms = {(camera.camera_id, term.mode): term for camera in cameras for term in camera.retention}
    return KeepRules(terms, tuple(holds), tuple(erasures))


def find_age_ns(segment: StoredSegment, now_ns: int) -> int | None:
    """How long a segment has been kept; None when that cannot be said."""
    recorded_ns = find_id_ns(segment.segment_id)
    if recorded_ns < FIRST_RELEASE_NS:
        return None
    return now_ns - max(recorded_ns, min(segment.end_ns, recorded_ns + DAY_NS))


def find_expired_below(term: RetentionTerm, now_ns: int) -> tuple[str, str]:
    """Returns the range of segment ids, half open, within which a mode's expired footage lies."""
    latest_ns = max(FIRST_RELEASE_NS, now_ns - round(term.max_days * DAY_NS))
    return make_id(FIRST_RELEASE_NS, bytes(10)), make_id(latest_ns, bytes(10))


def plan_expiry(rules: KeepRules, candidates: Sequence[StoredSegment], now_ns: int) -> list[Deletion]:
    """Returns those that are older than their maximum and not held."""
    plan: list[Deletion] = []
    for segment in candidates:
        max_ns = round(rules.find_term(segment).max_days * DAY_NS)
        age_ns = find_age_ns(segment, now_ns)
        if max_ns and age_ns is not None and age_ns > max_ns and not rules.is_held(segment):
            plan.append(Deletion(segment, EXPIRED))
    return plan


def plan_erasure(rules: KeepRules, candidates: Sequence[StoredSegment]) -> list[Deletion]:
    """Returns those that may be erased: a hold is stronger than an order."""
    return [Deletion(segment, ERASED) for segment in candidates if not rules.is_held(segment)]


def plan_space(
    rules: KeepRules, shortage_bytes: int, oldest: Sequence[StoredSegment], others: Sequence[StoredSegment], now_ns: int
) -> list[Deletion]:
    """Returns what makes up for a shortage, or all that may go.

    `oldest` are the first of the volume, in order of recording, `others` the first of each stream and mode: what is
    younger than its minimum among `oldest` stays as long as something of `others` is past its own.
    """
    seen = {segment.segment_id for segment in oldest}
    free = [segment for segment in oldest if not rules.is_held(segment)]
    free += [segment for segment in others if segment.segment_id not in seen and not rules.is_held(segment)]
    past = [segment for segment in free if is_past_minimum(rules, segment, now_ns)]
    plan = [Deletion(segment, SPACE) for segment in _take(shortage_bytes, past)]
    if plan:
        return plan  # those behind them may be past their minimum too: they are looked at next
    return [Deletion(segment, SPACE_BELOW_MINIMUM) for segment in _take(shortage_bytes, free)]


def is_past_minimum(rules: KeepRules, segment: StoredSegment, now_ns: int) -> bool:
    min_ns = round(rules.find_term(segment).min_days * DAY_NS)
    if not min_ns:
        return True
    age_ns = find_age_ns(segment, now_ns)
    return age_ns is not None and age_ns >= min_ns


def _take(shortage_bytes: int, segments: Sequence[StoredSegment]) -> list[StoredSegment]:
    """The shortest run of segments, from the first, that makes up for the shortage, or all of it."""
    taken: list[StoredSegment] = []
    for segment in segments:
        if shortage_bytes <= 0:
            break
        taken.append(segment)
        shortage_bytes -= segment.size_bytes
    return taken


def find_shortage(limit: SpaceLimit, used_bytes: int, free_bytes: int, ahead_bytes: int) -> int:
    """Returns how many bytes must go so that `ahead_bytes` more can be written; 0 when none."""
    over_limit = used_bytes + ahead_bytes - limit.max_bytes if limit.max_bytes else 0
    under_reserve = limit.reserve_bytes + ahead_bytes - free_bytes
    return max(0, over_limit, under_reserve)


def describe_full(limit: SpaceLimit, used_bytes: int, free_bytes: int) -> str:
    """Says in words what is full, the disk or the volume's own limit, and what to do."""
    is_limited = limit.max_bytes and limit.max_bytes - used_bytes < free_bytes - limit.reserve_bytes
    if is_limited:
        why, advice = f"the limit is {limit.max_bytes / 1e9:.3g} GB", "raise the limit of this volume"
    else:
        why = f"{limit.reserve_bytes / 1e9:.1f} GB of the disk stay in reserve"
        advice = "free space on this disk or use a larger one"
    return f"no space is left ({why}) and no footage can be deleted: {advice}"
