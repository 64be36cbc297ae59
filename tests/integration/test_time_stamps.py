"""Time stamps by a real authority (`openssl ts`): asked for by the notary, kept, put into bundles, verified there."""

import json
from pathlib import Path

import pytest

from tests.support.notary import NotaryProcess, run_verifier
from tests.support.openssl_authority import OpenSslAuthority, serve_authority
from tests.support.waiting import wait_until
from vedette.adapters.time_stamp_check import TimeStampRefusedError, check_answer
from vedette.adapters.time_stamp_client import request_time_stamp
from vedette.core.time import NS_PER_S
from vedette.evidence.offline_verify import CANNOT_TELL, INVALID, VALID, check_time_stamp
from vedette.evidence.proofs import SignRequest
from vedette.evidence.time_stamps import keep_stamp, make_question
from vedette.runtime.clock import SystemClock
from vedette.testing.small_bundles import SmallSite

LONG_AGO_S = -10 * 365 * 86_400
"""OpenSSL stamps with the clock of the machine: the footage must be older than that."""
POLICY = "1.3.6.1.4.1.99999.1"


@pytest.mark.parametrize(
    ("key", "digest", "named_by"),
    [
        ("rsa", "sha256", "sha1"),
        ("rsa", "sha512", "sha256"),
        ("p256", "sha256", "sha256"),
        ("p384", "sha384", "sha512"),
    ],
)
async def test_stamp_of_a_real_authority_holds_by_hand_by_library_and_by_openssl(
    tmp_path: Path, key, digest, named_by
) -> None:
    authority = OpenSslAuthority(tmp_path / "tsa", key, digest, named_by)
    question = make_question(7, "a\n7\nroot\n\n\N{EM DASH} a sig\n", 0xDEADBEEF00112233, POLICY)
    async with serve_authority(authority.answer) as url:
        response = await request_time_stamp(url, question.body, authority.root.read_bytes())
    stamp = check_answer(response, question, authority.root.read_bytes(), POLICY)
    assert (stamp.name, stamp.fingerprint, stamp.nonce) == ("OpenSSL TSA", authority.fingerprint, question.nonce)
    assert stamp.accuracy_ns == 1_500_100_000
    assert abs(stamp.at_ns - SystemClock().utc_ns()) < 60 * NS_PER_S
    (tmp_path / "r.tsr").write_bytes(response)
    (tmp_path / "r.checkpoint").write_bytes(question.stamped)
    assert authority.verifies(tmp_path / "r.tsr", tmp_path / "r.checkpoint")
    other = OpenSslAuthority(tmp_path / "other", "p256")
    with pytest.raises(TimeStampRefusedError, match="does not lead to one that is pinned"):
        check_answer(response, question, other.root.read_bytes(), POLICY)
    with pytest.raises(TimeStampRefusedError, match="another policy"):
        check_answer(response, question, authority.root.read_bytes(), "1.2.3")


async def test_certificate_of_the_authority_itself_may_be_pinned(tmp_path: Path) -> None:
    authority = OpenSslAuthority(tmp_path / "tsa", "p256")
    question = make_question(7, "a\n", 5)
    response = authority.answer(question.body)
    assert check_answer(response, question, (tmp_path / "tsa" / "tsa.pem").read_bytes(), "").nonce == 5


async def test_policy_that_the_authority_does_not_know_is_a_refusal_in_words(tmp_path: Path) -> None:
    authority = OpenSslAuthority(tmp_path / "tsa", "p256")
    question = make_question(7, "a\n", 5, "1.2.3.4")
    with pytest.raises(TimeStampRefusedError, match="did not grant"):
        check_answer(authority.answer(question.body), question, authority.root.read_bytes(), "1.2.3.4")


async def test_bundle_carries_its_stamps_and_openssl_alone_can_check_them(tmp_path: Path) -> None:
    authority = OpenSslAuthority(tmp_path / "tsa", "rsa")
    site = SmallSite(tmp_path / "site")
    camera = site.add_camera("Gate")
    site.tell([site.make_segment(camera, LONG_AGO_S), site.make_segment(camera, LONG_AGO_S + 60)], 120)
    question = make_question(site.log.size, site.log.format_site_head(site.log.size), 5)
    keep_stamp(site.log.root, "http://tsa", question, authority.answer(question.body), 0)
    site.export(tmp_path / "b", [camera], LONG_AGO_S, LONG_AGO_S + 120)
    trust = site.log.ring.present.fingerprint
    site.close()
    stamps = tmp_path / "b" / "timestamps"
    assert authority.verifies(stamps / "000001.tsr", stamps / "000001.checkpoint")
    told = run_verifier(tmp_path / "b", "--trust", trust)
    assert (told.returncode, "not vouched for" in told.stdout) == (VALID, True)
    colons = ":".join(authority.fingerprint[place : place + 2] for place in range(0, 64, 2)).upper()
    told = run_verifier(tmp_path / "b", "--trust", trust, "--tsa", colons)
    assert (told.returncode, "not vouched for" in told.stdout) == (VALID, False)
    assert "Time-stamped by OpenSSL TSA at" in told.stdout
    assert run_verifier(tmp_path / "b", "--trust", trust, "--tsa", "0" * 64).returncode == CANNOT_TELL
    (stamps / "000001.tsr").write_bytes((stamps / "000001.tsr").read_bytes()[:-1])
    told = run_verifier(tmp_path / "b", "--trust", trust)
    assert (told.returncode, "timestamps/000001.tsr" in told.stdout) == (INVALID, True)


async def test_notary_process_has_its_log_stamped_and_shows_it(tmp_path: Path) -> None:
    data = tmp_path / "d"
    data.mkdir()
    authority = OpenSslAuthority(tmp_path / "tsa", "p256")
    async with serve_authority(authority.answer) as url:
        config = tmp_path / "settings.yaml"
        config.write_text(json.dumps({"time_stamps": [{"url": url, "certificates": str(authority.root)}]}))
        notary = NotaryProcess(data, "--config", str(config))
        await notary.start()
        try:
            async with notary.client() as client:
                await client.sign_manifest(SignRequest("e1", "anna", "a case", (), 1, 2, "0" * 64))

                async def is_stamped() -> bool:
                    return authority.fingerprint in str(json.loads(await client.status())["time_stamps"])

                await wait_until(is_stamped, 40)
                status = json.loads(await client.status())
                assert status["state"] == "holds", status["detail"]
        finally:
            notary.stop()
    (kept,) = (data / "evidence" / "timestamps").glob("*/*.json")
    record = json.loads(kept.read_bytes())
    import base64

    assert check_time_stamp(base64.b64decode(record["response"]), record["checkpoint"].encode()).name == "OpenSSL TSA"
