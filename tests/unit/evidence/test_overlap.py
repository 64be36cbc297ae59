"""The day after a change of key: the old one signs beside the new one, and adds nothing that anybody could misuse."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from vedette.evidence.bundle import FootageFile
from vedette.evidence.errors import LogDamagedError, ProofRefusedError
from vedette.evidence.keys import NoteSigner
from vedette.evidence.lookup import find_segment_hashes
from vedette.evidence.offline_verify import (
    INVALID,
    OVERLAP_NS,
    VALID,
    OtherKey,
    WrongForm,
    encode_canonical,
    open_note,
    open_published,
    verify,
)
from vedette.evidence.proofs import ProofRequest
from vedette.evidence.prover import prove_camera
from vedette.testing.small_bundles import DAY_S, START_NS, S, SmallSite, leave_old_key

CHANGED_S = 100
OLD_BUNDLE = Path(__file__).parents[2] / "compat" / "bundles" / "3-signed-twice.zip"


class Changed:
    """A site whose key was just changed; `old` signs as whoever kept the private key before would."""

    def __init__(self, root: Path, *, is_old: bool = False) -> None:
        if is_old:
            leave_old_key(root / "site")
        self.site = SmallSite(root / "site")
        self.camera = self.site.add_camera("Gate")
        self.site.tell([self.site.make_segment(self.camera, 0)], 60)
        ring = self.site.log.ring
        self.old_file = self.keys / f"{ring.present.fingerprint[:16]}.key"
        self.old = NoteSigner(self.old_file.read_bytes())
        self.first = ring.present.fingerprint
        self.site.log.rotate_key("due", START_NS + CHANGED_S * S)
        self.public = self.site.log.ring.present.public

    @property
    def keys(self) -> Path:
        return self.site.root / "keys" / "log"

    @property
    def path(self) -> Path:
        return self.site.root / "evidence" / "checkpoint"

    def lines(self) -> list[str]:
        return self.path.read_text(encoding="utf-8").partition("\n\n")[2].splitlines()

    def write_lines(self, lines: list[str]) -> None:
        text = self.path.read_text(encoding="utf-8").partition("\n\n")[0]
        self.path.write_text("\n".join([text, "", *lines, ""]), encoding="utf-8")

    def old_lines(self) -> list[str]:
        text = self.path.read_text(encoding="utf-8").partition("\n\n")[0] + "\n"
        return self.old.sign(text).partition("\n\n")[2].splitlines()

    def grow(self, at_s: int) -> None:
        self.site.tell([self.site.make_segment(self.camera, at_s)], at_s)

    def reopen(self) -> None:
        self.site.close()
        self.site.log = self.site.open()


@pytest.fixture(params=[False, True], ids=["pair", "Ed25519 before"])
def changed(request, tmp_path):
    made = Changed(tmp_path, is_old=request.param)
    yield made
    made.site.close()


def test_both_keys_sign_every_checkpoint_of_the_day_and_each_can_be_checked_alone(changed) -> None:
    for at_s in (CHANGED_S, CHANGED_S + 3600, CHANGED_S + DAY_S - 1):
        changed.grow(at_s)
        note = changed.path.read_text(encoding="utf-8")
        text, lines = note.partition("\n\n")[0], changed.lines()
        assert open_note("\n".join([text, "", *lines[:2], ""]), changed.public) == f"{text}\n"
        assert open_note("\n".join([text, "", *lines[2:], ""]), changed.old.public) == f"{text}\n"
        assert open_published(note, changed.public, changed.old.public) == (f"{text}\n", True)
    assert changed.old_file.exists()


@pytest.mark.parametrize("is_restarted", [False, True])
def test_old_private_key_is_destroyed_when_its_day_is_over(changed, is_restarted) -> None:
    changed.grow(CHANGED_S + DAY_S - 1)
    if is_restarted:
        changed.reopen()
    assert changed.old_file.exists()
    assert not changed.site.log.end_overlap(START_NS + (CHANGED_S + DAY_S) * S - 1)
    assert changed.site.log.end_overlap(START_NS + (CHANGED_S + DAY_S) * S)  # nothing was logged meanwhile
    assert (len(changed.lines()), changed.old_file.exists()) == (2, False)
    changed.reopen()
    changed.grow(CHANGED_S + DAY_S + 60)
    assert len(changed.lines()) == 2
    assert len(find_segment_hashes(changed.site.root)) == 3


def test_no_checkpoint_after_the_day_is_signed_by_the_old_key_even_once(changed) -> None:
    changed.grow(CHANGED_S + DAY_S)
    assert (len(changed.lines()), changed.old_file.exists()) == (2, False)


def test_clock_that_goes_back_does_not_keep_the_old_key_alive(changed) -> None:
    changed.site.log.checkpoint(START_NS - 3600 * S)
    assert changed.old_file.exists()
    changed.site.log.checkpoint(START_NS + CHANGED_S * S - OVERLAP_NS)
    assert not changed.old_file.exists()


def test_crash_while_the_old_key_is_destroyed_leaves_nothing_of_it(changed) -> None:
    changed.old_file.write_bytes(bytes(changed.old_file.stat().st_size))
    changed.reopen()
    assert not changed.old_file.exists()
    changed.grow(CHANGED_S + 60)
    assert len(changed.lines()) == 2


def test_stolen_key_signs_nothing_more(changed) -> None:
    """Also the one that was still signing beside it."""
    stolen = changed.keys / f"{changed.site.log.ring.present.fingerprint[:16]}.key"
    new = changed.site.log.rotate_key("stolen", START_NS + (CHANGED_S + 60) * S, 0)
    assert [path.name for path in changed.keys.glob("*.key")] == [f"{new[:16]}.key"]
    assert not stolen.exists()
    assert len(changed.lines()) == 2
    changed.reopen()
    assert changed.site.log.ring.older is None


def test_at_most_two_keys_sign(changed) -> None:
    second = NoteSigner(next(iter(set(changed.keys.glob("*.key")) - {changed.old_file})).read_bytes())
    changed.site.log.rotate_key("again", START_NS + (CHANGED_S + 60) * S)
    assert not changed.old_file.exists()
    note = changed.path.read_text(encoding="utf-8")
    assert open_published(note, changed.site.log.ring.present.public, second.public)[1]
    changed.reopen()
    assert len(changed.lines()) == 4


# On the disk. ----------------------------------------------------------------------------------------------------


def test_line_of_the_old_key_after_its_day_is_found_on_the_disk(changed) -> None:
    changed.grow(CHANGED_S + DAY_S + 60)
    changed.write_lines([*changed.lines(), *changed.old_lines()])
    with pytest.raises(LogDamagedError, match="time was over"):
        find_segment_hashes(changed.site.root)
    with pytest.raises(LogDamagedError, match="time was over"):
        changed.site.log.check_site()


def test_line_of_a_stolen_key_is_found_on_the_disk_from_the_first_second_on(tmp_path) -> None:
    changed = Changed(tmp_path)
    stolen = NoteSigner((changed.keys / f"{changed.site.log.ring.present.fingerprint[:16]}.key").read_bytes())
    changed.site.log.rotate_key("stolen", START_NS + (CHANGED_S + 60) * S, 0)
    text = changed.path.read_text(encoding="utf-8").partition("\n\n")[0] + "\n"
    changed.write_lines([*changed.lines(), *stolen.sign(text).partition("\n\n")[2].splitlines()])
    with pytest.raises(LogDamagedError, match="time was over"):
        find_segment_hashes(changed.site.root)
    changed.site.close()


def test_ring_that_gives_the_old_key_more_than_a_day_is_refused(changed) -> None:
    path = changed.keys / "log.json"
    ring = json.loads(path.read_bytes())
    ring["keys"][0]["until"] += 1
    path.write_bytes(encode_canonical(ring))
    with pytest.raises(LogDamagedError, match="more than a day"):
        changed.reopen()


@pytest.mark.parametrize(
    "wrong", ["stripped", "only the old", "swapped", "twice", "half", "forged", "of another checkpoint", "of nobody"]
)
def test_checkpoint_has_one_spelling_in_the_day_too(tmp_path, wrong) -> None:
    changed = Changed(tmp_path)
    another = changed.old_lines()
    changed.grow(CHANGED_S + 60)
    first, second, third, fourth = changed.lines()
    nobody = NoteSigner(bytes(64)).sign("vedette.x/site\n1\nAAAA\n".replace("AAAA", "A" * 43 + "="))
    changed.write_lines(
        {
            "stripped": [first, third, fourth],
            "only the old": [third, fourth],
            "swapped": [third, fourth, first, second],
            "twice": [first, second, third, fourth, third, fourth],
            "half": [first, second, third],
            "forged": [first, second, third, fourth[:200] + ("A" if fourth[200] != "A" else "B") + fourth[201:]],
            "of another checkpoint": [first, second, *another],
            "of nobody": [first, second, *nobody.partition("\n\n")[2].splitlines()],
        }[wrong]
    )
    with pytest.raises(LogDamagedError):
        find_segment_hashes(changed.site.root)
    with pytest.raises(LogDamagedError):
        changed.reopen()


def test_note_without_older_lines_is_opened_as_ever() -> None:
    signer, other = NoteSigner(bytes(range(64))), NoteSigner(bytes(64))
    text = f"vedette.x/site\n5\n{'A' * 43}=\n"
    assert open_published(signer.sign(text), signer.public, other.public) == (text, False)
    assert open_published(signer.sign(text), signer.public, b"") == (text, False)
    with pytest.raises(OtherKey):
        open_published(signer.sign(text), other.public, signer.public)
    below = signer.sign(text) + other.sign(text).removeprefix(f"{text}\n")
    with pytest.raises(WrongForm):
        open_published(below, signer.public, b"")


# Bundles. --------------------------------------------------------------------------------------------------------


def test_bundle_of_the_day_is_taken_by_a_verifier_from_before(changed, tmp_path) -> None:
    """People check with a verify.py that they kept: it knows nothing of a second key's lines."""
    changed.site.export(tmp_path / "b", [changed.camera], 0, 60)
    with zipfile.ZipFile(OLD_BUNDLE) as archive:
        (tmp_path / "older.py").write_bytes(archive.read("verify.py"))
    for trust in (changed.first, changed.site.log.ring.present.fingerprint):
        command = [sys.executable, "-I", "-S", str(tmp_path / "older.py"), str(tmp_path / "b"), "--trust", trust]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        assert told.returncode == VALID, told.stdout
        assert verify(str(tmp_path / "b"), [trust]).verdict == VALID


def test_published_checkpoint_in_a_bundle_is_right_in_the_day_and_a_fault_after_it(changed, tmp_path) -> None:
    changed.site.export(tmp_path / "day", [changed.camera], 0, 60)
    changed.site.log.format_site_head = lambda _size: changed.path.read_text(encoding="utf-8")  # type: ignore[method-assign]
    trust = [changed.first]
    own = (tmp_path / "day" / "checkpoint").read_text(encoding="utf-8").splitlines()
    for name, to_s in (("with", CHANGED_S + 60), ("last", CHANGED_S + DAY_S - 1)):
        changed.site.export(tmp_path / name, [changed.camera], 0, to_s)
        assert len((tmp_path / name / "checkpoint").read_text(encoding="utf-8").splitlines()) > len(own)
        assert verify(str(tmp_path / name), trust).verdict == VALID
    changed.site.export(tmp_path / "late", [changed.camera], 0, CHANGED_S + DAY_S)
    found = verify(str(tmp_path / "late"), trust)
    assert found.verdict == INVALID
    assert {(fault.code, fault.file) for fault in found.faults} >= {("signature", "checkpoint")}
    assert any("after its time" in fault.detail for fault in found.faults)


def test_log_that_is_later_than_the_list_says_convicts_the_old_key(changed, tmp_path) -> None:
    """Whoever kept it, and has lists signed, dates the list back into the day: the entries are of after it."""
    changed.grow(CHANGED_S + DAY_S + 60)
    log, old = changed.site.log, changed.old
    format_alone = log.format_site_head

    def sign_too(size: int) -> str:
        note: str = format_alone(size)
        text = note.partition("\n\n")[0] + "\n"
        return note + old.sign(text).removeprefix(f"{text}\n")

    log.format_site_head = sign_too  # type: ignore[method-assign]
    changed.site.export(tmp_path / "first", [changed.camera], 0, 60)
    assert verify(str(tmp_path / "first"), [changed.first]).verdict == VALID  # it shows nothing of after the day
    changed.site.export(tmp_path / "late", [changed.camera], CHANGED_S + DAY_S + 60, CHANGED_S + DAY_S + 120)
    files = tmp_path / "late"
    manifest = json.loads((files / "manifest.json").read_bytes()) | {"made_at": START_NS + CHANGED_S * S}
    data = encode_canonical(manifest)
    (files / "manifest.json").write_bytes(data)
    note = log.ring.sign_export(manifest["export"], hashlib.sha256(data).hexdigest())
    (files / "manifest.note").write_text(note, encoding="utf-8")
    found = verify(str(files), [changed.first])
    assert found.verdict == INVALID
    assert [(fault.code, fault.file) for fault in found.faults] == [("signature", "checkpoint")]
    assert "after its time" in found.faults[0].detail


@pytest.mark.parametrize("extra_ns", [0, 1])
def test_old_key_gives_itself_a_day_and_not_a_nanosecond_more(tmp_path, extra_ns) -> None:
    site = SmallSite(tmp_path / "site")
    camera = site.add_camera("Gate")
    site.tell([site.make_segment(camera, 0)], 60)
    first = site.log.ring.present.fingerprint
    site.log.rotate_key("due", START_NS + CHANGED_S * S, OVERLAP_NS + extra_ns)
    site.export(tmp_path / "b", [camera], 0, 60)
    found = verify(str(tmp_path / "b"), [first])
    site.close()
    assert found.verdict == (INVALID if extra_ns else VALID)
    assert any("more than a day" in one.detail and "proofs/keys" in one.file for one in found.faults) == bool(extra_ns)


def test_bundle_begun_before_the_change_is_signed_to_its_end_by_the_old_key(tmp_path) -> None:
    site = SmallSite(tmp_path / "site")
    camera = site.add_camera("Gate")
    site.tell([site.make_segment(camera, 0)], 60)
    first, find_file = site.log.ring.present.fingerprint, site.find_file

    def find_after_change(segment_id: str) -> FootageFile | None:
        site.log.rotate_key("due", START_NS + 90 * S)
        return find_file(segment_id)

    site.find_file = find_after_change  # type: ignore[method-assign]
    site.export(tmp_path / "b", [camera], 0, CHANGED_S)
    assert len(site.log.ring.keys) == 2
    found = verify(str(tmp_path / "b"), [first])
    assert (found.verdict, found.fingerprint) == (VALID, first), found.faults
    site.close()


def test_proofs_of_a_head_whose_key_is_destroyed_are_refused(changed) -> None:
    log = changed.site.log
    request = ProofRequest(changed.camera, ("main",), START_NS, START_NS + 60 * S, log.size, changed.first)
    assert open_note(json.loads(prove_camera(log, request).files[0].content)["checkpoint"], changed.old.public[:32])
    log.end_overlap(START_NS + (CHANGED_S + DAY_S) * S)
    with pytest.raises(ProofRefusedError, match="signs no more"):
        prove_camera(log, request)
    with pytest.raises(ProofRefusedError, match="signs no more"):
        log.ring.sign_export("e", "0" * 64, changed.first)


def test_ring_of_a_version_without_the_overlap_is_read(changed) -> None:
    changed.site.log.end_overlap(START_NS + (CHANGED_S + DAY_S) * S)
    path = changed.keys / "log.json"
    ring = json.loads(path.read_bytes())
    for key in ring["keys"]:
        del key["until"]
    path.write_bytes(json.dumps(ring, sort_keys=True, separators=(",", ":")).encode())
    changed.reopen()
    assert [key.until_ns for key in changed.site.log.ring.keys] == [0, 0]
    changed.write_lines([*changed.lines(), *changed.old_lines()])
    with pytest.raises(LogDamagedError, match="time was over"):
        find_segment_hashes(changed.site.root)
