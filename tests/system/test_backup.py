"""A backup of a running house becomes the same house elsewhere: users, cameras, footage, and a log that goes on."""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.box import Api, free_port, running_box, vedette, wait_for
from tests.support.clips import make_clip
from vedette.adapters.notary_client import NotaryClient
from vedette.evidence.lookup import find_segment_hashes
from vedette.runtime.paths import NodePaths

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

SECRET = "canary-5f0c"


@dataclass(frozen=True)
class Kept:
    """What a house had, and its backup with the key to it."""

    backup: Path
    key: Path
    password: str
    frames: int
    fingerprint: str
    secrets: tuple[bytes, ...]


def count_frames(data: Path) -> int:
    done = vedette("recordings", "--camera", "Yard", "--data", str(data), "--json")
    return sum(run["frames"] for run in json.loads(done.stdout)["runs"]) if done.returncode == 0 else 0


def is_logged(data: Path) -> bool:
    """Whether the segments are under a signed checkpoint, for which the notary is asked."""

    async def ask() -> None:
        async with NotaryClient(NodePaths(data).socket("notary")) as notary:
            await notary.take_head()

    asyncio.run(ask())
    return bool(find_segment_hashes(data))


def restore(*arguments: str, key: Path) -> "subprocess.CompletedProcess[str]":
    return vedette("restore", *arguments, "--key", str(key))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A camera with a login, recorded for some seconds, and a backup of the running house."""
    folder = tmp_path_factory.mktemp("kept")
    clip = make_clip(tmp_path_factory.mktemp("clips"), frames=200, size=(320, 180))
    port, key = free_port(), folder / "recovery.key"
    command = [sys.executable, "-m", "vedette", "sim", str(clip), "--port", str(port)]
    simulator = subprocess.Popen([*command, "--user", "u", "--password", SECRET], stdout=subprocess.DEVNULL)
    with running_box() as box:
        url = f"rtsp://127.0.0.1:{port}/cam1/main"
        camera = {"name": "Yard", "main": {"url": url}, "record": "main", "user": "u", "password": SECRET}
        try:
            box.api().post("/cameras", camera | {"analysis": {"detector": "none"}})
            wait_for("footage", lambda: count_frames(box.data) > 60)
        finally:
            simulator.terminate()
            simulator.wait(10)
        volume = box.data / "volumes" / "main"
        wait_for("the file to be closed", lambda: not any((volume / "growing").iterdir()))
        wait_for("it to be logged", lambda: is_logged(box.data))
        refused = vedette("backup", str(folder), "--data", str(box.data))
        assert refused.returncode == 1
        assert "--new-key" in refused.stderr
        assert vedette("backup", "--new-key", str(key), "--data", str(box.data)).returncode == 0
        done = vedette("backup", str(folder), "--data", str(box.data), "--footage", "all", "--json")
        assert done.returncode == 0, done.stderr
        keys = [*(box.data / "keys" / "log").glob("*.key"), box.data / "keys" / "node.key"]
        return Kept(
            Path(json.loads(done.stdout)["path"]),
            key,
            box.first_password,
            count_frames(box.data),
            box.api().get("/evidence")["fingerprint"],
            (SECRET.encode(), *(path.read_bytes() for path in keys)),
        )


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A place for a data directory; short, because the paths of UNIX sockets are limited."""
    folder = Path(tempfile.mkdtemp(prefix="vdt-"))
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)


def test_restored_house_has_its_users_cameras_footage_and_a_log_that_goes_on(kept: Kept, elsewhere: Path) -> None:
    done = restore(str(kept.backup), "--data", str(elsewhere), key=kept.key)
    assert done.returncode == 0, done.stdout + done.stderr
    assert kept.fingerprint in done.stdout
    with running_box(data=elsewhere) as box:
        api = Api(box.url)
        api.login("admin", kept.password)
        assert [camera["name"] for camera in api.get("/cameras")["items"]] == ["Yard"]
        assert count_frames(elsewhere) == kept.frames
        evidence = api.get("/evidence")
        assert (evidence["state"], evidence["fingerprint"]) == ("holds", kept.fingerprint)
    checked = vedette("check", "--level", "hash", "--data", str(elsewhere))
    assert checked.returncode == 0, checked.stdout


def test_trial_says_that_it_could_be_restored_and_leaves_nothing(kept: Kept, tmp_path: Path) -> None:
    done = restore(str(kept.backup), "--test", "--scratch", str(tmp_path), "--json", key=kept.key)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["segments"] > 0
    assert (told["log_key"], told["faults"]) == (kept.fingerprint, [])
    assert not any(tmp_path.iterdir())


def test_no_secret_is_in_the_clear(kept: Kept) -> None:
    content = kept.backup.read_bytes()
    for secret in kept.secrets:
        assert secret not in content
    assert kept.backup.stat().st_mode & 0o077 == 0
    assert kept.key.stat().st_mode & 0o077 == 0


def test_changed_backup_and_another_key_are_refused_in_words(kept: Kept, tmp_path: Path) -> None:
    content = bytearray(kept.backup.read_bytes())
    content[-1000] ^= 1
    (tmp_path / "changed.backup").write_bytes(content)
    done = restore(str(tmp_path / "changed.backup"), "--test", key=kept.key)
    assert done.returncode == 1
    assert "damaged" in done.stderr
    assert "Traceback" not in done.stderr
    assert vedette("backup", "--new-key", str(tmp_path / "other.key"), "--data", str(tmp_path)).returncode == 0
    done = restore(str(kept.backup), "--test", key=tmp_path / "other.key")
    assert done.returncode == 1
    assert "another recovery key" in done.stderr


def test_trial_finds_footage_that_was_changed_before_the_backup(kept: Kept, elsewhere: Path, tmp_path: Path) -> None:
    assert restore(str(kept.backup), "--data", str(elsewhere), key=kept.key).returncode == 0
    [file, *_] = sorted(elsewhere.rglob("*.mp4"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    done = vedette("backup", str(tmp_path), "--data", str(elsewhere), "--footage", "all", "--json")
    assert done.returncode == 0, done.stderr
    tried = restore(json.loads(done.stdout)["path"], "--test", key=kept.key)
    assert tried.returncode == 1
    assert file.stem in tried.stdout


def test_footage_of_an_older_backup_comes_along(kept: Kept, elsewhere: Path, tmp_path: Path) -> None:
    """A backup a day, each with the footage of the day before: all of them are given."""
    assert restore(str(kept.backup), "--data", str(elsewhere), key=kept.key).returncode == 0
    done = vedette("backup", str(tmp_path), "--data", str(elsewhere), "--footage", "2020-01-01", "--json")
    newer = json.loads(done.stdout)
    assert newer["segments"] == 0
    shutil.rmtree(elsewhere)
    done = restore(str(kept.backup), newer["path"], "--data", str(elsewhere), "--json", key=kept.key)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["created_at"] == newer["created_at"]
    assert any(elsewhere.rglob("*.mp4"))
