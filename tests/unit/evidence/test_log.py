"""The log: what a crash, a lost index, a lost log, a new key and a repeated fact do to it."""

import shutil
from dataclasses import replace

import pytest

from vedette.adapters.sqlite_evidence_index import SqliteEvidenceIndex
from vedette.core.footage_facts import GapClosed, SegmentRetired
from vedette.evidence.errors import LogDamagedError, ProofRefusedError
from vedette.evidence.keys import open_key_ring
from vedette.evidence.leaves import draft_footage
from vedette.evidence.lookup import find_segment_hashes
from vedette.evidence.offline_verify import parse_canonical
from vedette.evidence.proofs import ProofRequest
from vedette.evidence.prover import make_head, prove_camera
from vedette.testing.small_bundles import DAY_S, START_NS, S, SmallSite


@pytest.fixture
def site(tmp_path):
    site = SmallSite(tmp_path)
    yield site
    site.close()


def reopen(site: SmallSite) -> None:
    site.close()
    site.log = site.open()


def ask(site: SmallSite, camera_id: str, from_s: int, to_s: int, streams=("main",)):
    request = ProofRequest(camera_id, streams, START_NS + from_s * S, START_NS + to_s * S, site.log.size)
    return prove_camera(site.log, request)


def entries_of(proof, part="range") -> list[dict]:
    return [entry["leaf"] for file in proof.files for entry in parse_canonical(file.content.encode())[part]]


def test_fact_told_twice_is_logged_once(site) -> None:
    camera = site.add_camera("Gate")
    facts = [site.make_segment(camera, 0), GapClosed(camera, "main", START_NS, START_NS + S, "network", 3)]
    site.tell(facts, 60)
    size = site.log.size
    site.tell(facts, 120)
    reopen(site)
    site.tell(facts, 180)
    assert site.log.size == size


def test_leaves_are_numbered_and_chained_across_days(site) -> None:
    camera = site.add_camera("Gate")
    for day in range(3):
        site.tell([site.make_segment(camera, day * DAY_S), site.make_segment(camera, day * DAY_S, "sub")], day * DAY_S)
        reopen(site)
    proof = ask(site, camera, 0, 3 * DAY_S, ("main", "sub"))
    assert len(proof.files) == 3
    leaves = entries_of(proof)
    assert [(leaf["stream"], leaf["seq"]) for leaf in leaves] == [
        (stream, day) for day in (1, 2, 3) for stream in ("main", "sub")
    ]
    assert leaves[0]["prev"] == "0" * 64
    assert len({leaf["prev"] for leaf in leaves}) == 6


def test_clock_that_goes_back_a_day_does_not_reopen_yesterday(site) -> None:
    camera = site.add_camera("Gate")
    site.tell([site.make_segment(camera, DAY_S)], DAY_S)
    site.tell([site.make_segment(camera, 0)], 0)
    reopen(site)
    site.tell([site.make_segment(camera, 60)], 60)
    assert len(list((site.root / "evidence" / camera).iterdir())) == 1


@pytest.mark.parametrize("torn", ["trees", "site", "index"])
def test_crash_before_the_checkpoint_takes_everything_back_to_it(site, torn) -> None:
    camera = site.add_camera("Gate")
    first, second = site.make_segment(camera, 0), site.make_segment(camera, 60)
    site.tell([first], 60)
    kept = (site.root / "evidence" / "checkpoint").read_bytes()
    index = (site.root / "evidence" / "lookup.db").read_bytes()
    site.tell([second], 120)
    site.close()
    (site.root / "evidence" / "checkpoint").write_bytes(kept)  # as if it had died just before writing it
    if torn == "site":
        for path in (site.root / "evidence" / "site" / "tile" / "0").iterdir():
            path.write_bytes(path.read_bytes()[:-5])
    if torn == "index":
        for path in (site.root / "evidence").glob("lookup.db*"):
            path.unlink()
        (site.root / "evidence" / "lookup.db").write_bytes(index)
    site.log = site.open()
    assert set(find_segment_hashes(site.root)) == {first.segment_id}
    site.tell([first, second], 180)
    assert set(find_segment_hashes(site.root)) == {first.segment_id, second.segment_id}
    assert [leaf["seq"] for leaf in entries_of(ask(site, camera, 0, 120))] == [1, 2]


def test_lost_index_is_made_anew_from_the_trees(site) -> None:
    cameras = [site.add_camera("A"), site.add_camera("B")]
    for day in range(2):
        site.tell([site.make_segment(camera, day * DAY_S) for camera in cameras], day * DAY_S)
    before = [ask(site, camera, 0, 2 * DAY_S) for camera in cameras]
    site.close()
    for path in (site.root / "evidence").glob("lookup.db*"):
        path.unlink()
    site.log = site.open()
    after = [ask(site, camera, 0, 2 * DAY_S) for camera in cameras]
    assert [entries_of(proof) for proof in after] == [entries_of(proof) for proof in before]
    site.tell([site.make_segment(cameras[0], 2 * DAY_S)], 2 * DAY_S)
    assert [leaf["seq"] for leaf in entries_of(ask(site, cameras[0], 0, 3 * DAY_S))] == [1, 2, 3]


@pytest.mark.parametrize("lost", ["checkpoint", "site", "."])
def test_lost_log_is_an_error_and_never_begun_anew(site, lost) -> None:
    camera = site.add_camera("Gate")
    site.tell([site.make_segment(camera, 0)], 60)
    site.close()
    path = site.root / "evidence" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(LogDamagedError):
        site.open()
    with pytest.raises(LogDamagedError):
        site.open()
    with pytest.raises(LogDamagedError):
        find_segment_hashes(site.root)


def test_older_copy_of_the_whole_log_with_its_index_is_what_was_signed_then(site) -> None:
    """A roll-back of everything cannot be seen from inside; a witness outside would see it. Known limit."""
    camera = site.add_camera("Gate")
    site.tell([site.make_segment(camera, 0)], 60)
    shutil.copytree(site.root / "evidence", site.root / "copy")
    site.tell([site.make_segment(camera, 60)], 120)
    site.close()
    shutil.rmtree(site.root / "evidence")
    (site.root / "copy").rename(site.root / "evidence")
    site.log = site.open()
    assert len(find_segment_hashes(site.root)) == 1


def test_changed_key_signs_on_and_the_old_private_key_is_gone(site) -> None:
    camera = site.add_camera("Gate")
    site.tell([site.make_segment(camera, 0)], 60)
    old = site.log.ring.present
    new = site.log.rotate_key("stolen", START_NS + 100 * S, 0)
    assert new != old.fingerprint
    files = [path.name for path in (site.root / "keys" / "log").glob("*.key")]
    assert files == [f"{new[:16]}.key"]
    reopen(site)
    assert [key.fingerprint for key in site.log.ring.keys] == [old.fingerprint, new]
    assert len(make_head(site.log).rotations) == 1
    assert len(find_segment_hashes(site.root)) == 1


def test_crash_in_the_middle_of_a_change_of_key_leaves_the_old_one(site) -> None:
    site.log.ring.prepare_next()
    old = site.log.ring.present
    reopen(site)
    assert site.log.ring.present == old
    assert site.log.rotate_key("again", START_NS) != old.fingerprint


def test_damaged_keys_are_an_error(site) -> None:
    ring = site.root / "keys" / "log" / "log.json"
    ring.write_bytes(ring.read_bytes() + b"\n")
    with pytest.raises(LogDamagedError, match=r"log\.json"):
        open_key_ring(site.root / "keys" / "log", START_NS)


def test_proofs_tell_up_to_where_closed_footage_reaches(site) -> None:
    camera = site.add_camera("Gate")
    site.tell([site.make_segment(camera, 0), site.make_segment(camera, 60)], 120)
    at = lambda second: START_NS + second * S  # noqa: E731
    assert ask(site, camera, 0, 300).covered_to_ns == {"main": at(120)}
    assert ask(site, camera, 0, 90).covered_to_ns == {"main": at(90)}
    assert ask(site, camera, 500, 600).files == ()
    site.tell([GapClosed(camera, "main", at(120), at(150), "camera", 750)], 160)
    assert ask(site, camera, 0, 300).covered_to_ns == {"main": at(150)}
    site.tell([GapClosed(camera, "main", at(180), at(181), "network", 9)], 190)  # inside footage that still grows
    assert ask(site, camera, 0, 300).covered_to_ns == {"main": at(150)}


def test_deleted_footage_is_proven_deleted_also_when_it_was_long_ago(site) -> None:
    camera = site.add_camera("Gate")
    first = site.make_segment(camera, 0)
    site.tell([first, site.make_segment(camera, 60)], 120)
    site.tell([site.make_segment(camera, DAY_S)], DAY_S)
    gone = SegmentRetired(first.segment_id, camera, "main", first.start_ns, first.end_ns, "expired")
    site.tell([gone], 30 * DAY_S)
    proof = ask(site, camera, 0, 120)
    assert [segment.segment_id for segment in proof.segments] == [entries_of(proof)[1]["id"]]
    assert [leaf["kind"] for leaf in entries_of(proof, "later")] == ["retired"]


def test_unreasonable_proofs_are_refused(site, monkeypatch) -> None:
    camera = site.add_camera("Gate")
    site.tell([site.make_segment(camera, 60 * number) for number in range(5)], 300)
    good = ProofRequest(camera, ("main",), START_NS, START_NS + S, site.log.size)
    for wrong in (replace(good, size=0), replace(good, size=99), replace(good, streams=()), replace(good, to_ns=1)):
        with pytest.raises(ProofRefusedError):
            prove_camera(site.log, wrong)
    monkeypatch.setattr("vedette.evidence.prover.MOST_LEAVES", 4)
    with pytest.raises(ProofRefusedError, match="5 entries"):
        ask(site, camera, 0, 300)


def test_footage_facts_of_the_recorder_name_themselves(site) -> None:
    camera = site.add_camera("Gate")
    segment = site.make_segment(camera, 0)
    gap = GapClosed(camera, "main", 1, 2, "disk", 3)
    gone = SegmentRetired(segment.segment_id, camera, "main", 1, 2, "space")
    keys = [draft_footage(fact).key for fact in (segment, gap, gone)]
    assert keys == [f"segment {segment.segment_id}", f"gap {camera} main 1 disk", f"retired {segment.segment_id}"]


def test_index_forgets_what_a_crash_took_back(tmp_path) -> None:
    index = SqliteEvidenceIndex(tmp_path / "i.db")
    index.commit(3, [], [], {"journal": 10})
    index.commit(5, [], [], {"journal": 20})
    index.roll_back(4)
    assert (index.newest_head(), index.find_position("journal")) == (3, 10)
    index.close()
