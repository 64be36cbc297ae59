"""Attacks that only somebody outside can see: a second history, a log put back, a signature from elsewhere."""

import asyncio
import base64
import json
import shutil
from pathlib import Path

import httpx
import pytest

from vedette.core.errors import InvalidInputError
from vedette.evidence import bundle
from vedette.evidence.errors import LogDamagedError
from vedette.evidence.keys import format_verifier_key
from vedette.evidence.offline_verify import CANNOT_TELL, INVALID, VALID, WITNESSES, WrongForm, tell, verify
from vedette.evidence.witness import Answer, Cosigner, Witness, parse_log_key
from vedette.evidence.witnessing import keep_cosignature, make_submission
from vedette.node.notary_witnesses import MOST_SILENT, NotaryWitnesses
from vedette.node.witness import make_witness_app
from vedette.runtime.clock import SystemClock
from vedette.testing.small_bundles import DAY_S, START_NS, S, SmallSite, leave_old_key

NAME = "witness.example.org/a"
AT_S = 1_796_000_100


class Outside:
    """A site, and a witness of it."""

    def __init__(self, root: Path) -> None:
        self.site = SmallSite(root / "site")
        self.camera = self.site.add_camera("Gate")
        self.cosigner = Cosigner(NAME, bytes(range(32)))
        self.key = (NAME, self.cosigner.public)
        self.folder = root / "witness"
        self.folder.mkdir()
        self.witness = Witness(self.folder, self.cosigner, [parse_log_key(self.site.log.ring.site_key)])
        self.second = 0

    def grow(self, times: int = 1) -> None:
        for _ in range(times):
            self.site.tell([self.site.make_segment(self.camera, self.second)], self.second + 60)
            self.second += 60

    def submit(self, old: int) -> Answer:
        made = make_submission(self.site.log, old)
        answer = self.witness.add_checkpoint(made.body, AT_S)
        if answer.status == 200:
            keep_cosignature(self.site.log, self.key, made.text, answer.body)
        return answer

    def export(self, folder: Path) -> str:
        self.site.export(folder, [self.camera], 0, self.second)
        return self.site.log.ring.present.fingerprint


@pytest.fixture
def outside(tmp_path):
    made = Outside(tmp_path)
    made.grow(3)
    yield made
    made.site.close()


def test_log_that_grows_is_signed_and_its_bundle_says_so(outside, tmp_path) -> None:
    assert outside.submit(0).status == 200
    outside.grow(4)
    assert outside.submit(3).status == 200
    trust = outside.export(tmp_path / "b")
    found = verify(str(tmp_path / "b"), [trust], witnesses=[outside.key])
    assert (found.verdict, [one["name"] for one in found.witnessed]) == (VALID, [NAME])
    assert found.witnessed[0]["size"] == "7"


def test_second_history_behind_an_old_cosignature_is_not_valid(outside, tmp_path) -> None:
    """The forger has the log's key: an old cosignature is right, and its consistency proof too."""
    outside.submit(0)
    outside.grow(4)
    trust = outside.export(tmp_path / "b")
    found = verify(str(tmp_path / "b"), [trust], witnesses=[outside.key])
    assert (found.verdict, found.faults) == (CANNOT_TELL, [])
    assert "Witnesses: 0 of 1 signed the whole of it." in list(tell(found))
    assert verify(str(tmp_path / "b"), [trust]).verdict == VALID


def test_roll_back_to_an_older_copy_is_refused_with_the_size_it_once_had(outside, tmp_path) -> None:
    outside.submit(0)
    shutil.copytree(tmp_path / "site", tmp_path / "old")
    outside.grow(2)
    assert outside.submit(3).status == 200
    outside.site.close()
    shutil.rmtree(tmp_path / "site")
    shutil.copytree(tmp_path / "old", tmp_path / "site")
    outside.site.log = outside.site.open()
    assert outside.submit(3) == Answer(409, "5\n")


def test_fork_of_the_same_length_and_longer_is_refused(outside, tmp_path) -> None:
    shutil.copytree(tmp_path / "site", tmp_path / "fork")
    outside.grow(2)
    outside.submit(0)
    other = Outside.__new__(Outside)
    other.site = SmallSite(tmp_path / "fork", seed=9)
    other.site.names, other.camera, other.second = outside.site.names, outside.camera, outside.second
    other.witness, other.key = outside.witness, outside.key
    other.grow(2)
    assert other.submit(5) == Answer(409, "5\n")
    other.grow(2)
    assert other.submit(5).status == 422
    other.site.close()


def test_truncated_and_padded_proofs_are_refused(outside) -> None:
    outside.submit(0)
    outside.grow(4)
    body = make_submission(outside.site.log, 3).body.decode()
    head, _, note = body.partition("\n\n")
    lines = head.split("\n")
    assert len(lines) > 2
    zero = base64.b64encode(bytes(32)).decode()
    for changed in (lines[:-1], [*lines, zero], lines[:1], [lines[0], zero, *lines[2:]]):
        answer = outside.witness.add_checkpoint(("\n".join(changed) + "\n\n" + note).encode(), AT_S)
        assert answer.status == 422
    assert outside.submit(3).status == 200


def test_checkpoint_of_another_origin_or_key_is_refused(outside, tmp_path) -> None:
    other = Outside(tmp_path / "other")
    other.grow(1)
    body = make_submission(other.site.log, 0).body
    assert outside.witness.add_checkpoint(body, AT_S).status == 404
    ours, theirs = outside.site.log.ring.site, other.site.log.ring.site
    assert outside.witness.add_checkpoint(body.replace(theirs.encode(), ours.encode()), AT_S).status == 403
    other.site.close()


def test_replayed_cosignature_and_one_of_another_origin_are_never_kept(outside, tmp_path) -> None:
    old = outside.witness.add_checkpoint(make_submission(outside.site.log, 0).body, AT_S).body
    outside.grow(1)
    text = make_submission(outside.site.log, 3).text
    foreign = outside.cosigner.sign(text.replace("/site\n", "/sits\n", 1), AT_S)
    for line in (old, foreign, Cosigner(NAME, bytes(32)).sign(text, AT_S)):
        with pytest.raises(WrongForm):
            keep_cosignature(outside.site.log, outside.key, text, line)


def test_answer_of_several_lines_is_handled_once_and_only_ours_is_kept(outside, tmp_path) -> None:
    made = make_submission(outside.site.log, 0)
    ours = outside.cosigner.sign(made.text, AT_S)
    other = Cosigner("someone.else", bytes(32)).sign(made.text, AT_S)
    keep_cosignature(outside.site.log, outside.key, made.text, other + ours + ours)
    trust = outside.export(tmp_path / "b")
    (record,) = json.loads((tmp_path / "b" / WITNESSES).read_text())
    assert record["cosignature"] == ours
    found = verify(str(tmp_path / "b"), [trust], witnesses=[outside.key, outside.key])
    assert (found.verdict, len(found.witnessed)) == (VALID, 1)
    for answer in ("", "\n", other, ours[:-2], ours.replace("\n", "\r\n")):
        with pytest.raises(WrongForm):
            keep_cosignature(outside.site.log, outside.key, made.text, answer)


def test_witness_that_is_named_twice_is_asked_once(outside) -> None:
    asked = []

    async def send(_url, body):
        asked.append(body)
        answer = outside.witness.add_checkpoint(body, AT_S)
        return answer.status, answer.body

    key = outside.cosigner.verifier_key
    witnesses = NotaryWitnesses([("http://w", key), ("http://w", key)], send)
    run_rounds(outside, witnesses)
    assert (len(asked), len(witnesses.describe()), witnesses.problems) == (1, 1, [])


def test_state_that_cannot_be_read_is_no_fresh_beginning(outside) -> None:
    outside.submit(0)
    (state,) = outside.folder.glob("*.json")
    state.write_text("{}")
    with pytest.raises(LogDamagedError):
        outside.submit(0)


def test_swapped_witness_key_and_missing_witness_cannot_be_told(outside, tmp_path) -> None:
    outside.submit(0)
    trust = outside.export(tmp_path / "b")
    swapped = (NAME, Cosigner(NAME, bytes(32)).public)
    for wanted in ([swapped], [outside.key, ("else", swapped[1])]):
        assert verify(str(tmp_path / "b"), [trust], witnesses=wanted).verdict == CANNOT_TELL
    assert verify(str(tmp_path / "b"), [trust]).verdict == VALID


@pytest.mark.parametrize("attack", ["replayed", "other origin", "truncated proof", "bad signature", "twice"])
def test_forged_witness_in_a_bundle_is_not_valid(outside, tmp_path, monkeypatch, attack) -> None:
    outside.submit(0)
    outside.grow(4)
    forged = make_submission(outside.site.log, 3).text
    outside.grow(1)

    def forge(record):
        if attack == "replayed":
            record["checkpoint"] = forged
            record["proof"] = [one.hex() for one in outside.site.log.prove_growth(7)]
        elif attack == "other origin":
            record["checkpoint"] = record["checkpoint"].replace("vedette.", "vedettf.", 1)
        elif attack == "truncated proof":
            record["proof"] = record["proof"][:-1]
        elif attack == "bad signature":
            record["cosignature"] = Cosigner(NAME, outside_seed).sign(forged, AT_S)
        return [record, record] if attack == "twice" else [record]

    outside_seed = bytes(range(32))
    plain = bundle.encode_canonical

    def encode(value):
        return plain(forge(value[0])) if isinstance(value, list) else plain(value)

    monkeypatch.setattr(bundle, "encode_canonical", encode)
    trust = outside.export(tmp_path / "b")
    assert json.loads((tmp_path / "b" / WITNESSES).read_text())
    found = verify(str(tmp_path / "b"), [trust], witnesses=[outside.key])
    assert found.verdict == INVALID
    assert {fault.code for fault in found.faults} == {"witness"}


def strip_second_line(body: bytes) -> bytes:
    head, _, lines = body.decode().rpartition("\n\n")
    return f"{head}\n\n{lines.splitlines()[0]}\n".encode()


def test_stripped_ml_dsa_line_is_refused_in_words(outside) -> None:
    body = make_submission(outside.site.log, 0).body
    answer = outside.witness.add_checkpoint(strip_second_line(body), AT_S)
    assert (answer.status, "ML-DSA-44 signature is missing" in answer.body) == (403, True)
    assert outside.submit(0).status == 200


def test_spoilt_ml_dsa_line_is_refused(outside) -> None:
    body = make_submission(outside.site.log, 0).body
    spoilt = body[:-100] + (b"A" if body[-100:-99] != b"A" else b"B") + body[-99:]
    answer = outside.witness.add_checkpoint(spoilt, AT_S)
    assert (answer.status, "ML-DSA-44" in answer.body) == (403, True)


def test_lines_of_unknown_keys_do_not_count(outside) -> None:
    """C2SP signed-note: so a witness may be given the Ed25519 key alone, as public ones are."""
    key = outside.site.log.ring.site_key
    plain = Witness(outside.folder, outside.cosigner, [parse_log_key(key.partition(",")[0])])
    body = make_submission(outside.site.log, 0).body
    foreign = outside.cosigner.sign(make_submission(outside.site.log, 0).text, AT_S).encode()
    assert plain.add_checkpoint(body + foreign, AT_S).status == 200
    assert plain.add_checkpoint(strip_second_line(body), AT_S).status == 409  # right, and known by now


def test_older_key_of_ed25519_alone_counts_until_the_log_signs_with_both(tmp_path) -> None:
    """After a change of key a witness knows both: whoever breaks the old one must not sign on with it."""
    old = leave_old_key(tmp_path / "site")
    outside = Outside(tmp_path)
    keys = [outside.site.log.ring.site_key]
    outside.grow(2)
    assert outside.submit(0).status == 200
    outside.site.log.rotate_key("ML-DSA-44", START_NS)
    keys.append(outside.site.log.ring.site_key)
    outside.witness = Witness(outside.folder, outside.cosigner, [parse_log_key(one) for one in keys])
    assert outside.submit(2).status == 200
    outside.grow(1)
    made = make_submission(outside.site.log, 3)
    forged = made.body.partition(b"\n\n")[0] + b"\n\n" + old.sign(made.text).encode()
    assert outside.witness.add_checkpoint(forged, AT_S).status == 403
    assert outside.submit(3).status == 200
    outside.site.close()


def test_witness_that_knows_only_the_old_key_goes_on_for_a_day(outside) -> None:
    """With both halves or, as public ones, with Ed25519 alone; from then on it must know the new one."""
    old = outside.site.log.ring.site_key
    outside.submit(0)
    outside.site.log.rotate_key("due", START_NS + 200 * S)
    outside.grow(1)
    assert outside.submit(3).status == 200
    size = outside.site.log.size
    (outside.folder / "plain").mkdir()
    plain = Witness(outside.folder / "plain", outside.cosigner, [parse_log_key(old.partition(",")[0])])
    assert plain.add_checkpoint(make_submission(outside.site.log, 0).body, AT_S).status == 200
    outside.site.log.end_overlap(START_NS + (200 + DAY_S) * S)
    outside.grow(1)
    answer = outside.submit(size)
    assert (answer.status, "signed by another key" in answer.body) == (403, True)
    outside.witness = Witness(
        outside.folder, outside.cosigner, [parse_log_key(one) for one in (old, outside.site.log.ring.site_key)]
    )
    assert outside.submit(size).status == 200


@pytest.mark.parametrize("is_old_first", [False, True])
@pytest.mark.parametrize("wrong", ["forged", "half", "stripped", "only the old, forged"])
def test_of_every_known_key_every_line_must_be_right(outside, wrong, is_old_first) -> None:
    keys = [outside.site.log.ring.site_key]
    outside.site.log.rotate_key("due", START_NS + 200 * S)
    keys.append(outside.site.log.ring.site_key)
    known = [parse_log_key(one) for one in (keys if is_old_first else reversed(keys))]
    outside.witness = Witness(outside.folder, outside.cosigner, known)
    head, _, lines = make_submission(outside.site.log, 0).body.decode().rpartition("\n\n")
    first, second, third, fourth = lines.splitlines()
    spoilt = fourth[:500] + ("A" if fourth[500] != "A" else "B") + fourth[501:]
    changed = {
        "forged": [first, second, third, spoilt],
        "half": [first, second, third],
        "stripped": [first, third, fourth],
        "only the old, forged": [third, spoilt],
    }[wrong]
    body = "\n".join([head, "", *changed, ""]).encode()
    assert outside.witness.add_checkpoint(body, AT_S).status == 403
    assert outside.submit(0).status == 200


@pytest.mark.parametrize("wrong", ["first alone twice", "other log", "swapped", "no key", "changed id", "three"])
def test_log_key_that_is_no_pair_of_one_log_is_refused(outside, wrong) -> None:
    first, second = outside.site.log.ring.site_key.split(",")
    origin = second.partition("+")[0]
    other = format_verifier_key("vedette.0/site", outside.site.log.ring.present.public).split(",")[1]
    text = {
        "first alone twice": f"{first},{first}",
        "other log": f"{first},{other}",
        "swapped": f"{second},{first}",
        "no key": f"{first},",
        "changed id": f"{first},{origin}+00000000+{second.rpartition('+')[2]}",
        "three": f"{first},{second},{second}",
    }[wrong]
    with pytest.raises(InvalidInputError, match="key of a log cannot be used"):
        parse_log_key(text)


def run_rounds(outside, witnesses: NotaryWitnesses, times: int = 1) -> None:
    async def on_log(work):
        return work(outside.site.log)

    for _ in range(times):
        asyncio.run(witnesses.submit(on_log))


def test_notary_catches_up_by_the_size_that_the_witness_answers(outside) -> None:
    async def send(_url, body):
        answer = outside.witness.add_checkpoint(body, AT_S)
        return answer.status, answer.body

    outside.submit(0)
    shutil.rmtree(outside.site.log.root / "witnessed")
    outside.grow(2)
    witnesses = NotaryWitnesses([("http://w", outside.cosigner.verifier_key)], send)
    run_rounds(outside, witnesses)
    assert witnesses.problems == []
    assert witnesses.describe() == [f"{NAME}: 5 entries signed"]


def test_longer_fork_that_the_witness_refuses_is_told_at_once(outside) -> None:
    async def send(_url, _body):
        return 422, "the log does not begin with what it was"

    witnesses = NotaryWitnesses([("http://w", outside.cosigner.verifier_key)], send)
    run_rounds(outside, witnesses)
    assert "another log" in witnesses.problems[0]


def test_silent_witness_is_told_after_five_rounds_and_a_known_longer_log_at_once(outside) -> None:
    answers = [(500, "")]

    async def send(_url, _body):
        return answers[-1]

    witnesses = NotaryWitnesses([("http://w", outside.cosigner.verifier_key)], send)
    run_rounds(outside, witnesses, MOST_SILENT)
    assert witnesses.problems == []
    run_rounds(outside, witnesses)
    assert "signed nothing for 6 rounds" in witnesses.problems[0]
    answers.append((409, "9\n"))
    run_rounds(outside, witnesses)
    assert "another log" in witnesses.problems[0]


async def test_witness_over_http_answers_a_conflict_with_its_size_and_refuses_what_is_too_long(outside) -> None:
    outside.submit(0)
    app = make_witness_app(outside.witness, SystemClock())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://w") as client:
        found = await client.post("/add-checkpoint", content=make_submission(outside.site.log, 0).body)
        assert (found.status_code, found.text) == (409, "3\n")
        assert found.headers["content-type"].startswith("text/x.tlog.size")
        assert (await client.post("/add-checkpoint", content=bytes(1 << 17))).status_code == 413
