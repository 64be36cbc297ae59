"""How packets arrived is stored with each segment: as much as was counted while it grew, nothing twice."""

from pathlib import Path

from tests.support.media import H265, START_NS, make_packets
from tests.support.recording import Rig, feed, seconds
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.footage_facts import IngestFacts, SegmentClosed
from vedette.core.media import StreamFormat


def test_counts_of_a_segment_are_those_of_its_time_and_add_up(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "v")
    recorder = rig.recorder()
    counted = IngestFacts(is_encrypted=True, lost=100, clock_offset_ms=-3)
    recorder.read_ingest = lambda: counted
    feed(recorder, make_packets(100))
    counted = IngestFacts(is_encrypted=True, lost=107, reordered=2, clock_offset_ms=2500)
    recorder.write_format(StreamFormat("run-1", H265))
    counted = IngestFacts(is_encrypted=True, lost=108, reordered=2, duplicated=5, clock_offset_ms=2501)
    feed(recorder, make_packets(100, start_90k=100 * 3600, first_sequence=100, start_ns=START_NS + seconds(4)))
    recorder.close()
    rig.store.commit()
    facts = [entry.fact for entry in SqliteRecordingCatalog(rig.volume.index).find_journal(0, 10)]
    closed = [fact.ingest for fact in facts if isinstance(fact, SegmentClosed)]
    assert closed == [
        IngestFacts(True, lost=7, reordered=2, clock_offset_ms=2500),
        IngestFacts(True, lost=1, duplicated=5, clock_offset_ms=2501),
    ]


def test_counters_that_began_anew_are_not_negative() -> None:
    assert IngestFacts(lost=3, reordered=1).since(IngestFacts(lost=90, duplicated=4)) == IngestFacts(
        lost=3, reordered=1
    )
