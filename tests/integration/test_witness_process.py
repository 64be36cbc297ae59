"""`vedette witness` as a process on a socket of its own: what a notary asks of it, and what it keeps over a restart."""

import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.gateway_process import free_port
from tests.support.notary import NotaryProcess
from tests.support.waiting import wait_until
from vedette.adapters.witness_client import WitnessSilentError, add_checkpoint
from vedette.core.errors import ConflictError, StorageError
from vedette.core.time import NS_PER_S
from vedette.evidence.keys import open_key_ring
from vedette.evidence.offline_verify import parse_checkpoint, parse_witness_key
from vedette.evidence.proofs import SignRequest
from vedette.evidence.witnessing import find_witnessed_size, make_submission
from vedette.node.notary_witnesses import NotaryWitnesses
from vedette.node.witness import hold_state, open_cosigner
from vedette.testing.small_bundles import SmallSite


@asynccontextmanager
async def witness_process(folder: Path, log_key: str) -> AsyncIterator[tuple[str, str]]:
    """Yields its address and its key."""
    port, log = free_port(), folder.with_suffix(".log")
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "vedette", "witness", "--state", str(folder), "--name", "witness.example.org/a"]
    process = subprocess.Popen([*command, "--log", log_key, "--port", str(port)], stderr=log.open("wb"))

    async def is_up() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return (await add_checkpoint(url, b"nonsense"))[0] == 400
        except WitnessSilentError:
            return False

    try:
        await wait_until(is_up)
        key = re.search(r"key=(\S+)", log.read_text())
        assert key is not None, log.read_text()
        yield url, key[1].strip('"')
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    finally:
        process.kill()


async def test_notary_gets_its_signature_and_a_restarted_witness_still_refuses_an_older_log(tmp_path: Path) -> None:
    site = SmallSite(tmp_path / "site")
    camera = site.add_camera("Gate")

    async def on_log(work):
        return work(site.log)

    site.tell([site.make_segment(camera, 0)], 60)
    early = make_submission(site.log, 0)
    async with witness_process(tmp_path / "witness", site.log.ring.site_key) as (url, key):
        witnesses = NotaryWitnesses([(url, key)], add_checkpoint)
        await witnesses.submit(on_log)
        site.tell([site.make_segment(camera, 60)], 120)
        await witnesses.submit(on_log)
        assert witnesses.problems == []
        assert find_witnessed_size(site.log, parse_witness_key(key)) == site.log.size > early.size
    async with witness_process(tmp_path / "witness", site.log.ring.site_key) as (url, again):
        assert again == key
        assert await add_checkpoint(url, early.body) == (409, f"{site.log.size}\n")


async def test_head_of_an_export_is_cosigned_before_it_is_handed_out_and_a_dead_witness_stops_nothing(
    tmp_path: Path,
) -> None:
    data = tmp_path / "d"
    data.mkdir()
    log_key = open_key_ring(data / "keys" / "log", NS_PER_S).site_key
    async with witness_process(tmp_path / "witness", log_key) as (url, key):
        config = tmp_path / "settings.yaml"
        config.write_text(f'witnesses: ["{url} {key}"]\n')
        notary = NotaryProcess(data, "--config", str(config))
        await notary.start()
        try:
            async with notary.client() as client:
                await client.sign_manifest(SignRequest("e1", "anna", "a case", (), 1, 2, "0" * 64))
                head = await client.take_head()
                (seen,) = head.witnessed
                assert parse_checkpoint(seen.checkpoint)[1] == head.size > 0
        finally:
            notary.stop()
    await check_dead_witness(data, config)


async def check_dead_witness(data: Path, config: Path) -> None:
    notary = NotaryProcess(data, "--config", str(config))
    await notary.start()
    try:
        async with notary.client() as client:
            await client.sign_manifest(SignRequest("e2", "anna", "a case", (), 1, 2, "0" * 64))
            head = await client.take_head()
            assert parse_checkpoint(head.witnessed[0].checkpoint)[1] < head.size
    finally:
        notary.stop()


async def test_second_witness_on_one_folder_is_refused_in_words(tmp_path: Path) -> None:
    site = SmallSite(tmp_path / "site")
    key = site.log.ring.site_key
    site.close()
    async with witness_process(tmp_path / "witness", key):
        with pytest.raises(ConflictError, match="another witness runs on"), hold_state(tmp_path / "witness"):
            pass
        command = [sys.executable, "-m", "vedette", "witness", "--state", str(tmp_path / "witness"), "--name", "w"]
        second = [*command, "--log", key, "--port", str(free_port())]
        done = subprocess.run(second, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 1
        assert "another witness runs on" in done.stderr
    with hold_state(tmp_path / "witness"):
        pass


def test_witness_that_lost_its_key_never_makes_another_beside_its_old_state(tmp_path: Path) -> None:
    assert open_cosigner(tmp_path, "w").public == open_cosigner(tmp_path, "w").public
    (tmp_path / "0123.json").write_text("{}")
    (tmp_path / "witness.key").unlink()
    with pytest.raises(StorageError):
        open_cosigner(tmp_path, "w")
