"""What the processor can do, as far as a choice depends on it."""

import contextlib
import platform
from pathlib import Path

_INT8_DOT_PRODUCT = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp"})
_BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16"})


def read_cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Feature flags of the first processor, empty where the system does not tell."""
    try:
        lines = cpuinfo.read_text("ascii", "replace").splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in {"flags", "Features"}:
            return frozenset(value.split())
    return frozenset()


def read_cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Model name of the first processor; what the system calls its kind where it does not tell."""
    with contextlib.suppress(OSError):
        for line in cpuinfo.read_text("utf-8", "replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def preferred_precisions(flags: frozenset[str]) -> tuple[str, ...]:
    """Which precision of a model to look for first: int8 pays where the processor multiplies it natively."""
    return ("int8", "fp16", "fp32") if flags & _INT8_DOT_PRODUCT else ("fp16", "fp32", "int8")


def multiplies_bfloat16(flags: frozenset[str]) -> bool:
    """Whether the processor has instructions for it. One with AVX-512 alone can be made to, slower than float32."""
    return bool(flags & _BFLOAT16)
