"""Follows the journals of all volumes and judges every closed segment of a stream that its camera signs.

Synchronous; the validator runs it in a thread. A segment is looked at `HOLD_NS` after its end, when the recorder has
told all that was lost in it, and not at all when it is older than `LATE_NS`: a day's backlog must not take the
processor from those who need it now. An export checks on its own. Design: docs/design/media-signing.md.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.adapters.sqlite_signing_results import KEEP_NS, SigningResultsError, SqliteSigningResults
from vedette.core.errors import StorageError
from vedette.core.footage import SegmentRef
from vedette.core.footage_facts import SegmentClosed
from vedette.core.ids import is_id
from vedette.core.media import StreamRole
from vedette.core.messages import StreamAnomalyObserved
from vedette.core.time import NS_PER_S
from vedette.evidence.media_signing.segments import SegmentSigning
from vedette.evidence.media_signing.stretches import SigningStretch, find_anomaly, make_stretch
from vedette.node.signing_stream import ReadableSegment, SigningStream, make_unchecked
from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.ports import SegmentCatalog
from vedette.recording.records import StreamKey
from vedette.recording.stored_file import open_stored
from vedette.recording.volume import Volume, open_volume

HOLD_NS = 75 * NS_PER_S
"""The recorder puts small losses together for up to 60 s, and then waits 5 s."""
LATE_NS = 3600 * NS_PER_S
QUIET_NS = 600 * NS_PER_S
"""A stream of which nothing came for so long will not bring the signature of its last GOP."""
_NEAR_NS = 2 * NS_PER_S
_PAGE = 500
_SILENT_NS = 30 * 86_400 * NS_PER_S


@dataclass(frozen=True, slots=True)
class WatchReport:
    """What one round found. `problems`: sentences for the health page."""

    told: tuple[SigningStretch, ...]
    anomalies: tuple[StreamAnomalyObserved, ...]
    problems: tuple[str, ...]
    is_done: bool


class SigningWatch:
    """See the module's head."""

    def __init__(
        self,
        results: SqliteSigningResults,
        find_roots: Callable[[], Iterable[Path]],
        keys: ArchiveKeyRing,
        find_camera_roots: Callable[[], list[x509.Certificate] | None],
    ) -> None:
        self._results = results
        self._find_roots = find_roots
        self._keys = keys
        self._find_camera_roots = find_camera_roots
        self._streams: dict[StreamKey, SigningStream] = {}
        self._ends_ns: dict[StreamKey, int] = {}
        self._signed: dict[StreamKey, bool] = {}
        self._known: dict[StreamKey, str] = {}

    def advance(self, now_ns: int, most_segments: int = 10) -> WatchReport:
        """Judges what is due, at most so many segments; the rest is for the next call.

        Raises:
            StorageError: the results cannot be kept.
        """
        told: list[SigningStretch] = []
        anomalies: list[StreamAnomalyObserved] = []
        problems: list[str] = []
        taken = 0
        for root in self._find_roots():
            try:
                volume = open_volume(root)
                with closing(SqliteRecordingCatalog(volume.index)) as catalog:
                    for source, number, fact in self._find_due(volume, catalog, now_ns):
                        found = self._take(fact, volume, catalog, now_ns)
                        anomalies += self._keep(found, {source: number})
                        told += found
                        taken += 1
                        if taken >= most_segments:
                            return WatchReport(tuple(told), tuple(anomalies), tuple(problems), is_done=False)
            except SigningResultsError:
                raise
            except StorageError as exc:
                problems.append(f"volume {root.name}: {exc.message}")
        quiet = self._end_quiet(now_ns)
        anomalies += self._keep(quiet, {})
        return WatchReport((*told, *quiet), tuple(anomalies), tuple(problems), is_done=True)

    def forget_old(self, now_ns: int) -> None:
        self._results.forget_before(now_ns - KEEP_NS)

    def find_states(self, now_ns: int) -> list[SigningStretch]:
        """The newest result of every stream that is signed, or was in the last 30 days."""
        found = []
        for camera_id, stream in self._results.find_streams():
            signed = self._results.find_last_signed(camera_id, stream)
            last = self._results.find_last(camera_id, stream)
            if last is not None and signed is not None and now_ns - signed.to_ns < _SILENT_NS:
                found.append(last)
        return found

    def _find_due(
        self, volume: Volume, catalog: SegmentCatalog, now_ns: int
    ) -> Iterator[tuple[str, int, SegmentClosed]]:
        """Yields the facts of closed segments that are due, with the position that each moves its journal to."""
        source = f"journal {volume.volume_id} {catalog.find_generation()}"
        position = self._results.find_position(source)
        while entries := catalog.find_journal(position, _PAGE):
            for entry in entries:
                position, fact = entry.number, entry.fact
                if not isinstance(fact, SegmentClosed) or not is_id(fact.camera_id):
                    continue
                if 0 <= now_ns - fact.end_ns < HOLD_NS or now_ns < fact.end_ns < now_ns + LATE_NS:
                    return
                if abs(now_ns - fact.end_ns) <= LATE_NS or self._find_known(_key_of(fact)):
                    yield source, position, fact
            self._results.keep([], {source: position})

    def _take(self, fact: SegmentClosed, volume: Volume, catalog: SegmentCatalog, now_ns: int) -> list[SigningStretch]:
        key = _key_of(fact)
        stream = self._streams.setdefault(key, SigningStream(self._find_known(key)))
        self._ends_ns[key] = fact.end_ns
        ref = _find_segment(catalog, key, fact.segment_id, fact.start_ns)
        if ref is None:
            return []  # deleted meanwhile
        try:
            if abs(now_ns - fact.end_ns) > LATE_NS:
                found = [*stream.end(), *self._miss(stream, key, ref, "late")]
            else:
                segment = self._open(volume, catalog, ref)
                before = None if stream.is_watched else self._find_before(volume, catalog, ref)
                found = stream.take(segment, before, self._find_camera_roots())
                if before is not None:  # it was told before a restart, or the restart came too early for it
                    last = self._results.find_last(key.camera_id, key.role.value)
                    told_ns = last.to_ns if last is not None else 0
                    found = [one for one in found if one.segment_id != before.ref.segment_id or one.end_ns > told_ns]
        except (StorageError, OSError) as exc:
            reason = exc.code if isinstance(exc, StorageError) else "unreadable"
            found = [*stream.end(), *self._miss(stream, key, ref, reason)]
        return [make_stretch(fact.camera_id, fact.stream, one) for one in found]

    def _miss(self, stream: SigningStream, key: StreamKey, ref: SegmentRef, reason: str) -> list[SegmentSigning]:
        """Of a stream that never was signed it says nothing that a segment was not looked at."""
        return [make_unchecked(ref, reason)] if self._find_known(key) or stream.is_watched else []

    def _find_known(self, key: StreamKey) -> str:
        """Fingerprint of the key that a stream was signed with last; empty when it never was."""
        if key not in self._known:
            signed = self._results.find_last_signed(key.camera_id, key.role.value)
            self._known[key] = signed.fingerprint if signed is not None else ""
        return self._known[key]

    def _keep(self, found: list[SigningStretch], positions: dict[str, int]) -> list[StreamAnomalyObserved]:
        anomalies = []
        for one in found:
            key = StreamKey(one.camera_id, StreamRole(one.stream))
            self._known[key] = one.fingerprint or self._find_known(key)
            if key not in self._signed:
                last = self._find_last_looked_at(one)
                self._signed[key] = last is not None and last.is_signed
            anomaly = find_anomaly(one, was_signed=self._signed[key])
            if anomaly is not None:
                anomalies.append(anomaly)
            if one.result != "unchecked":
                self._signed[key] = one.is_signed
        self._results.keep(found, positions)
        return anomalies

    def _find_last_looked_at(self, one: SigningStretch) -> SigningStretch | None:
        last = self._results.find_last(one.camera_id, one.stream)
        if last is not None and last.result == "unchecked":
            return self._results.find_last_signed(one.camera_id, one.stream)
        return last

    def _end_quiet(self, now_ns: int) -> list[SigningStretch]:
        found: list[SigningStretch] = []
        for key, end_ns in list(self._ends_ns.items()):
            if now_ns - end_ns > QUIET_NS:
                del self._ends_ns[key]
                told = self._streams.pop(key).end()
                found += [make_stretch(key.camera_id, key.role.value, one) for one in told]
        return found

    def _open(self, volume: Volume, catalog: SegmentCatalog, ref: SegmentRef) -> ReadableSegment:
        key = StreamKey(ref.camera_id, ref.role)
        gaps = catalog.find_gaps(key, ref.start_ns - _NEAR_NS, ref.end_ns + _NEAR_NS)
        file = open_stored(volume.segment(ref.segment_id), self._keys)
        losses = [(gap.from_ns, gap.to_ns) for gap in gaps]
        return ReadableSegment(ref, file, catalog.find_fragments(ref.segment_id), losses)

    def _find_before(self, volume: Volume, catalog: SegmentCatalog, ref: SegmentRef) -> ReadableSegment | None:
        key = StreamKey(ref.camera_id, ref.role)
        for one in catalog.find_segments_before(key, ref.start_ns - 1, 1):
            if abs(one.end_ns - ref.start_ns) <= _NEAR_NS and not one.is_open:
                with suppress(StorageError, OSError):
                    return self._open(volume, catalog, one)
        return None


def _find_segment(catalog: SegmentCatalog, key: StreamKey, segment_id: str, start_ns: int) -> SegmentRef | None:
    found = catalog.find_segments(key, start_ns, start_ns + 1)
    return next((one for one in found if one.segment_id == segment_id), None)


def _key_of(fact: SegmentClosed) -> StreamKey:
    return StreamKey(fact.camera_id, StreamRole(fact.stream))
