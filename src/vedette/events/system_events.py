"""Decides which facts about recording, volumes and streams an operator must see as events. Pure.

What `signal_lost` tells already is not told a second time as a gap; what nobody wanted recorded (`policy`) never.
Design: docs/design/events.md.
"""

from collections.abc import Callable, Iterable

from vedette.core.messages import (
    BusMessage,
    EventObserved,
    ProcessStateChanged,
    RecordingGapObserved,
    StorageWarned,
    StreamAnomalyObserved,
    VolumeStateChanged,
)
from vedette.core.time import NS_PER_S
from vedette.events.episodes import Episodes, Observation
from vedette.events.signal import PATIENCE_NS

GAP = "recording_gap"
LONGEST_UNTOLD_GAP_NS = 5 * NS_PER_S
"""A shorter gap is in the ledger and on the timeline, and no event: a killed recorder is back by then."""
RECORDER = "recorder"
_LOSS_REASONS = frozenset({"camera", "network", "unknown"})
_VOLUME_KINDS = {"full": "volume_full", "failed": "volume_failed"}
_ANOMALY_KINDS = {
    "packet_loss": "packet_loss",
    "clock_offset": "clock_changed",
    "clock_drift": "clock_changed",
    "clock_step": "clock_changed",
    "delay": "delay",
    "format_changed": "stream_changed",
    "signature_bad": "signature_failed",
    "signature_missing": "signature_failed",
    "replay": "tamper_replayed",
}
_MOMENTS = frozenset({"clock_step", "format_changed", "signature_bad", "signature_missing", "replay"})
_RESTORED = "restored"
_LASTING = frozenset({*_VOLUME_KINDS.values(), "storage_warned"})
KINDS = (GAP, *_VOLUME_KINDS.values(), "storage_warned", *sorted(set(_ANOMALY_KINDS.values())))

IsTold = Callable[[str, int, int], bool]
"""Whether a loss of signal of this camera, told as an event, covers this time."""


class SystemWatch:
    """Follows such facts and says what became an event."""

    def __init__(self) -> None:
        self._episodes = Episodes()
        self._down: ProcessStateChanged | None = None
        self._up_since_ns: int | None = None

    def restore(self, open_events: Iterable[EventObserved]) -> None:
        """Takes up what was open before a restart."""
        for event in open_events:
            holder = _RESTORED if event.kind in _ANOMALY_KINDS.values() else ""
            self._episodes.restore(event, lasts=event.kind in _LASTING, holder=holder)

    def observe(self, message: BusMessage, is_told: IsTold) -> list[EventObserved]:
        """Takes a fact; returns events to be written. Facts that make no event are passed over."""
        match message:
            case RecordingGapObserved():
                return self._on_gap(message, is_told)
            case VolumeStateChanged():
                return self._on_volume(message)
            case StorageWarned():
                return self._on_warning(message)
            case StreamAnomalyObserved():
                return self._on_anomaly(message)
            case ProcessStateChanged() if message.role == RECORDER:
                return self._on_recorder(message)
        return []

    def forget_volume(self, name: str, at_ns: int) -> list[EventObserved]:
        """Ends what is open about a volume that was taken out of use: nobody will tell that it is well again."""
        return self._episodes.end_about(name, at_ns)

    def decide(self, now_ns: int, camera_ids: frozenset[str]) -> list[EventObserved]:
        """Returns events that begin, change or end by the passing of time, or because their camera is gone."""
        self._episodes.drop_cameras(camera_ids)
        return self._decide_recorder(now_ns) + self._episodes.decide(now_ns)

    def _on_gap(self, fact: RecordingGapObserved, is_told: IsTold) -> list[EventObserved]:
        length_ns = fact.to_ns - fact.from_ns
        if fact.reason == "policy" or length_ns < LONGEST_UNTOLD_GAP_NS:
            return []
        if fact.reason in _LOSS_REASONS and is_told(fact.camera_id, fact.from_ns, fact.to_ns):
            return []
        detail = f"{fact.stream}: {length_ns / NS_PER_S:.1f} s without footage, reason {fact.reason}"
        seen = Observation(
            GAP, fact.camera_id, fact.from_ns, fact.to_ns, detail, measure="gap_s", value=length_ns / NS_PER_S
        )
        return self._episodes.observe(seen)

    def _on_volume(self, fact: VolumeStateChanged) -> list[EventObserved]:
        subject = fact.name or fact.volume_id
        kind = _VOLUME_KINDS.get(fact.state)
        news = [
            event
            for other in _VOLUME_KINDS.values()
            if other != kind
            for event in self._episodes.end(other, "", subject, fact.at_ns)
        ]
        if kind is not None:
            detail = f"volume {subject}: {fact.reason or fact.state}"
            news += self._episodes.observe(Observation(kind, "", fact.at_ns, fact.at_ns, detail, subject, lasts=True))
        return news

    def _on_warning(self, fact: StorageWarned) -> list[EventObserved]:
        name = fact.name or fact.volume_id
        subject = f"{name}/{fact.kind.removeprefix('-')}"
        if fact.kind.startswith("-"):
            return self._episodes.end("storage_warned", "", subject, fact.at_ns)
        detail = f"volume {name}: {fact.kind.replace('_', ' ')}: {fact.detail}"
        seen = Observation("storage_warned", "", fact.at_ns, fact.at_ns, detail, subject, lasts=True)
        return self._episodes.observe(seen)

    def _on_anomaly(self, fact: StreamAnomalyObserved) -> list[EventObserved]:
        """What lasts is told at its beginning and, with a minus, at its end; all streams of a camera are one event."""
        name = fact.kind.removeprefix("-")
        kind = _ANOMALY_KINDS.get(name)
        if kind is None:
            return []
        holder = f"{fact.stream}/{name}"
        if fact.kind != name:
            self._episodes.let_go(kind, fact.camera_id, (holder, _RESTORED), fact.at_ns)
            return []
        detail = f"{fact.stream}: {fact.detail}"
        seen = Observation(
            kind,
            fact.camera_id,
            fact.at_ns,
            fact.at_ns,
            detail,
            holder="" if name in _MOMENTS else holder,
            measure=name,
            value=fact.value,
        )
        return self._episodes.observe(seen)

    def _on_recorder(self, fact: ProcessStateChanged) -> list[EventObserved]:
        """A recorder that starts again and again is down, although each start says that it runs.

        It begins without memory: what lasts it says again, and nobody else will say that the rest is over.
        """
        if fact.state == "running":
            self._up_since_ns = fact.at_ns
            return self._episodes.drop_before({*_LASTING, *_ANOMALY_KINDS.values()}, fact.at_ns)
        if fact.state == "restarting":
            self._down, self._up_since_ns = self._down or fact, None
        return []

    def _decide_recorder(self, now_ns: int) -> list[EventObserved]:
        """Nobody can tell of gaps while the recorder is down: this event does it, for all cameras at once."""
        down, up_ns = self._down, self._up_since_ns
        if down is None:
            return []
        if up_ns is not None and now_ns - up_ns >= PATIENCE_NS:
            self._down = None
            return self._episodes.end(GAP, "", RECORDER, up_ns)
        if now_ns - down.at_ns < PATIENCE_NS:
            return []
        detail = f"the recorder does not run, no camera is recorded: {down.reason}"
        return self._episodes.observe(Observation(GAP, "", down.at_ns, now_ns, detail, RECORDER))
