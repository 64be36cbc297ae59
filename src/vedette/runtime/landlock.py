"""Landlock by its three system calls: takes files, TCP and foreign signals away from the calling thread.

No library: the stable kernel interface is 60 lines, and a jail should not depend on one more package. What
the kernel offers is asked for at run time (`find_abi`), so an older kernel gives a thinner layer and the
report says which; nothing is taken for granted. Landlock binds the calling thread and its later children only:
restrict before threads start, or close the hole with seccomp's TSYNC (docs/design/jail.md).
"""

import ctypes
import os
import platform
import struct
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

_FS_EXECUTE, _FS_READ_FILE, _FS_READ_DIR = 1 << 0, 1 << 2, 1 << 3
_FS_READ = _FS_EXECUTE | _FS_READ_FILE | _FS_READ_DIR
_FS_OF_FILE = _FS_EXECUTE | _FS_READ_FILE
_FS_BITS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NET_TCP = 0b11  # bind, connect: ABI 4
_SCOPES = 0b11  # abstract UNIX sockets, signals: ABI 6

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long  # the default, int, truncates


def _syscall(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def find_abi() -> int:
    """Returns the Landlock ABI of the running kernel, 0 when it has none."""
    if platform.system() != "Linux":
        return 0
    try:
        return _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_CREATE_RULESET_VERSION))
    except OSError:
        return 0


def set_no_new_privileges() -> None:
    """Gives up privileges by exec for ever (set-user-ID, file capabilities). Needed by Landlock and seccomp.

    Raises:
        OSError: the kernel refuses.
    """
    zero = ctypes.c_ulong(0)
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs refused")


def restrict_files(read_paths: Iterable[str]) -> int:
    """Leaves the calling thread nothing but reading and executing beneath `read_paths`; with none, nothing.

    TCP, abstract UNIX sockets and signals to processes outside are taken away as far as the ABI knows them.
    Paths that do not exist are left out.

    Returns:
        The ABI that is in force.

    Raises:
        OSError: the kernel has no Landlock or refuses the rules; nothing is restricted then.
    """
    abi = find_abi()
    if abi == 0:
        raise OSError("this kernel has no Landlock")
    handled = (1 << _FS_BITS_BY_ABI.get(abi, 16)) - 1
    attributes = struct.pack("=QQQ", handled, _NET_TCP if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = _syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint(0))
    try:
        for path in read_paths:
            _add_path(ruleset, path)
        set_no_new_privileges()
        _syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0))
    finally:
        os.close(ruleset)
    return abi


def _add_path(ruleset: int, path: str) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        allowed = _FS_READ if os.path.isdir(path) else _FS_OF_FILE  # noqa: PTH112 -- ctypes-level code
        rule = struct.pack("=Qi", allowed, handle)
        _syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_RULE_PATH_BENEATH), rule, ctypes.c_uint(0))
    finally:
        os.close(handle)
