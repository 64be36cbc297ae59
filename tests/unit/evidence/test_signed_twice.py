"""A log whose key is a pair: which lines its notes owe, and how one that signed with Ed25519 alone becomes one."""

import base64
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from vedette.evidence import keys
from vedette.evidence.errors import LogDamagedError, SigningUnavailableError
from vedette.evidence.keys import LogKey, NoteSigner, format_verifier_key, open_key_ring
from vedette.evidence.lookup import find_segment_hashes
from vedette.evidence.offline_verify import (
    CANNOT_TELL,
    INVALID,
    VALID,
    OtherKey,
    WrongForm,
    format_export,
    format_signature,
    open_note,
    split_key,
    tell,
    verify,
)
from vedette.evidence.prover import make_head
from vedette.testing.small_bundles import START_NS, S, SmallSite, leave_old_key

SEED = bytes(range(64))
ROOT = bytes(range(100, 132))
TEXT = f"vedette.x/site\n5\n{base64.b64encode(ROOT).decode()}\n"


def lines_of(note: str) -> list[str]:
    return note.split("\n\n")[1].splitlines()


def with_lines(*lines: str) -> str:
    return TEXT + "\n" + "".join(f"{line}\n" for line in lines)


def test_both_lines_are_as_c2sp_describes_them() -> None:
    """signed-note (type 1 over the text) and tlog-cosignature (type 6 over `cosigned_message`), byte by byte."""
    signer = NoteSigner(SEED)
    ed25519, ml_dsa = split_key(signer.public)
    assert (len(ed25519), len(ml_dsa)) == (32, 1312)
    first, second = (line.split(" ") for line in lines_of(signer.sign(TEXT)))
    assert first[:2] == second[:2] == ["\N{EM DASH}", "vedette.x/site"]
    data = base64.b64decode(first[2])
    assert data[:4] == hashlib.sha256(b"vedette.x/site\n\x01" + ed25519).digest()[:4]
    Ed25519PublicKey.from_public_bytes(ed25519).verify(data[4:], TEXT.encode())
    data = base64.b64decode(second[2])
    assert data[:4] == hashlib.sha256(b"vedette.x/site\n\x06" + ml_dsa).digest()[:4]
    assert data[4:12] == bytes(8)
    name = b"\x0evedette.x/site"
    message = b"subtree/v1\n\x00" + name + bytes(8) + name + bytes(8) + bytes(7) + b"\x05" + ROOT
    MLDSA44PublicKey.from_public_bytes(ml_dsa).verify(data[12:], message)


def test_verifier_key_of_a_pair_is_both_of_c2sp() -> None:
    public = NoteSigner(SEED).public
    first, second = format_verifier_key("vedette.x/site", public).split(",")
    assert first == format_verifier_key("vedette.x/site", public[:32])
    name, shown, encoded = second.split("+", 2)
    assert (name, base64.b64decode(encoded)) == ("vedette.x/site", b"\x06" + public[32:])
    assert shown == hashlib.sha256(b"vedette.x/site\n\x06" + public[32:]).hexdigest()[:8]


def test_note_of_a_pair_has_one_spelling_and_no_half() -> None:
    signer, other = NoteSigner(SEED), NoteSigner(bytes(64))
    note = signer.sign(TEXT)
    first, second = lines_of(note)
    assert open_note(note, signer.public) == TEXT
    with pytest.raises(WrongForm, match="ML-DSA-44 signature is missing"):
        open_note(with_lines(first), signer.public)
    with pytest.raises(WrongForm, match="ML-DSA-44 signature is not right"):
        open_note(
            TEXT.replace("5", "6") + "\n" + first + "\n" + second + "\n", signer.public, lambda *_: len(_[0]) == 32
        )
    timed = bytearray(base64.b64decode(second.split(" ")[2]))
    timed[11] = 1
    timed_line = f"\N{EM DASH} vedette.x/site {base64.b64encode(timed).decode()}"
    wrong = [
        (second,), (second, first), (first, first), (first, second, second), (first, second, first), (),
        (first, lines_of(other.sign(TEXT))[1]), (first, timed_line), (first, second + " "), (first, second[:-4]),
        (first, second.replace("vedette.x", "vedette.y")), (first, "", second),
    ]  # fmt: skip
    for lines in wrong:
        with pytest.raises(WrongForm):
            open_note(with_lines(*lines), signer.public)
    with pytest.raises(OtherKey):
        open_note(note, other.public)


def test_a_second_line_below_a_key_that_owes_none_is_refused() -> None:
    pair, alone = NoteSigner(SEED), NoteSigner(SEED[:32])
    assert open_note(alone.sign(TEXT), alone.public) == TEXT
    assert pair.sign_tree(TEXT) == alone.sign(TEXT)
    with pytest.raises(WrongForm, match="Ed25519 alone"):
        open_note(pair.sign(TEXT), alone.public)


def test_no_signature_but_ml_dsa_44_of_this_very_checkpoint_counts() -> None:
    signer = NoteSigner(SEED)
    note = signer.sign(TEXT)
    first, second = lines_of(note)
    for text in (TEXT.replace("5", "4", 1), TEXT.replace("vedette.x", "vedette.y")):
        (_, theirs), name = lines_of(signer.sign(text)), "vedette.x/site"
        signature = base64.b64decode(theirs.split(" ")[2])[4:]
        line = format_signature(name, split_key(signer.public)[1], signature).rstrip("\n")
        with pytest.raises(WrongForm, match="ML-DSA-44 signature is not right"):
            open_note(with_lines(first, line), signer.public)
    assert open_note(with_lines(first, second), signer.public) == TEXT


# From Ed25519 alone to both. --------------------------------------------------------------------------------------


def make_site(root: Path, *, is_old: bool) -> tuple[SmallSite, str]:
    if is_old:
        leave_old_key(root)
    site = SmallSite(root)
    camera = site.add_camera("Gate")
    site.tell([site.make_segment(camera, 0)], 60)
    return site, camera


def test_new_log_signs_with_both_from_its_first_checkpoint(tmp_path) -> None:
    site, camera = make_site(tmp_path / "site", is_old=False)
    ring = site.log.ring
    assert len(ring.present.public) == 1344
    assert ring.present.fingerprint == hashlib.sha256(ring.present.public).hexdigest()
    assert len(lines_of((site.root / "evidence" / "checkpoint").read_text())) == 2
    site.export(tmp_path / "bundle", [camera], 0, 60)
    found = verify(str(tmp_path / "bundle"), [ring.present.fingerprint])
    assert (found.verdict, found.as_record()["signatures"]) == (VALID, ["Ed25519", "ML-DSA-44"])
    assert any("Signed twice" in line for line in tell(found))
    site.close()


def test_log_that_never_had_it_goes_on_and_says_ed25519_alone(tmp_path) -> None:
    site, camera = make_site(tmp_path / "site", is_old=True)
    site.close()
    site.log = site.open()
    site.tell([site.make_segment(camera, 60)], 120)
    assert len(find_segment_hashes(site.root)) == 2
    site.export(tmp_path / "bundle", [camera], 0, 120)
    found = verify(str(tmp_path / "bundle"), [site.log.ring.present.fingerprint])
    assert (found.verdict, found.signatures) == (VALID, ["Ed25519"])
    assert any("Ed25519 alone" in line for line in tell(found))
    site.close()


def test_changed_key_makes_a_pair_and_the_old_fingerprint_stays_good(tmp_path) -> None:
    site, camera = make_site(tmp_path / "site", is_old=True)
    old = site.log.ring.present.fingerprint
    new = site.log.rotate_key("ML-DSA-44", START_NS + 100 * S)
    third = site.log.rotate_key("yearly", START_NS + 110 * S)
    site.close()
    site.log = site.open()
    assert [len(key.public) for key in site.log.ring.keys] == [32, 1344, 1344]
    site.tell([site.make_segment(camera, 60)], 120)
    site.export(tmp_path / "bundle", [camera], 0, 120)
    words = "older key, of Ed25519 alone"
    for trust, is_weak in ((old, True), (new, False), (third, False)):
        found = verify(str(tmp_path / "bundle"), [trust])
        assert (found.verdict, found.signatures) == (VALID, ["Ed25519", "ML-DSA-44"]), found.faults
        assert any(words in line for line in tell(found)) is is_weak
    half = hashlib.sha256(site.log.ring.present.public[:32]).hexdigest()
    assert verify(str(tmp_path / "bundle"), [half]).verdict == CANNOT_TELL
    site.close()


def strip_second_line(path: Path) -> None:
    text, _, last = path.read_text(encoding="utf-8").partition("\n\n")
    path.write_text(f"{text}\n\n{last.splitlines()[0]}\n", encoding="utf-8")


@pytest.mark.parametrize("is_old", [False, True])
def test_stripped_line_of_a_newer_checkpoint_is_found_on_the_disk(tmp_path, is_old) -> None:
    site, _ = make_site(tmp_path / "site", is_old=is_old)
    if is_old:
        site.log.rotate_key("ML-DSA-44", START_NS + 100 * S)
    site.close()
    strip_second_line(site.root / "evidence" / "checkpoint")
    with pytest.raises(LogDamagedError, match="ML-DSA-44 signature is missing"):
        find_segment_hashes(site.root)
    with pytest.raises(LogDamagedError, match="ML-DSA-44 signature is missing"):
        site.open()


def test_broken_old_key_signs_no_newer_checkpoint(tmp_path) -> None:
    """Who breaks the Ed25519 key from before writes a checkpoint of the log as it is now, without the second line."""
    old = leave_old_key(tmp_path / "site")
    site = SmallSite(tmp_path / "site")
    camera = site.add_camera("Gate")
    site.tell([site.make_segment(camera, 0)], 60)
    site.log.rotate_key("ML-DSA-44", START_NS + 100 * S)
    site.tell([site.make_segment(camera, 60)], 120)
    path = site.root / "evidence" / "checkpoint"
    path.write_text(old.sign(path.read_text(encoding="utf-8").partition("\n\n")[0] + "\n"), encoding="utf-8")
    site.close()
    with pytest.raises(LogDamagedError, match="a key that was replaced before"):
        find_segment_hashes(site.root)
    with pytest.raises(LogDamagedError, match="a key that was replaced before"):
        site.open()


def test_crash_between_the_change_of_key_and_its_first_checkpoint_loses_nothing(tmp_path) -> None:
    site, _ = make_site(tmp_path / "site", is_old=True)
    path = site.root / "evidence" / "checkpoint"
    kept: list[bytes] = []
    sign_head = site.log.sign_head
    site.log.sign_head = lambda: (sign_head(), kept.append(path.read_bytes()))  # type: ignore[method-assign, assignment]
    site.log.rotate_key("ML-DSA-44", START_NS + 100 * S)
    site.close()
    assert [len(lines_of(one.decode())) for one in kept] == [1, 3]
    path.write_bytes(kept[0])
    site.log = site.open()
    assert len(find_segment_hashes(site.root)) == 1
    site.log.sign_head()
    assert len(lines_of(path.read_text())) == 3
    site.close()


def test_ring_of_an_older_version_with_a_change_of_key_is_read(tmp_path) -> None:
    """Versions before wrote no `last`: any checkpoint of a replaced key counts there, as it did."""
    site, _ = make_site(tmp_path / "site", is_old=True)
    site.log.rotate_key("again", START_NS + 100 * S)
    site.close()
    path = site.root / "keys" / "log" / "log.json"
    ring = json.loads(path.read_bytes())
    for key in ring["keys"]:
        del key["last"]
    path.write_bytes(json.dumps(ring, sort_keys=True, separators=(",", ":")).encode())
    site.log = site.open()
    assert [key.last_size for key in site.log.ring.keys] == [0, 0]
    site.close()


def test_half_a_private_key_is_an_error(tmp_path) -> None:
    folder = tmp_path / "keys"
    open_key_ring(folder, START_NS)
    (path,) = folder.glob("*.key")
    assert path.stat().st_size == 64
    path.write_bytes(path.read_bytes()[:32])
    with pytest.raises(LogDamagedError, match="not whole"):
        open_key_ring(folder, START_NS)


class OldOpenSsl:
    """What `cryptography` does where it was built on an OpenSSL before 3.5."""

    @staticmethod
    def from_seed_bytes(_seed: bytes) -> None:
        raise UnsupportedAlgorithm("ML-DSA")

    from_public_bytes = from_seed_bytes


def test_without_ml_dsa_nothing_is_signed_by_half_and_everything_is_checked(tmp_path, monkeypatch) -> None:
    signer = NoteSigner(SEED)
    note = signer.sign(TEXT)
    monkeypatch.setattr(keys, "MLDSA44PrivateKey", OldOpenSsl)
    monkeypatch.setattr(keys, "MLDSA44PublicKey", OldOpenSsl)
    with pytest.raises(SigningUnavailableError, match="version 48"):
        open_key_ring(tmp_path / "keys", START_NS)
    assert not list((tmp_path / "keys").iterdir())
    assert open_note(note, signer.public, keys.check_signature_fast) == TEXT
    with pytest.raises(WrongForm):
        open_note(note.replace("\n5\n", "\n6\n"), signer.public, keys.check_signature_fast)


# Bundles, by somebody who can sign with Ed25519 in the log's name, but not with ML-DSA-44. ------------------------


class Broken:
    """A bundle, and the Ed25519 half of the log's key as whoever breaks it computes it from the public one."""

    def __init__(self, root: Path, *, is_old: bool) -> None:
        site, camera = make_site(root / "site", is_old=is_old)
        self.first = site.log.ring.present.fingerprint
        if is_old:
            site.log.rotate_key("ML-DSA-44", START_NS + 100 * S, 0)
        site.export(root / "bundle", [camera], 0, 60)
        self.trust = site.log.ring.present.fingerprint
        self.public = site.log.ring.present.public
        (path,) = (site.root / "keys" / "log").glob("*.key")
        self.half = NoteSigner(path.read_bytes()[:32])
        site.close()
        self.folder = root / "bundle"
        self.manifest = json.loads((self.folder / "manifest.json").read_bytes())

    def write(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)
        self.manifest["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def seal(self, key: bytes, second: str = "") -> None:
        """Signs the list with the broken half; `second`: a line to put below."""
        data = json.dumps(self.manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        (self.folder / "manifest.json").write_bytes(data)
        text = format_export(self.manifest["site"], self.manifest["export"], hashlib.sha256(data).hexdigest(), key)
        (self.folder / "manifest.note").write_text(self.half.sign(text) + second, encoding="utf-8")

    def faults(self, *trust: str) -> set[tuple[str, str]]:
        found = verify(str(self.folder), trust or [self.trust])
        assert found.verdict == INVALID
        return {(fault.code, fault.file) for fault in found.faults}


@pytest.fixture(params=[False, True], ids=["born so", "after a change of key"])
def broken(request, tmp_path):
    return Broken(tmp_path, is_old=request.param)


def test_bundle_is_right_before_anybody_touches_it(broken) -> None:
    assert verify(str(broken.folder), [broken.trust]).verdict == VALID


def test_stripped_line_of_the_log_is_found(broken) -> None:
    strip_second_line(broken.folder / "checkpoint")
    broken.write("checkpoint", (broken.folder / "checkpoint").read_bytes())
    broken.seal(broken.public)
    assert {("signature", "checkpoint"), ("signature", "manifest.note")} <= broken.faults()


def test_list_that_only_the_broken_key_signed_is_found(broken) -> None:
    broken.manifest["purpose"] = "another"
    second = lines_of((broken.folder / "manifest.note").read_text(encoding="utf-8"))[1]
    broken.seal(broken.public, f"{second}\n")
    assert broken.faults() == {("signature", "manifest.note")}
    broken.seal(broken.public)
    assert broken.faults() == {("signature", "manifest.note")}


def test_log_that_hides_its_second_key_is_found(broken) -> None:
    """Everything is signed by the broken half, as if there never had been another."""
    broken.manifest["key"] = base64.b64encode(broken.public[:32]).decode()
    strip_second_line(broken.folder / "checkpoint")
    broken.write("checkpoint", (broken.folder / "checkpoint").read_bytes())
    broken.seal(broken.public[:32])
    half = hashlib.sha256(broken.public[:32]).hexdigest()
    # Its name is that of the pair; or its own change of key names the pair.
    assert {code for code, _ in broken.faults(broken.trust, half)} == {"key"}
    for name in broken.manifest["keys"]:
        del broken.manifest["files"][name]
    shutil.rmtree(broken.folder / "proofs" / "keys", ignore_errors=True)
    broken.manifest["keys"] = []
    broken.seal(broken.public[:32])
    assert broken.faults(broken.trust, half) == {("key", "manifest.json")}


def test_exchanged_second_key_is_found(broken) -> None:
    own = NoteSigner(bytes(32) + bytes(32))
    forged = broken.public[:32] + own.public[32:]
    broken.manifest["key"] = base64.b64encode(forged).decode()
    text = (broken.folder / "checkpoint").read_text(encoding="utf-8").partition("\n\n")[0] + "\n"

    def sign_own(note_text: str) -> str:
        name, line = note_text.partition("\n")[0], lines_of(own.sign(note_text))[1]
        assert line.startswith(f"\N{EM DASH} {name} ")
        return f"{line}\n"

    broken.write("checkpoint", (broken.half.sign(text) + sign_own(text)).encode())
    broken.seal(forged)
    data = (broken.folder / "manifest.json").read_bytes()
    export = format_export(broken.manifest["site"], broken.manifest["export"], hashlib.sha256(data).hexdigest(), forged)
    broken.seal(forged, sign_own(export))
    forged_print = hashlib.sha256(forged).hexdigest()
    assert {code for code, _ in broken.faults(broken.trust, forged_print)} == {"key"}


def test_key_change_back_to_ed25519_alone_is_not_believed(tmp_path) -> None:
    """No notary does it, so it is refused also where both old keys signed it."""
    site, camera = make_site(tmp_path / "site", is_old=False)
    pair = site.log.ring.present
    alone = NoteSigner(bytes(32))
    ring = site.log.ring
    ring.prepare_next = lambda: LogKey(alone.public, 0)  # type: ignore[method-assign]

    def switch(key: LogKey, at_ns: int, size: int, _until_ns: int) -> None:
        ring.keys = (replace(pair, to_ns=at_ns, last_size=size), replace(key, from_ns=at_ns))
        ring.signer = alone

    ring.switch = switch  # type: ignore[method-assign]
    site.log.rotate_key("back", START_NS + 100 * S)
    assert len(make_head(site.log).rotations) == 1
    site.export(tmp_path / "bundle", [camera], 0, 60)
    found = verify(str(tmp_path / "bundle"), [pair.fingerprint, hashlib.sha256(alone.public).hexdigest()])
    assert found.verdict == INVALID
    assert any("no longer does" in fault.detail for fault in found.faults)
    site.close()
