"""The notary beside a real recorder: what is recorded can be proven by somebody who has Python alone."""

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.clips import make_clip
from tests.support.notary import NotaryProcess, make_bundle, run_verifier
from tests.support.recorder import camera_id, has_stored, make_assignment, running_recorder, urls_of
from vedette.adapters.notary_client import NotaryDownError
from vedette.core.errors import InvalidInputError
from vedette.evidence.lookup import find_segment_hashes
from vedette.evidence.proofs import ProofRequest, SignRequest
from vedette.node.volume_check import check
from vedette.recording.check import CheckLevel
from vedette.runtime.clock import SystemClock
from vedette.testing.sim_server import SimServer
from vedette.testing.simulated_camera import CameraSpec

NAMES = {camera_id(0): "Cổng trước", camera_id(1): "Kho"}
HOUR_NS = 3600 * 10**9


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips"), frames=50)


async def record(data: Path, clip: Path, frames: int = 60) -> None:
    async with (
        SimServer([CameraSpec(f"cam{number}", clip) for number in range(2)]) as server,
        running_recorder(data, make_assignment(urls_of(server))) as recorder,
    ):
        await recorder.wait_status(has_stored(frames), 60)
        assert recorder.stop() == 0


async def test_recorded_footage_is_proven_to_somebody_with_python_alone(tmp_path, clip) -> None:
    data, folder = tmp_path / "d", tmp_path / "bundle"
    data.mkdir()
    await record(data, clip)
    notary, now_ns = NotaryProcess(data), SystemClock().utc_ns()
    await notary.start()
    try:
        async with notary.client() as client:
            head, proofs, _ = await make_bundle(client, data, folder, NAMES, now_ns - HOUR_NS, now_ns)
        assert [len(proof.segments) for proof in proofs] == [1, 1]

        told = run_verifier(folder, "--json", "--trust", head.fingerprint)
        assert told.returncode == 0, told.stdout
        assert json.loads(told.stdout)["verdict"] == "valid"
        assert len(json.loads(told.stdout)["segments"]) == 2
        assert run_verifier(folder).returncode == 3
        assert run_verifier(folder, "--trust", "0" * 64).returncode == 3

        video = next(folder.glob("video/*kho/*.mp4"))
        damage(video, video.stat().st_size - 5)
        told = run_verifier(folder, "--json", "--trust", head.fingerprint)
        assert told.returncode == 1
        (fault,) = json.loads(told.stdout)["faults"]
        assert (fault["camera"], fault["segment"], fault["code"]) == ("Kho", video.stem[-26:], "changed")
        assert fault["at"] > json.loads(told.stdout)["segments"][1]["from"]  # the last fragment, not the first
        assert notary.stop() == 0
    finally:
        notary.kill()


def damage(path: Path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 1]))


async def test_killed_notary_goes_on_where_it_was_and_logs_nothing_twice(tmp_path, clip) -> None:
    await record(tmp_path, clip)
    notary = NotaryProcess(tmp_path)
    await notary.start()
    try:
        async with notary.client() as client:
            first = await client.take_head()
        notary.kill()
        known = find_segment_hashes(tmp_path)
        await record(tmp_path, clip)
        await notary.start()
        async with notary.client() as client:
            second = await client.take_head()
        assert second.fingerprint == first.fingerprint
        assert second.size > first.size
        hashes = find_segment_hashes(tmp_path)
        assert known.items() < hashes.items()
        assert len(hashes) == 2 * len(known) == 4
    finally:
        notary.kill()


async def test_log_changed_behind_its_back_is_told_and_never_begun_anew(tmp_path, clip) -> None:
    await record(tmp_path, clip, 30)
    notary = NotaryProcess(tmp_path)
    await notary.start()
    async with notary.client() as client:
        await client.take_head()
    notary.kill()
    (entries,) = (tmp_path / "evidence" / camera_id(0)).glob("*/tile/entries/000")
    damage(entries, 40)
    try:
        await notary.start()
        async with notary.client() as client:
            with pytest.raises(NotaryDownError, match="not those that were hashed"):
                await client.take_head()
            assert json.loads(await client.status())["state"] == "absent"
        notary.kill()
        damage(entries, 40)
        (tmp_path / "evidence" / "checkpoint").unlink()
        await notary.start()
        async with notary.client() as client:
            with pytest.raises(NotaryDownError, match="checkpoint"):
                await client.take_head()
        assert not (tmp_path / "evidence" / "checkpoint").exists()
    finally:
        notary.kill()


async def test_key_is_private_and_its_change_is_proven_to_who_trusts_the_old_one(tmp_path, clip) -> None:
    await record(tmp_path, clip, 30)
    notary, now_ns = NotaryProcess(tmp_path), SystemClock().utc_ns()
    await notary.start()
    try:
        async with notary.client() as client:
            before = await client.take_head()
            (key,) = (tmp_path / "keys" / "log").glob("*.key")
            assert key.stat().st_mode & 0o777 == 0o600
            fingerprint = await client.rotate_key("stolen", overlap_h=0)
            assert fingerprint != before.fingerprint
            assert not key.exists()
            folder = tmp_path / "bundle"
            await make_bundle(client, tmp_path, folder, NAMES, now_ns - HOUR_NS, now_ns)
        assert run_verifier(folder, "--trust", fingerprint).returncode == 0
        assert run_verifier(folder, "--trust", before.fingerprint).returncode == 0
        assert run_verifier(folder).returncode == 3
    finally:
        notary.kill()


async def test_unreasonable_questions_are_refused(tmp_path) -> None:
    notary = NotaryProcess(tmp_path)
    await notary.start()
    try:
        async with notary.client() as client:
            head = await client.take_head()
            asked = ProofRequest(camera_id(0), ("main",), 0, 1, head.size)
            for wrong in (
                replace(asked, camera_id="../../x"),
                replace(asked, streams=()),
                replace(asked, to_ns=0),
                replace(asked, size=head.size + 1),
            ):
                with pytest.raises(InvalidInputError):
                    await client.prove(wrong)
            with pytest.raises(InvalidInputError):
                await client.sign_manifest(SignRequest("x\ny", "a", "b", (), 0, 1, "0" * 64))
            with pytest.raises(InvalidInputError):
                await client.sign_manifest(SignRequest("x", "a", "b", (), 0, 1, "short"))
    finally:
        notary.kill()


async def test_file_changed_together_with_its_index_is_found_by_the_log(tmp_path, clip) -> None:
    await record(tmp_path, clip, 30)
    notary = NotaryProcess(tmp_path)
    await notary.start()
    try:
        async with notary.client() as client:
            await client.take_head()
    finally:
        notary.kill()
    root = tmp_path / "volumes" / "main"
    assert check(root, CheckLevel.HASH, find_segment_hashes(tmp_path)).is_right
    path = next(root.glob("segments/*/*.mp4"))
    damage(path, path.stat().st_size - 5)  # the last byte of a picture: the boxes stay whole
    with closing(sqlite3.connect(root / "index.db")) as index, index:
        sha256 = hashlib.sha256(path.read_bytes()).digest()
        index.execute("UPDATE segments SET sha256 = ? WHERE segment_id = ?", (sha256, path.stem))
    assert check(root, CheckLevel.HASH, {}).is_right
    (finding,) = check(root, CheckLevel.HASH, find_segment_hashes(tmp_path)).findings
    assert (finding.code, finding.segment_id) == ("log_hash_differs", path.stem)
