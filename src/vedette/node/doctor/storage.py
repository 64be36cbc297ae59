"""Disk: space, speed, and what a sync costs, measured on the file system that will hold the footage."""

import contextlib
import os
import shutil
import statistics
from pathlib import Path

from vedette.node.doctor.findings import Finding, bad, good, warning
from vedette.runtime.clock import Clock

_BLOCK_BYTES = 1 << 20
_BLOCKS = 64
_SYNCS = 20
_SLOW_SYNC_MS = 200.0
_SLOW_WRITE_MBPS = 20.0


def check_disk(data: Path, clock: Clock) -> Finding:
    """Writes 64 MiB with one fdatasync per block for the first 20, as the recorder's group commit does."""
    place = _existing(data)
    usage = shutil.disk_usage(place)
    trial = place / f".vedette-doctor-{os.getpid()}"
    try:
        syncs_ms, write_mbps = _measure(trial, clock)
    except OSError as exc:
        return bad("disk", f"{place} cannot be written: {exc.strerror}", "Give --data a directory that can be written.")
    finally:
        with contextlib.suppress(OSError):
            trial.unlink(missing_ok=True)
    p50, worst = statistics.median(syncs_ms), max(syncs_ms)
    figures = {
        "free_bytes": usage.free,
        "total_bytes": usage.total,
        "write_mbps": round(write_mbps, 1),
        "sync_p50_ms": round(p50, 2),
        "sync_max_ms": round(worst, 2),
    }
    said = f"{usage.free >> 30} GiB free, writes {write_mbps:.0f} MB/s, sync {p50:.1f} ms (worst {worst:.1f})"
    if usage.free < 2 << 30:
        return bad("disk", said, "Free space or choose another disk with --data: recording needs room.", **figures)
    if p50 > _SLOW_SYNC_MS or write_mbps < _SLOW_WRITE_MBPS:
        return warning("disk", said, "This disk is slow for recording; expect few cameras.", **figures)
    return good("disk", said, **figures)


def _measure(trial: Path, clock: Clock) -> tuple[list[float], float]:
    block = os.urandom(_BLOCK_BYTES)
    syncs_ms = []
    with trial.open("wb", buffering=0) as file:
        started_ns = clock.mono_ns()
        for number in range(_BLOCKS):
            file.write(block)
            if number < _SYNCS:
                before_ns = clock.mono_ns()
                os.fdatasync(file.fileno())
                syncs_ms.append((clock.mono_ns() - before_ns) / 1e6)
        os.fdatasync(file.fileno())
        took_s = (clock.mono_ns() - started_ns) / 1e9
    return syncs_ms, _BLOCKS * _BLOCK_BYTES / 1e6 / took_s


def _existing(path: Path) -> Path:
    path = path.resolve()
    while not path.exists():
        path = path.parent
    return path
