"""What a taken-over decoder tries: 26 and more ways out of a real vision worker, all closed.

Each attempt runs inside a worker started as the product starts it; `test_attempt_succeeds_outside_the_jail` runs
the harmless ones in the same worker unlocked, so that a broken probe cannot pass for a closed door.
"""

import asyncio
import json
import platform
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.security.probe_worker import ATTEMPTS, PROBE_KIND
from tests.support.encoded import encode_square
from vedette.core.media import Codec
from vedette.runtime.landlock import find_abi
from vedette.runtime.worker import WorkerCommand, WorkerLostError, WorkerProcess, start_worker
from vedette.vision import wire
from vedette.vision.wire import Kind

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or find_abi() == 0,
    reason="the attempts are written for Linux on x86_64 with Landlock",
)
_OUTSIDE_TOO = (
    *("open", "stat", "list_directory", "write", "mkdir", "unlink", "rename", "symlink", "chmod", "connect_tcp"),
    *("send_udp", "connect_unix", "bind", "netlink", "exec", "fork", "thread", "signal_parent", "pidfd_of_parent"),
    *("memory_file", "executable_memory", "make_executable"),
)


@asynccontextmanager
async def probe_worker(*arguments: str) -> AsyncIterator[WorkerProcess]:
    worker = await start_worker(WorkerCommand("tests.security.probe_worker", arguments))
    try:
        yield worker
    finally:
        await worker.stop()


async def attempt(worker: WorkerProcess, name: str, argument: str) -> tuple[str, str]:
    await worker.send(PROBE_KIND, json.dumps([name, argument]).encode())
    reply = await worker.receive()
    outcome, reason = json.loads(reply.payload)
    return outcome, reason


@contextmanager
def reachable_targets(folder: Path) -> Iterator[dict[str, str]]:
    """What an unlocked process of this user can reach: files, a folder, listening sockets. One file per attempt."""
    folder.chmod(0o777)
    unix_path = str(folder / "u.sock")
    victims = {name: folder / f"victim-{name}" for name in ("open", "stat", "chmod", "rename", "unlink")}
    for victim in victims.values():
        victim.write_bytes(b"secret")
        victim.chmod(0o666)
    with (
        socket.socket() as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        tcp.bind(("127.0.0.1", 0))
        udp.bind(("127.0.0.1", 0))
        unix.bind(unix_path)
        tcp.listen()
        unix.listen()
        Path(unix_path).chmod(0o777)
        yield {
            **dict.fromkeys(ATTEMPTS, ""),
            **{name: str(victim) for name, victim in victims.items()},
            "list_directory": str(folder),
            "write": str(folder / "new"),
            "mkdir": str(folder / "folder"),
            "symlink": str(folder / "link"),
            "connect_tcp": str(tcp.getsockname()[1]),
            "send_udp": str(udp.getsockname()[1]),
            "connect_unix": unix_path,
        }


@dataclass(frozen=True)
class Outcomes:
    """What became of each attempt, and the names in the folder before and after all of them."""

    by_name: dict[str, tuple[str, str]]
    before: list[str]
    after: list[str]


def try_all(folder: Path, names: Iterable[str], *arguments: str) -> Outcomes:
    async def run(targets: dict[str, str]) -> dict[str, tuple[str, str]]:
        async with probe_worker(*arguments) as worker:
            return {name: await attempt(worker, name, targets[name]) for name in names}

    with reachable_targets(folder) as targets:
        before = sorted(path.name for path in folder.iterdir())
        by_name = asyncio.run(run(targets))
        return Outcomes(by_name, before, sorted(path.name for path in folder.iterdir()))


@pytest.fixture(scope="module")
def jailed(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """All attempts, one after the other, inside one locked worker."""
    return try_all(tmp_path_factory.mktemp("jailed"), ATTEMPTS)


@pytest.fixture(scope="module")
def unlocked(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """The harmless attempts inside the same worker without the lock."""
    return try_all(tmp_path_factory.mktemp("unlocked"), _OUTSIDE_TOO, "--unlocked")


async def test_every_layer_holds_on_this_machine() -> None:
    async with probe_worker() as worker:
        ready = wire.decode(worker.ready_payload, wire.Ready)
    assert all(ready.layers.values()), ready.reasons
    assert set(ready.layers) == {"files_before_import", "landlock", "seccomp", "rlimits", "uid", "no_new_privs"}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_escape_is_denied(name: str, jailed: Outcomes) -> None:
    outcome, reason = jailed.by_name[name]
    assert outcome == "denied", f"{name} got out"
    assert reason


def test_nothing_in_the_folder_has_changed(jailed: Outcomes) -> None:
    assert jailed.after == jailed.before


@pytest.mark.parametrize("name", _OUTSIDE_TOO)
def test_attempt_succeeds_outside_the_jail(name: str, unlocked: Outcomes) -> None:
    outcome, reason = unlocked.by_name[name]
    assert outcome == "escaped", f"the probe {name} proves nothing: {reason}"


async def test_call_of_a_foreign_table_kills_the_worker_and_not_the_parent() -> None:
    async with probe_worker() as worker:
        with pytest.raises(WorkerLostError):
            await attempt(worker, "foreign_architecture", "")


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
async def test_decoding_and_snapshots_still_work_after_all_attempts(codec: Codec) -> None:
    stream = encode_square(codec)
    async with probe_worker() as worker:
        for name in ATTEMPTS:
            await attempt(worker, name, "9" if name in {"connect_tcp", "send_udp"} else "/nonexistent")
        results = await analyse(worker, stream)
        assert [r.pts_90k for r in results] == [pts for _, pts, _ in stream.packets]
        assert max(r.motion for r in results) > 0.005
        await worker.send(Kind.SNAPSHOT, wire.encode(wire.SnapshotRequest(1, results[-1].pts_90k, 320, [])))
        picture = await worker.receive()
    assert picture.kind == Kind.SNAPSHOT
    assert picture.payload[:3] == b"\xff\xd8\xff"


async def test_hostile_packets_are_counted_and_the_stream_goes_on() -> None:
    stream = encode_square(frames=40)
    async with probe_worker() as worker:
        await open_stream(worker, stream)
        for damage in (b"", b"\0" * 40, b"\xff" * 5000, b"\0\0\xff\xff\x65" + bytes(range(256)) * 20):
            await worker.send(Kind.PACKET, wire.encode_packet(wire.PacketMessage(1, 0, damage, is_key=True)))
            assert (await worker.receive()).kind in {Kind.PACKET, Kind.FAILED}
        results = await send_packets(worker, stream)
    assert len(results) >= 30


async def test_frame_size_may_change_after_the_lock() -> None:
    async with probe_worker() as worker:
        for width, height in ((320, 180), (1280, 720), (640, 480)):
            results = await analyse(worker, encode_square(frames=5, width=width, height=height))
            assert {(r.width, r.height) for r in results} == {(width, height)}


async def open_stream(worker: WorkerProcess, stream: object) -> None:
    video = stream.video
    setup = wire.OpenStream(1, video.codec, video.width, video.height, list(video.parameter_sets), "motion", [], 100.0)
    await worker.send(Kind.OPEN, wire.encode(setup))
    assert (await worker.receive()).kind == Kind.OPEN


async def send_packets(worker: WorkerProcess, stream: object) -> list[wire.FrameResult]:
    results = []
    for data, pts_90k, is_key in stream.packets:
        await worker.send(Kind.PACKET, wire.encode_packet(wire.PacketMessage(1, pts_90k, data, is_key)))
        reply = await worker.receive()
        assert reply.kind == Kind.PACKET, reply.payload
        results += wire.decode_reply(reply.payload).results
    return results


async def analyse(worker: WorkerProcess, stream: object) -> list[wire.FrameResult]:
    await open_stream(worker, stream)
    return await send_packets(worker, stream)
