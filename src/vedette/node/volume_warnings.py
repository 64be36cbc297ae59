"""Looks at open volumes once a second and says what an administrator should know; once per change."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from vedette.core.time import NS_PER_S
from vedette.node.open_volume import OpenVolume
from vedette.recording.forecast import Room, find_room, is_hold_pressing
from vedette.recording.retention import DAY_NS, KeepRules

_AVERAGE_NS = 600 * NS_PER_S
_SAMPLE_NS = 10 * NS_PER_S
_SHORTEST_NS = 5 * NS_PER_S
_SLOW_SHARE, _FAST_SHARE = 0.25, 0.05
"""Of the queue: a healthy disk never leaves more than a second of footage in it."""


@dataclass(slots=True)
class _Inflow:
    """(mono_ns, bytes written) samples of the last ten minutes."""

    samples: deque[tuple[int, int]] = field(default_factory=deque)


class VolumeWarnings:
    """`warn(volume, kind, detail)` is called once per change; kinds as in `StorageWarned`."""

    def __init__(self, warn: Callable[[OpenVolume, str, str], None]) -> None:
        self._warn = warn
        self._inflows: dict[str, _Inflow] = {}

    def look(self, volume: OpenVolume, rules: KeepRules, now_ns: int, mono_ns: int) -> None:
        """Once a second for each open volume."""
        self._average(volume, mono_ns)
        queued = volume.writer.waiting_bytes / volume.writer.max_queued_bytes
        slow = queued > (_FAST_SHARE if "slow_disk" in volume.warnings else _SLOW_SHARE)
        self._set(volume, "slow_disk", slow, f"{volume.writer.waiting_bytes / 1e6:.0f} MB wait to be written")
        was_pressing = "hold_forecast" in volume.warnings
        pressing = is_hold_pressing(measure_room(volume, rules, now_ns), was_pressing=was_pressing)
        detail = f"{volume.writer.held_bytes / 1e9:.1f} GB are under hold and leave less than 3 days of room"
        self._set(volume, "hold_forecast", pressing, detail)

    def look_spilled(self, volume: OpenVolume) -> None:
        """After cameras were placed."""
        count = len(volume.spilled_cameras)
        self._set(volume, "spill_over", count > 0, f"{count} cameras record here that belong to another volume")

    def _average(self, volume: OpenVolume, mono_ns: int) -> None:
        samples = self._inflows.setdefault(volume.volume.volume_id, _Inflow()).samples
        written = volume.writer.written_bytes
        if samples and written < samples[-1][1]:
            samples.clear()  # opened anew: it counts from 0
        if not samples or mono_ns - samples[-1][0] >= _SAMPLE_NS:
            samples.append((mono_ns, written))
        while mono_ns - samples[0][0] > _AVERAGE_NS:
            samples.popleft()
            if not samples:
                return
        elapsed_ns = mono_ns - samples[0][0]
        if elapsed_ns >= _SHORTEST_NS:
            volume.inflow_bps = (written - samples[0][1]) * 8 * NS_PER_S / elapsed_ns

    def _set(self, volume: OpenVolume, kind: str, holds: bool, detail: str) -> None:  # noqa: FBT001 -- a state
        if holds is (kind in volume.warnings):
            return
        if holds:
            volume.warnings.add(kind)
            self._warn(volume, kind, detail)
        else:
            volume.warnings.discard(kind)
            self._warn(volume, f"-{kind}", "")


def measure_room(volume: OpenVolume, rules: KeepRules, now_ns: int) -> Room:
    """What the forecast needs of a volume."""
    writer, limit = volume.writer, volume.assignment
    oldest_ns = writer.totals.oldest_ns
    terms = [term for (camera_id, _), term in rules.terms.items() if camera_id in volume.cameras]
    covered = {camera_id for camera_id, _ in rules.terms}
    all_expire = bool(terms) and all(term.max_days for term in terms) and volume.cameras <= covered
    return Room(
        room_bytes=find_room(writer.free_bytes, writer.used_bytes, limit.max_bytes, limit.reserve_bytes),
        used_bytes=writer.used_bytes,
        held_bytes=writer.held_bytes,
        inflow_bps=volume.inflow_bps,
        longest_days=max(term.max_days for term in terms) if all_expire else 0.0,
        oldest_days=max(0.0, (now_ns - oldest_ns) / DAY_NS) if oldest_ns is not None else 0.0,
    )
