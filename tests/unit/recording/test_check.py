"""`vedette check`: what it finds, what it leaves alone."""

import json

import pytest
from click.testing import CliRunner

from tests.support.media import make_packets
from tests.support.recording import KEY, Rig, feed
from vedette.cli.check import command
from vedette.recording.recovery import find_files


@pytest.fixture
def rig(tmp_path):
    (tmp_path / "volumes").mkdir()
    rig = Rig(tmp_path / "volumes" / "main")
    recorder = rig.recorder(target_s=2)
    feed(recorder, make_packets(200))
    recorder.close()
    rig.store.close()
    return rig


def check(tmp_path, *options):
    result = CliRunner().invoke(command, ["--data", str(tmp_path), "--json", *options])
    answer = json.loads(result.stdout)
    return result.exit_code, [finding["code"] for volume in answer["volumes"] for finding in volume["findings"]]


@pytest.mark.parametrize("level", ["presence", "size", "hash"])
def test_a_good_volume_is_right(rig, tmp_path, level) -> None:
    assert check(tmp_path, "--level", level) == (0, [])


def test_a_growing_file_is_no_finding(tmp_path) -> None:
    (tmp_path / "volumes").mkdir()
    rig = Rig(tmp_path / "volumes" / "main")
    recorder = rig.recorder()
    feed(recorder, make_packets(60))
    rig.store.commit()
    feed(recorder, make_packets(60, start_90k=60 * 3600))
    assert check(tmp_path, "--level", "hash") == (0, [])


def test_a_missing_file_is_found(rig, tmp_path) -> None:
    next(find_files(rig.volume)).unlink()
    assert check(tmp_path, "--level", "presence") == (1, ["file_missing"])


def test_a_file_without_row_is_found_and_kept(rig, tmp_path) -> None:
    foreign = rig.volume.segments / "ZZ" / f"{'0' * 24}ZZ.mp4"
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_bytes(b"footage of another index")
    assert check(tmp_path, "--level", "presence") == (1, ["row_missing"])
    assert foreign.exists()


def test_a_short_file_is_found_by_size_not_by_presence(rig, tmp_path) -> None:
    path = next(find_files(rig.volume))
    path.write_bytes(path.read_bytes()[:-1])
    assert check(tmp_path, "--level", "presence") == (0, [])
    assert check(tmp_path, "--level", "size") == (1, ["too_short"])


def test_damage_inside_is_found_by_hash_level(rig, tmp_path) -> None:
    part = rig.reader().find_fragments(KEY.camera_id, KEY.role, 0, 1 << 62, 2)[1]
    path = rig.volume.segment(part.segment.segment_id)
    data = bytearray(path.read_bytes())
    data[part.offset : part.offset + 100] = bytes(100)
    path.write_bytes(data)
    assert check(tmp_path, "--level", "size") == (0, [])
    assert check(tmp_path, "--level", "hash") == (1, ["damaged"])


def test_a_lost_index_is_rebuilt_and_everything_is_found_again(rig, tmp_path) -> None:
    before = sum(run.frames for run in rig.reader().find_runs(KEY.camera_id, KEY.role, 0, 1 << 62))
    for part in rig.volume.root.glob("index.db*"):
        part.unlink()
    assert check(tmp_path)[0] == 3
    assert check(tmp_path, "--repair-index", "--level", "hash") == (0, [])
    assert sum(run.frames for run in rig.reader().find_runs(KEY.camera_id, KEY.role, 0, 1 << 62)) == before == 200


def test_an_index_that_is_garbage_is_set_aside_and_rebuilt(rig, tmp_path) -> None:
    rig.volume.index.write_bytes(b"not a database" * 1000)
    assert check(tmp_path)[0] == 3
    assert check(tmp_path, "--repair-index") == (0, [])
    assert (rig.volume.root / "index.db.before-repair").exists()


def test_no_repair_under_a_running_recorder(rig, tmp_path) -> None:
    from vedette.node.recorder_volumes import hold_volume

    with hold_volume(rig.volume):
        assert check(tmp_path, "--repair-index")[0] == 3
    assert check(tmp_path, "--repair-index")[0] == 0


def test_nothing_to_check_is_no_all_clear(tmp_path) -> None:
    assert check(tmp_path)[0] == 3
