"""Live view, playback and files on a whole system: a simulated camera, a real browser, foreign players as judges."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from benchmarks.live_browser import build_engine, log_in, open_chromium, open_engine_page
from tests.support.box import Box, free_port, running_box, vedette, wait_for
from tests.support.browser import keep_screenshot
from tests.support.clips import make_clip
from vedette.core.media import Codec
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import SystemClock

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]
PATIENCE_MS = 60_000


@dataclass(frozen=True)
class House:
    box: Box
    camera: str


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    """One camera with A-law sound, main and sub stream recorded."""
    folder = tmp_path_factory.mktemp("clips")
    main = make_clip(folder, audio=Codec.PCMA, frames=200, size=(640, 360))
    sub = make_clip(folder, audio=Codec.PCMA, frames=200, size=(320, 180))
    port = free_port()
    command = [sys.executable, "-m", "vedette", "sim", f"{main},{sub}", "--port", str(port)]
    simulator = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with running_box() as box:
            url = f"rtsp://127.0.0.1:{port}/cam1"
            body = {"name": "Yard", "main": {"url": f"{url}/main"}, "sub": {"url": f"{url}/sub"}, "record": "both"}
            camera = box.api().post("/cameras", body | {"analysis": {"detector": "none"}})["id"]
            yield House(box, camera)
    finally:
        simulator.terminate()
        simulator.wait(10)


@pytest.fixture(scope="module")
def engine() -> str:
    if shutil.which("chromium") is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    return build_engine()


@contextlib.contextmanager
def open_page(house: House, engine: str) -> Iterator[Page]:
    with open_chromium() as context:
        log_in(context, house.box.url, "admin", house.box.first_password)
        page = open_engine_page(context, f"{house.box.url}/api/openapi.json", engine)
        page.set_default_timeout(PATIENCE_MS)
        yield page


def wait_live(page: Page, extra: str = "true") -> None:
    page.wait_for_function(f"() => bench.live[0].state.state === 'live' && bench.live[0].stats.fps > 5 && ({extra})")


def ago(seconds: float) -> datetime:
    now = datetime.fromtimestamp(SystemClock().utc_ns() / NS_PER_S, UTC)
    return now - timedelta(seconds=seconds)


def wait_recorded(house: House, seconds: float, since: datetime | None = None) -> None:
    """Waits until the newest footage of both streams, begun after `since`, is so long without a gap."""

    def is_there() -> bool:
        runs = house.box.api().get(f"/cameras/{house.camera}/recordings")["runs"]
        newest = {run["stream"]: [datetime.fromisoformat(run[end]) for end in ("from", "to")] for run in runs}
        return len(newest) == 2 and all(
            end - begin > timedelta(seconds=seconds) and (since is None or begin > since)
            for begin, end in newest.values()
        )

    wait_for("footage", is_there, 120)


def test_live_picture_moves_switches_stream_and_gets_sound(house: House, engine: str) -> None:
    with open_page(house, engine) as page:
        page.evaluate("camera => bench.addLive(camera, 'sub')", house.camera)
        wait_live(page, "bench.live[0].stats.stream === 'sub' && bench.live[0].stats.width === 320")
        first = page.evaluate("bench.picture(0)")
        page.wait_for_function("time => bench.picture(0).then(p => p.currentTime > time + 2)", arg=first["currentTime"])
        assert 20 < first["mean"] < 235
        page.evaluate("bench.live[0].setStream('main')")
        wait_live(page, "bench.live[0].stats.width === 640")
        states = [state["state"] for state in page.evaluate("bench.liveStates[0]")]
        assert states[-1] == "live"
        assert "offline" not in states
        page.evaluate("bench.live[0].setAudio(true)")
        wait_live(page, "bench.live[0].stats.hasAudio")
        assert page.evaluate("bench.live[0].stats.latencyMs") < 5000
        keep_screenshot(page, "streaming-live")


def test_recorder_that_is_killed_is_said_and_comes_back_without_a_reload(house: House, engine: str) -> None:
    with open_page(house, engine) as page:
        page.evaluate("camera => bench.addLive(camera, 'main')", house.camera)
        wait_live(page)
        killed_at = ago(0)
        os.kill(find_role(house.box, "recorder"), signal.SIGKILL)
        page.wait_for_function("() => bench.liveStates[0].some(s => s.code === 'recorder_unavailable')")
        page.wait_for_function("() => bench.liveStates[0].at(-1).state === 'live'")
        wait_live(page)
    wait_recorded(house, 1, killed_at)  # what is played next has no gap


def test_playback_shows_the_asked_moment_and_follows_the_clock(house: House, engine: str) -> None:
    wait_recorded(house, 12)
    with open_page(house, engine) as page:
        page.evaluate("camera => bench.addPlayback(camera, 'main')", house.camera)
        page.evaluate("camera => bench.addPlayback(camera, 'sub')", house.camera)
        page.evaluate("bench.clock.seek(Date.now() - 10000); bench.clock.play(); 0")
        both = "bench.playback.every(p => Math.abs(p.wallMs - bench.clock.nowMs) < 150)"
        page.wait_for_function(f"() => bench.playback.every(p => p.state.state === 'playing') && {both}")
        before = page.evaluate("bench.clock.nowMs")
        page.wait_for_function(f"t => bench.clock.nowMs > t + 3000 && {both}", arg=before)
        page.evaluate("bench.clock.pause(); 0")
        page.wait_for_function("() => bench.playback.every(p => p.state.state === 'paused')")
        keep_screenshot(page, "streaming-playback")


def test_playback_of_a_time_without_footage_says_gap(house: House, engine: str) -> None:
    wait_recorded(house, 2)
    with open_page(house, engine) as page:
        page.evaluate("camera => bench.addPlayback(camera, 'main')", house.camera)
        page.evaluate("bench.clock.seek(Date.now() - 3600000); 0")
        page.wait_for_function("() => bench.playback[0].state.state === 'gap'")
        page.evaluate("bench.clock.play(); 0")  # the clock jumps to where footage begins
        page.wait_for_function(
            "() => bench.playback[0].state.state === 'playing' || bench.playback[0].state.state === 'ended'"
        )


@pytest.mark.foreign
def test_foreign_players_open_playlist_and_files(house: House, tmp_path: Path) -> None:
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed (apt-get install ffmpeg)")
    wait_recorded(house, 10)
    api = house.box.api()
    cookie = "; ".join(f"{each.name}={each.value}" for each in api.cookies)
    query = urlencode({"from": ago(8).isoformat(), "to": ago(2).isoformat(), "stream": "main", "purpose": "test"})
    base = f"{house.box.url}/api/v1/cameras/{house.camera}/recording"
    for kind, least in (("m3u8", 100), ("mp4", 140), ("mkv", 140)):
        probed = probe(f"{base}.{kind}?{query}", cookie)
        video = next(stream for stream in probed["streams"] if stream["codec_type"] == "video")
        assert video["codec_name"] == "h264", kind
        assert int(video["nb_read_packets"]) >= least, kind
        sound = [stream["codec_name"] for stream in probed["streams"] if stream["codec_type"] == "audio"]
        assert sound == ["aac"], kind
    duration_s = float(probe(f"{base}.mp4?{query}", cookie)["format"]["duration"])
    assert duration_s == pytest.approx(6.0, abs=0.2)
    trail = api.get("/audit")["items"]
    assert any(entry["action"] == "recording.export" for entry in trail)


@pytest.mark.foreign
def test_gstreamer_plays_the_playlist(house: House) -> None:
    if shutil.which("gst-launch-1.0") is None:
        pytest.skip("GStreamer's tools are not installed (apt-get install gstreamer1.0-tools)")
    wait_recorded(house, 10)
    query = urlencode({"from": ago(8).isoformat(), "to": ago(2).isoformat(), "stream": "main"})
    with logged_in_proxy(house.box) as base:
        url = f"{base}/api/v1/cameras/{house.camera}/recording.m3u8?{query}"
        sinks = ["video-sink=fakesink sync=false", "audio-sink=fakesink sync=false"]
        command = ["gst-launch-1.0", "-q", "playbin3", f"uri={url}", *sinks]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr


def test_export_writes_a_file_never_over_another_and_leaves_no_half_one(house: House, tmp_path: Path) -> None:
    wait_recorded(house, 10)
    out = tmp_path / "yard.mp4"
    span = ("--from", ago(8).isoformat(), "--to", ago(2).isoformat())
    common = ("export", "--camera", "yard", "--purpose", "test", "--data", str(house.box.data))
    done = vedette(*common, *span, "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    (file,) = json.loads(done.stdout)["files"]
    assert file["bytes"] == out.stat().st_size
    again = vedette(*common, *span, "--out", str(out))
    assert again.returncode == 1
    assert "exists already" in again.stderr
    nothing = vedette(
        *common, "--from", ago(9000).isoformat(), "--to", ago(8000).isoformat(), "--out", str(tmp_path / "none.mp4")
    )
    assert nothing.returncode == 1
    assert "nothing is recorded" in nothing.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["yard.mp4"]
    trail = house.box.api().get("/audit")["items"]
    assert any("purpose: test" in entry["detail"] for entry in trail)


def test_footage_asks_for_a_login(house: House) -> None:
    query = urlencode({"from": ago(8).isoformat(), "to": ago(2).isoformat()})
    now_ns = int(ago(5).timestamp() * 1e9)
    for path in (
        f"recording.m3u8?{query}",
        f"recording.mp4?{query}",
        f"recording.mkv?{query}",
        f"footage/main/{now_ns}/init.mp4",
        f"footage/main/{now_ns}-{now_ns + 1}.m4s",
        f"thumbnail.jpg?{urlencode({'at': ago(5).isoformat()})}",
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{house.box.url}/api/v1/cameras/{house.camera}/{path}", timeout=20)
        assert refused.value.code == 401, path


@contextlib.contextmanager
def logged_in_proxy(box: Box) -> Iterator[str]:
    """Players that cannot carry a cookie into every request go through this."""
    api = box.api()
    asked: list[str] = []

    class Forward(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = api.request("GET", self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Forward) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(5)
    assert any(path.endswith(".m4s") for path in asked), "the player fetched no media"


def probe(url: str, cookie: str) -> dict:
    command = ["ffprobe", "-v", "error", "-headers", f"Cookie: {cookie}\r\n", "-count_packets", "-of", "json"]
    entries = "format=duration:stream=codec_type,codec_name,nb_read_packets"
    command += ["-show_entries", entries, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def find_role(box: Box, role: str) -> int:
    """The process of a role, by its command line."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if str(box.data).encode() in words and role.encode() in words:
                    return int(folder.name)
    raise AssertionError(f"no process of the {role}")
