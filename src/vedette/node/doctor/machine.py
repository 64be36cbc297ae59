"""Processor, memory, clock, ports and installed parts."""

import ctypes
import os
import platform
import shutil
import sys
import sysconfig
from importlib import resources
from pathlib import Path

from vedette.core.errors import UnavailableError
from vedette.node.doctor.findings import Finding, bad, good, warning
from vedette.runtime.cpu import read_cpu_flags, read_cpu_name
from vedette.runtime.native import is_compiled
from vedette.runtime.process import check_port_free

_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
_STA_UNSYNC = 0x0040
"""adjtimex(2): the kernel believes that the clock is not synchronised."""
_MIN_MEMORY_BYTES = 2 << 30


def check_processor() -> Finding:
    """Cores and the instructions that decide inference speed (int8 needs VNNI, bf16 needs its own)."""
    cores = len(os.sched_getaffinity(0))
    flags = read_cpu_flags()
    model = read_cpu_name()
    present = [name for name in _FEATURES if name in flags]
    figures: dict[str, float | str | bool] = {"cores": cores, "model": model, "features": " ".join(present)}
    if platform.machine() == "x86_64" and "avx2" not in flags:
        return warning(
            "processor", f"{model} has no AVX2", "Analysis will be slow here; recording is not affected.", **figures
        )
    return good("processor", f"{cores} cores, {model}, {' '.join(present) or 'no vector extensions known'}", **figures)


def check_memory() -> Finding:
    """Memory that programs can get now."""
    sizes = {}
    for line in _read_lines("/proc/meminfo"):
        key, _, value = line.partition(":")
        sizes[key] = int(value.split()[0]) * 1024
    total, free = sizes.get("MemTotal", 0), sizes.get("MemAvailable", 0)
    figures = {"total_bytes": total, "available_bytes": free}
    if free < _MIN_MEMORY_BYTES:
        return warning("memory", f"{free >> 20} MiB available", "Free memory or analyse fewer cameras.", **figures)
    return good("memory", f"{free >> 20} of {total >> 20} MiB available", **figures)


class _Timex(ctypes.Structure):
    """`struct timex` as far as adjtimex(2) fills it in for a read."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 64),
    )


def check_clock() -> Finding:
    """Whether the kernel holds the wall clock synchronised. Unsynchronised footage proves little."""
    state = _Timex()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.adjtimex(ctypes.byref(state)) < 0:
        return warning("clock", "the clock's state cannot be read", "Make sure that NTP or PTP runs on the host.")
    figures = {"max_error_us": int(state.maxerror), "synchronised": not state.status & _STA_UNSYNC}
    if state.status & _STA_UNSYNC:
        return warning(
            "clock",
            "the wall clock is not synchronised",
            "Install and enable chrony or systemd-timesyncd: the times of recordings are only as good as this clock.",
            **figures,
        )
    return good("clock", f"synchronised, error at most {state.maxerror} us", **figures)


def check_port(host: str, port: int) -> Finding:
    """Whether the console's port can be used."""
    try:
        check_port_free(host, port)
    except UnavailableError as error:
        return warning("port", error.message, error.hint, port=port)
    return good("port", f"port {port} is free", port=port)


def check_python(base_prefix: str, config_args: str) -> Finding:
    """Whether this Python was built with profile-guided optimisation, as `scripts/common.sh` judges it.

    Distributions build theirs so and do not say it in their sysconfig; they are known by living in /usr.
    """
    version = ".".join(map(str, sys.version_info[:3]))
    figures: dict[str, float | str | bool] = {
        "version": version,
        "optimised": base_prefix == "/usr" or "--enable-optimizations" in config_args,
    }
    if not figures["optimised"]:
        return warning(
            "python",
            f"Python {version} of {base_prefix} is built without optimisation",
            "Everything works; the recorder needs a tenth more processor time. Install your distribution's python3, "
            "then run `make setup`.",
            **figures,
        )
    return good("python", f"Python {version}", **figures)


def check_native(*, is_there: bool) -> Finding:
    """Whether what every packet passes, and networks in integers, were compiled at set-up."""
    if not is_there:
        return warning(
            "native",
            "what every packet passes, and networks in integers, are not compiled",
            "Everything works; the recorder needs a fifth more processor time, super-resolution more than twice as "
            "much, the classifier of pictures half more. Run `apt-get install gcc python3-dev`, then `make setup`.",
        )
    return good("native", "what every packet passes, and networks in integers, are compiled")


def check_parts() -> list[Finding]:
    """Parts that are optional at run time, and the console that must have been built."""
    found = [
        check_python(sys.base_prefix, str(sysconfig.get_config_var("CONFIG_ARGS") or "")),
        check_native(is_there=is_compiled()),
    ]
    if resources.files("vedette.api").joinpath("static", "index.html").is_file():
        found.append(good("console", "the console is built"))
    else:
        found.append(bad("console", "the console has not been built", "Run `make setup` (needs Node.js 20)."))
    for program, use in (("ffprobe", "to look at recordings with a foreign player"),):
        if shutil.which(program):
            found.append(good(program, "installed"))
        else:
            found.append(warning(program, "not installed", f"Optional, {use}: apt-get install ffmpeg."))
    return found


def _read_lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux; the finding then says little, which is the truth
        return []
