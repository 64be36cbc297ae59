"""Small facts about this process and its place on the machine."""

import asyncio
import ctypes
import fcntl
import os
import signal
import socket
from pathlib import Path

from vedette.core.errors import ConflictError, UnavailableError

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Has the kernel send SIGTERM to this process when the supervisor dies, so that none is left behind.

    Linux only (prctl(2)); elsewhere the service manager's process group does it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() == 1:  # the parent was gone before we asked
        os.kill(os.getpid(), signal.SIGTERM)


def stop_on_signals(stop: asyncio.Event) -> None:
    """Has SIGINT and SIGTERM set `stop` in the running loop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)


def lock_data_directory(run_directory: Path) -> int:
    """Takes the data directory for this process; the returned descriptor holds the lock until it is closed.

    Raises:
        ConflictError: another Vedette uses it.
    """
    handle = os.open(run_directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        os.close(handle)
        raise ConflictError(
            f"another Vedette is running on the data directory {run_directory.parent}",
            "Stop it first, or give this one a directory of its own with --data.",
        ) from exc
    return handle


def check_port_free(host: str, port: int) -> None:
    """Raises UnavailableError when a TCP port cannot be listened on, saying what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as exc:
            raise UnavailableError(
                f"port {port} on {host} cannot be used: {exc.strerror}",
                f"Stop the program that uses it (see `ss -ltnp | grep {port}`) or choose another with --port.",
            ) from exc


def ensure_node_key(path: Path) -> None:
    """Creates the node's 32-byte key once, readable by the owner alone. Never replaces one."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(os.urandom(32))
        file.flush()
        os.fsync(file.fileno())
