"""Packets become files that say what they are, and every picture is accounted for."""

import msgspec
import pytest

from tests.support.media import AAC, H264, H265, START_NS, make_packets
from tests.support.recording import END_NS, KEY, Rig, feed, seconds
from vedette.core.media import StreamFormat, StreamRole
from vedette.core.time import TICKS_PER_S
from vedette.recording.ledger import CompletenessLedger
from vedette.recording.records import GapRecord
from vedette.recording.recovery import find_files
from vedette.recording.scan import scan_segment
from vedette.recording.stream_recorder import StreamRecorder


@pytest.fixture
def rig(tmp_path):
    return Rig(tmp_path / "v")


def numbers(rig) -> list[int]:
    """The numbers of all stored pictures, in order, read back from the files."""
    found = []
    reader = rig.reader()
    for part in reader.find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 100_000):
        data = reader.read_fragment(part)
        from vedette.media.fmp4 import parse_fragment

        track = parse_fragment(data).video
        at = track.offset
        for size in track.sizes_bytes:
            found.append(int.from_bytes(data[at : at + 8], "big"))
            at += size
    return found


def test_every_picture_is_stored_once_and_in_order(rig) -> None:
    recorder = rig.recorder(target_s=10)
    feed(recorder, make_packets(1000))
    recorder.close()
    rig.store.commit()
    assert numbers(rig) == list(range(1000))
    assert len(list(find_files(rig.volume))) == 4
    assert recorder.ledger.totals.stored == 1000
    assert rig.sink.gaps == []


def test_pictures_before_the_first_key_frame_are_counted_not_stored(rig) -> None:
    recorder = rig.recorder()
    feed(recorder, make_packets(100, gop=50)[10:])
    recorder.close()
    rig.store.commit()
    assert numbers(rig) == list(range(50, 100))
    assert recorder.ledger.totals.unplaced == 40


def test_new_parameters_make_a_new_file(rig) -> None:
    recorder = rig.recorder()
    feed(recorder, make_packets(100))
    recorder.write_format(StreamFormat("run-1", H265))
    feed(recorder, make_packets(100, start_90k=100 * 3600, first_sequence=100, start_ns=START_NS + seconds(4)))
    recorder.close()
    rig.store.commit()
    reader = rig.reader()
    parts = reader.find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 100)
    formats = [reader.read_init(part.segment).format.video for part in parts]
    assert formats[0] == H264
    assert formats[-1] == H265
    assert rig.sink.gaps == []


def test_the_same_format_again_makes_no_new_file(rig) -> None:
    recorder = rig.recorder()
    feed(recorder, make_packets(50))
    recorder.write_format(StreamFormat("run-1", H264))
    feed(recorder, make_packets(50, start_90k=50 * 3600, first_sequence=50, start_ns=START_NS + seconds(2)))
    recorder.close()
    assert len(list(find_files(rig.volume))) == 1


def test_an_offline_camera_leaves_a_gap_with_its_reason(rig) -> None:
    recorder = rig.recorder()
    feed(recorder, make_packets(50))
    recorder.on_fault("unreachable", ends_run=True)
    recorder.write_format(StreamFormat("run-2", H264))
    feed(recorder, make_packets(50, start_ns=START_NS + seconds(30)))
    (gap,) = rig.sink.gaps
    assert (gap.reason, gap.from_ns, gap.to_ns) == ("network", START_NS + seconds(2), START_NS + seconds(30))
    assert gap.frames_missing == 28 * 25


def test_a_restart_leaves_a_gap_that_says_so(rig, tmp_path) -> None:
    recorder = rig.recorder()
    feed(recorder, make_packets(50))
    recorder.close()
    rig.store.close()
    again = Rig(tmp_path / "v")
    recorder = again.recorder(stream_format=StreamFormat("run-2", H264), first_id=100)
    feed(recorder, make_packets(50, start_ns=START_NS + seconds(5)))
    recorder.close()
    (gap,) = again.sink.gaps
    assert (gap.reason, gap.to_ns - gap.from_ns) == ("us", seconds(3))


def test_a_new_run_without_a_fault_is_the_clocks_doing(rig) -> None:
    recorder = rig.recorder()
    feed(recorder, make_packets(50))
    recorder.write_format(StreamFormat("run-2", H264))
    feed(recorder, make_packets(50, start_ns=START_NS + seconds(600)))
    (gap,) = rig.sink.gaps
    assert gap.reason == "clock"


def test_lost_network_packets_make_one_gap_not_one_each(rig) -> None:
    recorder = rig.recorder()
    packets = make_packets(100)
    for position in (20, 23, 30):
        packets[position] = msgspec.structs.replace(packets[position], lost_before=3)
    feed(recorder, packets)
    recorder.close()
    (gap,) = rig.sink.gaps
    assert (gap.reason, gap.frames_missing) == ("network", 3)


def test_a_full_queue_is_a_gap_and_recording_goes_on_at_the_next_key_frame(rig) -> None:
    recorder = rig.recorder()
    packets = make_packets(300, gop=50)
    feed(recorder, packets[:60])
    rig.sink.refuses = True
    feed(recorder, packets[60:90])
    rig.sink.refuses = False
    feed(recorder, packets[90:])
    recorder.close()
    rig.store.commit()
    stored = numbers(rig)
    lost = sorted(set(range(300)) - set(stored))
    assert stored == sorted(set(stored))
    assert lost == list(range(50, 100))  # the refused fragment, then the rest of its GOP, which needs it
    totals = recorder.ledger.totals
    assert (totals.received, totals.stored, totals.missing) == (300, 250, 50)
    assert {gap.reason for gap in rig.sink.gaps} == {"disk"}
    assert sum(gap.frames_missing for gap in rig.sink.gaps) == 50


def test_a_jump_in_the_numbers_is_never_silent(rig) -> None:
    recorder = rig.recorder()
    packets = make_packets(100)
    feed(recorder, packets[:30] + packets[33:])
    recorder.close()
    (gap,) = rig.sink.gaps
    assert (gap.reason, gap.frames_missing) == ("us", 3)


def test_switched_off_recording_is_policy(rig) -> None:
    recorder = rig.recorder()
    feed(recorder, make_packets(50))
    recorder.close()
    recorder.ledger.on_policy()
    feed(recorder, make_packets(50, start_90k=50 * 90_000, first_sequence=1250, start_ns=START_NS + seconds(50)))
    (gap,) = rig.sink.gaps
    assert (gap.reason, gap.frames_missing) == ("policy", 0)


def test_a_pausing_stream_gives_its_last_pictures_to_disk(rig) -> None:
    recorder = rig.recorder()
    packets = make_packets(30)
    feed(recorder, packets)
    recorder.tick(packets[-1].received_at_ns + seconds(4))
    rig.store.commit()
    assert numbers(rig) == list(range(30))


def test_files_describe_themselves(rig) -> None:
    recorder = rig.recorder(stream_format=StreamFormat("run-7", H264, AAC))
    feed(recorder, make_packets(60, start_90k=5 * TICKS_PER_S))
    recorder.close()
    (path,) = find_files(rig.volume)
    head = scan_segment(path).record.head
    assert head.key == KEY
    assert head.key.role is StreamRole.MAIN
    assert (head.run_id, head.start_ns, head.start_90k) == ("run-7", START_NS, 5 * TICKS_PER_S)
    assert head.segment_id == path.stem


def test_a_camera_that_is_still_away_shows_its_gap_already(rig) -> None:
    recorder = rig.recorder()
    feed(recorder, make_packets(50))
    recorder.on_fault("unreachable", ends_run=True)
    recorder.on_fault("closed_by_camera", ends_run=True)  # what comes later is a consequence
    for second in range(3, 60):
        recorder.tick(START_NS + seconds(second))
    rig.store.commit()
    (gap,) = rig.reader().find_gaps(KEY.camera_id, KEY.role, START_NS, START_NS + seconds(100))
    assert (gap.from_ns, gap.reason) == (START_NS + seconds(2), "network")
    assert seconds(50) < gap.to_ns - gap.from_ns <= seconds(58)
    recorder.write_format(StreamFormat("run-2", H264))
    feed(recorder, make_packets(50, start_ns=START_NS + seconds(70)))
    rig.store.commit()
    (gap,) = rig.reader().find_gaps(KEY.camera_id, KEY.role, START_NS, START_NS + seconds(100))
    assert (gap.to_ns, gap.reason) == (START_NS + seconds(70), "network")


def test_a_loss_that_is_told_late_moves_the_beginning_of_its_gap(rig) -> None:
    """A disk reports what it lost after pictures that came later were already refused."""
    ledger = CompletenessLedger(KEY, None)
    ledger.on_lost(START_NS, START_NS + seconds(1), 25)
    assert ledger.flush() == [GapRecord(KEY, START_NS, START_NS + seconds(1), "disk", 25)]
    ledger.on_unplaced(make_packets(1, start_ns=START_NS + seconds(2))[0])
    ledger.on_lost(START_NS + seconds(1), START_NS + seconds(2), 25)
    (gap,) = ledger.flush()
    assert (gap.from_ns, gap.frames_missing) == (START_NS + seconds(1), 26)


def restart_later(rig, *, began_s: float) -> StreamRecorder:
    """Two seconds of footage, then another recorder that begins at `began_s`."""
    before = rig.recorder()
    feed(before, make_packets(50))
    before.close()
    rig.store.commit()
    return rig.recorder(began_ns=START_NS + seconds(began_s), stream_format=StreamFormat("run-2", H264))


def test_downtime_of_ours_that_a_fault_of_the_camera_follows_is_two_gaps(rig) -> None:
    recorder = restart_later(rig, began_s=30)
    recorder.on_fault("unreachable", ends_run=True)
    recorder.on_fault("unreachable", ends_run=True)
    recorder.tick(START_NS + seconds(45))
    rig.store.commit()
    told = rig.reader().find_gaps(KEY.camera_id, KEY.role, START_NS, START_NS + seconds(100))
    assert [(gap.reason, (gap.to_ns - START_NS) // seconds(1)) for gap in told] == [("us", 30), ("network", 45)]
    feed(recorder, make_packets(50, start_ns=START_NS + seconds(60)))
    rig.store.commit()
    gaps = rig.reader().find_gaps(KEY.camera_id, KEY.role, START_NS, START_NS + seconds(100))
    assert [(gap.reason, (gap.from_ns - START_NS) // seconds(1), gap.frames_missing) for gap in gaps] == [
        ("us", 2, 28 * 25),
        ("network", 30, 30 * 25),
    ]
    assert gaps[0].to_ns == gaps[1].from_ns
    assert gaps[1].to_ns == START_NS + seconds(60)


@pytest.mark.parametrize("began_s", [-100, 1, 2.2])
def test_clock_that_went_back_over_a_restart_splits_nothing(rig, began_s) -> None:
    recorder = restart_later(rig, began_s=began_s)
    recorder.on_fault("unreachable", ends_run=True)
    feed(recorder, make_packets(50, start_ns=START_NS + seconds(60)))
    assert [gap.reason for gap in rig.sink.gaps] == ["network"]


def test_downtime_without_a_fault_after_it_stays_one_gap_of_ours(rig) -> None:
    recorder = restart_later(rig, began_s=30)
    feed(recorder, make_packets(50, start_ns=START_NS + seconds(31)))
    assert [(gap.reason, gap.to_ns - START_NS) for gap in rig.sink.gaps] == [("us", seconds(31))]


def test_fault_of_our_own_program_after_a_restart_stays_ours(rig) -> None:
    recorder = restart_later(rig, began_s=30)
    recorder.on_fault("internal_error", ends_run=True)
    feed(recorder, make_packets(50, start_ns=START_NS + seconds(60)))
    assert [gap.reason for gap in rig.sink.gaps] == ["us"]


def at(second: float) -> int:
    return START_NS + seconds(second)


@pytest.mark.parametrize(
    ("stood_still", "fault", "reasons"),
    [
        ((2, 6), "", [("us", 2, 10)]),
        ((2, 6), "closed_by_camera", [("us", 2, 6), ("camera", 6, 10)]),
        ((1, 1.5), "", [("camera", 2, 10)]),
        ((3.5, 8), "", [("camera", 2, 10)]),
        ((1.5, 12), "", [("us", 2, 10)]),
    ],
)
def test_what_a_camera_drops_because_we_stood_still_is_not_its_fault(rig, stood_still, fault, reasons) -> None:
    recorder = rig.recorder()
    feed(recorder, make_packets(50))
    recorder.tick(at(2) + seconds(2.5))
    recorder.ledger.on_standstill(*map(at, stood_still))
    if fault:
        recorder.on_fault(fault, ends_run=True)
        recorder.write_format(StreamFormat("run-2", H264))
    feed(recorder, make_packets(50, start_90k=10 * TICKS_PER_S, first_sequence=50, start_ns=at(10)))
    recorder.close()
    told = [(gap.reason, gap.from_ns, gap.to_ns) for gap in rig.sink.gaps]
    assert told == [(reason, at(from_s), at(to_s)) for reason, from_s, to_s in reasons]


def test_a_fault_that_is_told_before_our_standstill_is_known_is_ours_too(rig) -> None:
    recorder = rig.recorder()
    feed(recorder, make_packets(50))
    recorder.on_fault("closed_by_camera", ends_run=True)
    recorder.ledger.on_standstill(at(1), at(6))
    recorder.write_format(StreamFormat("run-2", H264))
    feed(recorder, make_packets(50, start_ns=at(8)))
    recorder.close()
    assert [(gap.reason, gap.to_ns) for gap in rig.sink.gaps] == [("us", at(8))]
