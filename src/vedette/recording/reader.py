"""Reads stored footage, from any process and without the recorder: finds fragments and reads their bytes.

Synchronous and safe to use from several threads. Volumes are found by themselves: a volume that the recorder
makes later, or a disk that comes back, is there with the next question. Design: docs/design/recording-store.md.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from heapq import merge
from pathlib import Path
from typing import TypeVar

from vedette.core.errors import StorageError
from vedette.core.footage import FootageGap, FootageRun, FragmentRef, SegmentInit, SegmentRef
from vedette.core.media import Packet, StreamFormat, StreamRole
from vedette.media.fmp4 import (
    MalformedMediaError,
    TrackFragment,
    make_fragment,
    parse_fragment,
    parse_init,
    shift_fragment,
)
from vedette.recording import coverage
from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.errors import DamagedFootageError, FootageGoneError, VolumeSilentError
from vedette.recording.gated_volume import GatedVolume, open_gated
from vedette.recording.minutes import MinuteCount, count_minutes, estimate_holes
from vedette.recording.open_files import OpenFiles
from vedette.recording.ports import SegmentCatalog
from vedette.recording.records import GapRecord, SegmentSpan, StreamKey, Stretch, unpack_fragments
from vedette.recording.stored_file import StoredFile
from vedette.recording.volume import Volume
from vedette.recording.volume_gate import PATIENCE_S, VolumeGate

T = TypeVar("T")
MAX_OPEN_FILES = 64
_MOST_KNOWN_SEGMENTS = 4096
_MOST_SEGMENTS_BACK = 16
_HEAD_BYTES = 4096
_SPARE_SEGMENTS = 8
"""A segment holds a fragment at least; at the borders of a range it may hold none that overlaps it."""


class FootageReader:
    """Read-only access to the footage of one node.

    Args:
        find_roots: Returns the folders of the volumes; asked at every question, so keep it cheap.
        open_catalog: Opens the index of a volume; raises StorageError while there is none.
        now_ns: The wall clock: a gap never ends in the future.
        keys: The archive keys that encrypted footage is read with; None: it cannot be read here.
        patience_s: How long a volume's disk may take for one answer.

    A volume whose disk does not answer is passed over, as one that is away; what was found on it before and is read now
    raises VolumeSilentError. No other volume's footage waits for it longer than once for `patience_s`.
    """

    def __init__(
        self,
        find_roots: Callable[[], Iterable[Path]],
        open_catalog: Callable[[Path], SegmentCatalog],
        now_ns: Callable[[], int],
        keys: ArchiveKeyRing | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._find_roots = find_roots
        self._open_catalog = open_catalog
        self._now_ns = now_ns
        self._keys = keys
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._roots_gate = VolumeGate("(all)", patience_s)
        self._roots: tuple[Path, ...] = ()
        self._gates: dict[Path, VolumeGate] = {}
        self._volumes: dict[Path, GatedVolume] = {}
        self._files = OpenFiles(MAX_OPEN_FILES)
        self._homes: OrderedDict[str, GatedVolume] = OrderedDict()

    def close(self) -> None:
        with self._lock:
            volumes, self._volumes = list(self._volumes.values()), {}
            gates, self._gates = [*self._gates.values(), self._roots_gate], {}
            self._roots_gate = VolumeGate("(all)", self._patience_s)
        for volume in volumes:
            with suppress(VolumeSilentError):
                volume.gate.call(volume.catalog.close)
        for gate in gates:
            gate.close()
        self._files.close()

    def find_fragments(
        self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int, limit: int
    ) -> list[FragmentRef]:
        """Finds the first `limit` fragments that overlap a half-open range, in order of start."""
        found: list[FragmentRef] = []
        key = StreamKey(camera_id, role)
        for catalog, segment in self._find_segments(key, from_ns, to_ns, limit + _SPARE_SEGMENTS):
            if len(found) >= limit and segment.start_ns > found[-1].start_ns:
                break
            fragments = unpack_fragments(segment, catalog.find_fragments(segment.segment_id))
            found += [part for part in fragments if part.start_ns < to_ns and part.end_ns > from_ns]
        found.sort(key=lambda fragment: fragment.start_ns)
        return found[:limit]

    def find_key_fragment(self, camera_id: str, role: StreamRole, at_ns: int) -> FragmentRef | None:
        """Finds the last fragment that starts with a key frame at or before `at_ns`."""
        best: FragmentRef | None = None
        key = StreamKey(camera_id, role)
        for volume, found in self._ask(lambda volume: _find_key_before(volume, key, at_ns)):
            if found is not None and (best is None or found.start_ns > best.start_ns):
                best = found
                self._remember(found.segment, volume)
        return best

    def read_init(self, segment: SegmentRef) -> SegmentInit:
        """Reads the format and the stored init bytes of a segment.

        Raises:
            FootageGoneError: the segment was deleted meanwhile.
            DamagedFootageError: the file does not hold what the index says.
            FootageLockedError: it is encrypted and the key of its day is not here.
        """
        data = self._read(segment, 0, segment.init_size_bytes)
        try:
            parsed = parse_init(data)
        except MalformedMediaError as exc:
            raise _damaged(segment, exc) from exc
        return SegmentInit(StreamFormat(segment.run_id, parsed.format.video, parsed.format.audio), data)

    def read_fragment(self, fragment: FragmentRef) -> bytes:
        """Reads a fragment as it is stored: its times count from the segment's zero. Raises as `read_init`."""
        data = self._read(fragment.segment, fragment.offset, fragment.size_bytes)
        if len(data) < fragment.size_bytes:
            raise _damaged(fragment.segment, "it is shorter than the index says")
        return data

    def read_fragment_at(self, fragment: FragmentRef, media_90k: int) -> bytearray:
        """Reads a fragment and moves it so that its first picture decodes at `media_90k`."""
        data = bytearray(self.read_fragment(fragment))
        try:
            shift_fragment(data, media_90k - (fragment.media_90k - fragment.segment.start_90k))
        except MalformedMediaError as exc:
            raise _damaged(fragment.segment, exc) from exc
        return data

    def read_key_picture(self, fragment: FragmentRef, media_90k: int = 0) -> bytes:
        """Reads only the key frame of a fragment, as a fragment of one sample that lasts as long.

        For thumbnails and fast playback: an eighth of the bytes, or less.
        """
        if not fragment.is_key:
            raise DamagedFootageError("this fragment does not begin with a key frame")
        data = self._read(fragment.segment, fragment.offset, _HEAD_BYTES + fragment.key_size_bytes)
        try:
            track = parse_fragment(data).video
        except MalformedMediaError as exc:
            raise _damaged(fragment.segment, exc) from exc
        picture = b"" if track is None else data[track.offset : track.offset + fragment.key_size_bytes]
        if track is None or len(picture) < fragment.key_size_bytes:
            raise _damaged(fragment.segment, "its key frame is not where the index says")
        shown_90k = media_90k + track.composition_90k[0]
        start_ns = fragment.start_ns
        packet = Packet(False, True, shown_90k, media_90k, start_ns, start_ns, 0, 0, 0, picture)
        tracks = [TrackFragment([packet], media_90k + fragment.duration_90k)]
        return b"".join(make_fragment(1, tracks, 0, start_ns))

    def find_runs(self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> list[FootageRun]:
        """Finds the unbroken stretches of footage in a range, clipped to it."""
        key = StreamKey(camera_id, role)
        stretches: list[Stretch] = []
        for catalog, stretch in self._find_stretches(key, from_ns, to_ns):
            if from_ns <= stretch.from_ns and stretch.to_ns <= to_ns:
                stretches.append(stretch)
                continue
            for span in _find_spans_of(catalog, key, stretch, from_ns, to_ns):
                if from_ns <= span.start_ns and span.end_ns <= to_ns:
                    stretches.append(coverage.whole(span))
                else:
                    stretches += coverage.clip(span, _find_parts(catalog, key, span), from_ns, to_ns)
        stretches.sort(key=lambda stretch: stretch.from_ns)
        return coverage.find_runs(role, stretches, self._find_gap_records(key, from_ns, to_ns))

    def find_gaps(self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> list[FootageGap]:
        """Finds the stretches without footage, with their reasons.

        Time before the first footage there is and after the newest is no gap, unless a reason is on record.
        """
        key = StreamKey(camera_id, role)
        covered = [(stretch.from_ns, stretch.to_ns) for _, stretch in self._find_stretches(key, from_ns, to_ns)]
        for _, before in self._ask(lambda volume: volume.find_segments_before(key, from_ns, 1)):
            covered += [(last.start_ns, last.end_ns) for last in before]
        records = self._find_gap_records(key, from_ns, to_ns)
        return coverage.find_gaps(role, covered, records, from_ns, min(to_ns, self._now_ns()))

    def find_minutes(
        self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int, step_ns: int
    ) -> list[MinuteCount]:
        """Counts expected and stored frames in slots of a range; see `vedette.recording.minutes`."""
        key = StreamKey(camera_id, role)
        stretches = self._find_stretches(key, from_ns, to_ns)
        records = set(self._find_gap_records(key, from_ns, to_ns))
        # Whole gaps, not cut to the range: their frames are spread over all of their time.
        gaps = [FootageGap(role, gap.from_ns, gap.to_ns, gap.reason, gap.frames_missing) for gap in records]
        known = {gap.from_ns for gap in gaps}
        holes = [gap for gap in self.find_gaps(camera_id, role, from_ns, to_ns) if gap.from_ns not in known]
        gaps += estimate_holes([gap for gap in holes if gap.reason == "unknown"], [found for _, found in stretches])
        return count_minutes(self._find_pieces(key, stretches, from_ns, to_ns, step_ns), gaps, from_ns, to_ns, step_ns)

    def _find_pieces(
        self,
        key: StreamKey,
        stretches: Sequence[tuple[GatedVolume, Stretch]],
        from_ns: int,
        to_ns: int,
        step_ns: int,
    ) -> Iterator[tuple[int, int]]:
        """Yields start and frames: of what lies in one slot as a whole, else of its segments or their fragments."""

        def is_in_one_slot(start_ns: int, end_ns: int) -> bool:
            is_inside = from_ns <= start_ns and end_ns <= to_ns
            return is_inside and (start_ns - from_ns) // step_ns == (end_ns - 1 - from_ns) // step_ns

        for catalog, stretch in stretches:
            if is_in_one_slot(stretch.from_ns, stretch.to_ns):
                yield stretch.from_ns, stretch.frames
                continue
            for span in _find_spans_of(catalog, key, stretch, from_ns, to_ns):
                if is_in_one_slot(span.start_ns, span.end_ns):
                    yield span.start_ns, span.frames
                else:
                    yield from ((part.start_ns, part.frames) for part in _find_parts(catalog, key, span))

    def find_coverage(
        self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int, resolution_ns: int
    ) -> list[tuple[int, int]]:
        """Finds what a timeline paints: stretches of footage, joined over holes below the resolution."""
        key = StreamKey(camera_id, role)
        stretches = [stretch for _, stretch in self._find_stretches(key, from_ns, to_ns)]
        runs = coverage.find_runs(role, stretches, self._find_gap_records(key, from_ns, to_ns))
        inside = ((max(run.from_ns, from_ns), min(run.to_ns, to_ns)) for run in runs)
        return coverage.join((piece for piece in inside if piece[0] < piece[1]), resolution_ns)

    def find_stored(self, key: StreamKey, from_ns: int, to_ns: int) -> list[tuple[Volume, SegmentRef]]:
        """Finds the segments that overlap a half-open range, and the volume of each.

        Raises:
            VolumeSilentError: one does not answer. Who erases must not take that for nothing there.
        """
        return [
            (volume.volume, segment)
            for volume in self._open_volumes()
            for segment in volume.find_segments(key, from_ns, to_ns)
        ]

    def drop_files(self) -> None:
        """Lets go of open files: what was deleted must not be readable here any longer."""
        self._files.close()

    def find_keys(self) -> list[StreamKey]:
        """Finds every stream of which there is or was footage."""
        return sorted(
            {key for _, keys in self._ask(GatedVolume.find_keys) for key in keys},
            key=lambda key: (key.camera_id, key.role),
        )

    def _find_stretches(self, key: StreamKey, from_ns: int, to_ns: int) -> list[tuple[GatedVolume, Stretch]]:
        per_volume = [
            [(volume, stretch) for stretch in stretches]
            for volume, stretches in self._ask(lambda volume: volume.find_stretches(key, from_ns, to_ns))
        ]
        return list(merge(*per_volume, key=lambda found: found[1].from_ns))

    def _find_gap_records(self, key: StreamKey, from_ns: int, to_ns: int) -> list[GapRecord]:
        return [gap for _, gaps in self._ask(lambda volume: volume.find_gaps(key, from_ns, to_ns)) for gap in gaps]

    def _find_segments(
        self, key: StreamKey, from_ns: int, to_ns: int, limit: int | None = None
    ) -> list[tuple[GatedVolume, SegmentRef]]:
        per_volume: list[list[tuple[GatedVolume, SegmentRef]]] = []
        for volume, segments in self._ask(lambda volume: volume.find_segments(key, from_ns, to_ns, limit)):
            for segment in segments[:_MOST_KNOWN_SEGMENTS]:
                self._remember(segment, volume)
            per_volume.append([(volume, segment) for segment in segments])
        return list(merge(*per_volume, key=lambda found: found[1].start_ns))

    def _ask(self, question: Callable[[GatedVolume], T]) -> Iterator[tuple[GatedVolume, T]]:
        """Asks every volume; one that does not answer is passed over."""
        for volume in self._open_volumes():
            with suppress(VolumeSilentError):
                yield volume, question(volume)

    def _open_volumes(self) -> list[GatedVolume]:
        with suppress(VolumeSilentError):  # a disk that hangs when its folder is looked for: those known before
            self._roots = self._roots_gate.call(lambda: tuple(self._find_roots()))
        for root in self._roots:
            if root not in self._volumes:
                with suppress(StorageError):  # not made yet, or its disk is away: asked again next time
                    self._open_volume(root)
        with self._lock:
            return list(self._volumes.values())

    def _open_volume(self, root: Path) -> None:
        opened = open_gated(root, self._open_catalog, self._gate_of(root))
        with self._lock:
            is_first = self._volumes.setdefault(root, opened) is opened
        if not is_first:
            opened.gate.call(opened.catalog.close)

    def _gate_of(self, root: Path) -> VolumeGate:
        with self._lock:
            return self._gates.setdefault(root, VolumeGate(str(root), self._patience_s))

    def _remember(self, segment: SegmentRef, volume: GatedVolume) -> None:
        with self._lock:
            self._homes[segment.segment_id] = volume
            if len(self._homes) > _MOST_KNOWN_SEGMENTS:
                self._homes.popitem(last=False)

    def _find_home(self, segment: SegmentRef) -> GatedVolume:
        with self._lock:
            home = self._homes.get(segment.segment_id)
        if home is not None:
            return home
        for volume, is_here in self._ask(lambda volume: volume.has_file(segment.segment_id)):
            if is_here:
                return volume
        raise FootageGoneError(
            "this footage is not there any more", "It was deleted to make room, or its disk is away."
        )

    def open_segment(self, segment: SegmentRef) -> StoredFile:
        """Lends the open file of a segment, for copying ranges of it. Raises as `read_init`."""
        try:
            return self._open(segment)
        except FileNotFoundError as exc:
            raise FootageGoneError("this footage is not there any more", "It was deleted to make room.") from exc
        except OSError as exc:
            raise DamagedFootageError(f"segment {segment.segment_id} cannot be read: {exc.strerror}") from exc

    def _open(self, segment: SegmentRef) -> StoredFile:
        file = self._files.find(segment.segment_id)
        if file is None:
            opened = self._find_home(segment).open_file(segment.segment_id, self._keys)
            file = self._files.keep(segment.segment_id, opened)
        return file

    def _read(self, segment: SegmentRef, offset: int, size_bytes: int) -> bytes:
        try:
            file = self._open(segment)
            return file.read(size_bytes, offset)
        except FileNotFoundError as exc:
            raise FootageGoneError("this footage is not there any more", "It was deleted to make room.") from exc
        except OSError as exc:
            raise DamagedFootageError(f"segment {segment.segment_id} cannot be read: {exc.strerror}") from exc


def _find_key_before(volume: GatedVolume, key: StreamKey, at_ns: int) -> FragmentRef | None:
    """The last fragment of a volume that starts with a key frame at or before a time."""
    for segment in volume.find_segments_before(key, at_ns, _MOST_SEGMENTS_BACK):
        packed = volume.find_fragments(segment.segment_id)
        keys = [part for part in unpack_fragments(segment, packed) if part.is_key and part.start_ns <= at_ns]
        if keys:
            return keys[-1]
    return None


def _find_spans_of(
    catalog: GatedVolume, key: StreamKey, stretch: Stretch, from_ns: int, to_ns: int
) -> list[SegmentSpan]:
    """The segments of a stretch that overlap a range. None, when they were deleted meanwhile."""
    spans = catalog.find_spans(key, max(from_ns, stretch.from_ns), min(to_ns, stretch.to_ns))
    return [span for span in spans if stretch.is_of(span)]


def _find_parts(catalog: GatedVolume, key: StreamKey, span: SegmentSpan) -> Iterator[FragmentRef]:
    for segment in catalog.find_segments(key, span.start_ns, span.start_ns + 1):
        if segment.segment_id == span.segment_id:
            yield from unpack_fragments(segment, catalog.find_fragments(segment.segment_id))


def _damaged(segment: SegmentRef, why: object) -> DamagedFootageError:
    return DamagedFootageError(
        f"segment {segment.segment_id} is damaged: {why}", "Run `vedette check` on this machine."
    )
