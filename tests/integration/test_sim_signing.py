"""Simulated cameras that sign, as a client sees them: valid until somebody behind the camera does something."""

import itertools
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.support.clips import make_clip
from tests.support.rtsp_client import join_h264, join_h265, open_client, take_units, take_units_through_now
from tests.support.simulator import fast_server
from vedette.cli.sim import command
from vedette.core.errors import InvalidInputError
from vedette.core.media import Codec
from vedette.evidence.media_signing.validator import GopVerdict, SigningVerdict, StreamValidator
from vedette.testing.clock import DEFAULT_UTC_NS
from vedette.testing.fault_script import parse_script
from vedette.testing.faults import Fault, FaultKind
from vedette.testing.signing import SigningKey, load_signing_key, make_signing_key
from vedette.testing.sim_server import ServerOptions
from vedette.testing.simulated_camera import CameraSpec
from vedette.testing.source import SourceOptions

NUMBERED = ServerOptions(source=SourceOptions(number_frames=True))
LATER_NS = DEFAULT_UTC_NS + 3600 * 10**9
JOIN = {Codec.H264: join_h264, Codec.H265: join_h265}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return make_signing_key("gate")


def judge(units: list[list], codec: Codec, key: SigningKey) -> list[GopVerdict]:
    validator = StreamValidator(codec, x509.load_pem_x509_certificates(key.root_pem))
    nals = [nal for unit in units for nal in JOIN[codec](unit)]
    told = [verdict for nal in nals for verdict in validator.push(nal, LATER_NS)]
    return [one for one in told if one.first >= 0]  # the first one is about pictures from before we came


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
async def test_what_a_signing_camera_sends_is_authentic_also_across_its_loop(
    codec: Codec, folder: Path, key: SigningKey
) -> None:
    clip = make_clip(folder, codec, gop_frames=10, b_frames=2 if codec is Codec.H264 else 0)
    async with (
        fast_server(CameraSpec("gate", clip, signing=key), options=NUMBERED) as server,
        open_client(server.url("gate")) as client,
    ):
        await client.play()
        units = await take_units(client.packets(), 120)
    told = judge(units, codec, key)
    assert len(told) >= 10
    assert {one.verdict for one in told} == {SigningVerdict.AUTHENTIC}
    assert [one.counter for one in told] == list(range(told[0].counter or 0, (told[0].counter or 0) + len(told)))


async def test_all_clients_of_a_signing_camera_get_the_same_signatures(folder: Path, key: SigningKey) -> None:
    clip = make_clip(folder, gop_frames=10)
    async with (
        fast_server(CameraSpec("gate", clip, signing=key), options=NUMBERED) as server,
        open_client(server.url("gate")) as one,
        open_client(server.url("gate")) as two,
    ):
        await one.play()
        await two.play()
        first = [tuple(join_h264(unit)) for unit in await take_units(one.packets(), 60)]
        second = [tuple(join_h264(unit)) for unit in await take_units(two.packets(), 60)]
    assert len(set(first) & set(second)) >= 45  # they came in at different key frames


FAULTS = {
    FaultKind.ALTER: (0.2, "modified"),
    FaultKind.OMIT: (0.2, "missing"),
    FaultKind.SWAP: (0.3, "modified"),
    FaultKind.FOREIGN_KEY: (0.0, "root_not_trusted"),
}


@pytest.mark.parametrize("kind", FAULTS)
async def test_tampering_behind_the_camera_leaves_no_trace_but_in_the_signature(
    kind: FaultKind, folder: Path, key: SigningKey
) -> None:
    value, reason = FAULTS[kind]
    clip = make_clip(folder, gop_frames=10)
    async with (
        fast_server(CameraSpec("gate", clip, signing=key), options=NUMBERED) as server,
        open_client(server.url("gate")) as client,
    ):
        await client.play()
        await server.apply(Fault(kind, value))
        units = await take_units(client.packets(), 100)
        await server.clear(kind)
        await take_units_through_now(client, 40)
        after = await take_units(client.packets(), 60)
    packets = [packet for unit in units for packet in unit]
    steps = {(b.sequence - a.sequence) & 0xFFFF for a, b in itertools.pairwise(packets)}
    assert steps == {1}
    assert any(reason in one.reasons for one in judge(units, Codec.H264, key))
    assert {one.verdict for one in judge(after, Codec.H264, key)[1:]} == {SigningVerdict.AUTHENTIC}


async def test_signatures_can_be_taken_out(folder: Path, key: SigningKey) -> None:
    clip = make_clip(folder, gop_frames=10)
    async with (
        fast_server(CameraSpec("gate", clip, signing=key), options=NUMBERED) as server,
        open_client(server.url("gate")) as client,
    ):
        await server.apply(Fault(FaultKind.UNSIGN))
        await client.play()
        units = await take_units(client.packets(), 60)
    assert judge(units, Codec.H264, key) == []


async def test_a_camera_that_does_not_sign_refuses_such_faults(folder: Path) -> None:
    async with fast_server(CameraSpec("gate", make_clip(folder, gop_frames=10))) as server:
        with pytest.raises(InvalidInputError, match="does not sign"):
            await server.apply(Fault(FaultKind.OMIT, 0.5))


def test_tampering_is_scripted_like_every_other_fault(tmp_path: Path) -> None:
    steps = parse_script({"version": 1, "steps": [{"at_s": 3, "do": "omit", "ratio": 0.1, "for_s": 5}]}, tmp_path)
    assert (steps[0].fault.kind, steps[0].fault.value) == (FaultKind.OMIT, 0.1)


def test_a_key_that_is_not_that_of_its_certificate_is_refused(tmp_path: Path, folder: Path) -> None:
    one, two = make_signing_key("one"), make_signing_key("two")
    (tmp_path / "cert.pem").write_bytes(one.chain_pem)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(two.key.private_bytes(*pem))
    with pytest.raises(InvalidInputError, match="not that of the first certificate"):
        load_signing_key(tmp_path / "cert.pem", tmp_path / "key.pem")
    (tmp_path / "key.pem").write_bytes(one.key.private_bytes(*pem))
    assert load_signing_key(tmp_path / "cert.pem", tmp_path / "key.pem").chain_pem == one.chain_pem
    clip = make_clip(folder)
    result = CliRunner().invoke(command, ["--sign", str(clip), str(clip)])
    assert result.exit_code == 2
    assert "behind the files" in result.output
