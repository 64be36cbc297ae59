"""What somebody without the key can do to a bundle: nothing that stays unseen, and nothing that breaks the verifier."""

import io
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.mutation_overlap import OVERLAP_FORGERIES, UNTIL_NS
from benchmarks.mutations import MemorySource, Tally, make_originals, make_overlap, run_batch, sign_list
from vedette.core.footage_facts import SegmentClosed
from vedette.evidence.bundle import pack_bundle, seal_bundle
from vedette.evidence.keys import NoteSigner, check_signature_fast
from vedette.evidence.leaves import draft_footage
from vedette.evidence.offline_verify import (
    CANNOT_TELL,
    INVALID,
    USAGE,
    VALID,
    Verifier,
    encode_canonical,
    fingerprint_of,
    format_export,
    tell,
    verify,
    zip_central,
    zip_end,
    zip_local,
)
from vedette.testing.small_bundles import DAY_S, START_NS, S, SmallSite, make_small_bundle


@pytest.fixture
def bundle(tmp_path) -> Path:
    make_small_bundle(tmp_path / "site", tmp_path / "bundle").close()
    return tmp_path / "bundle"


def codes(folder: Path, *trust: str) -> set[str]:
    verifier = verify(str(folder), trust, check_signature_fast)
    assert verifier.verdict == INVALID
    return {fault.code for fault in verifier.faults}


@pytest.mark.parametrize("seed", range(2))
def test_no_mutation_is_accepted_and_each_is_located(seed) -> None:
    """Short form of `benchmarks.mutations`, as a recipient checks: signatures in plain Python."""
    check_tally(run_batch((seed * 1_000_003, 200, True)), 180)


def test_none_of_more_mutations_is_accepted_by_the_same_rules_with_openssl() -> None:
    check_tally(run_batch((17, 1000, False)), 850)


def check_tally(tally: Tally, least: int) -> None:
    assert tally.kinds.total() > least
    assert tally.accepted == []
    assert tally.not_located == []


@pytest.fixture(scope="module", params=[0, 1], ids=["Ed25519 before", "pair before"])
def overlap(request):
    return make_overlap(request.param)


def check_overlap(files: dict[str, bytes], overlap, *trust: str) -> Verifier:
    verifier = Verifier(MemorySource(files, {}), trust or [overlap.fingerprint], check_signature_fast)
    verifier.run()
    return verifier


def test_whole_published_checkpoint_of_the_day_is_accepted(overlap) -> None:
    """By who trusts the key before, and by who trusts the present one. Who trusts neither cannot tell."""
    note = overlap.day["checkpoint"].decode()
    assert note.count("\N{EM DASH}") == (
        4 if len(json.loads(overlap.day["proofs/keys/000001.json"])["old"]) > 44 else 3
    )
    assert check_overlap(overlap.day, overlap).verdict == VALID
    assert check_overlap(overlap.day, overlap, fingerprint_of(overlap.signer.public)).verdict == VALID
    assert check_overlap(overlap.day, overlap, "0" * 64).verdict == CANNOT_TELL


@pytest.mark.parametrize(("made_at", "verdict"), [(UNTIL_NS - 1, VALID), (UNTIL_NS, INVALID)])
def test_day_ends_to_the_nanosecond_for_who_has_lists_signed(overlap, made_at, verdict) -> None:
    manifest = json.loads(overlap.day["manifest.json"]) | {"made_at": made_at}
    files = sign_list(overlap.day | {"manifest.json": encode_canonical(manifest)}, overlap.signer)
    assert check_overlap(files, overlap).verdict == verdict


@pytest.mark.parametrize("make", OVERLAP_FORGERIES, ids=lambda make: make.__name__)
def test_day_of_two_keys_helps_nobody_even_when_the_notary_signs_the_list(overlap, make) -> None:
    source = random.Random(f"{make.__name__} {overlap.fingerprint}")
    changes = [make(source, overlap.day, overlap.late, b"") for _ in range(25)]
    found = [change for change in changes if change is not None]
    is_one_line_owed = make.__name__ == "leave_out_older_line" and overlap.day["checkpoint"].count(b"\xe2\x80\x94") == 3
    assert bool(found) != is_one_line_owed
    for change in found:
        verifier = check_overlap(sign_list(change.files, overlap.signer), overlap)
        assert verifier.verdict == INVALID
        named = {fault.file for fault in verifier.faults}
        assert named & ({"checkpoint", "proofs/keys/000001.json"} & change.touched), verifier.faults[:3]


def test_every_bit_of_every_small_file_counts() -> None:
    originals = make_originals(7)
    source = random.Random(7)
    for name, data in originals.one.items():
        for _ in range(6):
            changed = bytearray(data)
            changed[source.randrange(len(data))] ^= 1 << source.randrange(8)
            files = originals.one | {name: bytes(changed)}
            verifier = Verifier(MemorySource(files, {}), [originals.fingerprint], check_signature_fast)
            assert verifier.run() == INVALID, name


def test_bundle_signed_anew_by_another_key_is_valid_only_to_who_trusts_that_key(tmp_path) -> None:
    """The forger builds a whole log of his own from the real footage: flawless, but not the site's key."""
    real = make_small_bundle(tmp_path / "real", tmp_path / "real-bundle", seed=1)
    forged = make_small_bundle(tmp_path / "forged", tmp_path / "forged-bundle", seed=1)
    trusted, other = real.log.ring.present.fingerprint, forged.log.ring.present.fingerprint
    real.close()
    forged.close()
    folder = str(tmp_path / "forged-bundle")
    assert verify(folder).verdict == CANNOT_TELL
    assert verify(folder, [trusted]).verdict == CANNOT_TELL
    assert verify(folder, [other]).verdict == VALID
    assert verify(str(tmp_path / "real-bundle"), [trusted]).verdict == VALID


def test_own_signature_over_the_list_alone_does_not_help(bundle) -> None:
    """The forger swaps the key in the list and signs it, and leaves the log as it was."""
    signer = NoteSigner(bytes(32))
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    manifest["purpose"] = "another"
    import base64
    import hashlib

    manifest["key"] = base64.b64encode(signer.public).decode()
    data = encode_canonical(manifest)
    (bundle / "manifest.json").write_bytes(data)
    text = format_export(manifest["site"], manifest["export"], hashlib.sha256(data).hexdigest(), signer.public)
    (bundle / "manifest.note").unlink()
    seal_bundle(bundle, signer.sign(text))
    assert "signature" in codes(bundle, fingerprint_of(signer.public))


def test_links_devices_and_empty_folders_are_refused(bundle) -> None:
    video = next(bundle.glob("video/*/*.mp4"))
    shutil.move(video, bundle.parent / "elsewhere.mp4")
    video.symlink_to(bundle.parent / "elsewhere.mp4")
    assert "not_a_file" in codes(bundle)
    video.unlink()
    os.mkfifo(video)
    assert "not_a_file" in codes(bundle)
    video.unlink()
    shutil.move(bundle.parent / "elsewhere.mp4", video)
    assert verify(str(bundle)).verdict == CANNOT_TELL
    (bundle / "empty").mkdir()
    assert codes(bundle) == {"not_of_the_bundle"}
    (bundle / "empty").rmdir()
    folder = next(bundle.glob("video/*"))
    folder.rename(bundle.parent / "aside")
    folder.symlink_to(bundle.parent / "aside", target_is_directory=True)
    assert "not_a_file" in codes(bundle)


def test_paths_out_of_the_folder_are_never_followed(bundle) -> None:
    (bundle.parent / "secret").write_text("x")
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    for name in ("../secret", "/etc/passwd", "video/../../secret", "video//x", "a\\..\\b", "\0"):
        manifest["files"][name] = {"bytes": 1, "sha256": "0" * 64}
    manifest["cameras"][0]["proofs"] = ["../secret", "/etc/passwd", "\0", "x" * 5000]
    manifest["cameras"][1]["folder"] = "../.."
    manifest["keys"] = ["../../etc/passwd", 7, None]
    (bundle / "manifest.json").write_bytes(encode_canonical(manifest))
    verifier = verify(str(bundle))
    assert verifier.verdict == INVALID
    assert not any("root:" in fault.detail for fault in verifier.faults)


FIELDS = ("v", "site", "key", "keys", "from", "to", "cameras", "files", "made_at", "export", "by")
VALUES = (None, 1 << 62, -1, "", "x", [], {}, [[]], [None], {"a": {}}, True)
CONTENTS = (b"", b"\xff", b"[" * 200_000, b"null", b"{}", b"[]", b"0", b"\n\n", bytes(1 << 17))


def test_no_value_in_the_list_breaks_the_verifier(bundle) -> None:
    original = json.loads((bundle / "manifest.json").read_bytes())
    for field in FIELDS:
        for value in VALUES:
            if original[field] != value:
                (bundle / "manifest.json").write_bytes(encode_canonical(original | {field: value}))
                assert verify(str(bundle), (), check_signature_fast).verdict == INVALID, (field, value)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.note", "checkpoint"])
def test_no_content_breaks_the_verifier(bundle, name) -> None:
    for content in CONTENTS:
        (bundle / name).write_bytes(content)
        verifier = verify(str(bundle))
        assert verifier.verdict == INVALID
        assert any(fault.file == name for fault in verifier.faults)
        assert list(tell(verifier))


def test_missing_signature_or_list_is_not_valid(bundle) -> None:
    for name in ("manifest.note", "manifest.json", "checkpoint"):
        kept = (bundle / name).read_bytes()
        (bundle / name).unlink()
        assert "missing" in codes(bundle)
        (bundle / name).write_bytes(kept)
    shutil.rmtree(bundle)
    bundle.mkdir()
    assert codes(bundle) == {"missing"}


def test_untold_gap_and_missing_day_are_found_even_when_the_notary_signs_the_list(tmp_path) -> None:
    """Whoever composes the bundle may leave something out; the log still knows."""
    site = SmallSite(tmp_path / "site")
    camera = site.add_camera("Gate")
    facts = [site.make_segment(camera, 60 * number) for number in range(4)]
    site.tell([facts[0], facts[1], facts[3]], 300)  # the third was never logged: nobody says why it is missing
    site.export(tmp_path / "bundle", [camera], 0, 240)
    verifier = verify(str(tmp_path / "bundle"))
    site.close()
    assert verifier.verdict == INVALID
    (fault,) = verifier.faults
    assert (fault.code, fault.camera, fault.at) == ("untold_gap", "Gate", "2026-11-30T00:55:20.000Z")


def test_footage_changed_on_disk_before_the_export_is_found_with_its_second(tmp_path) -> None:
    site = SmallSite(tmp_path / "site")
    camera = site.add_camera("Gate")
    segment: SegmentClosed = site.make_segment(camera, 0)
    site.tell([segment, site.make_segment(camera, 60)], 120)
    path = site.files[segment.segment_id].path
    data = bytearray(path.read_bytes())
    data[segment.size_bytes - 3] ^= 1  # in the last of six parts
    path.write_bytes(bytes(data))
    manifest = site.export(tmp_path / "bundle", [camera], 0, 120)
    site.close()
    assert manifest.altered == (segment.segment_id,)
    (fault,) = verify(str(tmp_path / "bundle")).faults
    assert (fault.camera, fault.segment, fault.at) == ("Gate", segment.segment_id, "2026-11-30T00:54:10.000Z")


def test_tail_that_still_grows_is_told_and_valid(tmp_path) -> None:
    site = SmallSite(tmp_path / "site")
    camera = site.add_camera("Gate")
    site.tell([site.make_segment(camera, 0), site.make_segment(camera, 60)], 120)
    site.export(tmp_path / "bundle", [camera], 0, 600)
    verifier = verify(str(tmp_path / "bundle"), [site.log.ring.present.fingerprint])
    site.close()
    assert verifier.verdict == VALID
    assert [(one["from"], one["to"]) for one in verifier.uncovered] == [
        ("2026-11-30T00:55:20.000Z", "2026-11-30T01:03:20.000Z")
    ]
    assert "was still being recorded" in "\n".join(tell(verifier))


def test_hostile_zip_neither_crashes_nor_passes(bundle) -> None:
    pack_bundle(bundle, bundle.parent / "b.zip")
    packed = (bundle.parent / "b.zip").read_bytes()
    assert verify(str(bundle.parent / "b.zip")).verdict == CANNOT_TELL
    huge = zip_local(b"manifest.json", 1 << 62, 0) + zip_central(b"manifest.json", 1 << 62, 0, 0)
    twice = packed[: packed.index(b"PK\1\2")] + packed
    source = random.Random(3)
    noise = [bytes(source.randbytes(size)) for size in (0, 1, 22, 5000)]
    inside = zip_local(b"../x", 1, 0) + b"x" + zip_central(b"../x", 1, 0, 0) + zip_end(1, 50, 35)
    for data in (huge, twice, inside, packed[:-1], packed + b"\0", b"PK\3\4" + packed[4:100], *noise):
        path = bundle.parent / "x.zip"
        path.write_bytes(data)
        assert verify(str(path)).verdict == INVALID


def test_zip_packed_again_by_another_program_is_told_apart_from_a_changed_one(bundle) -> None:
    shutil.make_archive(str(bundle.parent / "again"), "zip", bundle)
    verifier = verify(str(bundle.parent / "again.zip"))
    assert verifier.verdict == INVALID
    assert any("unpack it and check the folder" in fault.detail for fault in verifier.faults)


def test_files_beyond_four_gigabytes_have_their_place_in_a_zip() -> None:
    large = 5 << 30
    assert zip_local(b"a", large, 1)[-16:] == large.to_bytes(8, "little") * 2
    assert zip_central(b"a", 1, 1, large)[-8:] == large.to_bytes(8, "little")
    assert b"PK\6\6" in zip_end(70_000, 1, 1)
    assert b"PK\6\6" not in zip_end(3, 1, 1)


def run(*arguments: str, folder: Path, cwd: str = "/") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), *arguments]
    return subprocess.run(command, env={}, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)


def test_command_line_answers_in_words_and_codes(bundle) -> None:
    told = run(folder=bundle)
    assert told.returncode == CANNOT_TELL
    fingerprint = json.loads(run("--json", folder=bundle).stdout)["fingerprint"]
    spaced = " ".join(fingerprint[place : place + 8] for place in range(0, 64, 8)).upper()
    assert run("--trust", spaced, folder=bundle).returncode == VALID
    assert run(str(bundle), "--trust", fingerprint, "--json", folder=bundle).returncode == VALID
    for wrong in (["--trust"], ["--trust", "abc"], ["--fast"], ["/nowhere"], [str(bundle), str(bundle)]):
        assert run(*wrong, folder=bundle).returncode == USAGE
    assert run(str(bundle / "README.txt"), folder=bundle).returncode == INVALID
    (bundle / "verify.py").write_text((bundle / "verify.py").read_text() + "\n")
    told = run(folder=bundle)
    assert told.returncode == INVALID
    assert "verify.py" in told.stdout
    assert not list(bundle.rglob("__pycache__"))


def test_verifier_imports_the_standard_library_alone(bundle) -> None:
    text = (bundle / "verify.py").read_text(encoding="utf-8")
    imported = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)


def test_large_files_are_read_in_pieces(bundle) -> None:
    class Watched(io.BytesIO):
        largest = 0

        def read(self, size: int = -1) -> bytes:
            Watched.largest = max(Watched.largest, size if size >= 0 else 1 << 40)
            return super().read(size)

    video = next(bundle.glob("video/*/*.mp4"))
    verifier = Verifier(None)
    source = type("Source", (), {"open": lambda _self, _name: Watched(bytes(3 << 20))})()
    verifier._source = source
    verifier._digest(video.name)
    assert Watched.largest == 1 << 20


def test_event_leaves_of_a_camera_stand_in_its_chain(tmp_path) -> None:
    """Leaves that are neither footage nor gap lie between and must not look like a hole."""
    from vedette.core.messages import EventObserved
    from vedette.evidence.leaves import draft_event

    site = SmallSite(tmp_path / "site")
    camera = site.add_camera("Gate")
    site.log.append([draft_footage(site.make_segment(camera, 0))], START_NS)
    event = EventObserved("01JD5Q8Z3M6V1T9W4X7Y2B0C8D", camera, "line_crossed", START_NS + S, None, "person", 0.9)
    site.log.append([draft_event(event, "test", ())], START_NS)
    site.tell([site.make_segment(camera, 60)], DAY_S)
    site.export(tmp_path / "bundle", [camera], 0, 120)
    assert verify(str(tmp_path / "bundle")).verdict == CANNOT_TELL
    site.close()
