"""Builds volumes and feeds recorders in tests, without cameras and without time."""

from collections.abc import Iterable
from itertools import count
from pathlib import Path

from tests.support.media import H264
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.adapters.sqlite_recording_index import SqliteRecordingIndex
from vedette.core.ids import make_id
from vedette.core.media import Packet, StreamFormat, StreamRole
from vedette.core.time import NS_PER_S, TICKS_PER_S
from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.disk import PosixDisk
from vedette.recording.ledger import CompletenessLedger
from vedette.recording.reader import FootageReader
from vedette.recording.records import GapRecord, StreamKey
from vedette.recording.recovery import recover
from vedette.recording.retention import SpaceLimit
from vedette.recording.segment_body import BodyMaker, make_plain_body
from vedette.recording.segmenter import CutPolicy
from vedette.recording.store import SegmentStore
from vedette.recording.store_terms import StoreJob
from vedette.recording.stream_recorder import StreamRecorder
from vedette.recording.volume import Volume, create_volume

CAMERA = make_id(1, bytes(10))
KEY = StreamKey(CAMERA, StreamRole.MAIN)
RUN = StreamFormat("run-1", H264)
NO_LIMIT = SpaceLimit(0, 0)
END_NS = 1 << 62


class DirectSink:
    """Hands everything to a store at once, as the volume's thread does a moment later.

    Attributes:
        refuses: Behaves like a full queue.
    """

    def __init__(self, store: SegmentStore) -> None:
        self.store = store
        self.refuses = False
        self.jobs: list[StoreJob] = []
        self.gaps: list[GapRecord] = []

    def submit(self, job: StoreJob) -> bool:
        if self.refuses:
            return False
        self.jobs.append(job)
        self.store.append(job)
        return True

    def close_segment(self, segment_id: str) -> None:
        self.store.close_segment(segment_id)

    def submit_gap(self, gap: GapRecord) -> None:
        self.gaps.append(gap)
        self.store.add_gap(gap)


class Rig:
    """A volume with its store, and recorders onto it."""

    def __init__(
        self,
        root: Path,
        disk: PosixDisk | None = None,
        limit: SpaceLimit = NO_LIMIT,
        make_body: BodyMaker = make_plain_body,
        keys: ArchiveKeyRing | None = None,
    ) -> None:
        self.keys = keys
        self.disk = disk or PosixDisk()
        self.volume: Volume = create_volume(root)
        self.index = SqliteRecordingIndex(self.volume.index)
        self.report = recover(self.volume, self.index, self.disk)
        self.store = SegmentStore(self.volume, self.index, limit, self.disk, make_body=make_body)
        self.sink = DirectSink(self.store)
        self._ids = count(1)

    def recorder(
        self,
        key: StreamKey = KEY,
        target_s: int = 60,
        stream_format: StreamFormat = RUN,
        first_id: int = 0,
        began_ns: int | None = None,
    ) -> StreamRecorder:
        numbers = count(first_id) if first_id else self._ids
        recorder = StreamRecorder(
            key,
            self.sink,
            CompletenessLedger(key, self.index.find_last_end(key), began_ns),
            lambda: make_id(next(numbers) * 1_000_000, bytes(9) + bytes([next(self._ids) % 256])),
            lambda _: None,
            CutPolicy(target_s * TICKS_PER_S, 300 * TICKS_PER_S),
        )
        recorder.write_format(stream_format)
        return recorder

    def reader(self, now_ns: int = END_NS) -> FootageReader:
        return FootageReader(lambda: [self.volume.root], SqliteRecordingCatalog, lambda: now_ns, self.keys)

    def crash(self) -> None:
        """Forgets everything in memory, as SIGKILL does: what was written stays, nothing is closed."""
        self.index.close()


def feed(recorder: StreamRecorder, packets: Iterable[Packet]) -> None:
    for packet in packets:
        recorder.write_packet(packet)


def seconds(value: float) -> int:
    return round(value * NS_PER_S)
