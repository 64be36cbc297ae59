"""The two sides of the live benchmark: each shows the same simulated cameras in one page of the same browser.

Ours is the console's media engine on an empty page of the system under test, the peer's is go2rtc's own MSE page.
The instruments are the same ones, put into either page (`live_page/page.ts`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

from benchmarks.bare_chromium import BarePage
from benchmarks.live_peer import Go2rtc
from tests.support.box import Box, wait_for
from vedette.core.media import StreamRole

PEER_TILE_WIDTH = "480px"
"""Four in a row of the page of 1920 pixels, so that sixteen fill it as ours do; its own default leaves a part empty."""


class Side(Protocol):
    """One of the two players with its server."""

    @property
    def prefix(self) -> str:
        """What its figures' names begin with."""

    @property
    def pid(self) -> int:
        """The process that sends to the browser."""

    def show(self, page: BarePage, role: StreamRole, count: int) -> None:
        """Shows the first `count` cameras at once and returns when each has a picture.

        Raises AssertionError when one has none for too long.
        """


@dataclass(frozen=True)
class VedetteSide:
    """Our engine; its server is the gateway, to which the recorder hands what it receives."""

    box: Box
    cameras: list[str]
    script: str
    pid: int
    prefix: str = ""

    def show(self, page: BarePage, role: StreamRole, count: int) -> None:
        page.goto(f"{self.box.url}/api/openapi.json")
        page.log_in("admin", self.box.first_password)
        page.put_engine(self.script)
        for camera in self.cameras[:count]:
            page.evaluate("([camera, stream]) => bench.addLive(camera, stream)", [camera, role])
        _wait_for_pictures(page, count)


@dataclass(frozen=True)
class Go2rtcSide:
    """go2rtc's player page, which makes one player for each `src`; it receives from the cameras itself."""

    server: Go2rtc
    script: str
    prefix: str = "peer_"

    @property
    def pid(self) -> int:
        return self.server.pid

    def show(self, page: BarePage, role: StreamRole, count: int) -> None:
        sources = [("src", name_source(number, role)) for number in range(1, count + 1)]
        query = urlencode([*sources, ("mode", "mse"), ("width", PEER_TILE_WIDTH)])
        page.goto(f"{self.server.url}/stream.html?{query}")
        _wait_for_pictures(page, count)
        page.put_script(self.script)
        page.evaluate("() => bench.meterVideos()")


def name_source(number: int, role: StreamRole) -> str:
    """What the peer calls a simulated camera's stream."""
    return f"cam{number}-{role}"


def find_gateway(box: Box) -> int:
    """The process of the gateway, found by its command line among all. Raises RuntimeError when there is none."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(box.data).encode() in words and b"gateway" in words:
                return int(folder.name)
    raise RuntimeError("the gateway's process was not found")


def _wait_for_pictures(page: BarePage, count: int) -> None:
    shown = (
        "() => [...document.querySelectorAll('video')].map((video) => video.getVideoPlaybackQuality().totalVideoFrames)"
    )
    wait_for(f"pictures in {count} tiles", lambda: sum(frames > 0 for frames in page.evaluate(shown)) == count, 60)
