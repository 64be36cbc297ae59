"""The box that makes a file self-describing: whose footage it is, when it starts, in which run.

It is a `uuid` box in `moov`, so every player skips it and no index is needed to know what a file is: the
index is rebuilt from these, never the reverse. The content is JSON with a version; unknown keys are kept out
of old readers' way by the version alone.
"""

from typing import Literal

import msgspec

from vedette.core.ids import is_id
from vedette.core.media import StreamRole
from vedette.core.recording_plan import RecordingMode
from vedette.media.fmp4.boxes import box
from vedette.recording.errors import DamagedFootageError
from vedette.recording.records import GapRecord, SegmentHead, StreamKey

STAMP_TYPE = bytes.fromhex("6f0a8e2c51d94b7fb3a1c47e90d2f685")
"""Names this box and its version 1. A new layout gets a new one."""


class _Gap(msgspec.Struct, frozen=True):
    from_ns: int
    reason: str
    frames_missing: int


class _Stamp(msgspec.Struct, frozen=True):
    version: Literal[1]
    segment_id: str
    camera_id: str
    role: StreamRole
    run_id: str
    start_ns: int
    start_90k: int
    first_sequence: int
    gap: _Gap | None = None
    mode: RecordingMode = RecordingMode.CONTINUOUS


def make_stamp(head: SegmentHead, gap: GapRecord | None = None) -> bytes:
    """Makes the box. `head.init_size_bytes` is not in it: it depends on this box.

    `gap`: what is missing before this segment. It is also in the index, but a recorder that is killed within
    its first second takes that row with it, and a rebuilt index would not know why nothing is there.
    """
    stamp = _Stamp(
        1,
        head.segment_id,
        head.key.camera_id,
        head.key.role,
        head.run_id,
        head.start_ns,
        head.start_90k,
        head.first_sequence,
        None if gap is None else _Gap(gap.from_ns, gap.reason, gap.frames_missing),
        head.mode,
    )
    return box(b"uuid", STAMP_TYPE, msgspec.json.encode(stamp))


def read_stamp(uuids: dict[bytes, bytes], init_size_bytes: int) -> tuple[SegmentHead, GapRecord | None]:
    """Reads the stamp among the `uuid` boxes of a file: whose it is, and the gap before it.

    Raises:
        DamagedFootageError: there is none, or it does not follow the form.
    """
    content = uuids.get(STAMP_TYPE)
    if content is None:
        raise DamagedFootageError("the file does not say whose footage it is", "It was not written by Vedette.")
    try:
        stamp = msgspec.json.decode(content, type=_Stamp)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise DamagedFootageError(f"the file's description is damaged: {exc}") from exc
    if not is_id(stamp.segment_id):
        raise DamagedFootageError("the file names itself by something that is no id")
    key = StreamKey(stamp.camera_id, stamp.role)
    head = SegmentHead(
        stamp.segment_id,
        key,
        stamp.run_id,
        stamp.start_ns,
        stamp.start_90k,
        stamp.first_sequence,
        init_size_bytes,
        stamp.mode,
    )
    gap = stamp.gap
    if gap is None:
        return head, None
    return head, GapRecord(key, gap.from_ns, stamp.start_ns, gap.reason, gap.frames_missing)
