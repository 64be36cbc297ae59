"""Closed segments of signed streams, as the validator finds them on a volume: what it keeps and what it tells."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509

from tests.support.encryption import EncryptedRig
from tests.support.media import H264
from tests.support.recording import CAMERA, Rig, feed
from tests.support.signed_streams import (
    GOP,
    START_NS,
    STEP_NS,
    Unit,
    make_units,
    without_seis,
)
from vedette.adapters.sqlite_signing_results import SigningResultsError, SqliteSigningReader, SqliteSigningResults
from vedette.core.media import Codec, Packet, StreamFormat
from vedette.core.messages import BusMessage, ControlStateChanged, StreamAnomalyObserved
from vedette.core.time import NS_PER_S, TICKS_PER_S
from vedette.evidence.media_signing.segments import SigningResult
from vedette.evidence.media_signing.stretches import SigningStretch
from vedette.node.camera_roots import CameraRoots
from vedette.node.signing_watch import HOLD_NS, LATE_NS, SigningWatch
from vedette.node.validator import Validator, judge_states
from vedette.recording.archive_keys import NO_KEYS
from vedette.runtime.paths import NodePaths
from vedette.testing.clock import SimulatedClock
from vedette.testing.signing import SigningKey, make_signing_key

VALID, PARTLY, INVALID, UNSIGNED, UNCHECKED = (
    SigningResult.VALID,
    SigningResult.PARTLY,
    SigningResult.INVALID,
    SigningResult.UNSIGNED,
    SigningResult.UNCHECKED,
)
GOPS = 40
DUE_NS = START_NS + GOPS * GOP * STEP_NS + HOLD_NS
ALWAYS = (0, 1 << 62)


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return make_signing_key("gate")


@pytest.fixture
def results(tmp_path: Path) -> Iterator[SqliteSigningResults]:
    with closing(SqliteSigningResults(tmp_path / "signing" / "results.db")) as found:
        yield found


def make_packets(units: Sequence[Unit], lost: Sequence[int] = ()) -> list[Packet]:
    """`lost`: places of units before which the network lost something."""
    packets = []
    for place, unit in enumerate(units):
        data = b"".join(len(nal).to_bytes(4, "big") + nal for nal in unit.nals)
        dts_90k = (unit.at_ns - START_NS) * TICKS_PER_S // NS_PER_S
        at = unit.at_ns
        packets.append(Packet(False, unit.is_key, dts_90k, dts_90k, at, at, 0, place, int(place in lost), data))
    return packets


def store(root: Path, units: Sequence[Unit], lost: Sequence[int] = (), rig: Rig | None = None) -> Rig:
    rig = rig or Rig(root)
    recorder = rig.recorder(target_s=6, stream_format=StreamFormat("run", H264))
    feed(recorder, make_packets(units, lost))
    recorder.close()
    rig.store.commit()
    return rig


def make_watch(results: SqliteSigningResults, rig: Rig, roots: SigningKey | None = None) -> SigningWatch:
    trusted = None if roots is None else x509.load_pem_x509_certificates(roots.root_pem)
    return SigningWatch(results, lambda: [rig.volume.root], rig.keys or NO_KEYS, lambda: trusted)


def run(watch: SigningWatch, now_ns: int = DUE_NS) -> list[StreamAnomalyObserved]:
    anomalies = []
    while True:
        report = watch.advance(now_ns)
        anomalies += report.anomalies
        assert report.problems == ()
        if report.is_done:
            return anomalies


def read(tmp_path: Path) -> list[SigningStretch]:
    return SqliteSigningReader(tmp_path / "signing" / "results.db").find_stretches(CAMERA, "main", *ALWAYS)


def test_a_signed_recording_is_one_valid_stretch_that_names_its_signer(tmp_path, results, key) -> None:
    rig = store(tmp_path / "volume", make_units(Codec.H264, key, gops=GOPS))
    assert run(make_watch(results, rig, key)) == []
    (stretch,) = read(tmp_path)
    assert (stretch.result, stretch.subject, stretch.is_vouched, stretch.missing) == (VALID, "gate", True, 0)
    assert stretch.from_ns == START_NS
    assert stretch.segments >= 3
    assert stretch.gops == stretch.valid_gops
    assert SqliteSigningReader(tmp_path / "signing" / "results.db").find_newest() == [stretch]


def test_nothing_is_judged_before_the_recorder_has_told_what_was_lost(tmp_path, results, key) -> None:
    rig = store(tmp_path / "volume", make_units(Codec.H264, key, gops=GOPS))
    watch = make_watch(results, rig)
    run(watch, START_NS + 8 * NS_PER_S + HOLD_NS)
    assert not read(tmp_path) or read(tmp_path)[-1].to_ns <= START_NS + 8 * NS_PER_S
    run(watch)
    assert len(read(tmp_path)) == 1


def test_a_changed_picture_is_told_with_its_second(tmp_path, results, key) -> None:
    units = make_units(Codec.H264, key, gops=GOPS)
    at = 9 * GOP + 2
    nal = units[at].nals[-1]
    units[at] = Unit(units[at].at_ns, (*units[at].nals[:-1], nal[:-3] + bytes([nal[-3] ^ 1]) + nal[-2:]), False)
    rig = store(tmp_path / "volume", units)
    (anomaly,) = run(make_watch(results, rig, key))
    assert (anomaly.kind, anomaly.camera_id, anomaly.stream, anomaly.at_ns) == (
        "signature_bad",
        CAMERA,
        "main",
        units[at].at_ns,
    )
    assert "modified" in anomaly.detail
    before, bad, after = read(tmp_path)
    assert [before.result, bad.result, after.result] == [VALID, INVALID, VALID]
    assert bad.first_fault_ns == units[at].at_ns
    assert judge_states([bad], ())[0] == "weakened"


def test_loss_that_the_recorder_has_told_is_no_alarm_and_a_picture_taken_out_is_one(tmp_path, results, key) -> None:
    units = make_units(Codec.H264, key, gops=GOPS)
    at = 9 * GOP + 2
    kept = [*units[:at], *units[at + 1 :]]
    rig = store(tmp_path / "volume", kept, lost=[at])
    assert run(make_watch(results, rig, key)) == []
    assert [one.result for one in read(tmp_path)] == [VALID, PARTLY, VALID]
    with closing(SqliteSigningResults(tmp_path / "other.db")) as others:
        rig = store(tmp_path / "another volume", kept)
        (anomaly,) = run(make_watch(others, rig, key))
    assert (anomaly.kind, "removed" in anomaly.detail) == ("signature_bad", True)


def test_a_camera_that_stops_signing_is_told_once(tmp_path, results, key) -> None:
    units = make_units(Codec.H264, key, gops=2 * GOPS)
    units[8 * GOP + 1 :] = [without_seis(unit, Codec.H264) for unit in units[8 * GOP + 1 :]]
    rig = store(tmp_path / "volume", units)
    watch = make_watch(results, rig, key)
    due_ns = DUE_NS + GOPS * GOP * STEP_NS
    (anomaly,) = [one for one in run(watch, due_ns) if one.kind == "signature_missing"]
    last = read(tmp_path)[-1]
    assert last.result is UNSIGNED
    assert anomaly.at_ns >= START_NS + 6 * GOP * STEP_NS
    (state,) = watch.find_states(due_ns)
    assert judge_states([state], ())[0] == "weakened"
    assert "not signed any more" in judge_states([state], ())[1]


def test_a_camera_that_never_signed_is_one_unsigned_stretch_and_no_alarm(tmp_path, results, key) -> None:
    units = [without_seis(unit, Codec.H264) for unit in make_units(Codec.H264, key, gops=GOPS)]
    watch = make_watch(results, store(tmp_path / "volume", units), key)
    assert run(watch) == []
    (stretch,) = read(tmp_path)
    assert (stretch.result, stretch.fingerprint) == (UNSIGNED, "")
    assert watch.find_states(DUE_NS) == []


def test_a_restart_in_between_neither_doubles_nor_drops_a_segment(tmp_path, results, key) -> None:
    rig = store(tmp_path / "volume", make_units(Codec.H264, key, gops=GOPS))
    watch = make_watch(results, rig, key)
    watch.advance(DUE_NS, most_segments=2)
    run(make_watch(results, rig, key))
    stretches = read(tmp_path)
    assert {one.result for one in stretches} == {VALID}
    whole = read_whole(tmp_path / "whole.db", rig, key)
    assert sum(one.gops for one in stretches) == whole.gops
    assert sum(one.segments for one in stretches) == whole.segments


def read_whole(path: Path, rig: Rig, key: SigningKey) -> SigningStretch:
    with closing(SqliteSigningResults(path)) as fresh:
        run(make_watch(fresh, rig, key))
        found = fresh.find_last(CAMERA, "main")
    assert found is not None
    return found


def test_a_foreign_certificate_is_told(tmp_path, results, key) -> None:
    rig = store(tmp_path / "volume", make_units(Codec.H264, make_signing_key("foreign"), gops=GOPS))
    anomalies = run(make_watch(results, rig, key))
    assert {one.kind for one in anomalies} == {"signature_bad"}
    assert all("root_not_trusted" in one.detail for one in anomalies)


def test_a_backlog_is_not_judged_but_told_as_unchecked_where_a_stream_was_signed(tmp_path, results, key) -> None:
    rig = store(tmp_path / "volume", make_units(Codec.H264, key, gops=GOPS))
    late_ns = DUE_NS + LATE_NS
    run(make_watch(results, rig, key), late_ns)
    assert read(tmp_path) == []
    with closing(SqliteSigningResults(tmp_path / "known.db")) as known:
        signed = SigningStretch(CAMERA, "main", 1, 2, VALID, "f" * 64, "gate", True)
        known.keep([signed], {})
        run(make_watch(known, rig, key), late_ns)
        last = known.find_last(CAMERA, "main")
    assert last is not None
    assert (last.result, last.reasons) == (UNCHECKED, ("late",))


def test_a_file_that_is_damaged_is_unchecked_and_the_rest_is_judged(tmp_path, results, key) -> None:
    rig = store(tmp_path / "volume", make_units(Codec.H264, key, gops=GOPS))
    files = sorted(rig.volume.segments.rglob("*.mp4"), key=lambda path: path.name)
    data = bytearray(files[1].read_bytes())
    data[:600] = bytes(600)
    files[1].write_bytes(bytes(data))
    run(make_watch(results, rig, key))
    assert UNCHECKED in {one.result for one in read(tmp_path)}
    assert read(tmp_path)[-1].result is VALID


def test_encrypted_footage_is_judged_with_its_key_and_unchecked_without(tmp_path, results, key) -> None:
    units = make_units(Codec.H264, key, gops=GOPS)
    rig = store(tmp_path, units, rig=EncryptedRig(tmp_path))
    run(make_watch(results, rig, key))
    assert {one.result for one in read(tmp_path)} == {VALID}
    with closing(SqliteSigningResults(tmp_path / "locked.db")) as locked:
        known = SigningStretch(CAMERA, "main", 1, 2, VALID, "f" * 64, "gate", True)
        locked.keep([known], {})
        rig.keys = NO_KEYS
        assert run(make_watch(locked, rig, key)) == []
        last = locked.find_last(CAMERA, "main")
    assert last is not None
    assert (last.result, last.reasons) == (UNCHECKED, ("footage_locked",))


class Published:
    """A publisher that keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[BusMessage] = []

    def publish_nowait(self, message: BusMessage) -> None:
        self.messages.append(message)

    async def flush(self) -> None:
        return


async def test_the_health_page_hears_once_and_the_anomaly_goes_onto_the_bus(tmp_path, results, key) -> None:
    units = make_units(Codec.H264, key, gops=GOPS)
    at = GOPS * GOP - 10
    units[at:] = [without_seis(unit, Codec.H264) for unit in units[at:]]
    units[9 * GOP : 9 * GOP + 2] = [units[9 * GOP]]  # the picture behind a key picture is taken out
    rig = store(tmp_path / "volumes" / "main", units)
    rig.index.close()
    published, paths = Published(), NodePaths(tmp_path)
    validator = Validator(paths, results, published, SimulatedClock(DUE_NS))
    while not await validator.advance():
        pass
    await validator.advance()
    kinds = [type(one).__name__ for one in published.messages]
    assert kinds.count("StreamAnomalyObserved") == 1
    (anomaly,) = [one for one in published.messages if isinstance(one, StreamAnomalyObserved)]
    assert (anomaly.kind, anomaly.at_ns) == ("signature_bad", units[9 * GOP].at_ns)
    states = [one.state for one in published.messages if isinstance(one, ControlStateChanged)]
    assert states == ["holds"]  # by now the newest footage is right again; the event tells of the other


def test_a_maker_certificate_that_cannot_be_read_vouches_for_nobody(tmp_path, key) -> None:
    folder = tmp_path / "camera-roots"
    roots = CameraRoots(folder)
    assert roots.find() is None
    folder.mkdir()
    (folder / "broken.pem").write_text("no certificate")
    assert roots.find() == []
    assert "broken.pem" in roots.problem
    (folder / "maker.pem").write_bytes(key.root_pem)
    assert [one.subject.rfc4514_string() for one in roots.find() or []] == ["CN=Vedette test camera maker"]


def test_results_that_cannot_be_kept_are_an_error_and_no_results_are_none(tmp_path) -> None:
    (tmp_path / "signing").mkdir()
    (tmp_path / "signing" / "results.db").write_bytes(b"not a database, certainly" * 100)
    with pytest.raises(SigningResultsError):
        SqliteSigningResults(tmp_path / "signing" / "results.db")
    assert SqliteSigningReader(tmp_path / "nothing.db").find_newest() == []
