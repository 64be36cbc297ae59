"""Keeps account of completeness: what should be stored and is not, and why.

Pure: no IO, no clock. Half of what operators of other systems complain about is footage that is missing
without a word. So every picture is accounted for by its number: it is stored, or it lies in a gap with a
reason. Small losses are put together, so that a bad network gives one gap, not one per packet.
"""

from dataclasses import dataclass, replace

from vedette.core.media import Packet
from vedette.core.time import NS_PER_S, ticks_to_ns
from vedette.recording.fragmenter import CollectedFragment
from vedette.recording.records import GapRecord, StreamKey

HOLE_NS = NS_PER_S // 2
"""A shorter pause between two pictures is jitter or a slow camera, not a gap."""
_MERGE_NS = 5 * NS_PER_S
_LONGEST_MERGED_NS = 60 * NS_PER_S
_FAULTS = frozenset({"network", "camera", "internal"})
_UNSURE = frozenset({"network", "camera", ""})
"""Causes that a standstill of our own looks like."""
_TELL_OPEN_AFTER_NS = 5 * NS_PER_S
_STALL = "no_video"
_NETWORK_CODES = frozenset({"unreachable", "no_answer", "host_not_found"})


@dataclass(slots=True)
class LedgerTotals:
    """Pictures of one stream since the recorder started.

    Attributes:
        received: Handed to the recorder.
        unplaced: Received before the first key frame of a segment: nothing could decode them.
        stored: Written to disk (handed to the volume and not reported lost).
        missing: Known to exist and in no file: lost on the network or dropped by us.
        unwanted: Received while neither the calendar nor a trigger wanted footage.

    received = stored + missing of those received + unplaced + unwanted.
    """

    received: int = 0
    unplaced: int = 0
    stored: int = 0
    missing: int = 0
    unwanted: int = 0


class CompletenessLedger:
    """The account of one stream. Feed it in order; every method returns the gaps that it completes."""

    def __init__(self, key: StreamKey, last_end_ns: int | None, began_ns: int | None = None) -> None:
        """`last_end_ns`: where the newest stored footage ends; what follows until the first is `us`.

        `began_ns`: when we were there again. A fault of the camera after that is no longer ours.
        """
        self.totals = LedgerTotals()
        self._key = key
        self._end_ns = last_end_ns
        self._began_ns = began_ns
        self._cause = "us"
        self._stood_still = (0, 0)
        self._run_id = ""
        self._next_sequence: int | None = None
        self._step_ns = NS_PER_S // 25
        self._last_dts_90k = 0
        self._pending: GapRecord | None = None
        self._unwanted_from_ns: int | None = None
        self._is_stalled = False

    @property
    def end_ns(self) -> int | None:
        """Up to where the account reaches: the end of what came last. None before anything did."""
        return self._end_ns

    def on_run(self, run_id: str) -> None:
        """A new run starts. Without a fault before, the camera's clock or format changed."""
        if run_id != self._run_id:
            if self._run_id and not self._cause:
                self._cause = "clock"
            self._run_id = run_id
            self._next_sequence = None

    def on_fault(self, code: str) -> list[GapRecord]:
        """The stream stalled or was lost, with a code of `vedette.camera.errors`. Our own downtime ends before it."""
        is_network = code in _NETWORK_CODES
        if self._is_stalled and is_network:
            self._cause = "network"  # a pulled cable is first a silence, then an address that does not answer
        if self._cause in _FAULTS or self._cause == "policy":
            return []  # the first reason made the gap; what follows is its consequence
        self._is_stalled = code == _STALL
        if code == "internal_error":
            self._cause = "internal"
            return []
        gaps = self._end_downtime()
        self._cause = "network" if is_network else "camera"
        return gaps

    def on_standstill(self, from_ns: int, to_ns: int) -> None:
        """This process read nothing meanwhile (stopped, or out of processor): a gap that begins then is ours."""
        self._stood_still = (from_ns, to_ns)

    def _end_downtime(self) -> list[GapRecord]:
        """While we were not there nobody can say how the camera was: that time keeps its own reason."""
        start_ns = self._end_ns
        back_ns = self._find_back_ns()
        if start_ns is None or back_ns is None or back_ns - start_ns <= HOLE_NS:
            return []
        self._end_ns = back_ns
        return [GapRecord(self._key, start_ns, back_ns, "us", (back_ns - start_ns) // self._step_ns)]

    def _find_back_ns(self) -> int | None:
        """When we were there again, if what is missing now began while we were not."""
        if self._cause == "us":
            return self._began_ns
        return self._stood_still[1] if self._end_ns is not None and self._is_ours(self._end_ns) else None

    def _is_ours(self, start_ns: int) -> bool:
        """Whether we stood still when a gap began. A second's play: pictures carry their own time."""
        from_ns, to_ns = self._stood_still
        return from_ns - NS_PER_S <= start_ns < to_ns

    def on_disk(self) -> None:
        """There is no volume to record to: what is missing until there is one again is the disks' fault."""
        if self._cause not in _FAULTS:
            self._cause = "disk"

    def on_unwanted(self, packet: Packet) -> list[GapRecord]:
        """A picture came that no trigger wanted. What fails to come meanwhile might have been one."""
        gaps = self._find_hole(packet)
        if gaps:
            self._unwanted_from_ns = None
            self._end_ns = packet.captured_at_ns
        self._pass_over(packet)
        self._cause = ""
        return gaps

    def on_off(self, packet: Packet) -> list[GapRecord]:
        """A picture came while recording is off: also what does not come then is wanted by nobody."""
        gaps = [] if self._end_ns is None or packet.captured_at_ns >= self._end_ns - NS_PER_S else self._end_unwanted()
        self._pass_over(packet)
        self._cause = "policy"
        return gaps

    def on_policy(self) -> None:
        """Recording was switched off; what is missing until it is on again is wanted."""
        self._cause = "policy"

    def on_unplaced(self, packet: Packet) -> list[GapRecord]:
        """A picture came that belongs to no segment: none has begun with a key frame yet."""
        self.totals.received += 1
        self._next_sequence = packet.sequence + 1
        if self._cause != "disk":
            self.totals.unplaced += 1
            return []
        at_ns = packet.captured_at_ns  # the rest of a GOP whose beginning the disk did not take
        self._end_ns = at_ns + self._step_ns
        return self._add(GapRecord(self._key, at_ns, self._end_ns, "disk", 1))

    def on_fragment(self, fragment: CollectedFragment) -> list[GapRecord]:
        """Takes a fragment that goes to disk."""
        video = fragment.video
        if not video:
            return []
        gaps = self._find_hole(video[0]) or self._end_unwanted()
        expected = self._next_sequence
        for packet in video:
            if packet.lost_before or packet.sequence != expected:
                gaps += self._find_loss(packet, expected)
            expected = packet.sequence + 1
            self._last_dts_90k = packet.dts_90k
        self.totals.received += len(video)
        self.totals.stored += len(video)
        self._remember(fragment)
        return gaps

    def on_lost(self, from_ns: int, to_ns: int, frames: int) -> list[GapRecord]:
        """A fragment that was counted as stored was lost on the way to disk."""
        self.totals.stored -= frames
        self._cause = "disk"
        return self._add(GapRecord(self._key, from_ns, to_ns, "disk", frames))

    def on_refused(self, fragment: CollectedFragment) -> list[GapRecord]:
        """A fragment was dropped because the disk is too slow, or waits for one that was."""
        if not fragment.video:
            return []
        gaps = self._find_hole(fragment.video[0]) or self._end_unwanted()
        self.totals.received += len(fragment.video)
        self._remember(fragment)
        self._cause = "disk"
        lost = GapRecord(self._key, fragment.video[0].captured_at_ns, self._end_ns or 0, "disk", len(fragment.video))
        return gaps + self._add(lost)

    def flush(self, now_ns: int | None = None) -> list[GapRecord]:
        """Returns the collected small losses once they have ended some seconds ago; None: at once."""
        pending = self._pending
        if pending is None or (now_ns is not None and now_ns - pending.to_ns < _MERGE_NS):
            return []
        self._pending = None
        return [pending]

    def find_open_gap(self, now_ns: int) -> GapRecord | None:
        """Returns the gap that a fault has made so far; told again it only grows, until footage ends it."""
        if self._cause in {"", "policy"} and self._unwanted_from_ns is not None:
            return self._open_unwanted(now_ns)
        if self._end_ns is None or self._cause not in _FAULTS or now_ns - self._end_ns < _TELL_OPEN_AFTER_NS:
            return None
        missing = (now_ns - self._end_ns) // self._step_ns
        return GapRecord(self._key, self._end_ns, now_ns, self._find_reason(self._end_ns), missing, is_open=True)

    def _open_unwanted(self, now_ns: int) -> GapRecord | None:
        """Off is off also while the camera is silent; a trigger answers only for the pictures that came."""
        start_ns, end_ns = self._unwanted_from_ns or 0, self._end_ns or 0
        end_ns = max(end_ns, now_ns) if self._cause == "policy" else end_ns
        return GapRecord(self._key, start_ns, end_ns, "policy", 0, is_open=True) if end_ns > start_ns else None

    def _remember(self, fragment: CollectedFragment) -> None:
        last = fragment.video[-1]
        self._next_sequence = last.sequence + 1
        self._end_ns = last.captured_at_ns + ticks_to_ns(max(0, fragment.video_end_90k - last.dts_90k))
        if len(fragment.video) > 1:
            span_90k = last.dts_90k - fragment.video[0].dts_90k
            self._step_ns = max(1, ticks_to_ns(span_90k) // (len(fragment.video) - 1))
        self._cause = ""
        self._is_stalled = False
        self._unwanted_from_ns = None

    def _find_missing(self, first: Packet) -> GapRecord | None:
        if self._end_ns is None:
            return None
        length_ns = first.captured_at_ns - self._end_ns
        if length_ns <= max(HOLE_NS, 2 * self._step_ns):
            return None
        if self._cause == "policy":
            start_ns = self._end_ns if self._unwanted_from_ns is None else self._unwanted_from_ns
            return GapRecord(self._key, start_ns, first.captured_at_ns, "policy", 0)
        missing = length_ns // self._step_ns
        return GapRecord(self._key, self._end_ns, first.captured_at_ns, self._find_reason(self._end_ns), missing)

    def _find_reason(self, start_ns: int) -> str:
        is_ours = self._cause == "internal" or (self._cause in _UNSURE and self._is_ours(start_ns))
        return "us" if is_ours else self._cause or "camera"

    def find_hole(self, first: Packet) -> GapRecord | None:
        """Returns the gap that lies before this picture, when it is the next one to be stored."""
        hole = self._find_missing(first)
        return hole or self._make_unwanted()

    def _find_hole(self, first: Packet) -> list[GapRecord]:
        gap = self._find_missing(first)
        if gap is None:
            return []
        before = [] if gap.reason == "policy" else self._end_unwanted()
        return [*self.flush(), *before, gap]

    def _end_unwanted(self) -> list[GapRecord]:
        gap = self._make_unwanted()
        self._unwanted_from_ns = None
        return [] if gap is None else [gap]

    def _make_unwanted(self) -> GapRecord | None:
        start_ns, end_ns = self._unwanted_from_ns, self._end_ns
        if start_ns is None or end_ns is None or end_ns <= start_ns:
            return None
        return GapRecord(self._key, start_ns, end_ns, "policy", 0)

    def _pass_over(self, packet: Packet) -> None:
        at_ns = packet.captured_at_ns
        if self._unwanted_from_ns is None or at_ns < self._unwanted_from_ns:
            is_after = self._end_ns is not None and self._unwanted_from_ns is None and self._end_ns <= at_ns
            self._unwanted_from_ns = self._end_ns if is_after else at_ns
        self._end_ns = at_ns + self._step_ns
        self._next_sequence = packet.sequence + 1
        self._last_dts_90k = packet.dts_90k
        self.totals.received += 1
        self.totals.unwanted += 1

    def _find_loss(self, packet: Packet, expected: int | None) -> list[GapRecord]:
        at_ns = packet.captured_at_ns
        if expected is not None and packet.sequence > expected:
            frames = packet.sequence - expected
            return self._add(GapRecord(self._key, at_ns - frames * self._step_ns, at_ns, "us", frames))
        if packet.lost_before:
            # A picture of which a part was lost is there and damaged: it counts as one.
            pause_90k = max(0, packet.dts_90k - self._last_dts_90k) if expected is not None else 0
            frames = max(1, round(ticks_to_ns(pause_90k) / self._step_ns) - 1)
            return self._add(GapRecord(self._key, at_ns - frames * self._step_ns, at_ns, "network", frames))
        return []

    def _add(self, gap: GapRecord) -> list[GapRecord]:
        self.totals.missing += gap.frames_missing
        pending = self._pending
        if (
            pending is not None
            and pending.reason == gap.reason
            and gap.from_ns - pending.to_ns < _MERGE_NS
            and gap.to_ns - pending.from_ns < _LONGEST_MERGED_NS
        ):
            frames = pending.frames_missing + gap.frames_missing
            # What a disk lost is told after what came later: the earlier of both is where the gap begins.
            from_ns, to_ns = min(pending.from_ns, gap.from_ns), max(pending.to_ns, gap.to_ns)
            self._pending = replace(pending, from_ns=from_ns, to_ns=to_ns, frames_missing=frames)
            return []
        self._pending = gap
        return [] if pending is None else [pending]
