"""RTSP servers that are not ours, as judges: GStreamer's and go2rtc. Tests skip with a reason where they lack.

Each runs as a child process on a free loopback port in a temporary folder and is stopped in `finally`.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PYTHON = "/usr/bin/python3"
START_LIMIT_S = 30.0

GST_SCRIPT = """
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

Gst.init(None)
codec, clip, user, password, digest, transports, audio = sys.argv[1:8]
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
parse = "h264parse ! rtph264pay" if codec == "h264" else "h265parse ! rtph265pay"
line = f'filesrc location="{clip}" ! qtdemux name=d d.video_0 ! queue ! {parse} pt=96 name=pay0 config-interval=-1'
if audio == "aac":
    line += " d.audio_0 ! queue ! aacparse ! rtpmp4gpay pt=97 name=pay1"
factory.set_launch(f"( {line} )")
if transports == "udp":
    factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
if user:
    method = GstRtsp.RTSPAuthMethod.DIGEST if digest == "digest" else GstRtsp.RTSPAuthMethod.BASIC
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(method)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    if digest == "digest":
        auth.add_digest(user, password, token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)
server.get_mount_points().add_factory("/cam", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""


@dataclass(frozen=True)
class ForeignServer:
    url: str


@contextlib.contextmanager
def gstreamer_server(
    folder: Path,
    clip: Path,
    *,
    codec: str = "h264",
    user: str = "",
    password: str = "",
    method: str = "digest",
    transports: str = "all",
    audio: str = "",
) -> Iterator[ForeignServer]:
    """GStreamer's RTSP server playing a clip once per viewer, paced by its timestamps."""
    if not _has_gstreamer():
        pytest.skip("GStreamer's RTSP server is absent (Debian: gir1.2-gst-rtsp-server-1.0 python3-gi)")
    script = folder / "gst_server.py"
    script.write_text(GST_SCRIPT)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GST_REGISTRY": str(folder / "registry")}
    arguments = [SYSTEM_PYTHON, str(script), codec, str(clip), user, password, method, transports, audio]
    process = subprocess.Popen(
        arguments, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "GStreamer's server did not start"
        yield ForeignServer(f"rtsp://127.0.0.1:{port}/cam")
    finally:
        _stop(process)


@contextlib.contextmanager
def go2rtc_server(folder: Path, clip: Path) -> Iterator[ForeignServer]:
    """go2rtc republishing a clip that ffmpeg loops into it."""
    binary = _find_go2rtc()
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is absent")
    api, rtsp = _free_port(), _free_port()
    source = f"exec:ffmpeg -v error -re -stream_loop -1 -i {clip} -c copy -rtsp_transport tcp -f rtsp {{output}}"
    config = folder / "go2rtc.yaml"
    config.write_text(
        f'api: {{listen: "127.0.0.1:{api}"}}\nrtsp: {{listen: "127.0.0.1:{rtsp}"}}\nwebrtc: {{listen: ""}}\n'
        f"streams:\n  cam: {source!r}\n"
    )
    process = subprocess.Popen(
        [str(binary), "-config", str(config)], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        _wait_for_port(process, rtsp)
        url = f"rtsp://127.0.0.1:{rtsp}/cam"
        with _first_viewer(process, rtsp, url):
            yield ForeignServer(url)
    finally:
        _stop(process)


def _has_gstreamer() -> bool:
    check = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    if not Path(SYSTEM_PYTHON).exists():
        return False
    done = subprocess.run([SYSTEM_PYTHON, "-c", check], check=False, capture_output=True, timeout=60)
    return done.returncode == 0


def _find_go2rtc() -> Path:
    """VEDETTE_GO2RTC, or built once from benchmarks/peers/go2rtc when Go is there; else the test is skipped."""
    given = os.environ.get("VEDETTE_GO2RTC", "")
    if given:
        if not Path(given).is_file():
            pytest.skip(f"VEDETTE_GO2RTC names {given}, which is absent")
        return Path(given)
    module = ROOT / "benchmarks" / "peers" / "go2rtc"
    built = module / "go2rtc"
    if built.is_file():
        return built
    go = shutil.which("go")
    if go is None or not (module / "go.mod").is_file():
        pytest.skip("go2rtc is absent (set VEDETTE_GO2RTC to its binary, or install Go)")
    environment = os.environ | {"CGO_ENABLED": "0"}
    done = subprocess.run(
        [go, "build", "-mod=mod", "-o", str(built), "github.com/AlexxIT/go2rtc"],
        cwd=module, env=environment, check=False, capture_output=True, timeout=600,
    )  # fmt: skip
    if done.returncode:
        pytest.skip("go2rtc could not be built")
    return built


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def _wait_for_port(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
    raise AssertionError("the server does not listen")


def _first_viewer(process: "subprocess.Popen[bytes]", port: int, url: str) -> socket.socket:
    """An answered DESCRIBE whose connection keeps go2rtc's source running. Until its ffmpeg is up it answers 404."""
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended"
        viewer = socket.create_connection(("127.0.0.1", port), START_LIMIT_S)
        viewer.sendall(f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n".encode())
        with contextlib.suppress(OSError):
            if viewer.recv(4096).startswith(b"RTSP/1.0 200"):
                return viewer
        viewer.close()
    raise AssertionError("the server has no stream")


def _stop(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
    if process.stdout is not None:
        process.stdout.close()
