"""go2rtc beside us: found or built, started on loopback with our simulated cameras as its sources."""

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.box import free_port, wait_for

MODULE = Path(__file__).resolve().parent / "peers" / "go2rtc"


@dataclass(frozen=True)
class Go2rtc:
    """The running server: the base address of its pages and API, and its process."""

    url: str
    pid: int


def find_go2rtc() -> Path | None:
    """VEDETTE_GO2RTC, else what was built here, else built now when Go is there."""
    given = os.environ.get("VEDETTE_GO2RTC")
    if given:
        return Path(given) if Path(given).is_file() else None
    built = MODULE / "go2rtc"
    if built.is_file():
        return built
    go = shutil.which("go")
    if go is None:
        return None
    command = [go, "build", "-mod=mod", "-o", str(built), "github.com/AlexxIT/go2rtc"]
    done = subprocess.run(command, cwd=MODULE, env=os.environ | {"CGO_ENABLED": "0"}, check=False, timeout=900)
    return built if done.returncode == 0 else None


@contextlib.contextmanager
def running_go2rtc(binary: Path, folder: Path, sources: dict[str, str]) -> Iterator[Go2rtc]:
    """Starts it with streams by name and RTSP address; ends it afterwards."""
    api, rtsp = free_port(), free_port()
    streams = "".join(f"  {name}: {url}\n" for name, url in sources.items())
    config = folder / "go2rtc.yaml"
    config.write_text(
        f'api: {{listen: "127.0.0.1:{api}", origin: "*"}}\nrtsp: {{listen: "127.0.0.1:{rtsp}"}}\n'
        f'webrtc: {{listen: ""}}\nlog: {{level: error}}\nstreams:\n{streams}',
        encoding="utf-8",
    )
    process = subprocess.Popen([str(binary), "-config", str(config)], cwd=folder, stdin=subprocess.DEVNULL)
    try:
        wait_for("go2rtc", lambda: _answers(api), 30)
        yield Go2rtc(f"http://127.0.0.1:{api}", process.pid)
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
