"""Bundles with masked copies: nothing of the originals inside, said in plain words, and held against the log."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.exports import make_order
from vedette.evidence.bundle_masked import MaskedCopy, MaskedFile, clamp_cover
from vedette.evidence.keys import check_signature_fast
from vedette.evidence.offline_verify import (
    CANNOT_TELL,
    INVALID,
    VALID,
    Verifier,
    _Cover,
    encode_canonical,
    tell,
    verify,
)
from vedette.evidence.proofs import CameraProof, LogHead, ProofFile, ProofRequest
from vedette.node.exports import WAIT_LOGGED_S, BrokenBundleError, NotaryBundleMaker, NotLoggedYetError, check_masked
from vedette.streaming.export_job import ExportFile, ExportOutcome
from vedette.testing.clock import JumpingClock
from vedette.testing.small_bundles import DAY_S, SEGMENT_S, START_NS, WINDOW, S, SmallSite, make_small_bundle

END_S = DAY_S + 5 * SEGMENT_S


@pytest.fixture
def site(tmp_path: Path):
    site = make_small_bundle(tmp_path / "site", tmp_path / "plain")
    yield site
    site.close()


@pytest.fixture
def bundle(site: SmallSite, tmp_path: Path) -> Path:
    """Three cameras, the second and third as masked copies."""
    site.export(tmp_path / "bundle", list(site.names), 0, END_S, masked=list(site.names)[1:])
    return tmp_path / "bundle"


def judge(site: SmallSite, folder: Path) -> Verifier:
    return verify(str(folder), [site.log.ring.present.fingerprint], check_signature_fast)


def test_masked_bundle_is_valid_and_says_that_it_is_no_original(site, bundle) -> None:
    verifier = judge(site, bundle)
    assert (verifier.verdict, verifier.faults) == (VALID, [])
    text = "\n".join(tell(verifier))
    assert "MASKED COPY: the originals' hashes are in the log (16 pieces); the originals are not here." in text
    assert "Hidden: Cửa sổ." in text
    assert "VALID. The key is one that you trust." in text
    readme = (bundle / "README.txt").read_text()
    assert 'THE PICTURES IN THE FOLDER "masked" ARE MASKED COPIES, NOT ORIGINALS.' in readme
    assert 'HÌNH ẢNH TRONG THƯ MỤC "masked" LÀ BẢN SAO ĐÃ CHE, KHÔNG PHẢI BẢN GỐC.' in readme
    assert verify(str(bundle), check=check_signature_fast).verdict == CANNOT_TELL


def test_program_inside_says_it_to_machines_with_the_standard_library_alone(site, bundle) -> None:
    trust = ["--trust", site.log.ring.present.fingerprint, "--json"]
    command = [sys.executable, "-I", "-S", str(bundle / "verify.py"), *trust]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout
    record = json.loads(told.stdout)
    assert record["verdict"] == "valid"
    assert {one["camera"] for one in record["masked"]} == {"Cổng 2", "Cổng 3"}
    assert {one["camera"] for one in record["segments"]} == {"Cổng 1"}
    logged = {one["segment"]: one["sha256"] for one in record["originals"]}
    assert len(logged) == 16
    for segment_id, sha256 in logged.items():
        stored = site.files[segment_id].path.read_bytes().removesuffix(b"a file may be longer than its segment")
        assert hashlib.sha256(stored).hexdigest() == sha256, "the log stands for the very original"


def test_no_byte_of_a_hidden_original_is_handed_out(site, bundle) -> None:
    hidden = {one["segment"] for one in judge(site, bundle).originals}
    everything = b"".join(path.read_bytes() for path in bundle.rglob("*") if path.is_file())
    for segment_id in hidden:
        stored = site.files[segment_id].path.read_bytes()
        assert all(stored[at : at + 24] not in everything for at in range(0, len(stored) - 24, 24))
    folders = {path.parent.name for path in bundle.glob("video/*/*")}
    assert folders == {"1-cong-1"}
    assert not list(bundle.glob("marks/[23]*"))
    assert not list(bundle.glob("clips/*"))


def test_statement_names_who_when_which_zones_and_what_it_was_made_of(bundle) -> None:
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    assert (manifest["v"], manifest["by"], manifest["purpose"]) == (2, "anna", "case 17/2026")
    plain, masked, _ = manifest["cameras"]
    assert "masked" not in plain
    corners = [[round(x * 1_000_000), round(y * 1_000_000)] for x, y in WINDOW.polygon.points]
    assert masked["masked"]["zones"] == [{"name": "Cửa sổ", "outline": corners}]
    for file in masked["masked"]["files"]:
        assert (
            manifest["files"][file["file"]]["sha256"]
            == hashlib.sha256((bundle / file["file"]).read_bytes()).hexdigest()
        )
        assert len(file["segments"]) == len(file["spans"]) == 4


def test_bundle_without_hidden_parts_stays_as_it_was(site, tmp_path) -> None:
    manifest = json.loads((tmp_path / "plain" / "manifest.json").read_bytes())
    assert manifest["v"] == 1
    assert "masked" not in (tmp_path / "plain" / "README.txt").read_text()
    verifier = judge(site, tmp_path / "plain")
    assert (verifier.verdict, verifier.masked, verifier.originals) == (VALID, [], [])


def rewrite(site: SmallSite, folder: Path, change) -> Verifier:
    """Changes the list of contents and has it signed: whoever composes bundles could."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    change(manifest)
    data = encode_canonical(manifest)
    (folder / "manifest.json").write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    note = site.log.ring.sign_export(manifest["export"], sha256)
    (folder / "manifest.note").write_text(note, newline="")
    return judge(site, folder)


def fault_of(verifier: Verifier, code: str):
    assert verifier.verdict == INVALID
    return next(fault for fault in verifier.faults if fault.code == code)


def test_signed_statement_that_leaves_out_footage_is_found_by_the_log(site, bundle) -> None:
    def shorten(manifest) -> None:
        manifest["cameras"][1]["masked"]["files"][0]["spans"][2][1] -= 10 * S

    fault = fault_of(rewrite(site, bundle, shorten), "untold_gap")
    assert (fault.camera, fault.at) == ("Cổng 2", "2026-11-30T00:56:10.000Z")


def test_signed_statement_over_footage_of_another_camera_is_found_by_the_log(site, bundle) -> None:
    def exchange(manifest) -> None:
        first, second = (one["masked"]["files"][0] for one in manifest["cameras"][1:])
        first["segments"], second["segments"] = second["segments"], first["segments"]

    assert fault_of(rewrite(site, bundle, exchange), "masked").camera == "Cổng 2"


def test_signed_statement_for_a_time_that_was_not_recorded_is_found_by_the_log(site, bundle) -> None:
    def stretch(manifest) -> None:
        manifest["cameras"][2]["masked"]["files"][0]["spans"][-1][1] += 3600 * S

    assert fault_of(rewrite(site, bundle, stretch), "masked").camera == "Cổng 3"


@pytest.mark.parametrize("version", [1, 3])
def test_version_that_does_not_fit_is_refused(site, bundle, version) -> None:
    assert rewrite(site, bundle, lambda manifest: manifest.update(v=version)).verdict == INVALID


def test_copy_that_ends_before_the_log_does_claims_no_more_than_it_shows() -> None:
    masked = MaskedCopy((WINDOW,), (MaskedFile(Path("x.mp4"), ((START_NS, START_NS + 40 * S),), ("a",)),))
    assert clamp_cover(START_NS + 60 * S, [START_NS + 60 * S], masked) == START_NS + 40 * S
    assert clamp_cover(START_NS + 60 * S, [START_NS + 40 * S], masked) == START_NS + 60 * S, "a told gap follows"
    assert clamp_cover(START_NS + 60 * S, [], MaskedCopy((WINDOW,), ())) == START_NS + 60 * S


def test_bundle_whose_statement_does_not_fit_the_log_is_not_handed_out(site, bundle) -> None:
    check_masked(bundle, lambda _: None)

    def shorten(manifest) -> None:
        manifest["cameras"][1]["masked"]["files"][0]["spans"].pop()

    rewrite(site, bundle, shorten)
    with pytest.raises(BrokenBundleError, match="masked copy of Cổng 2 does not fit the log"):
        check_masked(bundle, lambda _: None)


class LateNotary:
    """A log that gets to know a segment after so many questions."""

    def __init__(self, after: int, segment_id: str) -> None:
        self.left, self.segment_id = after, segment_id

    async def take_head(self) -> LogHead:
        return LogHead("vedette.0", 1, "", "", "")

    async def prove(self, request: ProofRequest) -> CameraProof:
        self.left -= 1
        leaf = f'{{"leaf":{{"id":"{self.segment_id}"}}}}' if self.left < 0 else ""
        return CameraProof(request.camera_id, (), {}, (ProofFile("day.json", leaf),))


async def prove(clock: JumpingClock, notary: LateNotary) -> None:
    order = make_order("Gate")
    file = ExportFile("Gate masked.mp4", 4, "00", order.cameras[0].camera_id, order.from_ns, True, (), ("SEGMENT",))
    maker = NotaryBundleMaker(notary, tuple, clock, None, None)  # type: ignore[arg-type] -- not asked for here
    await maker.prove(order, ExportOutcome((file,)), lambda _: None)


async def test_masked_copy_waits_until_the_log_knows_what_it_shows() -> None:
    clock = JumpingClock(utc_ns=2 * START_NS)
    await prove(clock, LateNotary(3, "SEGMENT"))
    assert clock.sleeps == [2.0] * 3


async def test_masked_copy_of_what_never_gets_into_the_log_is_an_error() -> None:
    clock = JumpingClock(utc_ns=2 * START_NS)
    with pytest.raises(NotLoggedYetError):
        await prove(clock, LateNotary(1000, "SEGMENT"))
    assert sum(clock.sleeps) == WAIT_LOGGED_S


def test_hole_over_the_edge_of_two_segments_is_one_hole(site, bundle) -> None:
    def cut(manifest) -> None:
        spans = manifest["cameras"][1]["masked"]["files"][0]["spans"]
        spans[0][1] -= 3 * S // 2
        spans[1][0] += 3 * S // 2

    assert fault_of(rewrite(site, bundle, cut), "untold_gap").at == "2026-11-30T00:54:18.500Z"


def test_cover_finds_the_longest_hole_wherever_it_lies() -> None:
    cover = _Cover([(50, 60), (10, 20), (15, 30)])
    assert cover.spans == [(10, 30), (50, 60)]
    assert cover.longest_hole(0, 100) == (60, 100)
    assert cover.longest_hole(12, 58) == (30, 50)
    assert cover.longest_hole(0, 30) == (0, 10)
    assert cover.longest_hole(35, 45) == (35, 45)
    assert cover.longest_hole(12, 28) == (12, 12)
    assert cover.longest_hole(70, 60) == (70, 70)
    assert _Cover([]).longest_hole(1, 5) == (1, 5)
