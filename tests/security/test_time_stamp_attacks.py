"""Authorities that answer wrongly, and bundles whose time stamps are forged. Nothing of it may touch the log."""

import asyncio
import base64
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.support.openssl_authority import serve_authority
from vedette.adapters.time_stamp_client import AuthoritySilentError, request_time_stamp
from vedette.core.time import NS_PER_S
from vedette.evidence import bundle_stamps
from vedette.evidence.errors import LogDamagedError
from vedette.evidence.offline_verify import CANNOT_TELL, INVALID, VALID, tell, verify
from vedette.evidence.proofs import CameraProof, ProofRequest, StampedTree
from vedette.evidence.prover import prove_camera
from vedette.evidence.time_stamps import make_question
from vedette.node.notary_stamps import MOST_SILENT, NotaryStamps
from vedette.runtime.settings import TimeStampAuthority
from vedette.testing.clock import SimulatedClock
from vedette.testing.small_bundles import START_NS, S, SmallSite
from vedette.testing.time_stamp_authority import Profile, SimulatedAuthority
from vedette.testing.tls import TestAuthority, make_server_context

AUTHORITY = SimulatedAuthority()
OTHER = SimulatedAuthority(name="Another TSA")
URL = "http://tsa.example.org/tsr"


class Stamped:
    """A site, and what its notary asks of an authority."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.site = SmallSite(root / "site")
        self.camera = self.site.add_camera("Gate")
        self.second = 0
        self.clock = SimulatedClock(START_NS)
        self.asked: list[bytes] = []
        (root / "ca.pem").write_bytes(AUTHORITY.root_pem)

    @property
    def trust(self) -> str:
        return self.site.log.ring.present.fingerprint

    def grow(self, times: int = 1) -> None:
        for _ in range(times):
            self.site.tell([self.site.make_segment(self.camera, self.second)], self.second + 60)
            self.second += 60

    def stamp(self, at_s: int | None = None, authority: SimulatedAuthority = AUTHORITY) -> None:
        self.site.stamp(authority, self.second if at_s is None else at_s)

    def export(self, name: str = "b", from_s: int = 0) -> Path:
        self.site.export(self.root / name, [self.camera], from_s, self.second)
        return self.root / name

    def verify(self, folder: Path, *authorities: str):
        return verify(str(folder), [self.trust], authorities=authorities)

    def notary(self, request: Callable, url: str = URL, every_s: int = 3600) -> NotaryStamps:
        named = TimeStampAuthority(url, self.root / "ca.pem")
        return NotaryStamps([named], every_s, self.site.log.root, request, self.clock)

    async def on_log(self, work):
        return work(self.site.log)

    def kept(self) -> list[Path]:
        return sorted(self.site.log.root.glob("timestamps/*/*.json"))


@pytest.fixture
def stamped(tmp_path):
    made = Stamped(tmp_path)
    made.grow(3)
    yield made
    made.site.close()


# Answers. ---------------------------------------------------------------------------------------------------------


def honest(stamped: Stamped, authority: SimulatedAuthority = AUTHORITY) -> Callable[[bytes], bytes]:
    return lambda request: authority.answer(request, stamped.clock.utc_ns())


@pytest.mark.parametrize(
    ("authority", "words"),
    [
        (AUTHORITY.with_faults(nonce_shift=1), "another question"),
        (AUTHORITY.with_faults(imprint=b"x"), "over something else"),
        (AUTHORITY.with_faults(status=2), "did not grant"),
        (SimulatedAuthority(Profile(purposes=(ExtendedKeyUsageOID.SERVER_AUTH,))), "not one for time stamps"),
        (OTHER, "does not lead to one that is pinned"),
    ],
)
async def test_wrong_answer_is_told_at_once_and_never_kept(stamped, authority, words) -> None:
    head = stamped.site.log.size
    async with serve_authority(honest(stamped, authority)) as url:
        notary = stamped.notary(request_time_stamp, url)
        await notary.stamp(stamped.on_log)
    assert words in notary.problems[0]
    assert notary.problems[0].startswith("no time stamp from 127.0.0.1 (1 tries)")
    assert (stamped.kept(), stamped.site.log.size) == ([], head)


@pytest.mark.parametrize("body", [b"", b"\x30\x80", b"<html>nothing here</html>", bytes(60_000)])
async def test_rubbish_is_refused_in_words(stamped, body) -> None:
    async with serve_authority(lambda _: body) as url:
        notary = stamped.notary(request_time_stamp, url)
        await notary.stamp(stamped.on_log)
    assert "time stamp" in notary.problems[0]
    assert stamped.kept() == []


async def test_huge_answer_is_cut_off(stamped) -> None:
    async with serve_authority(lambda _: bytes(8 << 20)) as url:
        with pytest.raises(AuthoritySilentError, match="more than 65536 bytes"):
            await request_time_stamp(url, b"x", b"")


async def test_answer_that_never_ends_is_given_up(stamped) -> None:
    async def handle(reader, writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n\x30")
        await writer.drain()
        while await reader.read(1000):
            pass
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(AuthoritySilentError, match=r"within 0\.2 s"):
            await request_time_stamp(url, b"x", b"", 0.2)


async def test_redirect_is_never_followed(stamped) -> None:
    elsewhere: list[bytes] = []
    async with serve_authority(lambda body: elsewhere.append(body) or b"") as other:
        head = f"HTTP/1.1 307 Go\r\nLocation: {other}\r\n".encode()
        async with serve_authority(lambda _: b"", head) as url:
            with pytest.raises(AuthoritySilentError, match="answers 307"):
                await request_time_stamp(url, b"x", b"")
    assert elsewhere == []


async def test_tls_of_a_pinned_authority_is_trusted_and_of_another_refused(stamped) -> None:
    ours, theirs = TestAuthority(), TestAuthority("another")
    tls = make_server_context(ours.make_server("127.0.0.1"))
    async with serve_authority(lambda body: body, tls=tls) as url:
        assert await request_time_stamp(url, b"x", "# Chứng thư gốc\n".encode() + ours.certificate) == b"x"
        with pytest.raises(AuthoritySilentError, match="does not answer"):
            await request_time_stamp(url, b"x", theirs.certificate)


async def test_nobody_is_asked_by_default_and_nothing_is_due_without_a_log(stamped) -> None:
    async def request(*_) -> bytes:
        raise AssertionError("nobody is to be contacted")

    empty = NotaryStamps([], 3600, stamped.site.log.root, request, stamped.clock)
    assert empty.is_empty
    await empty.stamp(stamped.on_log)
    assert (empty.problems, empty.describe()) == ([], [])

    async def broken(_work):
        raise LogDamagedError("gone")

    notary = stamped.notary(request)
    await notary.stamp(broken)
    assert notary.problems == []


# When the notary asks. ----------------------------------------------------------------------------------------------


def asker(stamped: Stamped, authority: SimulatedAuthority = AUTHORITY, off_s: int = 0):
    async def request(_url, body, _pem) -> bytes:
        stamped.asked.append(body)
        return authority.answer(body, stamped.clock.utc_ns() + off_s * NS_PER_S)

    return request


async def test_authority_is_asked_hourly_for_what_is_new_and_after_a_restart_too(stamped) -> None:
    for number, (wait_s, grows, expected) in enumerate(
        [(0, 0, 1), (3599, 1, 1), (1, 0, 2), (7200, 0, 2), (0, 1, 3), (10, 1, 3), (3600, 0, 4)]
    ):
        await stamped.clock.advance(wait_s)
        stamped.grow(grows)
        await stamped.notary(asker(stamped)).stamp(stamped.on_log)  # made anew each time: as after a restart
        assert len(stamped.asked) == expected, number
    assert len(stamped.kept()) == 4


async def test_day_that_ended_is_stamped_at_once(stamped) -> None:
    notary = stamped.notary(asker(stamped), every_s=24 * 3600)
    await notary.stamp(stamped.on_log)
    stamped.grow()
    left_s = 86_400 - START_NS // S % 86_400
    await stamped.clock.advance(left_s - 1)
    await notary.stamp(stamped.on_log)
    assert len(stamped.asked) == 1
    await stamped.clock.advance(1)
    await notary.stamp(stamped.on_log)
    assert len(stamped.asked) == 2


async def test_silent_authority_is_asked_later_and_later_and_told_after_three_tries(stamped) -> None:
    tries: list[int] = []

    async def request(*_) -> bytes:
        tries.append(stamped.clock.mono_ns() // NS_PER_S - 1)
        raise AuthoritySilentError("it does not answer")

    notary = stamped.notary(request)
    for _ in range(4 * 360):
        await notary.stamp(stamped.on_log)
        assert bool(notary.problems) == (len(tries) >= MOST_SILENT)
        stamped.clock._move(10 * NS_PER_S)
    assert tries[:8] == [0, 60, 180, 420, 900, 1860, 3780, 7380]
    recovered = stamped.notary(asker(stamped))
    await recovered.stamp(stamped.on_log)
    assert recovered.problems == []


async def test_certificates_that_cannot_be_read_cost_the_stamp_alone(stamped) -> None:
    (stamped.root / "ca.pem").unlink()
    notary = stamped.notary(asker(stamped))
    for _ in range(MOST_SILENT):
        stamped.clock._move(3600 * NS_PER_S)
        await notary.stamp(stamped.on_log)
    assert "cannot be read" in notary.problems[0]
    assert stamped.asked == []


async def test_folder_that_cannot_be_written_costs_the_stamp_alone(stamped) -> None:
    (stamped.site.log.root / "timestamps").write_text("in the way")
    notary = stamped.notary(asker(stamped))
    for _ in range(MOST_SILENT):
        stamped.clock._move(3600 * NS_PER_S)
        await notary.stamp(stamped.on_log)
    assert "no time stamp from tsa.example.org" in notary.problems[0]
    stamped.grow()


async def test_stray_file_beside_the_stamps_stops_nothing(stamped) -> None:
    stamped.stamp()
    (folder,) = (stamped.site.log.root / "timestamps").iterdir()
    (folder / "notes.json").write_text("x")
    (folder / "000000000000000009.json").mkdir()
    assert len(stamped.verify(stamped.export()).stamps) == 1
    notary = stamped.notary(asker(stamped))
    await notary.stamp(stamped.on_log)
    assert notary.problems == []


async def test_clock_that_differs_from_the_authority_is_told(stamped) -> None:
    notary = stamped.notary(asker(stamped, off_s=-3600))
    await notary.stamp(stamped.on_log)
    assert notary.problems == ["the clock differs from that of tsa.example.org by +3600 s"]
    assert f"certificate {AUTHORITY.fingerprint}" in notary.describe()[0]


# Bundles. -----------------------------------------------------------------------------------------------------------


def test_footage_under_a_vouched_stamp_is_valid_and_what_came_later_cannot_be_told(stamped) -> None:
    stamped.stamp()
    found = stamped.verify(stamped.export(), AUTHORITY.fingerprint)
    assert (found.verdict, found.faults, found.unstamped) == (VALID, [], [])
    assert found.stamps[0]["vouched"] == "yes"
    assert "Time-stamped by Test TSA at 2026-11-30T00:56:20.000Z: Gate, footage until" in "\n".join(tell(found))
    stamped.grow()
    later = stamped.export("later")
    found = stamped.verify(later, AUTHORITY.fingerprint)
    assert (found.verdict, [one["entries"] for one in found.unstamped]) == (CANNOT_TELL, ["1"])
    assert "CANNOT TELL since when this is so" in "\n".join(tell(found))
    assert stamped.verify(later).verdict == VALID


def test_stamp_that_nobody_vouched_for_changes_no_verdict(stamped) -> None:
    stamped.stamp()
    folder = stamped.export()
    found = stamped.verify(folder)
    assert found.verdict == VALID
    assert f"(not vouched for; certificate {AUTHORITY.fingerprint})" in "\n".join(tell(found))
    assert stamped.verify(folder, OTHER.fingerprint).verdict == CANNOT_TELL
    assert verify(str(folder), authorities=[AUTHORITY.fingerprint]).verdict == CANNOT_TELL


def test_stamp_of_noon_counts_for_the_morning_of_a_day_that_still_grows(stamped) -> None:
    stamped.stamp()
    stamped.grow(2)
    stamped.site.export(stamped.root / "morning", [stamped.camera], 0, 180)
    found = stamped.verify(stamped.root / "morning", AUTHORITY.fingerprint)
    assert (found.verdict, len(found.segments), found.unstamped) == (VALID, 3, [])


def test_stamps_reach_the_export_over_the_notary_s_socket_unchanged(stamped) -> None:
    stamped.stamp()
    request = ProofRequest(stamped.camera, ("main",), START_NS, START_NS + 180 * S, stamped.site.log.size)
    proof = prove_camera(stamped.site.log, request)
    assert proof.stamps
    assert msgspec.json.decode(msgspec.json.encode(proof), type=CameraProof) == proof


def test_earliest_stamp_of_each_authority_goes_along(stamped) -> None:
    for hour in range(1, 5):
        stamped.stamp(3600 * hour)
        stamped.stamp(3600 * hour + 5, OTHER)
        stamped.grow()
    found = stamped.verify(stamped.export(), AUTHORITY.fingerprint, OTHER.fingerprint)
    assert {one["at"] for one in found.stamps} == {"2026-11-30T04:53:20.000Z", "2026-11-30T04:53:25.000Z"}
    stamped.site.export(stamped.root / "first", [stamped.camera], 0, 120)
    found = stamped.verify(stamped.root / "first", AUTHORITY.fingerprint, OTHER.fingerprint)
    assert {one["at"] for one in found.stamps} == {"2026-11-30T01:53:20.000Z", "2026-11-30T01:53:25.000Z"}
    assert found.verdict == VALID


def test_stamp_before_a_change_of_key_still_counts(stamped) -> None:
    stamped.stamp()
    stamped.site.log.rotate_key("yearly", START_NS + 300 * S)
    found = stamped.verify(stamped.export(), AUTHORITY.fingerprint)
    assert (found.verdict, found.faults) == (VALID, [])


def test_footage_that_claims_to_be_later_than_its_stamp_is_not_vouched_for(stamped) -> None:
    stamped.stamp(at_s=-3600)
    found = stamped.verify(stamped.export(), AUTHORITY.fingerprint)
    assert found.verdict == CANNOT_TELL
    assert "the clock of the system was wrong" in "\n".join(tell(found))


def test_kept_stamp_that_was_changed_or_is_of_another_log_never_gets_into_a_bundle(stamped) -> None:
    stamped.stamp(3600)
    (first,) = stamped.kept()
    record = json.loads(first.read_bytes())
    other = Stamped(stamped.root / "other") if (stamped.root / "other").mkdir() is None else None
    assert other is not None
    other.grow(3)
    other.stamp(3600)
    (foreign,) = other.kept()
    record["response"] = base64.b64encode(base64.b64decode(record["response"])[:-1]).decode()
    for content in (
        b"",
        b"{}",
        json.dumps(record, sort_keys=True, separators=(",", ":")).encode(),
        foreign.read_bytes(),
    ):
        first.write_bytes(content)
        name = f"b{len(content)}"
        found = stamped.verify(stamped.export(name))
        assert (found.verdict, found.stamps) == (VALID, [])
        assert not (stamped.root / name / "timestamps").exists()
    other.site.close()


FORGERIES: dict[str, Callable[[Stamped, StampedTree], dict]] = {
    "token of another checkpoint": lambda _, one: {
        "response": AUTHORITY.answer(make_question(9, "another\n", 5).body, START_NS)
    },
    "flipped signature": lambda _, one: {"response": one.response[:-1] + bytes([one.response[-1] ^ 1])},
    "garbage": lambda _, one: {"response": b"\x30\x80garbage"},
    "empty": lambda _, one: {"response": b""},
    "another log's checkpoint": lambda _, one: {
        "checkpoint": "x/site\n3\nAAAA\n\n\N{EM DASH} x AAAA\n",
        "response": AUTHORITY.answer(make_question(9, "x/site\n3\nAAAA\n\n\N{EM DASH} x AAAA\n", 5).body, START_NS),
    },
    "growth left out": lambda _, one: {"growth": ()},
    "growth padded": lambda _, one: {"growth": (*one.growth, "00" * 32)},
    "growth of a tree padded": lambda _, one: {"tree_growth": (*one.tree_growth, "00" * 32)},
    "entry of now": lambda stamped, one: {
        "entry": json.dumps(
            stamped.site.log.site_entry(stamped.site.log.size - 1, stamped.site.log.size),
            sort_keys=True,
            separators=(",", ":"),
        )
    },
    "proofs that are not there": lambda _, one: {"file": "20200101.json"},
}


@pytest.mark.parametrize("attack", FORGERIES)
def test_forged_stamp_under_a_signed_list_is_a_fault_with_its_file(stamped, monkeypatch, attack) -> None:
    """Whoever composes bundles has the notary sign a list over forged stamps: the verifier must still tell."""
    stamped.stamp()
    stamped.grow(2)
    plain = bundle_stamps.write_stamps

    def forge(add, covered) -> None:
        changed = []
        for path, one in covered:
            fields = {name: getattr(one, name) for name in StampedTree.__slots__}
            made = StampedTree(**(fields | FORGERIES[attack](stamped, one)))
            changed.append((path.rpartition("/")[0] + "/" + made.file, made))
        plain(add, changed)

    monkeypatch.setattr("vedette.evidence.bundle.write_stamps", forge)
    found = stamped.verify(stamped.export(), AUTHORITY.fingerprint)
    assert found.verdict == INVALID
    assert {fault.code for fault in found.faults} == {"time_stamp"}
    assert all(fault.file.startswith("timestamps/000001.") for fault in found.faults)
    assert list(tell(found))


def test_parts_of_a_stamp_that_are_missing_or_too_many_are_faults(stamped, monkeypatch) -> None:
    stamped.stamp()
    plain = bundle_stamps.write_stamps

    def forge(add, covered, *, left_out: str, added: str) -> None:
        plain(lambda name, data: None if left_out and name.endswith(left_out) else add(name, data), covered)
        if added:
            add(added, b"x")

    for number, (left_out, added) in enumerate(
        [
            (".tsr", ""),
            (".json", ""),
            (".checkpoint", ""),
            ("", "timestamps/000002.tsr"),
            ("", "timestamps/notes"),
            ("", "timestamps/a/b.tsr"),
        ]
    ):
        monkeypatch.setattr("vedette.evidence.bundle.write_stamps", partial(forge, left_out=left_out, added=added))
        assert stamped.verify(stamped.export(f"b{number}")).verdict == INVALID, (left_out, added)
