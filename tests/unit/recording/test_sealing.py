"""Closed segments resist their owner, and retention still lets them go."""

import pytest

from tests.support.media import make_packets
from tests.support.recording import NO_LIMIT, Rig, feed
from vedette.recording.recovery import find_files
from vedette.recording.sealing import SealingDisk, clear_immutable, find_obstacle


@pytest.fixture
def rig(tmp_path):
    obstacle = find_obstacle(tmp_path)
    if obstacle:
        pytest.skip(obstacle)
    rig = Rig(tmp_path / "v", disk=SealingDisk(), limit=NO_LIMIT)
    yield rig
    for path in find_files(rig.volume):
        clear_immutable(path)


def test_a_sealed_segment_cannot_be_changed_renamed_or_removed_by_its_owner(rig) -> None:
    recorder = rig.recorder(target_s=2)
    feed(recorder, make_packets(120))
    rig.store.commit()
    recorder.close()
    rig.store.commit()
    for path in find_files(rig.volume):
        content = path.read_bytes()
        for attack in (
            lambda path=path: path.open("r+b"),
            lambda path=path: path.open("ab"),
            path.unlink,
            lambda path=path: path.rename(path.with_suffix(".gone")),
            lambda path=path: path.chmod(0o777),
        ):
            with pytest.raises(PermissionError):
                attack()
        assert path.read_bytes() == content


def test_a_growing_segment_is_not_sealed(rig) -> None:
    recorder = rig.recorder(target_s=60)
    feed(recorder, make_packets(100))
    rig.store.commit()
    feed(recorder, make_packets(100, start_90k=100 * 3600, first_sequence=100))
    rig.store.commit()
    assert recorder.ledger.totals.missing == 0
    assert recorder.ledger.totals.stored > 100


def test_retention_lets_sealed_footage_go(rig) -> None:
    recorder = rig.recorder(target_s=2)
    feed(recorder, make_packets(200))
    recorder.close()
    rig.store.commit()
    paths = list(find_files(rig.volume))
    for path in paths[:2]:
        rig.disk.unlink(path)
    assert len(list(find_files(rig.volume))) == len(paths) - 2
