"""Every kind of event that this release knows: the one list that questions about events are checked against.

The first group is fixed in docs/reference (interfaces); the second is what the system says of itself
(docs/design/events.md).
"""

from collections.abc import Sequence

from vedette.core.errors import InvalidInputError

OBSERVED_KINDS = (
    "zone_entered",
    "zone_left",
    "zone_moving",
    "line_crossed",
    "fence_climbed",
    "loitering",
    "standing_still",
    "crowd",
    "count",
    "running",
    "wrong_way",
    "stopped_vehicle",
    "speeding",
    "red_zone",
    "fall",
    "fight",
    "object_abandoned",
    "object_removed",
    "weapon_visible",
    "person_present",
    "vehicle_present",
    "face_matched",
    "plate_read",
    "tamper_covered",
    "tamper_defocused",
    "tamper_moved",
    "tamper_glare",
    "tamper_dirty",
    "tamper_frozen",
    "tamper_replayed",
    "motion",
    "signal_lost",
)
SYSTEM_KINDS = (
    "recording_gap",
    "volume_full",
    "volume_failed",
    "storage_warned",
    "stream_changed",
    "packet_loss",
    "clock_changed",
    "delay",
    "signature_failed",
    "protection_reduced",
    "search_flood",
    "search_odd",
    "evidence_key_changed",
)
EVENT_KINDS = (*OBSERVED_KINDS, *SYSTEM_KINDS)


class UnknownEventKindError(InvalidInputError):
    """A question about events of a kind that does not exist: an empty list would look like "nothing happened"."""

    code = "unknown_event_kind"


def check_kinds(kinds: Sequence[str]) -> None:
    """Refuses a kind that no event can have.

    Raises:
        UnknownEventKindError: names all of them.
    """
    unknown = [kind for kind in kinds if kind not in EVENT_KINDS]
    if unknown:
        raise UnknownEventKindError(
            f"there is no kind of event {', '.join(map(repr, unknown))}", f"The kinds are: {', '.join(EVENT_KINDS)}."
        )
