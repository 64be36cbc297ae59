"""Exports behind the real gate: who may, what is written down first, downloads that go on where they broke off."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.exports import START_NS, add_recorded_camera
from tests.support.gateway import API, Harness, open_gateway
from tests.support.notary import NotaryProcess
from vedette.core.time import NS_PER_S, format_utc
from vedette.identity.permissions import Role

WHY = "theft at the gate"


@asynccontextmanager
async def running(house: Harness):
    task = asyncio.create_task(house.parts.exports.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def order(*cameras: str, **changes) -> dict[str, object]:
    span = {"from": format_utc(START_NS), "to": format_utc(START_NS + 4 * NS_PER_S)}
    return {"cameras": list(cameras), **span, "purpose": WHY} | changes


async def finish(client, answer, timeout_s: float = 30.0) -> dict:
    assert answer.status_code == 201, answer.text
    async with asyncio.timeout(timeout_s):
        while True:
            job = (await client.get(f"{API}/exports/{answer.json()['id']}")).json()
            if job["state"] not in {"queued", "running"}:
                return job
            await asyncio.to_thread(int)


async def take_bundle(
    house: Harness, local: httpx.AsyncClient, cameras: list[str], span_ns: tuple[int, int], folder: Path
) -> tuple[Path, dict]:
    """Orders a bundle while a real notary runs. Gives the downloaded file and the finished job."""
    notary = NotaryProcess(house.data)
    await notary.start()
    try:
        span = {"from": format_utc(span_ns[0]), "to": format_utc(span_ns[1])}
        job = await finish(local, await local.post(f"{API}/exports", json=order(*cameras, bundle=True, **span)))
    finally:
        notary.kill()
    assert (job["state"], job["error"]) == ("done", None)
    packed = folder / "bundle.zip"
    packed.write_bytes((await local.get(f"{API}/exports/{job['id']}/bundle.zip")).content)
    return packed, job


async def test_export_of_two_cameras_is_written_down_made_and_downloaded(tmp_path) -> None:
    async with open_gateway(tmp_path / "d") as house, house.local() as local:
        cameras = [await add_recorded_camera(house, name, tmp_path) for name in ("Gate", "Yard 2")]
        ordered = await local.post(f"{API}/exports", json=order(*cameras))
        trail = (await local.get(f"{API}/audit?action=recording.export")).json()["items"]
        assert [(row["resource"], WHY in row["detail"]) for row in trail] == [(ordered.json()["id"], True)]
        assert ordered.json()["state"] == "queued"  # nothing runs yet: the row came first
        async with running(house):
            job = await finish(local, ordered)
        assert (job["state"], job["error"], job["progress"]) == ("done", None, 1.0)
        assert [file["name"] for file in job["files"]] == ["Gate.mp4", "Yard 2.mp4"]
        path = f"{API}/exports/{job['id']}/files/Yard%202.mp4"
        whole = await local.get(path)
        assert len(whole.content) == job["files"][1]["size_bytes"]
        assert whole.headers["etag"] == f'"{job["files"][1]["sha256"]}"'
        half = await local.get(path, headers={"Range": "bytes=1000-", "If-Range": whole.headers["etag"]})
        assert (half.status_code, half.content) == (206, whole.content[1000:])
        other = await local.get(path, headers={"Range": "bytes=1000-", "If-Range": '"another"'})
        assert (other.status_code, other.content) == (200, whole.content)
        beyond = await local.get(path, headers={"Range": f"bytes={len(whole.content)}-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole.content)}")
        downloads = (await local.get(f"{API}/audit?action=recording.export_download")).json()["items"]
        assert len(downloads) >= 3
        assert (await local.delete(f"{API}/exports/{job['id']}")).status_code == 204
        assert (await local.get(path)).status_code == 404


@pytest.mark.parametrize(("role", "may"), [(Role.MONITOR, True), (Role.AUDITOR, False), (Role.GUARD, False)])
async def test_ordering_takes_the_permission_to_export(tmp_path, role, may) -> None:
    async with open_gateway(tmp_path / "d") as house:
        camera = await add_recorded_camera(house, "Gate", tmp_path)
        login = await house.login_as(role)
        answer = await login.client.post(f"{API}/exports", json=order(camera), headers=login.headers)
        assert answer.status_code == (201 if may else 403)
        await login.client.aclose()


async def test_people_say_why_and_see_only_their_own_exports(tmp_path) -> None:
    async with open_gateway(tmp_path / "d") as house, house.local() as local:
        camera = await add_recorded_camera(house, "Gate", tmp_path)
        await house.add_user("anna", Role.MONITOR)
        await house.add_user("ben", Role.MONITOR)
        anna, ben = await house.login("anna"), await house.login("ben")
        silent = await anna.client.post(f"{API}/exports", json=order(camera, purpose=" "), headers=anna.headers)
        assert silent.json()["code"] == "purpose_required"
        made = await anna.client.post(f"{API}/exports", json=order(camera), headers=anna.headers)
        path = f"{API}/exports/{made.json()['id']}"
        assert made.json()["created_by"] == "anna"
        assert len((await anna.client.get(f"{API}/exports")).json()["items"]) == 1
        assert (await ben.client.get(f"{API}/exports")).json()["items"] == []
        for answer in (await ben.client.get(path), await ben.client.delete(path, headers=ben.headers)):
            assert (answer.status_code, answer.json()["code"]) == (404, "no_such_export")
        assert len((await local.get(f"{API}/exports")).json()["items"]) == 1
        await anna.client.aclose()
        await ben.client.aclose()


async def test_what_cannot_be_exported_is_refused_and_not_counted(tmp_path) -> None:
    async with open_gateway(tmp_path / "d") as house, house.local() as local:
        camera = await add_recorded_camera(house, "Gate", tmp_path)
        late = {"from": format_utc(START_NS + 3600 * NS_PER_S), "to": format_utc(START_NS + 3601 * NS_PER_S)}
        for body, status, code in (
            (order(camera, **late), 404, "no_footage"),
            (order(camera, to=format_utc(START_NS + 86_401 * NS_PER_S)), 422, "export_too_large"),
            (order("01JD5Q8Z3M6V1T9W4X7Y2B0C8D"), 404, "not_found"),
            (order(camera, format="avi"), 422, None),
            (order(), 422, None),
        ):
            answer = await local.post(f"{API}/exports", json=body)
            assert answer.status_code == status, answer.text
            assert code is None or answer.json()["code"] == code or status == 404
        assert (await local.get(f"{API}/exports")).json()["items"] == []


async def test_twenty_exports_a_day_are_the_limit(tmp_path) -> None:
    async with open_gateway(tmp_path / "d") as house, house.local() as local:
        camera = await add_recorded_camera(house, "Gate", tmp_path)
        for _ in range(20):
            made = await local.post(f"{API}/exports", json=order(camera))
            await local.delete(f"{API}/exports/{made.json()['id']}")
        # Nothing runs here, so the queue fills first; both say when to come back.
        assert (await local.post(f"{API}/exports", json=order(camera))).status_code == 429


async def test_bundle_without_a_notary_fails_clearly_and_files_still_go_out(tmp_path) -> None:
    async with open_gateway(tmp_path / "d") as house, house.local() as local, running(house):
        camera = await add_recorded_camera(house, "Gate", tmp_path)
        job = await finish(local, await local.post(f"{API}/exports", json=order(camera, bundle=True)))
        assert (job["state"], job["error"]["code"]) == ("failed", "notary_unavailable")
        job = await finish(local, await local.post(f"{API}/exports", json=order(camera)))
        assert job["state"] == "done"
