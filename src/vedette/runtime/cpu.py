"""What the processor can do, as far as a choice depends on it."""

import platform
from pathlib import Path

_INT8_DOT_PRODUCT = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp"})
_BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16"})


def read_cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Feature flags of the first processor, empty where the system does not tell."""
    return frozenset(_read_first(cpuinfo, {"flags", "Features"}).split())


def read_cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Model name of the first processor; what the system calls its kind where it does not tell."""
    return _read_first(cpuinfo, {"model name"}) or platform.processor() or platform.machine()


def _read_first(cpuinfo: Path, names: set[str]) -> str:
    """The first value under one of these names, empty where there is none."""
    try:
        lines = cpuinfo.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    fields = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in fields if name.strip() in names), "")


def preferred_precisions(flags: frozenset[str]) -> tuple[str, ...]:
    """Which precision of a model to look for first: int8 pays where the processor multiplies it natively."""
    return ("int8", "fp16", "fp32") if flags & _INT8_DOT_PRODUCT else ("fp16", "fp32", "int8")


def multiplies_bfloat16(flags: frozenset[str]) -> bool:
    """Whether the processor has instructions for it. One with AVX-512 alone can be made to, slower than float32."""
    return bool(flags & _BFLOAT16)
