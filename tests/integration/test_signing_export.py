"""A bundle of a camera that signs: the result and the camera's own signatures go with it; and what a probe says."""

import asyncio
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from tests.integration.test_export_routes import running, take_bundle
from tests.support.clips import make_clip
from tests.support.exports import START_NS, add_recorded_camera
from tests.support.gateway import open_gateway
from tests.support.notary import run_verifier
from tests.support.signed_streams import sign_packets
from vedette.cli.probe import command
from vedette.core.media import Codec, Packet
from vedette.core.time import NS_PER_S
from vedette.evidence.media_signing.onvif import UUID
from vedette.testing.faults import Fault, FaultKind
from vedette.testing.signing import SigningKey, make_signing_key
from vedette.testing.sim_server import SimServer
from vedette.testing.simulated_camera import CameraSpec


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return make_signing_key("gate")


async def test_a_bundle_carries_the_result_and_the_signatures_of_the_camera(tmp_path: Path, key: SigningKey) -> None:
    data, folder = tmp_path / "d", tmp_path / "bundle"

    def sign(packets: Iterable[Packet]) -> list[Packet]:
        return sign_packets(packets, Codec.H264, key)

    def spoil(packets: Iterable[Packet]) -> list[Packet]:
        signed = sign(packets)
        at = 30
        octets = bytearray(signed[at].data)
        octets[-4] ^= 1
        signed[at] = msgspec.structs.replace(signed[at], data=bytes(octets))
        return signed

    async with open_gateway(data) as house, house.local() as local, running(house):
        roots = house.data / "keys" / "camera-roots"
        roots.mkdir(parents=True)
        (roots / "maker.pem").write_bytes(key.root_pem)
        cameras = [
            await add_recorded_camera(house, "Signed", tmp_path, change=sign),
            await add_recorded_camera(house, "Changed", tmp_path, change=spoil),
            await add_recorded_camera(house, "Plain one", tmp_path),
        ]
        packed, job = await take_bundle(house, local, cameras, (START_NS, START_NS + 3 * NS_PER_S), tmp_path)
    await asyncio.to_thread(_check, packed, folder, job["fingerprint"])


def _check(packed: Path, folder: Path, fingerprint: str) -> None:
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    told = run_verifier(folder, "--trust", fingerprint)
    assert told.returncode == 0, told.stdout
    found = {path.stem: json.loads(path.read_bytes()) for path in folder.glob("signing/*.json")}
    (signed,), (changed,), (plain,) = (
        found[name]["streams"]["main"] for name in ("1-signed", "2-changed", "3-plain-one")
    )
    assert (signed["subject"], signed["vouched"]) == ("gate", True)
    assert (signed["result"], signed["valid_gops"], signed["reasons"]) == ("partly", 3, ["not_signed"])  # the last GOP
    assert (changed["result"], "modified" in changed["reasons"]) == ("invalid", True)
    assert changed["first_fault"] == START_NS + 30 * NS_PER_S // 25
    assert plain["result"] == "unsigned"
    (video,) = folder.glob("video/1-signed/*.mp4")
    assert video.read_bytes().count(UUID) == 3
    (path,) = folder.glob("signing/1-signed.json")
    path.write_text(path.read_text().replace("partly", "valid"))
    assert run_verifier(folder, "--trust", fingerprint).returncode == 1


async def probe(url: str, *arguments: str) -> dict:
    result = await asyncio.to_thread(
        CliRunner().invoke, command, [url, "--json", "--seconds", "4", *arguments], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.output)["signing"]


async def test_a_probe_says_whether_a_stream_is_signed_and_by_whom(tmp_path: Path, key: SigningKey) -> None:
    clip = make_clip(tmp_path, gop_frames=25)
    root = tmp_path / "maker.pem"
    root.write_bytes(key.root_pem)
    (tmp_path / "other.pem").write_bytes(make_signing_key().root_pem)
    async with SimServer([CameraSpec("signed", clip, signing=key), CameraSpec("plain", clip)]) as server:
        said = await probe(server.url("signed"), "--camera-root", str(root))
        assert (said["result"], said["subject"], said["is_vouched"], len(said["fingerprint"])) == (
            "valid",
            "gate",
            True,
            64,
        )
        said = await probe(server.url("signed"))
        assert (said["result"], said["is_vouched"]) == ("valid", False)
        said = await probe(server.url("signed"), "--camera-root", str(tmp_path / "other.pem"))
        assert (said["result"], said["reasons"]) == ("invalid", ["root_not_trusted"])
        assert (await probe(server.url("plain")))["result"] == "unsigned"
        await server.apply(Fault(FaultKind.ALTER, 1.0), camera="signed")
        assert (await probe(server.url("signed")))["result"] == "invalid"
        result = await asyncio.to_thread(CliRunner().invoke, command, [server.url("plain"), "--seconds", "2"])
        assert "signed by the camera: no" in result.output
