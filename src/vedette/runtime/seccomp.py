"""A seccomp filter: an allow-list of the system calls that pure computing on inherited sockets needs.

Everything else answers EPERM, so that a library that only tries (opens a file under /sys, starts a thread)
goes on; a call of a foreign architecture or of the x32 table kills the process, because those exist to get
around filters. `mmap` and `mprotect` are allowed without PROT_EXEC: no new code after the lock. TSYNC puts
the filter on every thread at once, which also covers threads that Landlock cannot reach any more.

The list is written for the two architectures we build for; on another one `install` refuses and the jail
reports the layer as missing. Design and measured list: docs/design/jail.md.
"""

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass

_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_LD_ABS, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_OFFSET_NR, _OFFSET_ARCH, _OFFSET_ARGS = 0, 4, 16
_SET_MODE_FILTER, _FLAG_TSYNC = 1, 1
_X32_BIT = 0x40000000
_PROT_EXEC = 4


@dataclass(frozen=True, slots=True)
class _Architecture:
    """System call numbers of one architecture (Linux's unistd tables)."""

    audit_arch: int
    seccomp: int
    allowed: tuple[int, ...]
    no_exec: tuple[int, ...]
    """`mmap` and `mprotect`: argument 2 is the protection."""
    sendto: int
    clone3: int


_X86_64 = _Architecture(
    audit_arch=0xC000003E,
    seccomp=317,
    # read write close fstat poll lseek munmap brk rt_sigaction rt_sigprocmask rt_sigreturn readv writev
    # sched_yield mremap madvise nanosleep getpid recvfrom sendmsg recvmsg shutdown exit gettimeofday
    # getrusage sigaltstack gettid futex sched_getaffinity restart_syscall clock_gettime clock_getres clock_nanosleep
    # exit_group ppoll set_robust_list getcpu getrandom membarrier rseq
    allowed=(
        *(0, 1, 3, 5, 7, 8, 11, 12, 13, 14, 15, 19, 20, 24, 25, 28, 35, 39, 45, 46, 47, 48, 60, 96, 98),
        *(131, 186, 202, 204, 219, 228, 229, 230, 231, 271, 273, 309, 318, 324, 334),
    ),
    no_exec=(9, 10),
    sendto=44,
    clone3=435,
)
_AARCH64 = _Architecture(
    audit_arch=0xC00000B7,
    seccomp=277,
    allowed=(
        *(63, 64, 57, 80, 62, 215, 214, 134, 135, 139, 65, 66, 124, 216, 233, 101, 172, 207, 211, 212, 210),
        *(93, 169, 165, 132, 178, 98, 123, 128, 113, 114, 115, 94, 73, 99, 168, 278, 283, 293),
    ),
    no_exec=(222, 226),
    sendto=206,
    clone3=435,
)
_ARCHITECTURES = {"x86_64": _X86_64, "aarch64": _AARCH64}


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _errno(code: int) -> int:
    return 0x00050000 | code


def build_filter(arch: _Architecture) -> bytes:
    """Assembles the BPF program. Each rule ends in its own RET, so no jump is longer than a few steps."""
    ops = [
        _op(_LD_ABS, _OFFSET_ARCH),
        _op(_JEQ, arch.audit_arch, 1, 0),
        _op(_RET, _KILL),
        _op(_LD_ABS, _OFFSET_NR),
        _op(_JGE, _X32_BIT, 0, 1),
        _op(_RET, _KILL),
    ]
    for number in arch.allowed:
        ops += [_op(_JEQ, number, 0, 1), _op(_RET, _ALLOW)]
    for number in arch.no_exec:
        ops += [
            _op(_JEQ, number, 0, 4),
            _op(_LD_ABS, _OFFSET_ARGS + 2 * 8),
            _op(_JSET, _PROT_EXEC, 0, 1),
            _op(_RET, _errno(errno.EACCES)),
            _op(_RET, _ALLOW),
        ]
    # sendto without an address is send on a connected socket; with one it could reach anywhere.
    ops += [
        _op(_JEQ, arch.sendto, 0, 6),
        _op(_LD_ABS, _OFFSET_ARGS + 4 * 8),
        _op(_JEQ, 0, 0, 3),
        _op(_LD_ABS, _OFFSET_ARGS + 4 * 8 + 4),
        _op(_JEQ, 0, 0, 1),
        _op(_RET, _ALLOW),
        _op(_RET, _errno(errno.EPERM)),
    ]
    # glibc asks clone3 first and takes ENOSYS as "use clone", which then answers EPERM as it should.
    ops += [_op(_JEQ, arch.clone3, 0, 1), _op(_RET, _errno(errno.ENOSYS))]
    ops.append(_op(_RET, _errno(errno.EPERM)))
    return b"".join(ops)


def install() -> None:
    """Puts the filter on all threads of this process, for ever. Needs no_new_privs.

    Raises:
        OSError: the architecture has no list, the kernel has no seccomp, or it refuses.
    """
    arch = _ARCHITECTURES.get(platform.machine())
    if platform.system() != "Linux" or arch is None:
        raise OSError(errno.ENOSYS, f"no seccomp list for {platform.system()} {platform.machine()}")
    program = build_filter(arch)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    result = libc.syscall(
        ctypes.c_long(arch.seccomp), ctypes.c_uint(_SET_MODE_FILTER), ctypes.c_uint(_FLAG_TSYNC), header
    )
    if result != 0:
        refused = ctypes.get_errno() if result < 0 else errno.ESRCH  # > 0: a thread that could not be synced
        raise OSError(refused, f"seccomp refused: {os.strerror(refused)}")
