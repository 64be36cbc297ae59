"""The jail of a child that handles bytes from outside: a decoder, an inference worker, a demuxer.

Two steps, because a Python program cannot import or open a codec without files:

1. `Jail.confine_files(...)` as the first thing the child does, single-threaded: from here on it can read the
   interpreter, its libraries and what the caller names, and nothing else; no TCP.
2. The child imports, compiles, opens and runs everything once. Its stderr must be a pipe or a socket: after
   step 3 no regular file can be written, not even an inherited one.
3. `Jail.lock(...)`: no files at all, no network, no new process or thread, no new executable memory, another
   user. Only inherited sockets and memory are left.

A layer that the machine does not have is reported as missing (`JailReport.state` = `weakened`), never skipped
silently: the health page and `ControlStateChanged` show it. Order, reasons and tests: docs/design/jail.md.
"""

import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from vedette.runtime import landlock, seccomp

NOBODY = 65_534
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_CAPABILITY_VERSION_3 = 0x20080522
_SYSTEM_READ_PATHS = (
    *("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/localtime"),
    *("/proc/self", "/proc/cpuinfo", "/proc/stat", "/proc/meminfo", "/sys/devices/system", "/sys/fs/cgroup"),
    *("/dev/urandom", "/dev/null"),
)


@dataclass(frozen=True, slots=True)
class JailReport:
    """Which layers hold in this process.

    Attributes:
        landlock_abi: Version in force, 0 for none.
        layers: `files_before_import`, `landlock`, `seccomp`, `rlimits`, `uid`, `no_new_privs`.
        reasons: Why a layer is missing, one sentence each.
    """

    landlock_abi: int
    layers: dict[str, bool]
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """`holds` with all layers, `absent` when neither files nor calls are blocked, else `weakened`."""
        if all(self.layers.values()):
            return "holds"
        if not (self.layers["landlock"] or self.layers["seccomp"]):
            return "absent"
        return "weakened"

    @property
    def detail(self) -> str:
        missing = [f"{name}: {self.reasons.get(name, 'missing')}" for name, holds in self.layers.items() if not holds]
        return "; ".join(missing) or f"all layers hold (Landlock ABI {self.landlock_abi})"


def interpreter_read_paths() -> tuple[str, ...]:
    """What any Python child must read to import: interpreter, environment, import path, C libraries."""
    own = {sys.prefix, sys.base_prefix, str(Path(sys.executable).parent), *filter(os.path.isdir, sys.path)}
    return (*sorted(own - {"", "/"}), *_SYSTEM_READ_PATHS)


class Jail:
    """Locks the calling process in, step by step. One per process."""

    def __init__(self) -> None:
        self._abi = 0
        self._layers = dict.fromkeys(
            ("files_before_import", "landlock", "seccomp", "rlimits", "uid", "no_new_privs"), False
        )
        self._reasons: dict[str, str] = {}

    def confine_files(self, read_paths: Iterable[str | Path] = ()) -> None:
        """Step 1: leaves reading of the interpreter and `read_paths`. Call it first, before heavy imports."""
        paths = (*interpreter_read_paths(), *(str(path) for path in read_paths))
        try:
            self._abi = landlock.restrict_files(paths)
            self._layers["files_before_import"] = True
        except OSError as error:
            self._miss("files_before_import", error)

    def lock(self, *, headroom_bytes: int = 512 << 20, spare_fds: int = 0) -> JailReport:
        """Step 2: takes everything away but computing and the open sockets. There is no way back.

        Args:
            headroom_bytes: Address space that may still be allocated.
            spare_fds: Descriptors that may still arrive over a socket.

        Returns:
            Which layers hold. The caller decides whether that is enough and tells it on.
        """
        self._try("rlimits", lambda: _limit_resources(headroom_bytes, spare_fds))
        self._try("uid", _become_nobody)
        self._try("no_new_privs", landlock.set_no_new_privileges)
        self._try("landlock", self._forbid_files)
        self._try("seccomp", seccomp.install)
        return JailReport(self._abi, dict(self._layers), dict(self._reasons))

    def _forbid_files(self) -> None:
        self._abi = landlock.restrict_files(())

    def _try(self, layer: str, apply: Callable[[], None]) -> None:
        try:
            apply()
            self._layers[layer] = True
        except (OSError, ValueError) as error:
            self._miss(layer, error)

    def _miss(self, layer: str, error: Exception) -> None:
        self._layers[layer] = False
        self._reasons[layer] = str(error)


def _limit_resources(headroom_bytes: int, spare_fds: int) -> None:
    pages = int(Path("/proc/self/statm").read_bytes().split()[0])
    open_fds = max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208 -- names only
    wanted = {
        resource.RLIMIT_CORE: 0,  # a core dump would carry pictures to the disk
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_AS: pages * resource.getpagesize() + headroom_bytes,
        resource.RLIMIT_NOFILE: open_fds + 1 + spare_fds,  # Landlock's rule set takes one for a moment
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (limit, limit))


def _become_nobody() -> None:
    """Root becomes user and group 65534 without capabilities; an ordinary user stays who it is.

    glibc applies the change to every thread. No further process may be started by this user in this process.

    Raises:
        OSError: still root, or capabilities are left.
    """
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    libc.prctl(_PR_SET_DUMPABLE, zero, zero, zero, zero)  # no ptrace by others of this user
    # A worker stuck in a decoder must not outlive its parent. Set after the change of user, which clears it.
    libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), zero, zero, zero)
    if os.geteuid() == 0 or _effective_capabilities(libc) != 0:
        raise OSError("the process still has root's rights or capabilities")


def _effective_capabilities(libc: ctypes.CDLL) -> int:
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    sets = ctypes.create_string_buffer(24)
    if libc.capget(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget failed")
    low_effective, _, _, high_effective, _, _ = struct.unpack("=6I", sets.raw)
    return int(low_effective | high_effective << 32)
