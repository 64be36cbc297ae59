"""An export with proofs, from the order to somebody who has Python alone: whole gateway, real notary, real volume."""

import asyncio
import json
import zipfile
from pathlib import Path

import av

from tests.integration.test_export_routes import running, take_bundle
from tests.support.exports import START_NS, add_recorded_camera
from tests.support.gateway import API, open_gateway
from tests.support.notary import run_verifier
from vedette.core.time import NS_PER_S, parse_utc
from vedette.identity.permissions import Role


async def test_bundle_proves_itself_and_names_camera_and_second_of_one_changed_byte(tmp_path: Path) -> None:
    data, folder = tmp_path / "d", tmp_path / "bundle"
    async with open_gateway(data) as house, house.local() as local, running(house):
        cameras = [await add_recorded_camera(house, name, tmp_path) for name in ("Cổng trước", "Yard")]
        packed, job = await take_bundle(house, local, cameras, (START_NS + NS_PER_S, START_NS + 3 * NS_PER_S), tmp_path)
    await asyncio.to_thread(_check, packed, folder, job["fingerprint"])


def _check(packed: Path, folder: Path, fingerprint: str) -> None:
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    assert run_verifier(folder).returncode == 3
    assert run_verifier(folder, "--trust", "0" * 64).returncode == 3
    told = run_verifier(folder, "--trust", fingerprint)
    assert told.returncode == 0, told.stdout
    assert {path.parent.name for path in folder.glob("video/*/*.mp4")} == {"1-cong-truoc", "2-yard"}
    assert len(list(folder.glob("clips/*.mp4"))) == 2
    for video in folder.rglob("*.mp4"):
        with av.open(str(video)) as container:
            assert len(list(container.decode(video=0))) >= 50
    _flip(next(folder.glob("video/2-yard/*.mp4")))
    told = run_verifier(folder, "--json", "--trust", fingerprint)
    assert told.returncode == 1
    (fault,) = json.loads(told.stdout)["faults"]
    assert fault["camera"] == "Yard"
    assert START_NS <= parse_utc(fault["at"]) <= START_NS + 4 * NS_PER_S


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


async def test_bundle_of_who_may_not_see_all_proves_masked_copies_to_python_alone(tmp_path: Path) -> None:
    data, folder = tmp_path / "d", tmp_path / "bundle"
    zone = {"name": "Cửa sổ nhà bên", "polygon": [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]}
    async with open_gateway(data) as house, house.local() as local, running(house):
        cameras = [await add_recorded_camera(house, name, tmp_path) for name in ("Cổng trước", "Yard")]
        hidden = await local.put(f"{API}/cameras/{cameras[0]}/privacy", json={"zones": [zone]})
        assert hidden.status_code == 200
        operator = await house.login_as(Role.MONITOR)
        client = operator.client
        client.headers.update(operator.headers)
        packed, job = await take_bundle(
            house, client, cameras, (START_NS + NS_PER_S, START_NS + 3 * NS_PER_S), tmp_path
        )
        await client.aclose()
    await asyncio.to_thread(_check_masked, packed, folder, job["fingerprint"])


def _check_masked(packed: Path, folder: Path, fingerprint: str) -> None:
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    told = run_verifier(folder, "--trust", fingerprint)
    assert told.returncode == 0, told.stdout
    assert "MASKED COPY: the originals' hashes are in the log" in told.stdout
    assert "Hidden: Cửa sổ nhà bên." in told.stdout
    (masked,) = folder.glob("masked/*/*")
    assert masked.parent.name == "1-cong-truoc"
    assert {path.parent.name for path in folder.glob("video/*/*.mp4")} == {"2-yard"}
    assert [path.name for path in folder.glob("clips/*")] == ["2-yard.mp4"]
    with av.open(str(masked)) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(pictures) == 50
    assert max(picture[27:60, 120:150].max() for picture in pictures) < 60
    _flip(masked)
    told = run_verifier(folder, "--json", "--trust", fingerprint)
    assert told.returncode == 1
    assert [fault["camera"] for fault in json.loads(told.stdout)["faults"]] == ["Cổng trước"]
