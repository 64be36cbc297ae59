"""The recorder as a process follows a camera's plan."""

from dataclasses import replace

import msgspec

from tests.support.clips import make_clip
from tests.support.recorder import has_stored, make_assignment, running_recorder, streams, urls_of
from vedette.core.recording_plan import MotionTrigger, RecordingMode, RecordingPlan
from vedette.testing.sim_server import SimServer
from vedette.testing.simulated_camera import CameraSpec


async def test_off_stores_nothing_and_motion_without_an_analyzer_stores_everything(tmp_path) -> None:
    clip = make_clip(tmp_path, frames=50)
    async with SimServer([CameraSpec("cam0", clip)]) as server:
        off = make_assignment(urls_of(server))
        (camera,) = off.cameras
        off = replace(off, cameras=(replace(camera, plan=RecordingPlan(mode=RecordingMode.OFF)),))
        motion = RecordingPlan(mode=RecordingMode.MOTION, motion=MotionTrigger(use_packet_sizes=False))
        async with running_recorder(tmp_path, off) as recorder:
            status = await recorder.wait_status(lambda told: any(s["frames_unwanted"] > 50 for s in streams(told)))
            (stream,) = streams(status)
            assert (stream["mode"], stream["trigger"], stream["is_recording"]) == ("off", "off", False)
            assert stream["frames_stored"] == 0
            assignment = replace(off, version=2, cameras=(replace(camera, plan=motion),))
            async with recorder.client() as client:
                answer = await client.put("/assignment", content=msgspec.json.encode(assignment))
            assert answer.status_code == 200
            (stream,) = streams(await recorder.wait_status(has_stored(50)))
            assert (stream["mode"], stream["trigger"], stream["is_recording"]) == ("motion", "untrusted", True)
            held = stream["frames_received"] - stream["frames_stored"] - stream["frames_unwanted"]
            assert held == stream["frames_unplaced"] + stream["frames_missing"]
