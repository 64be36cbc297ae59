"""The pains of `test_peers_pains` that need a simulated clock, a small volume or somebody else's player."""

import asyncio
import gc
import shutil
import subprocess
import tracemalloc
from pathlib import Path

import pytest

from tests.support.clips import make_clip
from tests.support.media import make_packets
from tests.support.recorder import camera_id, has_stored, make_assignment, running_recorder, urls_of
from tests.support.recording import CAMERA, Rig, feed
from vedette.camera.backoff import Backoff
from vedette.camera.factory import SourceFactory
from vedette.camera.service import StreamService
from vedette.core.assignment import StreamSource
from vedette.core.media import Codec, Packet, StreamFormat, StreamRole
from vedette.core.messages import BusMessage, StreamStateChanged
from vedette.node.volume_check import check
from vedette.recording.check import CheckLevel
from vedette.recording.retention import SpaceLimit
from vedette.testing.clock import JumpingClock
from vedette.testing.sim_server import SimServer
from vedette.testing.simulated_camera import CameraSpec

ALWAYS = (0, 1 << 62)
NOBODY = "rtsp://127.0.0.1:9/none"
GROWTH_BYTES = 64 << 10
"""What the interpreter itself may keep between two looks: 400 attempts that left a connection each keep megabytes."""


class Deaf:
    """A sink and a publisher that keep nothing."""

    def __init__(self) -> None:
        self.told = 0

    def write_format(self, stream_format: StreamFormat) -> None: ...

    def write_packet(self, packet: Packet) -> None: ...

    def write_state(self, state: StreamStateChanged) -> None:
        self.told += 1

    def publish_nowait(self, message: BusMessage) -> None: ...

    async def flush(self) -> None: ...


class CountingClock(JumpingClock):
    """Ends the service after a number of attempts, and keeps no list of them."""

    def __init__(self) -> None:
        super().__init__()
        self.attempts = 0
        self.marks: list[tuple[int, int]] = []

    async def sleep(self, delay_s: float) -> None:
        await super().sleep(delay_s)
        self.sleeps.clear()
        self.attempts += 1
        if self.attempts % 200 == 0:
            gc.collect()
            descriptors = len(list(Path("/proc/self/fd").iterdir()))
            self.marks.append((tracemalloc.get_traced_memory()[0], descriptors))
        if self.attempts == 600:
            raise asyncio.CancelledError


async def test_pain_13_a_camera_that_cannot_be_reached_for_hours_costs_no_memory() -> None:
    """Pain 13: memory grows while a camera is unreachable, until the machine kills the recorder."""
    clock, deaf = CountingClock(), Deaf()
    source = SourceFactory(clock).make(StreamSource(StreamRole.MAIN, NOBODY, record=True))
    service = StreamService(camera_id(0), StreamRole.MAIN, source, deaf, deaf, clock, Backoff())
    tracemalloc.start()
    try:
        with pytest.raises(asyncio.CancelledError):
            await service.run()
    finally:
        tracemalloc.stop()
    (first_bytes, first_files), _, (last_bytes, last_files) = clock.marks
    assert last_bytes - first_bytes < GROWTH_BYTES
    assert last_files == first_files
    assert deaf.told == 2  # connecting, offline: once per change, not once per attempt


def test_pain_16_what_is_on_disk_in_the_index_and_in_the_list_is_the_same_after_every_deletion(tmp_path) -> None:
    """Pain 16: files that are not deleted, lists that miss segments, corrupted files."""
    limit = SpaceLimit(400_000, 0)
    lists = []
    for life in range(4):
        rig = Rig(tmp_path / "v", limit=limit)
        recorder = rig.recorder(target_s=2, first_id=1 + 1000 * life)
        feed(recorder, make_packets(1000, start_ns=make_packets(1)[0].captured_at_ns + life * 60_000_000_000))
        if life % 2:
            recorder.close()
            rig.store.commit()
        rig.crash()
        rig = Rig(tmp_path / "v", limit=limit)
        files = {path.stem for path in rig.volume.segments.rglob("*.mp4")}
        parts = rig.reader().find_fragments(CAMERA, StreamRole.MAIN, *ALWAYS, 100_000)
        assert files == rig.index.find_ids() == {part.segment.segment_id for part in parts}
        assert sum(path.stat().st_size for path in rig.volume.segments.rglob("*.mp4")) == rig.store.used_bytes
        assert rig.store.used_bytes <= limit.max_bytes
        lists.append(files)
        rig.crash()
    assert lists[0].isdisjoint(lists[-1])  # all of it went and came anew
    assert check(tmp_path / "v", CheckLevel.HASH).findings == ()


@pytest.mark.foreign
@pytest.mark.parametrize(
    ("codec", "audio", "b_frames"),
    [(Codec.H264, Codec.AAC, 2), (Codec.H265, Codec.PCMA, 0), (Codec.H264, Codec.OPUS, 0)],
)
async def test_pain_17_every_file_of_this_release_is_decoded_by_ffmpeg_without_a_word(
    tmp_path, codec, audio, b_frames
) -> None:
    """Pain 17: broken recordings after a release."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed")
    clip = make_clip(tmp_path, codec, audio, frames=100, b_frames=b_frames)
    async with (
        SimServer([CameraSpec("cam0", clip)]) as server,
        running_recorder(tmp_path, make_assignment(urls_of(server))) as recorder,
    ):
        await recorder.wait_status(has_stored(60))
        assert recorder.stop() == 0
    frames = sum(run.frames for run in recorder.reader().find_runs(camera_id(0), StreamRole.MAIN, *ALWAYS))
    decoded = 0
    for file in (tmp_path / "volumes").rglob("*.mp4"):
        command = [ffmpeg, "-v", "error", "-xerror", "-i", str(file), "-map", "0", "-f", "null", "-progress", "-", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        decoded += int(done.stdout.rsplit("frame=", 1)[1].split("\n", 1)[0])
    assert decoded == frames >= 60
