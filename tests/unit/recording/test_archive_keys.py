"""Archive keys: who can read a day, what is made ahead, what an erased day means."""

import stat

import pytest

from tests.support.encryption import DAY, DAY_NS, EncryptedRig
from tests.support.media import START_NS, make_packets
from tests.support.recording import END_NS, KEY, feed
from vedette.core.errors import StorageError
from vedette.recording.archive_keys import (
    choose_key,
    is_day,
    make_keys_ahead,
    name_day,
    read_public_keys,
)
from vedette.recording.check import CheckLevel, check_volume
from vedette.recording.errors import FootageLockedError
from vedette.recording.recovery import find_files
from vedette.recording.segment_encryptor import SegmentEncryptor


@pytest.fixture
def folders(tmp_path):
    return tmp_path / "keys" / "archive", tmp_path / "keys" / "archive-public"


def read_first(rig):
    reader = rig.reader()
    return reader.read_fragment(reader.find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 1)[0])


def record(rig):
    recorder = rig.recorder()
    feed(recorder, make_packets(80))
    recorder.close()
    rig.store.commit()


def test_keys_are_made_ahead_and_private_ones_are_the_owners_alone(folders) -> None:
    private, public = folders
    make_keys_ahead(private, public, START_NS, days=3)
    assert [key.day for key in read_public_keys(public)] == [name_day(START_NS + n * DAY_NS) for n in range(4)]
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in private.iterdir()} == {0o600}
    assert all(path.read_bytes() not in public.joinpath(f"{path.stem}.pub").read_bytes() for path in private.iterdir())


def test_a_key_that_is_there_is_never_made_anew(folders) -> None:
    private, public = folders
    make_keys_ahead(private, public, START_NS, days=1)
    before = {path.name: path.read_bytes() for folder in folders for path in folder.iterdir()}
    make_keys_ahead(private, public, START_NS, days=1)
    assert {path.name: path.read_bytes() for folder in folders for path in folder.iterdir()} == before


def test_a_public_key_whose_private_half_was_lost_is_replaced(folders) -> None:
    private, public = folders
    make_keys_ahead(private, public, START_NS, days=0)
    before = read_public_keys(public)
    (private / f"{DAY}.key").unlink()
    make_keys_ahead(private, public, START_NS, days=0)
    assert read_public_keys(public) != before


def test_a_damaged_public_key_is_no_key(folders) -> None:
    private, public = folders
    make_keys_ahead(private, public, START_NS, days=1)
    (public / f"{DAY}.pub").write_text("no key")
    assert [key.day for key in read_public_keys(public)] == [name_day(START_NS + DAY_NS)]


def test_folders_that_cannot_be_written_are_an_error(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="archive keys"):
        make_keys_ahead(tmp_path / "file" / "archive", tmp_path / "public", START_NS)


def test_without_the_days_key_the_nearest_is_taken_and_said(folders) -> None:
    private, public = folders
    make_keys_ahead(private, public, START_NS, days=1)
    encryptor = SegmentEncryptor(public)
    assert encryptor.look(START_NS).state == "holds"
    late = encryptor.look(START_NS + 5 * DAY_NS)
    assert (late.state, name_day(START_NS + DAY_NS) in late.detail) == ("weakened", True)
    chosen = choose_key(read_public_keys(public), name_day(START_NS - DAY_NS))
    assert chosen is not None
    assert chosen.day == DAY


def test_without_any_key_footage_is_recorded_in_the_clear_and_an_alarm_is_raised(tmp_path) -> None:
    rig = EncryptedRig(tmp_path)
    for path in rig.public.iterdir():
        path.unlink()
    state = rig.encryptor.look(START_NS)
    assert (state.state, "in the clear" in state.detail) == ("absent", True)
    record(rig)
    (path,) = find_files(rig.volume)
    assert path.read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize("text", ["", "2026118", "20261341", "../../../x", "２０２６１１１８", "20261118.key"])  # noqa: RUF001
def test_what_is_no_day_never_becomes_a_path(text) -> None:
    assert not is_day(text)


def test_an_erased_day_stays_erased_and_nothing_more_is_encrypted_to_it(tmp_path) -> None:
    rig = EncryptedRig(tmp_path)
    record(rig)
    assert read_first(rig)
    opened = rig.reader()
    fragment = opened.find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 1)[0]
    opened.read_fragment(fragment)
    (rig.private / f"{DAY}.key").unlink()
    make_keys_ahead(rig.private, rig.public, START_NS + DAY_NS, days=1)
    assert not (rig.private / f"{DAY}.key").exists()
    assert DAY not in {key.day for key in read_public_keys(rig.public)}
    with pytest.raises(FootageLockedError, match=DAY):
        read_first(rig)
    with pytest.raises(FootageLockedError, match=DAY):  # also by who had the file open
        opened.read_fragment(fragment)


def test_check_tells_whole_and_not_readable_of_an_erased_day(tmp_path) -> None:
    rig = EncryptedRig(tmp_path)
    record(rig)
    rig.store.close()
    catalog = rig.reader()._open_catalog(rig.volume.index)
    before = check_volume(rig.volume, catalog, CheckLevel.HASH, keys=rig.keys)
    assert (before.is_right, before.locked) == (True, ())
    (rig.private / f"{DAY}.key").unlink()
    after = check_volume(rig.volume, catalog, CheckLevel.HASH, keys=rig.keys)
    assert (after.is_right, after.locked) == (True, ((DAY, 1),))


def test_check_finds_a_changed_frame_with_and_without_the_key(tmp_path) -> None:
    rig = EncryptedRig(tmp_path)
    record(rig)
    rig.store.close()
    (path,) = find_files(rig.volume)
    data = bytearray(path.read_bytes())
    data[-200] ^= 1
    path.write_bytes(data)
    catalog = rig.reader()._open_catalog(rig.volume.index)
    for keys in (rig.keys, None):
        found = check_volume(rig.volume, catalog, CheckLevel.HASH, keys=keys)
        assert [finding.code for finding in found.findings] == ["damaged"]


def test_check_finds_a_cut_encrypted_file_by_size(tmp_path) -> None:
    rig = EncryptedRig(tmp_path)
    record(rig)
    rig.store.close()
    (path,) = find_files(rig.volume)
    path.write_bytes(path.read_bytes()[:-300])
    catalog = rig.reader()._open_catalog(rig.volume.index)
    found = check_volume(rig.volume, catalog, CheckLevel.SIZE)
    assert [finding.code for finding in found.findings] == ["too_short"]
