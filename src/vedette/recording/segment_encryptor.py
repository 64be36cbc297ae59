"""Gives every new segment its encrypted body, under the archive key of the day on which it starts.

The recorder holds public keys only. What it does where the day's key is missing: it takes the nearest day's, and says
so (`weakened`); where there is none at all it records in the clear, and says so (`absent`). Footage that was never
recorded cannot be had again, and the alarm stands until a key is there. Design: docs/design/encryption.md.
"""

from dataclasses import dataclass
from pathlib import Path

from vedette.media.fmp4 import parse_init
from vedette.recording.archive_keys import find_public_key, name_day
from vedette.recording.records import SegmentHead
from vedette.recording.segment_body import CipherBody, SegmentBody, make_plain_body
from vedette.recording.stamp import STAMP_TYPE


@dataclass(frozen=True, slots=True)
class EncryptionState:
    """As `vedette.core.messages.ControlStateChanged` says it."""

    state: str
    detail: str


HOLDS = EncryptionState("holds", "footage is encrypted; the recorder cannot read what it has closed")


NOT_ENCRYPTED = EncryptionState(
    "absent", "footage is stored in the clear: write `encrypt: at_rest` into the settings file"
)


class SegmentEncryptor:
    """`make_body` is a `BodyMaker`, called from the threads of all volumes.

    Args:
        public: The folder of the public archive keys, read anew for every segment.
    """

    def __init__(self, public: Path) -> None:
        self._public = public

    def look(self, now_ns: int) -> EncryptionState:
        """How a segment that starts now would be stored."""
        day = name_day(now_ns)
        key = find_public_key(self._public, day)
        if key is None:
            detail = (
                f"footage is recorded in the clear: there is no archive key in {self._public}. Is the gateway down?"
            )
            return EncryptionState("absent", detail)
        if key.day != day:
            detail = (
                f"there is no archive key of {day}: footage is encrypted to that of {key.day}. Is the gateway down?"
            )
            return EncryptionState("weakened", detail)
        return HOLDS

    def make_body(self, volume_id: str, head: SegmentHead, init: bytes) -> SegmentBody:
        day = name_day(head.start_ns)
        key = find_public_key(self._public, day)
        if key is None:
            return make_plain_body(volume_id, head, init)
        return CipherBody(volume_id, head, parse_init(init).uuids[STAMP_TYPE], key)
