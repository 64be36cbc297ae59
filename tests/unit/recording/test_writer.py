"""The thread in front of a volume."""

import threading

import pytest

from tests.support.media import make_packets
from tests.support.recording import END_NS, KEY, Rig, feed
from vedette.core.time import NS_PER_S
from vedette.recording.ledger import CompletenessLedger
from vedette.recording.records import GapRecord
from vedette.recording.segmenter import CutPolicy
from vedette.recording.store_terms import LostFootage
from vedette.recording.stream_recorder import StreamRecorder
from vedette.recording.writer import VolumeWriter, WriterStoppedError
from vedette.runtime.clock import SystemClock
from vedette.testing.clock import SimulatedClock
from vedette.testing.faulty_disk import FaultyDisk


def recorder_to(writer, gaps):
    recorder = StreamRecorder(KEY, writer, CompletenessLedger(KEY, None), lambda: "0" * 26, gaps.append, CutPolicy())
    from tests.support.recording import RUN

    recorder.write_format(RUN)
    return recorder


def test_everything_handed_over_is_on_disk_after_closing(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    with VolumeWriter(rig.store, SystemClock()) as writer:
        recorder = recorder_to(writer, [])
        feed(recorder, make_packets(100))
        recorder.close()
    again = Rig(tmp_path / "v")
    assert sum(part.frames for part in again.reader().find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 99)) == 100
    assert writer.drain_news() == []
    assert again.report.recovered == ()


class StuckDisk(FaultyDisk):
    """Hangs in the first append until released."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.released = threading.Event(), threading.Event()

    def append(self, descriptor, buffers) -> None:
        self.reached.set()
        assert self.released.wait(30)
        super().append(descriptor, buffers)


def test_a_disk_that_hangs_never_holds_up_ingest_and_memory_is_bounded(tmp_path) -> None:
    disk, gaps = StuckDisk(), []
    rig = Rig(tmp_path / "v", disk)
    with VolumeWriter(rig.store, SystemClock(), max_queued_bytes=20_000) as writer:
        recorder = recorder_to(writer, gaps)
        packets = make_packets(1000)
        feed(recorder, packets[:51])
        assert disk.reached.wait(30)
        feed(recorder, packets[51:])
        assert writer.waiting_bytes <= 20_000
        assert recorder.ledger.totals.missing > 500
        disk.released.set()
        recorder.close()
    totals = recorder.ledger.totals
    assert totals.received == totals.stored + totals.missing == 1000
    assert {gap.reason for gap in gaps} == {"disk"}
    assert sum(gap.frames_missing for gap in gaps) == totals.missing


def test_a_silent_disk_gives_back_the_footage_and_the_gaps_that_waited_for_it(tmp_path) -> None:
    disk = StuckDisk()
    rig = Rig(tmp_path / "v", disk)
    gap = GapRecord(KEY, 1, 2, "network", 1)
    with VolumeWriter(rig.store, SystemClock()) as writer:
        recorder = recorder_to(writer, [])
        packets = make_packets(200)
        feed(recorder, packets[:60])
        assert disk.reached.wait(30)
        feed(recorder, packets[60:])
        writer.submit_gap(gap)
        left = writer.abandon()
        disk.released.set()
    assert gap in left
    assert sum(one.frames for one in left if isinstance(one, LostFootage)) > 100


async def test_a_disk_is_silent_from_its_last_answer_on(tmp_path) -> None:
    disk, clock = StuckDisk(), SimulatedClock()
    rig = Rig(tmp_path / "v", disk)
    with VolumeWriter(rig.store, clock) as writer:
        feed(recorder_to(writer, []), make_packets(60))
        assert disk.reached.wait(30)
        await clock.advance(20)
        assert writer.silent_ns == 20 * NS_PER_S
        disk.released.set()
    assert writer.silent_ns == 0


async def test_a_disk_that_deletes_for_long_is_not_silent(tmp_path) -> None:
    clock = SimulatedClock()
    rig = Rig(tmp_path / "v")
    writer = VolumeWriter(rig.store, clock)
    await clock.advance(20)
    rig.store.make_room()
    assert writer.silent_ns == 0


def test_a_bug_in_the_thread_is_not_silent(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    failed = threading.Event()

    def explode(_job) -> None:
        failed.set()
        raise ZeroDivisionError

    rig.store.append = explode
    writer = VolumeWriter(rig.store, SystemClock())
    with writer:
        feed(recorder_to(writer, []), make_packets(60))
        assert failed.wait(30)
    with pytest.raises(WriterStoppedError):
        writer.drain_news()
