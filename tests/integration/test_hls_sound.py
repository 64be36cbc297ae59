"""What ffmpeg hears in an HLS playlist is what it hears in the MP4 of the same range, at the same time."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.box import Box, free_port, running_box, wait_for
from tests.support.browser import open_browser, sign_in
from tests.support.clips import make_chirp, make_clip
from vedette.core.media import Codec
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import SystemClock

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
RATE_HZ = 16_000
SOUNDS = {Codec.PCMA: "aac", Codec.PCMU: "aac", Codec.OPUS: "opus"}


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[tuple[Box, dict[Codec, str]]]:
    """A camera for each sound, recorded for 14 s."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed (apt-get install ffmpeg)")
    folder = tmp_path_factory.mktemp("clips")
    clips = [str(make_clip(folder, audio=codec, frames=400, make_sound=make_chirp)) for codec in SOUNDS]
    port = free_port()
    simulator = subprocess.Popen(
        [sys.executable, "-m", "vedette", "sim", *clips, "--port", str(port)], stdout=subprocess.DEVNULL
    )
    try:
        with running_box() as box:
            cameras = {}
            for number, codec in enumerate(SOUNDS, 1):
                url = f"rtsp://127.0.0.1:{port}/cam{number}/main"
                body = {"name": codec.value, "main": {"url": url}, "record": "main", "analysis": {"detector": "none"}}
                cameras[codec] = box.api().post("/cameras", body)["id"]
            for camera in cameras.values():
                wait_for("footage", lambda camera=camera: recorded_s(box, camera) > 14, 120)
            yield box, cameras
    finally:
        simulator.terminate()
        simulator.wait(10)


def recorded_s(box: Box, camera: str) -> float:
    runs = box.api().get(f"/cameras/{camera}/recordings")["runs"]
    spans = [datetime.fromisoformat(run["to"]) - datetime.fromisoformat(run["from"]) for run in runs]
    return max(spans, default=timedelta()).total_seconds()


def ago(seconds: float) -> datetime:
    return datetime.fromtimestamp(SystemClock().utc_ns() / NS_PER_S, UTC) - timedelta(seconds=seconds)


@pytest.mark.foreign
@pytest.mark.parametrize("codec", SOUNDS)
def test_playlist_sounds_as_the_download_does(house, codec: Codec, tmp_path: Path) -> None:
    box, cameras = house
    begin = ago(11)
    query = urlencode({"from": begin.isoformat(), "to": ago(3).isoformat(), "purpose": "test"})
    base = f"/api/v1/cameras/{cameras[codec]}"
    playlist = box.api().request("GET", f"{base}/recording.m3u8?{query}").decode()
    first = next(line for line in playlist.splitlines() if line.startswith("#EXT-X-PROGRAM-DATE-TIME:"))
    lead_s = (begin - datetime.fromisoformat(first.partition(":")[2])).total_seconds()
    (tmp_path / "file.mp4").write_bytes(box.api().request("GET", f"{base}/recording.mp4?{query}"))
    by_hls = hear(fetch_playlist(box, base, playlist, tmp_path), SOUNDS[codec])
    by_mp4 = hear(tmp_path / "file.mp4", SOUNDS[codec])
    second = RATE_HZ
    for at_s in (0.5, 3.0, 6.0):  # of the download; the playlist begins up to a GOP earlier
        part = by_mp4[round(at_s * second) : round((at_s + 1) * second)]
        from_s = at_s + lead_s - 0.25
        near = by_hls[round(from_s * second) : round((from_s + 1.5) * second)]
        likeness = correlate(near, part)
        assert likeness.max() > 0.97
        assert abs(likeness.argmax() / second - 0.25) < 0.03, f"at {at_s} s the sound is not where it was"


PLAY = """async url => {
  const video = document.createElement("video");
  if (!video.canPlayType("application/vnd.apple.mpegurl")) return null;
  document.body.append(video);
  video.src = url;
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 8192 });
  context.createMediaElementSource(video).connect(analyser).connect(context.destination);
  await context.resume();
  await video.play();
  const heard = [];
  const levels = new Float32Array(analyser.frequencyBinCount);
  while (video.currentTime < 7 && heard.length < 400) {
    await new Promise((done) => setTimeout(done, 100));
    analyser.getFloatFrequencyData(levels);
    const place = levels.indexOf(Math.max(...levels));
    heard.push([video.currentTime, (place * context.sampleRate) / 8192, levels[place]]);
  }
  return heard;
}"""
"""Time, height and level of the loudest tone, ten times a second."""


@pytest.mark.parametrize("codec", SOUNDS)
def test_browser_that_plays_hls_by_itself_hears_the_tone_rise_over_the_edges(house, codec: Codec) -> None:
    box, cameras = house
    query = urlencode({"from": ago(11).isoformat(), "to": ago(2).isoformat()})
    with open_browser(box.url) as page:
        sign_in(page, "admin", box.first_password)
        heard = page.evaluate(PLAY, f"/api/v1/cameras/{cameras[codec]}/recording.m3u8?{query}")
    if heard is None:
        pytest.skip("this Chromium does not play HLS by itself (142 and newer do)")
    loud = [(at_s, height_hz) for at_s, height_hz, level_db in heard if level_db > -60]
    assert len(loud) > 0.8 * len(heard)
    rises = [(after[1] - before[1]) / (after[0] - before[0]) for before, after in zip(loud, loud[10:], strict=False)]
    # 100 Hz a second, but where the clip begins anew
    assert len([rise for rise in rises if 60 < rise < 140]) > 0.6 * len(rises)


def fetch_playlist(box: Box, base: str, playlist: str, folder: Path) -> Path:
    """Stores a playlist with all it names, so that a player needs no login."""
    lines = []
    for number, line in enumerate(playlist.splitlines()):
        address = line.partition('URI="')[2].rstrip('"') if line.startswith("#EXT-X-MAP") else line
        if address.startswith("footage/"):
            name = f"{number}{Path(address).suffix}"
            (folder / name).write_bytes(box.api().request("GET", f"{base}/{address}"))
            line = line.replace(address, name)  # noqa: PLW2901 -- the line of the stored playlist
        lines.append(line)
    (folder / "list.m3u8").write_text("\n".join(lines))
    return folder / "list.m3u8"


def hear(path: Path, codec_name: str) -> NDArray[np.float64]:
    """Decodes the sound to (N,) samples at 16 kHz, sample 0 at the first picture."""
    shown = ["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "stream=codec_name", "-of", "csv=p=0"]
    probed = subprocess.run([*shown, str(path)], capture_output=True, text=True, check=True, timeout=60)
    assert set(probed.stdout.split()) == {codec_name}
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a"]
    to_samples = ["-af", f"aresample={RATE_HZ}:async=1:first_pts=0", "-ac", "1", "-f", "s16le", "-"]
    done = subprocess.run([*command, *to_samples], capture_output=True, check=True, timeout=60)
    assert done.stderr == b"", done.stderr
    return np.frombuffer(done.stdout, np.int16).astype(np.float64)


def correlate(longer: NDArray[np.float64], shorter: NDArray[np.float64]) -> NDArray[np.float64]:
    """Likeness, at most 1, of the shorter one with each place of the longer one."""
    products = np.correlate(longer, shorter, "valid")
    powers = np.convolve(longer**2, np.ones(len(shorter)), "valid")
    return products / np.sqrt(np.maximum(powers * (shorter**2).sum(), 1e-9))
