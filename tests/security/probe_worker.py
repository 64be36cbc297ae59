"""A vision worker as the product starts it, with one more message kind: run an escape attempt from inside.

The attempts run in the position of the decoder: the same process, after the same lock, on the main thread or on
a thread that existed before it. Run unlocked (`--unlocked`) the same attempts show that they can succeed.
"""

# ruff: noqa: PTH101, PTH104, PTH123, PTH211
import ctypes
import dataclasses
import json
import mmap
import os
import socket
import sys
import threading
from collections.abc import Callable

from vedette.node import vision_worker
from vedette.runtime.jail import Jail, JailReport

PROBE_KIND = 200
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.mmap.restype = ctypes.c_void_p


def _call(number: int, *arguments: object) -> None:
    if _libc.syscall(ctypes.c_long(number), *arguments) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _map_executable(_: str) -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def _make_executable(_: str) -> None:
    page = mmap.mmap(-1, 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    _call(10 if os.uname().machine == "x86_64" else 226, ctypes.c_void_p(address), ctypes.c_size_t(4096), 5)


def _fork(_: str) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _thread(_: str) -> None:
    try:
        thread = threading.Thread(target=lambda: None)
        thread.start()
    except RuntimeError as error:
        raise PermissionError(str(error)) from error
    thread.join()


def _connect(family: int, kind: int, address: object) -> None:
    with socket.socket(family, kind) as attempt:
        attempt.settimeout(2)
        attempt.connect(address)


def _send_udp(port: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attempt:
        attempt.sendto(b"out", ("127.0.0.1", int(port)))


def _bind(_: str) -> None:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))


def _write(path: str) -> None:
    with open(path, "wb") as file:
        file.write(b"x")


def _exec(_: str) -> None:
    child = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(child, 0)


def _send_with_address(_: str) -> None:
    handle = int(sys.argv[sys.argv.index("--channel") + 1])
    target = b"\x02\x00\x00\x35\x7f\x00\x00\x01" + bytes(8)
    _call(44 if os.uname().machine == "x86_64" else 206, handle, b"x", ctypes.c_size_t(1), 0, target, 16)


ATTEMPTS: dict[str, Callable[[str], object]] = {
    "open": lambda path: open(path, "rb").close(),
    "open_own_memory": lambda _: open("/proc/self/mem", "r+b").close(),
    "stat": os.stat,
    "list_directory": os.listdir,
    "write": _write,
    "mkdir": os.mkdir,
    "unlink": os.unlink,
    "rename": lambda path: os.rename(path, path + ".moved"),
    "symlink": lambda path: os.symlink("/etc/passwd", path),
    "chmod": lambda path: os.chmod(path, 0o777),
    "connect_tcp": lambda port: _connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", int(port))),
    "send_udp": _send_udp,
    "connect_unix": lambda path: _connect(socket.AF_UNIX, socket.SOCK_STREAM, path),
    "bind": _bind,
    "netlink": lambda _: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close(),
    "send_with_address": _send_with_address,
    "exec": _exec,
    "fork": _fork,
    "thread": _thread,
    "ptrace_parent": lambda _: _call(101, 16, os.getppid(), 0, 0),
    "read_parent_memory": lambda _: _call(310, os.getppid(), 0, 0, 0, 0, 0),
    "signal_parent": lambda _: os.kill(os.getppid(), 0),
    "signal_everything": lambda _: os.kill(-1, 0),
    "pidfd_of_parent": lambda _: os.close(os.pidfd_open(os.getppid())),
    "become_root": lambda _: _call(105 if os.uname().machine == "x86_64" else 146, 0),
    "mount": lambda _: _call(165, b"none", b"/mnt", b"tmpfs", 0, 0),
    "chroot": lambda _: _call(161, b"/"),
    "new_namespace": lambda _: _call(272, 0x10000000),
    "bpf": lambda _: _call(321, 0, 0, 0),
    "io_uring": lambda _: _call(425, 4, ctypes.create_string_buffer(256)),
    "userfaultfd": lambda _: _call(323, 1),
    "memory_file": lambda _: os.close(os.memfd_create("x")),
    "executable_memory": _map_executable,
    "make_executable": _make_executable,
    "raise_limits": lambda _: _call(302, 0, 7, ctypes.create_string_buffer(b"\xff" * 16, 16), 0),
}
"""Name -> attempt; the argument is a path or port that the test prepared. System call numbers are x86_64's."""


class ProbingSession:
    """The worker's session, and the attempts."""

    def __init__(self, session: object) -> None:
        self._session = session

    def handle(self, kind: int, payload: bytes) -> tuple[int, bytes]:
        if kind != PROBE_KIND:
            return self._session.handle(kind, payload)
        name, argument = json.loads(payload)
        if name == "foreign_architecture":
            _libc.syscall(ctypes.c_long(0x40000000 | 39))
        try:
            ATTEMPTS[name](argument)
        except OSError as error:
            return kind, json.dumps(["denied", str(error)]).encode()
        return kind, json.dumps(["escaped", ""]).encode()


def main() -> None:
    unlocked = "--unlocked" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--unlocked"]
    options = vision_worker.parse_options(arguments)
    jail = Jail()
    if not unlocked:
        jail.confine_files([options.models] if options.model else [])
    channel = vision_worker.open_inherited_channel(options.channel)
    prepared = vision_worker.prepare(options)
    report = JailReport(0, {}) if unlocked else jail.lock(headroom_bytes=vision_worker.HEADROOM_BYTES)
    prepared = dataclasses.replace(prepared, session=ProbingSession(prepared.session))
    vision_worker.serve(channel, prepared, report)


if __name__ == "__main__":
    main()
