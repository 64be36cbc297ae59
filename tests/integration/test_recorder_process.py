"""The recorder role as a process: records, serves its feed, takes assignments live, survives being killed."""

import asyncio
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.support.clips import make_clip
from tests.support.recorder import (
    ALWAYS,
    RecorderProcess,
    camera_id,
    has_stored,
    make_assignment,
    read_stored_numbers,
    running_recorder,
    streams,
    urls_of,
)
from vedette.adapters.feed_client import UnixFeedSource
from vedette.core.assignment import StreamSource
from vedette.core.errors import NotFoundError
from vedette.core.media import Codec, StreamFormat, StreamRole
from vedette.media.feed import FeedPacket
from vedette.testing.sim_server import ServerOptions, SimServer
from vedette.testing.simulated_camera import CameraSpec
from vedette.testing.source import SourceOptions

CAMERAS = 8
KILLS = 4
NUMBERED = ServerOptions(source=SourceOptions(number_frames=True))


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips"), frames=100, gop_frames=50)


def specs(clip: Path, count: int) -> list[CameraSpec]:
    return [CameraSpec(f"cam{number}", clip) for number in range(count)]


async def test_every_frame_of_eight_cameras_is_stored_once(tmp_path, clip) -> None:
    async with (
        SimServer(specs(clip, CAMERAS), NUMBERED) as server,
        running_recorder(tmp_path, make_assignment(urls_of(server))) as recorder,
    ):
        await recorder.wait_status(has_stored(250), 60)
        assert recorder.stop() == 0
        logs = [camera.streams[StreamRole.MAIN].logs() for camera in server.cameras.values()]
    reader = recorder.reader()
    for number, (log,) in enumerate(logs):
        stored = read_stored_numbers(reader, camera_id(number))
        ((first, last),) = log.ranges
        assert stored == list(range(first, first + len(stored)))
        assert last - stored[-1] <= 25  # on their way when it was told to stop
        assert reader.find_gaps(camera_id(number), StreamRole.MAIN, *ALWAYS) == []


@pytest.mark.foreign
async def test_pain_12_killed_again_and_again_it_loses_little_and_every_file_plays(tmp_path, clip) -> None:
    rng = random.Random(7)
    ffprobe = shutil.which("ffprobe")
    async with (
        SimServer(specs(clip, CAMERAS), NUMBERED) as server,
        running_recorder(tmp_path, make_assignment(urls_of(server))) as recorder,
    ):
        ends = []
        for _ in range(KILLS):
            await recorder.wait_status(has_stored(50), 60)
            await asyncio.sleep(rng.uniform(0.1, 1.5))  # the moment of the kill is the subject
            last_sent = [camera.streams[StreamRole.MAIN].next_frame_number for camera in server.cameras.values()]
            recorder.kill()
            ends.append(last_sent)
            recorder.start()
        await recorder.wait_status(has_stored(50), 60)
        assert recorder.stop() == 0
        sent_logs = [camera.streams[StreamRole.MAIN].logs() for camera in server.cameras.values()]
    reader = recorder.reader()
    for number in range(CAMERAS):
        stored = read_stored_numbers(reader, camera_id(number))
        assert len(set(stored)) == len(stored)
        for sent in ends:
            last_before = max(value for value in stored if value < sent[number])
            assert (sent[number] - last_before) / 25 <= 1.2
        gaps = reader.find_gaps(camera_id(number), StreamRole.MAIN, *ALWAYS)
        is_complete = not any(log.congested for log in sent_logs[number])
        reasons = {gap.reason for gap in gaps}  # a starved machine may make the camera itself leave out pictures
        assert reasons == {"us"} or (reasons == {"us", "camera"} and not is_complete), gaps
    files = list((tmp_path / "volumes").rglob("*.mp4"))
    assert len(files) >= CAMERAS * (KILLS + 1)
    if ffprobe is not None:
        for file in files:
            subprocess.run([ffprobe, "-v", "error", "-show_entries", "stream=codec_name", str(file)], check=True)


async def test_stopped_for_seconds_it_blames_no_camera(tmp_path, clip) -> None:
    async with (
        SimServer(specs(clip, 2), NUMBERED) as server,
        running_recorder(tmp_path, make_assignment(urls_of(server))) as recorder,
    ):
        await recorder.wait_status(has_stored(50), 60)
        recorder.signal("SIGSTOP")
        await asyncio.sleep(12)  # longer than a camera may be silent
        recorder.signal("SIGCONT")
        stored = max(stream["frames_stored"] for stream in streams(await recorder.wait_status(has_stored(51), 60)))
        await recorder.wait_status(has_stored(stored + 50), 60)
        assert recorder.stop() == 0
    reader = recorder.reader()
    gaps = [gap for number in range(2) for gap in reader.find_gaps(camera_id(number), StreamRole.MAIN, *ALWAYS)]
    assert {gap.reason for gap in gaps} <= {"us"}, gaps


async def test_the_feed_gives_format_cached_gop_and_then_live_packets(tmp_path, clip) -> None:
    async with (
        SimServer(specs(clip, 1)) as server,
        running_recorder(tmp_path, make_assignment(urls_of(server))) as recorder,
    ):
        await recorder.wait_status(has_stored(30))
        source = UnixFeedSource(tmp_path / "run" / "recorder.sock")
        async with source.open(camera_id(0), StreamRole.MAIN) as items, asyncio.timeout(20):
            seen = [await anext(items) for _ in range(80)]
        with pytest.raises(NotFoundError):
            async with source.open(camera_id(5), StreamRole.MAIN):
                pass
    assert isinstance(seen[0], StreamFormat)
    assert seen[0].video.codec is Codec.H264
    packets = [item for item in seen if isinstance(item, FeedPacket)]
    assert packets[0].packet.is_key
    assert packets[0].is_cached
    assert not packets[-1].is_cached
    numbers = [item.packet.sequence for item in packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_an_assignment_is_applied_live_without_touching_unchanged_cameras(tmp_path, clip) -> None:
    async with SimServer(specs(clip, 3)) as server:
        urls = urls_of(server)
        async with running_recorder(tmp_path, make_assignment(urls[:2])) as recorder:
            await recorder.wait_status(has_stored(30))
            second = make_assignment(urls, version=2)
            cameras = list(second.cameras)
            cameras[1] = replace(cameras[1], streams=(replace(cameras[1].streams[0], record=False),))
            second = replace(second, cameras=tuple(cameras))
            async with recorder.client() as client:
                answer = await client.put("/assignment", content=msgspec.json.encode(second))
            assert answer.json() == {"version": 2}
            status = await recorder.wait_status(
                lambda now: len(streams(now)) == 3 and streams(now)[2]["frames_stored"] >= 30
            )
            assert [stream["recorded"] for stream in streams(status)] == [True, False, True]
            assert [camera.connection_count for camera in server.cameras.values()] == [1, 1, 1]
            third = replace(second, version=3, cameras=second.cameras[2:])
            async with recorder.client() as client:
                await client.put("/assignment", content=msgspec.json.encode(third))
            assert len(streams(await recorder.status())) == 1
            assert server.cameras["cam2"].connection_count == 1
            recorder.kill()
            recorder.start()  # from its own copy, without anybody to tell it
            status = await recorder.wait_status(has_stored(30))
            assert status["assignment_version"] == 3


async def test_a_wrong_assignment_is_refused_and_changes_nothing(tmp_path, clip) -> None:
    async with (
        SimServer(specs(clip, 1)) as server,
        running_recorder(tmp_path, make_assignment(urls_of(server))) as recorder,
    ):
        await recorder.wait_status(has_stored(1))
        for content in (b"", b"{}", b'{"version": "x"}', b"\xff", b'{"version":2,"cameras":[{}]}'):
            async with recorder.client() as client:
                answer = await client.put("/assignment", content=content)
            assert answer.status_code == 400
            assert answer.json()["code"] == "malformed_assignment"
        assert (await recorder.status())["assignment_version"] == 1


async def test_a_camera_that_cannot_be_reached_says_why_and_harms_nobody(tmp_path, clip) -> None:
    async with SimServer(specs(clip, 1)) as server:
        assignment = make_assignment([*urls_of(server), "rtsp://127.0.0.1:9/none", "gopher://x/y"])
        async with running_recorder(tmp_path, assignment) as recorder:
            await recorder.wait_status(
                lambda now: [stream["state"] for stream in streams(now)] == ["online", "offline", "offline"]
            )
            found = streams(await recorder.status())
            assert [stream["code"] for stream in found[1:]] == ["connection_refused", "bad_url"]
            assert all(stream["hint"] for stream in found[1:])
            async with recorder.client() as client:
                metrics = (await client.get("/metrics")).text
            assert f'vedette_stream_online{{camera="{camera_id(0)}",stream="main"}} 1' in metrics


async def test_a_volume_that_cannot_be_used_is_said_and_live_goes_on(tmp_path, clip) -> None:
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "holiday.jpg").touch()
    from vedette.core.assignment import VolumeAssignment

    async with SimServer(specs(clip, 1)) as server:
        assignment = replace(make_assignment(urls_of(server)), volumes=(VolumeAssignment(str(occupied)),))
        async with running_recorder(tmp_path, assignment) as recorder:
            status = await recorder.wait_status(lambda now: bool(streams(now)) and streams(now)[0]["state"] == "online")
            assert status["volumes"][0]["state"] == "failed"
            assert "neither empty nor a volume" in status["volumes"][0]["reason"]
            assert not streams(status)[0]["recorded"]
    assert [entry.name for entry in occupied.iterdir()] == ["holiday.jpg"]


async def test_main_and_sub_are_recorded_side_by_side(tmp_path, clip) -> None:
    spec = CameraSpec("cam0", clip, sub=clip)
    async with SimServer([spec], NUMBERED) as server:
        assignment = make_assignment([server.url("cam0")])
        sub = StreamSource(StreamRole.SUB, server.url("cam0", StreamRole.SUB), record=True)
        camera = replace(assignment.cameras[0], streams=(*assignment.cameras[0].streams, sub))
        async with running_recorder(tmp_path, replace(assignment, cameras=(camera,))) as recorder:
            await recorder.wait_status(has_stored(50))
            assert recorder.stop() == 0
    keys = {(key.camera_id, key.role) for key in recorder.reader().find_keys()}
    assert keys == {(camera_id(0), StreamRole.MAIN), (camera_id(0), StreamRole.SUB)}


def test_two_recorders_never_share_a_volume(tmp_path) -> None:
    from vedette.core.errors import StorageError
    from vedette.node.recorder_volumes import hold_volume
    from vedette.recording.volume import create_volume

    volume = create_volume(tmp_path / "v")
    with hold_volume(volume), pytest.raises(StorageError, match="another recorder"), hold_volume(volume):
        pass


def test_a_damaged_assignment_stops_the_recorder_aloud(tmp_path) -> None:
    recorder = RecorderProcess(tmp_path)
    path = tmp_path / "recorder" / "assignment.json"
    path.parent.mkdir()
    path.write_bytes(b"{broken")
    recorder.start()
    try:
        assert recorder._process.wait(30) == 1
    finally:
        recorder.kill()
    assert "malformed_assignment" in (tmp_path / "recorder.log").read_text()
