"""The machine that keeps backups: what it fetches is whole or not there, and only a proven restore ends old ones."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.backups import seal_archive
from vedette.adapters.backup_box import make_recovery_key
from vedette.core.time import NS_PER_S
from vedette.node.backup import write_backup
from vedette.runtime.clock import SystemClock
from vedette.runtime.paths import NodePaths
from vedette.runtime.process import ensure_node_key

SCRIPTS = Path(__file__).resolve().parents[2] / "deploy" / "backup"
DAY_S = 86_400


@pytest.fixture
def key(tmp_path: Path) -> tuple[Path, str]:
    private, public = make_recovery_key()
    (tmp_path / "recovery.key").write_text(private)
    return tmp_path / "recovery.key", public


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


def make_backup(path: Path, public: str, *, age_days: float = 0.0, is_empty: bool = False) -> Path:
    """A backup of a house without cameras, or one that holds nothing."""
    if is_empty:
        path.write_bytes(seal_archive(public))
    else:
        paths = NodePaths(path.parent.parent / "data")
        paths.prepare()
        ensure_node_key(paths.node_key)
        paths.database.touch()
        with path.open("wb") as file:
            write_backup(paths, file, public, SystemClock().utc_ns())
    made_s = SystemClock().utc_ns() / NS_PER_S - age_days * DAY_S
    os.utime(path, (made_s, made_s))
    return path


def run(name: str, *arguments: object, path: str = "") -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "VEDETTE": f"{sys.prefix}/bin/vedette"}
    environment["PATH"] = f"{path}:{environment['PATH']}" if path else environment["PATH"]
    command = [str(SCRIPTS / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)


def pull(tmp_path: Path, folder: Path, remote: str) -> "subprocess.CompletedProcess[str]":
    """Fetches from a house whose `ssh` does this."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    (tmp_path / "bin" / "ssh").write_text(f"#!/bin/sh\n{remote}\n")
    (tmp_path / "bin" / "ssh").chmod(0o755)
    return run("vedette-pull", "vedette@box", folder, path=str(tmp_path / "bin"))


def test_what_was_fetched_is_kept_for_its_owner_alone(tmp_path: Path, folder: Path, key: tuple[Path, str]) -> None:
    sent = tmp_path / "sent"
    sent.write_bytes(seal_archive(key[1]))
    done = pull(tmp_path, folder, f"cat {sent}")
    assert done.returncode == 0, done.stderr
    [kept] = folder.iterdir()
    assert kept.suffix == ".backup"
    assert kept.read_bytes() == sent.read_bytes()
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("remote", ["head -c 30 {sent}; exit 255", "echo hello", "true", "exit 1"])
def test_nothing_is_kept_of_what_was_cut_off_or_is_no_backup(
    tmp_path: Path, folder: Path, key: tuple[Path, str], remote: str
) -> None:
    before = make_backup(folder / "vedette-20200101T000000Z.backup", key[1], age_days=400)
    (tmp_path / "sent").write_bytes(seal_archive(key[1]))
    assert pull(tmp_path, folder, remote.format(sent=tmp_path / "sent")).returncode != 0
    assert list(folder.iterdir()) == [before]


def test_old_ones_go_after_the_newest_was_proven(folder: Path, key: tuple[Path, str]) -> None:
    make_backup(folder / "vedette-1.backup", key[1], age_days=91)
    make_backup(folder / "vedette-2.backup", key[1], age_days=89)
    make_backup(folder / "vedette-3.backup", key[1])
    done = run("vedette-restore-test", folder, key[0], 90)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["vedette-2.backup", "vedette-3.backup"]


def test_none_goes_while_the_newest_is_rubbish(folder: Path, key: tuple[Path, str]) -> None:
    """A box that was taken over sends what it likes, in the right form, to the right key."""
    make_backup(folder / "vedette-1.backup", key[1], age_days=91)
    make_backup(folder / "vedette-2.backup", key[1], is_empty=True)
    done = run("vedette-restore-test", folder, key[0], 90)
    assert done.returncode == 1
    assert "no vedette.db" in done.stdout
    assert len(list(folder.iterdir())) == 2


def test_none_goes_while_none_has_come_lately(folder: Path, key: tuple[Path, str]) -> None:
    make_backup(folder / "vedette-1.backup", key[1], age_days=91)
    make_backup(folder / "vedette-2.backup", key[1], age_days=3)
    done = run("vedette-restore-test", folder, key[0], 90)
    assert done.returncode == 1
    assert "no backup of the last two days" in done.stderr
    assert len(list(folder.iterdir())) == 2
