"""Records one stream: packets in, store jobs and an account of completeness out.

Called on the event loop, once per packet; it only collects and decides. Writing happens in the volume's
thread. Design: docs/design/recording-store.md.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from vedette.core.footage_facts import IngestFacts
from vedette.core.media import Packet, StreamFormat
from vedette.core.recording_plan import RecordingMode
from vedette.core.time import NS_PER_S, ticks_to_ns
from vedette.media.fmp4 import TrackFragment, make_fragment, make_init
from vedette.recording.fragmenter import CollectedFragment, Fragmenter
from vedette.recording.ledger import CompletenessLedger
from vedette.recording.records import FragmentEntry, GapRecord, SegmentHead, StreamKey
from vedette.recording.segmenter import Cut, CutPolicy, Segmenter
from vedette.recording.stamp import make_stamp
from vedette.recording.store_terms import LostFootage, StoreJob

_HOLD_NS = NS_PER_S
_TELL_OPEN_EVERY_NS = 5 * NS_PER_S
_LONGEST_MEDIA_90K = 0xFFFFFFFF


class FootageSink(Protocol):
    """Where a volume takes footage; `VolumeWriter` is one."""

    def submit(self, job: StoreJob) -> bool: ...

    def close_segment(self, segment_id: str) -> None: ...

    def submit_gap(self, gap: GapRecord) -> None: ...


@dataclass(slots=True)
class _Segment:
    segment_id: str
    mode: RecordingMode
    head: SegmentHead | None = None
    init: bytes = b""
    ingest_before: IngestFacts | None = None


class StreamRecorder:
    """One recorded stream.

    Args:
        make_segment_id: Makes a fresh id.
        on_gap: Told about every gap, after it went to the volume.
    """

    def __init__(
        self,
        key: StreamKey,
        sink: FootageSink,
        ledger: CompletenessLedger,
        make_segment_id: Callable[[], str],
        on_gap: Callable[[GapRecord], None],
        policy: CutPolicy,
        stagger_90k: int = 0,
    ) -> None:
        self.key = key
        self.ledger = ledger
        self._sink = sink
        self._make_segment_id = make_segment_id
        self._on_gap = on_gap
        self._policy = policy
        self._stagger_90k = stagger_90k
        self._format: StreamFormat | None = None
        self._segmenter = Segmenter(policy, stagger_90k)
        self._fragmenter = Fragmenter()
        self._segment: _Segment | None = None
        self._waits_for_key = False
        self._open_gap_due_ns = 0
        self.read_ingest: Callable[[], IngestFacts] = IngestFacts
        """How packets arrived since the stream's service started; asked once a fragment."""
        self._last_ingest: IngestFacts | None = None
        self._mode = RecordingMode.CONTINUOUS

    def set_mode(self, mode: RecordingMode) -> None:
        """What follows is recorded for another reason: its file begins at the next key frame."""
        self._mode = mode

    def write_format(self, stream_format: StreamFormat) -> None:
        """A new run, or new parameters within it: what follows goes to a new file."""
        if stream_format == self._format:
            return
        self.end_segment()
        self._format = stream_format
        self._segmenter = Segmenter(self._policy, self._stagger_90k)
        self.ledger.on_run(stream_format.run_id)

    def write_packet(self, packet: Packet) -> None:
        """Takes one access unit. Pictures before the first key frame belong to no segment."""
        if packet.is_audio:
            if self._segment is not None:
                self._store(self._fragmenter.push_audio(packet))
            return
        if self._fragmenter.add_plain(packet):
            return
        cut = self._find_cut(packet)
        if cut is None:
            if self._segment is None:
                self._tell(self.ledger.on_unplaced(packet))
            else:
                self._store(self._fragmenter.push_video(packet))
            return
        self._store(self._fragmenter.push_video(packet, cut=True))
        self._close_segment()
        self._segment = _Segment(self._make_segment_id(), self._mode)

    def tick(self, now_ns: int) -> None:
        """Once a second: a stream that pauses does not keep its last pictures in memory."""
        oldest_ns = self._fragmenter.oldest_received_ns
        if oldest_ns is not None and now_ns - oldest_ns > 2 * _HOLD_NS:
            self._store(self._fragmenter.flush())
        self._tell(self.ledger.flush(now_ns))
        if now_ns >= self._open_gap_due_ns:
            self._open_gap_due_ns = now_ns + _TELL_OPEN_EVERY_NS
            open_gap = self.ledger.find_open_gap(now_ns)
            if open_gap is not None:  # for the index alone: the bus hears of a gap when it has ended
                self._sink.submit_gap(open_gap)

    def on_lost(self, lost: LostFootage) -> None:
        """The volume could not store something of this stream: begin anew at the next key frame."""
        self._tell(self.ledger.on_lost(lost.from_ns, lost.to_ns, lost.frames))
        if self._segment is not None and self._segment.segment_id == lost.segment_id:
            self._waits_for_key = True
            self.end_segment()

    def on_fault(self, code: str, *, ends_run: bool) -> None:
        """The stream stalled or was lost: what is collected goes to disk now."""
        self._store(self._fragmenter.flush())
        if ends_run:
            self.end_segment()
        self._tell(self.ledger.on_fault(code))

    def end_segment(self) -> None:
        """Stores what is collected and ends the file; the next one begins at a key frame."""
        self._store(self._fragmenter.flush())
        self._close_segment()
        self._segmenter = Segmenter(self._policy, self._stagger_90k)

    def close(self) -> None:
        """Recording of this stream ends."""
        self.end_segment()
        self._tell(self.ledger.flush())

    def write_unwanted(self, packets: Iterable[Packet]) -> None:
        """Pictures that no trigger wanted: they are accounted for, not stored."""
        for packet in packets:
            if not packet.is_audio:
                self._tell(self.ledger.on_unwanted(packet))

    def write_off(self, packet: Packet) -> None:
        """A picture while recording is off: nobody expects it, nor any that fail to come meanwhile."""
        if not packet.is_audio:
            self._tell(self.ledger.on_off(packet))

    def _find_cut(self, packet: Packet) -> Cut | None:
        segment = self._segment
        if packet.is_key and segment is not None and segment.mode is not self._mode:
            self._segmenter = Segmenter(self._policy, self._stagger_90k)
        return self._segmenter.push(packet)

    def _store(self, fragment: CollectedFragment | None) -> None:
        segment, stream_format = self._segment, self._format
        if fragment is None or segment is None or stream_format is None:
            return
        if self._waits_for_key and not (fragment.video and fragment.video[0].is_key):
            self._tell(self.ledger.on_refused(fragment))
            return
        gap = None
        if segment.head is None and fragment.video:
            gap = self.ledger.find_hole(fragment.video[0])
        job = _make_job(self.key, segment, stream_format, fragment, gap, self._ingest_of(segment))
        if self._sink.submit(job):
            self._waits_for_key = False
            self._segmenter.grow(job.entry.size_bytes)
            self._tell(self.ledger.on_fragment(fragment))
        else:
            self._waits_for_key = True
            self._tell(self.ledger.on_refused(fragment))

    def _ingest_of(self, segment: _Segment) -> IngestFacts:
        """Sums since the last fragment of the segment before, so that those of all segments add up."""
        now = self.read_ingest()
        if segment.ingest_before is None:
            segment.ingest_before = self._last_ingest or now
        self._last_ingest = now
        return now.since(segment.ingest_before)

    def _close_segment(self) -> None:
        if self._segment is not None and self._segment.head is not None:
            self._sink.close_segment(self._segment.segment_id)
        self._segment = None

    def _tell(self, gaps: list[GapRecord]) -> None:
        for gap in gaps:
            self._sink.submit_gap(gap)
            self._on_gap(gap)


def _make_job(
    key: StreamKey,
    segment: _Segment,
    stream_format: StreamFormat,
    fragment: CollectedFragment,
    gap: GapRecord | None,
    ingest: IngestFacts,
) -> StoreJob:
    first = (fragment.video or fragment.audio)[0]
    if segment.head is None:
        zero_90k = min(packets[0].dts_90k for packets in (fragment.video, fragment.audio) if packets)
        head = SegmentHead(
            segment.segment_id,
            key,
            stream_format.run_id,
            first.captured_at_ns,
            zero_90k,
            first.sequence,
            0,
            segment.mode,
        )
        segment.init = make_init(stream_format, make_stamp(head, gap))
        segment.head = replace(head, init_size_bytes=len(segment.init))
    head = segment.head
    tracks = []
    if fragment.video:
        tracks.append(TrackFragment(fragment.video, fragment.video_end_90k))
    if fragment.audio:
        tracks.append(TrackFragment(fragment.audio, fragment.audio_end_90k))
    # The fragment's number is that of its first picture in the run: a rebuilt index sees what is missing.
    buffers = make_fragment(first.sequence + 1, tracks, head.start_90k, first.captured_at_ns)
    return StoreJob(head, _make_entry(fragment, head, sum(map(len, buffers))), segment.init, buffers, ingest)


def _make_entry(fragment: CollectedFragment, head: SegmentHead, size_bytes: int) -> FragmentEntry:
    packets, end_90k = fragment.video, fragment.video_end_90k
    if not packets:
        packets, end_90k = fragment.audio, fragment.audio_end_90k
    first, last = packets[0], packets[-1]
    end_ns = last.captured_at_ns + ticks_to_ns(max(0, end_90k - last.dts_90k))
    return FragmentEntry(
        start_ns=first.captured_at_ns,
        end_ns=end_ns,
        media_90k=min(max(0, first.dts_90k - head.start_90k), _LONGEST_MEDIA_90K),
        duration_90k=max(0, end_90k - first.dts_90k),
        size_bytes=size_bytes,
        frames=len(fragment.video),
        key_size_bytes=len(first.data) if fragment.video and first.is_key else 0,
    )
