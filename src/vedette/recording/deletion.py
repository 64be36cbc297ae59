"""Carries deletion out on one volume: what `retention` plans, in steps that may be cut short anywhere.

Synchronous; owned by the volume's `SegmentStore`. Work is bounded: `BATCH` segments for age a second, and for space
as many as the space needs. Candidates come from the index by walking from a known place, never over all rows.
"""

from collections.abc import Sequence

from vedette.core.ids import find_id_ns
from vedette.core.time import NS_PER_S
from vedette.recording.clock_trust import ClockTrust
from vedette.recording.disk import PosixDisk
from vedette.recording.ports import SegmentIndex
from vedette.recording.records import StoredSegment
from vedette.recording.retention import (
    ERASED,
    SPACE_BELOW_MINIMUM,
    Deletion,
    KeepRules,
    find_expired_below,
    is_past_minimum,
    plan_erasure,
    plan_expiry,
    plan_space,
)
from vedette.recording.stored_file import destroy_segment_key
from vedette.recording.volume import Volume

BATCH = 64
_ERASED_A_SECOND = 4 * BATCH
"""A day of one camera is gone in 12 s; the writer of the volume waits a fraction of each second."""
_PASS_EVERY_NS = 60 * NS_PER_S
_OF_EACH = 8


class SegmentDeleter:
    """Deletes from one volume.

    Attributes:
        rules: What is kept.
        is_below_minimum: Footage younger than its minimum had to go when space was last needed.
    """

    def __init__(self, volume: Volume, index: SegmentIndex, disk: PosixDisk, rules: KeepRules, now_ns: int) -> None:
        self.rules = rules
        self.is_below_minimum = False
        self._volume = volume
        self._index = index
        self._disk = disk
        self._now_ns = now_ns
        newest_id = index.find_newest_id()
        self._clock_trust = ClockTrust(None if newest_id is None else find_id_ns(newest_id))
        self._is_believed = False
        self._pass_due_ns: int | None = None

    def tick(self, utc_ns: int, mono_ns: int) -> int:
        """Once a second: deletes what is too old; returns the bytes that went."""
        self._now_ns = utc_ns
        self._is_believed = self._clock_trust.push(utc_ns, mono_ns)
        if not self._is_believed or (self._pass_due_ns is not None and mono_ns < self._pass_due_ns):
            return 0
        plan = plan_expiry(self.rules, self._find_expired(), utc_ns)[:BATCH]
        if len(plan) < BATCH:
            self._pass_due_ns = mono_ns + _PASS_EVERY_NS
        return self.delete(plan)

    def erase(self) -> int:
        """Once a second: deletes what was ordered to go, whatever the clock says; returns the bytes that went."""
        went_bytes, left = 0, _ERASED_A_SECOND
        for erasure in self.rules.erasures:
            for key in self._index.find_keys_of(erasure.camera_id):
                while left > 0:
                    found = self._index.find_overlapping(key, erasure.from_ns, erasure.to_ns, BATCH)
                    plan = plan_erasure(self.rules, found)
                    went_bytes += self.delete(plan)
                    left -= len(plan)
                    if not plan:
                        break
        return went_bytes

    def make_room(self, shortage_bytes: int) -> int:
        """Deletes for space; returns the bytes that went, 0 when nothing may go."""
        oldest = self._index.find_oldest(BATCH)
        others: Sequence[StoredSegment] = ()
        if not any(is_past_minimum(self.rules, segment, self._now_ns) for segment in oldest):
            others = self._find_oldest_of_each()
        plan = plan_space(self.rules, shortage_bytes, oldest, others, self._now_ns)
        if plan:
            self.is_below_minimum = plan[0].reason == SPACE_BELOW_MINIMUM
        return self.delete(plan)

    def delete(self, plan: Sequence[Deletion]) -> int:
        """Row and tombstone, then the file, then the folder, then the tombstone: restartable at any point."""
        for reason in sorted({deletion.reason for deletion in plan}):
            ids = [deletion.segment.segment_id for deletion in plan if deletion.reason == reason]
            self._index.forget(ids, reason)
            paths = [self._volume.segment(segment_id) for segment_id in ids]
            for path in paths:
                if reason == ERASED:
                    destroy_segment_key(path, self._disk)
                self._disk.unlink(path)
            for folder in {path.parent for path in paths}:
                if folder.exists():
                    self._disk.sync_folder(folder)
            self._index.clear_tombstones(ids)
        return sum(deletion.segment.size_bytes for deletion in plan)

    def _find_expired(self) -> list[StoredSegment]:
        found: list[StoredSegment] = []
        for (camera_id, mode), term in self.rules.terms.items():
            if not term.max_days:
                continue
            span = find_expired_below(term, self._now_ns)
            for key in self._index.find_keys_of(camera_id):
                found += self._index.find_between(key, mode, *span, BATCH)
                if len(found) >= BATCH:
                    return found
        return found

    def _find_oldest_of_each(self) -> list[StoredSegment]:
        found: list[StoredSegment] = []
        for key, mode in self._index.find_groups():
            found += self._index.find_oldest_of(key, mode, _OF_EACH)
        return sorted(found, key=lambda segment: segment.segment_id)
