"""Backups: nobody reads them without the recovery key, and a hostile one writes nowhere but where it may.

Whoever has the public key (a box that was taken over, the machine that fetches) can write a backup: base mode of HPKE
does not tell who did.
"""

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.backups import ABOUT, seal, seal_archive
from vedette.adapters.backup_box import BackupReader, BackupUnreadableError, make_recovery_key
from vedette.core.errors import ConflictError
from vedette.node.restore import restore

FRAME = 1 << 20


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    return make_recovery_key()


def open_whole(sealed: bytes, private: str) -> bytes:
    reader = BackupReader(io.BytesIO(sealed), private)
    plain = b""
    while part := reader.read(100_000):
        plain += part
    return plain


@pytest.mark.parametrize("size", [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME])
def test_what_was_written_is_read_whatever_its_length(keys: tuple[str, str], size: int) -> None:
    content = os.urandom(size)
    assert open_whole(seal(keys[1], content[: size // 3], content[size // 3 :]), keys[0]) == content


def frames_of(sealed: bytes) -> tuple[bytes, list[bytes]]:
    start = sealed.index(b"\n", sealed.index(b"\n") + 1) + 1
    frames, offset = [], start
    while offset < len(sealed):
        end = offset + 4 + int.from_bytes(sealed[offset : offset + 4], "big")
        frames.append(sealed[offset:end])
        offset = end
    return sealed[:start], frames


@pytest.mark.parametrize(
    "change",
    [
        lambda frames: frames[:-1],
        lambda frames: frames[1:],
        lambda frames: [frames[1], frames[0], *frames[2:]],
        lambda frames: [frames[0], frames[0], *frames[1:]],
        lambda frames: [*frames, frames[-1]],
        lambda frames: [frames[-1]],
        lambda frames: [*frames, b"\0"],
        lambda frames: [*frames[:-1], frames[-1][:-1]],
        lambda frames: [b"\xff\xff\xff\xff", *frames],
        lambda _: [],
    ],
)
def test_frames_left_out_exchanged_doubled_or_cut_are_noticed(
    keys: tuple[str, str], change: Callable[[list[bytes]], list[bytes]]
) -> None:
    head, frames = frames_of(seal(keys[1], os.urandom(2 * FRAME + 5)))
    assert len(frames) == 3
    with pytest.raises(BackupUnreadableError):
        open_whole(head + b"".join(change(frames)), keys[0])


def test_no_bit_of_it_can_be_changed(keys: tuple[str, str]) -> None:
    sealed = seal(keys[1], b"the house and all that is in it")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1 << position % 8
        with pytest.raises(BackupUnreadableError):
            open_whole(bytes(changed), keys[0])


def test_another_recovery_key_opens_nothing_and_the_public_one_is_none(keys: tuple[str, str]) -> None:
    sealed = seal(keys[1], b"x")
    with pytest.raises(BackupUnreadableError, match="another recovery key"):
        open_whole(sealed, make_recovery_key()[0])
    with pytest.raises(BackupUnreadableError, match="no recovery key"):
        open_whole(sealed, keys[1])
    with pytest.raises(BackupUnreadableError, match="no public key"):
        seal(keys[0], b"x")


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def make_hostile(path: Path, public: str, *entries: tarfile.TarInfo, about: bytes = ABOUT) -> Path:
    path.write_bytes(seal_archive(public, *entries, about=about))
    return path


@pytest.mark.parametrize(
    "one",
    [
        entry("../outside"),
        entry("state/../../outside"),
        entry("/tmp/outside"),
        entry("state/keys/../../../outside"),
        entry("state//vedette.db"),
        entry("state/run/supervisor.sock"),
        entry("state"),
        entry("footage/main/../../outside"),
        entry("footage/main/index.db"),
        entry("footage/segments"),
        entry("elsewhere/file"),
        entry("state/keys/link", tarfile.SYMTYPE, "/etc/passwd"),
        entry("state/keys/link", tarfile.LNKTYPE, "state/vedette.db"),
        entry("state/keys", tarfile.DIRTYPE),
        entry("state/keys/fifo", tarfile.FIFOTYPE),
        entry("state/keys/zero", tarfile.CHRTYPE),
    ],
    ids=lambda one: f"{one.name} {one.type!r}",
)
def test_hostile_backup_is_refused_and_leaves_nothing(
    tmp_path: Path, keys: tuple[str, str], one: tarfile.TarInfo
) -> None:
    data = tmp_path / "deep" / "data"
    backup = make_hostile(tmp_path / "hostile.backup", keys[1], entry("state/keys/node.key"), one)
    with pytest.raises(BackupUnreadableError, match=r"does not belong|no file"):
        restore([backup], data, keys[0])
    assert list(data.iterdir()) == []
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["data", "deep", "hostile.backup"]


def test_backup_that_does_not_say_what_it_is_or_is_newer_is_refused(tmp_path: Path, keys: tuple[str, str]) -> None:
    for about in (b"{}", b"", ABOUT.replace(b'"format":1', b'"format":2')):
        with pytest.raises(BackupUnreadableError):
            restore([make_hostile(tmp_path / "one.backup", keys[1], about=about)], tmp_path / "data", keys[0])


def test_no_tar_inside_is_refused(tmp_path: Path, keys: tuple[str, str]) -> None:
    (tmp_path / "one.backup").write_bytes(seal(keys[1], os.urandom(5000)))
    with pytest.raises(BackupUnreadableError, match="no backup"):
        restore([tmp_path / "one.backup"], tmp_path / "data", keys[0])


def test_what_is_there_is_never_replaced(tmp_path: Path, keys: tuple[str, str]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine").write_text("x")
    backup = make_hostile(tmp_path / "one.backup", keys[1], entry("state/keys/node.key"))
    with pytest.raises(ConflictError):
        restore([backup], tmp_path / "data", keys[0])
    assert (tmp_path / "data" / "mine").read_text() == "x"
