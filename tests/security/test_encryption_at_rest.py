"""A stolen disk, a recorder in foreign hands, an erased day: with the real recorder and the real notary."""

import gc
import hashlib
import json
import random
import weakref
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.clips import make_clip
from tests.support.encryption import EncryptedRig
from tests.support.media import make_packets
from tests.support.notary import NotaryProcess, make_bundle, run_verifier
from tests.support.recorder import RecorderProcess, camera_id, has_stored, make_assignment, urls_of
from tests.support.recording import END_NS, KEY, feed
from vedette.cli.check import command
from vedette.cli.settings_file import read_settings_file
from vedette.core.errors import InvalidInputError
from vedette.recording.archive_keys import ArchiveKeyRing, make_keys_ahead
from vedette.recording.errors import DamagedFootageError
from vedette.recording.recovery import find_files
from vedette.recording.stored_file import open_stored
from vedette.recording.volume import open_volume
from vedette.runtime.clock import SystemClock
from vedette.runtime.paths import NodePaths
from vedette.testing.sim_server import SimServer
from vedette.testing.simulated_camera import CameraSpec

NAMES = {camera_id(0): "Gate", camera_id(1): "Yard"}
HOUR_NS = 3600 * 10**9
NO_PRIVATE_KEYS = """
import sys

def refuse(event, arguments):
    if event in {"open", "os.listdir", "os.scandir"} and "/keys/archive/" in f"{arguments[0]}/":
        raise PermissionError("the recorder must not touch private archive keys")

sys.addaudithook(refuse)
"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips"), frames=50)


@pytest.fixture
async def data(tmp_path, clip):
    """What two cameras left after the recorder was killed once and stopped once."""
    paths = NodePaths(tmp_path / "d")
    paths.data.mkdir()
    make_keys_ahead(paths.archive_keys, paths.archive_public_keys, SystemClock().utc_ns(), days=1)
    settings = tmp_path / "settings.yaml"
    settings.write_text("encrypt: at_rest\n")
    recorder = RecorderProcess(paths.data)
    async with SimServer([CameraSpec(f"cam{number}", clip) for number in range(2)]) as server:
        recorder.assign_file(make_assignment(urls_of(server)))
        try:
            recorder.start(NO_PRIVATE_KEYS, "--config", str(settings))
            await recorder.wait_status(has_stored(50), 60)
            recorder.kill()
            recorder.start(NO_PRIVATE_KEYS, "--config", str(settings))
            await recorder.wait_status(has_stored(50), 60)
            assert recorder.stop() == 0
        finally:
            recorder.kill()
    return paths.data


def footage(data: Path, keys: ArchiveKeyRing) -> dict[Path, bytes]:
    files = find_files(open_volume(data / "volumes" / "main"))
    return {path: open_stored(path, keys).read(1 << 30, 0) for path in files}


def check(data: Path) -> tuple[int, dict]:
    result = CliRunner().invoke(command, ["--data", str(data), "--level", "hash", "--json"])
    return result.exit_code, json.loads(result.stdout)


async def test_a_stolen_data_folder_without_its_keys_shows_no_byte_of_a_picture(data) -> None:
    plain = footage(data, ArchiveKeyRing(data / "keys" / "archive"))
    assert len(plain) >= 4
    rng = random.Random(1)
    stored = b"".join(path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file())
    for content in plain.values():
        assert b"ftyp" in content[:16]
        for _ in range(200):
            at = rng.randrange(2000, len(content) - 16)
            if len(set(canary := content[at : at + 16])) > 8:  # not the zeros and tables that any file has
                assert canary not in stored


async def test_encrypted_footage_is_proven_by_python_alone_and_an_erased_day_stays_whole(data, tmp_path) -> None:
    keys, folder = ArchiveKeyRing(data / "keys" / "archive"), tmp_path / "bundle"
    notary, now_ns = NotaryProcess(data), SystemClock().utc_ns()
    await notary.start()
    try:
        async with notary.client() as client:
            head, _, manifest = await make_bundle(client, data, folder, NAMES, now_ns - HOUR_NS, now_ns, keys)
        assert notary.stop() == 0
    finally:
        notary.kill()
    assert manifest.altered == ()
    told = run_verifier(folder, "--json", "--trust", head.fingerprint)
    assert told.returncode == 0, told.stdout
    plain = {hashlib.sha256(content).hexdigest() for content in footage(data, keys).values()}
    given = {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("video/*/*.mp4")}
    assert given <= plain

    code, found = check(data)
    assert (code, found["volumes"][0]["locked"], found["errors"]) == (0, [], {})
    for path in (data / "keys" / "archive").iterdir():
        path.unlink()
    code, found = check(data)
    assert (code, found["volumes"][0]["findings"]) == (0, [])
    assert sum(count for _, count in found["volumes"][0]["locked"]) == len(plain)
    victim = next(find_files(open_volume(data / "volumes" / "main")))
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    code, found = check(data)
    assert code == 1
    assert {finding["code"] for finding in found["volumes"][0]["findings"]} == {"damaged", "log_hash_differs"}


async def test_a_frame_that_was_changed_is_exported_as_zeros_and_its_second_named(data, tmp_path) -> None:
    keys, folder = ArchiveKeyRing(data / "keys" / "archive"), tmp_path / "bundle"
    victim = next(find_files(open_volume(data / "volumes" / "main")))
    content = bytearray(victim.read_bytes())
    content[-2000] ^= 1
    victim.write_bytes(content)
    notary, now_ns = NotaryProcess(data), SystemClock().utc_ns()
    await notary.start()
    try:
        async with notary.client() as client:
            head, _, manifest = await make_bundle(client, data, folder, NAMES, now_ns - HOUR_NS, now_ns, keys)
    finally:
        notary.kill()
    assert manifest.altered == (victim.stem,)
    told = run_verifier(folder, "--json", "--trust", head.fingerprint)
    (fault,) = json.loads(told.stdout)["faults"]
    assert (told.returncode, fault["segment"], fault["code"]) == (1, victim.stem, "changed")


def test_the_key_of_a_segment_goes_when_the_segment_is_closed(tmp_path) -> None:
    rig = EncryptedRig(tmp_path)
    recorder = rig.recorder(target_s=2)
    feed(recorder, make_packets(60))
    (growing,) = rig.store._growing.values()
    body = weakref.ref(growing.body)
    del growing
    recorder.close()
    rig.store.commit()
    gc.collect()
    assert body() is None


def test_off_is_taken_for_a_word(tmp_path) -> None:
    """YAML reads it as false."""
    path = tmp_path / "settings.yaml"
    path.write_text("encrypt: off\nseal: off\n")
    assert read_settings_file(path) == {"encrypt_footage": False, "seal_footage": False}


@pytest.mark.parametrize("text", ["encrypt: yes please", "encrypt: true", "encrypt: AT_REST", "encript: at_rest"])
def test_a_typing_error_does_not_switch_encryption_off(tmp_path, text) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInputError):
        read_settings_file(path)


def test_a_file_under_the_name_of_another_segment_is_told_and_not_shown(tmp_path) -> None:
    rig = EncryptedRig(tmp_path)
    recorder = rig.recorder(target_s=2)
    feed(recorder, make_packets(250))
    recorder.close()
    rig.store.close()
    one, other = sorted(find_files(rig.volume))[:2]
    one.write_bytes(other.read_bytes())
    code, found = check(tmp_path)
    assert (code, found["volumes"][0]["findings"][0]["code"]) == (1, "differs")
    reader = rig.reader()
    (fragment, *_) = reader.find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 1)
    assert fragment.segment.segment_id == one.stem
    with pytest.raises(DamagedFootageError, match="another segment"):
        reader.read_fragment(fragment)
