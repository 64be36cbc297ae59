"""Figures of this machine, from /proc."""

import os
import platform
import socket
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """What the system page shows of the machine."""

    host: str
    cpu_count: int
    load_1m: float
    memory_total_bytes: int
    memory_available_bytes: int
    uptime_s: float
    data_free_bytes: int
    python: str
    system: str


def read_machine_facts(data: Path) -> MachineFacts:
    """Reads the facts. `data` is a path on the disk whose free space counts."""
    memory = _read_memory()
    disk = os.statvfs(data)
    return MachineFacts(
        host=socket.gethostname(),
        cpu_count=len(os.sched_getaffinity(0)),
        load_1m=round(os.getloadavg()[0], 2),
        memory_total_bytes=memory.get("MemTotal", 0),
        memory_available_bytes=memory.get("MemAvailable", 0),
        uptime_s=float(Path("/proc/uptime").read_text(encoding="ascii").split()[0]),
        data_free_bytes=disk.f_bavail * disk.f_frsize,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
    )


class LocalMachine:
    """This machine, seen from its data directory."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def describe(self) -> dict[str, object]:
        return asdict(read_machine_facts(self._data))


def _read_memory() -> dict[str, int]:
    """Parses /proc/meminfo: lines of `Name:   123 kB`."""
    found: dict[str, int] = {}
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        parts = rest.split()
        if parts and parts[0].isdigit():
            found[name] = int(parts[0]) * 1024
    return found
