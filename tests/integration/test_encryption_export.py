"""Exports of encrypted footage through the whole gateway: as in the clear, and a clear word without the key."""

import asyncio
import zipfile
from functools import partial

from tests.integration.test_export_routes import finish, order, running
from tests.support.encryption import EncryptedRig
from tests.support.exports import START_NS, add_recorded_camera
from tests.support.gateway import API, open_gateway
from tests.support.notary import NotaryProcess, run_verifier
from vedette.core.time import NS_PER_S, format_utc
from vedette.recording.recovery import find_files
from vedette.recording.volume import open_volume

SPAN = f"from={format_utc(START_NS)}&to={format_utc(START_NS + 3 * NS_PER_S)}"


def encrypted(data):
    return partial(lambda data, root: EncryptedRig(data, root=root), data)


async def test_encrypted_footage_is_exported_byte_for_byte_as_footage_in_the_clear(tmp_path) -> None:
    async with open_gateway(tmp_path / "d") as house, house.local() as local, running(house):
        plain = await add_recorded_camera(house, "Gate", tmp_path)
        secret = await add_recorded_camera(house, "Yard 2", tmp_path, open_rig=encrypted(house.data))
        kinds = [path.read_bytes()[:6] for path in find_files(open_volume(house.data / "volumes" / "main"))]
        assert kinds.count(b"VDTSEG") == 1
        got = {}
        for camera in (plain, secret):
            for suffix in ("mp4", "mkv", "m3u8"):
                answer = await local.get(f"{API}/cameras/{camera}/recording.{suffix}?{SPAN}&purpose=why")
                assert answer.status_code == 200, answer.text
                got[camera, suffix] = answer.content
            init = await local.get(f"{API}/cameras/{camera}/footage/main/{START_NS}/init.mp4")
            assert init.status_code == 200
        one, other = (got[camera, "mp4"] for camera in (plain, secret))
        assert one[one.index(b"mdat") :] == other[other.index(b"mdat") :]
        job = await finish(local, await local.post(f"{API}/exports", json=order(plain, secret)))
        assert (job["state"], job["error"]) == ("done", None)
        sizes = [file["size_bytes"] for file in job["files"]]
        assert abs(sizes[0] - sizes[1]) < 10  # the cameras' names in the files


async def test_bundle_of_encrypted_footage_verifies_with_python_alone(tmp_path) -> None:
    async with open_gateway(tmp_path / "d") as house, house.local() as local, running(house):
        camera = await add_recorded_camera(house, "Yard", tmp_path, open_rig=encrypted(house.data))
        notary = NotaryProcess(house.data)
        await notary.start()
        try:
            job = await finish(local, await local.post(f"{API}/exports", json=order(camera, bundle=True)))
        finally:
            notary.kill()
        assert (job["state"], job["error"]) == ("done", None)
        packed = tmp_path / "bundle.zip"
        packed.write_bytes((await local.get(f"{API}/exports/{job['id']}/bundle.zip")).content)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "bundle")
    told = await asyncio.to_thread(run_verifier, tmp_path / "bundle", "--trust", job["fingerprint"])
    assert told.returncode == 0, told.stdout


async def test_footage_of_an_erased_day_says_which_day_on_every_way_out(tmp_path) -> None:
    async with open_gateway(tmp_path / "d") as house, house.local() as local, running(house):
        camera = await add_recorded_camera(house, "Yard", tmp_path, open_rig=encrypted(house.data))
        for path in (house.data / "keys" / "archive").iterdir():
            path.unlink()
        job = await finish(local, await local.post(f"{API}/exports", json=order(camera)))
        assert (job["state"], job["error"]["code"]) == ("failed", "footage_locked")
        assert "20261118" in job["error"]["message"]
        for suffix in ("mp4", "mkv"):
            answer = await local.get(f"{API}/cameras/{camera}/recording.{suffix}?{SPAN}&purpose=why")
            assert (answer.status_code, answer.json()["code"]) == (503, "footage_locked")
        init = await local.get(f"{API}/cameras/{camera}/footage/main/{START_NS}/init.mp4")
        assert init.json()["code"] == "footage_locked"
        listed = await local.get(f"{API}/cameras/{camera}/recordings?{SPAN}")
        assert listed.json()["runs"]  # what was there is told: only its pictures are gone
